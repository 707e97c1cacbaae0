"""One look at images with masks: what was found, for the terminal, the tables and the page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ltcl.neutral_text import csv_text, shorten
from ltcl.own_scenes.statistics import shot_group_of

from .copies import Pictures, copies_in, number_pictures
from .figures import damages, fingerprints, gini
from .images import TRAINING, UNDIVIDED
from .scenes import Scene, Scenes, void_share
from .tables import by_size
from .verdict import NOTHING, leaks, too_few


@dataclass
class FoundScenes:
    """What was found in images with masks.

    Attributes:
        scenes: The images and masks.
        pictures: Which images are the same; None where none was opened.
        broken: What is wrong with damaged files, by their names.
    """

    scenes: Scenes
    pictures: Pictures | None = None
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def faulty(self) -> list[Scene]:
        """Those whose mask cannot be used."""
        return [scene for scene in self.scenes.scenes if scene.fault is not None]

    @property
    def strange(self) -> list[Scene]:
        """Those whose mask holds a value that is neither a class nor void."""
        return [scene for scene in self.scenes.scenes if scene.unknown]

    @property
    def order(self) -> list[int]:
        """Labels, the class with most pixels first."""
        return by_size(np.array(self.scenes.training.pixel))

    @property
    def groups(self) -> list[str]:
        """Shot group of each class, by pixels."""
        return shot_group_of(self.scenes.training.pixel)

    @property
    def shares(self) -> np.ndarray:
        """Percent of the known pixels of the training that each class has, shape (num_classes,)."""
        pixels = np.array(self.scenes.training.pixel)
        return 100 * pixels / max(pixels.sum(), 1)

    @property
    def lines(self) -> list[str]:
        """Figures, in words."""
        lines = [f'classes by {self.scenes.source}']
        for part, (name, counts) in enumerate(self.scenes.counts().items()):
            pixels = np.array(counts.pixel)
            present = pixels[pixels > 0]
            factor = f'imbalance factor {present.max() / present.min():.4g}, ' if len(present) else ''
            void = void_share([scene for scene in self.scenes.scenes if scene.part == part])
            lines.append(
                f'{name}: {counts.num_images:,} masks with {len(present):,} of {len(pixels):,} classes; by pixels '
                f'{factor}Gini {gini(pixels):.2f}; {100 * void:.3g} % of the pixels are void'
            )
        if self.scenes.undivided is not None:
            lines.append(f'`ltcl train` draws a fifth of {self.scenes.undivided} for validation')
        if self.pictures is not None:
            near = copies_in(self.pictures.near, self.scenes.as_images())
            lines.append(f'copies of images: {near.within:,} pictures are twice in a part, {near.parts:,} in two parts')
        return [*lines, *self.scenes.notes]

    @property
    def verdict(self) -> list[str]:
        """What follows, in sentences; one that says so where nothing does."""
        lines = [*self._of_classes(), *self._of_masks()]
        if self.pictures is not None:
            images = self.scenes.as_images()
            lines += leaks(copies_in(self.pictures.near, images), images)
        if self.broken:
            lines.append(f'{len(self.broken):,} images are damaged: {shorten(list(self.broken))}')
        return lines or [NOTHING]

    def _of_classes(self) -> list[str]:
        lines = []
        for name, counts in self.scenes.counts().items():
            shown = np.array(counts.image)
            is_drawn_from = name == self.scenes.undivided
            if not is_drawn_from or 'test' not in self.scenes.names:
                lines += too_few(name, shown, counts.classes, 'IoU', is_drawn_from)
            absent = [counts.classes[i] for i in np.flatnonzero(shown == 0)]
            if absent and name in (TRAINING, UNDIVIDED):
                are = 'class is' if len(absent) == 1 else 'classes are'
                lines.append(f'{len(absent):,} {are} in no training mask: {shorten(absent)}')
        return lines

    def _of_masks(self) -> list[str]:
        lines, scenes = [], self.scenes
        for number, kind, other in (
            (scenes.without_mask, 'images have no', 'mask'),
            (scenes.without_image, 'masks have no', 'image'),
        ):
            if number:
                lines.append(f'{len(number):,} {kind} {other}: {shorten(number, 4)}')
        if self.faulty:
            told = [f'{scene.mask} {scene.fault}' for scene in self.faulty]
            lines.append(f'{len(told):,} masks cannot be used: {shorten(told, 3, "; ")}')
        if self.strange:
            values = sum((scene.unknown for scene in self.strange), Counter())
            told = [f'{value} ({number:,} pixels)' for value, number in values.most_common()]
            lines.append(
                f'{len(self.strange):,} masks hold values that are no class, such as {self.strange[0].mask}: '
                f'{shorten(told, 5)}'
            )
        empty = [scene.mask for scene in scenes.scenes if scene.fault is None and not scene.pixels.any()]
        if empty:
            lines.append(f'{len(empty):,} masks show no class at all: {shorten(empty, 4)}')
        return lines


def look_at_scenes(scenes: Scenes, root: str, with_files: bool = True) -> FoundScenes:
    """Look at images with masks.

    Args:
        scenes: The images and masks.
        root: What is known of the files is kept under it.
        with_files: Open the images, not the masks alone.
    """
    found = FoundScenes(scenes)
    if with_files:
        images = scenes.as_images()
        prints = fingerprints(images, root)
        found.pictures = number_pictures(prints)
        found.broken = damages(images, prints, root)
    return found


def scene_tables(found: FoundScenes) -> dict[str, str]:
    """All tables, by the name of the file: the classes, and the masks that something is wrong with."""
    scenes, counts = found.scenes, found.scenes.counts()
    header = ['class_name', 'group', *(f'{name}_{what}' for name in counts for what in ('images', 'pixels'))]
    rows = [
        [scenes.classes[i], found.groups[i], *(n for each in counts.values() for n in (each.image[i], each.pixel[i]))]
        for i in found.order
    ]
    faults: list[Sequence[str | None]] = [
        *([scene.mask, scene.image, scene.fault] for scene in found.faulty),
        *([scene.mask, scene.image, f'holds {", ".join(scene.unknown)}'] for scene in found.strange),
        *([None, image, 'has no mask'] for image in scenes.without_mask),
        *([mask, None, 'has no image'] for mask in scenes.without_image),
    ]
    made = {'classes.csv': csv_text(header, rows), 'masks.csv': csv_text(['mask', 'image', 'fault'], faults)}
    if found.pictures is not None:
        made['damaged.csv'] = csv_text(['file', 'reason'], found.broken.items())
    return made
