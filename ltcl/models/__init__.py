"""Models of ltcl; importing this package registers all but the segmentation heads."""

from .algorithms import ContrastiveClassifier
from .backbones import CifarResNet
from .heads import CosineClsHead, MultiTaskHead, PaCoHead
from .losses import BalancedSoftmaxLoss, LogitAdjustedLoss
from .necks import Projector
from .utils import FeatureQueue, MultiViewDataPreprocessor

__all__ = [
    'BalancedSoftmaxLoss',
    'CifarResNet',
    'ContrastiveClassifier',
    'CosineClsHead',
    'FeatureQueue',
    'LogitAdjustedLoss',
    'MultiTaskHead',
    'MultiViewDataPreprocessor',
    'PaCoHead',
    'Projector',
]
