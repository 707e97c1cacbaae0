"""What the report of a run says."""

import json
from pathlib import Path

from ltcl.analysis.report_table import MIX_FIGURES


def last_figures(folder: Path, prefix: str = '') -> dict:
    """Figures of the last validation, or with the prefix ``test_`` those of the test that a validation has as well."""
    figures = json.loads((folder / f'{prefix}metrics.json').read_text())['last']['metrics']
    return {name: value for name, value in figures.items() if name.partition('/')[2] not in MIX_FIGURES}
