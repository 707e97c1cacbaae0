"""From images to batches, in worker processes, by the test pipeline of a run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import FUNCTIONS
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from ltcl.datasets.transforms import LoadImage
from ltcl.datasets.transforms.channel_order import order_of
from ltcl.datasets.transforms.load_image import why
from ltcl.datasets.transforms.upright import AS_IT_LIES, turned

from .images import Source


class Batch(NamedTuple):
    """Some images as the model takes them, all of one size.

    Args:
        indices: Their positions among all images.
        data: ``inputs`` and ``data_samples``, collated.
    """

    indices: list[int]
    data: dict


class Loaded(NamedTuple):
    """What a turn of the data loader brings: batches, and why images could not be read, by position."""

    batches: list[Batch]
    unreadable: dict[int, str]


class Reader:
    """The test pipeline of a run, for files that belong to no data set and for arrays.

    Args:
        pipeline: Config of its steps. One that reads no files, as of a set that is held in memory, gets a step for it.
        is_grey: Whether such a set has grey images.
        checks_ends: Whether files are looked at before a step of mmcv reads them, which fills up what is missing of a
            truncated one.
    """

    def __init__(self, pipeline: Sequence[dict], is_grey: bool, checks_ends: bool = False) -> None:
        steps = Compose(pipeline).transforms
        loads = bool(steps) and isinstance(steps[0], LoadImage | LoadImageFromFile)
        self.loader = steps[0] if loads else LoadImage()
        if isinstance(self.loader, LoadImage):
            self.loader.refuses_damage = True  # half a picture is no answer
        self.steps = steps[1:] if loads else steps
        self.is_grey = is_grey and not loads
        self.checks_ends = checks_ends and not isinstance(self.loader, LoadImage)

    def __call__(self, source: Source, index: int) -> dict:
        """The packed image. What goes wrong is an exception of any kind."""
        results = self._load(source, index)
        if self.is_grey:
            results['img'] = np.array(Image.fromarray(results['img']).convert('L'))
        for step in self.steps:
            results = step(results)
        return results

    def picture(self, source: Source) -> np.ndarray:
        """The image as it is read, RGB, uint8, shape (H, W, 3). What goes wrong is an exception of any kind."""
        image = self._load(source, 0)['img']
        if image.ndim == 2:
            return np.repeat(image[..., None], 3, axis=2)
        return np.ascontiguousarray(image[..., ::-1]) if order_of([self.loader]) == 'bgr' else image

    def _load(self, source: Source, index: int) -> dict:
        if source.fault is not None:
            raise OSError(source.fault)
        results: dict[str, Any] = dict(img_path=source.path, sample_idx=index)
        if source.path is not None and self.checks_ends:
            LoadImage().check_ends(source.path)
        if source.pixels is None:
            return self._read(results)
        is_turned = self.turns and source.turn != AS_IT_LIES
        pixels = turned(source.pixels, source.turn) if is_turned else source.pixels
        if isinstance(self.loader, LoadImage):
            return self.loader(dict(results, img=pixels, channel_order='rgb'))
        return results | self._given(pixels)

    def _read(self, results: dict) -> dict:
        try:
            return self.loader(results)
        except AssertionError:  # mmcv's word for an image of which OpenCV makes nothing
            raise OSError('OpenCV cannot read it: mend it, or save it as PNG') from None

    @property
    def turns(self) -> bool:
        """Whether a picture is turned by its EXIF tag."""
        if isinstance(self.loader, LoadImage):
            return self.loader.upright
        return self.loader.color_type in ('color', 'grayscale')

    def _given(self, pixels: np.ndarray) -> dict:
        """What a reader of mmcv would have made of pixels, in its order of colours."""
        rgb = LoadImage().take(pixels, 'rgb')
        image = np.ascontiguousarray(rgb[..., ::-1]) if order_of([self.loader]) == 'bgr' else rgb
        if self.loader.color_type == 'grayscale':
            image = np.array(Image.fromarray(rgb).convert('L'))
        return dict(img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2])


class ImageSources(Dataset):
    """Packed images, or why they could not be read, each with its position.

    Args:
        sources: The images.
        reader: What reads them.
    """

    def __init__(self, sources: Sequence[Source], reader: Reader) -> None:
        self.sources = sources
        self.reader = reader

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> tuple[int, dict | str]:
        try:
            return index, self.reader(self.sources[index], index)
        # Pillow's plugins raise more than their documentation says; ours is caused by theirs.
        except Exception as error:
            return index, why(error.__cause__ if isinstance(error.__cause__, Exception) else error)


def collate_with(config: Mapping[str, Any] | None) -> Callable:
    """The function that a dataloader's ``collate_fn`` names."""
    options = dict(config or {})
    name = options.pop('type', None)
    return partial(FUNCTIONS.get(name), **options) if name else pseudo_collate


def load(
    sources: Sequence[Source], reader: Reader, collate: Callable, batch_size: int, num_workers: int
) -> Iterator[Loaded]:
    """All images in order, batch after batch.

    Args:
        sources: The images.
        reader: What reads them.
        collate: Makes a batch of packed images.
        batch_size: Images of a batch.
        num_workers: Worker processes; 0 reads in this one.
    """
    return iter(
        DataLoader(
            ImageSources(sources, reader),
            batch_size=batch_size,
            num_workers=num_workers,
            collate_fn=partial(_collate, collate),
            worker_init_fn=_in_one_thread,
        )
    )


def _collate(collate: Callable, items: Sequence[tuple[int, dict | str]]) -> Loaded:
    """One batch, or several where a pipeline gives images of several sizes."""
    unreadable = {index: each for index, each in items if isinstance(each, str)}
    packed = [(index, each) for index, each in items if not isinstance(each, str)]
    runs = [list(run) for _, run in groupby(packed, key=lambda item: tuple(item[1]['inputs'].shape))]
    return Loaded([Batch([i for i, _ in run], collate([each for _, each in run])) for run in runs], unreadable)


def _in_one_thread(worker: int) -> None:
    cv2.setNumThreads(0)
