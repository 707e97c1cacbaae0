"""Fixed targets of the classes, and which class goes to which of them."""

from functools import partial

import torch
import torch.nn.functional as F
from mmengine.dist import broadcast, is_main_process
from mmengine.model import BaseModule
from torch import Tensor

from ltcl.errors import UserError
from ltcl.value_ranges import check_ranges

from .target_files import cached_uniform_targets, load_targets


class ClassTargetsMixin(BaseModule):
    """Adds targets, class centers and their assignment to a head; ``ltcl.TargetAssignmentHook`` says when to match.

    From `Targeted Supervised Contrastive Learning <https://arxiv.org/abs/2111.13998>`_, section 3: a moving average of
    each class's embeddings, and the matching of classes to targets that has the largest total cosine. All three are
    buffers, so that a run resumes with them.

    Differs from the original: one process matches and the others receive the result.
    """

    targets: Tensor
    class_centers: Tensor
    assignment: Tensor
    targeted = False
    """Whether this step uses the targets."""
    update_centers = False
    """Whether this step moves the class centers."""
    assignment_due = False
    """Whether this step matches classes and targets anew."""
    _targets_seen = False

    def register_targets(
        self,
        num_classes: int,
        feat_dim: int,
        targets: str | None,
        target_seed: int,
        target_repeat: int,
        center_momentum: float,
    ) -> None:
        """Create the buffers; the targets are zeros until :meth:`init_weights` or a checkpoint fills them.

        Args:
            num_classes: Number of classes.
            feat_dim: Width D of a target.
            targets: A ``.npy`` or ``.pt`` file of shape (num_classes, D); None generates them.
            target_seed: Seed of generated targets.
            target_repeat: Copies of each target that the head's loss is to see.
            center_momentum: Share of the old center that is kept at an update, in 0..1.

        Raises:
            UserError: ``target_repeat`` below 1.
        """
        if target_repeat < 1:
            raise UserError(f'target_repeat must be at least 1, got {target_repeat}')
        check_ranges(type(self).__name__, dict(center_momentum=center_momentum))
        self.targets_source = (targets, target_seed)
        self.center_momentum = center_momentum
        self.register_buffer('targets', torch.zeros(num_classes, feat_dim))
        self.register_buffer('class_centers', F.normalize(torch.randn(num_classes, feat_dim), dim=1))
        self.register_buffer('assignment', torch.arange(num_classes))

    def init_weights(self) -> None:
        """Read or generate the targets.

        Raises:
            UserError: The file does not fit ``num_classes`` and ``feat_dim``.
        """
        super().init_weights()
        path, seed = self.targets_source
        num_classes, feat_dim = self.targets.shape
        read = partial(cached_uniform_targets, seed=seed) if path is None else partial(load_targets, path)
        self.targets.copy_(read(num_classes=num_classes, feat_dim=feat_dim))

    def class_targets(self) -> Tensor:
        """The target of each class, shape (num_classes, D).

        Raises:
            UserError: They were never set.
        """
        if not self._targets_seen:  # asked once: reading a number back from a GPU at every step would stall it
            if not self.targets.any():
                raise UserError(
                    f'{type(self).__name__} has no targets: call init_weights(), which generates them or reads the '
                    'file of its argument targets, or load a checkpoint that holds them'
                )
            self._targets_seen = True
        return self.targets[self.assignment]

    @torch.no_grad()
    def move_centers(self, embeddings: Tensor, labels: Tensor) -> None:
        """Move the center of each class in the batch towards its mean; for the steps of ``update_centers``.

        Args:
            embeddings: Unit embeddings of all processes, shape (N, D).
            labels: Their classes, int64, shape (N,).
        """
        embeddings = embeddings.detach().to(self.class_centers.dtype)
        sums = torch.zeros_like(self.class_centers).index_add_(0, labels, embeddings)
        # Row by row of the batch: the rows of one class write the same center.
        directions = F.normalize(sums[labels], dim=1)
        moved = self.class_centers[labels].lerp(directions, 1 - self.center_momentum)
        self.class_centers[labels] = F.normalize(moved, dim=1)

    def match_if_due(self) -> None:
        """Match classes and targets in the steps that the hook has set for it."""
        if self.targeted and self.assignment_due:
            self.match_targets()

    @torch.no_grad()
    def match_targets(self) -> None:
        """Assign the targets to the classes so that the total cosine of centers and targets is largest."""
        from scipy.optimize import linear_sum_assignment  # only TSC pays for it

        if is_main_process():
            # A run that has diverged must not fail here, on one process of several.
            similarity = torch.nan_to_num(self.class_centers @ self.targets.T)
            _, columns = linear_sum_assignment(similarity.double().cpu().numpy(), maximize=True)
            self.assignment.copy_(torch.from_numpy(columns))
        broadcast(self.assignment, src=0)
