"""Loss functions (tensors in, scalar out) and the modules that a config swaps."""

from .class_weights import effective_number_weights
from .logit_adjustment import BalancedSoftmaxLoss, LogitAdjustedLoss, log_prior, logit_adjusted_loss
from .paco import paco_loss
from .supcon import supcon_loss

__all__ = [
    'BalancedSoftmaxLoss',
    'LogitAdjustedLoss',
    'effective_number_weights',
    'log_prior',
    'logit_adjusted_loss',
    'paco_loss',
    'supcon_loss',
]
