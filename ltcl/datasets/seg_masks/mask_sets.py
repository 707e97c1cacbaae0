"""Where in a data set, whatever its class and its wrappers, masks are read and their labels are final."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mmcv.transforms import LoadAnnotations
from torch.utils.data import Dataset

from ltcl.datasets.image_checks import leaves

from .label_rule import CheckLabels, LabelRule
from .read_mask import ReadMask, size_in_header

# Their steps move labels, but make no new ones; a step of any other package may.
KEEP_LABELS = ('mmcv', 'mmseg', 'mmpretrain', 'mmengine', 'torchvision')
PICTURES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')


@dataclass
class MaskSet:
    """A data set of mmseg's kind and the steps that make its label maps.

    Attributes:
        dataset: The innermost data set.
        before: Steps of the pipeline that come before those of ``steps``.
        steps: The list in the pipeline that has the step which loads masks.
        loader: Position of this step.
        last: Position of the last step that may change labels.
        siblings: Further lists with the same steps: the branches of a test with augmentation.
    """

    dataset: Any
    before: list
    steps: list
    loader: int
    last: int
    siblings: list['MaskSet']

    def __len__(self) -> int:
        """Number of masks."""
        return len(self.dataset)

    @property
    def is_checked(self) -> bool:
        """Whether :meth:`check_labels` was called."""
        return any(isinstance(step, CheckLabels) for step in self.steps)

    def guard_reading(self) -> None:
        """Put :class:`ReadMask` around the step that loads masks."""
        for each in (self, *self.siblings):
            if not isinstance(each.steps[each.loader], ReadMask):
                each.steps[each.loader] = ReadMask(each.steps[each.loader])

    def check_labels(self, rule: LabelRule) -> None:
        """Put :class:`CheckLabels` where the labels are final."""
        for each in (self, *self.siblings):
            each.steps.insert(each.last + 1, CheckLabels(rule))

    def read(self, index: int) -> dict | None:
        """A sample as it is where its labels are final; None if the pipeline drops it.

        Its image is read only if its header does not tell the size, or a step of another package than mmseg's may have
        to see it.
        """
        results = self.dataset.get_data_info(index)
        steps = [*self.before, *self.steps[: self.last + 1]]
        if self.last == self.loader and _is_stock(self.steps[self.loader]):
            size = size_in_header(results.get('img_path'))
            if size is not None:
                results['ori_shape'], steps = size, [self.steps[self.loader]]
        for step in steps:
            results = step(results)
            if results is None:
                return None
        return results

    def missing(self, index: int) -> tuple[str, str] | None:
        """Paths of a mask that does not exist and of its image; None for a mask that does or cannot be looked up."""
        info = self.dataset.get_data_info(index)
        path = info.get('seg_map_path')
        if path is None or '://' in str(path) or getattr(self.dataset, 'backend_args', None):
            return None
        folder, name = os.path.split(path)
        return None if name in files_of(folder) else (path, info.get('img_path'))

    def left_out(self) -> tuple[str, int, str] | None:
        """Folder, number and commonest ending of pictures whose ending is not the set's; None without any."""
        data, folder = self.dataset, getattr(self.dataset, 'data_prefix', {}).get('img_path')
        endings: tuple[str, str] = (getattr(data, 'img_suffix', ''), getattr(data, 'seg_map_suffix', ''))
        if not folder or not endings[0] or getattr(data, 'ann_file', False) or '://' in folder:
            return None
        others = [name for _, _, files in os.walk(folder) for name in files if not name.endswith(endings)]
        kinds = Counter(ending for name in others if (ending := os.path.splitext(name)[1].lower()) in PICTURES)
        return (folder, kinds.total(), kinds.most_common(1)[0][0]) if kinds else None


@lru_cache(maxsize=4096)
def files_of(folder: str) -> frozenset[str]:
    """Names in a folder, none if there is no such folder: one listing instead of a look at every file."""
    try:
        return frozenset(os.listdir(folder or '.'))
    except OSError:
        return frozenset()


def find_mask_sets(dataset: Dataset) -> list[MaskSet]:
    """The data sets with masks in a data set: itself, or those that it wraps or joins."""
    return [mask_set for leaf in leaves(dataset) if (mask_set := _mask_set(leaf)) is not None]


def _mask_set(dataset: Dataset) -> MaskSet | None:
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
    if not hasattr(dataset, 'get_data_info'):
        return None
    found = [each for before, inner in _step_lists(steps) if (each := _placed(dataset, before, inner)) is not None]
    if not found:
        return None
    found[0].siblings = found[1:]
    return found[0]


def _step_lists(steps: list) -> Iterator[tuple[list, list]]:
    """The steps, and those of each branch of a test with augmentation together with what comes before it."""
    yield [], steps
    for position, step in enumerate(steps):
        for branch in getattr(step, 'subroutines', ()):
            yield steps[:position], branch.transforms


def _loads_masks(step: object) -> bool:
    """Steps of mmseg's kind, and those of other packages whose name says so; not mmseg's of volumes and depths."""
    is_named = any(word in type(step).__name__ for word in ('Annotation', 'Mask', 'SegMap'))
    return isinstance(step, LoadAnnotations) or (is_named and may_change_labels(step))


def _is_stock(step: object) -> bool:
    step = getattr(step, 'step', step)
    return isinstance(step, LoadAnnotations) and not may_change_labels(step)


def _placed(dataset: Any, before: list, steps: list) -> MaskSet | None:
    loader = next((place for place, step in enumerate(steps) if _loads_masks(getattr(step, 'step', step))), None)
    if loader is None:
        return None
    own = [place for place, step in enumerate(steps) if place > loader and may_change_labels(step)]
    return MaskSet(dataset, before, steps, loader, last=max(own, default=loader), siblings=[])


def may_change_labels(step: object) -> bool:
    """Whether a step of a pipeline may give a pixel another label: one of none of the known packages may."""
    kind = step if isinstance(step, type) else type(step)
    return kind.__module__.split('.')[0] not in KEEP_LABELS and kind is not CheckLabels
