"""Every config builds, and every small one trains."""

import re
from pathlib import Path

import mmengine
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS

from ltcl.engine import Runner

CONFIGS = Path(__file__).parents[1] / 'configs'
METHOD_CONFIGS = sorted(path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_')
# The name of a config that is trained tells its epochs.
TRAINED = [path for path in METHOD_CONFIGS if re.search(r'-\d+e_', path.stem)]
SMALL = [path for path in TRAINED if path.stem.endswith('fashion-mnist-lt-small')]


def names(paths):
    return [path.stem for path in paths]


@pytest.mark.parametrize('path', TRAINED, ids=names(TRAINED))
def test_config_builds(path):
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    dataset = DATASETS.build({**cfg.train_dataloader.dataset, 'lazy_init': True})
    assert model.head.num_classes == len(dataset.metainfo['classes'])
    multi_views = [step for step in cfg.train_dataloader.dataset.pipeline if step['type'] == 'MultiView']
    num_views = sum(torch.atleast_1d(torch.tensor(multi_views[0]['num_views']))) if multi_views else 1
    assert num_views == len(getattr(model, 'online_views', (0,)) + getattr(model, 'key_views', ()))
    hooks = [hook['type'] for hook in cfg.custom_hooks]
    assert ('ltcl.MomentumUpdateHook' in hooks) == hasattr(model, 'momentum_encoder')
    assert cfg.param_scheduler


SECOND_STAGES = sorted((CONFIGS / 'stage2').glob('*.py'))


@pytest.mark.parametrize('path', SECOND_STAGES, ids=names(SECOND_STAGES))
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


@pytest.mark.parametrize('path', SMALL, ids=names(SMALL))
def test_small_config_trains(path, fashion_mnist_root, tmp_path):
    cfg = Config.fromfile(path)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.batch_size = 16
        loader.dataset.data_root = str(fashion_mnist_root)
    cfg.train_dataloader.dataset.indices = list(range(0, 1236, 38))
    cfg.val_dataloader.dataset.indices = 16
    cfg.load_from = None  # a second stage has no first one here
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook.type != 'ltcl.RunReportHook']
    cfg.work_dir = str(tmp_path)
    runner = Runner.from_cfg(cfg)
    trained = [parameter for parameter in runner.model.head.parameters() if parameter.requires_grad]
    trained = trained or list(runner.model.projector.parameters())
    before = [parameter.clone() for parameter in trained]
    runner.train()
    assert runner.iter == 2
    assert all(
        torch.isfinite(new).all() and not torch.equal(new, old) for new, old in zip(trained, before, strict=True)
    )
    assert runner.message_hub.get_scalar('train/loss').current() > 0
    if hasattr(runner.model.head, 'queue'):
        assert int(runner.model.head.queue.pointer) == 2 * 16


def test_metafiles_name_files_that_exist():
    root = CONFIGS.parent
    metafiles = [root / path for path in mmengine.load(root / 'model-index.yml')['Import']]
    assert {path.parent for path in metafiles} == {path.parent for path in CONFIGS.glob('*/metafile.yml')}
    for metafile in map(mmengine.load, metafiles):
        assert all((root / collection['README']).is_file() for collection in metafile['Collections'])
        for model in metafile['Models']:
            assert (root / model['Config']).stem == model['Name']
            assert (root / model['Config']).is_file()
            assert all(result['Metrics'] for result in model['Results'])
