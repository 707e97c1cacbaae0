import pytest

from ltcl.recipe_rules.queues import (
    class_queue_len,
    kcl_queue_len,
    num_hard_negatives,
    num_positives,
    paco_queue_len,
    power_of_two,
)
from ltcl.recipe_rules.run_shape import batch_size, key_momentum, num_epochs, warmup_epochs


def counts_of(images: int, largest: int, smallest: int, num_classes: int) -> list[int]:
    """Counts with these figures; the classes between share what is left."""
    others = num_classes - 2
    rest = images - largest - smallest
    return [largest, *(rest // others + (number < rest % others) for number in range(others)), smallest]


IMAGENET_LT = counts_of(115846, 1280, 5, 1000)
PLACES_LT = counts_of(62500, 4980, 5, 365)
INATURALIST = counts_of(437513, 1000, 2, 8142)
CIFAR100_LT = counts_of(10847, 500, 5, 100)
CIFAR10_LT = counts_of(12406, 5000, 50, 10)
FASHION_LT = [500, 299, 179, 107, 64, 38, 23, 13, 8, 5]
CLIPART = counts_of(1495, 250, 3, 18)


@pytest.mark.parametrize(('number', 'expected'), [(0.3, 1), (1, 1), (2, 2), (255.9, 128), (256, 256), (373.75, 256)])
def test_power_of_two(number, expected):
    assert power_of_two(number) == expected


@pytest.mark.parametrize(
    ('counts', 'step', 'expected'),
    [
        (IMAGENET_LT, 128, 8192),  # as published, like the next two
        (PLACES_LT, 128, 8192),
        (INATURALIST, 128, 8192),
        (CIFAR100_LT, 128, 2048),  # 10,847 / 5 = 2,169; published is 1,024
        (FASHION_LT, 64, 128),  # 1,236 / 5 = 247
        (CLIPART, 32, 256),  # a quarter of 1,495 is less than 1,495 / 3
        (CLIPART, 257, 0),  # a step would overwrite all of it
        ([400, 400], 16, 0),  # two rows would do
    ],
)
def test_paco_queue_len(counts, step, expected):
    assert paco_queue_len(counts, step) == expected


@pytest.mark.parametrize(
    ('counts', 'step', 'expected'),
    [(IMAGENET_LT, 256, 65536), (INATURALIST, 256, 65536), (FASHION_LT, 128, 512), (CLIPART, 32, 512), ([9, 1], 8, 8)],
)
def test_kcl_queue_len(counts, step, expected):
    assert kcl_queue_len(counts, step) == expected


@pytest.mark.parametrize(
    ('counts', 'rows', 'expected'),
    [
        (IMAGENET_LT, 65536, 6),  # as published
        (FASHION_LT, 512, 6),  # the quartile is 15.5 images: 6.4 rows
        (FASHION_LT, 256, 3),
        (FASHION_LT, 16, 1),
        ([100, 0, 0, 0], 512, 6),  # classes without images need none
    ],
)
def test_num_positives(counts, rows, expected):
    assert num_positives(counts, rows) == expected


@pytest.mark.parametrize(
    ('counts', 'rows', 'hardest'),
    [
        (IMAGENET_LT, 4, 999),  # all as published, but for 400 of CIFAR-100
        (PLACES_LT, 4, 364),
        (INATURALIST, 4, 8141),
        (CIFAR10_LT, 10, 36),
        (CIFAR100_LT, 10, 396),
        ([50, 9, 1], 2, 2),
    ],
)
def test_class_queue(counts, rows, hardest):
    assert class_queue_len(counts) == rows
    assert num_hard_negatives(len(counts), rows) == hardest


@pytest.mark.parametrize(
    ('images', 'is_frozen', 'expected'),
    [(3, False, 2), (40, False, 16), (1495, False, 32), (4554, False, 64), (4554, True, 128), (115846, False, 64)],
)
def test_batch_size(images, is_frozen, expected):
    assert batch_size(images, is_frozen) == expected


@pytest.mark.parametrize(
    ('images', 'batch', 'start', 'expected'),
    [
        (1495, 32, 'scratch', 130),  # 46 steps an epoch
        (300, 16, 'scratch', 200),  # the upper bound
        (115846, 64, 'scratch', 30),  # the lower one
        (4554, 64, 'pretrained', 21),
        (4554, 128, 'frozen', 43),
        (3, 16, 'pretrained', 50),
    ],
)
def test_num_epochs(images, batch, start, expected):
    assert num_epochs(images, batch, start) == expected


def test_warmup_is_a_twentieth_of_the_run():
    assert [warmup_epochs(epochs) for epochs in (1, 2, 10, 100, 400)] == [0, 1, 1, 5, 20]


@pytest.mark.parametrize(
    ('steps', 'expected'), [(10, 0.9), (900, 0.989), (4600, 0.998), (14640, 0.999), (362000, 0.999)]
)
def test_key_momentum(steps, expected):
    assert key_momentum(steps) == expected
