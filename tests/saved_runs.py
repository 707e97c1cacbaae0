"""Work dirs of runs that were never trained: reports and predictions with a known illness, or none."""

import json
from pathlib import Path

import numpy as np

from ltcl.analysis.run_record import RunRecord
from ltcl.analysis.run_report import build_report
from ltcl.predictions import SavedPredictions, save_predictions


def tail_counts(num_classes: int, largest: int = 1000, smallest: int = 5) -> np.ndarray:
    """Training images of classes that become rarer evenly."""
    return np.geomspace(largest, smallest, num_classes).round().astype(np.int64)


def answers(
    num_classes: int, per_class: int = 30, margin: float = 3.0, noise: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels: the true class stands out by ``margin`` from normal noise, so that scores are calibrated."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(num_classes), per_class)
    scores = random.normal(0, noise, (len(labels), num_classes)).astype(np.float32)
    scores[np.arange(len(labels)), labels] += margin * noise
    return scores * margin / noise, labels


def saved(scores: np.ndarray, labels: np.ndarray, counts: np.ndarray | None = None, **more) -> SavedPredictions:
    """Predictions as ``ltcl test --out`` saves them."""
    num_classes = scores.shape[1]
    default = dict(
        paths=[f'image_{place}.jpg' for place in range(len(labels))],
        classes=[f'class {index}' for index in range(num_classes)],
        class_counts=tail_counts(num_classes) if counts is None else counts,
        frequency_power=1.0,
    )
    return SavedPredictions(scores, labels, **{**default, **more})


def report_of(predictions: SavedPredictions, unit: str = 'test', **about) -> dict:
    """What the metrics of a test say of predictions, through scikit-learn."""
    from sklearn.metrics import accuracy_score, recall_score

    labels, preds = predictions.labels, predictions.scores.argmax(1)
    present = np.unique(labels)
    recalls = dict(zip(present, recall_score(labels, preds, labels=present, average=None), strict=True))
    counts = predictions.class_counts
    groups = np.where(counts > 100, 'many', np.where(counts < 20, 'few', 'medium'))
    figures = {'all': accuracy_score(labels, preds), 'macro': np.mean(list(recalls.values()))}
    for group in ('many', 'medium', 'few'):
        if own := [recalls[index] for index in present if groups[index] == group]:
            figures[group] = np.mean(own)
    figures['worst_class'] = min(recalls.values())
    columns = {
        'class_index': list(range(len(counts))),
        'class_name': list(predictions.classes),
        'train_count': counts.tolist(),
        'test_count': np.bincount(labels, minlength=len(counts)).tolist(),
        'accuracy': [100 * recalls[index] if index in recalls else None for index in range(len(counts))],
        'group': groups.tolist(),
    }
    metrics = {f'shot/{name}': round(100 * float(value), 6) for name, value in figures.items()}
    entries = [{'epoch': 1, 'iter': 9, 'metrics': metrics}]
    if unit == 'epoch':
        entries = [
            {'epoch': e, 'iter': 9 * e, 'metrics': {k: v * e / 3 for k, v in metrics.items()}} for e in (1, 2, 3)
        ]
    record = RunRecord('run', entries, columns, training_seconds=90.0)
    settings = dict(shot_prefix='shot', score='accuracy', overall='all', bounds=(20, 100))
    best_by = None if unit == 'test' else 'shot/all'
    about = {'seed': 0, 'versions': {'ltcl': '0'}, 'config_file': 'config.py', 'config': 'a = 1\n', **about}
    return build_report(record, unit, best_by, **settings, **about)


def write_run(folder: Path, predictions: SavedPredictions, with_predictions: bool = True, **about) -> Path:
    """A work dir with both reports, logs and predictions."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, unit in (('metrics.json', 'epoch'), ('test_metrics.json', 'test')):
        (folder / name).write_text(json.dumps(report_of(predictions, unit, **about)), encoding='utf-8')
    logs = folder / '2026' / 'vis_data'
    logs.mkdir(parents=True, exist_ok=True)
    lines = [{'loss': 3 / step, 'loss_cls': 2 / step, 'epoch': step, 'step': 9 * step} for step in range(1, 21)]
    (logs / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    if with_predictions:
        save_predictions(folder / 'predictions.npz', predictions)
    return folder
