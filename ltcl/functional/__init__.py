r"""Losses of all methods: tensors in, a scalar out; torch is all they need.

The losses of pairs are one shape. Anchor i is compared with its candidates j by the similarities
:math:`s_{ij} = a_i \cdot z_j / T`. A bias :math:`b_{ij}` tells how much a candidate counts in the denominator, a weight
:math:`w_{ij}` how much it attracts:

.. math::
    \ell_i = \log \sum_j e^{s_{ij} + b_{ij}} - \frac{\sum_j w_{ij} s_{ij}}{\sum_j w_{ij}}

- :func:`supcon_loss`: anchors and rows; no bias; 1 for those of the class.
- :func:`paco_loss`, and :func:`dense_paco_loss` for a batch of images: anchors and rows with bias
  :math:`\log \gamma`, class logits with the prior; :math:`\alpha` for those of the class, :math:`\beta` for its logit.
- :func:`balanced_contrastive_loss`: anchors, rows and prototypes; minus the log of the class's size; 1 for the class.
- :func:`k_positive_contrastive_loss`: own key, rows, r copies of targets with bias :math:`\log r`; 1 for the key and K
  rows of the class, :math:`\lambda` for each copy of its target.
- :func:`in_batch_contrastive_loss`: anchors and copies of targets; log of the copies; 1 for the class or K of it.
- :func:`rebalanced_contrastive_loss`: anchors, rows, and of a queue of each class all or the hardest; the prior; 1 for
  the class.
- :func:`proco_loss`: for each class all samples that it could have, in one logit; the prior; 1 for the class.
- :func:`logit_adjusted_loss`, :func:`ldam_loss`: class logits; the prior, or minus a margin; 1 for the class.
- :func:`balpoe_loss`: class logits of each expert; the prior times its strength; 1 for the class.
- :func:`label_aware_smoothing_loss`: class logits; no bias; 1 minus the smoothing of the class, which all share.

They are called alike, ``loss(anchors, labels, rows, row_labels, *, options)``: the anchors, which meet each other where
the method says so but never themselves, and further rows such as keys, a queue or the anchors of other processes. What
they share stands once: the log-sum-exp over rows in :mod:`~ltcl.functional.log_sums`, the sums over classes, which take
the place of a mask of positives, in :mod:`~ltcl.functional.class_sums`, the tiles in which pairs are visited, and how
much of them may be kept, in :mod:`~ltcl.functional.tiles`, the draw of positives in
:mod:`~ltcl.functional.positives`, the check of shapes in :mod:`~ltcl.functional.checks`.

:func:`lovasz_softmax_loss` alone has another form.
"""

from .balanced_contrastive import balanced_contrastive_loss
from .balpoe import balpoe_loss
from .class_weights import effective_number_weights
from .dense_paco import dense_paco_loss
from .in_batch import in_batch_contrastive_loss
from .k_positive import KPositiveLoss, k_positive_contrastive_loss
from .label_aware_smoothing import label_aware_smoothing, label_aware_smoothing_loss
from .ldam import ldam_loss, ldam_margins
from .logit_adjustment import log_prior, logit_adjusted_loss
from .lovasz import lovasz_softmax_loss
from .mining import HardPairs, mine_hard
from .paco import paco_loss
from .positives import draw_positives
from .proco import proco_loss
from .rebalanced_contrastive import rebalanced_contrastive_loss
from .supcon import supcon_loss
from .tiles import memory_budget

__all__ = [
    'HardPairs',
    'KPositiveLoss',
    'balanced_contrastive_loss',
    'balpoe_loss',
    'dense_paco_loss',
    'draw_positives',
    'effective_number_weights',
    'in_batch_contrastive_loss',
    'k_positive_contrastive_loss',
    'label_aware_smoothing',
    'label_aware_smoothing_loss',
    'ldam_loss',
    'ldam_margins',
    'log_prior',
    'logit_adjusted_loss',
    'lovasz_softmax_loss',
    'memory_budget',
    'mine_hard',
    'paco_loss',
    'proco_loss',
    'rebalanced_contrastive_loss',
    'supcon_loss',
]
