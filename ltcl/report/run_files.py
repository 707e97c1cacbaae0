"""The files of a run that a page is made from."""

import json
import os
import shlex
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ltcl.analysis.run_report import METRICS_FILE, images_of, split_of
from ltcl.errors import UserError
from ltcl.neutral_text import visible
from ltcl.predictions import SavedPredictions, load_predictions
from ltcl.predictions.saved_scenes import SavedScenes, load_scenes
from ltcl.similar_paths import meant_path

from .class_figures import Answers

PREDICTIONS_FILE = 'predictions.npz'
TOLERANCE = 0.05
"""Percentage points by which the accuracy of saved predictions may differ from the report they belong to."""


@dataclass
class RunFiles:
    """What a run left behind.

    Attributes:
        folder: Its work dir.
        report: Content of ``test_metrics.json``, or of ``metrics.json`` where no test was run since.
        training: Content of ``metrics.json``; empty for a test alone.
        curves: What was logged while training, one dict a line of ``scalars.json``.
        is_test_old: Whether there is a test of an earlier state of the training, which is left out.
        answers: Saved predictions; None where there are none.
        saved: Where they come from; they are those of images whose class is known.
        scenes: Saved answers of a segmentation; None where there are none.
        left_out: Why the predictions in the folder are left out, in words; empty where they are not.
    """

    folder: Path
    report: dict
    training: dict = field(default_factory=dict)
    curves: list[dict] = field(default_factory=list)
    is_test_old: bool = False
    answers: Answers | None = None
    saved: SavedPredictions | None = None
    scenes: SavedScenes | None = None
    left_out: str = ''

    @property
    def images(self) -> str:
        """Which images the figures are of, in words."""
        kept = self.saved or self.scenes
        return images_of(split_of(self.report) if kept is None else kept.split)

    @property
    def per_class(self) -> list[dict]:
        """One dict a class, of the report; empty where no metric measured classes."""
        return self.report['per_class'] or []

    @property
    def metrics(self) -> dict[str, float]:
        """Figures without the prefix of the metric by shot group; others keep theirs."""
        prefix = f'{self.report["shot_prefix"]}/'
        last = (self.report['last'] or {}).get('metrics', {})
        return {name.removeprefix(prefix): value for name, value in last.items()}

    @property
    def data(self) -> dict[str, str]:
        """Fingerprints of the images it was trained on, ``train``, and measured on, ``measured``, as far as known."""
        part = 'test' if self.report['unit'] == 'test' else 'val'
        sets = {
            'train': (self.training.get('data') or {}).get('train'),
            'measured': (self.report.get('data') or {}).get(part),
        }
        return {name: each['fingerprint'] for name, each in sets.items() if each}

    def image_file(self, place: int) -> Path | None:
        """File of an image of the saved predictions; None where it is not at hand."""
        assert self.saved is not None
        name = str(self.saved.paths[place])
        found = [path for path in (Path(name), self.folder / name) if name and path.is_file()]
        return found[0] if found else None

    @property
    def gone_folder(self) -> Path | None:
        """Folder of the images of the saved predictions, if it is not there any more."""
        paths = (
            [] if self.saved is None else [Path(name) for name in self.saved.paths.tolist() if Path(name).is_absolute()]
        )
        if not paths or any(path.is_file() for path in paths):
            return None
        folder = Path(os.path.commonpath([path.parent for path in paths]))
        return next(each for each in (folder, *folder.parents) if each.parent.exists())


def read_run(folder: str | Path, predictions: str | Path | None = None) -> RunFiles:
    """Read what a run left behind.

    Args:
        folder: The work dir.
        predictions: File of saved predictions; None: ``predictions.npz`` in the work dir if it is there and fits.

    Raises:
        UserError: No run, a damaged report, or predictions that are named and do not fit.
    """
    folder = Path(folder)
    if not folder.is_dir():
        hint = 'name the folder that `ltcl train` or `ltcl test` wrote'
        hint = hint if folder.exists() else meant_path(folder, hint)
        raise UserError(f'{folder} is no work dir of a run: {hint}')
    training, test = (read_json(folder / name) for name in (METRICS_FILE, f'test_{METRICS_FILE}'))
    if not (training or test):
        raise UserError(f'{folder} has no {METRICS_FILE}: the run has not finished a validation or test yet')
    is_old = bool(test and training.get('last') and _is_older(test, training))
    report = training if is_old or not test else test
    run = RunFiles(folder, report, training, read_curves(folder), is_old)
    if predictions is not None:
        add_predictions(run, Path(predictions))
    elif (folder / PREDICTIONS_FILE).is_file():
        try:
            add_predictions(run, folder / PREDICTIONS_FILE, is_named=False)
        except UserError as error:  # what an earlier run left in the folder costs no page
            run.left_out = str(error)
    return run


