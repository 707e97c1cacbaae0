"""The class mix that a model is to answer for, in the forms in which people name it."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ltcl.datasets.class_names import find_labels
from ltcl.errors import UserError
from ltcl.neutral_text import csv_cell, from_csv_cell, shorten
from ltcl.notices import warn

from .functional import estimate_shares, log_ratio, shares_of

NATURAL, BALANCED, ESTIMATE = 'natural', 'balanced', 'estimate'
ENOUGH = 10
"""Images of a class from which a mix can be estimated; a single one makes its most probable class certain."""
HEADER = ['class', 'share']
Prior = str | Path | Mapping[str, float] | None
"""'natural', 'balanced', 'estimate', a CSV file of shares, shares by class, or None: as the head was trained."""


class Mixes:
    """Class mixes for the classes of a model.

    Args:
        classes: Names of the classes.
        class_counts: Training images per class; None where they are not known.
        power: The logits answer for a class mix proportional to this power of the counts; None where it is not known.
        head: Name of the head, for messages.
        default: Shares of the classes that are answered for where no mix is named; None: those of the logits.
    """

    def __init__(
        self,
        classes: Sequence[str],
        class_counts: Sequence[int] | None,
        power: float | None,
        head: str,
        default: Sequence[float] | None = None,
    ) -> None:
        self.classes, self.power, self.head = list(classes), power, head
        self.default = None if default is None else torch.tensor(default, dtype=torch.float64)
        self.class_counts = None if class_counts is None else torch.as_tensor(class_counts)

    def shift(self, prior: Prior, logits: Tensor | None = None) -> Tensor | None:
        """What is to be added to the logits for a class mix, float64, shape (num_classes,); None: nothing.

        Args:
            prior: The mix.
            logits: Of all images at hand, shape (N, num_classes), for ``'estimate'``.

        Raises:
            UserError: A file or mapping that is no mix of the classes, or the model does not tell what it answers for.
        """
        check_prior(prior)
        is_default = prior is None and self.default is None
        if is_default or (prior, self.power) in ((NATURAL, 1), (BALANCED, 0)):
            return None
        return log_ratio(self.answered(), self.shares(prior, logits))

    def shares(self, prior: Prior, logits: Tensor | None = None) -> Tensor:
        """Shares of the classes in a mix, shape (num_classes,); arguments as in :meth:`shift`."""
        check_prior(prior)
        if prior == NATURAL:
            return shares_of(self._counts(), 1)
        if prior == BALANCED:
            return torch.full((len(self.classes),), 1 / len(self.classes), dtype=torch.float64)
        if prior == ESTIMATE:
            assert logits is not None
            if len(logits) < ENOUGH * len(self.classes):
                warn(f'estimate: {of_few(len(logits), len(self.classes))}')
            return estimate_shares(logits.cpu(), self.answered())
        if prior is None:
            return self.answered() if self.default is None else self.default
        if isinstance(prior, Mapping):
            return shares_by_class(prior, self.classes, 'the prior')
        return shares_by_class(read_shares(prior), self.classes, str(prior))

    def _counts(self) -> Tensor:
        if self.class_counts is None:
            raise UserError('the checkpoint has no training images per class, so its mix is not known: leave prior out')
        return self.class_counts

    def answered(self) -> Tensor:
        """Shares that the logits answer for, float64, shape (num_classes,).

        Raises:
            UserError: They are not known.
        """
        if self.power is None:
            raise UserError(f'which class mix the logits of {self.head} answer for is not known: leave prior out')
        return self.shares(BALANCED) if self.power == 0 else shares_of(self._counts(), self.power)


def of_few(num_images: int, num_classes: int) -> str:
    """What is said of a class mix that is estimated from few images."""
    return (
        f'the class mix of so few images ({num_images:,}) is a guess, as it takes {ENOUGH} for each of the '
        f'{num_classes} classes: what the model believes is made surer'
    )


def check_prior(prior: object) -> None:
    """Refuse what names no class mix, such as a list of shares, whose order nobody knows.

    Raises:
        UserError: It is none of the forms of ``Prior``.
    """
    if prior is not None and not isinstance(prior, str | os.PathLike | Mapping):
        raise UserError(
            'a prior is natural, balanced, estimate, a CSV file of shares, or a dict of shares by class, not '
            f'{type(prior).__name__}'
        )


def read_shares(path: str | Path) -> dict[str, float]:
    """Shares by class of a CSV file with the columns ``class`` and ``share``.

    Raises:
        UserError: It cannot be read, has other columns, a class twice, or a share that is no number.
    """
    try:
        with Path(path).open(encoding='utf-8-sig', newline='') as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, 'strerror', None) or 'no CSV in UTF-8'
        raise UserError(
            f'prior {path} is none of natural, balanced, estimate, nor a CSV of shares: {reason}'
        ) from error
    if not rows or rows[0] != HEADER or any(len(row) != 2 for row in rows):
        raise UserError(f'{path} must have the two columns class,share, named so in its first line')
    shares: dict[str, float] = {}
    for name, text in rows[1:]:
        name = from_csv_cell(name)
        try:
            share = float(text)
        except ValueError:
            raise UserError(f'{path}: the share of {name} is {text!r}: write a number') from None
        if name in shares:
            raise UserError(f'{path} has the class {name} twice: keep one line')
        shares[name] = share
    return shares


def shares_by_class(shares: Mapping[str, float], classes: Sequence[str], source: str) -> Tensor:
    """Shares in the order of the classes, of the sum 1.

    Args:
        shares: By class, of any sum: numbers of images will do.
        classes: Names of all classes.
        source: Where they come from, for the message.

    Raises:
        UserError: A class is missing or unknown, a share is no number, negative or not finite, or all are 0.
    """
    shares = _by_own_names(shares, classes, source)
    missing, unknown = [name for name in classes if name not in shares], sorted(shares.keys() - set(classes), key=str)
    if missing:
        raise UserError(f'{source} lacks a share for {shorten(missing)}: write 0 for a class that cannot occur')
    if unknown:
        raise UserError(f'{source} has a share for {shorten(unknown)}, which the model does not know: take it out')
    values = torch.tensor([_number(shares[name]) for name in classes], dtype=torch.float64)
    fits = (values >= 0) & values.isfinite()
    if not (fits.all() and values.sum() > 0):
        wrong = [f'{name} {shares[name]}' for name, is_fit in zip(classes, fits.tolist(), strict=True) if not is_fit]
        raise UserError(f'{source}: shares must be numbers from 0, not all 0, got {shorten(wrong or ["only 0"])}')
    return values / values.sum()


def _number(share: Any) -> float:
    try:
        return float(share)
    except (TypeError, ValueError):
        return float('nan')


def _by_own_names(shares: Mapping[str, float], classes: Sequence[str], source: str) -> dict[str, float]:
    """Shares by the names that the model has; a table spells control characters, accents and numbers otherwise."""
    labels = find_labels([*map(_in_a_table, shares)], [*map(_in_a_table, classes)]).tolist()
    found: dict[str, float] = {}
    for (name, share), label in zip(shares.items(), labels, strict=True):
        own = classes[label] if label >= 0 else name
        if own in found:
            raise UserError(f'{source} has the class {own} twice: keep one line')
        found[own] = share
    return found


def _in_a_table(name: str) -> str:
    return from_csv_cell(str(csv_cell(name)))
