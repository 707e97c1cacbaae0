"""Resizing inside a graph: every pixel as OpenCV has it."""

import cv2
import mmcv
import numpy as np
import pytest
import torch
from mmcv.transforms import Resize

from ltcl.errors import UserError
from ltcl.export.linear_resize import LinearResize, resize_linear

SIZES = [(7, 9), (31, 64), (64, 31), (3, 200), (1, 5), (100, 100)]


def draw(height, width, seed=0):
    return np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('old', SIZES)
def test_pixels_are_those_of_opencv(old):
    image = draw(*old)
    for height, width in [*SIZES, (2 * old[0], 2 * old[1]), (max(old[0] // 2, 1), max(old[1] // 2, 1)), old]:
        expected = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        [found] = resize_linear(torch.from_numpy(image).permute(2, 0, 1)[None], height, width)
        assert np.array_equal(found.permute(1, 2, 0).numpy(), expected), (height, width)


@pytest.mark.parametrize('keep_ratio', [True, False])
def test_sizes_are_those_of_the_step(keep_ratio):
    step = Resize(scale=(128, 32), keep_ratio=keep_ratio)
    resize = LinearResize(step)
    for height, width in [(20, 31), (31, 20), (15, 90), (300, 17), (32, 32), (77, 123)]:
        image = draw(height, width)
        expected = step(dict(img=image))['img']
        [found] = resize(torch.from_numpy(image).permute(2, 0, 1)[None])
        assert np.array_equal(found.permute(1, 2, 0).numpy(), expected)


def test_other_sizes_than_those_of_mmcv_are_as_rare_as_stated():
    resize = LinearResize(Resize(scale=(384, 96), keep_ratio=True))
    sizes = [(height, width) for height in range(650, 750, 5) for width in range(700, 800)]
    differ = sum(resize._size(*size) != mmcv.rescale_size(size[::-1], (384, 96))[::-1] for size in sizes)
    assert differ <= 2


@pytest.mark.parametrize('words', [dict(interpolation='bicubic'), dict(backend='pillow'), dict(scale_factor=0.5)])
def test_other_ways_are_refused(words):
    scale = {} if 'scale_factor' in words else dict(scale=(128, 32))
    with pytest.raises(UserError, match='Resize of the test pipeline cannot be exported'):
        LinearResize(Resize(**scale, **words))
