"""Work dirs of runs that were never trained: reports and predictions with a known illness, or none."""

import json
from pathlib import Path

import numpy as np

from ltcl.analysis.run_record import RunRecord
from ltcl.analysis.run_report import build_report
from ltcl.predictions import SavedPredictions, save_predictions
from ltcl.predictions.calibration import NUM_BINS
from ltcl.predictions.saved_scenes import SavedScenes, save_scenes


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


def answered_scenes(
    num_classes: int = 8, num_images: int = 30, wrong: float = 0.15, side: int = 24, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted label maps, shape (N, side, side): squares of each class, of which some pixels are wrong."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, num_classes, (num_images, side // 4, side // 4))
    truth = blocks.repeat(4, axis=1).repeat(4, axis=2)
    is_wrong = random.random(truth.shape) < wrong
    return truth, np.where(is_wrong, random.integers(0, num_classes, truth.shape), truth)


def saved_scenes(truth: np.ndarray, answer: np.ndarray, counts: np.ndarray | None = None, **more) -> SavedScenes:
    """Answers of a segmentation as ``ltcl test --out`` saves them; -1 in the truth is void."""
    num_classes = int(max(truth.max(), answer.max())) + 1
    entries, areas = [], []
    for image, (true, predicted) in enumerate(zip(truth, answer, strict=True)):
        known = true >= 0
        table = np.zeros((num_classes, num_classes), np.int64)
        np.add.at(table, (true[known], predicted[known]), 1)
        entries += [(image, *place, table[tuple(place)]) for place in np.argwhere(table)]
        np.fill_diagonal(table, 0)
        if table.any():
            place = np.unravel_index(table.argmax(), table.shape)
            areas.append((image, *place, table[place]))
    areas = np.array(sorted(areas, key=lambda each: -each[3]), np.int64).reshape(-1, 4)
    default = dict(
        paths=[f'scene_{image}.png' for image in range(len(truth))],
        classes=[f'class {index}' for index in range(num_classes)],
        class_counts=tail_counts(num_classes) if counts is None else counts,
        palette=np.random.default_rng(0).integers(0, 256, (num_classes, 3)),
        confidence=np.zeros((num_classes, 3, NUM_BINS)),
        area_entries=areas,
        area_pictures=np.full((len(areas), *truth.shape[1:], 3), 90),
        area_truths=truth[areas[:, 0]],
        area_answers=answer[areas[:, 0]],
    )
    return SavedScenes(entries=np.array(entries), **{**default, **more})


def scene_report_of(truth: np.ndarray, answer: np.ndarray, scenes: SavedScenes, unit: str = 'test', **about) -> dict:
    """What the metrics of a test say of label maps, through scikit-learn."""
    from sklearn.metrics import accuracy_score, jaccard_score, recall_score

    known = truth >= 0
    labels, preds, counts = truth[known], answer[known], scenes.class_counts
    every = np.arange(len(counts))
    iou = jaccard_score(labels, preds, labels=every, average=None)
    accuracy = recall_score(labels, preds, labels=every, average=None, zero_division=np.nan)
    groups = np.where(counts > 100, 'many', np.where(counts < 20, 'few', 'medium'))
    figures = {'aAcc': accuracy_score(labels, preds), 'mIoU': np.nanmean(iou), 'worst_class': np.nanmin(iou)}
    figures |= {group: np.nanmean(iou[groups == group]) for group in ('many', 'medium', 'few')}
    columns = {
        'class_index': every.tolist(),
        'class_name': list(scenes.classes),
        'train_count': counts.tolist(),
        'test_count': [int((truth == index).any((1, 2)).sum()) for index in every],
        'IoU': [None if np.isnan(value) else 100 * value for value in iou.tolist()],
        'accuracy': [None if np.isnan(value) else 100 * value for value in accuracy.tolist()],
        'group': groups.tolist(),
    }
    metrics = {f'seg/{name}': round(100 * float(value), 6) for name, value in figures.items()}
    record = RunRecord('run', [{'epoch': None, 'iter': 9, 'metrics': metrics}], columns)
    settings = dict(shot_prefix='seg', score='IoU', overall='mIoU', bounds=(20, 100), counted='pixels')
    return build_report(record, unit, None, **settings, seed=0, versions={'ltcl': '0'}, config_file='seg.py', **about)


def write_scene_run(folder: Path, truth: np.ndarray, answer: np.ndarray, scenes: SavedScenes) -> Path:
    """A work dir with the report of a test and its answers."""
    folder.mkdir(parents=True, exist_ok=True)
    report = scene_report_of(truth, answer, scenes)
    (folder / 'test_metrics.json').write_text(json.dumps(report), encoding='utf-8')
    save_scenes(folder / 'predictions.npz', scenes)
    return folder
