"""A training step with a number that is not finite: what is said of it."""

import contextlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor, nn

from ltcl.datasets.cached_features import find_cached
from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from .finite import first_not_finite, is_finite

FILE = 'not_finite.json'
SHOWN = 3
INPUTS = 'data_preprocessor'
SPREAD = 'unknown, as clip_grad divides the gradients of all by a norm that is not finite'
# What is noticed, the most telling first.
KINDS = {'loss': 'the loss of', 'gradient': 'the gradient of', 'weight': 'a weight or buffer after'}


class NotFiniteError(UserError):
    """A training must not go on, or a checkpoint must not be written: a number is not finite."""


@dataclass(frozen=True)
class BadStep:
    """What is known of it.

    Args:
        iteration: Number of the iteration, from 1 as in the log.
        what: One of ``KINDS``.
        losses: Terms of the loss by name.
        layer: Name of the first bad layer or tensor.
        images: Path of each image of the batch.
    """

    iteration: int
    what: str
    losses: dict[str, float]
    layer: str
    images: list[str]

    def __str__(self) -> str:
        """One line without an end."""
        bad = {name: value for name, value in self.losses.items() if not math.isfinite(value)}
        terms = ', '.join(f'{name} = {value:.4g}' for name, value in (bad or self.losses).items())
        layer = f'first bad layer: {self.layer}' + (', check its mean and std' if self.layer == INPUTS else '')
        images = f'images: {shorten(self.images, SHOWN)}' if self.images else ''
        parts = (f'{KINDS[self.what]} iteration {self.iteration} is not finite', terms, layer, images)
        return '; '.join(filter(None, parts))

    def write(self, folder: str) -> None:
        """Write all of it, every image among it, if the folder can be written to."""
        with contextlib.suppress(OSError):
            Path(folder, FILE).write_text(json.dumps(asdict(self), indent=2) + '\n')


def loss_terms(outputs: Mapping[str, Tensor]) -> dict[str, float]:
    """The terms that are summed up for the gradient, by name; the sum itself where it is the only one."""
    terms = {name: value.item() for name, value in outputs.items() if 'loss' in name}
    return {name: value for name, value in terms.items() if name != 'loss'} or terms


def image_names(data_batch: Mapping | Sequence, dataset: object = None) -> list[str]:
    """Path of each image of a collated batch, its number in the data set where it has no path.

    Args:
        data_batch: The batch.
        dataset: Where it comes from: one with features in the place of images knows those of each image.
    """
    if not isinstance(data_batch, Mapping):
        return []
    cached = find_cached(dataset)
    if cached is not None:
        return cached.paths_of(data_batch['inputs'])
    samples = data_batch.get('data_samples', ())
    return [str(sample.get('img_path') or f'number {sample.get("sample_idx")}') for sample in samples]


def find_origin(
    model: nn.Module,
    inputs: object,
    gradients: Mapping[str, Tensor],
    allowed: Collection[str],
    loss_is_bad: bool,
    is_clipped: bool = False,
) -> str:
    """Where the bad numbers came from, as far as it can be told after the update has spread them.

    A forward pass leaves them in the running statistics (and queues) of each layer behind the first bad one, and the
    update of the weights does not touch these. A backward pass leaves the gradients between loss and first bad layer
    sound.

    Args:
        model: The model after the step.
        inputs: Preprocessed images of the batch.
        gradients: Gradient of each trained parameter.
        allowed: Buffers that are not finite by design.
        loss_is_bad: Whether the forward pass was bad already.
        is_clipped: Whether the gradients were divided by their common norm.

    Returns:
        Name of a layer, ``'data_preprocessor'`` for bad images, or where to look if no layer tells.
    """
    if first_not_finite(inputs) is not None:
        return INPUTS
    if not loss_is_bad:
        bad = [name for name, gradient in _in_order(gradients).items() if not is_finite(gradient)]
        return SPREAD if is_clipped and len(bad) == len(gradients) else bad[-1]
    if name := first_not_finite(_in_order(dict(model.named_buffers())), allowed):
        return name.rpartition('.')[0]
    return 'none that keeps running statistics, so look at head and loss'


def _in_order(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As the images pass them: a head comes last, whenever it was built."""
    return dict(sorted(tensors.items(), key=lambda item: item[0].partition('.')[0].endswith('head')))
