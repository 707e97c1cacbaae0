"""A number that is not finite ends a segmentation run, which counts iterations, not epochs."""

import json
import math

import pytest
from faults import FaultAt, spoil_images, spoil_loss
from mmengine.registry import init_default_scope
from torch import nn
from toy_scenes import NUM_IMAGES, SMALL, toy_scenes_config, write_toy_scenes

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine.bad_step import NotFiniteError
from ltcl.engine.finite import first_not_finite
from ltcl.launch import build_runner

(GPACO,) = [path for path in SMALL if path.stem.startswith('gpaco_')]


def spoil_weight(model: nn.Module) -> None:
    """NaN in one number of the backbone."""
    model.backbone.layer2[0].conv1.weight.data[0, 0, 0, 0] = math.nan


def spoil_statistics(model: nn.Module) -> None:
    """Infinity in a running variance, which training does not read."""
    model.backbone.layer2[0].bn1.running_var[0] = math.inf


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_toy_scenes(tmp_path_factory.mktemp('scenes'))


@pytest.mark.parametrize(
    ('fault', 'iteration', 'layer'),
    [
        (spoil_weight, 4, 'backbone.layer2.0.bn1'),
        (spoil_statistics, 4, 'backbone.layer2.0.bn1.running_var'),
        (spoil_images, 4, 'backbone.stem.1'),
        (spoil_loss, 4, 'none that keeps running statistics, so look at head and loss'),
    ],
)
def test_run_stops_before_its_last_sound_checkpoint_goes(scenes, tmp_path, fault, iteration, layer):
    init_default_scope('mmseg')
    cfg = toy_scenes_config(GPACO, scenes, tmp_path, default_hooks__checkpoint__interval=2)
    runner = build_runner(cfg)
    runner.register_hook(FaultAt(fault, 3))
    with pytest.raises(NotFiniteError):
        runner.train()
    record = json.loads((tmp_path / 'not_finite.json').read_text())
    assert (record['iteration'], record['layer']) == (iteration, layer)
    assert all(str(scenes / 'img_dir' / 'train') in path for path in record['images'])
    assert 0 < len(record['images']) < NUM_IMAGES['train']
    (checkpoint,) = tmp_path.glob('*.pth')
    assert checkpoint.name == 'iter_2.pth'
    assert first_not_finite(load_from_local(str(checkpoint), 'cpu')['state_dict']) is None
