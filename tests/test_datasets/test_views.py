"""The views of the published recipes."""

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, default_collate
from mmengine.registry import TRANSFORMS, init_default_scope
from mmpretrain.datasets import PackInputs
from natural_picture import draw_picture
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import functional as F

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import RECIPES, CIFAR10AutoAugment, EvalView, RandAugment, Views, cutout_mask
from ltcl.datasets.transforms import pil_operations as pil
from ltcl.datasets.transforms.operation import Operation
from ltcl.errors import UserError
from ltcl.models.utils import MultiViewDataPreprocessor

COLOURS = ('brightness', 'contrast', 'color', 'hue')
# Steps as published: their kinds, and the probabilities of those that do not always take place.
STEPS = {
    'sim': 'crop jitter grey .2 blur .5 flip .5',
    'sim02': 'crop jitter grey .2 blur .5 flip .5',
    'randcls': 'crop flip .5 jitter rand',
    'randclsstack': 'crop flip .5 jitter grey .2 blur .5 rand',
    'mocov2': 'crop jitter .8 grey .2 blur .5 flip .5',
    'mocov1': 'crop grey .2 jitter flip .5',
    'regular': 'crop flip .5 jitter',
    'crop_flip': 'crop flip .5',
    'bcl_sim': 'crop flip .5 jitter .8 grey .2',
    'bcl_rand': 'crop flip .5 jitter .8 grey .2 rand',
    'resco': 'crop flip .5 jitter grey .2 rand',
    'mae': 'crop flip .5 rand',
    'regular_cifar': 'crop flip .5 policy cutout',
    'sim_cifar': 'crop flip .5 jitter .8 grey .2 blur .5',
    'sim_cifar_weakblur': 'crop flip .5 jitter .8 grey .2 blur .2',
    'sim_cifar_noblur': 'crop flip .5 jitter .8 grey .2',
    'fashion': 'crop flip .5 jitter cutout .5',
}
SMALLEST = dict.fromkeys(['sim02', 'mocov2', 'mocov1', 'sim_cifar', 'sim_cifar_weakblur', 'sim_cifar_noblur'], 0.2)
HUE = {'mocov1': 0.4} | dict.fromkeys(
    ['mocov2', 'bcl_sim', 'bcl_rand', 'sim_cifar', 'sim_cifar_weakblur', 'sim_cifar_noblur'], 0.1
)
SIZES = {recipe: (32, 32) for recipe in STEPS if 'cifar' in recipe} | {'fashion': (28, 28)}
NUM_DRAWS = 800


@pytest.fixture
def picture() -> np.ndarray:
    return draw_picture(60, 80)


def kind_of(operation: Operation) -> str:
    names = dict(resized_crop='crop', padded_crop='crop', cut_out='cutout') | dict.fromkeys(COLOURS, 'jitter')
    return names.get(operation.name, operation.name)


def without_repetition(kinds: list[str]) -> list[str]:
    return [kind for position, kind in enumerate(kinds) if position == 0 or kinds[position - 1] != kind]


def expected_steps(recipe: str) -> dict[str, float]:
    shares = {}
    for word in STEPS[recipe].split():
        if word.startswith('.'):
            shares[list(shares)[-1]] = float(word)
        else:
            shares[word] = 1.0
    return shares


def draws(recipe: str, monkeypatch: pytest.MonkeyPatch) -> list[list[Operation]]:
    """Operations of many views, with a learned or random policy as one operation."""
    monkeypatch.setattr(RandAugment, 'draw', lambda self, *_: [Operation('rand')])
    monkeypatch.setattr(CIFAR10AutoAugment, 'draw', lambda self, *_: [Operation('policy')])
    views = Views([recipe])
    seed_generators(0)
    size = SIZES.get(recipe, (60, 80))
    return [views.draw(*size)[0] for _ in range(NUM_DRAWS)]


def test_table_has_all_recipes():
    assert RECIPES.keys() == STEPS.keys()


