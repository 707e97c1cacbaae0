"""The files of a run that a page is made from."""

import json
import os
import shlex
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ltcl.analysis.run_report import METRICS_FILE, images_of, split_of
from ltcl.analysis.tested_files import OWN_TEST, prefix_of_page, prefix_of_test
from ltcl.errors import UserError
from ltcl.neutral_text import visible
from ltcl.predictions import SavedPredictions, load_predictions
from ltcl.predictions.saved_scenes import SavedScenes, load_scenes
from ltcl.similar_paths import meant_path

from .class_figures import Answers

PREDICTIONS_FILE = 'predictions.npz'
NOT_YET = 'the run has not finished a validation or test yet'
TOLERANCE = 0.05
"""Percentage points by which the accuracy of saved predictions may differ from the report they belong to."""


@dataclass
class RunFiles:
    """What a run left behind.

    Attributes:
        folder: Its work dir.
        report: Content of ``test_metrics.json``, or of ``metrics.json`` where no test was run since; of a test of other
            images that of its own file.
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
        return images_of(split_of(self.report))

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

    @property
    def length(self) -> str:
        """How long it had been trained at its last validation, such as ``epoch 10``; empty where that is not known."""
        unit, last = self.training.get('unit'), self.training.get('last') or {}
        return f'{unit} {last[unit]}' if last.get(unit) is not None else ''

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


def read_run(folder: str | Path, predictions: str | Path | None = None, tested: str = OWN_TEST) -> RunFiles:
    """Read what a run left behind.

    Args:
        folder: The work dir.
        predictions: File of saved predictions; None: ``predictions.npz`` in the work dir if it is there and fits.
        tested: Which images the test is of: ``'test'``, ``'val'`` or the name of another set.

    Raises:
        UserError: No run, a damaged report, or predictions that are named and do not fit.
    """
    folder = Path(folder)
    if not folder.is_dir():
        hint = 'name the folder that `ltcl train` or `ltcl test` wrote'
        hint = hint if folder.exists() else meant_path(folder, hint)
        raise UserError(f'{folder} is no work dir of a run: {hint}')
    training, test = read_json(folder / METRICS_FILE), read_test(folder, tested)
    if not (training or test):
        others = ', '.join(path.name for path in reports_of_tests(folder))
        hint = f'it has figures of other images alone, {others}, each with a page' if others else NOT_YET
        raise UserError(f'{folder} has no {METRICS_FILE}: {hint}')
    is_old = bool(test and training.get('last') and _is_older(test, training))
    report = training if is_old or not test else test
    run = RunFiles(folder, report, training, read_curves(folder), is_old)
    if predictions is not None:
        add_predictions(run, Path(predictions))
    elif (kept := folder / f'{prefix_of_page(tested)}{PREDICTIONS_FILE}').is_file():
        try:
            _require_newest(report, kept)
            add_predictions(run, kept, is_named=False)
        except UserError as error:  # what an earlier run left in the folder costs no page
            run.left_out = str(error)
    return run


def reports_of_tests(folder: str | Path) -> list[Path]:
    """The files with the figures of tests in a work dir."""
    return sorted(Path(folder).glob(f'*_{METRICS_FILE}'))


def read_test(folder: Path, tested: str) -> dict:
    """The figures of the last test of some images, empty if there was none.

    Raises:
        UserError: The file is damaged.
    """
    return read_json(folder / f'{prefix_of_test(tested)}{METRICS_FILE}')


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
                while lines and _place(lines[-1]) >= _place(entry):  # a resumed run did them anew
                    lines.pop()
                lines.append(entry)
    return lines


def _place(entry: dict) -> tuple[int, int]:
    """Where in a run a line was logged: a resume with other batches counts other iterations, and the same epochs."""
    return entry.get('epoch', 0), entry['step']


def add_predictions(run: RunFiles, path: Path, is_named: bool = True) -> None:
    """Take saved predictions into a run, and the report of the images that they are of.

    Args:
        run: The run.
        path: The file.
        is_named: False takes those of the newest report alone.

    Raises:
        UserError: The file is none, has no labels, is of other classes, or of images that there is no report of.
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
    reports = [run.report]
    if is_named:
        reports += [run.training, *(read_test(run.folder, tested) for tested in (OWN_TEST, kept.split))]
    reports = [each for each in reports if each and split_of(each) == kept.split]
    if not reports:
        told = f'{path} is of {images_of(kept.split)}, and'
        if is_named:
            raise UserError(f'{told} {run.folder} has no figures of these: {_advice(run.folder, path, kept.split)}')
        raise UserError(f'{told} the newest figures are of {run.images}: {_advice(run.folder)}')
    found.report = next((each for each in reports if is_of_report(replace(found, report=each))), reports[0])
    found.is_test_old = run.is_test_old and found.report in (run.report, run.training)
    vars(run).update(vars(found))


def _require_newest(report: dict, path: Path) -> None:
    """Refuse predictions of an earlier test, where the newest one has left none there; an older ltcl does not say it.

    Raises:
        UserError: They are of one.
    """
    place = report.get('predictions_file', path.name)
    if place is None:
        again = f'test anew with `--out {shlex.quote(str(path))}`'
        raise UserError(f'{path} is of an earlier test, and the newest one kept no predictions: {again}')
    if place != path.name:
        elsewhere = shlex.quote(os.path.normpath(path.parent / place))
        raise UserError(f'{path} is of an earlier test, and the newest one wrote {elsewhere}: `--predictions` names it')


def _is_of_model(report: dict, kept: SavedPredictions | SavedScenes) -> bool:
    """Whether saved predictions are of the checkpoint of a report and calibrated as that is, as far as both tell it."""
    name, unit = kept.checkpoint.removesuffix(' calibrated'), report['unit']
    last = f'{unit}_{report["last"][unit]}' if unit != 'test' and report['last'] else None
    told = report.get('checkpoint') if unit == 'test' else last
    if not (told and name):
        return True
    is_calibrated = bool(report.get('calibration'))
    return Path(told).resolve().stem == name.rpartition('/')[2] and is_calibrated == (name != kept.checkpoint)


def _advice(folder: Path, path: Path | None = None, split: str = OWN_TEST) -> str:
    run, out = (shlex.quote(str(each)) for each in (folder, path or folder / PREDICTIONS_FILE))
    images = {'test': '', 'val': ' --split val'}.get(split, ' DATA')
    return f'write them anew with `ltcl test {run}{images} --out {out}`'


def _check_classes(saved: list[str], reported: list[str], path: Path, folder: Path) -> None:
    advice = _advice(folder)
    if len(saved) != len(reported):
        raise UserError(f'{path} is of {len(saved)} classes, but {folder} is of {len(reported)}: {advice}')
    # NumPy keeps no NUL at the end of a text.
    others = [pair for pair in zip(saved, reported, strict=True) if pair[0] != str(pair[1]).rstrip('\0')]
    if others:
        name, other = (visible(each, width=40) for each in others[0])
        raise UserError(f'{path} is of other classes than {folder}, such as {name} for {other}: {advice}')


def is_of_report(run: RunFiles) -> bool:
    """Whether the saved predictions are of the model of the report, as far as known, and have the accuracy it tells."""
    kept = run.saved or run.scenes
    if kept is not None and not _is_of_model(run.report, kept):
        return False
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
