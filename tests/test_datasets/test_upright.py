"""Pictures that a camera was turned for, beside other tags that are damaged."""

import base64
import io
import struct

import numpy as np
import pytest
from PIL import Image

from ltcl.data_stats.thumbnails import small_picture
from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.transforms.upright import upright_rgb
from ltcl.evaluation.metrics.wrong_areas import cut_out
from ltcl.export import predict_onnx
from ltcl.report.thumbnails import thumbnail

TURN = (274, 3, 1, 6)
# Tag, kind, number and value of an entry: texts as fractions or bytes, a size below 0, one that is no number.
DAMAGED = {
    'text as a fraction': (305, 5, 1, 8),
    'numbers as text': (700, 2, 4, 0x41414141),
    'below 0': (282, 8, 1, 0xFFFF),
    'no number': (282, 11, 1, 0x7FC00000),
}


def write(path, *entries):
    """A picture, dark above and bright below as it lies, with EXIF tags."""
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[32:] = 200
    tags = struct.pack('<H', len(entries)) + b''.join(struct.pack('<HHII', *each) for each in sorted(entries))
    Image.fromarray(picture).save(path, 'JPEG', exif=b'Exif\0\0II*\0' + struct.pack('<I', 8) + tags + bytes(4))


def decoded(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(',')[2])))


@pytest.mark.parametrize('damaged', DAMAGED)
def test_a_picture_is_turned_whatever_its_other_tags_are(tmp_path, damaged):
    path = tmp_path / 'a.jpg'
    write(path, TURN, DAMAGED[damaged])
    expected = LoadImage(upright=True).read(str(path))
    assert expected.shape == (128, 64, 3)
    assert expected[:, :16].mean() > 190 > 10 > expected[:, -16:].mean()  # what is below comes to the left
    with Image.open(path) as image:
        assert np.array_equal(upright_rgb(image), expected)
    options = dict(exif=True, background=None, value_range=None, max_pixels=None)
    assert np.array_equal(predict_onnx.read_image(str(path), options), expected)
    assert decoded(thumbnail(path)).size == (44, 88)
    assert decoded(small_picture(str(path))).size == (32, 64)
    labels = np.zeros((128, 64), int)
    assert cut_out(str(path), labels, labels + 1, 0, 1).picture[:, 25:35].mean() > 180