@pytest.mark.parametrize('recipe', STEPS)
def test_steps_of_a_recipe(recipe, monkeypatch):
    """Order and probability of the steps, and the ranges of what they draw."""
    drawn, expected = draws(recipe, monkeypatch), expected_steps(recipe)
    for operations in drawn:
        kinds = without_repetition([kind_of(each) for each in operations])
        assert kinds == [kind for kind in expected if kind in kinds]
    for kind, share in expected.items():
        found = np.mean([kind in map(kind_of, operations) for operations in drawn])
        assert found == pytest.approx(share, abs=5 * (share * (1 - share) / NUM_DRAWS) ** 0.5), kind

    flat = [operation for operations in drawn for operation in operations]
    values = {name: [each.arguments[0] for each in flat if each.name == name] for name in (*COLOURS, 'blur')}
    bounds = dict(dict.fromkeys(COLOURS[:3], (0.6, 1.4)), blur=(0.1, 2), hue=(-HUE.get(recipe, 0), HUE.get(recipe, 0)))
    for name, found in values.items():
        if found:
            low, high = bounds[name]
            assert low <= min(found) < low + 0.05 * (high - low)
            assert high - 0.05 * (high - low) < max(found) <= high
            assert np.mean(found) == pytest.approx((low + high) / 2, abs=0.06 * (high - low))
    assert bool(values['hue']) == (recipe in HUE)


def test_jitter_has_every_order(monkeypatch):
    for recipe, number in (('regular', 6), ('mocov1', 24)):
        orders = {
            tuple(each.name for each in operations if each.name in COLOURS) for operations in draws(recipe, monkeypatch)
        }
        assert len(orders) == number


@pytest.mark.parametrize('recipe', [recipe for recipe in STEPS if recipe not in ('regular_cifar', 'fashion')])
def test_crop_is_that_of_torchvision(recipe):
    views, scale = Views([recipe]), (SMALLEST.get(recipe, 0.08), 1.0)
    stand_in = Image.new('L', (80, 60))
    for seed in range(20):
        seed_generators(seed)
        box, size, resample = views.draw(60, 80)[0][0].arguments
        seed_generators(seed)
        top, left, height, width = T.RandomResizedCrop.get_params(stand_in, scale, (3 / 4, 4 / 3))
        assert box == (left, top, left + width, top + height)
    assert size == (32 if 'cifar' in recipe else 224)
    assert resample.name == ('BICUBIC' if recipe == 'mae' else 'BILINEAR')


def test_corner_of_the_padded_crop_is_uniform(monkeypatch):
    corners = np.array([operations[0].arguments for operations in draws('regular_cifar', monkeypatch)])
    assert set(corners[:, 2]) == {32}
    for side in (0, 1):
        places, counts = np.unique(corners[:, side], return_counts=True)
        assert places.tolist() == list(range(-4, 5))
        assert counts.max() < 1.6 * NUM_DRAWS / 9


def test_rand_augment_of_the_blocks():
    def drawn(recipe: str, **options: float) -> list[list[Operation]]:
        views = Views([recipe], **options)
        seed_generators(0)
        return [views.draw(60, 80)[0] for _ in range(300)]

    def operations(recipe: str, num_others: int, **options: float) -> float:
        return np.mean([len(each) for each in drawn(recipe, **options)]) - num_others

    # crop and jitter always, flip in half; each drawn operation in half of the cases
    assert operations('randcls', 4.5) == pytest.approx(1, abs=0.15)
    assert operations('randcls', 4.5, num_layers=12) == pytest.approx(6, abs=0.5)
    assert operations('mae', 1.5, num_layers=12) == pytest.approx(1, abs=0.15)

    def bits(recipe: str, **options: float) -> set[int]:
        flat = [each for view in drawn(recipe, **options) for each in view]
        return {each.arguments[0] for each in flat if each.name == 'posterize'}

    assert bits('randcls', num_layers=12) == {3, 4}
    assert bits('randcls', num_layers=12, magnitude=5) == {1, 2}
    assert bits('mae', magnitude=1) <= {0, 1}


