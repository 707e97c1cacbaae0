"""Random rows for the losses' tests."""

import torch
import torch.nn.functional as F
from torch import Tensor


def unit_rows(*shape: int, generator: torch.Generator | None = None, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random rows of length 1."""
    return F.normalize(torch.randn(*shape, generator=generator, dtype=dtype), dim=-1)
