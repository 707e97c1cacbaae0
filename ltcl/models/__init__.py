"""Models of ltcl; importing this package registers all but the segmentation heads."""

from .algorithms import ContrastiveClassifier, FrozenEncoderClassifier
from .backbones import CifarResNet
from .heads import (
    BCLHead,
    CosineClsHead,
    InBatchKCLHead,
    InBatchTSCHead,
    KCLHead,
    LWSHead,
    MultiTaskHead,
    NearestClassMeanHead,
    PaCoHead,
    ResCoHead,
    ResComHead,
    TauNormHead,
    TSCHead,
)
from .losses import BalancedSoftmaxLoss, LogitAdjustedLoss
from .necks import Projector
from .utils import ClasswiseQueue, FeatureQueue, MultiViewDataPreprocessor

__all__ = [
    'BCLHead',
    'BalancedSoftmaxLoss',
    'CifarResNet',
    'ClasswiseQueue',
    'ContrastiveClassifier',
    'CosineClsHead',
    'FeatureQueue',
    'FrozenEncoderClassifier',
    'InBatchKCLHead',
    'InBatchTSCHead',
    'KCLHead',
    'LWSHead',
    'LogitAdjustedLoss',
    'MultiTaskHead',
    'MultiViewDataPreprocessor',
    'NearestClassMeanHead',
    'PaCoHead',
    'Projector',
    'ResCoHead',
    'ResComHead',
    'TSCHead',
    'TauNormHead',
]
