"""Heads: a method's state and hyper-parameters, and the call of its loss."""

from .cosine import CosineClsHead, CosineLinear
from .multi_task import MultiTaskHead
from .paco import PaCoHead

__all__ = ['CosineClsHead', 'CosineLinear', 'MultiTaskHead', 'PaCoHead']
