"""Head of TSC: k-positive contrast with fixed targets that the classes are drawn to."""

from typing import Any

from torch import Tensor

from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..utils import ClassTargetsMixin, gather
from .kcl import KCLHead


@MODELS.register_module()
class TSCHead(ClassTargetsMixin, KCLHead):
    """KCL until ``ltcl.TargetAssignmentHook`` turns the targets on, then `TSC <https://arxiv.org/abs/2111.13998>`_.

    The targets are spread evenly over the sphere. Class centers are matched with them, and every anchor has the target
    of its class among its positives and all targets among its candidates.

    Args:
        num_classes: Number of classes.
        feat_dim: Width D of the embeddings.
        targets: A ``.npy`` or ``.pt`` file of shape (num_classes, D). None generates them when the weights are
            initialised.
        target_seed: Seed of generated targets.
        target_repeat: Copies r of each target among the candidates.
        target_weight: Factor of the target term.
        separate_targets: The target is a positive beside the K drawn ones; False draws the K from queue and targets.
        center_momentum: Share of the old class center that is kept at an update, in 0..1.
        **kwargs: Arguments of :class:`KCLHead`: ``queue_len``, ``num_positives``, ``temperature``.

    Differs from the original: targets are generated here, in float64, instead of read from a fixed file name; matching
    can be done every few iterations only; a run resumes in its phase, with queue, centers and assignment.

    Raises:
        UserError: ``target_repeat`` below 1, or a mistake that :class:`KCLHead` raises.
    """

    uses_targets = True
    hooks = ('ltcl.TargetAssignmentHook',)

    def __init__(
        self,
        num_classes: int,
        feat_dim: int = 128,
        targets: str | None = None,
        target_seed: int = 0,
        target_repeat: int = 1,
        target_weight: float = 0.2,
        separate_targets: bool = True,
        center_momentum: float = 0.9,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_classes, feat_dim, **kwargs)
        self.register_targets(num_classes, feat_dim, targets, target_seed, target_repeat, center_momentum)
        check_ranges(type(self).__name__, dict(target_weight=target_weight))
        self.target_args = dict(
            target_repeat=target_repeat, target_weight=target_weight, separate_targets=separate_targets
        )

    def follow(self, queries: Tensor, all_labels: Tensor) -> None:
        """Do what the hook set for this step: move the class centers, match them with the targets."""
        if self.update_centers:
            self.move_centers(gather(queries.detach()), all_labels)
        self.match_if_due()

    def contrast(self, queries: Tensor, keys: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The losses, before the queue takes the keys; arguments as in :class:`KCLHead`.

        Returns:
            ``loss_con`` and ``loss_target``, 0 as long as the targets are off.
        """
        targets = dict(class_targets=self.class_targets(), **self.target_args) if self.targeted else {}
        terms = self.k_positive_loss(queries, keys, labels, **targets)
        return dict(loss_con=terms.class_term, loss_target=terms.target_term)
