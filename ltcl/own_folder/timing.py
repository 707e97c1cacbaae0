"""How long a training will take on this machine: some images are read and encoded, and the clock is looked at."""

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from torch import nn

from ltcl.errors import UserError
from ltcl.launch.tuning.thawed import is_frozen

from .quietly import quiet

# Images that are timed, of which the first batch only warms up.
BATCH, BATCHES = 8, 3


def _encode(model: Any, images: torch.Tensor) -> torch.Tensor:
    return model.backbone(images)[-1]


class Rate(NamedTuple):
    """What one image costs.

    Args:
        reading: Seconds to read and prepare it, in one process.
        encoding: Seconds in the network.
        workers: Processes that read; 0 where the one that encodes does.
    """

    reading: float
    encoding: float
    workers: int

    @property
    def seconds(self) -> float:
        """Seconds for an image: on a CPU the processes share the cores, beside a GPU they do not wait for it."""
        side_by_side = max(1, min(self.workers, os.cpu_count() or 1))
        if torch.cuda.is_available() and self.workers:
            return max(self.reading / side_by_side, self.encoding)
        return self.reading / side_by_side + self.encoding


def expected_minutes(cfg: Config, training: int, evaluated: int) -> str:
    """What to tell of the time that a training takes.

    Args:
        cfg: The config.
        training: Training images.
        evaluated: Images of a validation.
    """
    with quiet():
        model, images = _build(cfg)
        if is_frozen(cfg):
            return _of_features(model, images)
        step = rate_of(model, images['train'], cfg.train_dataloader.num_workers, is_trained=True)
        test = rate_of(model, images['val'], cfg.val_dataloader.num_workers, is_trained=False)
    epochs = cfg.train_cfg.max_epochs
    num_validations = epochs // cfg.train_cfg.val_interval
    total = epochs * training * step.seconds + num_validations * evaluated * test.seconds
    return f'expected on {machine()}: about {in_words(total)}'


def _build(cfg: Config) -> tuple[Any, dict[str, Any]]:
    """Model, with the weights that it starts from, and images of training and validation."""
    from mmpretrain.registry import DATASETS, MODELS

    from ltcl.checkpoints.schemes import load_checkpoint

    parts = dict(cfg.model, data_preprocessor=cfg.get('data_preprocessor') or cfg.model.get('data_preprocessor'))
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        model = MODELS.build(parts)
        images = {name: DATASETS.build(cfg[f'{name}_dataloader'].dataset) for name in ('train', 'val')}
    if is_frozen(cfg):
        # The key of the cache depends on the weights.
        if cfg.get('load_from'):
            state = load_checkpoint(cfg.load_from)['state_dict']
            encoder = {key: value for key, value in state.items() if key.startswith('backbone.')}
            model.load_state_dict(encoder, strict=False)
        else:
            model.init_weights()
    return model.to('cuda' if torch.cuda.is_available() else 'cpu'), images


def machine() -> str:
    """The machine in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    number = os.cpu_count() or 1
    return f'this machine ({number} CPU core{"s" if number > 1 else ""})'


def in_words(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f'{max(2, round(seconds))} seconds'
    return f'{round(seconds / 60)} minutes' if seconds < 5400 else f'{seconds / 3600:.1f} hours'


def _of_features(model: nn.Module, images: dict[str, Any]) -> str:
    """The time that the features take which are not in the cache."""
    missing = {name: _number_missing(model, dataset) for name, dataset in images.items()}
    number = sum(missing.values())
    if not number:
        return f'expected on {machine()}: seconds, since the features of all images are there from an earlier run'
    rate = rate_of(model, images['val'].dataset, images['val'].num_workers, is_trained=False)
    mirrors = len(images['train'].kept) - 1  # these are encoded, and most are not read again
    total = number * rate.seconds + missing['train'] * mirrors * rate.encoding
    return (
        f'expected on {machine()}: about {in_words(total)} for the features of {number:,} images, once; then the head '
        'in seconds'
    )


def _number_missing(model: Any, dataset: Any) -> int:
    """Images of which features are missing."""
    from ltcl.feature_cache.contents import digests_of_images
    from ltcl.feature_cache.filling import FeatureCache
    from ltcl.feature_cache.identity import digest_of_encoder, digest_of_view
    from ltcl.feature_cache.store import digest

    keys = {key for key in digests_of_images(dataset) if key is not None}
    encoder = digest_of_encoder(model.backbone, model.data_preprocessor)
    cache = FeatureCache(dataset.kept, {view: digest(encoder, digest_of_view(dataset, view)) for view in dataset.kept})
    cache.read(keys)
    return sum(bool(cache.missing(key)) for key in keys)


def rate_of(
    model: Any,
    dataset: Any,
    workers: int,
    is_trained: bool,
    batch: int = BATCH,
    collate: Callable[[list], dict] = default_collate,
    encode: Callable[[Any, torch.Tensor], torch.Tensor] = _encode,
) -> Rate:
    """Read and encode some images of a data set, spread over it.

    Args:
        model: The model.
        dataset: Its images.
        workers: Processes that will read them.
        is_trained: Gradients are computed as well, and all views of an image are encoded.
        batch: Images at a time.
        collate: Joins them.
        encode: What the model makes of images (N, channels, H, W).
    """
    number = min(batch, len(dataset))
    reading, encoding = [], []
    model.train(is_trained)
    for turn in range(BATCHES):
        start = time.perf_counter()
        places = [(turn * number + k) * len(dataset) // (BATCHES * number) for k in range(number)]
        data = collate([dataset[place] for place in places])
        reading.append((time.perf_counter() - start) / number)
        start = time.perf_counter()
        with torch.set_grad_enabled(is_trained):
            inputs = model.data_preprocessor(data, is_trained)['inputs']
            for view in inputs if isinstance(inputs, list) else [inputs]:
                _compute(_encoded(model, view, encode), is_trained)
        encoding.append((time.perf_counter() - start) / number)
    return Rate(min(reading[1:]), min(encoding[1:]), workers)


def _encoded(model: Any, view: torch.Tensor, encode: Callable[[Any, torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """What the model makes of the first images that it sees.

    Raises:
        UserError: It fails, as networks do that take images of one size only.
    """
    try:
        return encode(model, view)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, AssertionError) as error:
        height, width = view.shape[-2:]
        reason = ' '.join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f'the network fails on images of {width}x{height} px ({reason}): give another size with --image-size N, or '
            'another --backbone; LTCL_TRACEBACK=1 shows where'
        ) from error


def _compute(features: torch.Tensor, is_trained: bool) -> None:
    """Take the gradient, and wait for the device."""
    if is_trained and features.requires_grad:
        features.sum().backward()
    if features.is_cuda:
        torch.cuda.synchronize()
