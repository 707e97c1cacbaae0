import pytest
import torch
from torch import nn

from ltcl.errors import UserError
from ltcl.models.utils import ClassCountsMixin


class Counting(ClassCountsMixin, nn.Module):
    def __init__(self, num_classes: int, class_counts=None) -> None:
        super().__init__()
        self.register_class_counts(num_classes, class_counts)


@pytest.mark.parametrize('counts', [[5, 0, 2], torch.tensor([5, 0, 2])])
def test_given_at_once_or_later(counts):
    module = Counting(3)
    module.set_class_counts(counts)
    for each in (module, Counting(3, counts)):
        assert each.known_class_counts().tolist() == [5, 0, 2]
        assert each.class_counts.dtype == torch.int64


def test_unknown_counts_are_an_error_until_they_are_set():
    module = Counting(3)
    with pytest.raises(UserError, match=r'Counting needs .*ltcl\.ClassCountsHook.* or pass class_counts'):
        module.known_class_counts()
    module.set_class_counts([1, 2, 3])
    assert module.known_class_counts().tolist() == [1, 2, 3]
    module.set_class_counts([3, 2, 1])
    assert module.known_class_counts().tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ('counts', 'message'),
    [
        ([1, 2], r'has 2 classes but Counting has num_classes=3: set num_classes=2'),
        ([1, 2, -1], r'must not be negative nor all zero, got \[1, 2, -1\]'),
        ([0, 0, 0], 'nor all zero'),
    ],
)
def test_bad_counts(counts, message):
    with pytest.raises(UserError, match=message):
        Counting(3, counts)
    module = Counting(3, [4, 4, 4])
    with pytest.raises(UserError, match=message):
        module.set_class_counts(counts)
    assert module.known_class_counts().tolist() == [4, 4, 4]


def test_state_dict_carries_the_counts_and_half_precision_keeps_them():
    module = Counting(3)
    module.load_state_dict(Counting(3, [70000, 1, 2]).state_dict())
    assert module.half().known_class_counts().tolist() == [70000, 1, 2]
