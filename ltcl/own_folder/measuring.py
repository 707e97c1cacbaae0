"""Test of the trained model, and of plain cross entropy on the features of its encoder."""

import argparse
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn

from ltcl.engine.hooks.feature_bank_hook import extract_features, loader_in_order, training_images
from ltcl.engine.hooks.run_report_hook import RunReportHook
from ltcl.errors import UserError
from ltcl.evaluation import ShotAccuracy
from ltcl.evaluation.class_mixes import BALANCED, NATURAL, Mixes
from ltcl.launch import build_runner
from ltcl.launch.config_values import metrics_of_test
from ltcl.launch.run_config import config_of_run
from ltcl.models.backbones import FrozenBackbone

from .methods import METHODS
from .result import Column, Result, figures_of

CROSS_ENTROPY = 'cross entropy on the same features'
# Names of the metric that the table is made of.
METRIC = ('ltcl.ShotAccuracy', 'ShotAccuracy')
# Of the linear classifier: steps of a batch with AdamW, the rate falling to 0 along a cosine.
STEPS, BATCH, RATE, DECAY = 1500, 128, 1e-3, 1e-4


def check_measured(cfg: Config) -> None:
    """Refuse to train what :func:`measure` could not test.

    Raises:
        UserError: The test has not one ``ltcl.ShotAccuracy``.
    """
    number = sum(metric['type'] in METRIC for metric in metrics_of_test(cfg))
    if number != 1:
        raise UserError(
            f'test_evaluator has {number or "no"} ltcl.ShotAccuracy, and the table of a folder of images is made of '
            'one: have one in the list, and other metrics beside it'
        )


def measure(work_dir: str, title: str, measured_on: str) -> Result:
    """Test the best checkpoint of a work dir, and compare it.

    Args:
        work_dir: The work dir.
        title: What the model is, in a few words.
        measured_on: Which images its test has.
    """
    words: dict[str, Any] = dict(checkpoint=None, work_dir=work_dir, cfg_options={}, launcher='none', processes=None)
    cfg = config_of_run(argparse.Namespace(config=work_dir, **words), work_dir, None)
    cfg.default_hooks['prior'] = dict(type='ltcl.PriorHook', prior=None)
    cfg.log_level = 'WARNING'  # the table says it all
    runner = build_runner(cfg)
    for hook in runner.hooks:
        if isinstance(hook, RunReportHook):
            hook.with_table = False
    metrics = runner.test()
    [metric] = [each for each in runner.test_evaluator.metrics if type(each) is ShotAccuracy]
    columns = [Column(title, figures_of(metrics), *worst_of(metric))]
    if title != METHODS['cross-entropy'].title:  # the same again
        columns.append(cross_entropy(cfg, runner.model, metric))
    return Result(measured_on, columns, str(cfg.load_from))


def worst_of(metric: ShotAccuracy) -> tuple[str, int]:
    """Name of the first class with the lowest accuracy, and how many others share that."""
    classes = metric.per_class
    if classes is None or np.isnan(classes['accuracy']).all():
        return '', 0
    worst = np.flatnonzero(classes['accuracy'] == np.nanmin(classes['accuracy']))
    return str(classes['class_name'][worst[0]]), len(worst) - 1


def cross_entropy(cfg: Config, model: nn.Module, metric: ShotAccuracy) -> Column:
    """Figures of a linear classifier that plain cross entropy trains on the encoder's features.

    Args:
        cfg: The config of the test.
        model: The trained model; of a frozen encoder the features are at hand, another one sees each image once.
        metric: The metric of the test, which knows the training images per class.
    """
    train, test = features_of(cfg, model)
    counts = metric.class_counts
    assert counts is not None
    logits = classify(*train, test[0], len(counts), int(cfg.randomness.get('seed') or 0)).cpu().double()
    names = metric.class_names() or [str(label) for label in range(len(counts))]
    mixes = Mixes(names, counts.tolist(), 1.0, 'LinearClsHead')
    compared = ShotAccuracy(counts.tolist(), metric.bounds)
    compared.dataset_meta = metric.dataset_meta
    shifts = {mix: mixes.shift(mix) for mix in (NATURAL, BALANCED)}
    nothing = torch.zeros(len(counts), dtype=torch.float64)
    compared.set_shifts({mix: nothing if shift is None else shift for mix, shift in shifts.items()})
    scores, labels = F.softmax(logits, dim=1), test[1].cpu()
    pairs = zip(scores, labels.split(1), strict=True)
    compared.process(None, [dict(pred_score=row, gt_label=label) for row, label in pairs])
    figures = compared.evaluate(len(labels))
    return Column(CROSS_ENTROPY, figures_of(figures), *worst_of(compared))


def features_of(cfg: Config, model: Any) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Features and labels of the training and the test images, as the encoder makes them.

    Args:
        cfg: The config.
        model: The model; a layer between a frozen encoder and the head is the head's business and left out.
    """
    neck = model.neck
    if isinstance(model.backbone, FrozenBackbone):
        model.neck = None
    try:
        configs = (training_images(cfg.train_dataloader, cfg.test_dataloader), cfg.test_dataloader)
        train, test = (extract_features(model, loader_in_order(model, dict(config))) for config in configs)
    finally:
        model.neck = neck
    return train, test


def classify(features: Tensor, labels: Tensor, others: Tensor, num_classes: int, seed: int) -> Tensor:
    """Train a linear classifier by cross entropy and apply it.

    Args:
        features: Of the training images, shape (N, C).
        labels: Their classes, int64, shape (N,).
        others: Features of other images, shape (M, C).
        num_classes: Number of classes.
        seed: Of the order of the images.

    Returns:
        Logits of the other images, shape (M, num_classes).
    """
    generator = torch.Generator().manual_seed(seed)
    mean, std = features.mean(0), features.std(0) + 1e-6
    features, others = (features - mean) / std, (others - mean) / std
    layer = nn.Linear(features.shape[1], num_classes, device=features.device)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        batch = torch.randint(len(labels), (BATCH,), generator=generator).to(features.device)
        loss = F.cross_entropy(layer(features[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return layer(others)
