"""Recorded cases and the adapters that feed them to ltcl: one adapter per family of `<method>/<family>__<case>.npz`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

Case = dict[str, np.ndarray]
ADAPTERS: dict[tuple[str, str], Callable[[Case], None]] = {}


def adapter(method: str, *families: str) -> Callable:
    """Register a function that runs a recorded case and compares all that the case holds."""

    def register(run: Callable[[Case], None]) -> Callable[[Case], None]:
        for family in families:
            ADAPTERS[method, family] = run
        return run

    return register


def find_cases(folder: Path) -> list[tuple[str, str, Path]]:
    """Method, family and file of every recorded case below a folder."""
    files = sorted(path for path in folder.glob('*/*__*') if path.suffix in ('.npz', '.json'))
    return [(path.parent.name, path.name.split('__')[0], path) for path in files]


def tensor(case: Case, name: str) -> torch.Tensor:
    """An array of the case as a tensor of its own memory."""
    return torch.from_numpy(np.array(case[name]))


def close(actual: object, expected: object, rtol: float = 1e-9, atol: float = 1e-10) -> None:
    """Assert that two arrays have the same shape and values within the tolerance."""
    actual = actual.detach().cpu().numpy() if isinstance(actual, torch.Tensor) else np.asarray(actual)
    expected = expected.detach().cpu().numpy() if isinstance(expected, torch.Tensor) else np.asarray(expected)
    assert actual.shape == expected.shape, f'shape {actual.shape}, recorded {expected.shape}'
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)