@pytest.mark.parametrize(
    ('operation', 'expected'),
    [
        (Operation('resized_crop', ((5, 7, 55, 40), 24)), lambda image: F.resized_crop(image, 7, 5, 33, 50, [24, 24])),
        (Operation('padded_crop', (-3, 4, 32)), lambda image: F.crop(F.pad(image, 4), 8, 1, 32, 32)),
        (Operation('flip'), F.hflip),
        (Operation('brightness', (1.3,)), lambda image: F.adjust_brightness(image, 1.3)),
        (Operation('contrast', (0.7,)), lambda image: F.adjust_contrast(image, 0.7)),
        (Operation('color', (1.4,)), lambda image: F.adjust_saturation(image, 1.4)),
        (Operation('hue', (-0.1,)), lambda image: F.adjust_hue(image, -0.1)),
        (Operation('grey'), lambda image: F.to_grayscale(image, 3)),
    ],
    ids=lambda value: getattr(value, 'name', ''),
)
def test_pillow_back_end_is_torchvision(picture, operation, expected):
    image = Image.fromarray(picture)
    np.testing.assert_array_equal(pil.apply_to_array(picture, [operation]), np.asarray(expected(image)))


def test_cut_out_is_the_published_hole(picture):
    for center_x, center_y in ((0, 0), (79, 59), (40, 30), (3, 55)):
        hole = pil.apply_to_array(picture, [Operation('cut_out', (center_x, center_y, 16))])
        keep = cutout_mask(60, 80, 16, center_y, center_x)
        np.testing.assert_array_equal(hole, picture * keep[..., None])


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
def test_one_view_is_an_array_and_several_are_a_list(picture, backend):
    before = picture.copy()
    views = TRANSFORMS.build(dict(type='ltcl.Views', recipes=['sim'], size=40, backend=backend))
    results = views(dict(img=picture))
    assert (results['img'].shape, results['img'].dtype, results['img_shape']) == ((40, 40, 3), np.uint8, (40, 40))
    pair = Views(['randcls', dict(recipe='sim', size=24)], size=40, backend=backend)(dict(img=picture))['img']
    assert [view.shape for view in pair] == [(40, 40, 3), (24, 24, 3)]
    assert not np.array_equal(*Views(['sim', 'sim'], size=16)(dict(img=picture))['img'])
    np.testing.assert_array_equal(picture, before)


def test_options_of_a_view_override_the_shared_ones():
    views = Views([dict(recipe='randcls', num_layers=12, magnitude=3), 'randcls'], num_layers=4, magnitude=5)
    options = [view.rand_augment for view in views.views]
    assert [(each.num_layers, each.magnitude) for each in options] == [(12, 3), (4, 5)]
    assert repr(views) == 'Views(recipes=[randcls, randcls], backend=pillow)'


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
@pytest.mark.parametrize('recipe', STEPS)
def test_views_depend_on_nothing_but_the_seed(recipe, backend):
    image = draw_picture(32, 32)
    drawn = []
    for seed in (1, 2, 1):
        seed_generators(seed)
        drawn.append(Views([recipe], size=32, backend=backend)(dict(img=image))['img'])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[0], drawn[1])


FASHION_VIEW = [
    dict(type='NumpyToPIL'),
    dict(type='torchvision/RandomCrop', size=28, padding=3),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(type='torchvision/ColorJitter', brightness=0.4, contrast=0.4),
    dict(type='PILToNumpy'),
    dict(type='RandomApply', transforms=[dict(type='ltcl.Cutout', length=8)], prob=0.5),
]


@pytest.mark.parametrize('num_views', [1, 2, 3])
def test_fashion_has_the_draws_and_pixels_of_torchvision_and_mmcv(num_views):
    init_default_scope('mmpretrain')
    several = [dict(type='MultiView', num_views=num_views, transforms=[FASHION_VIEW])]
    steps = [*(several if num_views > 1 else FASHION_VIEW), dict(type='PackInputs')]
    published = Compose([TRANSFORMS.build(step) for step in steps])
    ours = Compose([Views(['fashion'] * num_views), PackInputs()])
    image = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    for seed in range(100):
        pair = []
        for pipeline in (published, ours):
            seed_generators(seed)
            pair.append(pipeline(dict(img=image, gt_label=3))['inputs'])
        torch.testing.assert_close(*pair, rtol=0, atol=0)


@pytest.mark.parametrize('recipe', STEPS)
def test_grey_images(recipe):
    """Any recipe takes them; a fast back end that would not says so."""
    image = draw_picture(60, 60)[..., 0]
    seed_generators(0)
    view = Views([recipe], size=24)(dict(img=image))['img']
    assert (view.shape, view.dtype) == ((24, 24), np.uint8)
    with pytest.raises(UserError, match=r"as ltcl.LoadImage gives with backend='opencv', not uint8 \(60, 60\)"):
        Views([recipe], backend='opencv')(dict(img=image))


