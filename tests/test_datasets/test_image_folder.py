"""A data set that lies on disk as a folder of class folders."""

import numpy as np
import pytest
from layouts import GARMENTS, TRAIN_COUNTS, WORDNET_IDS, write_imagenet, write_own_folder

from ltcl.datasets import ImageFolderDataset
from ltcl.errors import UserError
from ltcl.registry import DATASETS


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('imagenet')
    write_imagenet(root)
    return root


def test_paths_labels_and_names(root):
    dataset = DATASETS.build(
        dict(type='ltcl.ImageFolderDataset', data_root=str(root), data_prefix='train', num_classes=5)
    )
    assert dataset.metainfo['classes'] == WORDNET_IDS
    assert dataset.get_gt_labels().tolist() == [label for label, count in enumerate(TRAIN_COUNTS) for _ in range(count)]
    first, last = dataset.get_data_info(0), dataset.get_data_info(len(dataset) - 1)
    assert first['img_path'] == str(root / 'train/n01440764/n01440764_0.JPEG')
    assert (type(last['gt_label']), last['gt_label']) == (int, 4)


def test_classes_are_known_before_the_folder_is_read(root):
    lazy = ImageFolderDataset(str(root), 'no-such-folder', num_classes=5, lazy_init=True)
    assert lazy.metainfo['classes'] == ('0', '1', '2', '3', '4')
    late = ImageFolderDataset(str(root), 'val', num_classes=5, lazy_init=True)
    late.full_init()
    assert late.metainfo['classes'] == WORDNET_IDS


def test_chosen_classes_in_their_order(root, tmp_path):
    chosen = ['n01494475', 'n01440764']
    (tmp_path / 'names.txt').write_text('\n'.join(chosen))
    for classes in (chosen, str(tmp_path / 'names.txt')):
        dataset = ImageFolderDataset(str(root), 'train', classes=classes)
        assert dataset.metainfo['classes'] == tuple(chosen)
        assert dataset.get_gt_labels().tolist() == [0] + [1] * 5


def test_number_and_names_come_from_the_folder(tmp_path):
    write_own_folder(tmp_path)
    dataset = ImageFolderDataset(str(tmp_path), pipeline=[dict(type='LoadImageFromFile')])
    assert dataset.metainfo['classes'] == tuple(sorted(GARMENTS))
    assert {dataset[i]['img'].shape[2] for i in range(len(dataset))} == {3}
    assert np.bincount(dataset.get_gt_labels()).tolist() == [6, 10, 4, 3, 2]  # capitals first


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(data_prefix='train', num_classes=1000), 'train has 5 class folders, but num_classes is 1000'),
        (dict(data_prefix='nowhere'), 'cannot read the image folder .*nowhere .No such file or directory'),
        (dict(data_prefix='train', classes=['n01440764', 'n99']), 'train lacks the class folders n99'),
    ],
)
def test_mistakes(root, arguments, message):
    with pytest.raises(UserError, match=message):
        ImageFolderDataset(str(root), **arguments)
