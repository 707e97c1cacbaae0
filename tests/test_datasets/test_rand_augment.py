"""RandAugment of the ImageNet-LT recipes."""

import random
from collections import Counter

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS
from PIL import Image

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import RandAugment, pil_operations
from ltcl.datasets.transforms.rand_augment import IMAGENET_MEAN, INCREASING_OPERATIONS, OPERATIONS
from ltcl.errors import UserError

NAMES = list(OPERATIONS)
GEOMETRIC = {'Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY'}


def noise(mode: str) -> Image.Image:
    shape = (20, 28, 3) if mode == 'RGB' else (20, 28)
    return Image.fromarray(np.random.default_rng(0).integers(20, 200, shape, dtype=np.uint8))


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def changed(image: Image.Image, name: str, level: float, sign: int = 1, fill: tuple = IMAGENET_MEAN) -> Image.Image:
    return pil_operations.apply(image, [OPERATIONS[name].at(level, sign, Image.Resampling.BILINEAR, fill)])


def test_defaults_are_those_of_the_recipes():
    transform = TRANSFORMS.build(dict(type='ltcl.RandAugment'))
    assert isinstance(transform, RandAugment)
    values = (transform.num_layers, transform.magnitude, transform.magnitude_std, transform.prob, transform.fill)
    assert values == (2, 10, 0.5, 0.5, (124, 116, 104))


@pytest.mark.parametrize('mode', ['RGB', 'L'])
@pytest.mark.parametrize('name', NAMES)
def test_size_and_mode_stay_and_only_geometry_has_a_direction(name, mode):
    image = noise(mode)
    images = [changed(image, name, 10, sign) for sign in (1, -1)]
    assert {(each.size, each.mode) for each in images} == {(image.size, mode)}
    assert same(*images) == (name not in GEOMETRIC)
    # At level 10 solarising starts above the largest value; grey has no colour to strengthen.
    assert same(images[0], image) == (name == 'Solarize' or (name, mode) == ('Color', 'L'))


@pytest.mark.parametrize('name', ['Color', 'Contrast', 'Brightness', 'Sharpness'])
def test_enhancement_of_level_5_is_none(name):
    assert OPERATIONS[name].at(5).arguments == (1,)
    assert same(changed(noise('RGB'), name, 5), noise('RGB'))


def test_posterising_and_adding_on_known_values():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    for level, bits in ((10, 4), (9.9, 3), (2, 0)):
        assert len(np.unique(changed(ramp, 'Posterize', level))) == 2**bits
    added = np.asarray(changed(ramp, 'SolarizeAdd', 10)).ravel()
    np.testing.assert_array_equal(added, [*range(110, 238), *range(128, 256)])


@pytest.mark.parametrize(('mode', 'expected'), [('RGB', (200, 100, 50)), ('L', 124)])
def test_fill_is_a_colour_or_its_luminance(mode, expected):
    image = Image.new(mode, (20, 10))
    shifted = changed(image, 'TranslateX', 10, fill=(200, 100, 50))
    np.testing.assert_array_equal(np.asarray(shifted)[:, -8:], np.full_like(np.asarray(shifted)[:, -8:], expected))
    assert not np.asarray(shifted)[:, :10].any()


def test_levels_are_normal_and_clipped():
    random.seed(0)
    levels = np.array([RandAugment().draw_level() for _ in range(4000)])
    assert levels.max() == 10
    assert (levels == 10).mean() == pytest.approx(0.5, abs=0.04)
    below = levels[levels < 10]
    assert (10 - below).mean() == pytest.approx(0.5 * (2 / np.pi) ** 0.5, abs=0.03)
    assert {RandAugment(magnitude=0, magnitude_std=0).draw_level()} == {0}
    assert {RandAugment(magnitude=12, magnitude_std=0).draw_level()} == {10}


