"""Predicted label maps beside the truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from PIL import Image

from ltcl.analysis.prediction_figure import Prediction, prediction_figure
from ltcl.analysis.run_report import images_of
from ltcl.analysis.tested_files import prefix_of_test
from ltcl.datasets.transforms.upright import upright_rgb
from ltcl.files import atomic_file
from ltcl.registry import HOOKS

from ..run_logs import warn_only
from .run_report_hook import tested_images


@HOOKS.register_module()
class PredictionPicturesHook(Hook):
    """Leaves ``predictions.png`` in the work dir: some images, their true and their predicted label maps, side by side.

    The first images of the last validation, after a training; of a test, as ``test_predictions.png``, or of another
    set under the name of that.

    Args:
        num_images: Number of images, at least 1.
        filename: Name of the picture.
    """

    def __init__(self, num_images: int = 6, filename: str = 'predictions.png') -> None:
        self.num_images = num_images
        self.filename = filename
        self._samples: list[BaseDataElement] = []

    def before_val_epoch(self, runner: Runner) -> None:
        """Forget the validation before."""
        self._samples = []

    before_test_epoch = before_val_epoch

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Sequence[BaseDataElement] | None = None
    ) -> None:
        """Keep what the first images gave."""
        left = self.num_images - len(self._samples)
        if is_main_process() and left > 0:
            self._samples += [sample.cpu() for sample in (outputs or ())[:left]]

    after_test_iter = after_val_iter

    def after_train(self, runner: Runner) -> None:
        """Draw what the last validation gave."""
        self._draw(runner, runner.val_loop, self.filename, 'val')

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw what the test gave."""
        tested = tested_images(runner)
        self._draw(runner, runner.test_loop, f'{prefix_of_test(tested)}{self.filename}', tested)

    def _draw(self, runner: Runner, loop: Any, filename: str, split: str) -> None:
        if not self._samples:
            return
        meta = loop.dataloader.dataset.metainfo
        path = Path(runner.work_dir, filename)
        with warn_only(runner, f'{path} could not be drawn'):
            predictions = [_prediction(each) for each in self._samples]
            images = f'The first {len(predictions)} of {len(loop.dataloader.dataset):,} {images_of(split)}'
            figure = prediction_figure(predictions, meta['classes'], meta['palette'], images)
            with atomic_file(path) as file:
                figure.savefig(file, format='png', dpi=120)
            runner.logger.info(f'Predictions beside the truth: {path}')


def _prediction(sample: BaseDataElement) -> Prediction:
    with Image.open(sample.img_path) as image:
        picture = np.asarray(upright_rgb(image))  # as the network sees it
    truth, predicted = (field.data.squeeze(0).numpy() for field in (sample.gt_sem_seg, sample.pred_sem_seg))
    return Prediction(picture, truth, predicted)
