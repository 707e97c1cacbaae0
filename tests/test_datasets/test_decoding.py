"""Which files are decoded, how large they may be, and what becomes of transparency."""

import io
import os
import subprocess
import sys

import mmcv
import numpy as np
import pytest
from image_contents import COLOURS, RAMP, encode, png, tiff
from PIL import EpsImagePlugin, Image, ImageFile

from ltcl.datasets.transforms import LoadImage, decode_rgb
from ltcl.datasets.transforms.image_files import check_ends, open_image, read_file, readable_formats
from ltcl.errors import UserError

WHITE = (255, 255, 255)


@pytest.mark.parametrize('name', ['a.jpg', 'a.eps', 'a.png'])
def test_postscript_starts_no_program(tmp_path, monkeypatch, name):
    def ghostscript(*_: object, **__: object) -> None:
        raise AssertionError('Ghostscript was started')

    monkeypatch.setattr(EpsImagePlugin, 'Ghostscript', ghostscript)
    (tmp_path / name).write_bytes(encode(COLOURS, 'EPS'))
    with pytest.raises(UserError, match=rf'{name} \(PostScript is a program, not an image\)'):
        LoadImage()(dict(img_path=str(tmp_path / name)))


def test_postscript_starts_no_program_where_others_open_it(tmp_path, monkeypatch):
    """mmseg reads masks by Pillow, of any format."""
    mark = tmp_path / 'mark'
    (tmp_path / 'gs').write_text(f'#!/bin/sh\ntouch {mark}\n')
    (tmp_path / 'gs').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    (tmp_path / 'mask.png').write_bytes(encode(COLOURS, 'EPS'))
    with pytest.raises(OSError, match='Unable to locate Ghostscript'):
        mmcv.imread(str(tmp_path / 'mask.png'), backend='pillow')
    assert not mark.exists()


def test_only_the_listed_formats_are_tried(monkeypatch):
    tried = []
    original = Image.open
    monkeypatch.setattr(
        Image, 'open', lambda *args, **kwargs: tried.append(kwargs['formats']) or original(*args, **kwargs)
    )
    for kind in ('PDF', 'ICO', 'PCX', 'EPS'):
        with pytest.raises(OSError, match=r'no image of the formats JPEG, PNG|PostScript'):
            decode_rgb(encode(COLOURS, kind))
    assert set(tried) == {readable_formats()}
    assert 'EPS' not in readable_formats()


def test_a_reader_that_is_registered_is_used(monkeypatch):
    class FakeHeif(ImageFile.ImageFile):
        format = 'HEIF'

        def _open(self) -> None:
            self._mode, self._size = 'L', (2, 1)
            self.tile = [ImageFile._Tile('raw', (0, 0, 2, 1), 4, ('L', 0, 1))]

    content = b'heif\x07\x09'
    with pytest.raises(OSError, match='no image of the formats'):
        decode_rgb(content)
    monkeypatch.setitem(Image.OPEN, 'HEIF', (FakeHeif, lambda start: start[:4] == b'heif'))
    assert decode_rgb(content).tolist() == [[[7] * 3, [9] * 3]]


LARGE = {
    'PNG': (6000, 5000, {}),
    'JPEG': (6000, 5000, {}),
    'TIFF': (6000, 5000, dict(compression='tiff_lzw')),
    'GIF': (6000, 5000, {}),
    'WEBP': (6000, 5000, dict(lossless=True, method=0)),
    'BMP': (6000, 5000, {}),
    'JPEG2000': (6000, 5000, {}),
}


@pytest.fixture(scope='module')
def large_files(tmp_path_factory):
    """Pictures of 30 million pixels in small files, and as a file that is large itself."""
    folder = tmp_path_factory.mktemp('large')
    for kind, (width, height, options) in LARGE.items():
        Image.new('L', (width, height)).save(folder / f'{kind}.jpg', kind, **options)
    frame = Image.new('P', (6000, 5000))
    frame.save(folder / 'animated.gif', save_all=True, append_images=[frame])
    Image.new('L', (6000, 5000)).save(folder / 'progressive.jpg', progressive=True)
    return sorted(folder.iterdir())


