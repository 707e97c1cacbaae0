"""Losses that a config names as modules; what they compute is in ``ltcl.functional``."""

from .ldam import LDAMLoss
from .logit_adjustment import BalancedSoftmaxLoss, LogitAdjustedLoss

__all__ = ['BalancedSoftmaxLoss', 'LDAMLoss', 'LogitAdjustedLoss']
