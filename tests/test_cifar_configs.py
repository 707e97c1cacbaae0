"""The published CIFAR-100-LT recipes: what they say, and that they train."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from fake_cifar import write_cifar100
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.registry import DATASETS, MODELS, PARAM_SCHEDULERS

from ltcl.datasets import CIFAR100LT, class_counts_exponential
from ltcl.datasets.samplers import seed_generators
from ltcl.engine import Runner

CONFIGS = Path(__file__).parents[1] / 'configs'
TRAINING_IMAGES = {10: 19573, 50: 12608, 100: 10847}
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
BATCH_SIZE, NUM_STEPS = 8, 2


def load(method: str, imbalance_factor: int = 100) -> Config:
    return Config.fromfile(CONFIGS / method / f'{method}_resnet32_1xb128-400e_cifar100-lt-if{imbalance_factor}.py')


@pytest.fixture(scope='module')
def cifar_files(tmp_path_factory):
    # 100 images of the largest class are the fewest with one of the smallest at an imbalance factor of 100.
    root = tmp_path_factory.mktemp('cifar')
    return root, write_cifar100(root, num_train=100, num_test=2)


@pytest.fixture
def cifar_root(cifar_files, monkeypatch):
    root, attributes = cifar_files
    for name, value in attributes.items():
        monkeypatch.setattr(CIFAR100LT, name, value)
    return root


def shorten(cfg: Config, root: Path, work_dir: Path) -> Config:
    """The same config at a size that trains in a second."""
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=BATCH_SIZE, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(root)
    cfg.train_dataloader.dataset.indices = list(range(0, 100 * NUM_STEPS * BATCH_SIZE, 100))  # of several classes
    cfg.val_dataloader.dataset.indices = BATCH_SIZE
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.model.head.queue_len = 32
    cfg.work_dir = str(work_dir)
    return cfg


@pytest.mark.parametrize('method', ['paco', 'gpaco'])
def test_two_steps_and_a_validation(cifar_root, tmp_path, method):
    runner = Runner.from_cfg(shorten(load(method), cifar_root, tmp_path))
    before = {name: value.clone() for name, value in runner.model.named_parameters()}
    runner.train()

    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == NUM_STEPS
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    queue = runner.model.head.queue
    assert int(queue.pointer) == NUM_STEPS * BATCH_SIZE
    lengths = queue.embeddings[: NUM_STEPS * BATCH_SIZE].norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    # Every part moves: both encoders, projector and classifier.
    moved = {name.split('.')[0] for name, value in runner.model.named_parameters() if not value.equal(before[name])}
    assert moved == {'backbone', 'projector', 'head'} | ({'momentum_encoder'} if method == 'paco' else set())
    scalars = runner.message_hub.log_scalars
    assert {'val/shot/all', 'val/accuracy/top1', 'val/accuracy/top5'} <= scalars.keys()
    assert runner.model.head.known_class_counts().sum() == NUM_STEPS * BATCH_SIZE


@pytest.mark.parametrize(('imbalance_factor', 'num_images'), TRAINING_IMAGES.items())
@pytest.mark.parametrize('method', ['paco', 'gpaco'])
def test_factors_differ_in_the_data_only(cifar_root, method, imbalance_factor, num_images):
    cfg, full = load(method, imbalance_factor), load(method)
    dataset_cfg = cfg.train_dataloader.dataset
    assert class_counts_exponential(500, 100, dataset_cfg.imbalance_factor).sum() == num_images
    counts = np.bincount(DATASETS.build({**dataset_cfg, 'data_root': str(cifar_root)}).get_gt_labels())
    np.testing.assert_array_equal(counts, class_counts_exponential(100, 100, imbalance_factor))
    dataset_cfg.imbalance_factor = 100
    assert cfg.to_dict() == full.to_dict()


@pytest.mark.parametrize('method', ['paco', 'gpaco'])
def test_published_numbers(method):
    cfg = load(method)
    model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})
    head = model.head
    assert (head.loss_args['alpha'], head.loss_args['temperature'], head.with_prior) == (0.01, 0.05, True)
    assert tuple(head.loss_args[name] for name in ('beta', 'gamma', 'supt', 'smoothing')) == (1, 1, 1, 0)
    assert tuple(head.queue.embeddings.shape) == (1024, 32)
    norms = head.queue.embeddings.norm(dim=0)
    torch.testing.assert_close(norms, torch.ones_like(norms))
    layers = [type(layer).__name__ for layer in model.projector.layers]
    expected = {
        'paco': ['Linear', 'BatchNorm1d', 'ReLU', 'Linear'],
        'gpaco': ['Linear', 'ReLU', 'Linear', 'ReLU', 'Linear'],
    }
    assert layers == expected[method]
    assert hasattr(model, 'momentum_encoder') == (method == 'paco')
    # Convolutions 432 + 10 * 2304 + (4608 + 9 * 9216) + (18432 + 9 * 36864), norms 2 * (16 * 11 + 32 * 10 + 64 * 10).
    assert sum(parameter.numel() for parameter in model.backbone.parameters()) == 463_504

    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4)
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (128, True, 400)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.optim_wrapper.optimizer.lr)
    scheduler = PARAM_SCHEDULERS.build({**cfg.param_scheduler, 'optimizer': optimizer})
    rates = []
    for _ in range(cfg.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose([rates[e] for e in (0, 9, 10, 11)], [0.005, 0.05, 0.055, 0.05])
    np.testing.assert_allclose([rates[e] for e in (320, 321, 360, 361, 399)], [0.05, 0.005, 0.005, 0.0005, 0.0005])


@pytest.mark.parametrize('method', ['paco', 'gpaco'])
def test_first_view_is_regular_and_second_is_simple(method):
    pipeline = Compose(load(method).train_dataloader.dataset.pipeline)
    white = np.full((32, 32, 3), 255, np.uint8)
    for seed in range(20):
        seed_generators(seed)
        first, second = pipeline(dict(img=white, gt_label=0))['inputs']
        assert first.shape == second.shape == (3, 32, 32)
        assert first.dtype == second.dtype == torch.uint8
        # Only the first view has a hole; jitter leaves at least 0.6 * 0.6 of white.
        assert (first == 0).all(0).sum() >= 64
        assert second.min() > 80
    assert white.min() == 255  # views are copies


def test_colours_keep_their_order_from_file_to_network(cifar_root):
    """The file holds red, green and blue planes in this order; mean and deviation are in the same order."""
    cfg = load('paco')
    dataset_cfg = {**cfg.test_dataloader.dataset, 'data_root': str(cifar_root)}
    entry = pickle.loads((cifar_root / 'cifar-100-python' / 'test').read_bytes())
    planes = torch.from_numpy(entry['data'][:1].reshape(1, 3, 32, 32))
    expected = (planes / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)

    batch = default_collate([DATASETS.build(dataset_cfg)[0]])
    assert batch['data_samples'][0].gt_label.item() == entry['fine_labels'][0]
    preprocessor = MODELS.build(cfg.data_preprocessor)
    torch.testing.assert_close(preprocessor(batch)['inputs'], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize('method', ['paco', 'gpaco'])
def test_views_keep_the_order_of_colours(method):
    pipeline = Compose(load(method).train_dataloader.dataset.pipeline)
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    views = []
    for seed in range(50):
        seed_generators(seed)
        views.append(torch.stack(pipeline(dict(img=red, gt_label=0))['inputs']))
    first, second = torch.stack(views).float().mean(dim=(0, 3, 4))
    # Inversion, equalisation and grey views touch all channels alike; a swap would exchange first and last.
    for channels in (first, second):
        assert channels[0] > 2 * channels[1:].max()
