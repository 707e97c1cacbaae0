"""Resizing in graphs: every pixel is Pillow's."""

import numpy as np
import pytest
import torch
from PIL import Image

from ltcl.datasets.transforms import EvalView
from ltcl.export import resampling
from ltcl.export.preparation import CentreView
from ltcl.export.resampling import Line, resize

# Height and width, old and new: smaller, larger, one and the other, very long, one pixel, the same.
SIZES = (
    ((60, 80), (20, 27)),
    ((33, 47), (70, 101)),
    ((90, 41), (37, 64)),
    ((41, 90), (64, 37)),
    ((7, 600), (31, 2657)),
    ((611, 23), (199, 9)),
    ((121, 60), (60, 30)),  # the first height where Pillow 13 begins with the columns
    ((120, 60), (60, 30)),
    ((1, 1), (5, 18)),
    ((50, 50), (50, 50)),
)


def pixels(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def as_tensor(image):
    return torch.from_numpy(image).permute(2, 0, 1)[None]


def as_image(tensor):
    return tensor[0].permute(1, 2, 0).numpy().astype(np.uint8)


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic'])
@pytest.mark.parametrize(('old', 'new'), SIZES)
def test_whole_images_are_pillows(old, new, interpolation):
    image = pixels(*old)
    expected = Image.fromarray(image).resize(new[::-1], Image.Resampling[interpolation.upper()])
    rows, columns = (Line(before, after, 0, after) for before, after in zip(old, new, strict=True))
    assert np.array_equal(as_image(resize(as_tensor(image), rows, columns, interpolation)), expected)


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic'])
@pytest.mark.parametrize('sizes', [(256, 224), (37, 36), (40, 40), (23, 17)])
def test_views_are_those_of_the_test(sizes, interpolation):
    step = EvalView(*sizes, interpolation)
    view = CentreView(step)
    generator = np.random.default_rng(1)
    for height, width in np.exp(generator.uniform(1.5, 5.5, (12, 2))).astype(int).tolist():
        image = pixels(height, width)
        expected = step.transform(dict(img=image))['img']
        assert np.array_equal(as_image(view(as_tensor(image))), expected), (height, width)


def test_older_versions_of_pillow_begin_with_the_rows(monkeypatch):
    image = as_tensor(pixels(242, 60))
    lines = Line(242, 121, 0, 121), Line(60, 30, 0, 30)
    across = resize(image, Line(242, 242, 0, 242), lines[1], 'bilinear')
    down = resize(image, lines[0], Line(60, 60, 0, 60), 'bilinear')
    for orders_passes, first in ((False, across), (True, down)):
        monkeypatch.setattr(resampling, 'ORDERS_PASSES', orders_passes)
        second = (lines[0], Line(30, 30, 0, 30)) if first is across else (Line(121, 121, 0, 121), lines[1])
        assert torch.equal(resize(image, *lines, 'bilinear'), resize(first, *second, 'bilinear'))


def test_a_batch_is_its_images():
    images = torch.cat([as_tensor(pixels(30, 45, seed)) for seed in range(3)])
    lines = Line(30, 20, 0, 20), Line(45, 30, 5, 20)
    batch = resize(images, *lines, 'bicubic')
    assert batch.shape == (3, 3, 20, 20)
    for index in range(3):
        assert torch.equal(batch[index : index + 1], resize(images[index : index + 1], *lines, 'bicubic'))
