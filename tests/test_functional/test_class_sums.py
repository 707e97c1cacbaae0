import torch

from ltcl.functional.class_sums import class_sums

LABELS = torch.tensor([1, 0, -1, 1, 0, 0, -1, 0, 2, 0])
ROWS = torch.arange(20.0).view(10, 2)


def test_sums_and_numbers():
    sums, numbers = class_sums(4, (ROWS, LABELS))
    assert (sums.dtype, numbers.dtype) == (torch.float64, torch.float32)
    assert numbers.tolist() == [5, 2, 1, 0]
    for c in range(4):
        assert sums[c].tolist() == ROWS[c == LABELS].sum(0).tolist()


def test_groups_are_added_up():
    parts = [(ROWS[part], LABELS[part]) for part in (slice(4), slice(4, 4), slice(4, 10))]
    torch.testing.assert_close(class_sums(4, *parts), class_sums(4, (ROWS, LABELS)), rtol=0, atol=0)


def test_many_nearly_equal_rows_keep_their_digits():
    sums, _ = class_sums(1, (torch.full((100_000, 1), 0.1), torch.zeros(100_000, dtype=torch.int64)))
    assert abs(sums.item() / (100_000 * torch.tensor(0.1).item()) - 1) < 1e-12