def test_older_configs_call_recipes_blocks():
    views = Views(blocks=['sim', dict(block='randcls', size=24)], size=40)
    assert [(view.name, view.size) for view in views.views] == [('sim', 40), ('randcls', 24)]


def test_one_name_at_a_time():
    with pytest.raises(UserError, match=r'ltcl\.Views: blocks is the older name of recipes: leave it out'):
        Views(recipes=['sim'], blocks=['mocov2', 'mocov2'])
    with pytest.raises(UserError, match=r'is a name or a dict of recipe, .*, got .*block'):
        Views(recipes=[dict(recipe='sim', block='regular')])


def test_batch_of_views():
    """From arrays in memory, as CIFAR has them, to normalised views."""
    pipeline = Compose([Views(['regular_cifar', 'sim_cifar']), PackInputs()])
    samples = [pipeline(dict(img=draw_picture(32, 32, seed), gt_label=seed)) for seed in range(3)]
    preprocess = MultiViewDataPreprocessor(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=False)
    views = preprocess(default_collate(samples))['inputs']
    assert [(view.shape, view.dtype) for view in views] == [((3, 3, 32, 32), torch.float32)] * 2
    expected = 2 / 255 * samples[1]['inputs'][0].float() - 1
    torch.testing.assert_close(views[0][1], expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(recipes=['simm']), r"no recipe 'simm': did you mean sim"),
        (dict(recipes=['zzz']), r"no recipe 'zzz': it has sim, sim02, .*sim_cifar_noblur"),
        (dict(recipes=[]), r"must be a list of names, such as \['randcls', 'sim'\], got \[\]"),
        (dict(recipes='sim'), "got 'sim'"),
        (dict(), r'recipes of ltcl.Views must be a list of names, .*got None'),
        (dict(recipes=[dict(name='sim')]), r"a name or a dict of recipe, size, .*got \{'name': 'sim'\}"),
        (dict(recipes=[dict(recipe='sim', width=3)]), 'width'),
        (dict(recipes=['sim'], size=0), 'at least 1 pixel, got 0'),
        (dict(recipes=['sim'], num_layers=0), 'num_layers of ltcl.RandAugment'),
        (dict(recipes=['sim'], backend='pil'), "one of pillow, opencv, device, got 'pil'"),
    ],
)
def test_mistakes_in_the_config(options, message):
    with pytest.raises(UserError, match=message):
        Views(**options)


@pytest.mark.parametrize(
    ('image', 'kind'),
    [
        (np.zeros((8, 8, 4), np.uint8), r'grey ones \(H, W\), not uint8 \(8, 8, 4\)'),
        (np.zeros((8, 8, 3), np.float32), 'float32'),
        (Image.new('RGB', (8, 8)), 'not Image'),
    ],
)
def test_views_refuse_other_images(image, kind):
    with pytest.raises(UserError, match=kind):
        Views(['sim'])(dict(img=image))


@pytest.mark.parametrize('recipe', ['regular_cifar', 'fashion'])
def test_padded_crop_that_is_larger_than_the_image_is_one_line(recipe):
    with pytest.raises(UserError, match=r'view of size 41 is cut out of an image of 32x40 pixels and a border of \d'):
        Views([recipe], size=41)(dict(img=np.zeros((32, 40, 3), np.uint8)))


@pytest.mark.parametrize('shape', [(48, 100, 3), (100, 48, 3), (300, 301, 3)])
@pytest.mark.parametrize('interpolation', ['bilinear', 'bicubic'])
def test_evaluation(shape, interpolation):
    image = draw_picture(*shape[:2])
    results = EvalView(64, 56, interpolation)(dict(img=image))
    expected = T.Compose([T.Resize(64, T.InterpolationMode(interpolation)), T.CenterCrop(56)])(Image.fromarray(image))
    np.testing.assert_array_equal(results['img'], np.asarray(expected))
    assert results['img_shape'] == (56, 56)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(size=300), 'size 300 and resize 256'),
        (dict(size=0), 'size 0'),
        (dict(interpolation='area'), "one of nearest, bilinear, bicubic, got 'area'"),
    ],
)
def test_mistakes_in_the_evaluation(options, message):
    with pytest.raises(UserError, match=message):
        EvalView(**options)
