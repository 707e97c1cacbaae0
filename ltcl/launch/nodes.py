"""Walks over what a config holds: dicts, lists, and what stands in them; and the keys of its entries."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any


def below(node: object, path: str = '') -> Iterator[tuple[str, Any]]:
    """Every entry below a node with its dotted key, the outer ones first.

    Args:
        node: A dict or a list; nothing is below any other value.
        path: What the keys begin with.
    """
    children: Iterable[tuple[object, object]] = ()
    if isinstance(node, dict):
        children = dict.items(node)
    elif isinstance(node, list | tuple):
        children = enumerate(node)
    for key, value in children:
        yield f'{path}{key}', value
        yield from below(value, f'{path}{key}.')


def dicts_in(node: object) -> Iterator[dict]:
    """Every dict below a node, the node included."""
    if isinstance(node, dict):
        yield node
    yield from (value for _, value in below(node) if isinstance(value, dict))


def starts_from_weights(backbone: object) -> bool:
    """Whether the config of a backbone, or of the encoder in it, names pretrained weights; not every init_cfg does."""
    return any(node.get('type') == 'Pretrained' or node.get('pretrained') for node in dicts_in(backbone))


def is_kept(key: str, kept: Collection[str]) -> bool:
    """Whether a dotted key is among those that stay, or lies in one of them."""
    return any(f'{key}.'.startswith(f'{each}.') for each in kept)
