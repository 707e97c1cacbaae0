"""Recorded cases and the adapters that feed them to ltcl: one adapter per family of `<method>/<family>__<case>.npz`."""

import functools
import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

# How far float32 is off in the original: told for whoever sets a tolerance.
HINT = re.compile(r'.*_(fp32|float32)')


class Case(dict[str, np.ndarray]):
    """Arrays of a recorded case by name. It notes those that are read: what no adapter looks at proves nothing."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        super().__init__(arrays)
        self.unread = {name for name in arrays if not HINT.fullmatch(name)}

    def __getitem__(self, name: str) -> np.ndarray:
        self.unread.discard(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> object:
        """An array, or the default where the case has none of this name."""
        self.unread.discard(name)
        return super().get(name, default)

    def __reduce__(self) -> tuple:
        """Another process notes for itself what it reads."""
        return Case, (dict(self),)

    def skip(self, *names: str) -> None:
        """Note that these, where they are there, have no say in what the case computes."""
        self.unread -= set(names)

    def assert_all_read(self, but: str = '') -> None:
        """Fail where an array was not looked at; names that match ``but`` may be left."""
        left = sorted(name for name in self.unread if not re.fullmatch(but, name))
        assert not left, f'recorded, but read by no line of the adapter: {", ".join(left)}'


ADAPTERS: dict[tuple[str, str], Callable[[Case], None]] = {}


def adapter(method: str, *families: str) -> Callable:
    """Register a function that runs a recorded case and compares all that the case holds."""

    def register(run: Callable[[Case], None]) -> Callable[[Case], None]:
        for family in families:
            ADAPTERS[method, family] = run
        return run

    return register


def find_cases(folder: Path) -> list[tuple[str, str, Path]]:
    """Method, family and file of every recorded case below a folder.

    Raises:
        ValueError: There is no case in the folder, or in one of its folders.
    """
    files = sorted(path for path in folder.glob('*/*') if path.suffix in ('.npz', '.json'))
    empty = {path for path in folder.glob('*/') if path.is_dir()} - {path.parent for path in files}
    if empty or not files:
        raise ValueError(f'no recorded case <family>__<case>.npz in {min(empty, default=folder / "<method>")}')
    return [(path.parent.name, path.stem.split('__')[0], path) for path in files]


def load_case(path: Path) -> Case:
    """The case in a file, ``.npz`` or ``.json``."""
    if path.suffix == '.json':
        return Case(json.loads(path.read_text()))
    with np.load(path) as arrays:
        return Case(arrays)


@functools.cache
def import_adapters() -> None:
    """Import the files beside this one that register adapters."""
    for path in sorted(Path(__file__).parent.glob('adapters_*.py')):
        importlib.import_module(path.stem)


def run_case(method: str, family: str, case: Case) -> None:
    """Reproduce a recorded case; whatever it holds must be read."""
    import_adapters()
    run = ADAPTERS.get((method, family))
    assert run is not None, f'no adapter for family {family!r} of {method!r}'
    run(case)
    case.assert_all_read()


def tensor(case: Case, name: str) -> torch.Tensor:
    """An array of the case as a tensor of its own memory."""
    return torch.from_numpy(np.array(case[name]))


def entries(case: Case, prefix: str) -> dict[str, np.ndarray]:
    """All arrays under a prefix, by their names without it."""
    return {name.removeprefix(prefix): case[name] for name in case if name.startswith(prefix)}


def close(actual: object, expected: object, rtol: float = 1e-9, atol: float = 1e-10) -> None:
    """Assert that two arrays have the same shape and values within the tolerance."""
    actual = actual.detach().cpu().numpy() if isinstance(actual, torch.Tensor) else np.asarray(actual)
    expected = expected.detach().cpu().numpy() if isinstance(expected, torch.Tensor) else np.asarray(expected)
    assert actual.shape == expected.shape, f'shape {actual.shape}, recorded {expected.shape}'
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)
