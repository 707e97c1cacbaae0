"""SVHN-LT on generated files in the published layout; every image carries its index in the file."""

from pathlib import Path

import numpy as np
import pytest
from fake_cifar import write_svhn
from torchvision.datasets import SVHN

from ltcl.datasets import SVHNLT
from ltcl.errors import UserError

GOLDEN = Path(__file__).parents[1] / 'golden' / 'tsc_kcl'


def source_indices(dataset) -> np.ndarray:
    first_bytes = np.stack([dataset.get_data_info(i)['img'][0, :4, 0] for i in range(len(dataset))])
    return np.ascontiguousarray(first_bytes).view('<u4').ravel()


def write(root: Path, monkeypatch: pytest.MonkeyPatch, train: np.ndarray, test: np.ndarray) -> str:
    for attribute in write_svhn(root, {'train': train, 'test': test}):
        monkeypatch.setattr(*attribute)
    return str(root)


@pytest.fixture
def root(tmp_path, monkeypatch) -> str:
    train = np.random.default_rng(0).permutation(np.repeat(np.arange(10), np.arange(60, 70)))
    return write(tmp_path, monkeypatch, train, np.arange(30) % 10)


def test_draw_is_the_recorded_one(tmp_path, monkeypatch):
    """Class sizes by label, images and their order."""
    case = np.load(GOLDEN / 'lt_subsets__a.npz')
    labels = case['digits_labels'].astype(np.int64)
    dataset = SVHNLT(write(tmp_path, monkeypatch, labels, np.arange(10)))
    np.testing.assert_array_equal(np.bincount(dataset.get_gt_labels()), case['digits_cls_num_list'])
    np.testing.assert_array_equal(source_indices(dataset), case['digits_selected'])
    np.testing.assert_array_equal(dataset.get_gt_labels(), case['digits_selected_labels'])


def test_splits(root):
    train = SVHNLT(root, imbalance_factor=10, num_max=50)
    assert np.bincount(train.get_gt_labels()).tolist() == [5, 50, 38, 29, 23, 17, 13, 10, 8, 6]
    assert train.metainfo['classes'] == tuple('0123456789')
    test = SVHNLT(root, split='test')
    assert test.test_mode
    assert test.get_gt_labels().tolist() == [i % 10 for i in range(30)]
    val = SVHNLT(root, split='val', imbalance_factor=10, num_max=50, num_val=8)
    assert np.bincount(val.get_gt_labels()).tolist() == [8] * 10
    assert not set(source_indices(val)) & set(source_indices(train))


def test_images_are_rgb(root):
    image = SVHNLT(root, split='test').get_data_info(0)['img']
    assert (image.shape, image.dtype) == ((32, 32, 3), np.uint8)
    red, _, blue = image.reshape(-1, 3).mean(0)
    assert red > blue + 64


def test_missing_file_names_where_it_is_obtained(tmp_path):
    with pytest.raises(
        UserError,
        match=r'train_32x32.mat is missing or corrupt and download is off: get http://ufldl.*train_32x32.mat .* put it',
    ):
        SVHNLT(str(tmp_path), download=False)


def test_failed_download_is_one_sentence(root, monkeypatch):
    Path(root, 'test_32x32.mat').write_bytes(b'cut off')
    nowhere = Path(root, 'nowhere.mat').as_uri()
    files = {**SVHN.split_list, 'test': [nowhere, *SVHN.split_list['test'][1:]]}
    monkeypatch.setattr(SVHN, 'split_list', files)
    with pytest.raises(UserError, match=r'test_32x32\.mat is missing or corrupt and cannot be downloaded'):
        SVHNLT(root, split='test')


def test_file_is_downloaded(root, tmp_path, monkeypatch):
    origin = Path(root, 'test_32x32.mat').as_uri()
    files = {**SVHN.split_list, 'test': [origin, *SVHN.split_list['test'][1:]]}
    monkeypatch.setattr(SVHN, 'split_list', files)
    assert len(SVHNLT(str(tmp_path / 'new'), split='test')) == 30


def test_sizes_of_the_published_files():
    assert {split: sum(counts) for split, counts in SVHNLT.source_counts.items()} == {'train': 73257, 'test': 26032}
