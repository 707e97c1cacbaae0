"""What a training starts from, and what becomes of the files in its work dir."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from processes import run_processes
from resume_checks import assert_same_state, train
from toy import toy_config

from ltcl import work_dir as work_dir_module
from ltcl.checkpoints.finding import newest_resumable
from ltcl.checkpoints.reading import load_from_local
from ltcl.engine import Runner
from ltcl.engine.starting import require_shared, start_of_run
from ltcl.errors import UserError
from ltcl.report.run_files import read_curves
from ltcl.work_dir import locked, move_apart, require_writable


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix == '.pth'}


@pytest.fixture(scope='module')
def run(images, tmp_path_factory):
    """A finished run of four epochs that keeps all of its checkpoints; copied, not changed."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpretrain')
    folder = tmp_path_factory.mktemp('run')
    options = dict(default_hooks__checkpoint__max_keep_ckpts=-1, train_cfg__val_interval=2)
    return train(toy_config(images, folder, **options))


@pytest.fixture
def folder(run, tmp_path):
    """A copy of its work dir at another place."""
    return Path(shutil.copytree(run.work_dir, tmp_path / 'moved'))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_newest_whole_checkpoint_is_found_without_a_pointer(folder, caplog):
    (folder / 'last_checkpoint').unlink()
    assert newest_resumable(folder).name == 'epoch_4.pth'
    flip(folder / 'epoch_4.pth')
    assert newest_resumable(folder).name == 'epoch_3.pth'
    (folder / 'epoch_3.pth').write_bytes(b'')
    torch.save({'state_dict': {}, 'optimizer': {}}, folder / 'epoch_2.pth')
    assert newest_resumable(folder).name == 'epoch_1.pth'


