"""Runs on masks as tools export them: what is refused before the first iteration, and what is refused later."""

import logging
import re

import numpy as np
import pytest
from PIL import Image
from toy_masks import CLASSES, mask_config, write_masks

from ltcl.engine import Runner
from ltcl.engine.hooks import CheckMasksHook
from ltcl.errors import UserError

BINARY = r"only 0 \('background'\) and 255 \(void.*never 1 \('blob'\).*values=\[0, 255\]"


def start(root, work_dir, num_masks=256, **changes):
    cfg = mask_config(root, work_dir, **changes)
    cfg.default_hooks.check_masks.num_masks = num_masks
    return Runner.from_cfg(cfg)


def colour(labels):
    return labels[..., None] * np.array([128, 0, 30], np.uint8)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda labels: labels * 255, BINARY),
        (lambda labels: labels * 128, r'label 128 .*values=\[0, 128\]'),
        (lambda labels: labels + 1, 'label 2 .*reduce_zero_label=True'),
        (colour, r'colours such as \[128, 0, 30\].*values=\[\[0, 0, 0\], \[128, 0, 30\]\]'),
        (lambda labels: labels.astype(np.uint16) * 65535, 'the value 65535'),
        (lambda labels: labels[:-2], r'has 44x38 pixels, but its image .*0\.png has 44x40'),
    ],
)
@pytest.mark.parametrize('split', ['train', 'val'])
def test_masks_are_refused_before_the_first_iteration(change, words, split, tmp_path):
    root = write_masks(tmp_path / 'data', change, where=lambda part, _: part == split)
    runner = start(root, tmp_path / 'run')
    with pytest.raises(UserError, match=f'^{split}_dataloader: .*ann_dir/{split}/0.png.*{words}'):
        runner.train()
    assert runner.iter == 0
    assert not runner.message_hub.log_scalars


def test_a_test_refuses_them_too(tmp_path):
    runner = start(write_masks(tmp_path / 'data', lambda labels: labels * 255), tmp_path / 'run')
    with pytest.raises(UserError, match=r'^test_dataloader: .*test_evaluator.0.ignore_index=255'):
        runner.test()


def test_missing_masks_are_counted_and_their_suffix_is_told(tmp_path):
    root = write_masks(tmp_path / 'data')
    (root / 'ann_dir/train/2.png').unlink()
    with pytest.raises(UserError, match=r'no mask .*train/2\.png .*1 of the 4 images have no mask'):
        start(root, tmp_path / 'one', num_masks=1).train()
    (root / 'img_dir/train/2.png').unlink()
    for path in (root / 'ann_dir/train').iterdir():
        path.rename(path.with_name(f'{path.stem}_mask.png'))
    with pytest.raises(UserError, match=r"3 of the 3 images have no mask; .*seg_map_suffix='_mask.png'"):
        start(root, tmp_path / 'all').train()


@pytest.mark.parametrize(
    ('change', 'steps', 'changes'),
    [
        (lambda labels: labels * 255, [dict(type='ltcl.MapLabels', values=[0, 255])], {}),
        (colour, [dict(type='ltcl.MapLabels', values=[[0, 0, 0], [128, 0, 30]])], {}),
        (lambda labels: labels.astype(bool), [], {}),  # one bit a pixel
        (
            lambda labels: labels + 1,
            [],
            {f'{part}_dataloader__dataset__reduce_zero_label': True for part in ('train', 'val')},
        ),
    ],
)
def test_the_remedies_work(change, steps, changes, tmp_path):
    runner = start(write_masks(tmp_path / 'data', change), tmp_path / 'run', steps=tuple(steps), **changes)
    runner.train()
    assert runner.iter == 2
    assert runner.val_loop.evaluator.metrics[0].per_class['test_count'].tolist() == [2, 2]


@pytest.mark.parametrize('workers', [0, 1])
def test_a_label_that_was_not_in_the_sample_ends_the_training(workers, tmp_path):
    def write(values, path):
        Image.fromarray(values + 6 * (values > 0).astype(np.uint8)).save(path)

    # The one mask that is looked at is drawn by the seed; the other three are strange.
    drawn = np.random.default_rng(0).integers(0, 4)
    root = write_masks(tmp_path / 'data', where=lambda part, i: part == 'train' and i != drawn, write=write)
    runner = start(root, tmp_path / 'run', num_masks=1, train_dataloader__num_workers=workers)
    with pytest.raises(UserError, match=r'ann_dir/train/\d.png: label 7 .*\(mask of .*img_dir/train/\d.png\)'):
        runner.train()


