"""stats.html: what it shows, how large it is, and that no name gets out of its place."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from ltcl.data_stats.copies import Pictures, groups_of_copies, many_times
from ltcl.data_stats.image_page import image_page
from ltcl.data_stats.images import Labelled
from ltcl.data_stats.looking import Doubtful, Found
from ltcl.data_stats.page import chosen_classes, render, spread
from ltcl.data_stats.tables import doubt_table
from ltcl.data_stats.thumbnails import small_picture

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", 'a\x1b[31m\n\u202eb']


def found_of(classes, per_class=3, tested=1, side=48):
    """A data set of noise, of which the first two images are copies and the third has a doubtful label."""
    generator = np.random.default_rng(0)
    labels = np.concatenate([np.repeat(np.arange(len(classes)), per_class), np.arange(len(classes)).repeat(tested)])
    parts = np.repeat([0, 1], [len(classes) * per_class, len(classes) * tested])
    small = generator.integers(0, 256, (len(labels), 6, 6, 3)).astype(np.uint8)
    pictures = [np.asarray(Image.fromarray(each).resize((side, side))) for each in small]
    near = np.arange(len(labels))
    near[1] = near[0]
    doubtful = [Doubtful(2, 1, 9, 0, 0.9, [3])]
    return Found(
        Labelled(pictures, labels, parts, ['train', 'test'], list(classes)),
        pictures=Pictures(near, near),
        doubtful=doubtful,
        judged=len(labels),
        neighbours=10,
    )


def page_of(found, title='data'):
    return render(image_page(found, title), lambda place: small_picture(found.images.pictures[place]))


def test_no_name_gets_out_of_its_place():
    found = found_of(HOSTILE)
    page = page_of(found, HOSTILE[0])
    assert page.count('<script>') == 1  # ours
    assert '<img src=x' not in page
    assert '\x1b' not in page
    assert '\u202e' not in page
    assert '&lt;script&gt;alert(1)&lt;/script&gt;' in page
    lines = doubt_table(found).splitlines()
    assert lines[1].startswith(
        '"train image 2","train","<script>alert(1)</script>","""><img src=x onerror=alert(1)>",9,0'
    )


def test_numbers_of_the_table():
    page = page_of(found_of(['a', 'b', 'c'], per_class=4, tested=2))
    rows = re.findall('<tr><th scope="row">(.*?)</tr>', page)
    assert len(rows) == 3
    # Four training images of which two are copies of each other, two test images, 50 % on two images.
    assert re.findall(r'<td[^>]*>([^<]*)</td>', rows[0])[-4:] == ['4', '2', '3', '9–91']
    assert 'data-sort="2"' in rows[0]


@pytest.mark.parametrize(('number', 'sheets'), [(3, 3), (100, 100), (8142, 100)])
def test_a_page_of_many_classes_stays_small(number, sheets):
    per_class = 8 if number <= 100 else 1
    page = page_of(found_of([f'class_{i}' for i in range(number)], per_class, 0, side=64 if number <= 100 else 8))
    assert len(page) < 3_000_000
    assert len(re.findall('<div class="strip">', page)) == sheets + 2  # and one of copies, one of doubts
    assert len(re.findall('<tr><th scope="row">', page)) == number


def test_pictures_that_are_too_heavy_are_fewer(monkeypatch):
    found = found_of(['a', 'b'], 8)
    monkeypatch.setattr('ltcl.data_stats.page.MAX_BYTES', 20_000)
    page = render(image_page(found, 'data'), lambda place: 'data:' + 'x' * 2000)
    assert len(page) < 20_000 + len(render(image_page(found, 'data'), lambda place: None))
    assert page.count('<figure') >= 4  # each strip keeps one


def test_chosen_classes():
    assert chosen_classes(range(100)) == list(range(100))
    chosen = chosen_classes(range(8142))
    assert len(chosen) == 100
    assert chosen[:30] == list(range(30))
    assert chosen[-30:] == list(range(8112, 8142))
    assert np.diff(chosen[30:70]).min() > 150
    assert spread(0, 4) == []
    assert spread(9, 3) == [0, 4, 8]


def test_classes_that_are_one_image_many_times():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0])
    images = Labelled([], labels, np.array([0] * 8 + [1]), ['train', 'test'], ['a', 'b'])
    numbers = np.array([5, 5, 5, 6, 0, 1, 2, 2, 9])
    assert many_times(numbers, images) == [(0, 4, 2)]
    assert [group.tolist() for group in groups_of_copies(numbers)] == [[0, 1, 2], [6, 7]]


def test_small_pictures(tmp_path):
    Image.new('RGBA', (100, 50), (0, 0, 0, 0)).save(tmp_path / 'clear.png')
    Image.new('RGB', (2000, 1000), (200, 30, 30)).save(tmp_path / 'red.jpg')
    (tmp_path / 'none.png').write_bytes(b'no picture')
    clear, red = (decoded(small_picture(str(tmp_path / name))) for name in ('clear.png', 'red.jpg'))
    assert clear.size == red.size == (64, 32)
    assert np.asarray(clear).min() > 250  # on white
    assert abs(np.asarray(red).astype(int) - [200, 30, 30]).max() < 6
    assert small_picture(str(tmp_path / 'none.png')) is None
    assert decoded(small_picture(np.zeros((8, 8), np.uint8))).size == (8, 8)


def decoded(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(',')[2])))
