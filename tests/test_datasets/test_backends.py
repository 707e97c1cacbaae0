"""How far the fast back end's pixels are from Pillow's, on the same draws; docs/augmentation.md lists the bounds."""

import cv2
import numpy as np
import pytest
from natural_picture import draw_picture
from warps import WARPS

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import RECIPES, Views, opencv_operations, pil_operations
from ltcl.datasets.transforms.operation import Operation
from ltcl.datasets.transforms.pil_operations import Resampling

FILL = (124, 116, 104)
CROPS = [(50, 40, 450, 360), (50, 40, 150, 160), (0, 0, 500, 400), (210, 200, 330, 300)]
# Arguments to try, largest and mean difference in grey levels.
BOUNDS = {
    'brightness': ([(0.6,), (1.37,), (1.9,)], 0, 0),
    'contrast': ([(0.6,), (1.37,), (1.9,)], 1, 0.3),
    'color': ([(0.1,), (0.6,), (1.37,), (1.9,)], 1, 0.3),
    'hue': ([(0.1,), (-0.1,), (0.4,), (0.03,)], 4, 0.2),
    'grey': ([()], 1, 0.01),
    'blur': ([(0.1,), (0.3,), (0.5,), (0.8,), (1.0,), (1.5,), (2.0,)], 11, 0.85),
    'flip': ([()], 0, 0),
    'sharpness': ([(0.1,), (1.37,), (1.9,)], 1, 0.3),
    'equalize': ([()], 0, 0),
    'autocontrast': ([()], 0, 0),
    'posterize': ([(0,), (1,), (4,), (8,)], 0, 0),
    'invert': ([()], 0, 0),
    'solarize': ([(0,), (100,), (113.8,), (256,)], 0, 0),
    'solarize_add': ([(110,), (0,)], 0, 0),
    'cut_out': ([(100, 50, 16), (3, 220, 16), (0, 0, 8)], 0, 0),
    'padded_crop': ([(-4, 5, 224), (3, -2, 224), (0, 0, 100)], 0, 0),
    'resized_crop': ([(box, 224) for box in CROPS], 1, 0.05),
}


@pytest.fixture(scope='module')
def picture() -> np.ndarray:
    return draw_picture(400, 500)


@pytest.fixture(scope='module')
def view(picture) -> np.ndarray:
    return pil_operations.apply_to_array(picture, [Operation('resized_crop', (CROPS[0], 224))])


def both(image: np.ndarray, name: str, arguments: tuple) -> tuple[np.ndarray, np.ndarray]:
    operations = [Operation(name, arguments)]
    return tuple(
        backend.apply_to_array(image, operations).astype(int) for backend in (pil_operations, opencv_operations)
    )


def test_both_have_the_same_operations():
    assert opencv_operations.OPERATIONS.keys() == pil_operations.OPERATIONS.keys()
    assert opencv_operations.OPERATIONS.keys() == BOUNDS.keys() | WARPS.keys()


@pytest.mark.parametrize('name', BOUNDS)
def test_difference(name, picture, view):
    arguments, largest, mean = BOUNDS[name]
    for each in arguments:
        slow, fast = both(picture if name == 'resized_crop' else view, name, each)
        difference = np.abs(slow - fast)
        assert difference.max() <= largest, each
        assert difference.mean() <= mean, each


def test_difference_of_hue_is_larger_in_saturated_colours():
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    for shift in (0.1, -0.1, 0.4):
        slow, fast = both(noise, 'hue', (shift,))
        assert np.abs(slow - fast).max() <= 13
        assert np.abs(slow - fast).mean() <= 1.2


def test_difference_of_blur_is_small_inside(view):
    for (radius,) in BOUNDS['blur'][0]:
        slow, fast = both(view, 'blur', (radius,))
        assert np.abs(slow - fast)[8:-8, 8:-8].max() <= 3


@pytest.mark.parametrize(
    ('resample', 'largest', 'mean'), [('NEAREST', 255, 0.02), ('BILINEAR', 1, 0.6), ('BICUBIC', 10, 1.2)]
)
@pytest.mark.parametrize('name', WARPS)
def test_difference_of_warps(name, resample, largest, mean, view):
    """The line to the fill colour, which Pillow leaves sharp and OpenCV mixes, counts for the mean alone.

    Without interpolation, one pixel in a thousand is that of a neighbour.
    """
    for argument in WARPS[name]:
        slow, fast = both(view, name, (argument, Resampling[resample], FILL))
        difference = np.abs(slow - fast)
        white = np.full_like(view, 255)
        covered = both(white, name, (argument, Resampling.NEAREST, (0, 0, 0)))[0][..., 0].astype(np.uint8)
        inside = cv2.erode(covered, np.ones((7, 7), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
        outside = cv2.dilate(covered, np.ones((7, 7), np.uint8)) == 0
        assert inside.any()
        assert not difference[outside].any()
        assert difference[inside].max() <= largest
        assert difference.mean() <= mean


def test_difference_of_bicubic_crops(picture):
    for box in CROPS:
        slow, fast = both(picture, 'resized_crop', (box, 224, Resampling.BICUBIC))
        assert np.abs(slow - fast).max() <= 2
        assert np.abs(slow - fast).mean() <= 0.05


@pytest.mark.parametrize('recipe', RECIPES)
def test_views_of_the_same_draws(recipe, picture):
    size = RECIPES[recipe].size
    image = picture if size == 224 else picture[:size, :size]
    differences = []
    for seed in range(12):
        pair = []
        for backend in ('pillow', 'opencv'):
            seed_generators(seed)
            pair.append(Views([recipe], backend=backend)(dict(img=image))['img'].astype(int))
        differences.append(np.abs(pair[0] - pair[1]).mean())
    assert np.mean(differences) <= 0.6
    assert np.max(differences) <= 2
