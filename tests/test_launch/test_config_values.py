"""Entries that a config holds several times, and the number of classes that the data tells."""

import argparse

import pytest
import torch
from mmengine.config import Config

from ltcl.launch import apply_options
from ltcl.launch.config_values import fill_num_classes, hand_down


@pytest.fixture(autouse=True)
def weights_only(monkeypatch):
    """As the tools set it for themselves; after each test it is as before."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')


def make_config(root='data/x', num_classes=None) -> Config:
    data = dict(type='ltcl.OwnImages', data_root=str(root), pipeline=[])
    return Config(
        dict(
            data_root=str(root),
            num_classes=num_classes,
            model=dict(head=dict(num_classes=num_classes, loss=dict(num_classes=num_classes)), other=dict(depth=None)),
            train_dataloader=dict(dataset=data),
            val_dataloader=dict(dataset=dict(data, pipeline=[dict(data_root=f'{root}/extra'), dict(data_root='y')])),
            test_dataloader=dict(dataset=dict(data, split='test', num_classes=7)),
        )
    )


def apply(cfg: Config, checkpoint: str | None = None, **options: object) -> Config:
    args = argparse.Namespace(
        config='configs/x.py', cfg_options=options, work_dir=None, launcher='none', checkpoint=checkpoint
    )
    return apply_options(cfg, args)


def test_copies_follow_and_other_values_stay():
    cfg = make_config(num_classes=3)
    hand_down(cfg, 'data_root', '/big/x')
    assert cfg.data_root == cfg.train_dataloader.dataset.data_root == '/big/x'
    assert [step.data_root for step in cfg.val_dataloader.dataset.pipeline] == ['/big/x/extra', 'y']
    hand_down(cfg, 'num_classes', 5)
    assert (cfg.model.head.num_classes, cfg.model.head.loss.num_classes) == (5, 5)
    assert cfg.test_dataloader.dataset.num_classes == 7
    assert cfg.model.other.depth is None


def test_option_for_a_copy_wins_over_that_for_all(images):
    options = {'data_root': str(images), 'test_dataloader.dataset.data_root': 'elsewhere'}
    cfg = apply(make_config(), **options)
    assert cfg.val_dataloader.dataset.data_root == str(images)
    assert cfg.test_dataloader.dataset.data_root == 'elsewhere'
    assert cfg.num_classes == cfg.model.head.num_classes == 3


def test_number_given_by_hand_is_not_looked_up():
    cfg = apply(make_config(), num_classes=4)
    assert cfg.num_classes == cfg.model.head.loss.num_classes == 4


@pytest.mark.parametrize('data_set', ['CustomDataset', 'ltcl.ImageFolderDataset'])
def test_any_data_set_tells_its_classes(images, data_set):
    cfg = make_config(images)
    cfg.train_dataloader.dataset.type = data_set
    cfg.default_scope = 'mmpretrain'
    fill_num_classes(cfg)
    assert cfg.num_classes == 3


@pytest.mark.parametrize('num_classes', [None, 2])
def test_checkpoint_tells_the_classes_of_a_test(tmp_path, num_classes):
    checkpoint = tmp_path / 'epoch_1.pth'
    torch.save(dict(meta=dict(dataset_meta=dict(classes=('owl', 'wren'))), state_dict={}), checkpoint)
    cfg = apply(make_config('no/such/folder', num_classes), checkpoint=str(checkpoint))
    assert cfg.num_classes == cfg.model.head.num_classes == 2
    assert cfg.test_dataloader.dataset.classes == ['owl', 'wren']


def test_converted_checkpoint_leaves_it_to_the_data(images, tmp_path):
    checkpoint = tmp_path / 'converted.pth'
    torch.save(dict(meta={}, state_dict={}), checkpoint)
    cfg = apply(make_config(images), checkpoint=str(checkpoint))
    assert cfg.num_classes == 3
    assert 'classes' not in cfg.test_dataloader.dataset
