"""Runs of a comparison: none is mixed with another, and none outlives it."""

import threading

import pytest

from ltcl.errors import UserError
from ltcl.launch import compared_runs
from ltcl.launch.compared_runs import RunProcesses, check_configs, check_settings, settings_of

CONFIG = "model = dict(type='M', head=dict(type='H', alpha={}))\ntrain_cfg = dict(max_epochs=2)\nwork_dir = None\n"


def write(folder, alpha=0.1, name='paco.py'):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(CONFIG.format(alpha))
    return str(path)


def test_configs_of_one_name_are_refused(tmp_path):
    first, second, other = write(tmp_path / 'a'), write(tmp_path / 'b'), write(tmp_path / 'b', name='bcl.py')
    check_configs([first, other])
    with pytest.raises(UserError, match=f'{second} and {first} have one name: .* named paco'):
        check_configs([first, other, second])
    with pytest.raises(UserError, match=f'{first} is named twice'):
        check_configs([first, first])


def test_a_run_of_other_settings_is_refused(tmp_path):
    folder = tmp_path / 'runs'
    settings = settings_of(write(tmp_path), {'model.head.alpha': '0.2'})
    assert settings['model.head.alpha'] == 0.2
    check_settings(folder, settings_of(write(tmp_path), {}))
    check_settings(folder, settings)  # nothing was trained yet
    (folder / 'epoch_1.pth').touch()
    check_settings(folder, settings)
    check_settings(folder, settings_of(write(tmp_path, alpha=0.2), {}))
    with pytest.raises(UserError, match=r'other settings \(model.head.alpha: 0.2 then, 0.3 now\)'):
        check_settings(folder, settings_of(write(tmp_path, alpha=0.3), {}))
    with pytest.raises(UserError, match=r'\(train_cfg.max_epochs: 2 then, 9 now\)'):
        check_settings(folder, settings_of(write(tmp_path, alpha=0.2), {'max_epochs': '9'}))


def test_options_that_no_run_can_have_are_refused(tmp_path):
    with pytest.raises(UserError, match='alhpa'):
        settings_of(write(tmp_path), {'modle.alhpa': '1'})


def test_processes_end_with_the_comparison(tmp_path, monkeypatch):
    monkeypatch.setattr(compared_runs, 'COMMAND', ('sleep', '60'))
    processes, statuses = RunProcesses(threads=1), []
    thread = threading.Thread(target=lambda: statuses.append(processes.run([], tmp_path / 'log')))
    thread.start()
    while not processes._running:
        pass
    processes.stop()
    thread.join(30)
    assert statuses == [-15]
    assert processes.run([], tmp_path / 'log') == 143
