"""Every published data set reads its published layout, through the config that the recipes use."""

from pathlib import Path

import numpy as np
import pytest
from layouts import TRAIN_COUNTS, WORDNET_IDS
from mmengine.config import Config
from mmengine.registry import DATASETS

from ltcl.datasets.published import PUBLISHED

BASE = Path(__file__).parents[2] / 'configs' / '_base_' / 'datasets'
NAMES = ['cifar10-lt', 'cifar100', 'cifar100-lt', 'imagenet', 'imagenet-lt', 'inat2018', 'places-lt', 'svhn-lt']
BY_LABEL = tuple('01234')
# Sizes of the parts for training, validation and test, first paths of the first two, names of the classes.
FILE_SETS = {
    'imagenet': (
        (12, 10, 10),
        ('train/n01440764/n01440764_0.JPEG', 'val/n01440764/ILSVRC2012_val_00000001.JPEG'),
        WORDNET_IDS,
    ),
    'imagenet-lt': (
        (12, 5, 10),
        ('train/n01440764/n01440764_0.JPEG', 'train/n01440764/n01440764_100.JPEG'),
        BY_LABEL,
    ),
    'inat2018': ((12, 15, 15), ('train_val2018/Plantae/7291/', 'train_val2018/Plantae/7291/'), BY_LABEL),
    'places-lt': ((12, 5, 5), ('data_256/a/airfield/00000001.jpg', 'data_256/a/airfield/00000101.jpg'), BY_LABEL),
}
# Numbers of images for training, of 100 of the largest class, and for the test.
ARRAY_SETS = {'cifar10-lt': (242, 20), 'cifar100': (10000, 200), 'cifar100-lt': (2131, 200), 'svhn-lt': (242, 20)}


def load(name: str, data_layout) -> Config:
    cfg = Config.fromfile(BASE / f'{name}.py')
    cfg.merge_from_dict(data_layout(name))
    return cfg


def build(cfg: Config) -> list:
    return [DATASETS.build(cfg[f'{part}_dataloader'].dataset) for part in ('train', 'val', 'test')]


@pytest.mark.parametrize('name', FILE_SETS)
def test_image_files(name, data_layout):
    cfg = load(name, data_layout)
    datasets = build(cfg)
    root = cfg.train_dataloader.dataset.data_root
    sizes, first_paths, classes = FILE_SETS[name]
    assert tuple(map(len, datasets)) == sizes
    for dataset, path in zip(datasets, first_paths, strict=False):
        assert dataset.get_data_info(0)['img_path'].startswith(f'{root}/{path}')
    assert {tuple(dataset.metainfo['classes']) for dataset in datasets} == {classes}
    labels = [dataset.get_gt_labels() for dataset in datasets]
    assert np.bincount(labels[0]).tolist() == list(TRAIN_COUNTS)
    assert [np.ptp(np.bincount(of_part)) for of_part in labels[1:]] == [0, 0]  # balanced
    assert [dataset.test_mode for dataset in datasets] == [False, True, True]


@pytest.mark.parametrize('name', ARRAY_SETS)
def test_arrays(name, data_layout):
    cfg = load(name, data_layout)
    train, val, test = build(cfg)
    assert (len(train), len(val), len(test)) == (ARRAY_SETS[name][0], *[ARRAY_SETS[name][1]] * 2)
    assert len(train.metainfo['classes']) == cfg.num_classes
    per_class = ARRAY_SETS[name][1] // cfg.num_classes
    assert np.bincount(test.get_gt_labels()).tolist() == [per_class] * cfg.num_classes
    largest = [train.get_data_info(i)['gt_label'] for i in range(100)]
    assert largest == [1 if name == 'svhn-lt' else 0] * 100


@pytest.mark.parametrize('name', NAMES)
def test_colours_arrive_as_red_green_blue(name, data_layout):
    """Generated images have much red and little blue; every third JPEG is grey."""
    dataset = build(load(name, data_layout))[1]
    means = np.stack([dataset[i]['inputs'].float().mean((1, 2)).numpy() for i in range(3)])
    is_coloured = np.ptp(means, axis=1) > 10
    assert is_coloured.sum() >= 2
    assert (means[is_coloured, 0] > means[is_coloured, 2] + 40).all()


@pytest.mark.parametrize('name', sorted(set(PUBLISHED) - {'fashion-mnist-lt-full'}))
def test_table_agrees_with_the_config(name):
    cfg, published = Config.fromfile(BASE / f'{name}.py'), PUBLISHED[name]
    assert (cfg.data_root, cfg.num_classes) == (published.data_root, published.num_classes)
    dataset = cfg.train_dataloader.dataset
    if published.reader:
        assert {key: dataset[key] for key in published.reader} == published.reader
    else:
        source = dataset.get('ann_file', dataset.get('data_prefix'))
        assert source == published.parts['train'].source
    if published.shots is not None:
        assert sum(published.shots) == published.num_classes
