"""Every config builds at full size. That all of them train is tested in test_recipes/test_every_config.py."""

import re
from pathlib import Path

import mmengine
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS
from torch import nn

CONFIGS = Path(__file__).parents[1] / 'configs'
METHOD_CONFIGS = sorted(path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_')
# The name of a config that is trained tells its epochs. Those for own images, which cannot be built without them, are
# built in test_tools/test_own_images.py.
TRAINED = [path for path in METHOD_CONFIGS if re.search(r'-\d+e_', path.stem) and path.parent.name != 'custom']


def names(paths):
    return [path.stem for path in paths]


def count_views(step):
    """Views that a step of a pipeline makes of each image; 0 of a step that makes none."""
    if step['type'] == 'ltcl.Views':
        return len(step['blocks'])
    return int(torch.as_tensor(step['num_views']).sum()) if step['type'] == 'MultiView' else 0


@pytest.fixture
def undrawn_weights(monkeypatch):
    """Weights as they lie in memory: drawing those of the largest networks takes seconds each."""
    for layer in (nn.Linear, nn.Conv2d):
        monkeypatch.setattr(layer, 'reset_parameters', lambda self: None)


@pytest.mark.parametrize('path', TRAINED, ids=names(TRAINED))
@pytest.mark.usefixtures('undrawn_weights')
def test_config_builds(path):
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    dataset = DATASETS.build({**cfg.train_dataloader.dataset, 'lazy_init': True})
    assert model.head.num_classes == len(dataset.metainfo['classes'])
    (num_views,) = [count_views(step) for step in cfg.train_dataloader.dataset.pipeline if count_views(step)] or [1]
    assert num_views == len(getattr(model, 'online_views', (0,)) + getattr(model, 'key_views', ()))
    hooks = [hook['type'] for hook in cfg.custom_hooks]
    assert ('ltcl.MomentumUpdateHook' in hooks) == hasattr(model, 'momentum_encoder')
    assert cfg.param_scheduler


SECOND_STAGES = sorted((*CONFIGS.glob('stage2/*.py'), *CONFIGS.glob('mislas/mislas_*.py')))


@pytest.mark.parametrize('path', SECOND_STAGES, ids=names(SECOND_STAGES))
@pytest.mark.usefixtures('undrawn_weights')
def test_second_stage_fits_its_first(path):
    cfg = Config.fromfile(path)
    stage1 = Config.fromfile(CONFIGS.parent / cfg.stage1_config)
    encoders = [MODELS.build(each.model).backbone.state_dict() for each in (cfg, stage1)]
    shapes = [{name: value.shape for name, value in encoder.items()} for encoder in encoders]
    assert shapes[0] == shapes[1]
    assert cfg.test_dataloader == stage1.test_dataloader
    if cfg.train_cfg is None:
        assert (cfg.train_dataloader, cfg.optim_wrapper) == (None, None)
        return
    last = f'epoch_{stage1.train_cfg.max_epochs}.pth'
    assert cfg.load_from == f'work_dirs/{Path(cfg.stage1_config).stem}/{last}'
    # As published, an epoch has as many samples as there are images.
    images, of_stage1 = ({**each.train_dataloader.dataset, 'pipeline': None} for each in (cfg, stage1))
    assert images == of_stage1
    assert 'num_samples' not in cfg.train_dataloader.sampler


def test_metafiles_name_files_that_exist():
    root = CONFIGS.parent
    metafiles = [root / path for path in mmengine.load(root / 'model-index.yml')['Import']]
    assert {path.parent for path in metafiles} == {path.parent for path in CONFIGS.rglob('metafile.yml')}
    for metafile in map(mmengine.load, metafiles):
        assert all((root / collection['README']).is_file() for collection in metafile['Collections'])
        for model in metafile['Models']:
            assert (root / model['Config']).stem == model['Name']
            assert (root / model['Config']).is_file()
            assert all(result['Metrics'] for result in model['Results'])
