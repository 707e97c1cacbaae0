"""Processes that gather what they found out about their images."""

import os
from pathlib import Path

from mmengine.registry import init_default_scope
from processes import run_processes
from toy import toy_config

from ltcl.engine import Runner


def validate(rank: int, images: str, folder: str) -> None:
    """A validation and a test that keeps its answers, started in another folder on each machine."""
    init_default_scope('mmpretrain')
    current = Path(folder, str(rank))
    current.mkdir()
    os.chdir(current)
    cfg = toy_config(Path(images), Path(folder, 'run'), 'cross_entropy', launcher='pytorch')
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    cfg.val_evaluator.append(dict(type='mmpretrain.Accuracy'))
    cfg.test_evaluator.append(dict(type='ltcl.SavePredictions', path=str(Path(folder, 'answers.npz'))))
    runner = Runner.from_cfg(cfg)
    figures = runner.val()
    assert figures['shot/all'] == figures['accuracy/top1'] == runner.test()['shot/all']
    assert not list(current.iterdir())


def test_processes_in_different_folders_leave_nothing_there(images, tmp_path):
    run_processes(validate, world_size=2, images=str(images), folder=str(tmp_path))
    assert (tmp_path / 'answers.npz').is_file()
