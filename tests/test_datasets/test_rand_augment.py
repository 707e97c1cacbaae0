"""RandAugment of the ImageNet-LT recipes."""

import random
from collections import Counter

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS
from PIL import Image

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import RandAugment, apply_rand_operation, rand_argument, rand_augment
from ltcl.datasets.transforms.operation import Operation
from ltcl.errors import UserError

NAMES = list(rand_augment.RAND_OPERATIONS)
NOTHING = Operation('brightness', (1,))
GEOMETRIC = {'Rotate', 'ShearX', 'ShearY', 'TranslateX', 'TranslateY'}


def noise(mode: str) -> Image.Image:
    shape = (20, 28, 3) if mode == 'RGB' else (20, 28)
    return Image.fromarray(np.random.default_rng(0).integers(20, 200, shape, dtype=np.uint8))


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


def test_defaults_are_those_of_the_recipes():
    transform = TRANSFORMS.build(dict(type='ltcl.RandAugment'))
    assert isinstance(transform, RandAugment)
    values = (transform.num_layers, transform.magnitude, transform.magnitude_std, transform.prob, transform.fill)
    assert values == (2, 10, 0.5, 0.5, (124, 116, 104))


@pytest.mark.parametrize('mode', ['RGB', 'L'])
@pytest.mark.parametrize('name', NAMES)
def test_size_and_mode_stay_and_only_geometry_has_a_direction(name, mode):
    image = noise(mode)
    changed = [apply_rand_operation(image, name, 10, sign) for sign in (1, -1)]
    assert {(each.size, each.mode) for each in changed} == {(image.size, mode)}
    assert same(*changed) == (name not in GEOMETRIC)
    # At level 10 solarising starts above the largest value; grey has no colour to strengthen.
    assert same(changed[0], image) == (name == 'Solarize' or (name, mode) == ('Color', 'L'))


@pytest.mark.parametrize('name', ['Color', 'Contrast', 'Brightness', 'Sharpness'])
def test_enhancement_of_level_5_is_none(name):
    assert rand_argument(name, 5) == 1
    assert same(apply_rand_operation(noise('RGB'), name, 5), noise('RGB'))


def test_posterising_and_adding_on_known_values():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    for level, bits in ((10, 4), (9.9, 3), (2, 0)):
        assert len(np.unique(apply_rand_operation(ramp, 'Posterize', level))) == 2**bits
    added = np.asarray(apply_rand_operation(ramp, 'SolarizeAdd', 10)).ravel()
    np.testing.assert_array_equal(added, [*range(110, 238), *range(128, 256)])


@pytest.mark.parametrize(('mode', 'expected'), [('RGB', (200, 100, 50)), ('L', 124)])
def test_fill_is_a_colour_or_its_luminance(mode, expected):
    image = Image.new(mode, (20, 10))
    shifted = apply_rand_operation(image, 'TranslateX', 10, fill=(200, 100, 50))
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


def test_draws(monkeypatch):
    calls = []
    monkeypatch.setattr(
        rand_augment, 'rand_operation', lambda name, level, increasing, **how: calls.append((name, how)) or NOTHING
    )
    seed_generators(0)
    transform, num_images = RandAugment(fill=[1, 2, 3]), 6000
    for _ in range(num_images):
        transform(dict(img=noise('RGB')))
    # Each of the two draws takes place in half of the cases.
    assert len(calls) / num_images == pytest.approx(1, abs=0.04)
    counts = Counter(name for name, _ in calls)
    assert counts.keys() == set(NAMES)
    assert max(abs(count * len(NAMES) / len(calls) - 1) for count in counts.values()) < 0.25
    assert {name for name, how in calls if how} == GEOMETRIC
    drawn = [how for _, how in calls if how]
    assert {how['fill'] for how in drawn} == {(1, 2, 3)}
    assert np.mean([how['sign'] for how in drawn]) == pytest.approx(0, abs=0.1)
    resampled = Counter(how['resample'].name for how in drawn)
    assert resampled.keys() == {'BILINEAR', 'BICUBIC'}
    assert resampled['BICUBIC'] / len(drawn) == pytest.approx(0.5, abs=0.05)


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
    assert rand_argument(name, 9, sign, increasing=True) == (argument and pytest.approx(argument))


def test_strength_of_the_increasing_set_grows():
    for name, none in (('Posterize', 4), ('Solarize', 256), ('Contrast', 1)):
        arguments = [rand_argument(name, level, -1, increasing=True) for level in range(11)]
        assert arguments[0] == none
        assert arguments == sorted(arguments, reverse=True)
    assert rand_argument('Contrast', 10, -1, increasing=True) == 0.1


def test_increasing_set_has_signed_enhancements_and_one_interpolation():
    transform = RandAugment(magnitude=9, prob=1, increasing=True, resampling=['bicubic'])
    seed_generators(0)
    drawn = [operation for _ in range(1500) for operation in transform.draw()]
    factors = np.array([each.arguments[0] for each in drawn if each.name == 'brightness'])
    assert np.mean(factors < 1) == pytest.approx(0.5, abs=0.15)
    assert {each.arguments[1] for each in drawn if each.name == 'rotate'} == {Image.Resampling.BICUBIC}


def test_operations_repeat_within_an_image():
    seed_generators(0)
    pairs = [RandAugment().draw_operations() for _ in range(3000)]
    assert np.mean([first == second for first, second in pairs]) == pytest.approx(1 / 15, abs=0.02)
    assert len(RandAugment(num_layers=5).draw_operations()) == 5


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
