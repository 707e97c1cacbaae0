"""Recorded cases of accuracy by shot group and of top-k accuracy."""

import numpy as np
import torch
from harness import adapter, close
from mmpretrain.evaluation import Accuracy

from ltcl.evaluation.functional import class_accuracy, class_hits, shot_accuracy


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
    logits = {'a': case['logits_a'], 'b': case['logits_b'], 'ensemble': case['logits_a'] + case['logits_b']}
    for name, values in logits.items():
        _check_topk(values, case['labels'], {1: case[f'top1_{name}'], 5: case[f'top5_{name}']})
