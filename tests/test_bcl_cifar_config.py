"""The CIFAR-100-LT recipe of BCL: what it says, and that it trains."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from fake_cifar import write_cifar100
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DATASETS, MODELS, PARAM_SCHEDULERS

from ltcl.datasets import CIFAR100LT, class_counts_exponential
from ltcl.datasets.samplers import seed_generators
from ltcl.engine import Runner

FOLDER = Path(__file__).parents[1] / 'configs' / 'bcl'
BATCH_SIZE, NUM_IMAGES = 8, 20  # two whole batches and one of four


def load(imbalance_factor: int = 100) -> Config:
    return Config.fromfile(FOLDER / f'bcl_resnet32_1xb256-200e_cifar100-lt-if{imbalance_factor}.py')


@pytest.fixture(scope='module')
def cifar_files(tmp_path_factory):
    root = tmp_path_factory.mktemp('cifar')
    return root, write_cifar100(root, num_train=100, num_test=2)


@pytest.fixture
def cifar_root(cifar_files, monkeypatch):
    root, attributes = cifar_files
    for name, value in attributes.items():
        monkeypatch.setattr(CIFAR100LT, name, value)
    return root


def test_an_epoch_and_a_validation(cifar_root, tmp_path):
    cfg = load()
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=BATCH_SIZE, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(cifar_root)
    cfg.train_dataloader.dataset.indices = list(range(0, 100 * NUM_IMAGES, 100))  # of several classes
    cfg.val_dataloader.dataset.indices = BATCH_SIZE
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.work_dir = str(tmp_path)
    runner = Runner.from_cfg(cfg)
    before = {name: value.clone() for name, value in runner.model.named_parameters()}
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == math.ceil(NUM_IMAGES / BATCH_SIZE)
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    moved = {name for name, value in runner.model.named_parameters() if not value.equal(before[name])}
    assert {'head.fc.weight', 'head.prototype_projector.layers.0.weight', 'projector.layers.0.weight'} <= moved
    assert any(name.startswith('backbone') for name in moved)
    assert {'val/shot/all', 'val/accuracy/top1', 'val/accuracy/top5'} <= runner.message_hub.log_scalars.keys()


@pytest.mark.parametrize(('imbalance_factor', 'num_images'), {10: 19573, 50: 12608, 100: 10847}.items())
def test_factors_differ_in_the_data_only(cifar_root, imbalance_factor, num_images):
    cfg, full = load(imbalance_factor), load()
    dataset_cfg = cfg.train_dataloader.dataset
    assert class_counts_exponential(500, 100, dataset_cfg.imbalance_factor).sum() == num_images
    counts = np.bincount(DATASETS.build({**dataset_cfg, 'data_root': str(cifar_root)}).get_gt_labels())
    np.testing.assert_array_equal(counts, class_counts_exponential(100, 100, imbalance_factor))
    dataset_cfg.imbalance_factor = 100
    assert cfg.to_dict() == full.to_dict()


def test_numbers_of_the_recipe():
    cfg = load()
    model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})
    head = model.head
    assert (head.alpha, head.beta, head.temperature, head.tau, head.fc.scale) == (2.0, 0.6, 0.1, 1.0, 30.0)
    for mlp in (model.projector, head.prototype_projector):
        first, norm, _, last = mlp.layers
        assert (tuple(first.weight.shape), norm.num_features, tuple(last.weight.shape)) == ((512, 64), 512, (128, 512))
    assert cfg.model.joint_forward
    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.15, momentum=0.9, weight_decay=5e-4)
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (256, False, 200)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.optim_wrapper.optimizer.lr)
    scheduler = PARAM_SCHEDULERS.build({**cfg.param_scheduler, 'optimizer': optimizer})
    rates = []
    for _ in range(cfg.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    expected = {0: 0.03, 4: 0.15, 5: 0.15, 159: 0.15, 160: 0.015, 179: 0.015, 180: 0.0015, 199: 0.0015}
    np.testing.assert_allclose([rates[epoch] for epoch in expected], list(expected.values()))


def test_first_view_is_regular_and_the_others_are_simple():
    pipeline = Compose(load().train_dataloader.dataset.pipeline)
    white = np.full((32, 32, 3), 255, np.uint8)
    for seed in range(10):
        seed_generators(seed)
        first, *others = pipeline(dict(img=white, gt_label=0))['inputs']
        # Only the first view has a hole; jitter leaves at least 0.6 * 0.6 of white.
        assert (first == 0).all(0).sum() >= 64
        assert [view.min() > 80 for view in others] == [True, True]
