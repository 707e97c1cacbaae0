"""The CIFAR-100-LT recipes of ResCo and ResCom: what they say, and that they train."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import MODELS, PARAM_SCHEDULERS
from test_cifar_configs import BATCH_SIZE, NUM_STEPS, TRAINING_IMAGES, cifar_files, cifar_root, shorten

from ltcl.datasets import class_counts_exponential
from ltcl.datasets.samplers import seed_generators
from ltcl.engine import Runner

FOLDER = Path(__file__).parents[1] / 'configs' / 'resco'
FIXTURES = cifar_files, cifar_root  # pytest finds them here under their names
METHODS = pytest.mark.parametrize('method', ['resco', 'rescom'])


def load(method: str, imbalance_factor: int = 100) -> Config:
    return Config.fromfile(FOLDER / f'{method}_resnet32_1xb128-400e_cifar100-lt-if{imbalance_factor}.py')


def learning_rates(cfg: Config) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=cfg.optim_wrapper.optimizer.lr)
    scheduler = PARAM_SCHEDULERS.build({**cfg.param_scheduler, 'optimizer': optimizer})
    rates = []
    for _ in range(cfg.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return rates


@METHODS
def test_two_steps_and_a_validation(request, tmp_path, method):
    cfg = shorten(load(method), request.getfixturevalue('cifar_root'), tmp_path)
    del cfg.model.head.queue_len  # of the queues without classes
    runner = Runner.from_cfg(cfg)
    before = {name: value.clone() for name, value in runner.model.named_parameters()}
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == NUM_STEPS
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    moved = {name.split('.')[0] for name, value in runner.model.named_parameters() if not value.equal(before[name])}
    assert moved == {'backbone', 'projector', 'head'}
    queue = runner.model.head.positive_queue if method == 'resco' else runner.model.head.class_queue
    assert 0 < int(queue.pointer.sum()) <= NUM_STEPS * BATCH_SIZE
    torch.testing.assert_close(queue.embeddings.norm(dim=2), torch.ones(100, queue.slots_per_class))
    assert {'val/shot/all', 'val/accuracy/top1', 'val/accuracy/top5'} <= runner.message_hub.log_scalars.keys()


@pytest.mark.parametrize(('imbalance_factor', 'num_images'), TRAINING_IMAGES.items())
@METHODS
def test_factors_differ_in_the_data_only(method, imbalance_factor, num_images):
    cfg = load(method, imbalance_factor)
    dataset_cfg = cfg.train_dataloader.dataset
    assert class_counts_exponential(500, 100, dataset_cfg.imbalance_factor).sum() == num_images
    dataset_cfg.imbalance_factor = 100
    assert cfg.to_dict() == load(method).to_dict()


@METHODS
def test_numbers_of_the_recipe(method):
    cfg = load(method)
    model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})
    head = model.head
    is_resco = method == 'resco'
    assert (head.temperature, head.con_weight, head.contrast_prior, head.queue_init) == (0.2, 0.5, 0, 'published')
    assert head.effective_number_beta == (0.99 if is_resco else 0.999999)
    if is_resco:
        assert (head.positive_queue.slots_per_class, head.negative_queue.slots_per_class) == (4, 1)
    else:
        assert head.class_queue.embeddings.shape == (100, 10, 32)
        assert head.num_hard == dict(num_positives=1, num_negatives=400)
    assert model.joint_forward != is_resco
    # The whole of the published network: ResNet-32, a projector 64-64-32 with a norm, and 100 classes.
    assert sum(parameter.numel() for parameter in model.parameters()) == 476_372
    assert [type(layer).__name__ for layer in model.projector.layers] == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    assert 'type' not in cfg.optim_wrapper  # float32
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4)
    loader = cfg.train_dataloader
    assert (loader.batch_size, loader.drop_last, cfg.train_cfg.max_epochs) == (128, True, 400)
    # Epochs from 1, as the recipe counts them.
    expected = {1: 0.01, 9: 0.09, 10: 0.1, 11: 0.1, 320: 0.1, 321: 0.01, 360: 0.01, 361: 0.001, 400: 0.001}
    rates = learning_rates(cfg)
    np.testing.assert_allclose([rates[epoch - 1] for epoch in expected], list(expected.values()))


@METHODS
def test_options_of_the_readme_keep_the_rate_constant(method):
    cfg = load(method)
    cfg.merge_from_dict({'param_scheduler.warmup_epochs': 0, 'param_scheduler.milestones': []})
    assert set(learning_rates(cfg)) == {0.1}


@METHODS
def test_both_views_are_regular(method):
    pipeline = Compose(load(method).train_dataloader.dataset.pipeline)
    white = np.full((32, 32, 3), 255, np.uint8)
    for seed in range(10):
        seed_generators(seed)
        views = pipeline(dict(img=white, gt_label=0))['inputs']
        assert [(view == 0).all(0).sum() >= 64 for view in views] == [True, True]  # each has a hole
        assert not torch.equal(*views)
