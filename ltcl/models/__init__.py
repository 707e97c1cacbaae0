"""Models of ltcl; importing this package registers all but the segmentation heads."""

from .algorithms import Classifier, ContrastiveClassifier, EnsembleClassifier, FrozenEncoderClassifier
from .backbones import CifarResNet, ResNet200
from .heads import (
    BalPoEHead,
    BCLHead,
    CosineClsHead,
    InBatchKCLHead,
    InBatchTSCHead,
    KCLHead,
    LWSHead,
    MultiTaskHead,
    NearestClassMeanHead,
    PaCoHead,
    ProCoHead,
    ResCoHead,
    ResComHead,
    TauNormHead,
    TSCHead,
)
from .losses import BalancedSoftmaxLoss, LabelAwareSmoothingLoss, LogitAdjustedLoss
from .necks import Projector
from .utils import ClasswiseQueue, FeatureQueue, MultiViewDataPreprocessor

__all__ = [
    'BCLHead',
    'BalPoEHead',
    'BalancedSoftmaxLoss',
    'CifarResNet',
    'Classifier',
    'ClasswiseQueue',
    'ContrastiveClassifier',
    'CosineClsHead',
    'EnsembleClassifier',
    'FeatureQueue',
    'FrozenEncoderClassifier',
    'InBatchKCLHead',
    'InBatchTSCHead',
    'KCLHead',
    'LWSHead',
    'LabelAwareSmoothingLoss',
    'LogitAdjustedLoss',
    'MultiTaskHead',
    'MultiViewDataPreprocessor',
    'NearestClassMeanHead',
    'PaCoHead',
    'ProCoHead',
    'Projector',
    'ResCoHead',
    'ResComHead',
    'ResNet200',
    'TSCHead',
    'TauNormHead',
]
