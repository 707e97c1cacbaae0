"""What the tests of the CIFAR-100-LT recipes share: the configs, their models, rates and views."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rates
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import MODELS, PARAM_SCHEDULERS
from torch import Tensor, nn

from ltcl.datasets.samplers import seed_generators
from ltcl.launch.hook_names import hooks_of

CONFIGS = Path(__file__).parents[1] / 'configs'
TRAINING_IMAGES = {10: 19573, 50: 12608, 100: 10847}


def find_configs(pattern: str) -> list[Path]:
    """Configs whose names match, in all folders of methods; those of finetune start from weights (test_lift.py)."""
    return sorted(path for path in CONFIGS.glob(f'*/{pattern}.py') if path.parent.name not in ('_base_', 'finetune'))


def load(method: str, schedule: str = '*', data_set: str = 'cifar100-lt-if100') -> Config:
    """The one config of a method that matches, by the name its file begins with."""
    (path,) = find_configs(f'{method}_resnet32_{schedule}_{data_set}')
    return Config.fromfile(path)


def build_model(cfg: Config) -> nn.Module:
    """The model as the runner builds it."""
    return MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})


def hook_of(cfg: Config, name: str) -> dict | None:
    """Config of a hook, None where it is not in the config."""
    return next((hook for _, hook in hooks_of(cfg) if hook['type'] == f'ltcl.{name}'), None)


def learning_rates(cfg: Config, epoch_length: int = 1) -> list[float]:
    """The rate of each epoch, or of each iteration if ``epoch_length`` is the number of iterations of an epoch."""
    optimizer = rates.sgd(cfg.optim_wrapper.optimizer.lr)
    args = dict(optimizer=optimizer, epoch_length=epoch_length)
    schedulers = [PARAM_SCHEDULERS.build(scheduler, default_args=args) for scheduler in schedulers_of(cfg)]
    return rates.learning_rates(optimizer, schedulers, cfg.train_cfg.max_epochs * epoch_length)


def schedulers_of(cfg: Config) -> list[dict]:
    """The configs of the schedulers, one or several."""
    return cfg.param_scheduler if isinstance(cfg.param_scheduler, list) else [cfg.param_scheduler]


def blocks_of(cfg: Config) -> list[str]:
    """Names of the recipes that make the views of a training image."""
    (views,) = (step for step in cfg.train_dataloader.dataset.pipeline if step.type == 'ltcl.Views')
    return views.recipes


def draw_views(cfg: Config, image: np.ndarray, num_draws: int) -> Iterator[list[Tensor]]:
    """The views of an image, drawn again and again."""
    pipeline = Compose(cfg.train_dataloader.dataset.pipeline)
    for seed in range(num_draws):
        seed_generators(seed)
        yield pipeline(dict(img=image, gt_label=0))['inputs']


def white_image() -> np.ndarray:
    """Jitter leaves at least 0.6 * 0.6 of its white, and a hole of Cutout is black."""
    return np.full((32, 32, 3), 255, np.uint8)


def has_hole(view: Tensor) -> bool:
    """Whether Cutout went over a view of white: of its 16x16 pixels, 8x8 are inside the image at least."""
    return bool((view == 0).all(0).sum() >= 64)


def is_bright(view: Tensor) -> bool:
    """Whether a view of white has no hole."""
    return bool(view.min() > 80)
