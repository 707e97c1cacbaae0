import pytest
import torch
from oracles.kcl_tsc import loop_choice

from ltcl.functional import draw_positives
from ltcl.functional.positives import sum_rows

LABELS = torch.tensor([0, 1, 2, 5])
ROW_LABELS = torch.tensor([1, 0, -1, 1, 0, 0, -1, 0, 2, 0])


def expected(draws, labels, row_labels, excluded=()):
    columns = []
    for i, label in enumerate(labels.tolist()):
        out = {int(rows[i]) for rows in excluded}
        pool = [j for j, other in enumerate(row_labels.tolist()) if other == label and j not in out]
        chosen = loop_choice(pool, draws[:, i])
        columns.append(chosen + [-1] * (len(draws) - len(chosen)))
    return torch.tensor(columns).T


@pytest.mark.parametrize('num_positives', [1, 3, 7])
def test_equals_lists(num_positives):
    draws = torch.rand(num_positives, len(LABELS), dtype=torch.float64)
    chosen = draw_positives(draws, LABELS, ROW_LABELS)
    assert torch.equal(chosen, expected(draws, LABELS, ROW_LABELS))
    assert (chosen[:, 3] == -1).all()
    assert (ROW_LABELS[chosen[chosen >= 0]] != -1).all()


@pytest.mark.parametrize('seed', range(10))
def test_equals_lists_with_excluded_rows(seed):
    generator = torch.Generator().manual_seed(seed)
    num_rows = int(torch.randint(2, 40, (), generator=generator))
    row_labels = torch.randint(-1, 4, (num_rows,), generator=generator)
    labels = torch.randint(4, (12,), generator=generator)
    excluded = torch.stack([torch.randperm(num_rows, generator=generator)[:2] for _ in labels], 1)
    draws = torch.rand(6, len(labels), generator=generator, dtype=torch.float64)
    chosen = draw_positives(draws, labels, row_labels, excluded)
    assert torch.equal(chosen, expected(draws, labels, row_labels, excluded))


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('size', [1, 3, 5, 4097, 65535])
def test_the_largest_number_takes_the_last_row(dtype, size):
    almost_one = torch.nextafter(torch.ones(1, 1, dtype=dtype), torch.zeros(1, 1, dtype=dtype))
    assert draw_positives(almost_one, torch.tensor([0]), torch.zeros(size, dtype=torch.int64)) == size - 1
    assert draw_positives(0 * almost_one, torch.tensor([0]), torch.zeros(size, dtype=torch.int64)) == 0


def test_no_rows():
    chosen = draw_positives(torch.rand(2, 4), LABELS, ROW_LABELS[:0])
    assert (chosen == -1).all()
    assert sum_rows(torch.rand(0, 3), chosen).equal(torch.zeros(4, 3))


def test_every_row_of_the_class_is_equally_likely():
    num_anchors = 20000
    draws = torch.rand(2, num_anchors, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    chosen = draw_positives(draws, torch.zeros(num_anchors, dtype=torch.int64), ROW_LABELS)
    shares = chosen.flatten().bincount(minlength=10) / chosen.numel()
    assert (chosen[0] != chosen[1]).all()
    # Five rows of class 0; the standard deviation of a share is 0.002.
    torch.testing.assert_close(shares[ROW_LABELS == 0], torch.full((5,), 0.2), rtol=0, atol=0.01)


def test_sum_of_picked_rows():
    rows = torch.arange(20.0).view(10, 2)
    picked = sum_rows(rows, torch.tensor([[1, 0], [4, -1]]))
    torch.testing.assert_close(picked, torch.stack([rows[1] + rows[4], rows[0]]))
