"""Own images and masks as a data set of mmseg. Imports mmseg: only segmentation configs name this module."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmseg.datasets import BaseSegDataset

from ..analysis.seg_class_counts import SegClassCounts
from ..errors import UserError
from ..neutral_text import shorten
from ..notices import note, warn
from ..own_scenes.sources import UNPAIRED, CountedPairs, SceneSources
from ..own_scenes.statistics import rarest_classes
from ..registry import DATASETS
from ..value_ranges import check_choice
from .checked_sample import CHECKS
from .image_list import read_classes
from .kept_together import kept_together, picture_numbers
from .own_images import SPLITS
from .stratified_split import stratified_split
from .transforms import LoadImage
from .transforms.image_levels import darkness_of

LOADERS = (LoadImageFromFile, LoadImage)
LOOKED_AT = 16


@DATASETS.register_module()
class OwnScenes(BaseSegDataset):
    """Own images and masks with their natural tail, divided here where nobody has divided them.

    The data root has one of these forms, under any usual names::

        data/cracks/images/*.jpg, data/cracks/masks/*.png
        data/cracks/{train,val,test}/{images,masks}/*            val and test may be missing
        data/cracks/{images,masks}/{train,val,test}/*            val and test may be missing
        data/cracks/a.jpg, data/cracks/a_mask.png                also in train/, val/, test/

    Image and mask have the same name but for the suffix and for words such as ``_mask``. What the values of the masks
    mean is told by ``classes.csv`` or ``classes.txt`` in the data root, or by the values themselves, see
    :func:`ltcl.own_scenes.label_map.find_label_map`; ``ltcl.MapOwnLabels`` must stand after ``LoadAnnotations``.
    Without a part for validation a share of the images is drawn for it, the same of the images of each class that no
    rarer class is seen in. Without a test set the test is on the images of validation.

    Args:
        data_root: The folder.
        split: 'train', 'val', 'test', or 'all': everything in the folder.
        val_share: Share of the images for validation, if it has no part of its own.
        split_seed: Of that draw. The same seed gives the same division on every machine.
        classes: Names of the classes in the order of their labels, or a file with one name a line.
        label_lines: Lines of ``classes.csv``, where there is no such file: in a test those of the training.
        unpaired: 'refuse' images without masks and masks without images, or 'skip' them.
        check_copies: Among which images copies are looked for, which the draw keeps on one side, see
            :class:`ltcl.datasets.OwnImages`.
        groups: What tells the origin of images, all of which the draw keeps on one side, see there.
        **kwargs: Arguments of mmseg's ``BaseSegDataset``.

    Raises:
        UserError: The folder is missing or has another form, a mask cannot be one, its values do not tell their
            classes, an image or a mask stands alone, or there is one class only.
    """

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        *,
        val_share: float = 0.2,
        split_seed: int = 0,
        classes: str | Sequence[str] | None = None,
        label_lines: Sequence[str] | None = None,
        unpaired: str = 'refuse',
        check_copies: str = 'sample',
        groups: str | None = None,
        **kwargs: Any,
    ) -> None:
        check_choice('split', split, SPLITS)
        check_choice('unpaired', unpaired, UNPAIRED)
        check_choice('check_copies', check_copies, CHECKS)
        self.split, self.unpaired, self.check_copies, self.groups = split, unpaired, check_copies, groups
        self.draw: dict[str, Any] = {'val_share': val_share, 'seed': split_seed}
        self.sources = SceneSources(str(data_root), read_classes(classes), label_lines)
        label_map = self.sources.label_map
        palette = {} if label_map.palette is None else {'palette': label_map.palette}
        self._label_step = label_map.step()
        self.counted = CountedPairs([], np.zeros((0, len(label_map.names)), np.int64))
        about = dict(classes=label_map.names, label_lines=label_map.lines, **palette)
        super().__init__(data_root=str(data_root), img_suffix='', metainfo=about, **kwargs)

    @property
    def class_counts(self) -> SegClassCounts:
        """Images and pixels of each class in the split."""
        self.full_init()
        return self.counted.counts(self.metainfo['classes'])

    @property
    def is_drawn(self) -> bool:
        """Whether these are images for validation that are drawn from those for training."""
        return self.split in ('val', 'test') and self._part(self.split)[1]

    def load_data_list(self) -> list[dict]:
        """Infos of all pairs of the split, by path."""
        self.counted = self._chosen()
        self._check_images()
        counts = self.counted.counts(self.metainfo['classes'])
        note(f'{self.split}: {self._origin()}: {summary(counts)}')
        if self.split == 'train':
            self._check_training(counts)
        return [self._info(*pair) for pair in self.counted.pairs]

    def get_data_info(self, idx: int) -> dict:
        """Info of a pair, with the step that gives its mask labels."""
        return dict(super().get_data_info(idx), label_step=self._label_step)

    def _check_images(self) -> None:
        by_opencv = any(isinstance(step, LoadImageFromFile) for step in self.pipeline.transforms)
        turned = [pair.image for pair in self.counted.pairs if self.sources.check(pair, by_opencv)]
        if turned:
            warn(
                f'{self.data_root}: the EXIF tag of {len(turned)} images turns them, such as {turned[0]}: their masks '
                'must lie as viewers show the image, which their sizes do not tell'
            )

    def _info(self, image: str, mask: str) -> dict:
        paths = (os.path.join(self.data_root, path) for path in (image, mask))
        common: dict[str, Any] = dict(label_map=None, reduce_zero_label=False, seg_fields=[])
        return dict(zip(('img_path', 'seg_map_path'), paths, strict=True), **common)

    def _chosen(self) -> CountedPairs:
        if self.split == 'all':
            parts = [self.sources.read(name, self.unpaired) for name in self.sources.scenes.parts]
            pairs = [pair for part in parts for pair in part.pairs]
            return CountedPairs(pairs, np.concatenate([part.pixels for part in parts]))
        name, is_drawn = self._part(self.split)
        found = self.sources.read(name, self.unpaired)
        if not is_drawn:
            return found
        images = [pair.image for pair in found.pairs]
        pictures = picture_numbers(images, self.data_root, self.check_copies).pictures
        together = kept_together(pictures, images, self.data_root, self.groups)
        kept, drawn = stratified_split(rarest_classes(found.pixels), **self.draw, groups=together)
        if not len(drawn):
            raise UserError(
                f'{self.data_root}: val_share={self.draw["val_share"]} leaves none of the {len(images)} images for '
                'validation: raise val_share (--val-share) or add images'
            )
        return found.subset(kept if self.split == 'train' else drawn)

    def _part(self, split: str) -> tuple[str, bool]:
        """The part of the folder that a split lies in, and whether it is drawn from it."""
        parts = self.sources.scenes.parts
        if split in parts and split != 'train':
            return split, False
        if split == 'test':
            return self._part('val')
        training = self.sources.scenes.training
        if training is None:
            raise UserError(
                f'{self.data_root} has no images for {split}, only for {", ".join(parts)}: put them there, or name '
                'another data_root'
            )
        return training, 'val' not in parts

    def _origin(self) -> str:
        """Where the images of the split come from, in words."""
        if self.split == 'all':
            return f'everything in {self.data_root}'
        part, is_drawn = self._part(self.split)
        origin = str(self.data_root) if part == 'all' else f'the part {part} of {self.data_root}'
        if is_drawn:
            share = f'{100 * self.draw["val_share"]:g} %'
            origin = f'{origin} without {share}' if self.split == 'train' else f'{share} of {origin}'
            origin += f' (drawn with seed {self.draw["seed"]})'
        no_test = self.split == 'test' and part != 'test'
        return f'there is no test set, so the images of validation: {origin}' if no_test else origin

    def _check_training(self, counts: SegClassCounts) -> None:
        seen = [name for name, pixels in zip(counts.classes, counts.pixel, strict=True) if pixels]
        if len(seen) < 2:
            raise UserError(
                f'{self._origin()}: the {counts.num_images} training masks show one class only, '
                f'{shorten(seen) or "void"}: a segmentation needs two or more'
            )
        absent = [name for name in counts.classes if name not in seen]
        if absent:
            warn(f'{self._origin()}: no training mask shows {shorten(absent)}')
        for remark in self.sources.scenes.notes:
            warn(remark)
        self._check_levels()

    def _check_levels(self) -> None:
        """Warn where some training images, spread over all, are nearly black or flat for the network."""
        loader = next((step for step in self.pipeline.transforms if isinstance(step, LOADERS)), None)
        if loader is None:
            return
        chosen = np.unique(np.linspace(0, len(self.counted.pairs) - 1, LOOKED_AT).astype(int))
        paths = [os.path.join(self.data_root, self.counted.pairs[i].image) for i in chosen]
        found = {path: darkness_of(path, loader) for path in paths}
        dark = [path for path, levels in found.items() if levels]
        if dark and None not in found.values():
            warn(
                f'{self.data_root}: nearly black or flat are all {len(dark)} training images that were looked at, such '
                f'as {dark[0]} ({found[dark[0]]}): of 16 bits the upper 8 are read; save images with 8 bits, from '
                'black to white'
            )


def summary(counts: SegClassCounts) -> str:
    """Images, classes, and the classes with most and fewest pixels, in words."""
    pixels = np.array(counts.pixel)
    seen = np.flatnonzero(pixels)
    text = f'{counts.num_images} images with masks, {len(seen)} of {len(pixels)} classes'
    if not len(seen):
        return text
    first, last = pixels.argmax(), seen[pixels[seen].argmin()]
    share = 100 * pixels / pixels.sum()
    return (
        f'{text}, {share[first]:.3g} % ({counts.classes[first]}) to {share[last]:.3g} % ({counts.classes[last]}) of '
        'the pixels'
    )
