"""Shuffled batch normalisation: keys of one process are normalised with images of all processes."""

from collections.abc import Callable

import torch
from mmengine.dist import broadcast, get_rank, get_world_size
from torch import Tensor

from .gather import gather


@torch.no_grad()
def forward_shuffled(encoder: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Encode images after dealing them out to the processes anew, and return the rows to where they belong.

    From `Momentum Contrast <https://arxiv.org/abs/1911.05722>`_, section 3.3. One process: ``encoder(images)``.

    Args:
        encoder: Maps images (N, C, H, W) to rows (N, D).
        images: Images of this process; the same N on every process.

    Returns:
        Rows of this process's images, shape (N, D), without gradient.
    """
    if get_world_size() == 1:
        return encoder(images)
    num_images = len(images)
    order = torch.randperm(num_images * get_world_size(), device=images.device)
    broadcast(order, src=0)
    mine = slice(get_rank() * num_images, (get_rank() + 1) * num_images)
    shuffled_rows = gather(encoder(gather(images)[order[mine]]))
    return shuffled_rows[order.argsort()[mine]]
