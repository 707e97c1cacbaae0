"""Links of a text that was written for the repository, made right for a page of the site."""

import os
import re
from pathlib import Path

from .repository import CONFIGS, DOCS, ROOT, method_page

LINK = re.compile(r'(!?)\[([^\]\[]*)\]\((?!https?://|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)')
CODE = re.compile(r'(^ *```.*?^ *```$|`[^`\n]+`)', re.MULTILINE | re.DOTALL)


def relinked(text: str, origin: Path, page: Path) -> str:
    """A text with links that lead to the same place from a page of the site; code is left alone.

    A README of configs is the page of its method, a module the listing of its code. A folder has no page, nor
    have texts for who works on the code: their links become plain words. Any other file is offered as it is.

    Args:
        text: Markdown.
        origin: The file that the text stands in.
        page: The page that shows it.
    """

    def link(found: re.Match) -> str:
        sign, words, target, anchor = found.groups('')
        place = Path(os.path.normpath(origin.parent / target))
        shown = page_of(place)
        if shown is None:
            return words
        return f'{sign}[{words}]({os.path.relpath(shown, page.parent)}{anchor})'

    codes = CODE.findall(text)
    numbers = iter(range(len(codes)))
    linked = LINK.sub(link, CODE.sub(lambda _: f'\0{next(numbers)}\0', text))
    return re.sub('\0(\\d+)\0', lambda found: codes[int(found[1])], linked)


def page_of(place: Path) -> Path | None:
    """Where a reader of the site finds a file of the repository; None of what has no page."""
    folder = place.parent if place.name == 'README.md' else place
    if CONFIGS in folder.parents and (folder / 'README.md').is_file():
        return method_page(folder)
    if place == ROOT / 'README.md':
        return DOCS / 'index.md'
    is_page = place.is_relative_to(DOCS)
    return None if place.is_dir() or (place.suffix == '.md' and not is_page) else place
