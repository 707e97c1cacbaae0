"""Every config builds, and every small one trains."""

from pathlib import Path

import mmengine
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS

from ltcl.engine import Runner

CONFIGS = Path(__file__).parents[1] / 'configs'
METHOD_CONFIGS = sorted(path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_')
SMALL = [path for path in METHOD_CONFIGS if path.stem.endswith('fashion-mnist-lt-small')]


def names(paths):
    return [path.stem for path in paths]


@pytest.mark.parametrize('path', METHOD_CONFIGS, ids=names(METHOD_CONFIGS))
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


@pytest.mark.parametrize('path', SMALL, ids=names(SMALL))
def test_small_config_trains(path, fashion_mnist_root, tmp_path):
    cfg = Config.fromfile(path)
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.batch_size = 16
        loader.dataset.data_root = str(fashion_mnist_root)
    cfg.train_dataloader.dataset.indices = list(range(0, 1236, 38))
    cfg.val_dataloader.dataset.indices = 16
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    for hook in cfg.custom_hooks:
        if hook.type == 'ltcl.FeatureBankHook':
            hook.dataloader.dataset.update(
                data_root=str(fashion_mnist_root), indices=cfg.train_dataloader.dataset.indices
            )
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook.type != 'ltcl.RunReportHook']
    cfg.work_dir = str(tmp_path)
    runner = Runner.from_cfg(cfg)
    trained = getattr(runner.model.head, 'fc', None) or runner.model.projector
    before = [parameter.clone() for parameter in trained.parameters()]
    runner.train()
    assert runner.iter == 2
    after = list(trained.parameters())
    assert all(torch.isfinite(new).all() and not torch.equal(new, old) for new, old in zip(after, before, strict=True))
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
