"""The model zoo: every config with its results, as the metafiles state them."""

from pathlib import Path
from typing import Any

import yaml

from .repository import ROOT, method_page


def metafiles() -> list[Path]:
    """The metafiles of the methods, in the order of ``model-index.yml``."""
    return [ROOT / path for path in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']]


def method_list() -> str:
    """The pages of the methods as entries of a table of contents."""
    pages = [method_page(path.parent).with_suffix('') for path in metafiles()]
    return '\n'.join(f'{page.parent.name}/{page.name}' for page in pages)


def zoo() -> str:
    """A table for each method."""
    return '\n\n'.join(map(_tables, metafiles()))


def _tables(path: Path) -> str:
    content = yaml.safe_load(path.read_text(encoding='utf-8'))
    return '\n\n'.join(
        _table(collection, [each for each in content['Models'] if each['In Collection'] == collection['Name']], path)
        for collection in content['Collections']
    )


def _table(collection: dict[str, Any], models: list[dict[str, Any]], path: Path) -> str:
    paper = collection.get('Paper') or {}
    about = f'[{paper["Title"]}]({paper["URL"]}). ' if paper.get('URL') else ''
    own_page = method_page(path.parent)
    head = f'## {collection["Name"]}\n\n{about}[Its page]({own_page.parent.name}/{own_page.name}).'
    rows = [row for model in models for row in _rows(model)]
    return '\n'.join([head, '', '| config | data | ours | published |', '| --- | --- | --- | --- |', *rows])


def _rows(model: dict[str, Any]) -> list[str]:
    """A row for each data set of a config; one without results has been trained by nobody here."""
    name = f'[`{model["Name"]}`](../{model["Config"]})'
    results = model['Results'] or [dict(Dataset='', Metrics={})]
    return [f'| {name} | {each["Dataset"]} | {_cell(each, False)} | {_cell(each, True)} |' for each in results]


def _cell(result: dict[str, Any], published: bool) -> str:
    """Figures whose name says where they come from, in brackets, are published ones; ours have no such word."""
    chosen = {name: value for name, value in result['Metrics'].items() if ('(' in name) == published}
    if not chosen:
        return '–' if published else 'not run'
    return ', '.join(f'{value} {name.replace("Top 1 Accuracy", "top-1")}' for name, value in chosen.items())
