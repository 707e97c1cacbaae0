"""Which classes are answered too often, too seldom, or in the place of another."""

from collections.abc import Sequence

import numpy as np

from ltcl.predictions.intervals import wilson_interval

from ..charts import groups_of, pairs
from ..class_rows import ClassRow
from ..confusions import Confusions
from .finding import MAX_NAMED, Finding, named

SWALLOWED = 1 / 3


def predicts_big_classes(confusions: Confusions, rows: Sequence[ClassRow]) -> Finding | None:
    """Whether small classes are predicted less often than they occur and large ones more often."""
    groups = groups_of(rows)
    if len(groups) < 2:
        return None
    true, given = confusions.totals, confusions.given
    bars = [(name, float(true[labels].sum()), float(given[labels].sum())) for name, labels in groups.items()]
    figure = pairs(bars, (f'{confusions.counted} of these classes', 'answers with these classes'))
    (big, big_true, big_given), (small, small_true, small_given) = bars[0], bars[-1]
    lost = small_true - small_given
    is_ill = big_given > big_true and small_given < 0.8 * small_true and lost > 3 * np.sqrt(small_true)
    numbers = (
        f'{named(small)} are {small_true:,.0f} of the {confusions.counted} and {small_given:,.0f} of the answers; '
        f'{named(big)} are {big_true:,.0f} and {big_given:,.0f}.'
    )
    if is_ill:
        return Finding(
            'big_classes', True, 'It predicts the big classes', f'The model favours large classes: {numbers}', figure
        )
    text = f'Small classes are answered about as often as they occur: {numbers}'
    if small_given > 1.25 * small_true and small_given - small_true > 3 * np.sqrt(small_true):
        text = f'Small classes are answered more often than they occur: {numbers}'
    return Finding('big_classes', False, 'It does not favour the big classes', text, figure)


def swallowed_classes(confusions: Confusions, rows: Sequence[ClassRow]) -> Finding:
    """Classes of which another one gets a third or more, and no fewer images or pixels than they keep."""
    names, totals, counted = {row.index: row.name for row in rows}, confusions.totals, confusions.counted
    found = []
    for (true, predicted), number in confusions.pairs.items():
        share = number / totals[true]
        lowest: float = wilson_interval(np.array([number]), totals[true : true + 1])[0].item()
        is_sure = lowest > SWALLOWED / 2 and number >= 3
        if true != predicted and share >= SWALLOWED and is_sure and number >= confusions.pairs.get((true, true), 0):
            found.append((number, true, predicted))
    found.sort(key=lambda each: (-each[0], each[1]))
    if not found:
        return Finding(
            'swallowed', False, 'No class swallows another', f'No class loses a third of its {counted} to one other.'
        )
    shown = found[:MAX_NAMED]
    parts = [f'{names[p]} takes {n:,} of the {totals[t]:,} {counted} of {names[t]}' for n, t, p in shown]
    more = f'; and {len(found) - len(shown):,} more' if len(found) > len(shown) else ''
    bars = [(names[t], float(confusions.pairs.get((t, t), 0)), float(n)) for n, t, _ in shown]
    figure = pairs(bars, ('answered rightly', 'taken by the other class'))
    title = f'{len(found):,} class{"es are" if len(found) > 1 else " is"} swallowed by another'
    return Finding('swallowed', True, title, '; '.join(parts) + more + '.', figure)


def never_predicted(confusions: Confusions, rows: Sequence[ClassRow]) -> Finding:
    """Classes that have images and are never the answer; one with few images may be so by chance."""
    silent = [row for row in rows if row.test >= 3 and not confusions.given[row.index]]
    if not silent:
        text = 'Every class with three images or more is the answer at least once.'
        return Finding('never_predicted', False, 'Every class is predicted', text)
    names = ', '.join(row.name for row in silent[:8]) + (f' and {len(silent) - 8:,} more' if len(silent) > 8 else '')
    images = sum(row.test for row in silent)
    text = f'{names}: never the answer, though {images:,} images show {"them" if len(silent) > 1 else "it"}.'
    bars = [(row.name, float(row.test), 0.0) for row in silent[:MAX_NAMED]]
    title = f'{len(silent):,} of {len(rows):,} classes {"are" if len(silent) > 1 else "is"} never predicted'
    return Finding('never_predicted', True, title, text, pairs(bars, ('images', 'answers')))
