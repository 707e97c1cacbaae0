"""From a folder of images and masks to a config, a training and a test, in one process."""

import argparse
from pathlib import Path

import numpy as np
import pytest
from own_scenes import SIDE, labels_of, write_scenes
from small_seg_config import reduced

from ltcl.checkpoints.reading import load_from_local
from ltcl.errors import UserError
from ltcl.launch import build_runner, load_config
from ltcl.launch.config_values import fill_num_classes
from ltcl.launch.run_config import config_of_run
from ltcl.launch.training_parts import read_training
from ltcl.own_scenes import scene_config
from ltcl.own_scenes.schedule import num_iters, side_of_images

CONFIGS = sorted((Path(__file__).parents[2] / 'configs/seg/custom').glob('*.py'))
NAMES = ['ground', 'crack', 'hole, deep']


def binary(labels):
    return np.array([0, 100, 255], np.uint8)[labels]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = write_scenes(tmp_path_factory.mktemp('cracks'), 12, change=binary)
    (root / 'classes.csv').write_text('0,ground\n100,crack\n255,"hole, deep"\n7,void\n')
    return root


def words(**given):
    return argparse.Namespace(**given)


def test_options_and_data_are_in_the_config(root, tmp_path, capsys):
    chosen = dict(method='gpaco', backbone='resnet50', scratch=True, epochs=4, batch_size=2, lr=0.1, seed=3)
    cfg = scene_config(root, words(**chosen, val_share=0.25, amp='bfloat16'))
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_iters, cfg.param_scheduler[0].end) == (2, 18, 19)
    assert (cfg.optim_wrapper.optimizer.lr, cfg.randomness.seed) == (0.1, 3)
    assert cfg.optim_wrapper.type == 'ltcl.Bfloat16OptimWrapper'
    assert (cfg.model.backbone.depth, cfg.model.backbone.init_cfg, cfg.num_classes) == (50, None, 3)
    assert list(cfg.model.decode_head.branches) == ['gpaco']
    assert {cfg.model.decode_head.num_classes, cfg.model.auxiliary_head.num_classes} == {3}
    dataset = cfg.val_dataloader.dataset
    assert (dataset.data_root, dataset.val_share, dataset.split_seed) == (str(root), 0.25, 0)
    assert (cfg.crop_size, cfg.data_preprocessor.size) == ((64, 64), (64, 64))
    assert cfg.work_dir == f'work_dirs/{root.name}_gpaco_deeplabv3plus-r50_1xb8-4k_own-scenes'
    printed = capsys.readouterr().out
    assert f'{root}: 12 images with masks (12 in all)' in printed.replace('\n', '')
    pixels = sum(np.bincount(labels_of(i).ravel(), minlength=3) for i in range(12))
    for name, value, images, share in zip(NAMES, (0, 100, 255), (12, 12, 4), 100 * pixels / pixels.sum(), strict=True):
        (line,) = [line for line in printed.splitlines() if f' {name} ' in line]
        assert [cell.strip() for cell in line.split('│')[1:5]] == [str(value), name, str(images), f'{share:.3g}']
    assert 'from random weights, images of 64 px, 2 a step, 18 iterations, rate 0.1' in printed