def test_a_mask_that_vanishes_is_one_line(tmp_path):
    root = write_masks(tmp_path / 'data')
    runner = start(root, tmp_path / 'run', train_cfg__val_interval=1)
    runner.train()
    (root / 'ann_dir/val/0.png').unlink()
    with pytest.raises(UserError, match=r'there is no mask .*val/0\.png for the image .*val/0\.png'):
        runner.val_loop.run()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(model__auxiliary_head__num_classes=11), 'model.auxiliary_head.num_classes=11: set num_classes=2'),
        (dict(model__auxiliary_head__ignore_index=0), 'model.decode_head.ignore_index=255, model.auxiliary_head.ign'),
        (dict(train_dataloader__dataset__ignore_index=0), 'dataset.ignore_index=0: give all of them'),
        (
            dict(model__auxiliary_head__ignore_index=254, model__decode_head__ignore_index=254),
            'data_preprocessor.seg_pad_val=255 labels what is padded',
        ),
        (dict(val_dataloader__dataset__metainfo=None), 'val_dataloader: the data set has no names of classes'),
    ],
)
def test_settings_that_do_not_agree(changes, words, tmp_path):
    runner = start(write_masks(tmp_path / 'data'), tmp_path / 'run', **changes)
    with pytest.raises(UserError, match=re.escape(words)):
        runner.train()


def test_another_void_label_is_set_everywhere(tmp_path):
    def change(labels):
        labels[:5] = 254
        return labels

    ignored = {
        f'{key}ignore_index': 254
        for key in ('model__decode_head__', 'model__auxiliary_head__', 'train_dataloader__dataset__')
    }
    ignored['data_preprocessor__seg_pad_val'] = 254
    root = write_masks(tmp_path / 'data', change)
    with pytest.raises(UserError, match=r'^val_dataloader: .*label 254 .*val_evaluator.0.ignore_index=255'):
        start(root, tmp_path / 'half', **ignored).train()
    metrics = {f'{part}_evaluator': [dict(type='ltcl.ShotIoUMetric', ignore_index=254)] for part in ('val', 'test')}
    start(root, tmp_path / 'whole', **ignored, **metrics).train()


def test_a_class_in_no_mask_is_said_and_the_mean_is_over_the_others(tmp_path, caplog):
    root = write_masks(tmp_path / 'data', lambda labels: 0 * labels, where=lambda part, _: part == 'val')
    runner = start(root, tmp_path / 'run', model__test_cfg__mode='whole')
    with caplog.at_level(logging.INFO, logger='mmengine'):
        runner.logger.addHandler(caplog.handler)
        runner.train()
    assert f"val_dataloader: class '{CLASSES[1]}' occurs in none of the 2 masks" in caplog.text
    assert 'train_dataloader' not in caplog.text
    num_classes = runner.message_hub.get_scalar('val/seg/mIoU_classes').current()
    assert f'is over {num_classes} of 2 classes' in caplog.text


def test_the_test_set_of_a_training_is_a_warning(tmp_path, caplog):
    bad = write_masks(tmp_path / 'bad', lambda labels: labels + 1)
    runner = start(write_masks(tmp_path / 'data'), tmp_path / 'run', test_dataloader__dataset__data_root=str(bad))
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert 'the test set cannot be used as it is: test_dataloader: ' in caplog.text
    assert isinstance(runner._test_loop, dict)  # not built for this


def test_pictures_with_another_ending_are_counted(tmp_path, caplog):
    root = write_masks(tmp_path / 'data')
    Image.new('L', (44, 40)).save(root / 'img_dir/train/more.jpg')
    runner = start(root, tmp_path / 'run')
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert '1 pictures in' in caplog.text
    assert 'they end in .jpg, not in its img_suffix' in caplog.text


def test_the_number_of_masks_is_checked():
    for wrong in (0, -1, 'some', 2.5):
        with pytest.raises(UserError, match="a number above 0 or 'all'"):
            CheckMasksHook(num_masks=wrong)
