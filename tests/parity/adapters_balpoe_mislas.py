"""BalPoE: loss of the experts and a step of its head; MiSLAS: label-aware smoothing."""

from harness import Case, adapter
from mmpretrain.structures import DataSample
from record import replay
from torch import Tensor

from ltcl.functional import balpoe_loss, label_aware_smoothing, label_aware_smoothing_loss
from ltcl.models import BalPoEHead


@adapter('balpoe', 'experts_loss')
def experts_loss(case: Case) -> None:
    def call(
        logits: Tensor, labels: Tensor, class_counts: Tensor, taus: Tensor, shares: Tensor | None = None
    ) -> Tensor:
        return balpoe_loss(logits, labels, class_counts, taus=taus.tolist(), shares=shares)

    replay(case, call)


@adapter('balpoe', 'head_step')
def head_step(case: Case) -> None:
    num_classes, width = len(case['init/class_counts']), case['feats'].shape[1]
    head = BalPoEHead(num_classes, width, taus=case['taus'].tolist(), cosine_scale=float(case['cosine_scale']))

    def call(feats: Tensor, labels: Tensor, taus: Tensor, cosine_scale: float) -> dict[str, Tensor]:
        samples = [DataSample().set_gt_label(label) for label in labels]
        return head.loss((feats,), samples) | dict(logits=head((feats,)))

    replay(case, call, head)


@adapter('mislas', 'label_aware_smoothing')
def smoothing(case: Case) -> None:
    def call(
        logits: Tensor, labels: Tensor, class_counts: Tensor, smooth_head: float, smooth_tail: float, form: str
    ) -> dict[str, Tensor]:
        options = dict(smooth_head=smooth_head, smooth_tail=smooth_tail, form=form)
        return dict(
            smoothing=label_aware_smoothing(class_counts, **options),
            loss=label_aware_smoothing_loss(logits, labels, class_counts, **options),
        )

    replay(case, call)
