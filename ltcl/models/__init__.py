"""Models of ltcl; importing this package registers all but the segmentation heads."""

from .. import quiet_mmpretrain  # noqa: F401  (before it is imported with its remark)
from .adapters import *  # noqa: F403
from .algorithms import *  # noqa: F403
from .backbones import *  # noqa: F403
from .heads import *  # noqa: F403
from .losses import *  # noqa: F403
from .necks import *  # noqa: F403
from .utils import ClasswiseQueue as ClasswiseQueue
from .utils import FeatureQueue as FeatureQueue
from .utils import MultiViewDataPreprocessor as MultiViewDataPreprocessor
