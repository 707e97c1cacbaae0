"""Recorded cases of accuracy by shot group and of top-k accuracy."""

import numpy as np
import torch
from harness import adapter, close
from mmengine.model import BaseDataPreprocessor
from mmpretrain.evaluation import Accuracy
from mmpretrain.models import ImageClassifier, LinearClsHead
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.evaluation.functional import class_accuracy, class_hits, shot_accuracy
from ltcl.models import EnsembleClassifier


def _check_shots(case: dict, counts_key: str, per_class_key: str, group_keys: dict[str, str]) -> None:
    class_counts = torch.from_numpy(case[counts_key])
    preds, labels = torch.from_numpy(case['preds']), torch.from_numpy(case['labels'])
    hits, totals = class_hits(preds, labels, num_classes=len(class_counts))
    accuracy = class_accuracy(hits, totals)
    groups = shot_accuracy(accuracy, class_counts)
    close(accuracy[totals > 0], case[per_class_key])
    for name, key in group_keys.items():
        close(groups.get(name, 0.0), case[key])  # the published code writes 0 for an empty group
    if 'classes_in_test' in case:
        np.testing.assert_array_equal(totals.nonzero().flatten(), case['classes_in_test'])
    if 'overall' in case:
        close(hits.sum() / totals.sum().double(), case['overall'])


def _check_topk(logits: np.ndarray, labels: np.ndarray, expected: dict[int, np.ndarray]) -> None:
    # The originals clip k at the number of classes and compute in float32.
    topk = [min(k, logits.shape[1]) for k in expected]
    actual = Accuracy.calculate(logits, labels, topk=topk, thrs=(None,))
    for (value,), recorded in zip(actual, expected.values(), strict=True):
        close(value.squeeze(), recorded, rtol=1e-4)


@adapter('paco', 'shot')
def paco_shot(case: dict) -> None:
    groups = {'many': 'many', 'medium': 'medium', 'few': 'few'}
    _check_shots(case, 'train_class_counts', 'per_class_accuracy', groups)


@adapter('bcl', 'shot_accuracy')
def bcl_shot_accuracy(case: dict) -> None:
    _check_shots(case, 'train_counts', 'per_class_acc', {'many': 'many', 'medium': 'medium', 'few': 'few'})
    _check_topk(case['logits'], case['labels'], {1: case['top1_percent'], 5: case['top5_percent']})


@adapter('tsc_kcl', 'shot_accuracy')
def tsc_shot_accuracy(case: dict) -> None:
    _check_shots(case, 'train_counts', 'per_class', {'many': 'many', 'medium': 'median', 'few': 'few'})


@adapter('paco', 'topk_ensemble')
def topk_ensemble(case: dict) -> None:
    members = {name: _classifier(case[f'logits_{name}']) for name in 'ab'}
    models = {'a': [members['a']], 'b': [members['b']], 'ensemble': [*members.values()]}
    images = torch.eye(len(case['labels']), dtype=torch.float64)
    for name, parts in models.items():
        with torch.no_grad():
            samples = EnsembleClassifier(parts).test_step(
                dict(inputs=images, data_samples=[DataSample() for _ in images])
            )
        scores = torch.stack([sample.pred_score for sample in samples]).numpy()
        _check_topk(scores, case['labels'], {1: case[f'top1_{name}'], 5: case[f'top5_{name}']})


class _Rows(nn.Module):
    """Hands its input on as the features of a single stage."""

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
        return (images,)


def _classifier(logits: np.ndarray) -> ImageClassifier:
    """Answers row i of the identity matrix with row i of the logits."""
    num_images, num_classes = logits.shape
    head = LinearClsHead(num_classes, in_channels=num_images).double()
    head.fc.load_state_dict(dict(weight=torch.from_numpy(logits.T), bias=torch.zeros(num_classes)))
    return ImageClassifier(_Rows(), head=head, data_preprocessor=BaseDataPreprocessor())
