"""Every recorded case must be reproduced; a family that nothing reads is a failure."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from harness import ADAPTERS

for module in sorted(Path(__file__).parent.glob('adapters_*.py')):
    importlib.import_module(module.stem)


def test_recorded_case(method, family, case_path):
    run = ADAPTERS.get((method, family))
    if run is None:
        pytest.fail(f'no adapter for family {family!r} of {method!r} ({case_path})')
    if case_path.suffix == '.json':
        case = json.loads(case_path.read_text())
    else:
        with np.load(case_path) as arrays:
            case = {name: arrays[name] for name in arrays.files}
    run(case)
