"""Loss functions (tensors in, scalar out) and the modules that a config swaps."""

from .balanced_contrastive import balanced_contrastive_loss
from .class_weights import effective_number_weights
from .dense_paco import dense_paco_loss
from .in_batch import in_batch_contrastive_loss
from .k_positive import KPositiveLoss, k_positive_contrastive_loss
from .ldam import LDAMLoss, ldam_loss, ldam_margins
from .logit_adjustment import BalancedSoftmaxLoss, LogitAdjustedLoss, log_prior, logit_adjusted_loss
from .paco import paco_loss
from .positives import draw_positives
from .rebalanced_contrastive import HardPairs, in_batch_pairs, mine_hard, queue_pairs, rebalanced_contrastive_loss
from .supcon import supcon_loss

__all__ = [
    'BalancedSoftmaxLoss',
    'HardPairs',
    'KPositiveLoss',
    'LDAMLoss',
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
