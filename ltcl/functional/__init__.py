"""Losses of all methods: tensors in, a scalar out; torch is all they need."""

from .balpoe import balpoe_loss
from .class_weights import effective_number_weights
from .label_aware_smoothing import label_aware_smoothing, label_aware_smoothing_loss
from .ldam import ldam_loss, ldam_margins
from .logit_adjustment import log_prior, logit_adjusted_loss

__all__ = [
    'balpoe_loss',
    'effective_number_weights',
    'label_aware_smoothing',
    'label_aware_smoothing_loss',
    'ldam_loss',
    'ldam_margins',
    'log_prior',
    'logit_adjusted_loss',
]