def test_checkpoint_of_a_stop_counts_by_how_far_it_got(folder):
    for name, iteration in (('stopped_iter_12.pth', 12), ('stopped_iter_900.pth', 4)):
        checkpoint = load_from_local(folder / 'epoch_2.pth')
        checkpoint['meta'].update(epoch=iteration // 5, iter=iteration)
        torch.save(checkpoint, folder / name)
    for name in ('epoch_4.pth', 'epoch_3.pth', 'stopped_iter_900.pth'):
        (folder / name).unlink()
    assert newest_resumable(folder).name == 'stopped_iter_12.pth'


def test_checkpoints_and_none_to_go_on_from_is_an_error(folder):
    for path in folder.glob('epoch_*.pth'):
        flip(path)
    with pytest.raises(UserError, match=r'has 5 checkpoints and none to go on from \(.*epoch_4.pth is damaged'):
        start_of_run(str(folder), 'auto', None)
    for path in folder.glob('epoch_*.pth'):
        path.unlink()
    with pytest.raises(UserError, match=r'best_shot_all_epoch_\d.pth and the like have weights only'):
        start_of_run(str(folder), True, None)


@pytest.mark.parametrize('load_from', [None, 'stage1.pth'])
def test_nothing_to_resume_starts_anew(tmp_path, load_from):
    start = start_of_run(str(tmp_path), 'auto', load_from)
    assert (start.is_resumed, start.checkpoint) == (False, load_from)


def test_run_is_resumed_by_its_folder_from_elsewhere(folder, tmp_path):
    other = tmp_path / 'other'
    other.mkdir()
    start = start_of_run(str(other), True, str(folder))
    assert (start.is_resumed, start.checkpoint) == (True, str(folder / 'epoch_4.pth'))
    assert len(names(folder)) == 5


def test_moved_run_goes_on_where_it_is_now_and_ends_the_same(images, run, folder, tmp_path, monkeypatch):
    for name in ('epoch_3.pth', 'epoch_4.pth'):
        (folder / name).unlink()
    monkeypatch.chdir(tmp_path)
    cfg = toy_config(images, Path('moved'), resume='auto', train_cfg__val_interval=2)
    resumed = train(cfg)
    assert resumed.iter == 20
    assert_same_state(resumed, run)
    assert names(folder) >= {'epoch_3.pth', 'epoch_4.pth'}


def test_new_start_keeps_the_earlier_run_apart(images, folder):
    before, text = names(folder), (folder / 'last_checkpoint').read_text()
    (folder / 'notes.txt').touch()
    torch.save({}, folder / 'resnet50.pth')  # not of a run
    train(toy_config(images, folder, train_cfg__max_epochs=1))
    assert names(folder / 'previous_1') == before
    assert (folder / 'previous_1' / 'last_checkpoint').read_text() == text
    assert names(folder) == {'epoch_1.pth', 'best_shot_all_epoch_1.pth', 'resnet50.pth'}
    assert (folder / 'notes.txt').exists()
    assert start_of_run(str(folder), False, None).checkpoint is None
    assert names(folder / 'previous_2') == {'epoch_1.pth', 'best_shot_all_epoch_1.pth'}


def test_new_start_keeps_reports_and_curves_of_the_earlier_run_apart(images, folder):
    reports = {'metrics.json', 'test_metrics.json', 'features.json', 'features_map.png', 'robustness_epoch_4.json'}
    reports |= {'birds-test_metrics.json', 'birds-test_report.html', 'birds-test_predictions.npz'}
    logs = {path.parent.name for path in folder.glob('*/vis_data')}
    for name in reports:
        (folder / name).touch()
    (folder / 'broken_images.txt').touch()  # of the images
    (folder / 'my_predictions.npz').touch()  # of no test of the run
    train(toy_config(images, folder, train_cfg__max_epochs=1, default_hooks__logger__interval=5))
    apart = {path.name for path in (folder / 'previous_1').iterdir()}
    assert apart >= reports | logs
    assert not {'broken_images.txt', 'my_predictions.npz'} & apart
    assert len(logs) == 1
    assert [entry['step'] for entry in read_curves(folder)] == [5]
    assert len(read_curves(folder / 'previous_1')) > 1


def test_logs_of_a_run_that_goes_on_stay(images, folder):
    before = read_curves(folder)
    train(toy_config(images, folder, resume='auto', train_cfg__max_epochs=5))
    assert read_curves(folder)[: len(before)] == before


def test_weights_that_a_new_start_takes_from_its_own_work_dir_are_found(images, folder):
    cfg = toy_config(images, folder, train_cfg__max_epochs=1, load_from=str(folder / 'epoch_4.pth'))
    runner = train(cfg)
    assert runner._load_from == str(folder / 'previous_1' / 'epoch_4.pth')


def test_run_that_goes_back_keeps_what_it_leaves_apart(images, folder):
    newer = {'epoch_3.pth', 'epoch_4.pth', 'best_shot_few_epoch_4.pth', 'best_shot_few_iter_11.pth'}
    older = {'best_shot_few_epoch_2.pth', 'best_shot_few_iter_10.pth'}
    for path in folder.glob('best_*.pth'):
        path.unlink()
    for name in (newer | older) - names(folder):
        shutil.copy(folder / 'epoch_1.pth', folder / name)
    runner = train(toy_config(images, folder, resume=True, load_from=str(folder / 'epoch_2.pth')))
    assert runner.iter == 20
    assert names(folder / 'previous_1') == newer
    assert names(folder) >= {'epoch_3.pth', 'epoch_4.pth', *older}


def test_finished_run_has_nothing_to_do(images, folder, capsys):
    before = (folder / 'epoch_4.pth').read_bytes()
    runner = train(toy_config(images, folder, resume='auto', train_cfg__val_interval=2))
    assert runner.iter == 20
    assert 'Nothing is left to do: epoch 4 is reached and the config ends at epoch 4' in capsys.readouterr().out
    assert (folder / 'epoch_4.pth').read_bytes() == before


def test_finished_run_that_was_killed_before_its_report_gets_it(images, tmp_path):
    options = dict(with_report=True, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    train(toy_config(images, tmp_path, 'cross_entropy', **options))
    report = json.loads((tmp_path / 'metrics.json').read_text())
    for name in ('metrics.json', 'per_class.csv', 'training_curves.png'):
        (tmp_path / name).unlink()
    train(toy_config(images, tmp_path, 'cross_entropy', resume='auto', **options))
    again = json.loads((tmp_path / 'metrics.json').read_text())
    assert again['last'] == report['last']
    assert (tmp_path / 'training_curves.png').exists()


HOLD = """
import sys, time
from ltcl.work_dir import locked
with locked(sys.argv[1]):
    print('locked', flush=True)
    time.sleep(60)
"""


def test_second_training_in_a_work_dir_is_refused_until_the_first_one_dies(tmp_path, monkeypatch):
    monkeypatch.setattr(work_dir_module, 'LOCK_SECONDS', 0.2)
    with subprocess.Popen([sys.executable, '-c', HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == 'locked\n'
        with pytest.raises(UserError, match='another training is writing to the work dir'), locked(tmp_path):
            pass
        other.kill()
    with locked(tmp_path), locked(tmp_path):  # what locks for itself may be called by what has locked
        pass


def test_work_dir_that_was_made_for_nothing_goes(tmp_path):
    with locked(tmp_path / 'a' / 'b'):
        assert (tmp_path / 'a' / 'b').is_dir()
    assert not (tmp_path / 'a').exists()
    with locked(tmp_path / 'a' / 'b'):
        (tmp_path / 'a' / 'b' / 'file').touch()
    with locked(tmp_path / 'a' / 'b'):
        pass
    assert (tmp_path / 'a' / 'b' / 'file').exists()


def test_work_dir_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(UserError, match=r'the work dir .*file/run cannot be written to \(Not a directory\)'):
        require_writable(tmp_path / 'file' / 'run')
    require_writable(tmp_path / 'new' / 'run')
    assert [path.name for path in tmp_path.iterdir()] == ['file']
    with pytest.raises(UserError, match=r'cannot be written to \(File name too long\): name another with --work-dir'):
        require_writable(tmp_path / ('long' * 75))


def test_work_dir_below_a_folder_that_one_may_not_enter_is_one_line(tmp_path, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(Path, 'exists', refuse)  # root may enter all
    with pytest.raises(UserError, match=r'closed/run cannot be written to \(Permission denied\): name another'):
        require_writable(tmp_path / 'closed' / 'run')


def look_for_the_work_dir(rank: int, folder: str) -> None:
    """Machines that share one folder and have another each."""
    own, shared = Path(folder, str(rank)), Path(folder, 'shared')
    for each in (own, shared):
        each.mkdir(exist_ok=True)
    require_shared(str(shared))
    with pytest.raises(UserError, match=rf'{rank} is not one folder for all processes: name one that all machines'):
        require_shared(str(own))
    assert not list(own.iterdir())


def test_work_dir_of_each_machine_is_refused_by_all_processes(tmp_path):
    run_processes(look_for_the_work_dir, world_size=2, folder=str(tmp_path))
    assert not list((tmp_path / 'shared').iterdir())


def test_files_are_moved_into_the_next_free_folder(tmp_path):
    for number in (1, 2):
        (tmp_path / 'a').write_text(str(number))
        assert move_apart(tmp_path, [tmp_path / 'a']) == tmp_path / f'previous_{number}'
    assert (tmp_path / 'previous_2' / 'a').read_text() == '2'


def test_runner_of_the_library_resumes_as_the_tool_does(images, folder):
    cfg = toy_config(images, folder, resume=True, train_cfg__max_epochs=5)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter == 25


def test_runs_that_start_within_a_second_share_neither_log_nor_figures(images, tmp_path, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, 'time', lambda: now)
    first, second, third = (Runner.from_cfg(toy_config(images, tmp_path / name)) for name in 'abc')
    first.logger.error('only here')
    for run in (second, third):
        assert run.logger is not first.logger
        assert run.message_hub is not first.message_hub
        assert Path(run.logger.log_file).parent.parent == Path(run.work_dir)
        assert 'only here' not in Path(run.logger.log_file).read_text()
    assert len({first.timestamp, second.timestamp, third.timestamp}) == 3
