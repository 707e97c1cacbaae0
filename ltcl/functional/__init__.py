"""Losses of all methods: tensors in, a scalar out; torch is all they need."""

from .class_weights import effective_number_weights
from .ldam import ldam_loss, ldam_margins
from .logit_adjustment import log_prior, logit_adjusted_loss

__all__ = [
    'effective_number_weights',
    'ldam_loss',
    'ldam_margins',
    'log_prior',
    'logit_adjusted_loss',
]
