"""A trained model that reads images as its test does: what all kinds of them have in common."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.registry import DefaultScope

from ltcl.calibration import Calibration
from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import Mixes, Prior
from ltcl.value_ranges import AT_LEAST_ONE, COUNT, SHARE

from .images import Image, Source
from .reading import Loaded, Reader, collate_with, load
from .runs import SEGMENTATION, SavedRun, build_model

if TYPE_CHECKING:
    from ltcl.export import Exported

Listener = Callable[[int, int], None]
"""Called with the number of images that were just done, and with the number of all."""

OPTIONS = dict(top=AT_LEAST_ONE, reject=SHARE, batch_size=AT_LEAST_ONE, num_workers=COUNT)
OF_THE_TEST = ('batch_size', 'num_workers')
"""Those that may be None."""


def check_options(**given: object) -> None:
    """Refuse numbers that an option of ``predict`` or ``embed`` cannot have.

    Args:
        given: Numbers by name, also those of NumPy.

    Raises:
        UserError: Names the first one with its range.
    """
    for name, value in given.items():
        number = value.item() if isinstance(value, np.generic) else value
        is_default = number is None and name in OF_THE_TEST
        if not is_default and number not in OPTIONS[name]:
            raise UserError(f'{name}={number!r} must be {OPTIONS[name]}')


class ImageModel:
    """A trained model and the reader of its images.

    Args:
        run: What :func:`~ltcl.inference.runs.read_run` returns.
        device: Where it computes; None is the first GPU, if there is one.
        left_out: Steps of the test pipeline that images alone do not need, by type.

    Raises:
        UserError: The run has not been read, such as a path.
    """

    mixes: Mixes
    calibration: Calibration | None = None
    """What ``ltcl calibrate`` stored; None where there is none."""

    def __init__(
        self, run: SavedRun, device: str | int | torch.device | None = None, left_out: frozenset[str] = frozenset()
    ) -> None:
        if not isinstance(run, SavedRun):
            name = type(self).__name__
            raise UserError(f'{name}({run!r}): a run is read by {name}.load({str(run)!r})')
        self.run = run
        self.classes = run.classes
        """Names of the classes, in the order of the labels."""
        self.model = build_model(run, device)
        loader = run.test_dataloader
        steps = [step for step in loader['dataset']['pipeline'] if step['type'] not in left_out]
        with DefaultScope.overwrite_default_scope(run.scope):
            means = getattr(self.model.data_preprocessor, 'mean', None)
            is_grey = means is not None and len(means) == 1
            self.reader = Reader(steps, is_grey, checks_ends=run.scope == SEGMENTATION)
            self._collate = collate_with(loader.get('collate_fn'))
        self.batch_size, self.num_workers = loader.get('batch_size', 1), loader.get('num_workers', 0)

    def probabilities(
        self, images: Iterable[Image], prior: Prior = None
    ) -> Iterator[tuple[np.ndarray | None, str | None]]:
        """Probabilities of the classes in each image, in their order, or why it cannot be read.

        Args:
            images: As in ``predict``.
            prior: As in ``predict``.

        Yields:
            float, shape (num_classes,), of a segmentation (num_classes, H, W), or None; and the reason, or None.
        """
        raise NotImplementedError

    def export(
        self,
        path: str | Path,
        format: str | None = None,
        *,
        prior: Prior = None,
        opset: int | None = None,
        check_images: Image | Sequence[Image] | None = None,
    ) -> 'Exported':
        """Write the model as a file that answers alike without this package: see :func:`ltcl.export.export_model`."""
        from ltcl.export import export_model  # which uses this package

        return export_model(self, path, format, prior=prior, opset=opset, check_images=check_images)

    def _loaded(
        self, sources: list[Source], batch_size: int | None, num_workers: int | None, listener: Listener | None
    ) -> Iterator[Loaded]:
        """The images, batch after batch."""
        size = self.batch_size if batch_size is None else int(batch_size)  # torch takes none of NumPy
        most = max(0, min(self.num_workers, os.cpu_count() or 1, -(-len(sources) // size) - 1))
        if multiprocessing.current_process().daemon:  # a worker of a pool may not start any
            most = 0
        workers = most if num_workers is None else int(num_workers)
        for loaded in load(sources, self.reader, self._collate, size, workers):
            yield loaded
            if listener is not None:
                listener(sum(len(batch.indices) for batch in loaded.batches) + len(loaded.unreadable), len(sources))
