"""Checkpoints: always one that is whole, plain data, the best beside the last, and a full disk."""

import errno
import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.hooks import CheckpointHook as MMEngineCheckpointHook
from mmengine.hooks import Hook
from resume_checks import assert_same_state, train
from toy import toy_config

from ltcl.checkpoints.whole_files import is_whole
from ltcl.engine import Runner
from ltcl.engine.hooks import CheckpointHook
from ltcl.engine.saving import LostCheckpoint
from ltcl.errors import UserError
from ltcl.launch import exit_codes


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix == '.pth'}


def test_own_checkpoint_is_read_without_any_safe_type(images, tmp_path):
    runner = train(toy_config(images, tmp_path, 'tsc', train_cfg__max_epochs=1, with_report=True))
    for path in tmp_path.glob('*.pth'):
        with torch.serialization.safe_globals([]):
            checkpoint = torch.load(path, weights_only=True)
        assert torch.equal(checkpoint['state_dict']['backbone.conv1.weight'], runner.model.backbone.conv1.weight)
        assert checkpoint['meta']['dataset_meta']['classes'] == ('class_0', 'class_1', 'class_2')
        assert checkpoint['meta']['class_counts'] == [24, 12, 4]
        assert checkpoint['meta']['training']['iters_per_epoch'] == 5
    assert len(checkpoint['message_hub']['log_scalars']['train/loss']['log_history']) == 5


@pytest.mark.parametrize(('keep', 'expected'), [(1, {4}), (2, {3, 4}), (3, {2, 3, 4}), (-1, {1, 2, 3, 4})])
def test_newest_are_kept(images, tmp_path, keep, expected):
    options = dict(default_hooks__checkpoint__max_keep_ckpts=keep, default_hooks__checkpoint__save_best=None)
    train(toy_config(images, tmp_path, 'cross_entropy', **options))
    assert names(tmp_path) == {f'epoch_{number}.pth' for number in expected}
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_4.pth')


class Watch(Hook):
    """Looks into the work dir after every iteration and at every removal."""

    def __init__(self) -> None:
        self.seen: list[set[str]] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.seen.append(names(Path(runner.work_dir)))


def test_old_checkpoint_is_removed_after_the_new_one_is_there(images, tmp_path, monkeypatch):
    removed, unlink = [], Path.unlink

    def look(path: Path, **options: object) -> None:
        if path.suffix == '.pth':
            others = [each for each in tmp_path.glob('epoch_*.pth') if each != path]
            removed.append((path.name, [is_whole(each) for each in others]))
        unlink(path, **options)

    monkeypatch.setattr(Path, 'unlink', look)
    train(toy_config(images, tmp_path, 'cross_entropy', default_hooks__checkpoint__max_keep_ckpts=1))
    assert removed == [(f'epoch_{number}.pth', [True]) for number in (1, 2, 3)]


class Scores(Hook):
    """Gives the validations these scores; stands before the checkpoint hook."""

    priority = 'LOW'

    def __init__(self, scores: list[float]) -> None:
        self.scores = iter(scores)

    def after_val_epoch(self, runner, metrics=None):
        metrics['shot/all'] = next(self.scores)


@pytest.mark.parametrize(
    ('rule', 'scores', 'best'),
    [
        ('greater', [1.0, 3.0, 2.0, 3.0], 2),
        ('less', [2.0, 3.0, 1.0, 1.5], 3),
        (None, [1.0, 3.0, 2.0, 3.0], 2),
        ('greater', [1.0, float('nan'), float('inf'), 0.5], 1),
    ],
)
def test_best_is_kept_beside_the_last(images, tmp_path, rule, scores, best):
    options = dict(train_cfg__val_interval=1, default_hooks__checkpoint__rule=rule)
    runner = Runner.from_cfg(toy_config(images, tmp_path, 'cross_entropy', **options))
    runner.register_hook(Scores(scores))
    runner.train()
    assert names(tmp_path) == {'epoch_3.pth', 'epoch_4.pth', f'best_shot_all_epoch_{best}.pth'}
    assert runner.message_hub.get_info('best_score') == scores[best - 1]