def _is_older(test: dict, training: dict) -> bool:
    """Whether a test was made before the last validation of the training in the same folder."""
    # Files of an older ltcl lack the time, and the dates of files change when a folder is copied.
    times = [report['written'] for report in (test, training)]
    return None not in times and times[0] < times[1]


def read_json(path: Path) -> dict:
    """Content of a JSON file of a run, empty if there is no such file.

    Raises:
        UserError: It is damaged.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        content['shot_prefix'], content['per_class'], content['unit'], content['last']
        content['written'] = datetime.fromisoformat(content['written']) if content.get('written') else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f'{path} is no report of a run ({error}): test the run anew, `ltcl test {shlex.quote(str(path.parent))}`'
        ) from error
    return content


def read_curves(folder: Path) -> list[dict]:
    """What was logged while training: the lines of ``vis_data/scalars.json`` with a loss, of all parts of the run."""
    lines: list[dict] = []
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # the last line of a process that was killed
                continue
            if isinstance(entry, dict) and 'loss' in entry and 'step' in entry:
                while lines and lines[-1]['step'] >= entry['step']:  # a resumed run did them anew
                    lines.pop()
                lines.append(entry)
    return lines


def add_predictions(run: RunFiles, path: Path, is_named: bool = True) -> None:
    """Take saved predictions into a run, and the report of the images that they are of.

    Args:
        run: The run.
        path: The file.
        is_named: False leaves predictions out that are not of the newest report.

    Raises:
        UserError: The file is none, has no labels, or is of other classes.
    """
    kept = load_scenes(path) if run.report['score'] == 'IoU' else load_predictions(path).labelled()
    if run.per_class:
        _check_classes(kept.classes.tolist(), [row['class_name'] for row in run.per_class], path, run.folder)
    if isinstance(kept, SavedScenes):
        found = replace(run, scenes=kept)
    elif not len(kept.labels):
        raise UserError(f'{path} has no image whose class is known: there is nothing to measure')
    else:
        found = replace(run, saved=kept, answers=Answers(kept.scores, kept.labels))
    if kept.split == 'val' and run.training and not is_of_report(found):  # else of a test on validation images
        found.report = run.training
    if is_named or (found.report is run.report and (kept.split == 'val' or not run.is_test_old)):
        vars(run).update(vars(found))


def _check_classes(saved: list[str], reported: list[str], path: Path, folder: Path) -> None:
    run, out = (shlex.quote(str(each)) for each in (folder, folder / PREDICTIONS_FILE))
    advice = f'write them anew with `ltcl test {run} --out {out}`'
    if len(saved) != len(reported):
        raise UserError(f'{path} is of {len(saved)} classes, but {folder} is of {len(reported)}: {advice}')
    # NumPy keeps no NUL at the end of a text.
    others = [pair for pair in zip(saved, reported, strict=True) if pair[0] != str(pair[1]).rstrip('\0')]
    if others:
        name, other = (visible(each, width=40) for each in others[0])
        raise UserError(f'{path} is of other classes than {folder}, such as {name} for {other}: {advice}')


def is_of_report(run: RunFiles) -> bool:
    """Whether the saved predictions have the accuracy that the report tells."""
    metrics = run.metrics
    told = metrics.get('aAcc' if run.scenes else 'all', metrics.get('accuracy/top1'))
    if run.scenes is not None:
        entries = run.scenes.entries
        found = entries[entries[:, 1] == entries[:, 2], 3].sum() / max(entries[:, 3].sum(), 1)
    elif run.answers is not None:
        found = run.answers.is_right.mean()
    else:
        return True
    return told is None or abs(100 * float(found) - told) <= TOLERANCE
