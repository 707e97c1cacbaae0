"""Recorded cases of the published methods, for tests beside those of ``tests/parity``."""

from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent / 'golden'


def recorded(method: str, case: str) -> dict[str, np.ndarray]:
    """What a case holds, by its name and the method's folder."""
    with np.load(GOLDEN / method / f'{case}.npz') as file:
        return dict(file)
