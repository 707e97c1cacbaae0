"""Figures of a stage, on the disk as soon as they are measured."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from common import Figure


class Results:
    """What a stage has measured, and what failed in it.

    Args:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.figures: list[Figure] = []
        self.failures: list[str] = []

    def add(self, *figures: Figure) -> None:
        """Write further figures."""
        self.figures += figures
        self._write()

    def fail(self, what: str, why: object) -> None:
        """Note that something could not be measured; the stage goes on."""
        first_line = str(why).strip().partition('\n')[0]
        self.failures.append(f'{what}: {first_line}')
        print(f'failed: {self.failures[-1]}', file=sys.stderr, flush=True)
        self._write()

    def _write(self) -> None:
        partial = self.path.with_suffix('.part')
        content = dict(figures=[asdict(figure) for figure in self.figures], failures=self.failures)
        partial.write_text(json.dumps(content, indent=2) + '\n')
        partial.replace(self.path)


def read(path: Path) -> tuple[list[Figure], list[str]]:
    """Figures and failures of a stage; none where it wrote no file."""
    if not path.exists():
        return [], []
    content = json.loads(path.read_text())
    return [Figure(**record) for record in content['figures']], content['failures']
