"""Sharded tensors: the whole, a process's part, and how a whole one is cut."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn


def is_sharded(tensor: object) -> bool:
    """Whether a tensor is one of PyTorch's distributed ones, of which a process holds a part."""
    return hasattr(tensor, 'full_tensor')


def local_part(tensor: Any) -> Tensor:
    """What this process holds of a sharded tensor; a plain one as it is."""
    return tensor.to_local() if is_sharded(tensor) else tensor


def whole(value: Any) -> Any:
    """A nested state with whole tensors on the CPU in the place of sharded ones; all processes have to call it.

    Args:
        value: A tensor, or dicts, lists and tuples of them in any depth; what is not sharded stays as it is.
    """
    if is_sharded(value):
        return value.detach().full_tensor().cpu()
    if isinstance(value, Mapping):
        return {key: whole(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(whole, value))
    return value


def cut_like(value: Any, sharded: Any) -> Any:
    """This process's part of a whole tensor that all of them have, as a sharded tensor.

    Args:
        value: The whole tensor.
        sharded: A sharded tensor of the same shape, whose mesh and placement it gets. With another shape, or beside a
            plain tensor, ``value`` stays as it is.
    """
    is_whole = is_sharded(sharded) and isinstance(value, Tensor) and not is_sharded(value)
    if not is_whole or value.shape != sharded.shape:
        return value
    from torch.distributed.tensor import DTensor

    value = value.contiguous()
    part = _rows_of(value, sharded).to(sharded.to_local().device)
    mesh, placements = sharded.device_mesh, sharded.placements
    return DTensor.from_local(part, mesh, placements, run_check=False, shape=value.shape, stride=value.stride())


def _rows_of(value: Tensor, sharded: Any) -> Tensor:
    """The rows that this process has: they are dealt out in chunks of equal size, the last ones smaller or empty."""
    rank, number = sharded.device_mesh.get_local_rank(), sharded.device_mesh.size()
    chunks = value.chunk(number)
    return chunks[rank].clone() if rank < len(chunks) else value[:0].clone()


def cut_optimizer_state(state: Mapping, groups: Sequence[Mapping]) -> dict:
    """The whole state of an optimizer, cut as the parameters are that it belongs to.

    Args:
        state: As ``Optimizer.state_dict`` gives it: parameters are numbered through all groups.
        groups: ``param_groups`` of the optimizer that is to take it.
    """
    parameters: list[nn.Parameter] = [each for group in groups for each in group['params']]
    cut = {
        number: {name: cut_like(value, parameters[number]) for name, value in each.items()}
        for number, each in state['state'].items()
    }
    return {**state, 'state': cut}
