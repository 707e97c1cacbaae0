"""Our top-k accuracy against mmpretrain's, and what it keeps."""

import pytest
import torch
from mmpretrain.evaluation import Accuracy

from ltcl.errors import UserError
from ltcl.evaluation import TopKAccuracy


def samples(number: int = 60, num_classes: int = 7) -> list[dict]:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(number, num_classes, generator=generator).softmax(1)
    scores[:5] = scores[0, 0]  # ties
    labels = torch.randint(num_classes, (number, 1), generator=generator)
    return [dict(pred_score=score, gt_label=label) for score, label in zip(scores, labels, strict=True)]


@pytest.mark.parametrize(
    'options', [dict(), dict(topk=(1, 5)), dict(topk=(2,), thrs=(0.3,)), dict(topk=(1, 3), thrs=(None, 0.2))]
)
def test_figures_are_equal(options):
    found = []
    for metric in (TopKAccuracy(**options), Accuracy(**options)):
        metric.process(None, samples()[:40])
        metric.process(None, samples()[40:])
        found.append(metric.evaluate(size=60))
    assert found[0] == found[1]


def test_labels_without_scores():
    metric = TopKAccuracy()
    metric.process(None, [dict(pred_label=torch.tensor([1]), gt_label=torch.tensor([label])) for label in (1, 0)])
    assert metric.evaluate(size=2) == {'accuracy/top1': 50.0}


def test_no_tensor_is_kept():
    metric = TopKAccuracy()
    metric.process(None, samples())
    assert {type(value) for kept in metric.results for value in kept} == {int, float}


def test_fewer_classes_than_k():
    with pytest.raises(UserError, match=r'top-8 accuracy needs more than 7 classes'):
        TopKAccuracy(topk=(1, 8)).process(None, samples())
