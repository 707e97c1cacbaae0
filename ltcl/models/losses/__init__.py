"""Losses that a config names as modules; what they compute is in ``ltcl.functional``."""

from .label_aware_smoothing import LabelAwareSmoothingLoss
from .ldam import LDAMLoss
from .logit_adjustment import BalancedSoftmaxLoss, LogitAdjustedLoss

__all__ = ['BalancedSoftmaxLoss', 'LDAMLoss', 'LabelAwareSmoothingLoss', 'LogitAdjustedLoss']
