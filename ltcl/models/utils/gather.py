"""Rows of all processes in rank order: with gradient for anchors, without for keys. One process: the tensor itself."""

import torch
import torch.distributed.nn.functional as dist_nn
from mmengine.dist import all_gather, get_rank, get_world_size
from torch import Tensor


@torch.no_grad()
def gather(rows: Tensor) -> Tensor:
    """Concatenate the rows of all processes, without gradient.

    Args:
        rows: Rows of this process, shape (N, ...); the same N on every process.

    Returns:
        Rows of rank 0, rank 1, ..., shape (world_size * N, ...).
    """
    return torch.cat(all_gather(rows.contiguous())) if get_world_size() > 1 else rows


def gather_with_grad(rows: Tensor) -> Tensor:
    """Concatenate the rows of all processes; each process receives the gradients that the others give its rows.

    Under DDP, which averages parameter gradients over processes, a loss that is the mean over *local* anchors of the
    gathered rows thus trains like one process with the whole batch.

    Args:
        rows: Rows of this process, shape (N, ...); the same N on every process.

    Returns:
        Rows of rank 0, rank 1, ..., shape (world_size * N, ...).
    """
    return torch.cat(dist_nn.all_gather(rows.contiguous())) if get_world_size() > 1 else rows


def gather_others(rows: Tensor) -> Tensor:
    """Concatenate the rows of all other processes, with gradient as in :func:`gather_with_grad`.

    Args:
        rows: Rows of this process, shape (N, ...); the same N on every process.

    Returns:
        Rows of rank 0, rank 1, ... without this one, shape ((world_size - 1) * N, ...).
    """
    if get_world_size() == 1:
        return rows[:0]
    parts = list(dist_nn.all_gather(rows.contiguous()))
    del parts[get_rank()]
    return torch.cat(parts)
