"""Files of more than 8 bits: which values become black and white."""

import cv2
import numpy as np
import pytest
from image_contents import COLOURS, RAMP, encode, png_of_16_bits, tiff

from ltcl.datasets.transforms import LoadImage, decode_rgb
from ltcl.datasets.transforms.bit_depth import UnknownRangeError, to_8_bits
from ltcl.errors import UserError

WIDE = RAMP.astype(np.uint16)
TWELVE = np.rint(WIDE / 255 * 4080)
AS_12_BITS = np.rint(TWELVE / (4095 / 255)).astype(np.uint8)


def grey(content: bytes, **options: object) -> np.ndarray:
    image = decode_rgb(content, **options)
    np.testing.assert_array_equal(image[..., :1], image[..., 1:2])
    return image[..., 0]


@pytest.mark.parametrize('byte_order', ['<', '>'])
@pytest.mark.parametrize('largest', [4095, 4080])
def test_tiff_tells_its_largest_value(byte_order, largest):
    content = encode(TWELVE.astype(f'{byte_order}u2'), 'TIFF', tiffinfo={281: largest})
    np.testing.assert_array_equal(grey(content), AS_12_BITS)


@pytest.mark.parametrize('largest', [3127, 255, 65535, 0])
def test_a_largest_value_that_is_no_depth_is_left_alone(largest):
    # The brightest pixel of this file only: other files of the set would be scaled otherwise.
    np.testing.assert_array_equal(grey(encode(WIDE * 257, 'TIFF', tiffinfo={281: largest})), RAMP)


def packed_12_bits() -> bytes:
    """A TIFF file of two 12-bit values in three bytes."""
    values = TWELVE.astype(np.uint16).reshape(-1, 2)
    first, second = values[:, 0], values[:, 1]
    body = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], 1).astype(np.uint8).tobytes()
    size = dict(_256=64, _257=32)
    return tiff(body, **size, _258=12, _259=1, _262=1, _273=200, _277=1, _278=32, _279=len(body))


def test_tiff_of_12_bits():
    np.testing.assert_array_equal(grey(packed_12_bits()), AS_12_BITS)


def test_png_tells_its_significant_bits():
    np.testing.assert_array_equal(grey(png_of_16_bits(TWELVE, sBIT=b'\x0c')), AS_12_BITS)
    # As the standard has it, the values are already scaled up to 16 bits.
    scaled = TWELVE.astype(np.uint16) << 4
    np.testing.assert_array_equal(grey(png_of_16_bits(scaled, sBIT=b'\x0c')), np.rint(scaled / 257))


def test_files_that_tell_nothing_have_16_bits():
    for content in (encode(TWELVE.astype(np.uint16), 'PNG'), encode(TWELVE.astype(np.uint16), 'TIFF')):
        np.testing.assert_array_equal(grey(content), np.rint(TWELVE / 257))
        np.testing.assert_array_equal(grey(content, value_range=(0, 4095)), AS_12_BITS)


def test_netpbm_is_scaled_by_its_header():
    body = b'P5 64 32 4095\n' + TWELVE.astype('>u2').tobytes()
    assert np.abs(grey(body).astype(int) - AS_12_BITS).max() <= 1


def test_16_bit_colours():
    wide = COLOURS.astype(np.uint16)
    tiff = cv2.imencode('.tif', wide[..., ::-1] * 257)[1].tobytes()  # OpenCV takes BGR
    for content in (png_of_16_bits(wide * 257), tiff):
        np.testing.assert_array_equal(decode_rgb(content), COLOURS)
    np.testing.assert_array_equal(decode_rgb(png_of_16_bits(wide * 16), value_range=(0, 255 * 16)), COLOURS)
    np.testing.assert_array_equal(decode_rgb(png_of_16_bits(np.dstack([WIDE, WIDE]) * 257))[..., 2], RAMP)


def test_16_bits_with_transparency():
    content = cv2.imencode('.png', np.dstack([COLOURS * 0, RAMP]).astype(np.uint16) * 257)[1].tobytes()
    assert not decode_rgb(content).any()
    np.testing.assert_array_equal(decode_rgb(content, background=(255, 255, 255))[..., 1], 255 - RAMP)


SIGNED = cv2.imencode('.tif', RAMP.astype(np.int16) - 1024)[1].tobytes()
COUNTS = encode(RAMP.astype(np.int32) * 1000, 'TIFF')
FLOATS = encode(RAMP.astype(np.float32) / 255, 'TIFF')
DOUBLES = cv2.imencode('.tif', RAMP / 255)[1].tobytes()


@pytest.mark.parametrize(
    ('content', 'value_range', 'found'),
    [
        (SIGNED, (-1024, -769), 'whole numbers from -1024 to -769'),
        (COUNTS, (0, 255000), 'whole numbers from 0 to 255000'),
        (FLOATS, (0, 1), 'floats from 0 to 1'),
        (DOUBLES, (0, 1), 'floats from 0 to 1'),
    ],
)
def test_values_without_a_range_need_one(content, value_range, found):
    np.testing.assert_array_equal(grey(content, value_range=value_range), RAMP)
    np.testing.assert_array_equal(grey(content, value_range='auto'), RAMP)
    with pytest.raises(UnknownRangeError, match=f'{found}, have no known range: set value_range=.*LoadImage .*save'):
        decode_rgb(content)


@pytest.mark.parametrize('broken', ['fail', 'skip'])
def test_a_missing_range_ends_the_run_whatever_the_policy(tmp_path, broken):
    (tmp_path / 'a.tif').write_bytes(FLOATS)
    with pytest.raises(UserError, match=r'cannot read the image .*a\.tif: its values, floats .* set value_range'):
        LoadImage(broken=broken)(dict(img_path=str(tmp_path / 'a.tif')))


def test_ct_values_by_the_same_scale_for_all_images(tmp_path):
    load = LoadImage(value_range=[1000, 1255])
    for shift in (0, -100):
        (tmp_path / 'ct.tif').write_bytes(encode((WIDE + (1000 + shift)).astype(np.uint16), 'TIFF'))
        image = load(dict(img_path=str(tmp_path / 'ct.tif')))['img']
        np.testing.assert_array_equal(image[..., 0], np.maximum(RAMP.astype(int) + shift, 0))


def test_files_of_8_bits_are_left_alone():
    np.testing.assert_array_equal(decode_rgb(encode(COLOURS, 'PNG'), value_range=(0, 4095)), COLOURS)


def test_what_is_no_number_is_black():
    values = np.array([[np.nan, 0.0, 1.0, np.inf, -np.inf, 0.25]], np.float32)
    assert to_8_bits(values, (0, 1)).tolist() == [[0, 0, 255, 255, 0, 64]]
    assert to_8_bits(values, 'auto').tolist() == [[0, 0, 255, 255, 0, 64]]
    assert not to_8_bits(np.full((2, 2), np.nan), 'auto').any()
    assert not to_8_bits(np.full((2, 2), 7.0), 'auto').any()


@pytest.mark.parametrize('value_range', ['all', 4095, (0,), (1, 1), (5, 2), (0, float('nan')), ('a', 'b')])
def test_impossible_ranges(value_range):
    with pytest.raises(UserError, match=r'value_range of ltcl.LoadImage must'):
        LoadImage(value_range=value_range)