def test_the_data_root_is_that_of_any_folder_that_the_run_is_used_from(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    cfg = scene_config(root.name, words())
    loaders = (cfg[f'{name}_dataloader'] for name in ('train', 'val', 'test'))
    assert {cfg.data_root, *(loader.dataset.data_root for loader in loaders)} == {str(root)}


def test_patience_counts_epochs(root, capsys):
    cfg = scene_config(root, words(scratch=True, epochs=20, batch_size=4, patience=5))
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (50, 5)  # of 10 training images
    [hook] = cfg.custom_hooks
    assert (hook.type, hook.monitor, hook.patience) == ('ltcl.PatienceHook', 'seg/mIoU', 2)
    assert 'ends when mIoU has not risen for 10 iterations, 4 epochs' in capsys.readouterr().out


def test_cfg_options_come_last(root):
    cfg = scene_config(root, words(cfg_options={'max_iters': '7', 'unpaired': 'skip'}, weights='https://x.org/e.pth'))
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (7, 1)
    assert cfg.test_dataloader.dataset.unpaired == 'skip'
    assert cfg.model.backbone.init_cfg.checkpoint == 'https://x.org/e.pth'


def test_validation_and_test_group_by_counts_of_their_own_entries(root):
    keys = 'val_evaluator.0.count_key', 'test_evaluator.0.count_key'
    cfg = scene_config(root, words(cfg_options=dict.fromkeys(keys, 'image')))
    assert [cfg.val_evaluator[0].count_key, cfg.test_evaluator[0].count_key] == ['image', 'image']


@pytest.mark.parametrize(
    ('option', 'entry', 'value'),
    [
        ('batch_size', 'train_dataloader.batch_size', '2'),
        ('val_share', 'val_share', '0.5'),
    ],
)
def test_what_follows_from_an_entry_is_as_of_its_option(root, option, entry, value):
    """Iterations, validations and rate."""
    as_option = scene_config(root, words(epochs=12, **{option: float(value) if '.' in value else int(value)}))
    as_entry = scene_config(root, words(epochs=12, cfg_options={entry: value}))
    assert as_entry.to_dict() == as_option.to_dict()
    assert as_entry.train_cfg.max_iters != scene_config(root, words(epochs=12)).train_cfg.max_iters


@pytest.mark.parametrize(('entry', 'value'), [('train_dataloader.batch_size', 'many'), ('val_share', 'half')])
def test_an_entry_of_another_kind_is_refused(root, entry, value):
    with pytest.raises(UserError, match=f'--cfg-options {entry}={value}: a number is needed'):
        scene_config(root, words(cfg_options={entry: value}))


@pytest.mark.parametrize('key', ['max_iters', 'train_cfg.max_iters'])
def test_either_key_of_the_length_sets_run_and_schedule(root, key):
    cfg = scene_config(root, words(cfg_options={key: 500}))
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval, cfg.param_scheduler[0].end) == (500, 50, 501)


@pytest.mark.parametrize(
    ('given', 'key', 'value'),
    [
        (dict(epochs=3), 'max_iters', 7),
        (dict(epochs=3), 'train_cfg.max_iters', 7),
        (dict(lr=0.1), 'optim_wrapper.optimizer', dict(lr=0.2)),
        (dict(batch_size=4), 'train_dataloader.batch_size', 2),
        (dict(val_share=0.5), 'val_share', 0.2),
        (dict(image_size=64), 'image_size', 32),
        (dict(seed=0), 'randomness.seed', 1),
        (dict(weights='https://x.org/e.pth'), 'model.backbone.init_cfg', None),
        (dict(config='scenes'), 'data_root', 'elsewhere'),
        (dict(amp='bfloat16'), 'optim_wrapper', dict(type='OptimWrapper')),
    ],
)
def test_what_is_said_twice_is_refused(root, given, key, value):
    with pytest.raises(UserError, match='is set by an option of its own as well: leave one of them out'):
        scene_config(root, words(**given, cfg_options={key: value}))


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (dict(weights='https://x.org/e.pth', scratch=True), '--weights https://x.org/e.pth and --scratch contradict'),
        (dict(method='paco'), '--method'),
        (dict(backbone='vit'), '--backbone vit: .* resnet50 or resnet18'),
        (dict(tune=['frozen']), '--tune is for images in class folders'),
        (dict(batch_size=1), '--batch-size 1 must be at least 2'),
        (dict(image_size=8), '--image-size 8 must be at least 32'),
        (dict(weights='none.pth'), r'--weights none\.pth: there is no such file'),
        (dict(start_from='run'), '--from is for images in class folders'),
        (dict(cfg_options={'train_dataloader.batch_size': '1'}), 'train_dataloader.batch_size=1 must be at least 2'),
        (dict(cfg_options={'image_size': '8'}), '--cfg-options image_size=8 must be at least 32'),
    ],
)
def test_options_of_classifiers(given, message, root):
    with pytest.raises(UserError, match=message):
        scene_config(root, words(**given))


