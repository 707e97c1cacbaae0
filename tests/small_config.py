"""Options that make any config run within seconds: images, widths and numbers of classes, nothing else of a recipe."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from layouts import LOADERS, NUM_CLASSES, TRAIN_COUNTS, WRITERS
from mmengine.config import Config
from mmengine.registry import MODELS

from ltcl.launch.config_values import fill_num_classes

CONFIGS = Path(__file__).parents[1] / 'configs'
SIZE, QUEUE_LEN, NUM_NEIGHBOURS = 32, 48, 3
NUM_IMAGES, BATCH_SIZE = 12, 5
# Distance between the images that are kept of a set that can only be written as a whole, so that several classes stay.
SPACING = {'cifar10-lt': 20, 'cifar100': 180, 'cifar100-lt': 180, 'svhn-lt': 20, 'fashion-mnist-lt': 100}
TINY_VIT = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
STEM, BASE = 8, 8


def find_configs() -> list[Path]:
    """Configs of all methods that are trained: their names tell the epochs. The others only take a checkpoint."""
    paths = sorted(path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_')
    return [path for path in paths if re.search(r'-\d+e_', path.stem)]


def data_set_of(path: Path) -> str:
    """Name of the layout that a config trains on, from the last part of the config's name."""
    last = path.stem.rpartition('_')[2]
    names = [name for name in WRITERS if last.startswith(name)]
    assert names, f'{path.name} does not end with the name of a data set'
    return max(names, key=len)


def pipelines_of(loader: dict) -> Iterator[tuple[str, list]]:
    """Keys and steps of the pipelines of a data set, and of the one that it wraps."""
    key, dataset = 'dataset', loader['dataset']
    while dataset is not None:
        if dataset.get('pipeline'):
            yield f'{key}.pipeline', dataset['pipeline']
        key, dataset = f'{key}.dataset', dataset.get('dataset')


def small_timm_network(backbone: dict) -> Iterator[tuple[str, object]]:
    """The smallest network of timm of the same kind, from random weights."""
    key, encoder = (
        ('model.backbone.encoder', backbone.encoder) if 'encoder' in backbone else ('model.backbone', backbone)
    )
    is_vit = 'vit' in encoder.model_name
    yield f'{key}.model_name', 'test_vit' if is_vit else 'test_efficientnet'
    yield f'{key}.init_cfg', None
    if is_vit:
        yield f'{key}.img_size', SIZE


def small_options(cfg: Config, data_set: str) -> Iterator[tuple[str, object]]:
    """Options beside those of the layout.

    Args:
        cfg: The config.
        data_set: Name of its layout.
    """
    for loader in LOADERS:
        for key, pipeline in pipelines_of(cfg[loader]):
            for position, step in enumerate(pipeline):
                if step.type in ('ltcl.Views', 'ltcl.EvalView'):
                    yield f'{loader}.{key}.{position}.size', SIZE
                if step.type == 'ltcl.EvalView':
                    yield f'{loader}.{key}.{position}.resize', SIZE + 4
    if data_set in SPACING:
        # That of Fashion-MNIST-LT is for `small`, whose largest class has 500 images.
        spacing = SPACING[data_set] * cfg.train_dataloader.dataset.get('num_max', 500) // 500
        yield 'train_dataloader.dataset.indices', list(range(0, NUM_IMAGES * spacing, spacing))
        yield 'val_dataloader.dataset.indices', BATCH_SIZE
    for evaluator in ('val_evaluator', 'test_evaluator'):
        for position, metric in enumerate(cfg[evaluator]):
            if metric.type == 'ltcl.KNNAccuracy':
                yield f'{evaluator}.{position}.k', NUM_NEIGHBOURS
    head, backbone = cfg.model.head, cfg.model.backbone
    if data_set not in NUM_CLASSES:
        yield 'model.head.num_classes', len(TRAIN_COUNTS)
        yield 'data_preprocessor.num_classes', len(TRAIN_COUNTS)  # of labels that mixup mixes
        if 'num_classes' in head.get('loss', {}):
            yield 'model.head.loss.num_classes', len(TRAIN_COUNTS)
    if 'timm' in str(backbone):
        yield from small_timm_network(backbone)
    elif backbone.type == 'VisionTransformer':
        yield from (('model.backbone.arch', dict(_delete_=True, **TINY_VIT)), ('model.backbone.img_size', SIZE))
        # The published warm-up would keep the rate of the two steps at zero.
        yield from (('optim_wrapper.accumulative_counts', 1), ('param_scheduler.interval', 1))
    elif backbone.type != 'ltcl.CifarResNet':
        yield from (('model.backbone.stem_channels', STEM), ('model.backbone.base_channels', BASE))
    if 'queue_len' in head:
        yield 'model.head.queue_len', QUEUE_LEN
    if head.get('num_hard_negatives') is not None:
        others = head.queue_per_class * (len(TRAIN_COUNTS) - 1)
        yield 'model.head.num_hard_negatives', min(others, head.num_hard_negatives)
    if cfg.optim_wrapper.get('type') == 'AmpOptimWrapper':  # float16 is for CUDA; this is what --amp does
        yield 'optim_wrapper.type', 'ltcl.Bfloat16OptimWrapper'
    yield from (('train_cfg.max_epochs', 1), ('train_cfg.val_interval', 1), ('default_hooks.logger.interval', 1))


def load_small(path: Path, data_layout: Callable[..., dict], work_dir: Path) -> Config:
    """A config that runs two iterations and a validation on generated images."""
    cfg = Config.fromfile(path)
    data_set = data_set_of(path)
    wrapped = {loader: 'dataset.dataset' for loader in LOADERS if 'dataset' in cfg[loader].dataset}
    layout = data_layout(data_set, batch_size=BATCH_SIZE)
    for loader, key in wrapped.items():
        layout[f'{loader}.{key}.data_root'] = layout.pop(f'{loader}.dataset.data_root')
    cfg.merge_from_dict({**layout, **dict(small_options(cfg, data_set))})
    fill_num_classes(cfg)
    cfg.default_hooks.run_report = None
    cfg.work_dir = str(work_dir)
    return cfg


def save_start(cfg: Config, folder: Path) -> str:
    """A checkpoint that a config can start from: all parts at its own widths, of which it takes what it needs."""
    model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})
    path = folder / 'start.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)
