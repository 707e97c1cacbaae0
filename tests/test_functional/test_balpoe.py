"""BalPoE's loss: values that can be worked out, and what it is made of."""

import math

import pytest
import torch
from loss_checks import check_float32, check_half_precision, value_and_gradients
from oracles.balpoe import draw_case, loop_balpoe_loss, mixed_shares

from ltcl.errors import UserError
from ltcl.functional import balpoe_loss, logit_adjusted_loss

TAUS = (0.0, 1.0, 2.0)


def test_experts_of_equal_logits():
    # Frequencies 3/4 and 1/4: with tau 0, 1 and 2 the rare class has a share of 1/2, 1/4 and 1/10.
    loss = balpoe_loss(torch.zeros(1, 3, 2).double(), torch.tensor([1]), torch.tensor([3, 1]), taus=TAUS)
    assert loss.item() == pytest.approx(math.log(2 * 4 * 10) / 3)


def test_mean_of_the_logit_adjusted_losses():
    case = draw_case(num_images=6, num_classes=5)
    losses = [
        logit_adjusted_loss(case['logits'][:, e], case['labels'], case['class_counts'], tau=tau)
        for e, tau in enumerate(TAUS)
    ]
    torch.testing.assert_close(balpoe_loss(**case, taus=TAUS), torch.stack(losses).mean())


@pytest.mark.parametrize('is_mixed', [False, True])
def test_against_a_loop(is_mixed):
    case = draw_case(num_images=6, num_classes=7, seed=4)
    if is_mixed:
        case['shares'] = mixed_shares(case['labels'], 7)
    actual = value_and_gradients(balpoe_loss, case, ['logits'], taus=TAUS)
    expected = value_and_gradients(loop_balpoe_loss, case, ['logits'], taus=torch.tensor(TAUS))
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


def test_mixed_labels_mix_the_losses():
    """As the original does it: the loss of either image, in their shares."""
    case = draw_case()
    others = case['labels'].roll(1)
    of_both = [balpoe_loss(**case | dict(labels=labels), taus=TAUS) for labels in (case['labels'], others)]
    mixed = balpoe_loss(**case, taus=TAUS, shares=mixed_shares(case['labels'], 4, share=0.3))
    torch.testing.assert_close(mixed, 0.7 * of_both[0] + 0.3 * of_both[1])


def test_gradcheck():
    case = draw_case()
    logits = case.pop('logits').requires_grad_()
    assert torch.autograd.gradcheck(lambda logits: balpoe_loss(logits, **case, taus=TAUS), logits)


def test_class_without_images_and_single_image():
    logits = torch.zeros(1, 3, 3, dtype=torch.float64, requires_grad=True)
    labels, counts = torch.tensor([0]), torch.tensor([3, 0, 1])
    balpoe_loss(logits, labels, counts, taus=TAUS).backward()
    assert logits.grad.isfinite().all()
    # An expert of strength 2 takes it for impossible, that of strength 0 does not.
    assert logits.grad[0, 2, 1].abs() < 1e-15
    assert logits.grad[0, 0, 1].item() == pytest.approx(1 / 9)
    # Its share in a mixed image costs log(1e9) for each strength, and not infinity.
    shares = torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64)
    assert balpoe_loss(logits, labels, counts, taus=TAUS, shares=shares).isfinite()


def test_other_precisions():
    case = draw_case(num_images=8)
    check_float32(lambda each: value_and_gradients(balpoe_loss, each, ['logits'], taus=TAUS), case)
    for dtype in (torch.bfloat16, torch.float16):
        check_half_precision(lambda each: value_and_gradients(balpoe_loss, each, ['logits'], taus=TAUS), case, dtype)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(taus=(0.0, 1.0)), r'logits must have shape \(N, E, C\) with E = 2 of taus, got \(5, 3, 4\)'),
        (dict(labels=torch.tensor([4] * 5)), r'labels must be in 0\.\.3'),
        (dict(shares=torch.zeros(5, 3).double()), r'shares must have shape \(N, C\)'),
        (dict(class_counts=torch.tensor([1, 2])), r'class_counts must have shape \(C\)'),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        balpoe_loss(**draw_case() | dict(taus=TAUS) | changes)
