"""The page of the recorded cases explains every key of every case."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parent / 'golden'
PAGE = (GOLDEN / 'README.md').read_text()
FAMILIES = sorted({(path.parent.name, path.name.partition('__')[0]) for path in GOLDEN.glob('*/*__*')})


def explained(method: str, family: str) -> list[re.Pattern]:
    """Patterns of the keys in the first column of a family's table; ``<...>`` is any text."""
    _, found, section = PAGE.partition(f'\n### `{method}/{family}`\n')
    assert found, f'no section for {method}/{family}'
    rows = re.findall(r'^\| (`.*?) \|', re.split(r'\n#{2,3} ', section)[0], re.M)
    keys = [key for row in rows for key in re.findall(r'`([^`]+)`', row)]
    return [re.compile('.+'.join(re.escape(part) for part in re.split('<[^>]+>', key))) for key in keys]


def keys_of(path: Path) -> list[str]:
    if path.suffix == '.json':
        return list(json.loads(path.read_text()))
    with np.load(path) as case:
        return case.files


@pytest.mark.parametrize(('method', 'family'), FAMILIES)
def test_every_key_is_explained(method, family):
    patterns = explained(method, family)
    keys = {key for path in GOLDEN.glob(f'{method}/{family}__*') for key in keys_of(path)}
    unexplained = {key for key in keys if not any(pattern.fullmatch(key) for pattern in patterns)}
    assert unexplained == set()


def test_no_section_without_cases():
    sections = re.findall(r'^### `(\w+)/(\w+)`$', PAGE, re.MULTILINE)
    assert sorted(each for each in sections if (GOLDEN / each[0]).is_dir()) == FAMILIES
