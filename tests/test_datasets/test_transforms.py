"""Transforms of the CIFAR-LT recipes."""

import random
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy

from ltcl.datasets.transforms import CIFAR10AutoAugment, Cutout, auto_augment, cutout_mask, pil_operations
from ltcl.datasets.transforms.operation import Operation
from ltcl.errors import UserError

SIGNED = ('shearX', 'shearY', 'translateX', 'translateY', 'color', 'contrast', 'sharpness', 'brightness')


@pytest.fixture
def picture():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def changed(image: Image.Image, name: str, level: int, sign: int = 1) -> Image.Image:
    return pil_operations.apply(image, [auto_augment.policy_operation(name, level, sign)])


@pytest.mark.parametrize('name', auto_augment.OPERATIONS)
def test_sign(picture, name):
    positive, negative = (changed(picture, name, 9, sign) for sign in (1, -1))
    assert same(positive, negative) == (name not in SIGNED)


@pytest.mark.parametrize('name', [*SIGNED, 'rotate', 'posterize', 'solarize'])
def test_level_0_changes_nothing(picture, name):
    assert same(changed(picture, name, 0), picture)


def test_arguments_of_levels():
    image = Image.new('RGB', (40, 20), (255, 255, 255))
    # 150 / 331 of the side: 18 of 40 columns, 9 of 20 rows come from outside.
    shifted = np.asarray(changed(image, 'translateX', 9))
    np.testing.assert_array_equal(shifted[0, :, 0], [255] * 22 + [128] * 18)
    shifted = np.asarray(changed(image, 'translateY', 9, -1))
    np.testing.assert_array_equal(shifted[:, 0, 0], [128] * 9 + [255] * 11)
    # Line 19 is sheared by 0.3 * 19.5 pixels.
    sheared = np.asarray(changed(image, 'shearX', 9))
    assert (sheared[19] == 128).all(axis=1).sum() in (5, 6)
    grey_levels = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    bits = [len(np.unique(changed(grey_levels, 'posterize', level))).bit_length() - 1 for level in range(10)]
    assert bits == [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]
    # Values from the threshold 256 * (1 - 3 / 9) on are inverted.
    solarized = np.asarray(changed(grey_levels, 'solarize', 3)).ravel()
    np.testing.assert_array_equal(solarized, [*range(171), *range(255 - 171, -1, -1)])
    grey = Image.new('RGB', (4, 4), (100, 100, 100))
    assert changed(grey, 'brightness', 5).getpixel((0, 0)) == (150, 150, 150)
    assert changed(grey, 'brightness', 5, -1).getpixel((0, 0)) == (50, 50, 50)


def test_policy_is_that_of_torchvision():
    # The operations behind it differ, the table has the same source. It has no level where there is no argument.
    def level_or_none(name: str, level: int) -> int | None:
        return None if auto_augment.OPERATIONS[name].argument is None else level

    ours = [
        tuple((name.lower(), probability, level_or_none(name, level)) for probability, name, level in pair)
        for pair in auto_augment.CIFAR10_POLICY
    ]
    published = AutoAugment(AutoAugmentPolicy.CIFAR10).policies
    assert ours == [tuple((name.lower(), *rest) for name, *rest in pair) for pair in published]


def test_draws_follow_the_policy(picture, monkeypatch):
    calls, signs = Counter(), Counter()

    def record(name, level, sign):
        calls[name, level] += 1
        signs[sign] += 1
        return Operation('brightness', (1,))

    monkeypatch.setattr(auto_augment, 'policy_operation', record)
    random.seed(0)
    transform, num_draws = CIFAR10AutoAugment(), 20000
    for _ in range(num_draws):
        transform(dict(img=picture))

    assert len(auto_augment.CIFAR10_POLICY) == 25
    expected = Counter()
    for pair in auto_augment.CIFAR10_POLICY:
        for probability, name, level in pair:
            expected[name, level] += probability / 25
    for key, share in expected.items():
        assert calls[key] / num_draws == pytest.approx(share, abs=5 * (share / num_draws) ** 0.5), key
    assert ('invert', 3) in expected
    assert expected['translateY', 9] == pytest.approx((0.7 + 0.9 + 0.7 + 0.7) / 25)
    assert sum(calls.values()) / num_draws == pytest.approx(26.5 / 25, abs=0.02)
    assert signs[1] / sum(signs.values()) == pytest.approx(0.5, abs=0.02)


def test_auto_augment_refuses_arrays(picture):
    with pytest.raises(UserError, match=r"got a ndarray: put dict\(type='NumpyToPIL'\) before it"):
        CIFAR10AutoAugment()(dict(img=np.asarray(picture)))


@pytest.mark.parametrize(
    ('center', 'rows', 'columns'),
    [
        ((16, 10), (8, 24), (2, 18)),
        ((0, 31), (0, 8), (23, 32)),
        ((8, 24), (0, 16), (16, 32)),
        ((31, 0), (23, 32), (0, 8)),
    ],
)
def test_cutout_is_clipped_at_the_border(center, rows, columns):
    hole = np.argwhere(~cutout_mask(32, 32, 16, *center))
    np.testing.assert_array_equal(hole.min(axis=0), [rows[0], columns[0]])
    np.testing.assert_array_equal(hole.max(axis=0) + 1, [rows[1], columns[1]])
    assert len(hole) == (rows[1] - rows[0]) * (columns[1] - columns[0])


@pytest.mark.parametrize('shape', [(32, 32, 3), (20, 28)])
def test_cutout(shape):
    transform = Cutout(length=8)
    image = np.full(shape, 7, np.uint8)
    np.random.seed(0)
    keeps = np.stack([transform(dict(img=image))['img'] for _ in range(3000)]).reshape(3000, *shape[:2], -1)
    assert image.min() == 7
    assert set(np.unique(keeps)) == {0, 7}
    assert (keeps == keeps[..., :1]).all()
    # A pixel is cut out when the centre is within the 8x8 around it; in a corner 4x4 of these are in the image.
    cut_share = (keeps[..., 0] == 0).mean(axis=0)
    area = shape[0] * shape[1]
    assert cut_share[shape[0] // 2, shape[1] // 2] == pytest.approx(64 / area, abs=0.015)
    assert cut_share[-1, -1] == pytest.approx(16 / area, abs=0.01)
    assert cut_share[0, 0] == pytest.approx(25 / area, abs=0.015)


def test_cutout_refuses_a_hole_of_no_size():
    with pytest.raises(UserError, match='at least 2 pixels, got 0'):
        Cutout(length=0)
