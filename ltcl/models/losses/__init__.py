"""Loss functions (tensors in, scalar out) and the modules that a config swaps."""

from ltcl.functional.balanced_contrastive import balanced_contrastive_loss
from ltcl.functional.class_weights import effective_number_weights
from ltcl.functional.dense_paco import dense_paco_loss
from ltcl.functional.in_batch import in_batch_contrastive_loss
from ltcl.functional.k_positive import KPositiveLoss, k_positive_contrastive_loss
from ltcl.functional.ldam import ldam_loss, ldam_margins
from ltcl.functional.logit_adjustment import log_prior, logit_adjusted_loss
from ltcl.functional.paco import paco_loss
from ltcl.functional.positives import draw_positives
from ltcl.functional.rebalanced_contrastive import (
    HardPairs,
    in_batch_pairs,
    mine_hard,
    queue_pairs,
    rebalanced_contrastive_loss,
)
from ltcl.functional.supcon import supcon_loss

from .label_aware_smoothing import LabelAwareSmoothingLoss
from .ldam import LDAMLoss
from .logit_adjustment import BalancedSoftmaxLoss, LogitAdjustedLoss

__all__ = [
    'BalancedSoftmaxLoss',
    'HardPairs',
    'KPositiveLoss',
    'LDAMLoss',
    'LabelAwareSmoothingLoss',
    'LogitAdjustedLoss',
    'balanced_contrastive_loss',
    'dense_paco_loss',
    'draw_positives',
    'effective_number_weights',
    'in_batch_contrastive_loss',
    'in_batch_pairs',
    'k_positive_contrastive_loss',
    'ldam_loss',
    'ldam_margins',
    'log_prior',
    'logit_adjusted_loss',
    'mine_hard',
    'paco_loss',
    'queue_pairs',
    'rebalanced_contrastive_loss',
    'supcon_loss',
]
