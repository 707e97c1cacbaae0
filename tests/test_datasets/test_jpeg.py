"""Damage within JPEG files, which libjpeg covers up."""

import io
import os
import threading

import cv2
import numpy as np
import pytest
from image_contents import COLOURS, damage, encode
from natural_picture import draw_picture
from PIL import Image

from ltcl.datasets.transforms import LoadImage, decode_rgb, load_image
from ltcl.datasets.transforms.jpeg import _call_caught, decode_jpeg, find_damage

PICTURE = draw_picture(200, 240)
KINDS = {
    'plain': encode(PICTURE, 'JPEG'),
    'fine': encode(PICTURE, 'JPEG', quality=95, subsampling=0),
    'restart markers': encode(PICTURE, 'JPEG', restart_marker_blocks=20),
    'optimised': encode(PICTURE, 'JPEG', optimize=True),
    'grey': encode(Image.fromarray(PICTURE).convert('L'), 'JPEG'),
    'CMYK': encode(Image.fromarray(PICTURE).convert('CMYK'), 'JPEG'),
}
RANDOM = np.random.default_rng(0).bytes(512)


def found(content: bytes) -> list[str]:
    words = []
    decode_rgb(content, on_damage=words.append)
    return words


@pytest.mark.parametrize('place', [0.3, 0.5, 0.7])
@pytest.mark.parametrize('patch', [bytes(64), bytes(512), RANDOM, b'\xff' * 512], ids=['64 0', '512 0', 'random', 'ff'])
@pytest.mark.parametrize('kind', KINDS)
def test_damage_in_the_middle_is_found(kind, patch, place):
    content = damage(KINDS[kind], patch, place)
    if kind == 'CMYK':  # Pillow decodes it, and refuses some
        assert find_damage(content)
    else:
        assert len(found(content)) == 1


def test_missing_and_superfluous_data_are_found():
    content = KINDS['fine']
    middle = len(content) // 2
    assert found(content[:middle] + content[middle + 4096 :])
    assert found(content[:middle] + RANDOM + content[middle:])
    assert found(content[:middle] + b'\xff\xd9')  # cut off, and closed again


@pytest.mark.parametrize('content', KINDS.values(), ids=KINDS)
def test_whole_files_are_not_accused(content):
    assert not found(content)
    assert not found(content + bytes(4096))  # such as a camera card leaves
    assert not found(content + b'garbage' * 10)
    assert not found(content[:-2] + b'\0\xff\xd9')  # a byte behind the last pixel


@pytest.mark.parametrize('optimize', [False, True])
@pytest.mark.parametrize('quality', [5, 50, 75, 100])
def test_plain_and_noisy_pictures_are_not_accused(optimize, quality):
    plain = [np.full((300, 400, 3), colour, np.uint8) for colour in ((0, 0, 0), (255, 255, 255), (200, 30, 90))]
    noise = np.random.default_rng(1).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    for picture in (*plain, noise, COLOURS):
        assert not found(encode(picture, 'JPEG', quality=quality, optimize=optimize))
        assert not found(encode(picture, 'JPEG', quality=quality, progressive=True))


def test_zeros_in_the_header_are_no_hole():
    exif = Image.Exif()
    exif[0x9286] = 'ASCII\0\0\0' + '\0' * 500
    content = encode(PICTURE, 'JPEG', exif=exif, comment=bytes(300))
    assert bytes(64) in content
    assert not found(content)


def test_pixels_are_those_of_pillow_where_it_reads_the_file():
    content = damage(KINDS['plain'], bytes(64))
    np.testing.assert_array_equal(decode_rgb(content), np.asarray(Image.open(io.BytesIO(content)).convert('RGB')))


def test_words_of_others_on_standard_error_arrive(capfd):
    image, text = _call_caught(lambda: os.write(2, b'from elsewhere\n') and None)
    assert image is None
    assert text == 'from elsewhere\n'
    assert capfd.readouterr().err == 'from elsewhere\n'
    decode_jpeg(damage(KINDS['plain'], RANDOM))
    assert capfd.readouterr().err == ''


def test_standard_error_is_given_back_after_an_error(capfd):
    with pytest.raises(cv2.error):
        _call_caught(lambda: cv2.imdecode(np.zeros(0, np.uint8), 1))
    os.write(2, b'still there\n')
    assert 'still there' in capfd.readouterr().err


def test_many_threads(capfd):
    broken = damage(KINDS['plain'], RANDOM)
    results = []
    threads = [threading.Thread(target=lambda: results.append(decode_jpeg(broken)[0])) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 16
    os.write(2, b'still there\n')
    assert 'still there' in capfd.readouterr().err


def test_closed_standard_error():
    kept = os.dup(2)
    os.close(2)
    try:
        image, _ = decode_jpeg(KINDS['plain'])
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert image.shape == (200, 240, 3)


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """Path of a damaged file, and what is logged."""
    lines = []
    monkeypatch.setattr(load_image, 'print_log', lambda message, *_: lines.append(message))
    (tmp_path / 'a.jpg').write_bytes(damage(KINDS['plain'], bytes(512)))
    return str(tmp_path / 'a.jpg'), lines


def test_damaged_file_is_named_once(damaged):
    path, lines = damaged
    load = LoadImage()
    for _ in range(3):
        assert load(dict(img_path=path))['img'].shape == (200, 240, 3)
    assert len(lines) == 1
    assert f'the image {path} is damaged in the middle (' in lines[0]


def test_damaged_file_is_skipped(damaged):
    path, lines = damaged
    load = LoadImage(broken='skip')
    assert load(dict(img_path=path)) is None
    assert load.skipped.total == 1
    assert f'skipped the image {path}, which cannot be read (damaged in the middle: ' in lines[0]
