"""A trained network of segmentation that answers for images."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ltcl.checkpoints.run_state import meta_of
from ltcl.engine.hooks.scene_counts_hook import PIXELS
from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import ESTIMATE, NATURAL, Mixes, Prior, check_prior

from .image_model import ImageModel, Listener, check_options
from .images import Image, Source, find_images
from .mask_values import mask_values
from .pixel_mix import pixel_power
from .reading import Batch
from .runs import SEGMENTATION, SavedRun, answering_head, read_run

# Steps of a test pipeline that read masks, which images to be segmented have none of.
OF_MASKS = frozenset(('LoadAnnotations', 'ltcl.MapLabels', 'ltcl.MapOwnLabels'))
REJECTED = 255
"""Label of a pixel whose probability is too low."""


class Segmentation(NamedTuple):
    """The class of each pixel of an image.

    Args:
        path: Its file; None of an array or a picture.
        classes: Names of the classes, in the order of the labels.
        labels: Likeliest class of each pixel, or as the threshold says of a head with one output for two classes;
            ``REJECTED`` where its probability is too low, uint8, shape (H, W); None of an image that could not be
            read, and so are the next two.
        confidence: Probability of that class, rejected or not, float32, shape (H, W).
        mask: The labels as the masks of the training have them: values, uint8, shape (H, W), or colours, (H, W, 3).
        error: Why the image could not be read; None if it was.
    """

    path: str | None
    classes: tuple[str, ...]
    labels: np.ndarray | None = None
    confidence: np.ndarray | None = None
    mask: np.ndarray | None = None
    error: str | None = None

    def shares(self) -> dict[str, float]:
        """Share of the pixels by class; of an image that could not be read there are none."""
        if self.labels is None:
            return {}
        counts = np.bincount(self.labels.ravel(), minlength=len(self.classes))[: len(self.classes)]
        return dict(zip(self.classes, (counts / self.labels.size).tolist(), strict=True))


def two_logits(logits: Tensor) -> Tensor:
    """Logits of both classes, the first of which is 0, where a head has one output for two; else those given.

    Args:
        logits: Shape (N, C, H, W).
    """
    return torch.cat([torch.zeros_like(logits), logits], 1) if logits.shape[1] == 1 else logits


def likeliest(logits: Tensor, threshold: float | None) -> Tensor:
    """The class of each pixel, int64, shape (N, H, W).

    Args:
        logits: Shape (N, num_classes, H, W).
        threshold: Of a head with one output, see :attr:`LongTailSegmenter.threshold`.
    """
    if threshold is not None:
        return ((logits[:, 1] - logits[:, 0]).sigmoid() > threshold).long()
    # As the test, which takes the largest of the logits: a probability is rounded, and may stand twice.
    return logits.argmax(1)


class LongTailSegmenter(ImageModel):
    """A trained network of segmentation, used on images.

    Its answers are those of ``ltcl test``, which reads and computes alike. Several images are read by worker processes
    while the model computes.

    Args:
        run: What :func:`~ltcl.inference.runs.read_run` returns; :meth:`load` takes a path.
        device: As in :meth:`load`.

    Example::

        from ltcl import LongTailSegmenter

        model = LongTailSegmenter.load('work_dirs/cracks')
        for found in model.predict(['a.jpg', 'b.jpg']):
            print(found.path, found.mask.shape, found.confidence.mean(), found.shares())
    """

    def __init__(self, run: SavedRun, device: str | int | torch.device | None = None) -> None:
        super().__init__(run, device, left_out=OF_MASKS)
        self.values = mask_values(run)
        """What masks hold for each class, and for none."""
        counts = meta_of(run.checkpoint).get(PIXELS)
        self.pixel_counts: list[int] | None = counts if isinstance(counts, list) else None
        """Training pixels of each class; None where the checkpoint does not tell them."""
        head = answering_head(self.model.decode_head)
        self.threshold: float | None = head.threshold if head.out_channels == 1 else None
        """Of a head with one output for two classes, the probability above which a pixel is of the second one."""
        self.mixes = Mixes(self.classes, self.pixel_counts, pixel_power(head), type(head).__name__)

    @classmethod
    def load(
        cls, run: str | Path, device: str | int | torch.device | None = None, config: str | Path | None = None
    ) -> 'LongTailSegmenter':
        """The model of a run.

        Args:
            run: A work dir, of which the best checkpoint is taken (the newest, if there is no best), or a checkpoint.
            device: Where it computes, such as ``'cpu'`` or ``'cuda:1'``; None is the first GPU, if there is one.
            config: The config of its training, for a checkpoint that does not carry it.

        Raises:
            UserError: There is no checkpoint, it is damaged, carries no config, or is no network of segmentation.
        """
        return cls(read_run(run, config, SEGMENTATION), device)

    def predict(
        self,
        images: Image | Iterable[Image],
        prior: Prior = None,
        *,
        reject: float = 0.0,
        batch_size: int | None = None,
        num_workers: int | None = None,
        listener: Listener | None = None,
    ) -> list[Segmentation]:
        """The class of each pixel of images; all in memory, :meth:`stream` gives one after another.

        Args:
            images: Paths, folders, arrays (H, W, 3) of RGB or (H, W) of grey, pictures of Pillow; or one of them.
            prior: Class mix of the pixels that the images have: ``'natural'``, that of the training; ``'balanced'``;
                shares by class; or a CSV file of them, ``class,share``. None: the one that the network was trained
                for, as ``ltcl test``.
            reject: Least probability of the class of a pixel, of 0..1; below it the pixel is void.
            batch_size: Images of a batch; None is that of the test.
            num_workers: Processes that read images; None is that of the test, at most one a core and a batch.
            listener: Is told of progress.

        Returns:
            One for each image, in order; of one that cannot be read it says why.

        Raises:
            UserError: A path does not exist, a folder has no image, or an option or a prior is not as described.
        """
        found = self.stream(
            images, prior, reject=reject, batch_size=batch_size, num_workers=num_workers, listener=listener
        )
        return list(found)

    def stream(
        self,
        images: Image | Iterable[Image],
        prior: Prior = None,
        *,
        reject: float = 0.0,
        batch_size: int | None = None,
        num_workers: int | None = None,
        listener: Listener | None = None,
    ) -> Iterator[Segmentation]:
        """What :meth:`predict` gives, one after another; the arguments are the same."""
        check_options(reject=reject, batch_size=batch_size, num_workers=num_workers)
        sources = find_images(images)
        scores = self._scores(sources, self.shift(prior), batch_size, num_workers, listener)
        return (self._answer(source, *found, reject) for source, found in zip(sources, scores, strict=True))

    def probabilities(
        self, images: Image | Iterable[Image], prior: Prior = None
    ) -> Iterator[tuple[np.ndarray | None, str | None]]:
        """Probabilities of the classes of pixels, shape (num_classes, H, W); see :meth:`ImageModel.probabilities`."""
        for logits, error in self._scores(find_images(images), self.shift(prior), num_workers=0):
            yield None if logits is None else logits.softmax(0).cpu().numpy(), error

    def shift(self, prior: Prior) -> Tensor | None:
        """What is to be added to the logits of each pixel for a class mix, see :meth:`Mixes.shift`.

        Raises:
            UserError: The mix is not known.
        """
        check_prior(prior)
        if prior == ESTIMATE:
            raise UserError('the class mix of pixels is not estimated: give natural, balanced or shares')
        if prior not in (None, NATURAL) and self.pixel_counts is None:
            raise UserError(f'{self.run.path} has no training pixels per class, so their mix is not known: omit prior')
        return self.mixes.shift(prior)

    def _scores(
        self,
        sources: Sequence[Source],
        shift: Tensor | None,
        batch_size: int | None = None,
        num_workers: int | None = None,
        listener: Listener | None = None,
    ) -> Iterator[tuple[Tensor | None, str | None]]:
        """Logits of each image for a class mix, shape (num_classes, H, W), or why it cannot be read; in order."""
        for loaded in self._loaded(list(sources), batch_size, num_workers, listener):
            found: dict[int, tuple[Tensor | None, str | None]] = {
                index: (None, reason) for index, reason in loaded.unreadable.items()
            }
            for batch in loaded.batches:
                for index, logits in zip(batch.indices, self._logits(batch), strict=True):
                    found[index] = logits if shift is None else logits + shift.to(logits)[:, None, None], None
            yield from (found[index] for index in sorted(found))

    @torch.inference_mode()
    def _logits(self, batch: Batch) -> list[Tensor]:
        """Scores of the pixels of each image at its own size, shape (num_classes, H, W)."""
        data = self.model.data_preprocessor(batch.data, False)
        samples = data['data_samples']
        # The images of a batch have one size when the network sees them; it warns where their own sizes differ.
        logits = two_logits(self.model.inference(data['inputs'], [samples[0].metainfo] * len(samples)))
        return [each.seg_logits.data for each in self.model.postprocess_result(logits, samples)]

    def _answer(self, source: Source, logits: Tensor | None, error: str | None, reject: float) -> Segmentation:
        """The segmentation of an image by its logits, shape (num_classes, H, W)."""
        classes = tuple(self.classes)
        if logits is None:
            return Segmentation(source.path, classes, error=error)
        chosen = likeliest(logits[None], self.threshold)[0]
        confidence = logits.softmax(0).gather(0, chosen[None])[0]
        labels = chosen.masked_fill(confidence < reject, REJECTED).to(torch.uint8).cpu().numpy()
        return Segmentation(source.path, classes, labels, confidence.float().cpu().numpy(), self.values.of(labels))
