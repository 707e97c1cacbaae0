"""Label-aware smoothing: the smoothing of each class, and the loss it makes."""

import math

import pytest
import torch
import torch.nn.functional as F
from loss_checks import check_float32, check_half_precision, value_and_gradients
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from oracles.label_aware_smoothing import loop_label_aware_smoothing

from ltcl.errors import UserError
from ltcl.functional import label_aware_smoothing, label_aware_smoothing_loss
from ltcl.models import LabelAwareSmoothingLoss

OPTIONS = dict(smooth_head=0.4, smooth_tail=0.1)
COUNTS = torch.tensor([101, 51, 1])


def draw() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return dict(
        logits=torch.randn(6, 3, generator=generator, dtype=torch.float64), labels=torch.tensor([0, 1, 2, 2, 0, 1])
    )


def loss_of(logits: torch.Tensor, labels: torch.Tensor, **changes: object) -> torch.Tensor:
    return label_aware_smoothing_loss(logits, labels, COUNTS, **OPTIONS | changes)


@pytest.mark.parametrize(
    ('form', 'half_way'),
    [('concave', math.sin(math.pi / 4)), ('linear', 0.5), ('convex', 1 - math.cos(math.pi / 4))],
)
def test_smoothing_of_each_class(form, half_way):
    smoothing = label_aware_smoothing(COUNTS, **OPTIONS, form=form)
    assert smoothing.dtype == torch.float64
    assert smoothing.tolist() == pytest.approx([0.4, 0.1 + 0.3 * half_way, 0.1])


def test_class_without_images_does_not_stretch_the_others():
    smoothing = label_aware_smoothing(torch.tensor([101, 0, 51, 1]), **OPTIONS, form='linear')
    assert smoothing.tolist() == pytest.approx([0.4, 0.1, 0.25, 0.1])


@pytest.mark.parametrize('counts', [[7, 7, 7], [7, 0, 7]])
def test_classes_of_one_size(counts):
    smoothing = label_aware_smoothing(torch.tensor(counts), **OPTIONS)
    assert smoothing.tolist() == pytest.approx([0.4 if count else 0.1 for count in counts])


def test_equal_smoothing_is_label_smoothing():
    case = draw()
    actual = loss_of(**case, smooth_head=0.2, smooth_tail=0.2)
    torch.testing.assert_close(actual, F.cross_entropy(case['logits'], case['labels'], label_smoothing=0.2))
    torch.testing.assert_close(loss_of(**case, smooth_head=0.0, smooth_tail=0.0), F.cross_entropy(**_named(case)))


def _named(case: dict) -> dict:
    return dict(input=case['logits'], target=case['labels'])


@pytest.mark.parametrize('form', ['concave', 'linear', 'convex'])
def test_against_a_loop(form):
    def loop(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return loop_label_aware_smoothing(logits, labels, COUNTS, 0.4, 0.1, form)['loss']

    actual = value_and_gradients(loss_of, draw(), ['logits'], form=form)
    torch.testing.assert_close(actual, value_and_gradients(loop, draw(), ['logits']), rtol=1e-10, atol=1e-12)


def test_gradcheck_and_single_values():
    case = draw()
    per_image = loss_of(**case, reduction='none')
    torch.testing.assert_close(per_image.mean(), loss_of(**case))
    logits = case['logits'].requires_grad_()
    assert torch.autograd.gradcheck(lambda logits: loss_of(logits, case['labels']), logits)


def test_other_precisions():
    check_float32(lambda case: value_and_gradients(loss_of, case, ['logits']), draw())
    for dtype in (torch.bfloat16, torch.float16):
        check_half_precision(lambda case: value_and_gradients(loss_of, case, ['logits']), draw(), dtype)


def test_in_the_slot_of_a_head():
    loss = dict(type='ltcl.LabelAwareSmoothingLoss', num_classes=3)
    head = MODELS.build(dict(type='LinearClsHead', num_classes=3, in_channels=4, loss=loss))
    feats, labels = torch.randn(6, 4), draw()['labels']
    samples = [DataSample().set_gt_label(label) for label in labels]
    with pytest.raises(UserError, match=r'ltcl\.ClassCountsHook'):
        head.loss((feats,), samples)
    head.loss_module.set_class_counts(COUNTS.tolist())
    torch.testing.assert_close(head.loss((feats,), samples)['loss'], loss_of(head.fc(feats), labels))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(form='round'), "one of concave, linear, convex, got 'round'"),
        (dict(smooth_head=1.0), 'smooth_head=1.0 must be a number of at least 0 and below 1'),
        (dict(smooth_tail=-0.1), 'smooth_tail=-0.1'),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        LabelAwareSmoothingLoss(3, **changes)
