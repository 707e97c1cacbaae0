"""Writes the recorded cases of BalPoE and MiSLAS: ``PYTHONPATH=tests python tests/parity/record_balpoe_mislas.py``."""

from pathlib import Path

import torch
from oracles.balpoe import PlainExperts, draw_case, loop_balpoe_loss, mixed_shares
from oracles.label_aware_smoothing import loop_label_aware_smoothing
from record import record
from torch import Tensor

GOLDEN = Path(__file__).parents[1] / 'golden'


def record_experts_loss() -> None:
    """Published strengths, mixed labels, one expert, a class without images."""
    case = draw_case()
    many = draw_case(num_images=7, num_classes=30, seed=1)
    mixed = many | dict(shares=mixed_shares(many['labels'], 30))
    empty = draw_case(num_images=4, num_classes=5, seed=2)
    empty['labels'] = empty['labels'].clamp_max(3)
    empty['class_counts'][4] = 0
    cases = {
        '01_published': (case, [0.0, 1.0, 2.0]),
        '02_mixup': (mixed, [0.0, 1.25, 2.5]),
        '03_one_expert': (draw_case(num_experts=1, seed=3), [0.5]),
        '04_empty_class': (empty, [0.0, 1.0, 2.0]),
    }
    for name, (inputs, taus) in cases.items():
        path = GOLDEN / 'balpoe' / f'experts_loss__{name}.npz'
        record(path, loop_balpoe_loss, inputs | dict(taus=taus), leaves=['logits'])


def record_head_step() -> None:
    """A step of the classifiers."""
    torch.manual_seed(0)
    module = PlainExperts(num_experts=3, num_classes=4, width=6, cosine_scale=16.0)
    module.class_counts.copy_(torch.tensor([90, 30, 9, 3]))

    def step(feats: Tensor, labels: Tensor, taus: Tensor, cosine_scale: float) -> dict[str, Tensor]:
        logits = module.expert_logits(feats)
        return dict(loss_cls=loop_balpoe_loss(logits, labels, module.class_counts, taus), logits=logits.mean(1))

    inputs = dict(
        feats=torch.randn(5, 6), labels=torch.tensor([0, 1, 2, 3, 0]), taus=[0.0, 1.0, 2.0], cosine_scale=16.0
    )
    record(GOLDEN / 'balpoe' / 'head_step__01.npz', step, inputs, leaves=['feats'], module=module)


def record_label_aware_smoothing() -> None:
    """Each form."""
    generator = torch.Generator().manual_seed(0)
    for form in ('concave', 'linear', 'convex'):
        inputs = dict(
            logits=3 * torch.randn(6, 5, generator=generator, dtype=torch.float64),
            labels=torch.tensor([0, 1, 2, 3, 4, 0]),
            class_counts=torch.tensor([500, 210, 88, 37, 5]),
            smooth_head=0.4,
            smooth_tail=0.1,
            form=form,
        )
        path = GOLDEN / 'mislas' / f'label_aware_smoothing__{form}.npz'
        record(path, loop_label_aware_smoothing, inputs, leaves=['logits'])


if __name__ == '__main__':
    record_experts_loss()
    record_head_step()
    record_label_aware_smoothing()
