import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from ltcl.datasets import sample_long_tail
from ltcl.errors import UserError
from ltcl.fashion_mnist.files import SHA256, parse_idx
from ltcl.fashion_mnist.long_tailed import FashionMNISTLT
from ltcl.registry import DATASETS

REAL_ROOT = Path(__file__).parents[2] / 'data' / 'fashion_mnist'
SMALL_COUNTS = [500, 299, 179, 107, 64, 38, 23, 13, 8, 5]


def source_indices(dataset) -> np.ndarray:
    """Index in the file, which the synthetic images carry in their first four bytes."""
    first_bytes = np.stack([dataset.get_data_info(i)['img'][0, :4] for i in range(len(dataset))])
    return np.ascontiguousarray(first_bytes).view('<u4').ravel()


def file_labels(root: Path, prefix: str) -> np.ndarray:
    return parse_idx((root / f'{prefix}-labels-idx1-ubyte').read_bytes())


def test_small_training_split(fashion_mnist_root):
    dataset = FashionMNISTLT(str(fashion_mnist_root), num_max=500)
    labels = dataset.get_gt_labels()
    assert len(dataset) == 1236
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == SMALL_COUNTS
    info = dataset.get_data_info(0)
    assert (info['img'].shape, info['img'].dtype) == ((28, 28), np.uint8)
    # The images are those of the draw, in its order, each beside its own label.
    source = file_labels(fashion_mnist_root, 'train')
    np.testing.assert_array_equal(source_indices(dataset), sample_long_tail(source, 100, num_max=500))
    np.testing.assert_array_equal(source[source_indices(dataset)], labels)


def test_full_training_split(fashion_mnist_root):
    assert len(FashionMNISTLT(str(fashion_mnist_root))) == 14886


@pytest.mark.parametrize('test_mode', [None, False, True])
def test_split_alone_chooses_the_file(fashion_mnist_root, test_mode):
    test = FashionMNISTLT(str(fashion_mnist_root), split='test', test_mode=test_mode)
    assert np.bincount(test.get_gt_labels()).tolist() == [1000] * 10
    np.testing.assert_array_equal(test.get_gt_labels(), file_labels(fashion_mnist_root, 't10k'))
    assert test.test_mode is (test_mode is not False)
    assert len(FashionMNISTLT(str(fashion_mnist_root), num_max=500, test_mode=test_mode)) == 1236


def test_held_out_split(fashion_mnist_root):
    root = str(fashion_mnist_root)
    val = FashionMNISTLT(root, split='val', num_max=500)
    assert val.test_mode
    assert np.bincount(val.get_gt_labels()).tolist() == [100] * 10
    np.testing.assert_array_equal(file_labels(fashion_mnist_root, 'train')[source_indices(val)], val.get_gt_labels())
    assert not set(source_indices(val)) & set(source_indices(FashionMNISTLT(root, num_max=500)))
    with pytest.raises(UserError, match='class 0 has 0 images that the training draw leaves'):
        FashionMNISTLT(root, split='val')


def test_built_from_a_config_with_a_pipeline(fashion_mnist_root):
    init_default_scope('mmpretrain')
    cfg = {
        'type': 'ltcl.FashionMNISTLT',
        'data_root': str(fashion_mnist_root),
        'num_max': 500,
        'pipeline': [{'type': 'PackInputs'}],
        'lazy_init': True,
    }
    dataset = DATASETS.build(cfg)
    assert dataset.metainfo['classes'][9] == 'Ankle boot'
    dataset.full_init()
    item = dataset[1235]
    assert tuple(item['inputs'].shape) == (1, 28, 28)
    assert item['data_samples'].gt_label.item() == 9


def test_unknown_split_is_named(fashion_mnist_root):
    with pytest.raises(UserError, match="split must be one of train, val, test, got 'valid'"):
        FashionMNISTLT(str(fashion_mnist_root), split='valid')


def test_missing_and_corrupt_files_name_the_command(fashion_mnist_root, tmp_path):
    with pytest.raises(UserError, match=r"train-labels.*No such file.*`ltcl data fashion-mnist --data-root '.*/a b'`"):
        FashionMNISTLT(str(tmp_path / 'a b'))
    for name in SHA256:
        shutil.copy(fashion_mnist_root / name, tmp_path)
    with open(tmp_path / 't10k-images-idx3-ubyte', 'r+b') as file:
        file.seek(5000)
        file.write(b'\1')
    with pytest.raises(UserError, match=r't10k-images-idx3-ubyte is corrupt'):
        FashionMNISTLT(str(tmp_path), split='test')


@pytest.mark.skipif(not REAL_ROOT.exists(), reason='the real files are not in data/fashion_mnist')
def test_real_files():
    train = FashionMNISTLT(str(REAL_ROOT), num_max=500)
    assert np.bincount(train.get_gt_labels()).tolist() == SMALL_COUNTS
    # The first published image is an ankle boot, and the mean brightness is the one quoted for the training images.
    images = parse_idx((REAL_ROOT / 'train-images-idx3-ubyte').read_bytes())
    assert file_labels(REAL_ROOT, 'train')[0] == 9
    assert images.mean() / 255 == pytest.approx(0.2860, abs=1e-4)
    assert len(FashionMNISTLT(str(REAL_ROOT), split='test')) == 10000
