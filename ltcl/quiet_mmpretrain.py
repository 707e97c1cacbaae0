"""Imports mmpretrain without the remark that it prints; what of ours is built on it imports this file first."""

from .remarks import without_remarks

with without_remarks():
    try:
        import mmpretrain.datasets  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != 'mmpretrain':
            raise
