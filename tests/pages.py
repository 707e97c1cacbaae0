"""The Markdown pages of the repository, and the blocks of code in them."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r'^( *)```(\w*)[^\n]*\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code: its page, its language and its lines without the indentation of the fence."""

    page: str
    language: str
    text: str


def pages() -> list[Path]:
    """All pages that belong to the repository, not what is built of them."""
    listed = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in (ROOT / name for name in listed.stdout.split()) if path.exists()]


def blocks() -> Iterator[Block]:
    """The fenced blocks of all pages."""
    for page in pages():
        for indent, language, text in FENCE.findall(page.read_text(encoding='utf-8')):
            yield Block(page.relative_to(ROOT).as_posix(), language, re.sub(f'^{indent}', '', text, flags=re.M))


def without_code(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub('', text)
