"""Images with masks and what was counted in them; what cannot be trained on is told and stops nothing."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ltcl.analysis.seg_class_counts import SegClassCounts, sum_up

from .images import TRAINING, Labelled

VOID_LABEL = 255


@dataclass
class Scene:
    """An image with its mask.

    Attributes:
        image, mask: Their files.
        part: Number of the part.
        pixels: Pixels of each class, int64, shape (num_classes,).
        void: Pixels without a class, which count nowhere.
        unknown: Pixels by value or label, in words, that is neither a class nor void.
        fault: Why the mask cannot be used; it then counts nowhere.
    """

    image: str
    mask: str
    part: int
    pixels: np.ndarray
    void: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    fault: str | None = None


@dataclass
class Scenes:
    """Images with masks of all parts of a data set.

    Attributes:
        classes: Names of the classes.
        names: Names of the parts.
        scenes: The pairs.
        read_labels: Labels of the pixels of a scene, by its place; 255 and more is no class.
        source: What tells the classes, in words.
        without_mask: Images without a mask.
        without_image: Masks without an image.
        notes: What lies there and is not read, one sentence each.
        undivided: Name of the part of which ``ltcl train`` draws a fifth for validation; None where there is one.
    """

    classes: list[str]
    names: list[str]
    scenes: list[Scene]
    read_labels: Callable[[int], np.ndarray]
    source: str
    without_mask: list[str] = field(default_factory=list)
    without_image: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    undivided: str | None = None

    def counts(self) -> dict[str, SegClassCounts]:
        """Images that show each class, and its pixels, by part."""
        sound = [scene for scene in self.scenes if scene.fault is None]
        return {
            name: sum_up([scene.pixels for scene in sound if scene.part == part], self.classes)
            for part, name in enumerate(self.names)
        }

    @property
    def training(self) -> SegClassCounts:
        """Counts of the part that is trained on."""
        counts = self.counts()
        return counts.get(TRAINING, next(iter(counts.values())))

    def as_images(self) -> Labelled:
        """The images alone, all of one class."""
        parts = np.array([scene.part for scene in self.scenes], np.int64)
        return Labelled([scene.image for scene in self.scenes], np.zeros_like(parts), parts, self.names, ['image'])


def other_size(image: str, mask: tuple[int, ...]) -> str | None:
    """What to say of a mask whose image has another size; None where both agree, or the header does not tell."""
    from ltcl.datasets.seg_masks.read_mask import size_in_header

    size = size_in_header(image)
    return None if size in (None, mask) else f'has {mask[1]}x{mask[0]} pixels, and its image {size[1]}x{size[0]}'


def void_share(scenes: Sequence[Scene]) -> float:
    """Share of the pixels of sound masks that count nowhere."""
    sound = [scene for scene in scenes if scene.fault is None]
    void = sum(scene.void for scene in sound)
    known = sum(int(scene.pixels.sum()) + sum(scene.unknown.values()) for scene in sound)
    return void / (void + known) if void + known else 0.0
