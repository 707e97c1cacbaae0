"""JPEG files decoded at a part of their size: when, with which pixels, and what happens to all other files."""

import io
import random
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from natural_picture import draw_picture
from PIL import Image

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import EvalView, LoadImage, RandAugment, Views
from ltcl.datasets.transforms.operation import Operation
from ltcl.datasets.transforms.reduced_decoding import Undecoded, reduction_for
from ltcl.errors import UserError

HEIGHT, WIDTH = 601, 799  # no multiples of 8


def encode(array: np.ndarray, kind: str = 'JPEG', mode: str = 'RGB', **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).convert(mode).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope='module')
def picture() -> np.ndarray:
    return draw_picture(HEIGHT, WIDTH)


@pytest.fixture(scope='module')
def path(picture, tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp('jpeg') / 'a.jpg'
    file.write_bytes(encode(picture, quality=90))
    return str(file)


def crop(width: int, height: int, size: int) -> Operation:
    return Operation('resized_crop', ((3, 5, 3 + width, 5 + height), size))


@pytest.mark.parametrize(
    ('crops', 'divisor'),
    [
        ([crop(800, 800, 100)], 8),
        ([crop(800, 799, 100)], 4),
        ([crop(800, 800, 100), crop(200, 300, 100)], 2),
        ([crop(800, 800, 100), crop(199, 300, 100)], 1),
        ([crop(50, 50, 100)], 1),
        ([crop(800, 800, 100), Operation('padded_crop', (0, 0, 32))], 1),
    ],
)
def test_no_view_is_made_of_fewer_pixels_than_it_has(crops, divisor):
    assert reduction_for(crops) == divisor


@pytest.mark.parametrize('backend', ['pillow', 'opencv'])
@pytest.mark.parametrize('recipes', [['randcls', 'sim'], ['randcls', 'bcl_sim', 'bcl_sim'], ['mae']])
def test_draws_are_the_same_and_pixels_nearly(path, backend, recipes, monkeypatch):
    """Without operations that enhance differences; the bounds stand in docs/augmentation.md."""
    monkeypatch.setattr(RandAugment, 'draw_names', lambda _: [])
    views, divisors, means = Views(recipes, size=24, backend=backend), set(), []
    decode = LoadImage._decode
    monkeypatch.setattr(LoadImage, '_decode', lambda *args: divisors.update(args[3:]) or decode(*args))
    for seed in range(20):
        made = []
        for reduced in (False, True):
            seed_generators(seed)
            images = views(LoadImage(reduced=reduced)(dict(img_path=path)))['img']
            made.append(np.stack(images).astype(int))
            made[-1] = made[-1], random.random(), np.random.rand(), torch.rand(1).item()
        (full, *draws), (small, *same) = made
        assert draws == same
        means.append(np.abs(full - small).mean())
        assert means[-1] < 8
    assert divisors >= {4, 8}
    assert np.mean(means) < 3


@pytest.mark.parametrize('shape', [(HEIGHT, WIDTH), (WIDTH, HEIGHT), (130, 640)])
@pytest.mark.parametrize('interpolation', ['bilinear', 'bicubic'])
def test_evaluation(shape, interpolation, tmp_path):
    file = tmp_path / 'a.jpg'
    file.write_bytes(encode(draw_picture(*shape), quality=90))
    view = EvalView(64, 56, interpolation)
    full, small = (view(LoadImage(reduced=reduced)(dict(img_path=str(file)))) for reduced in (False, True))
    assert small['img_shape'] == full['img_shape'] == (56, 56)
    difference = np.abs(full['img'].astype(int) - small['img'])
    assert 0 < difference.mean() < (4 if interpolation == 'bilinear' else 5)
    assert difference.max() <= 25


def test_a_view_that_is_too_large_or_takes_single_pixels_decodes_all(path):
    for view in (EvalView(512, 448), EvalView(64, 56, 'nearest'), Views(['regular'], size=448)):
        images = []
        for reduced in (False, True):
            seed_generators(0)
            images.append(view(LoadImage(reduced=reduced)(dict(img_path=path)))['img'])
        np.testing.assert_array_equal(*images)


def deep(picture: np.ndarray) -> bytes:
    return cv2.imencode('.png', picture[..., 0].astype(np.uint16) * 257)[1].tobytes()


def turned(picture: np.ndarray) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    return encode(picture, exif=exif)


KINDS = {
    'grey': partial(encode, mode='L'),
    'turned': turned,
    'progressive': partial(encode, progressive=True),
    'cmyk': partial(encode, mode='CMYK'),
    'png': partial(encode, kind='PNG'),
    'palette': partial(encode, kind='PNG', mode='P'),
    'see-through': partial(encode, kind='PNG', mode='RGBA'),
    'gif': partial(encode, kind='GIF', mode='P'),
    'webp': partial(encode, kind='WEBP'),
    'deep': deep,
}


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_of_file(kind, picture, tmp_path):
    file = tmp_path / kind
    file.write_bytes(KINDS[kind](picture))
    full, small = (LoadImage(reduced=reduced)(dict(img_path=str(file))) for reduced in (False, True))
    is_reducible = kind in ('grey', 'turned', 'progressive')
    assert isinstance(small['img'], Undecoded) == is_reducible
    assert small['ori_shape'] == full['ori_shape'] == (HEIGHT, WIDTH)
    if not is_reducible:
        np.testing.assert_array_equal(full['img'], small['img'])
        return
    np.testing.assert_array_equal(full['img'], small['img'].decode(1))
    half = small['img'].decode(2)
    assert (half.shape, half.dtype) == ((301, 400, 3), np.uint8)
    even = np.pad(full['img'], ((0, 1), (0, 1), (0, 0)), 'edge')  # as JPEG's blocks go on
    expected = cv2.resize(even, (400, 301), interpolation=cv2.INTER_AREA)
    assert np.abs(half.astype(int) - expected).mean() < 3


@pytest.fixture
def damaged(picture, tmp_path) -> dict[str, str]:
    whole = encode(picture, quality=90)
    middle = len(whole) // 2
    contents = {
        'cut.jpg': whole[:middle],
        'zeros.jpg': whole[:middle] + bytes(400) + whole[middle + 400 :],
        'empty.jpg': b'',
        'text.jpg': b'<html>not found</html>',
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in [*contents, 'missing.jpg']}


def test_damaged_files_are_refused_or_named_as_without_it(damaged):
    for view in (Views(['sim'], size=24), EvalView(32, 24)):
        for name, file in damaged.items():
            messages = []
            for reduced in (False, True):
                load = LoadImage(reduced=reduced)
                try:
                    view(load(dict(img_path=file)))
                    messages.append(int(load.damaged.is_known.sum()))
                except UserError as error:
                    messages.append(str(error))
            assert messages[0] == messages[1], name
            assert messages[0] == 1 if name == 'zeros.jpg' else 'cannot read the image' in messages[0]


def test_damaged_files_are_skipped_and_counted(damaged, path):
    for view in (Views(['sim'], size=24), EvalView(32, 24)):
        load = LoadImage(broken='skip', reduced=True)
        for file in damaged.values():
            results = load(dict(img_path=file))
            assert results is None or view(results) is None
        assert load.skipped.total == load.skipped.in_a_row == len(damaged)
        assert view(load(dict(img_path=path))) is not None
        assert load.skipped.in_a_row == 0


def test_another_step_is_told_what_to_do(path):
    image = LoadImage(reduced=True)(dict(img_path=path))['img']
    for reach in (lambda: image.shape, lambda: np.asarray(image), lambda: Image.fromarray(image)):
        with pytest.raises(UserError, match=r'must stand directly before ltcl.Views or ltcl.EvalView: reorder'):
            reach()
