"""A mask file is read once, and what cannot be a mask is said of the file."""

import os
import re

import numpy as np
import pytest
from own_scenes import labels_of
from PIL import Image

from ltcl.own_scenes import mask_facts as facts_module
from ltcl.own_scenes.mask_facts import GREY, MaskFacts, mask_facts, read_mask

LABELS = labels_of(0)
COUNTS = np.bincount(LABELS.ravel())
COLOURS = np.array([[0, 0, 0], [128, 0, 0], [0, 64, 200]], np.uint8)


def palette(labels):
    picture = Image.fromarray(labels).convert('P')
    picture.putpalette([200, 200, 0, 0, 10, 0, 70, 0, 0])
    return picture


def with_alpha(alpha):
    return np.dstack([COLOURS[LABELS], alpha.astype(np.uint8)])


@pytest.mark.parametrize(
    ('values', 'codes'),
    [
        (LABELS, [0, GREY, 2 * GREY]),
        (LABELS.astype(np.uint16), [0, GREY, 2 * GREY]),
        (np.dstack([LABELS] * 3), [0, GREY, 2 * GREY]),
        (np.dstack([LABELS, np.full_like(LABELS, 255)]), [0, GREY, 2 * GREY]),
        (COLOURS[LABELS], [0, 0x0040C8, 0x800000]),
        (with_alpha(np.full_like(LABELS, 255)), [0, 0x0040C8, 0x800000]),
    ],
)
def test_values_and_their_pixels(values, codes, tmp_path):
    Image.fromarray(values).save(tmp_path / 'mask.png')
    found = read_mask(str(tmp_path / 'mask.png'))
    order = [0, 2, 1] if codes[1] == 0x0040C8 else [0, 1, 2]
    assert found == MaskFacts(LABELS.shape, tuple(codes), tuple(COUNTS[order].tolist()))


def test_a_palette_and_single_bits_hold_labels(tmp_path):
    palette(LABELS).save(tmp_path / 'palette.png')
    Image.fromarray(LABELS > 0).save(tmp_path / 'bits.png')
    assert read_mask(str(tmp_path / 'palette.png')).codes == (0, GREY, 2 * GREY)
    assert read_mask(str(tmp_path / 'bits.png')).codes == (0, GREY)


def noise(channels):
    shape = (24, 24, channels) if channels > 1 else (24, 24)
    return np.random.default_rng(0).integers(256, size=shape).astype(np.uint8)


@pytest.mark.parametrize(
    ('name', 'picture', 'words'),
    [
        ('m.jpg', lambda: Image.fromarray(LABELS), 'is a JPEG file, whose compression changes labels'),
        (
            'm.png',
            lambda: Image.fromarray(LABELS.astype(np.uint16) * 300),
            'has 16 bits or more and holds the value 600',
        ),
        ('m.png', lambda: Image.fromarray(with_alpha(255 * (LABELS > 0))), 'is partly transparent'),
        ('m.tif', lambda: Image.fromarray(noise(4), 'CMYK'), 'has CMYK colours'),
        (
            'm.png',
            lambda: Image.fromarray(noise(3)),
            r'holds 5\d\d colours: it is a photograph, or its edges were smoothed',
        ),
    ],
)
def test_what_cannot_be_a_mask(name, picture, words, tmp_path):
    picture().save(tmp_path / name)
    assert re.search(words, read_mask(str(tmp_path / name)).fault)


def test_a_damaged_and_a_missing_file(tmp_path):
    path = tmp_path / 'm.png'
    Image.fromarray(noise(1)).save(path)
    path.write_bytes(path.read_bytes()[:300])
    assert read_mask(str(path)).fault.startswith('is damaged or no image')
    assert read_mask(str(tmp_path / 'none.png')).fault == 'does not exist'


def test_only_new_and_changed_files_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    paths = [str(tmp_path / f'{i}.png') for i in range(2)]
    for path in paths:
        Image.fromarray(LABELS).save(path)
    first = mask_facts(paths, tmp_path)
    read = []
    monkeypatch.setattr(facts_module, 'read_mask', lambda path: read.append(path) or read_mask(path))
    assert mask_facts(paths, tmp_path) == first
    assert read == []
    Image.fromarray(LABELS[::2]).save(paths[1])
    assert mask_facts(paths, tmp_path)[1].size == (12, 24)
    assert read == paths[1:]
    (kept,) = (tmp_path / 'cache/ltcl/masks').glob('*.json')
    kept.write_text('{"a": 3}')
    assert mask_facts(paths, tmp_path)[0] == first[0]
    assert read == [paths[1], *paths]


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, monkeypatch):
    (tmp_path / 'cache').write_text('a file')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    Image.fromarray(LABELS).save(tmp_path / 'm.png')
    assert mask_facts([os.fspath(tmp_path / 'm.png')], tmp_path)[0].size == LABELS.shape
