"""Recorded cases of the figures of ImageNet-C and of the classes of ImageNet-R."""

import numpy as np
import torch.nn.functional as F
from harness import adapter, close, tensor

from ltcl.evaluation import ClassSubsetAccuracy
from ltcl.evaluation.functional import (
    ALEXNET_ERROR,
    mean_corruption_error,
    mean_error,
    select_classes,
)


@adapter('paco', 'imagenet_c')
def imagenet_c(case: dict) -> None:
    accuracy = tensor(case, 'accuracy')
    close([ALEXNET_ERROR[name] for name in case['corruptions'].tolist()], case['alexnet_error'])
    close(100 * mean_error(accuracy), case['mean_error'])
    normalised = mean_corruption_error(accuracy, tensor(case, 'alexnet_error'))
    close(100 * normalised, case['mean_error_alexnet_normalised'])


@adapter('paco', 'imagenet_r')
def imagenet_r(case: dict) -> None:
    labels = tensor(case, 'labels')
    selected = select_classes(tensor(case, 'logits'), tensor(case, 'class_indices'))
    np.testing.assert_array_equal(selected.argmax(dim=1), case['preds'])
    metric = ClassSubsetAccuracy(case['class_indices'].tolist())
    images = zip(tensor(case, 'logits'), labels[:, None], strict=True)
    metric.process(None, [{'pred_score': scores, 'gt_label': label} for scores, label in images])
    accuracy = metric.evaluate(len(labels))['accuracy/top1']
    close(accuracy / 100, case['accuracy'], rtol=1e-6)  # mmpretrain counts in float32
    close(F.cross_entropy(selected, labels), case['cross_entropy'], rtol=1e-5)
