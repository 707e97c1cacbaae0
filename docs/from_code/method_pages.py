"""A page for each folder of configs: its README, a drawing of its data flow, and the parts that it is made of."""

from pathlib import Path

from .documented import about, reference
from .flow import Flow, read_flow
from .flow_picture import picture
from .links import relinked
from .repository import CONFIGS, method_page

EXAMPLES = ('fashion-mnist-lt-small', 'fashion-scenes', 'places-lt')
"""Ends of the names of configs that are drawn, by preference: the first two need no account."""


def folders() -> list[Path]:
    """The folders of configs that have a README."""
    return sorted(path.parent for path in CONFIGS.rglob('README.md'))


def examples(folder: Path) -> list[Path]:
    """A config of each method of a folder: those whose names begin with another word."""
    for end in EXAMPLES:
        found: dict[str, Path] = {}
        for path in sorted(folder.glob(f'*{end}.py'), key=lambda path: (len(path.stem), path.stem)):
            found.setdefault(path.stem.partition('_')[0], path)
        if found:
            return sorted(found.values())
    return []


def page(folder: Path) -> str:
    """Text of the page of a folder."""
    text = relinked((folder / 'README.md').read_text(encoding='utf-8'), folder / 'README.md', method_page(folder))
    flows = [read_flow(path) for path in examples(folder)]
    if not flows:
        return text
    place = _before_first_code(text)
    return f'{text[:place]}\n\n{drawings(flows)}{text[place:].rstrip()}\n\n{parts(flows)}\n'


def _before_first_code(text: str) -> int:
    """Where the paragraph ends that stands before the words on the first block of code."""
    if '\n```' not in text:
        return len(text)
    words = text.rfind('\n\n', 0, text.index('\n```'))
    return text.rfind('\n\n', 0, words) if text[words:].startswith('\n\n```') else words


def drawings(flows: list[Flow]) -> str:
    """A drawing of each flow, without a blank line in it, as a block of HTML is."""
    return '\n\n'.join(map(picture, flows))


def parts(flows: list[Flow]) -> str:
    """What the drawings name, with a sentence about each."""
    names = dict.fromkeys(name for flow in flows for name in _names(flow))
    rows = [f'| {reference(name)} | {about(name) or "of mmpretrain, mmseg or torch"} |' for name in names]
    return '\n'.join(['## What it is made of', '', '| part | what it does |', '| --- | --- |', *rows])


def _names(flow: Flow) -> list[str]:
    kinds = [state.kind for state in flow.state if state.kind]
    sampler = [flow.sampler] if flow.sampler else []
    return [flow.head, *flow.losses, *kinds, *flow.hooks, *sampler]
