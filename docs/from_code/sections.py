"""A section of a Markdown file, for a page that shows it too."""

import re
from pathlib import Path

from .links import CODE, relinked


def section(path: Path, heading: str, page: Path) -> str:
    """What stands below a heading, down to the next one of its level or above.

    Args:
        path: The file.
        heading: Words of the heading.
        page: The page that shows the section; links are made right for it.

    Raises:
        KeyError: The file has no such heading.
    """
    text = path.read_text(encoding='utf-8')
    without_code = CODE.sub(lambda code: ' ' * len(code[0]), text)
    headings = list(re.finditer(r'^(#+) (.+)$', without_code, re.MULTILINE))
    for number, found in enumerate(headings):
        if text[found.start(2) : found.end(2)] == heading:
            later = (each.start() for each in headings[number + 1 :] if len(each[1]) <= len(found[1]))
            return relinked(text[found.end() : next(later, len(text))].strip(), path, page)
    raise KeyError(f'{path} has no section "{heading}"')