def test_a_share_for_validation_that_nothing_takes_is_refused(tmp_path):
    write_scenes(tmp_path, 3, 'train/images/{}.png', 'train/masks/{}.png')
    write_scenes(tmp_path, 2, 'val/images/{}.png', 'val/masks/{}.png', start=3)
    with pytest.raises(UserError, match=f'^--val-share: {tmp_path} has a part for validation, so nothing is drawn'):
        scene_config(tmp_path, words(val_share=0.3))


def test_train_then_test_the_run_and_other_scenes(root, tmp_path):
    cfg = scene_config(root, words(method='region-rebalance', work_dir=str(tmp_path / 'run'), batch_size=2, epochs=1))
    runner = build_runner(reduced(cfg), training=True)
    runner.train()
    train, val = (loader.dataset.class_counts for loader in (runner.train_dataloader, runner.val_dataloader))
    assert runner.model.decode_head.branches.region.class_counts.tolist() == train.image
    metric = runner.val_loop.evaluator.metrics[0]
    assert metric.class_counts.tolist() == train.pixel
    assert metric.per_class['group'].tolist() == ['many', 'medium', 'few']
    assert metric.per_class['test_count'].tolist() == val.image
    meta = load_from_local(str(tmp_path / 'run/iter_5.pth'), 'cpu')['meta']
    assert (list(meta['dataset_meta']['classes']), meta['class_counts'], meta['pixel_counts']) == (
        NAMES,
        train.image,
        train.pixel,
    )

    args = words(checkpoint=None, work_dir=None, cfg_options={}, launcher='none', config=str(tmp_path / 'run'))
    tested = build_runner(config_of_run(args, str(tmp_path / 'run/iter_5.pth'), None))
    tested._train_dataloader = None
    assert tested.test() == pytest.approx(runner.val_loop.run(), abs=1e-6)

    same = config_of_run(args, str(tmp_path / 'run'), str(root)).test_dataloader.dataset
    assert (same.data_root, same.split) == (str(root), 'test')  # not all that lies there: it was trained on

    other = write_scenes(
        tmp_path / 'other', 2, change=binary, start=1
    )  # without its own classes, and without the third
    cfg = config_of_run(args, str(tmp_path / 'run'), str(other))
    assert (cfg.test_dataloader.dataset.split, cfg.test_dataloader.dataset.data_root) == ('all', str(other))
    by_config = load_config(str(CONFIGS[0]), {'data_root': str(other)})
    fill_num_classes(by_config, str(tmp_path / 'run/iter_5.pth'))
    assert (by_config.num_classes, by_config.test_dataloader.dataset.classes) == (3, NAMES)
    assert by_config.test_dataloader.dataset.label_lines == cfg.test_dataloader.dataset.label_lines
    assert cfg.test_dataloader.dataset.label_lines[2:] == ['255,"hole, deep"', '7,']
    tested = build_runner(cfg)
    tested.test()
    metric = tested.test_loop.evaluator.metrics[0]
    assert metric.per_class['class_name'].tolist() == NAMES
    assert metric.per_class['test_count'].tolist() == [2, 2, 0]
    assert metric.class_counts.tolist() == train.pixel


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_is_filled_from_the_data(path, root):
    cfg = load_config(str(path), {'data_root': str(root)})
    assert cfg.num_classes is None
    assert cfg.train_dataloader.dataset.data_root == cfg.test_dataloader.dataset.data_root == str(root)
    assert read_training(cfg) is not None
    method, _, network = path.stem.partition('_deeplabv3plus-r')
    assert (cfg.model.backbone.depth, cfg.train_cfg.max_iters) == (int(network.split('_')[0]), 4000)
    branches = {'gpaco': ['gpaco'], 'region-rebalance': ['region'], 'ceco': ['region'], 'cross-entropy': []}
    assert list(cfg.model.decode_head.get('branches', {})) == branches[method]


def test_length_and_size_follow_the_data():
    assert [num_iters(number, 8) for number in (10, 1000, 10**6)] == [1000, 16000, 40000]
    assert (num_iters(10, 4, epochs=1), num_iters(1, 8, epochs=1)) == (3, 1)
    assert [side_of_images([(side, 2 * side)]) for side in (SIDE, 100, 5000)] == [64, 96, 512]
    assert side_of_images([(5000, 400)], largest=256) == 256
