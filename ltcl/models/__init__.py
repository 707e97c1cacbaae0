"""Models of ltcl; importing this package registers all but the segmentation heads."""

from . import algorithms, backbones, heads, losses, necks
from .algorithms import *  # noqa: F403
from .backbones import *  # noqa: F403
from .heads import *  # noqa: F403
from .losses import *  # noqa: F403
from .necks import *  # noqa: F403
from .utils import ClasswiseQueue, FeatureQueue, MultiViewDataPreprocessor

__all__ = ['ClasswiseQueue', 'FeatureQueue', 'MultiViewDataPreprocessor']
__all__ += algorithms.__all__
__all__ += backbones.__all__
__all__ += heads.__all__
__all__ += losses.__all__
__all__ += necks.__all__
