"""Accuracy on a test set that has some of a model's classes."""

from collections.abc import Sequence
from typing import Any

from ltcl.errors import UserError
from ltcl.evaluation.functional import IMAGENET_R_CLASSES, select_classes
from ltcl.registry import METRICS

from .top_k_accuracy import TopKAccuracy


@METRICS.register_module()
class ClassSubsetAccuracy(TopKAccuracy):
    """Top-k accuracy in percent, where only some of the model's classes can be predicted.

    The scores of all others are left out before the best is taken. The test set's labels count the kept classes: label
    0 is ``class_indices[0]``.

    Args:
        class_indices: Positions of the kept classes among the model's. The default is the 200 of ImageNet-R.
        topk: As in mmpretrain's ``Accuracy``.
        **kwargs: Its further arguments.

    Example:
        >>> import torch
        >>> metric = ClassSubsetAccuracy(class_indices=[2, 5])
        >>> scores = torch.tensor([0.5, 0.0, 0.1, 0.0, 0.0, 0.4])  # the best one is class 0, which is left out
        >>> metric.process(None, [dict(pred_score=scores, gt_label=torch.tensor([1]))])
        >>> metric.evaluate(size=1)
        {'accuracy/top1': 100.0}
    """

    def __init__(
        self,
        class_indices: Sequence[int] = IMAGENET_R_CLASSES,
        topk: int | Sequence[int] = (1,),
        **kwargs: object,
    ) -> None:
        super().__init__(topk=topk, thrs=None, **kwargs)
        self.class_indices = list(class_indices)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the scores of the kept classes of each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``pred_score`` of shape (num_classes,) and ``gt_label`` of shape (1,).

        Raises:
            UserError: The model has too few classes.
        """
        num_classes = data_samples[0]['pred_score'].numel()
        if num_classes <= max(self.class_indices):
            raise UserError(
                f'the model has {num_classes} classes, but class {max(self.class_indices)} is to be kept (counted from '
                '0): ImageNet-R needs a model of the 1,000 classes of ImageNet'
            )
        kept = [
            {'pred_score': select_classes(sample['pred_score'], self.class_indices), 'gt_label': sample['gt_label']}
            for sample in data_samples
        ]
        super().process(data_batch, kept)