MEASURE = """
import resource, sys
from ltcl.datasets.transforms import LoadImage
from ltcl.errors import UserError
load = LoadImage(max_pixels=29_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        load(dict(img_path=path))
    except UserError as error:
        assert path in str(error) and '6000 x 5000 pixels are more than max_pixels=29000000' in str(error), error
        print('refused')
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_large_pictures_are_refused_before_they_take_memory(large_files):
    command = [sys.executable, '-W', 'error::Warning:PIL', '-c', MEASURE, *map(str, large_files)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    *refused, megabytes = [line for line in result.stdout.split('\n') if line and 'OneDL' not in line]
    assert refused == ['refused'] * len(large_files), result.stderr
    assert int(megabytes) < 20  # one of them is 90 MB as RGB


def test_the_limit_is_ours_and_pillows_is_as_before(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 10)
    (tmp_path / 'a.png').write_bytes(encode(COLOURS, 'PNG'))
    for limit in (None, 2048, 2e3 + 48):
        image = LoadImage(max_pixels=limit)(dict(img_path=str(tmp_path / 'a.png')))['img']
        np.testing.assert_array_equal(image, COLOURS)
    assert not recwarn.list
    assert Image.MAX_IMAGE_PIXELS == 10
    with pytest.raises(UserError, match=r'a.png \(64 x 32 pixels are more than max_pixels=2047'):
        LoadImage(max_pixels=2047)(dict(img_path=str(tmp_path / 'a.png')))
    assert LoadImage(max_pixels=2047, broken='skip')(dict(img_path=str(tmp_path / 'a.png'))) is None


def test_a_tile_may_be_larger_than_its_picture():
    size = dict(_256=64, _257=64, _258=8, _259=5, _262=1, _277=1)
    content = tiff(bytes(9), **size, _322=50_000, _323=50_000, _324=200, _325=9)
    with pytest.raises(OSError, match='50000 x 50000 pixels are more than max_pixels'):
        open_image(io.BytesIO(content))


@pytest.mark.parametrize('limit', [0, -1, float('nan')])
def test_impossible_limits(limit):
    with pytest.raises(UserError, match=r'max_pixels of ltcl.LoadImage must be at least 1, or None'):
        LoadImage(max_pixels=limit)


def test_what_is_no_file_is_not_read(tmp_path):
    (tmp_path / 'folder.png').mkdir()
    for path in (tmp_path / 'folder.png', '/dev/zero'):
        with pytest.raises(UserError, match=rf'{path} \(it is no regular file\)'):
            LoadImage()(dict(img_path=str(path)))


def test_a_large_file_that_is_no_image_is_not_read(tmp_path):
    with open(tmp_path / 'a.jpg', 'wb') as file:
        file.truncate(2**35)  # a hole of 32 GB
    with pytest.raises(UserError, match=r'a.jpg \(no image of the formats'):
        LoadImage()(dict(img_path=str(tmp_path / 'a.jpg')))


LOGO = np.dstack([COLOURS * 0, 255 - RAMP])


def test_transparency_is_dropped_or_laid_on_a_colour():
    content = encode(LOGO, 'PNG')
    assert not decode_rgb(content).any()
    np.testing.assert_array_equal(decode_rgb(content, background=WHITE)[..., 0], RAMP)
    palette = Image.fromarray(COLOURS).quantize(16)
    content = encode(palette, 'PNG', transparency=bytes(16))
    np.testing.assert_array_equal(decode_rgb(content), np.asarray(palette.convert('RGB')))
    assert (decode_rgb(content, background=(7, 8, 9)) == (7, 8, 9)).all()
    np.testing.assert_array_equal(decode_rgb(encode(COLOURS, 'PNG'), background=WHITE), COLOURS)


@pytest.mark.parametrize('colour', [5, (0, 0), (0, 0, 256), 'white', (0.5, 0, 0)])
def test_impossible_backgrounds(colour):
    with pytest.raises(UserError, match=r'background of ltcl.LoadImage must be three numbers'):
        LoadImage(background=colour)


def test_first_frame_of_animations():
    frames = [Image.fromarray(COLOURS), Image.fromarray(255 - COLOURS)]
    for kind in ('WEBP', 'PNG'):
        content = encode(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
        np.testing.assert_array_equal(decode_rgb(content), COLOURS)


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('whole.jpg', encode(COLOURS, 'JPEG'), None),
        ('whole.png', encode(COLOURS, 'PNG') + bytes(100_000), None),
        ('whole.webp', encode(COLOURS, 'WEBP'), None),
        ('cut.jpg', encode(COLOURS, 'JPEG')[:-10], 'it is cut off'),
        ('cut.png', encode(COLOURS, 'PNG')[:-20], 'it is cut off'),
        ('empty.jpg', b'', 'it is empty'),
        ('text.jpg', b'<html>', 'no image of the formats'),
    ],
)
def test_ends_of_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    if message is None:
        check_ends(str(tmp_path / name))
        return
    with pytest.raises(OSError, match=message):
        check_ends(str(tmp_path / name))


def test_end_of_a_jpeg_with_a_small_one_in_its_header(tmp_path):
    exif = Image.Exif()
    exif[0x9286] = encode(Image.new('L', (8, 8)), 'JPEG')
    content = encode(COLOURS, 'JPEG', exif=exif)
    assert content.count(b'\xff\xd9') == 2
    (tmp_path / 'a.jpg').write_bytes(content[:-2])
    with pytest.raises(OSError, match='cut off'):
        check_ends(str(tmp_path / 'a.jpg'))


def test_missing_files_and_sizes(tmp_path):
    with pytest.raises(OSError, match='No such file'):
        check_ends(str(tmp_path / 'missing.jpg'))
    with pytest.raises(OSError, match='No such file'):
        read_file(str(tmp_path / 'missing.jpg'))
    header = png(100_000, 100_000, 8, 0, b'')
    with pytest.raises(OSError, match='100000 x 100000 pixels'):
        decode_rgb(header)
