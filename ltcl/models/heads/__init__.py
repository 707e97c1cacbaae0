"""Heads: a method's state and hyper-parameters, and the call of its loss."""

from .balpoe import BalPoEHead
from .base import MethodHead, Needs, Views, check_view_numbers
from .bcl import BCLHead
from .cosine import CosineClsHead, CosineLinear
from .in_batch_kcl import InBatchKCLHead, InBatchTSCHead
from .kcl import KCLHead
from .lws import LWSHead
from .multi_task import MultiTaskHead
from .nearest_class_mean import NearestClassMeanHead
from .paco import PaCoHead
from .proco import ClassMeansHook, ProCoHead
from .resco import ResCoHead, ResComHead
from .tau_norm import TauNormHead
from .tsc import TSCHead

__all__ = [
    'BCLHead',
    'BalPoEHead',
    'ClassMeansHook',
    'CosineClsHead',
    'CosineLinear',
    'InBatchKCLHead',
    'InBatchTSCHead',
    'KCLHead',
    'LWSHead',
    'MethodHead',
    'MultiTaskHead',
    'NearestClassMeanHead',
    'Needs',
    'PaCoHead',
    'ProCoHead',
    'ResCoHead',
    'ResComHead',
    'TSCHead',
    'TauNormHead',
    'Views',
    'check_view_numbers',
]
