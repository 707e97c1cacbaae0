"""A trained model that answers for images."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope
from torch import Tensor

from ltcl.calibration import Calibration
from ltcl.calibration.record import tempered
from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import ESTIMATE, Mixes, Prior, check_prior
from ltcl.models.class_mix import frequency_power
from ltcl.neutral_text import visible

from .answers import Embeddings, EmbeddingStopped, Prediction, PredictionStopped
from .image_model import ImageModel, Listener, check_options
from .images import Image, Source, find_images
from .reading import Batch
from .runs import SCOPE, SavedRun, calibration_of, classifies, read_run

Names = tuple[str, ...]
Rows = tuple[list[int], Tensor]
"""Positions of some images, and a row for each, shape (N, ...)."""


def until_stopped(rows: Iterable[Rows]) -> tuple[list[Rows], bool]:
    """All rows, or those that there are when Ctrl-C comes, and whether it came."""
    found = []
    try:
        for each in rows:
            found.append(each)
    except KeyboardInterrupt:
        return found, True
    return found, False


class LongTailClassifier(ImageModel):
    """A trained model, used on images.

    Its answers are those of ``ltcl test``, which reads, batches and computes alike. Several images are read by worker
    processes while the model computes.

    Args:
        run: What :func:`~ltcl.inference.runs.read_run` returns; :meth:`load` takes a path.
        device: As in :meth:`load`.
        calibrated: As in :meth:`load`.

    Example::

        from ltcl import LongTailClassifier

        model = LongTailClassifier.load('work_dirs/birds')
        for prediction in model.predict(['a.jpg', 'b.jpg'], top=3, prior='natural'):
            print(prediction.path, prediction.classes, prediction.probabilities)
        features = model.embed('photos/').features
    """

    def __init__(self, run: SavedRun, device: str | int | torch.device | None = None, calibrated: bool = True) -> None:
        super().__init__(run, device)
        sampler = (run.config.get('train_dataloader') or {}).get('sampler')
        with DefaultScope.overwrite_default_scope(SCOPE):
            power = frequency_power(self.model.head, sampler)
        self.calibration = calibration_of(run) if calibrated else None
        """What ``ltcl calibrate`` stored, which all answers use; None where there is none."""
        make = Mixes if self.calibration is None else self.calibration.mixes
        self.mixes = make(self.classes, run.class_counts, power, type(self.model.head).__name__)
        self._is_told = self.calibration is None

    @classmethod
    def load(
        cls,
        run: str | Path,
        device: str | int | torch.device | None = None,
        config: str | Path | None = None,
        calibrated: bool = True,
    ) -> 'LongTailClassifier':
        """The model of a run.

        Args:
            run: A work dir, of which the best checkpoint is taken (the newest, if there is no best), or a checkpoint.
            device: Where it computes, such as ``'cpu'`` or ``'cuda:1'``; None is the first GPU, if there is one.
            config: The config of its training, for a checkpoint that does not carry it.
            calibrated: Whether to answer as ``ltcl calibrate`` stored it in the checkpoint, if it did; that is said
                once, on standard error.

        Raises:
            UserError: There is no checkpoint, it is damaged, carries no config, or is no classifier of images.
        """
        return cls(read_run(run, config), device, calibrated)

    def predict(
        self,
        images: Image | Iterable[Image],
        top: int = 5,
        prior: Prior = None,
        *,
        batch_size: int | None = None,
        num_workers: int | None = None,
        listener: Listener | None = None,
    ) -> list[Prediction]:
        """The likeliest classes of images.

        Args:
            images: Paths, folders, arrays (H, W, 3) of RGB or (H, W) of grey, pictures of Pillow; or one of them.
            top: Classes of each answer.
            prior: Class mix that the images come from: ``'natural'``, that of the training images; ``'balanced'``;
                ``'estimate'``, found from all these images; shares by class; or a CSV file of them, ``class,share``.
                None: the one of the calibration, else that which the head was trained for, as ``ltcl test``.
            batch_size: Images of a batch; None is that of the test.
            num_workers: Processes that read images; None is that of the test, at most one a core and a batch.
            listener: Is told of progress.

        Returns:
            A prediction for each image, in order; of one that cannot be read it says why.

        Raises:
            UserError: A path does not exist, a folder has no image, an option or a prior is not as described, or the
                model has no classifier.
            PredictionStopped: Ctrl-C, which is a ``KeyboardInterrupt``; it has the predictions that were made.
        """
        if not classifies(self.model.head):
            raise UserError(
                f'{type(self.model.head).__name__} of {self.run.path} has no classifier: train one on the encoder '
                '(configs/stage2), or take the features, `ltcl embed`'
            )
        check_options(top=top, batch_size=batch_size, num_workers=num_workers)
        check_prior(prior)
        self._tell()
        sources = find_images(images)
        unreadable: dict[int, str] = {}
        rows: Iterable[Rows] = self._rows(sources, self._logits, unreadable, batch_size, num_workers, listener)
        is_stopped = False
        if prior == ESTIMATE:
            self.mixes.answered()  # refuses before the first image what is refused
            rows, is_stopped = until_stopped(rows)
            shift = self.mixes.shift(prior, torch.cat([logits for _, logits in rows])) if rows else None
        else:
            shift = self.mixes.shift(prior)
        answers: dict[int, tuple[Names, tuple[float, ...]]] = {}
        try:
            for indices, logits in rows:
                answers.update(zip(indices, self._answers(logits, shift, top), strict=True))
        except KeyboardInterrupt:
            is_stopped = True
        predictions = [
            Prediction(source.path, *answers.get(index, ((), ())), unreadable.get(index))
            for index, source in enumerate(sources)
            if index in answers or index in unreadable
        ]
        if is_stopped:
            raise PredictionStopped(predictions, len(sources))
        return predictions

    def probabilities(
        self, images: Iterable[Image], prior: Prior = None
    ) -> Iterator[tuple[np.ndarray | None, str | None]]:
        """Probabilities of all classes, shape (num_classes,); see :meth:`ImageModel.probabilities`."""
        for each in self.predict(images, len(self.classes), prior, num_workers=0):
            found = dict(zip(each.classes, each.probabilities, strict=True))
            yield np.array([found[name] for name in self.classes]) if found else None, each.error

    def embed(
        self,
        images: Image | Iterable[Image],
        *,
        batch_size: int | None = None,
        num_workers: int | None = None,
        listener: Listener | None = None,
    ) -> Embeddings:
        """Pooled features of images, those that the head classifies; arguments as in :meth:`predict`.

        Raises:
            UserError: A path does not exist, a folder has no image, an option is not as described, or the features are
                no vectors.
            EmbeddingStopped: Ctrl-C, which is a ``KeyboardInterrupt``; it has the features that were computed.
        """
        check_options(batch_size=batch_size, num_workers=num_workers)
        sources = find_images(images)
        unreadable: dict[int, str] = {}
        found = self._rows(sources, self._pooled, unreadable, batch_size, num_workers, listener)
        rows, is_stopped = until_stopped(found)
        indices = [index for batch, _ in rows for index in batch]
        features = torch.cat([each for _, each in rows]).cpu().numpy() if rows else np.zeros((0, 0), np.float32)
        reasons = {sources[index].path or str(index): reason for index, reason in unreadable.items()}
        embeddings = Embeddings(features, [sources[index].path for index in indices], reasons)
        if is_stopped:
            raise EmbeddingStopped(embeddings, len(sources))
        return embeddings

    def class_mix(self, prior: Prior = None) -> dict[str, float]:
        """Shares of the classes in a mix, see :meth:`predict`; ``'estimate'`` needs images and is not known here.

        Raises:
            UserError: The mix is not known.
        """
        check_prior(prior)
        if prior == ESTIMATE:
            raise UserError('estimate is found from images: use predict(prior="estimate")')
        return dict(zip(self.classes, self.mixes.shares(prior).tolist(), strict=True))

    @property
    def temperatures(self) -> Tensor | None:
        """By which logits are divided, by their likeliest class, float64, shape (num_classes,); None: by nothing."""
        if self.calibration is None:
            return None
        return self.calibration.temperature_of(self.run.class_counts, len(self.classes))

    @property
    def thresholds(self) -> dict[str, float]:
        """Least probability of an answer by class, as ``ltcl calibrate --precision`` chose it; for ``label``.

        Raises:
            UserError: None was chosen.
        """
        calibration = self.calibration or Calibration({})
        values = calibration.threshold_of(self.run.class_counts, len(self.classes)).tolist()
        return dict(zip(self.classes, values, strict=True))

    def _logits(self, inputs: Tensor) -> Tensor:
        logits, temperatures = self.model(inputs), self.temperatures
        return logits if temperatures is None else tempered(logits, temperatures)

    def _tell(self) -> None:
        """Say once that a calibration is used."""
        if not self._is_told:
            print(visible(f'{self.run.name} is {self.calibration}'), file=sys.stderr)
            self._is_told = True

    def _answers(self, logits: Tensor, shift: Tensor | None, top: int) -> Iterator[tuple[Names, tuple[float, ...]]]:
        """Names and probabilities of the likeliest classes of each row."""
        logits = logits if shift is None else logits + shift.to(logits)
        scores, labels = F.softmax(logits, dim=1).sort(dim=1, descending=True, stable=True)
        for values, order in zip(scores[:, :top].tolist(), labels[:, :top].tolist(), strict=True):
            yield tuple(self.classes[label] for label in order), tuple(values)

    def _pooled(self, inputs: Tensor) -> Tensor:
        features = self.model.extract_feat(inputs)[-1]
        if features.ndim != 2:
            raise UserError(f'the features have shape {tuple(features.shape)}: the model needs a neck that pools them')
        return features

    def _rows(
        self,
        sources: list[Source],
        encode: Callable[[Tensor], Tensor],
        unreadable: dict[int, str],
        batch_size: int | None,
        num_workers: int | None,
        listener: Listener | None,
    ) -> Iterator[Rows]:
        """What a function makes of the images, batch after batch; what cannot be read is added to ``unreadable``."""
        for loaded in self._loaded(sources, batch_size, num_workers, listener):
            unreadable.update(loaded.unreadable)
            for batch in loaded.batches:
                yield batch.indices, self._encoded(batch, encode)

    @torch.inference_mode()
    def _encoded(self, batch: Batch, encode: Callable[[Tensor], Tensor]) -> Tensor:
        return encode(self.model.data_preprocessor(batch.data, False)['inputs'])
