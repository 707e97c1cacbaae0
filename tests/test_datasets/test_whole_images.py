"""Files that cannot be read to their end are found, and whole ones are read once."""

import numpy as np
import pytest
from image_contents import damage, encode

from ltcl.datasets import whole_images
from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.whole_images import find_damaged


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    whole = encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), 'jpeg')
    contents = {'a.jpg': whole, 'b.jpg': damage(whole, bytes(512)), 'c.jpg': whole[:-99], 'd.jpg': whole}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {str(tmp_path / name): LoadImage() for name in contents}


def test_damage_is_found_and_whole_files_are_not_read_again(files, tmp_path, monkeypatch):
    a, b, c, d = files
    assert find_damaged(files, tmp_path).keys() == {b, c}
    looked: list[set] = []
    find_broken = whole_images.find_broken
    monkeypatch.setattr(
        whole_images, 'find_broken', lambda files, *args: looked.append({*files}) or find_broken(files, *args)
    )
    (tmp_path / 'd.jpg').write_bytes(b'something else')
    assert find_damaged(files, tmp_path).keys() == {b, c, d}
    assert looked.pop() == {b, c, d}
    [kept] = (tmp_path / 'cache').rglob('*.npy')
    kept.write_bytes(b'damaged')
    assert find_damaged({a: LoadImage()}, tmp_path) == {}
    assert looked.pop() == {a}
