"""Every config trains two iterations and validates a batch, on images in the exact layout of its data set."""

import math
from pathlib import Path

import pytest
import torch
from _pytest.mark.structures import ParameterSet
from mmengine.hooks import Hook
from small_config import find_configs, load_small, save_start

from ltcl.engine import Runner


class Start(Hook):
    """Keeps the parameters with which the training starts, a checkpoint loaded."""

    def before_train(self, runner: Runner) -> None:
        self.parameters = {name: value.detach().clone() for name, value in runner.model.named_parameters()}


def _case(path: Path) -> ParameterSet:
    """A config; of those that differ in the number of images alone, one is among the fast tests."""
    recipe, _, images = path.stem.rpartition('-')
    is_other = images in ('if10', 'if50') and path.with_stem(f'{recipe}-if100').exists()
    is_larger = images == 'full' and any(path.parent.glob(f'{recipe.split("_1x")[0]}_*-small.py'))
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if is_other or is_larger else [])


@pytest.mark.parametrize('path', map(_case, find_configs()))
def test_two_iterations_and_a_validation(path, data_layout, tmp_path):
    cfg = load_small(path, data_layout, tmp_path)
    if cfg.load_from is not None:
        cfg.load_from = save_start(cfg, tmp_path)
    start = Start()
    runner = Runner.from_cfg(cfg)
    runner.register_hook(start)
    runner.train()

    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == runner.iter >= 2
    assert all(math.isfinite(loss) for loss in losses)
    parameters = dict(runner.model.named_parameters())
    assert all(torch.isfinite(value).all() for value in parameters.values())
    # All that is trained moves, and the momentum encoder; what is frozen does not.
    moved = {name for name, value in parameters.items() if not value.equal(start.parameters[name])}
    trained = {name for name, value in parameters.items() if value.requires_grad}
    assert trained <= moved
    assert {name for name in moved - trained if not name.startswith('momentum_encoder.')} == set()
    figures = {name for name in runner.message_hub.log_scalars if name.startswith('val/')}
    assert figures & {'val/shot/all', 'val/accuracy/top1', 'val/knn/all'}
