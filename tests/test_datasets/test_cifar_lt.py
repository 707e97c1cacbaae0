"""CIFAR-LT on generated archives in the published layout; every image carries its index in the file."""

import hashlib
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from fake_cifar import write_cifar

from ltcl.datasets import CIFAR10LT, CIFAR100LT, sample_long_tail
from ltcl.errors import UserError


def small_class(cls: type, root: Path, num_train: int = 50, num_test: int = 10) -> type:
    """Files of ``cls`` with fewer images per class, and a subclass that knows their checksums and sizes."""
    attributes = write_cifar(cls, root, num_train, num_test)
    return type(cls.__name__, (cls,), {name: value for _, name, value in attributes})


def source_indices(dataset) -> np.ndarray:
    # HWC, so the first bytes of the red plane are those of channel 0.
    first_bytes = np.stack([dataset.get_data_info(i)['img'][0, :4, 0] for i in range(len(dataset))])
    return np.ascontiguousarray(first_bytes).view('<u4').ravel()


def file_labels(cls: type, root: Path) -> np.ndarray:
    entries = [pickle.loads((root / cls.base_folder / name).read_bytes()) for name, _ in cls.train_list]
    return np.concatenate([entry.get('labels', entry.get('fine_labels')) for entry in entries])


@pytest.mark.parametrize('cls', [CIFAR10LT, CIFAR100LT])
def test_splits(cls, tmp_path):
    small_cls = small_class(cls, tmp_path)
    num_classes = len(cls.METAINFO['classes'])
    source = file_labels(small_cls, tmp_path)

    train = small_cls(str(tmp_path), imbalance_factor=10)
    np.testing.assert_array_equal(source_indices(train), sample_long_tail(source, 10))
    np.testing.assert_array_equal(train.get_gt_labels(), source[source_indices(train)])
    counts = np.bincount(train.get_gt_labels())
    assert (counts[0], counts[-1]) == (50, 5)
    assert train.get_data_info(0)['img'].shape == (32, 32, 3)

    test = small_cls(str(tmp_path), split='test')
    assert np.bincount(test.get_gt_labels()).tolist() == [10] * num_classes

    val = small_cls(str(tmp_path), split='val', num_max=40, num_val=10)
    assert np.bincount(val.get_gt_labels()).tolist() == [10] * num_classes
    np.testing.assert_array_equal(source[source_indices(val)], val.get_gt_labels())
    assert not set(source_indices(val)) & set(source_indices(small_cls(str(tmp_path), num_max=40)))


def test_sizes_of_the_published_files_are_asserted(tmp_path):
    small_cls = small_class(CIFAR10LT, tmp_path)
    small_cls.source_counts = CIFAR10LT.source_counts
    assert CIFAR10LT.source_counts == {'train': 50000 // 10, 'test': 10000 // 10}
    assert CIFAR100LT.source_counts == {'train': 50000 // 100, 'test': 10000 // 100}
    with pytest.raises(AssertionError, match='not 5000'):
        small_cls(str(tmp_path))
    with pytest.raises(AssertionError, match='not 1000'):
        small_cls(str(tmp_path), split='test')


def test_missing_files_without_download(tmp_path):
    with pytest.raises(UserError, match=r'cifar-100-python is missing.*download is off.*get cifar-100-python.tar.gz'):
        CIFAR100LT(str(tmp_path), download=False)


def test_failed_download_is_one_sentence(tmp_path):
    small_cls = small_class(CIFAR10LT, tmp_path)
    small_cls.url = (tmp_path / 'nowhere' / CIFAR10LT.filename).as_uri()
    (tmp_path / small_cls.base_folder / 'data_batch_3').write_bytes(b'cut off')
    with pytest.raises(UserError, match=r'cifar-10-batches-py is missing or corrupt and cannot be downloaded') as error:
        small_cls(str(tmp_path))
    assert f'get {CIFAR10LT.filename}' in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_downloaded_archive_is_unpacked(tmp_path):
    small_cls = small_class(CIFAR10LT, tmp_path / 'origin')
    archive = tmp_path / CIFAR10LT.filename
    with tarfile.open(archive, 'w:gz') as tar:
        tar.add(tmp_path / 'origin' / small_cls.base_folder, arcname=small_cls.base_folder)
    small_cls.url = archive.as_uri()
    small_cls.tgz_md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    assert len(small_cls(str(tmp_path / 'root'), imbalance_factor=1)) == 500
