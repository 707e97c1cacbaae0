"""Top-k accuracy that keeps two numbers of each image."""

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.evaluation import Accuracy
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import METRICS


@METRICS.register_module()
class TopKAccuracy(Accuracy):
    """mmpretrain's ``Accuracy`` with the same figures to the last digit.

    Differs from it: of each image the rank and the score of its class are kept, not the scores of all classes, which
    are 1.5 GiB for 50,000 images and 8,142 classes.

    Example:
        >>> metric = TopKAccuracy(topk=(1, 2))
        >>> scores = torch.tensor([0.5, 0.1, 0.4])
        >>> metric.process(None, [dict(pred_score=scores, gt_label=torch.tensor([2]))])
        >>> metric.evaluate(size=1)
        {'accuracy/top1': 0.0, 'accuracy/top2': 100.0}
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep rank and score of the class of each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Predictions with ``gt_label`` of shape (1,) and ``pred_score`` of shape (num_classes,) or
                ``pred_label`` of shape (1,).

        Raises:
            UserError: There are fewer classes than ``topk``.
        """
        if 'pred_score' not in data_samples[0]:
            super().process(data_batch, data_samples)
            return
        scores = torch.stack([sample['pred_score'] for sample in data_samples]).cpu().float()
        labels = torch.cat([sample['gt_label'] for sample in data_samples]).cpu()
        most = max(self.topk)
        if most > scores.shape[1]:
            raise UserError(
                f'top-{most} accuracy needs more than {scores.shape[1]} classes: lower topk of the evaluator'
            )
        best, classes = scores.topk(most, dim=1)
        is_own = classes == labels[:, None]
        rank = is_own.int().argmax(1).where(is_own.any(1), most)
        score = best.gather(1, rank.clamp(max=most - 1)[:, None]).squeeze(1)
        self.results += list(zip(rank.tolist(), score.tolist(), strict=True))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Turn ranks and scores into percentages.

        Args:
            results: Rank, from 0, and score of the class of each image; the largest ``topk`` for one that is not among
                the best.
        """
        if isinstance(results[0], dict):
            return super().compute_metrics(results)
        ranks, scores = (torch.tensor(column) for column in zip(*results, strict=True))
        several = len(self.thrs) > 1
        figures = {}
        for k in self.topk:
            for least in self.thrs:
                end = ('_no-thr' if least is None else f'_thr-{least:.2f}') if several else ''
                figures[f'top{k}{end}'] = self._share((ranks < k) & (least is None or scores > least))
        return figures

    @staticmethod
    def _share(is_right: Tensor) -> float:
        return is_right.float().sum().mul_(100.0 / len(is_right)).item()
