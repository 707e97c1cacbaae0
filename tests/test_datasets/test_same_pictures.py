"""Copies of pictures: by their pixels, and nearly."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from natural_picture import draw_picture
from PIL import Image

from ltcl.datasets import same_pictures as module
from ltcl.datasets.fingerprints import fingerprint, fingerprint_of_file
from ltcl.datasets.same_pictures import joined, near_pairs, same_pictures, same_pixels


def picture(seed: int, side: int = 96) -> np.ndarray:
    """Soft shapes in colour, other ones for another seed."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def groups(numbers: np.ndarray) -> list[list[int]]:
    return [np.flatnonzero(numbers == number).tolist() for number in np.unique(numbers)]


def test_same_pixels_in_other_files(tmp_path):
    pixels = picture(0)
    Image.fromarray(pixels).save(tmp_path / 'a.png', compress_level=1)
    Image.fromarray(pixels).save(tmp_path / 'b.png', optimize=True)
    Image.fromarray(pixels).save(tmp_path / 'c.bmp')
    Image.fromarray(pixels).convert('RGBA').save(tmp_path / 'd.png')
    Image.fromarray(pixels).save(tmp_path / 'e.jpg')
    Image.fromarray(pixels).resize((48, 48)).save(tmp_path / 'f.png')
    Image.fromarray(pixels.reshape(48, 192, 3)).save(tmp_path / 'g.png')  # the same bytes in another shape
    prints = [fingerprint_of_file(tmp_path / name) for name in ('a.png', 'b.png', 'c.bmp', 'd.png', 'e.jpg', 'f.png')]
    prints.append(fingerprint_of_file(tmp_path / 'g.png'))
    assert groups(same_pixels(prints)) == [[0, 1, 2, 3], [4], [5], [6]]
    assert groups(same_pictures(prints)) == [[0, 1, 2, 3, 4, 5], [6]]


def test_drawings_on_nothing_are_told_apart_by_what_is_drawn(tmp_path):
    for name, colour, box in (('a', 255, 10), ('b', 255, 20), ('c', 0, 10)):
        image = Image.new('RGBA', (40, 40), (255, 255, 255, 0))
        image.paste((colour,) * 3 + (255,), (5, 5, box, box))
        image.save(tmp_path / f'{name}.png')
    assert groups(same_pictures([fingerprint_of_file(tmp_path / f'{name}.png') for name in 'abc'])) == [[0], [1], [2]]


def test_files_that_are_no_images(tmp_path):
    contents = {'empty': b'', 'also': b'', 'text': b'text', 'copy': b'text', 'other': b'else'}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    prints = [fingerprint_of_file(tmp_path / name) for name in (*contents, 'missing')]
    assert [each is None for each in prints] == [True, True, False, False, False, True]
    assert groups(same_pictures(prints)) == [[0], [1], [2, 3], [4], [5]]
    assert same_pictures([]).tolist() == same_pictures([None, None])[2:].tolist() == []


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    content = io.BytesIO()
    Image.fromarray(image).save(content, 'JPEG', quality=quality)
    return np.asarray(Image.open(content))


COPIES = {
    'jpeg': lambda image: jpeg(image, 50),
    'half': lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    'double': lambda image: cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
    'darker': lambda image: (0.8 * image).astype(np.uint8),
    'smaller and jpeg': lambda image: jpeg(cv2.resize(image, (67, 67), interpolation=cv2.INTER_AREA), 75),
}
OTHERS = {
    'mirror': lambda image: image[:, ::-1],
    'quarter turn': lambda image: np.rot90(image),
    'half of it': lambda image: image[:48],
    'grey': lambda image: np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, 2),
    'wider': lambda image: cv2.resize(image, (120, 96)),
}


@pytest.mark.parametrize('name', COPIES | OTHERS)
def test_copies_and_other_pictures(name):
    changed = (COPIES | OTHERS)[name]
    images = [picture(seed) for seed in range(10)]
    prints = [fingerprint(np.ascontiguousarray(image)) for image in (*images, *map(changed, images))]
    expected = [[i, i + 10] for i in range(10)] if name in COPIES else [[i] for i in range(20)]
    assert sorted(groups(same_pictures(prints))) == expected


def test_pairs_are_those_of_comparing_everything(monkeypatch):
    rng = np.random.default_rng(0)
    bases = rng.integers(0, 256, (40, 16, 16, 3))
    thumbs = np.clip(
        bases[rng.integers(0, 40, 600)] + rng.normal(0, rng.uniform(1, 9, (600, 1, 1, 1)), (600, 16, 16, 3)), 0, 255
    )
    thumbs, aspects = thumbs.astype(np.uint8), rng.choice([0, 0.04, 0.2], 600)
    values = (thumbs - thumbs.mean((1, 2), keepdims=True)).reshape(600, -1)
    values /= values.std(1, keepdims=True)
    wanted = set()
    for i in range(600):
        difference = np.abs(values[i] - values[i + 1 :])
        near = (np.sqrt(np.square(difference).mean(1)) <= 0.1) & (difference.max(1) <= 0.5)
        wanted |= {(i, j) for j in i + 1 + np.flatnonzero(near & (np.abs(aspects[i] - aspects[i + 1 :]) <= 0.05))}
    monkeypatch.setattr(module, 'ROWS', 100)
    one, other = near_pairs(thumbs, aspects)
    found = set(map(tuple, np.sort(np.stack([one, other], axis=1), axis=1).tolist()))
    assert len(one) == len(found) > 100
    assert found == wanted


@pytest.mark.parametrize('number', [3, 40, 200])
def test_few_pictures_lie_as_far_apart_as_many(number):
    values = np.random.default_rng(0).normal(size=(200, 100)).astype(np.float32)[:number] ** 3
    values[1] = values[2]
    found = module._main_components(values)
    expected = values @ np.linalg.eigh((values.T @ values).astype(np.float64))[1][:, -module.DIMENSIONS :]
    distances = [np.square(points[:, None] - points).sum(axis=2) for points in (found, expected)]
    np.testing.assert_allclose(*distances, rtol=1e-3, atol=1e-3)


def test_many_copies_are_one_picture_though_not_all_are_compared(monkeypatch):
    monkeypatch.setattr(module, 'NEIGHBOURS', 4)
    base = np.random.default_rng(0).integers(40, 200, (16, 16, 3))
    noise = np.random.default_rng(1).normal(0, 2, (500, 16, 16, 3))
    one, other = near_pairs((base + noise).astype(np.uint8), np.zeros(500))
    assert len(one) <= 500 * 4
    assert len(np.unique(joined(np.arange(500), one, other))) == 1


def test_pictures_without_content_are_no_copies():
    thumbs = np.full((4, 16, 16, 3), 255, np.uint8)
    thumbs[1, 0, 0] = 254
    thumbs[2:, ..., 0] = [[[20]], [[40]]]
    assert [len(side) for side in near_pairs(thumbs, np.zeros(4))] == [0, 0]


def test_a_common_colour_makes_no_copies():
    """Slides on pink differ in little but are other slides."""
    pink = np.array([230, 150, 190])
    thumbs = np.stack([pink + np.random.default_rng(seed).normal(0, 5, (16, 16, 3)) for seed in range(20)])
    assert len(near_pairs(thumbs.astype(np.uint8), np.zeros(20))[0]) == 0


def test_a_natural_picture(tmp_path: Path):
    image = draw_picture(240, 320)
    prints = [fingerprint(each) for each in (image, jpeg(image, 40), np.ascontiguousarray(image[:, ::-1]))]
    assert groups(same_pictures(prints)) == [[0, 1], [2]]