def test_draws():
    seed_generators(0)
    transform, num_images = RandAugment(fill=[1, 2, 3]), 6000
    drawn = [operation for _ in range(num_images) for operation in transform.draw()]
    # Each of the two draws takes place in half of the cases.
    assert len(drawn) / num_images == pytest.approx(1, abs=0.04)
    counts = Counter(operation.name for operation in drawn)
    assert counts.keys() == {OPERATIONS[name].name for name in NAMES}
    assert max(abs(count * len(NAMES) / len(drawn) - 1) for count in counts.values()) < 0.25
    geometric = [operation for operation in drawn if len(operation.arguments) == 3]
    assert {operation.name for operation in geometric} == {OPERATIONS[name].name for name in GEOMETRIC}
    arguments, resampled, fills = zip(*(operation.arguments for operation in geometric), strict=True)
    assert set(fills) == {(1, 2, 3)}
    assert np.mean(np.sign(arguments)) == pytest.approx(0, abs=0.1)
    shares = Counter(each.name for each in resampled)
    assert shares.keys() == {'BILINEAR', 'BICUBIC'}
    assert shares['BICUBIC'] / len(geometric) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ('name', 'sign', 'argument'),
    [
        ('Posterize', 1, 1),
        ('Solarize', 1, 26),
        ('SolarizeAdd', 1, 99),
        ('Color', 1, 1.81),
        ('Sharpness', -1, 0.19),
        ('Rotate', -1, -27),
        ('TranslateX', 1, 0.405),
        ('Equalize', 1, None),
    ],
)
def test_increasing_set_at_level_9(name, sign, argument):
    assert INCREASING_OPERATIONS[name].at(9, sign).arguments == (() if argument is None else (pytest.approx(argument),))


def test_strength_of_the_increasing_set_grows():
    for name, none in (('Posterize', 4), ('Solarize', 256), ('Contrast', 1)):
        arguments = [INCREASING_OPERATIONS[name].at(level, -1).arguments[0] for level in range(11)]
        assert arguments[0] == none
        assert arguments == sorted(arguments, reverse=True)
    assert INCREASING_OPERATIONS['Contrast'].at(10, -1).arguments == (0.1,)


def test_increasing_set_has_signed_enhancements_and_one_interpolation():
    transform = RandAugment(magnitude=9, prob=1, increasing=True, resampling=['bicubic'])
    seed_generators(0)
    drawn = [operation for _ in range(1500) for operation in transform.draw()]
    factors = np.array([each.arguments[0] for each in drawn if each.name == 'brightness'])
    assert np.mean(factors < 1) == pytest.approx(0.5, abs=0.15)
    assert {each.arguments[1] for each in drawn if each.name == 'rotate'} == {Image.Resampling.BICUBIC}


def test_operations_repeat_within_an_image():
    seed_generators(0)
    pairs = [RandAugment().draw_names() for _ in range(3000)]
    assert np.mean([first == second for first, second in pairs]) == pytest.approx(1 / 15, abs=0.02)
    assert len(RandAugment(num_layers=5).draw_names()) == 5


@pytest.mark.parametrize('mode', ['RGB', 'L'])
def test_image_stays_where_no_operation_fires(mode):
    assert same(RandAugment(prob=0)(dict(img=noise(mode)))['img'], noise(mode))
    seed_generators(0)
    assert not same(RandAugment(num_layers=6, prob=1)(dict(img=noise(mode)))['img'], noise(mode))


def test_nothing_counts_but_the_two_seeds():
    images = []
    for seed in (1, 2, 1):
        seed_generators(seed)
        images.append([np.asarray(RandAugment(prob=1)(dict(img=noise('RGB')))['img']) for _ in range(4)])
    np.testing.assert_array_equal(images[0], images[2])
    assert not np.array_equal(images[0], images[1])


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(num_layers=0), 'num_layers of ltcl.RandAugment must be at least 1, got 0'),
        (dict(magnitude=-1), 'must not be negative, got -1 and 0.5'),
        (dict(magnitude_std=-0.1), 'must not be negative, got 10 and -0.1'),
        (dict(prob=1.5), r'must lie in 0\.\.1, got 1.5'),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        RandAugment(**arguments)


def test_arrays_are_refused():
    with pytest.raises(UserError, match=r"ltcl.RandAugment got a ndarray: put dict\(type='NumpyToPIL'\) before it"):
        RandAugment()(dict(img=np.zeros((4, 4, 3), np.uint8)))