@pytest.fixture(scope='module')
def best_first(images, tmp_path_factory):
    """Work dir of a run of 2 epochs, of which the first one is the best."""
    folder = tmp_path_factory.mktemp('best_first')
    train_with_scores(images, folder, [3.0, 1.0], train_cfg__max_epochs=2)
    return folder


def train_with_scores(images, folder: Path, scores: list[float], **options) -> Runner:
    runner = Runner.from_cfg(toy_config(images, folder, 'cross_entropy', train_cfg__val_interval=1, **options))
    runner.register_hook(Scores(scores))
    runner.train()
    return runner


@pytest.mark.parametrize(('scores', 'best', 'score'), [([2.0, 2.5], 1, 3.0), ([2.0, 3.5], 4, 3.5)])
def test_best_is_taken_along_into_another_work_dir(images, best_first, tmp_path, scores, best, score):
    options = dict(resume=True, load_from=str(best_first / 'epoch_2.pth'))
    runner = train_with_scores(images, tmp_path, scores, **options)
    assert names(tmp_path) == {'epoch_3.pth', 'epoch_4.pth', f'best_shot_all_epoch_{best}.pth'}
    assert runner.message_hub.get_info('best_score') == score
    first = 'best_shot_all_epoch_1.pth'
    assert best != 1 or (tmp_path / first).read_bytes() == (best_first / first).read_bytes()
    assert first in names(best_first)


def test_best_that_is_gone_is_told_and_the_next_is_kept(images, best_first, tmp_path, capsys):
    folder = Path(shutil.copytree(best_first, tmp_path / 'run'))
    first = folder / 'best_shot_all_epoch_1.pth'
    first.unlink()
    runner = train_with_scores(images, folder, [2.0, 1.5], resume='auto')
    assert names(folder) == {'epoch_3.pth', 'epoch_4.pth', 'best_shot_all_epoch_3.pth'}
    assert runner.message_hub.get_info('best_score') == 2.0
    said = capsys.readouterr().out
    assert said.count(f'The best weights so far are lost, {first}: No such file or directory') == 1


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(interval=0), 'interval'),
        (dict(interval=-2), 'interval'),
        (dict(max_keep_ckpts=0), 'max_keep_ckpts'),
        (dict(rule='bigger'), 'rule'),
        (dict(save_begin=-1), 'save_begin'),
    ],
)
def test_option_outside_its_range_is_refused(options, words):
    with pytest.raises(UserError, match=f'{words} of CheckpointHook'):
        CheckpointHook(**options)


def test_less_of_a_loss_is_better():
    assert CheckpointHook()._is_better('val/loss', 1.0, 2.0)
    assert not CheckpointHook()._is_better('shot/all', 1.0, 2.0)


@pytest.mark.parametrize(
    ('hooks', 'expected'),
    [
        (dict(checkpoint=dict(type='CheckpointHook', interval=1)), CheckpointHook),
        ({}, CheckpointHook),
        (dict(checkpoint=dict(type='mmengine.CheckpointHook', interval=1)), MMEngineCheckpointHook),
        (dict(checkpoint=None), None),
    ],
)
def test_hook_of_a_config_that_names_none_in_full_is_ours(images, tmp_path, hooks, expected):
    cfg = toy_config(images, tmp_path, 'cross_entropy')
    cfg.default_hooks = hooks
    found = [hook for hook in Runner.from_cfg(cfg).hooks if type(hook).__name__ == 'CheckpointHook']
    assert [type(hook) for hook in found] == [expected] * (expected is not None)


