"""Every config for CIFAR-100-LT trains; the imbalance factors of a recipe differ in the data only."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from cifar_recipes import TRAINING_IMAGES, build_model, find_configs, hook_of, load
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.hooks import Hook
from mmengine.registry import DATASETS, MODELS
from toy import row_of

from ltcl.datasets import class_counts_exponential
from ltcl.engine import Runner
from ltcl.models import ClasswiseQueue, FeatureQueue

CONFIGS = find_configs('*cifar100-lt-if100')
# Second stages name their first one; MiSLAS smooths each factor differently, as published.
ALL_FACTORS = [path for path in find_configs('*cifar100-lt-if*') if path.parent.name not in ('stage2', 'mislas')]
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
BATCH_SIZE, NUM_IMAGES = 8, 20  # two whole batches and one of four


def shorten(cfg: Config, root: Path, work_dir: Path) -> Config:
    """The same config at a size that trains in a second."""
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=BATCH_SIZE, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = str(root)
    cfg.train_dataloader.dataset.indices = list(range(0, 100 * NUM_IMAGES, 100))  # of several classes
    cfg.val_dataloader.dataset.indices = BATCH_SIZE
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    if 'queue_len' in cfg.model.head:
        cfg.model.head.queue_len = 32
    cfg.default_hooks.run_report = None
    cfg.work_dir = str(work_dir)
    return cfg


def save_stage1(cfg: Config, folder: Path) -> str:
    """A checkpoint of the first stage that a config names, without training."""
    model = build_model(Config.fromfile(cfg.stage1_config))
    model.init_weights()
    path = folder / 'stage1.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)


class Start(Hook):
    """Keeps the model's state as the training starts with it, a checkpoint loaded."""

    def before_train(self, runner: Runner) -> None:
        self.state = {name: value.clone() for name, value in runner.model.state_dict().items()}


def find_queues(head: torch.nn.Module) -> dict[str, torch.nn.Module]:
    return {name: part for name, part in head.named_modules() if isinstance(part, (FeatureQueue, ClasswiseQueue))}


def check_queue(queue: torch.nn.Module, before: torch.Tensor, num_rows: int) -> None:
    """The rows of the batches are in the queue, at unit length; some may have pushed out others of their class."""
    overwritten = (queue.embeddings != before).any(-1)
    lengths = queue.embeddings[overwritten].norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
    if isinstance(queue, FeatureQueue):
        assert int(queue.pointer) == overwritten.sum() == overwritten[:num_rows].sum() == num_rows
    else:
        assert 0 < overwritten.sum() <= num_rows


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_an_epoch_and_a_validation(cifar_root, tmp_path, path):
    cfg = shorten(Config.fromfile(path), cifar_root, tmp_path)
    if 'stage1_config' in cfg:
        cfg.load_from = save_stage1(cfg, tmp_path)
    runner = Runner.from_cfg(cfg)
    model = runner.model
    start = Start()
    runner.register_hook(start)
    runner.train()

    drop_last = cfg.train_dataloader.drop_last
    num_steps = NUM_IMAGES // BATCH_SIZE if drop_last else math.ceil(NUM_IMAGES / BATCH_SIZE)
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == runner.iter == num_steps
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    # All that is trained moves, and the momentum encoder; a frozen encoder keeps the weights of stage 1.
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    moved = {name for name, value in model.named_parameters() if not value.equal(start.state[name])}
    assert trained <= moved
    row = row_of(cfg.model)
    assert {name.split('.')[0] for name in moved} == ({'head'} if 'stage1_config' in cfg else row.trained_parts)
    queues = find_queues(model.head)
    assert queues.keys() == set(row.queues)
    for name, queue in queues.items():
        rows_before = start.state[f'head.{name}.embeddings']
        check_queue(queue, rows_before, num_steps * BATCH_SIZE if drop_last else NUM_IMAGES)
    if hasattr(model.head, 'known_class_counts'):
        assert model.head.known_class_counts().sum() == NUM_IMAGES
    is_classifier = hook_of(cfg, 'FeatureBankHook') is None
    figures = {'val/shot/all', 'val/accuracy/top1', 'val/accuracy/top5'} if is_classifier else {'val/knn/all'}
    assert figures <= runner.message_hub.log_scalars.keys()


@pytest.mark.parametrize('path', ALL_FACTORS, ids=lambda path: path.stem)
def test_factors_differ_in_the_data_only(cifar_root, path):
    recipe, _, imbalance_factor = path.stem.rpartition('-if')
    imbalance_factor = int(imbalance_factor)
    cfg, full = Config.fromfile(path), Config.fromfile(path.with_stem(f'{recipe}-if100'))
    dataset_cfg = cfg.train_dataloader.dataset
    num_images = class_counts_exponential(500, 100, dataset_cfg.imbalance_factor).sum()
    assert (dataset_cfg.imbalance_factor, num_images) == (imbalance_factor, TRAINING_IMAGES[imbalance_factor])
    counts = np.bincount(DATASETS.build({**dataset_cfg, 'data_root': str(cifar_root)}).get_gt_labels())
    np.testing.assert_array_equal(counts, class_counts_exponential(100, 100, imbalance_factor))

    dataset_cfg.imbalance_factor = 100
    assert cfg.to_dict() == full.to_dict()


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
