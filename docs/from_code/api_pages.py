"""A page of the reference for each public package, and one that lists them."""

import importlib

from ltcl.catalogue import first_sentence

from .documented import PACKAGES, as_markdown
from .repository import DOCS

API_PAGES = DOCS / 'api'


def api_pages() -> dict[str, str]:
    """Text of the pages by their file names."""
    return {'index.md': _index()} | {
        f'{_name(package)}.md': _page(package, title) for package, title in PACKAGES.items()
    }


def _name(package: str) -> str:
    return package.replace('.', '-')


def _index() -> str:
    rows = [
        f'| [{title}]({_name(package)}.md) | `ltcl.{package}` | '
        f'{as_markdown(first_sentence(importlib.import_module(f"ltcl.{package}").__doc__))} |'
        for package, title in PACKAGES.items()
    ]
    table = '\n'.join(['| | import | |', '| --- | --- | --- |', *rows])
    return f'# API\n\n{table}\n\n```{{toctree}}\n:hidden:\n\n{chr(10).join(map(_name, PACKAGES))}\n```\n'


def _page(package: str, title: str) -> str:
    return f'# {title}\n\n`ltcl.{package}`\n\n```{{eval-rst}}\n.. automodule:: ltcl.{package}\n   :members:\n```\n'
