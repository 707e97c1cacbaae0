"""What the metrics by shot group share."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from ltcl.errors import UserError
from ltcl.evaluation.functional import shot_groups
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS
from ltcl.notices import note


class ShotMetricMixin(BaseMetric):
    """Training counts, bounds and per-class figures of a metric; put it before mmengine's ``BaseMetric``.

    ``ltcl.RunReportHook`` reports any metric of this kind.

    Attributes:
        score: Name of the figure that each class has.
        overall: Key of the figure over all classes, without prefix.
        counted: What the training counts are of.
        per_class: After an evaluation (main process only) arrays of length num_classes, see :meth:`describe_classes`.

    Args:
        class_counts: Training images per class; None if they arrive through :meth:`set_class_counts`.
        bounds: Smallest and largest training count of a medium-shot class.
        **kwargs: Arguments of the metric.

    Raises:
        UserError: The bounds are not in order.
    """

    score = 'accuracy'
    overall = 'all'
    counted = 'images'

    def __init__(
        self,
        class_counts: Sequence[int] | Tensor | None = None,
        bounds: tuple[int, int] = DEFAULT_BOUNDS,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if len(bounds) != 2 or not 0 <= bounds[0] <= bounds[1]:
            raise UserError(f'{type(self).__name__}: bounds={bounds} must be two counts, the smaller one first.')
        self.bounds = (bounds[0], bounds[1])
        self.class_counts: Tensor | None = None
        self.per_class: dict[str, np.ndarray] | None = None
        self._missing_counts_logged = False
        if class_counts is not None:
            self.set_class_counts(class_counts)

    def set_class_counts(self, class_counts: Sequence[int] | Tensor) -> None:
        """Take the number of training images of each class.

        Args:
            class_counts: Integers >= 0, shape (num_classes,).

        Raises:
            UserError: The data set under test has another number of classes.
        """
        self.class_counts = torch.as_tensor(class_counts, dtype=torch.int64).cpu()
        self.check_class_counts()

    def class_names(self) -> Sequence[str] | None:
        """Names of the classes of the data set under test, None if it has none."""
        return (self.dataset_meta or {}).get('classes')

    def num_test_classes(self) -> int | None:
        """Number of classes of the data set under test, None while it is not known."""
        names = self.class_names()
        return len(names) if names else None

    def check_class_counts(self) -> None:
        """Compare the number of training counts with that of classes under test.

        Raises:
            UserError: They differ.
        """
        num_classes = self.num_test_classes()
        if self.class_counts is not None and num_classes not in (None, len(self.class_counts)):
            raise UserError(
                f'{type(self).__name__} got training counts of {len(self.class_counts)} classes, but the test set has '
                f'{num_classes}: train and test data must share one class list.'
            )

    def log_missing_counts(self) -> None:
        """Say once why there are no shot groups."""
        if self.class_counts is None and not self._missing_counts_logged:
            note(f'{type(self).__name__} has no training counts: many, medium and few are left out.')
            self._missing_counts_logged = True

    def describe_classes(self, test_count: Tensor, **scores: Tensor) -> dict[str, np.ndarray]:
        """Columns of the per-class table.

        Args:
            test_count: Images of each class under test, shape (num_classes,).
            **scores: Figures of each class, fractions, shape (num_classes,); NaN where there is none.

        Returns:
            ``class_index``, ``class_name`` (the index as text where the data set has no names), ``train_count`` (None
            without counts), ``test_count``, the scores as percentages, and ``group`` (None without counts).
        """
        index = np.arange(len(test_count))
        names = self.class_names()
        group = train_count = np.full(len(test_count), None)
        if self.class_counts is not None:
            train_count = self.class_counts.numpy()
            masks = shot_groups(self.class_counts, self.bounds)
            group = np.select(
                [mask.numpy() for mask in masks.values()], [np.array(name) for name in masks], default=np.array('')
            )
        return {
            'class_index': index,
            'class_name': np.array(list(names) if names else index.astype(str), dtype=object),
            'train_count': train_count,
            'test_count': test_count.numpy(),
            **{name: 100 * values.numpy() for name, values in scores.items()},
            'group': group,
        }
