"""What is measured while a run goes on, and survives a resume.

Every value is plain Python (no array, no tensor): a record is kept in checkpoints and written as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np


@dataclass
class RunRecord:
    """What is measured while a run goes on and must survive a resume.

    Attributes:
        run: Name of the run, the same before and after a resume.
        history: Validations in order: ``{'epoch': int, 'iter': int, 'metrics': {name: float}}``.
        per_class: Columns of the last validation, see :func:`per_class_columns`.
        best_iter: ``iter`` of the best validation whose class scores are in ``best_scores``.
        best_scores: Class scores of that validation, percent.
        training_seconds: Time spent training, without validation.
        total_seconds: Time from the start of the run, with validation and without the time it was stopped.
    """

    run: str
    history: list[dict] = field(default_factory=list)
    per_class: dict[str, list] | None = None
    best_iter: int | None = None
    best_scores: list[float | None] | None = None
    training_seconds: float = 0.0
    total_seconds: float = 0.0

    @classmethod
    def restore(cls, saved: dict) -> RunRecord:
        """The record of a checkpoint; what another version of ltcl wrote beside is left out."""
        return cls(**{each.name: saved[each.name] for each in fields(cls) if each.name in saved})

    def add(self, entry: dict, per_class: dict[str, list] | None, best_by: str, score: str) -> None:
        """Take a validation; those from the same iteration on were of a run that was cut off, and are done anew.

        Args:
            entry: As in :attr:`history`.
            per_class: Its columns; None if no metric gives any.
            best_by: Metric that decides which validation is the best; greater is better.
            score: Name of the column of scores.
        """
        self.history = [*(each for each in self.history if each['iter'] < entry['iter']), entry]
        self.per_class = per_class
        if per_class is not None and best_entry(self.history, best_by) is entry:
            self.best_iter, self.best_scores = entry['iter'], per_class[score]

    def recount(self, iters_per_epoch: int) -> None:
        """Count the validations of a run that goes on with epochs of so many iterations in these."""
        iters = {entry['iter']: entry['epoch'] * iters_per_epoch for entry in self.history}
        self.history = [{**entry, 'iter': iters[entry['iter']]} for entry in self.history]
        self.best_iter = iters.get(self.best_iter)

    def catch_up(self, report: dict, max_iter: int, iters_per_epoch: int | None = None) -> None:
        """Add validations that a report knows and the resumed checkpoint does not.

        A checkpoint is written before the validation of its epoch, so a resumed run would lack that one.

        Args:
            report: Content of a ``metrics.json``; ignored if it is of another run.
            max_iter: Iteration from which the run goes on. Later validations are void.
            iters_per_epoch: See :meth:`recount`; None where the run counts no epochs.
        """
        if report.get('run') != self.run:
            return
        told = RunRecord(self.run, report['history'], best_iter=(report.get('best') or {}).get('iter'))
        if iters_per_epoch is not None:
            told.recount(iters_per_epoch)
        known = {entry['iter'] for entry in self.history}
        missing = [e for e in told.history if e['iter'] not in known and e['iter'] <= max_iter]
        if not missing:
            return
        self.history = sorted(self.history + missing, key=lambda entry: entry['iter'])
        rows = report['per_class']
        if rows and told.history[-1]['iter'] == self.history[-1]['iter']:
            columns = columns_of(rows)
            if (best := f'best_{report.get("score", "accuracy")}') in columns:
                self.best_iter, self.best_scores = told.best_iter, columns.pop(best)
            self.per_class = columns


def best_entry(history: Sequence[dict], best_by: str | None) -> dict | None:
    """The validation with the greatest finite value of a metric, the earliest of equals; None if none has one."""
    entries = [entry for entry in history if math.isfinite(entry['metrics'].get(best_by, math.nan))]
    return max(entries, key=lambda entry: entry['metrics'][best_by], default=None)


def per_class_columns(per_class: dict[str, np.ndarray]) -> dict[str, list]:
    """Arrays of a metric's ``per_class`` as lists that JSON can hold; NaN becomes None."""

    def plain(values: np.ndarray) -> list:
        if values.dtype.kind != 'f':
            return values.tolist()
        return [None if math.isnan(value) else round(value, 6) for value in values.tolist()]

    return {name: plain(values) for name, values in per_class.items()}


def columns_of(rows: list[dict]) -> dict[str, list]:
    """Lists by the names of the columns, of dicts that have the same ones."""
    return {name: [row[name] for row in rows] for name in rows[0]}
