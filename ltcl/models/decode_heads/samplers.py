"""Which pixels of an image are compared with each other."""

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import TASK_UTILS


@TASK_UTILS.register_module()
class RandomPixelSampler:
    """Draws positions of each image uniformly and without replacement, void pixels included.

    Args:
        num_samples: Positions per image, K; -1, or more than there are, takes all of them.
        generator: Source of the random numbers; None for PyTorch's own on the CPU, as published.

    Raises:
        UserError: ``num_samples`` is 0 or below -1.
    """

    def __init__(self, num_samples: int = 8192, generator: torch.Generator | None = None) -> None:
        if num_samples == 0 or num_samples < -1:
            raise UserError(f'num_samples must be at least 1, or -1 for all pixels, got {num_samples}')
        self.num_samples = num_samples
        self.generator = generator

    def __call__(self, num_images: int, num_positions: int) -> Tensor:
        """Row-major positions of each image, int64, shape (num_images, K), on the CPU."""
        num_samples = num_positions if self.num_samples == -1 else self.num_samples
        orders = [torch.randperm(num_positions, generator=self.generator) for _ in range(num_images)]
        return torch.stack(orders)[:, :num_samples]