def test_best_by_an_unknown_metric_is_refused(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy', train_cfg__val_interval=1)
    cfg.default_hooks.checkpoint.save_best = 'shot/al'
    with pytest.raises(UserError, match=r"save_best='shot/al' .* it has .*shot/all"):
        train(cfg)


class FullDisk:
    """Refuses to give a file its name from the first to the last of some calls on."""

    def __init__(self, first: int, last: int) -> None:
        self.calls, self.first, self.last, self.replace = 0, first, last, os.replace

    def __call__(self, source: Path, target: Path) -> None:
        if Path(target).suffix == '.pth':
            self.calls += 1
            if self.first <= self.calls <= self.last:
                raise OSError(errno.ENOSPC, 'No space left on device')
        self.replace(source, target)


def full_disk_run(images, folder, monkeypatch, first, last):
    monkeypatch.setattr(os, 'replace', FullDisk(first, last))
    runner = Runner.from_cfg(toy_config(images, folder, 'cross_entropy', default_hooks__checkpoint__save_best=None))
    runner.train()
    return runner


def test_training_goes_on_past_a_full_disk(images, tmp_path, monkeypatch, capsys):
    runner = full_disk_run(images, tmp_path, monkeypatch, 2, 3)
    assert runner.iter == 20
    assert names(tmp_path) == {'epoch_1.pth', 'epoch_4.pth'}
    said = capsys.readouterr().out
    assert said.count('could not be written (No space left on device)') == 2
    assert 'epoch_2.pth' in said
    assert 'epoch_3.pth' in said


@pytest.mark.parametrize('is_main', [True, False])
def test_last_checkpoint_that_is_lost_is_a_status_of_its_own(images, tmp_path, monkeypatch, capsys, is_main):
    monkeypatch.setattr('ltcl.engine.hooks.checkpoint_hook.is_main_process', lambda: is_main)
    with pytest.raises(LostCheckpoint) as lost:
        full_disk_run(images, tmp_path, monkeypatch, 3, 99)
    assert lost.value.code == exit_codes.NOT_SAVED == 3
    assert names(tmp_path) == {'epoch_1.pth', 'epoch_2.pth'}  # what was there before stays
    said = capsys.readouterr().out
    assert 'epoch_4.pth' in said
    assert said.count('the end of this training is in no checkpoint of') == is_main


def test_last_checkpoint_is_tried_again(images, tmp_path, monkeypatch):
    full_disk_run(images, tmp_path, monkeypatch, 4, 5)  # the end of epoch 4 and, after the validation, again
    assert 'epoch_4.pth' in names(tmp_path)


def test_end_without_its_last_validation_is_no_loss(images, tmp_path, monkeypatch):
    full_disk_run(images, tmp_path, monkeypatch, 5, 99)
    assert names(tmp_path) == {'epoch_3.pth', 'epoch_4.pth'}


class PowerCut(Exception):
    """Ends a run where a kill would."""


class CutInValidation(Hook):
    """Ends the run in the validation of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.epoch == self.epoch:
            raise PowerCut


@pytest.mark.parametrize('epoch', [2, 4])
def test_validation_that_was_cut_off_is_done_at_the_resume(images, tmp_path, epoch):
    options = dict(train_cfg__val_interval=2, with_report=True)
    whole = train(toy_config(images, tmp_path / 'whole', 'cross_entropy', **options))
    cut = Runner.from_cfg(toy_config(images, tmp_path / 'cut', 'cross_entropy', **options))
    cut.register_hook(CutInValidation(epoch))
    with pytest.raises(PowerCut):
        cut.train()
    resumed = train(toy_config(images, tmp_path / 'cut', 'cross_entropy', resume='auto', **options))
    assert_same_state(resumed, whole)
    histories = [each.message_hub.get_info('ltcl/run_record')['history'] for each in (resumed, whole)]
    assert histories[0] == histories[1]
    assert len(histories[0]) == 2
    assert names(tmp_path / 'cut') == names(tmp_path / 'whole')
    # Now that it is done, there is nothing left.
    again = train(toy_config(images, tmp_path / 'cut', 'cross_entropy', resume='auto', **options))
    assert again.iter == 20
    assert again.val_loop is not None
