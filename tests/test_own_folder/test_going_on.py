"""What a training that goes on with another model takes of its run, and tells of the images that it has seen."""

import shlex
import shutil
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from toy import write_images

from ltcl.checkpoints.choosing import checkpoint_of
from ltcl.checkpoints.reading import load_from_local, write_checkpoint
from ltcl.own_folder.choosing import NO_RATE
from ltcl.own_folder.found import Found
from ltcl.own_folder.going_on import _division, warn_of_trained_images

WARNING = (
    'warning: the validation is drawn anew, and work_dirs/birds {} trained on some of its images: figures {} too good'
)


def config(**draw):
    images = dict(type='ltcl.OwnImages', data_root='birds', val_share=0.2, **draw)
    return Config(dict(train_dataloader=dict(dataset=dict(type='ltcl.CachedFeatures', dataset=images))))


@pytest.mark.parametrize(
    ('classes', 'counts', 'is_drawn', 'draw', 'is_told'),
    [
        (['a', 'b'], [8, 4], True, {}, False),
        (['a', 'b'], [9, 4], True, {}, True),
        (['b', 'a'], [4, 8], True, {}, True),
        (['a', 'b', 'c'], [8, 4, 4], True, {}, True),
        (['a', 'b'], [8, 4], True, dict(split_seed=1), True),
        (['a', 'b', 'c'], [8, 4, 4], False, {}, False),
    ],
)
def test_a_validation_with_images_that_were_trained_on_is_told(classes, counts, is_drawn, draw, is_told, capsys):
    earlier = dict(left_out=None, earlier_division=_division(config(), ['a', 'b'], [8, 4]))
    for root, words in (('birds', ('was', 'are')), ('other_birds', ('may have been', 'would be'))):
        args = SimpleNamespace(start_from='work_dirs/birds', earlier_root='birds', config=root, **earlier)
        warn_of_trained_images(args, config(**draw), Found(classes, counts, 3, None, is_drawn))
        assert capsys.readouterr().err.startswith(WARNING.format(*words)) == is_told


def test_another_image_in_the_validation_is_told_where_the_numbers_are_the_same(call, data, work_dir, tmp_path, capsys):
    same = shutil.copytree(data, tmp_path / 'same')
    words = ('train', same, '--from', work_dir, '--work-dir', tmp_path / 'run', '--dry-run')
    assert call(*words) == 0
    assert 'drawn anew' not in capsys.readouterr().err
    (same / 'class_0' / '0.png').rename(same / 'class_0' / 'zero.png')
    assert call(*words) == 0
    assert f'warning: the validation is drawn anew, and {work_dir} may have been trained on' in capsys.readouterr().err


def change_config(run, **changes):
    """Change the config in the checkpoint that stands for a run."""
    path = checkpoint_of(str(run))
    checkpoint = load_from_local(path)
    cfg = Config(checkpoint['meta']['config'])
    cfg.merge_from_dict(changes)
    checkpoint['meta']['config'] = cfg.to_dict()
    write_checkpoint(path, checkpoint)


def test_a_run_that_trained_nothing_is_made_anew_or_given_a_rate(call, data, copied, tmp_path, capsys):
    change_config(copied, **{'optim_wrapper.optimizer.lr': NO_RATE})
    words = ('train', data, '--from', copied, '--work-dir', tmp_path / 'run', '--dry-run')
    assert call(*words) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f'--from {copied} is a run of --method ncm, which trains nothing: ' in line
    assert f'`ltcl train {shlex.quote(str(data))} --method ncm`' in line
    assert not (tmp_path / 'run').exists()
    assert call(*words, '--batch-size', '4') == 1
    assert call(*words, '--lr', '0.01') == 0
    assert Config.fromfile(tmp_path / 'run' / 'config.py').optim_wrapper.optimizer.lr == 0.01


def test_an_encoder_without_a_classifier_names_the_run_that_has_one(call, data, copied, tmp_path, capsys):
    change_config(copied, **{'model.head.type': 'ltcl.TSCHead'})
    stage1 = copied.rename(tmp_path / 'stage1')
    for start, run in ((stage1, tmp_path), (shutil.copytree(stage1, tmp_path / 'encoder'), 'the run of the second')):
        assert call('train', data, '--from', start, '--work-dir', tmp_path / 'run', '--dry-run') == 1
        [line] = capsys.readouterr().err.splitlines()
        assert line == f'error: --from {start} is the first of two trainings, without a classifier: name {run}'
    assert not (tmp_path / 'run').exists()


def test_a_run_with_code_of_its_own_is_gone_on_with_by_its_config(call, data, copied, tmp_path, capsys):
    change_config(copied, custom_imports=dict(imports=['mine']))
    assert call('train', data, '--from', copied, '--work-dir', tmp_path / 'run', '--dry-run') == 1
    [line] = capsys.readouterr().err.splitlines()
    assert 'mine names code' in line
    assert line.endswith('`')
    assert f"`ltcl train CONFIG --cfg-options 'load_from={copied}/" in line  # quoted, as the path has a space


def test_patience_is_that_of_the_command_line(call, data, copied, tmp_path):
    added = [dict(type='ltcl.PatienceHook', monitor='shot/macro', patience=1), dict(type='ltcl.SharedImagesHook')]
    own = dict(type='EMAHook')
    change_config(copied, custom_hooks=[*added, own])
    words = ('train', data, '--from', copied, '--work-dir', tmp_path / 'run', '--epochs', '20', '--dry-run')
    for patience, kept in (((), [own]), (('--patience', '5'), [own, dict(added[0], patience=5)])):
        assert call(*words, *patience) == 0
        assert Config.fromfile(tmp_path / 'run' / 'config.py').custom_hooks == kept


def test_the_start_of_new_classes_is_that_of_the_command_line(call, data, work_dir, tmp_path):
    more = shutil.copytree(data, tmp_path / 'more')
    write_images(more / 'another', (5,))
    words = ('train', more, '--from', work_dir, '--work-dir', tmp_path / 'run', '--dry-run')
    for options, hook in (
        ((), dict(type='ltcl.ClassMeanStartHook', labels=[1])),
        (('--cfg-options', 'default_hooks.class_mean_start=None'), None),
    ):
        assert call(*words, *options) == 0
        assert Config.fromfile(tmp_path / 'run' / 'config.py').default_hooks.class_mean_start == hook
