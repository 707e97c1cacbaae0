"""Features of a frozen encoder in the place of images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmpretrain.structures import DataSample
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import DATASETS
from ltcl.value_ranges import check_ranges

from .image_checks import find_skipped
from .samplers.seeded import SeededIndex

STORED = ('eval', 'mirror')


@DATASETS.register_module()
class CachedFeatures(BaseDataset):
    """Images of another data set as features of the model's ``ltcl.FrozenBackbone``.

    ``ltcl.FeatureCacheHook`` sends every image through the encoder once for each view that is kept, or takes what is in
    the cache, see :mod:`ltcl.feature_cache`. Kept are the view of a test and, for a training, its mirror image and
    ``views - 1`` random views of the training pipeline. Each view that a training step asks for is one of those.

    Args:
        dataset: Config of the data set with its own pipeline, which makes the random views.
        pipeline: Config of the steps that prepare an image for a test.
        num_views: Views of an image in a training step, None for a validation or test: the view of a test alone.
        views: Views of an image that are kept, not counting the mirror image.
        seed: Of the random views; an image has the same ones in every run of this seed.
        batch_size: Images that go through the encoder at a time.
        num_workers: Worker processes that read the images.
        lazy_init: Leave loading of the images' names to the first access.

    Attributes:
        features: Shape (views that are kept, N, C); None until :meth:`take` brings them.

    Raises:
        UserError: A number is out of range, or the data set does not tell its labels.
    """

    def __init__(
        self,
        dataset: dict | BaseDataset,
        pipeline: Sequence[dict],
        num_views: int | None = None,
        views: int = 1,
        seed: int = 0,
        batch_size: int = 64,
        num_workers: int = 0,
        lazy_init: bool = False,
    ) -> None:
        check_ranges('CachedFeatures', dict(views=views))
        self.config = dict(dataset) if isinstance(dataset, dict) else {}
        if isinstance(dataset, dict):
            dataset = DATASETS.build({**dataset, 'lazy_init': True} if lazy_init else dataset)
        self.dataset: Any = dataset
        if not hasattr(self.dataset, 'get_gt_labels'):
            raise UserError(f'CachedFeatures cannot wrap {type(self.dataset).__name__}: its get_gt_labels() is missing')
        self.steps = list(pipeline)
        self.num_views = num_views
        self.kept = STORED[:1] if num_views is None else (*STORED, *(f'crop{each}' for each in range(1, views)))
        self.seed = seed
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.features: Tensor | None = None
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        """Load the wrapped data set."""
        if not self._fully_initialized:
            self.dataset.full_init()
            self._fully_initialized = True

    @property
    def metainfo(self) -> dict:
        """Meta information of the wrapped data set."""
        return self.dataset.metainfo

    @property
    def measured_split(self) -> str:
        """Which images a test is of, as the wrapped data set says."""
        return getattr(self.dataset, 'measured_split', 'test')

    @property
    def is_test(self) -> bool:
        """Whether it gives the view of a test."""
        return self.num_views is None

    @property
    def may_skip(self) -> bool:
        """Whether an image that cannot be read is left out."""
        return not self.is_test and next(find_skipped(self.dataset), None) is not None

    def get_data_info(self, idx: int) -> dict:
        """Data info of an image."""
        return self.dataset.get_data_info(idx)

    def get_gt_labels(self) -> np.ndarray:
        """Class of each image, shape (N,)."""
        return np.asarray(self.dataset.get_gt_labels())

    def take(self, features: Tensor, readable: Tensor) -> None:
        """Hold the features from now on.

        Args:
            features: Shape (views that are kept, N, C).
            readable: Mask of the images that have features, shape (N,).
        """
        self.features = features
        labels = self.get_gt_labels()
        if self.is_test:
            self._samples = [self._sample_of(idx, label) for idx, label in enumerate(labels)]
            return
        # A step reads nothing but the class, so images of a class share what tells it.
        samples = {label: DataSample().set_gt_label(int(label)) for label in np.unique(labels)}
        self._samples = [samples[label] for label in labels]
        # In the place of an image that cannot be read stands another one, as in a training on images.
        self._places = torch.arange(len(labels))
        others = readable.nonzero().flatten()
        self._places[~readable] = others[torch.arange(int((~readable).sum())) % len(others)]

    def paths_of(self, inputs: Tensor | Sequence[Tensor]) -> list[str]:
        """Files of the images of a batch, which a training step does not carry along: they are found by their features.

        Images whose features are not finite come first.

        Args:
            inputs: Features as :meth:`__getitems__` gives them, collated: shape (N, C), or such a tensor for each view.

        Returns:
            A file for each image, of several with the same features the first; its number where it has no file.
        """
        rows = inputs if isinstance(inputs, Tensor) else inputs[0]
        wanted = {row.numpy().tobytes(): row for row in rows.cpu()}
        found: dict[bytes, int] = {}
        for view in self.features if self.features is not None else ():
            for place, row in enumerate(view):
                if (content := row.numpy().tobytes()) in wanted:
                    found.setdefault(content, place)
        names = [(wanted[content].isfinite().all().item(), self._name_of(place)) for content, place in found.items()]
        return [name for _, name in sorted(names, key=lambda item: item[0])]

    def _name_of(self, idx: int) -> str:
        return str(self.dataset.get_data_info(idx).get('img_path') or f'number {idx}')

    def _sample_of(self, idx: int, label: int) -> DataSample:
        sample = DataSample().set_gt_label(int(label))
        info = self.dataset.get_data_info(idx)
        sample.set_metainfo({key: info[key] for key in ('img_path', 'sample_idx') if key in info})
        return sample

    def __len__(self) -> int:
        """Number of images."""
        return len(self.dataset)

    def __getitem__(self, idx: int) -> dict:
        """Features of an image: ``inputs`` of shape (C,), or a list of as many views, and its ``data_samples``."""
        return self.__getitems__([idx])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[dict]:
        """Features of a batch, which the data loader asks for at once."""
        if self.features is None:
            raise UserError(
                "ltcl.CachedFeatures has no features yet: add feature_cache=dict(type='ltcl.FeatureCacheHook') to "
                'default_hooks'
            )
        if self.is_test:
            rows = self.features[0, list(map(int, indices))]
            return [dict(inputs=row, data_samples=self._samples[i]) for row, i in zip(rows, indices, strict=True)]
        places = self._places[list(map(int, indices))]
        drawn = torch.from_numpy(_draw(indices, len(self.features), self.num_views or 1))
        views = self.features[drawn, places]
        samples = [self._samples[place] for place in places.tolist()]
        if self.num_views == 1:
            return [dict(inputs=row, data_samples=sample) for row, sample in zip(views[0], samples, strict=True)]
        rows = views.transpose(0, 1)
        return [dict(inputs=list(row), data_samples=sample) for row, sample in zip(rows, samples, strict=True)]


def _draw(indices: Sequence[int], num_kept: int, num_views: int) -> np.ndarray:
    """One of the kept views for each view of each image, shape (num_views, N), from the seeds of the images."""
    seeds = [index.seed for index in indices if isinstance(index, SeededIndex)]
    generator = np.random.default_rng(seeds) if seeds else np.random
    return np.asarray(generator.choice(num_kept, (num_views, len(indices))))


def find_cached(dataset: Any) -> CachedFeatures | None:
    """The cached features that a data set is, or that it wraps; None where there are none."""
    while not isinstance(dataset, CachedFeatures):
        if not hasattr(dataset, 'dataset'):
            return None
        dataset = dataset.dataset
    return dataset
