"""Which labels a mask may hold, and the step of a pipeline that holds to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltcl.errors import UserError


@dataclass(frozen=True)
class LabelRule:
    """Labels that a data set may hold.

    Attributes:
        classes: Names of the classes, whose labels are 0, 1, ...
        void: Labels of pixels without a class.
        void_keys: Config keys that set ``void``, for messages.
    """

    classes: tuple[str, ...]
    void: frozenset[int]
    void_keys: str = 'ignore_index'

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def allows(self, labels: np.ndarray) -> bool:
        """Whether all labels are a class or void.

        Args:
            labels: Integer, any shape. Takes 0.15 ms for a megapixel of uint8.
        """
        is_class = labels < self.num_classes
        if labels.dtype.kind != 'u':
            is_class &= labels >= 0
        num_valid = np.count_nonzero(is_class)
        # Most maps without void pixels end here.
        return num_valid == labels.size or num_valid == labels.size - sum(
            np.count_nonzero(labels == label) for label in self.void if not 0 <= label < self.num_classes
        )

    def is_void(self, label: int) -> bool:
        """Whether a label stands for no class."""
        return label in self.void

    def strange(self, labels: Sequence[int]) -> list[int]:
        """Those of some labels that are neither a class nor void."""
        return [label for label in labels if label not in self.void and not 0 <= label < self.num_classes]


class CheckLabels:
    """A pipeline's step that lets a mask pass whose labels are all a class or void.

    Decode heads take any other label as void or fail on it, so this is the last place where the file is known. It runs
    where the samples are made, beside the training.

    Args:
        rule: The labels that may occur.
    """

    def __init__(self, rule: LabelRule) -> None:
        self.rule = rule

    def __call__(self, results: dict) -> dict:
        """Let a sample pass.

        Raises:
            UserError: Names file, label and what to set.
        """
        labels = results.get('gt_seg_map')
        if labels is not None and (labels.ndim > 2 or not self.rule.allows(labels)):
            from .diagnosis import diagnose  # the rare way
            from .survey import Survey, look_at

            fault = diagnose(Survey([look_at(results)], total=1), self.rule)
            raise UserError(f'{fault} (mask of {results.get("img_path")})')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(num_classes={self.rule.num_classes}, void={sorted(self.rule.void)})'
