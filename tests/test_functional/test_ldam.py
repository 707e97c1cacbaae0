"""LDAM: cross entropy with a margin by class size."""

import math

import pytest
import torch
import torch.nn.functional as F

from ltcl.functional import ldam_loss, ldam_margins

COUNTS = torch.tensor([160_000, 10_000, 16, 1])


def test_margins_fall_with_the_fourth_root_of_the_class_size():
    torch.testing.assert_close(ldam_margins(COUNTS, 0.5), torch.tensor([0.025, 0.05, 0.25, 0.5]).double())
    # A class without images does not stretch the others.
    assert ldam_margins(torch.tensor([16, 0, 1])).tolist() == [0.25, 0.5, 0.5]


def test_closed_form_of_equal_cosines():
    """With all cosines alike, only the margin of the true class tells the classes apart."""
    logits = torch.zeros(2, 4, dtype=torch.float64)
    expected = [math.log(math.exp(30 * margin) * 3 + 1) for margin in (0.025, 0.5)]
    actual = ldam_loss(logits, torch.tensor([0, 3]), COUNTS, scale=30.0)
    assert actual.item() == pytest.approx(sum(expected) / 2)


def test_against_a_loop_with_weights():
    generator = torch.Generator().manual_seed(0)
    logits = 30 * (2 * torch.rand(6, 4, generator=generator, dtype=torch.float64) - 1)
    labels = torch.tensor([0, 1, 2, 3, 3, 1])
    weights = torch.tensor([0.5, 1.0, 2.0, 4.0])
    margins = ldam_margins(COUNTS)
    losses, total = 0.0, 0.0
    for row, label in zip(logits, labels.tolist(), strict=True):
        shifted = row.clone()
        shifted[label] -= 30 * margins[label]
        losses += weights[label] * -F.log_softmax(shifted, 0)[label]
        total += weights[label]
    torch.testing.assert_close(ldam_loss(logits, labels, COUNTS, class_weights=weights), losses / total)
