"""What the masks of a segmentation hold for each class: the values of the masks that it was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltcl.checkpoints.class_names import label_lines
from ltcl.checkpoints.run_state import meta_of
from ltcl.datasets.transforms.map_labels import MapLabels, colour_of
from ltcl.own_scenes.class_file import is_grey
from ltcl.own_scenes.label_map import VOID, label_map_of
from ltcl.own_scenes.mask_facts import GREY

from .runs import SavedRun

NO_CLASS = (255, 255, 255)
"""Colour to look at of what is no class."""


@dataclass(frozen=True)
class MaskValues:
    """Values or colours of the classes in masks, and the colours to look at them.

    Attributes:
        values: Of each class, and last of what is no class: values of 0..255, or colours, (red, green, blue).
        palette: Colour of each of the 256 values; None where the masks have colours themselves.
    """

    values: list[int] | list[tuple[int, int, int]]
    palette: list[tuple[int, int, int]] | None

    @property
    def void(self) -> int | tuple[int, int, int]:
        """What stands for no class."""
        return self.values[-1]

    @property
    def colours(self) -> list[tuple[int, int, int]]:
        """Colour of each class, and last of what is no class."""
        if self.palette is None:
            return [each for each in self.values if isinstance(each, tuple)]
        return [self.palette[each] for each in self.values if isinstance(each, int)]

    def of(self, labels: np.ndarray) -> np.ndarray:
        """Masks of labels: uint8, of the same shape, or with a last axis of three colours.

        Args:
            labels: uint8, any shape; what is no label of a class is void.
        """
        of_labels = [*self.values[:-1], *[self.void] * (257 - len(self.values))]
        return np.array(of_labels, np.uint8)[labels]


def mask_values(run: SavedRun) -> MaskValues:
    """What the masks of a training held.

    Args:
        run: The training.
    """
    about, number = meta_of(run.checkpoint).get('dataset_meta') or {}, len(run.classes)
    codes = _codes(run, about)
    chosen = [next((code for code, label in codes.items() if label == each), None) for each in range(number)]
    void = next((code for code, label in codes.items() if label == VOID), None)
    palette = _palette(about, number)
    free = [each for each in range(VOID, -1, -1) if each * GREY not in codes]
    if all(map(is_grey, codes)):
        values = [code // GREY if code is not None else label for label, code in enumerate(chosen)]
        free = [each for each in free if each not in values]
        values.append(void // GREY if void is not None else (free or [VOID])[0])
        return MaskValues(values, _by_value(values, palette))
    colours = [palette[label] if code is None else colour_of(code) for label, code in enumerate(chosen)]
    greys = [colour for each in free if (colour := (each, each, each)) not in colours]
    return MaskValues([*colours, (greys or [NO_CLASS])[0] if void is None else colour_of(void)], None)


def _codes(run: SavedRun, about: Mapping) -> dict[int, int]:
    """Label of each value or colour of the masks."""
    lines, number = label_lines(run.checkpoint), len(run.classes)
    if lines:
        return label_map_of(lines, run.classes).labels
    steps = [step for step in run.test_dataloader['dataset']['pipeline'] if step['type'] == 'ltcl.MapLabels']
    if steps:
        mapped = MapLabels(**{name: value for name, value in steps[0].items() if name != 'type'})
        pairs = zip(mapped.codes.tolist(), mapped.labels.tolist(), strict=True)
        return {code: label if label < number else VOID for code, label in pairs}
    shift = int(bool(about.get('reduce_zero_label')))
    codes = {(label + shift) * GREY: label for label in range(number)}
    return codes | {(0 if shift else VOID) * GREY: VOID}


def _palette(about: Mapping, number: int) -> list[tuple[int, int, int]]:
    """A colour of each class: those of the data set; else as many that differ."""
    given = about.get('palette')
    if isinstance(given, list | tuple) and len(given) == number and all(len(each) == 3 for each in given):
        return [(int(red), int(green), int(blue)) for red, green, blue in given]
    return [_drawn(label) for label in range(number)]


def _drawn(label: int) -> tuple[int, int, int]:
    """The colour of Pascal VOC for a label: its bits, from the lowest on, go to red, green and blue in turn."""
    bits = [label >> place & 1 for place in range(24)]
    red, green, blue = (sum(bit << 7 - place for place, bit in enumerate(bits[channel::3])) for channel in range(3))
    return red, green, blue


def _by_value(values: Sequence[int], colours: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """A palette of 256 colours, grey where no class is, white for void."""
    palette = [(value, value, value) for value in range(256)]
    for value, colour in zip(values, (*colours, NO_CLASS), strict=True):
        palette[value] = colour
    return palette
