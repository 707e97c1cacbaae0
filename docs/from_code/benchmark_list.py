"""The benchmarks, from their own first lines."""

import ast
from pathlib import Path

from .repository import ROOT


def benchmarks() -> str:
    """A row for each: how to run it, and what it measures."""
    files = sorted(path for path in (ROOT / 'benchmarks').glob('*.py') if _measures(path))
    rows = [f'| `python benchmarks/{path.name}` | {_first_paragraph(path)} |' for path in files]
    return '\n'.join(['| command | what it measures |', '| --- | --- |', *rows])


def _first_paragraph(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    return docstring.split('\n\n')[0].replace('\n', ' ').replace('|', r'\|')


def _measures(path: Path) -> bool:
    """Whether a file takes what makes figures from ``common.py``; run_all.py only reads them."""
    text = path.read_text(encoding='utf-8')
    return 'from common import' in text and 'Figure' in text and path.stem != 'run_all'
