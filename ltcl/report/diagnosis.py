"""What is wrong with a model, in sentences that the saved predictions bear out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ltcl.predictions.calibration import calibration_error
from ltcl.predictions.intervals import wilson_interval
from ltcl.predictions.prior_sweep import sweep_prior

from .charts import curves, groups_of, pairs
from .class_figures import Answers
from .class_rows import ClassRow

SWALLOWED = 1 / 3
WIDE = 30
MAX_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """A sentence about the model.

    Attributes:
        kind: Name of what was looked for.
        is_ill: Whether something is wrong.
        title: In a few words.
        text: In sentences; they hold names and are not escaped.
        figure: What shows it.
    """

    kind: str
    is_ill: bool
    title: str
    text: str
    figure: Markup | None = None


def diagnose(
    answers: Answers, rows: Sequence[ClassRow], class_counts: np.ndarray, images: str, power: float = math.nan
) -> list[Finding]:
    """Look for every illness; those that were found come first.

    Args:
        answers: Saved predictions.
        rows: The classes, largest first.
        class_counts: Training images by label, shape (num_classes,); negative where they are not known.
        images: What the predictions are of, in words.
        power: The scores answer for a class mix proportional to this power of the training images; NaN: not known.
    """
    checks: list[Callable[[], Finding | None]] = [
        lambda: predicts_big_classes(answers, rows),
        lambda: swallowed_classes(answers, rows),
        lambda: never_predicted(answers, rows),
        lambda: wrong_confidence(answers, rows),
        lambda: too_few_images(rows, images),
        lambda: prior_would_help(answers, class_counts, images, power),
    ]
    found = [finding for check in checks if (finding := check()) is not None]
    return sorted(found, key=lambda finding: not finding.is_ill)


def predicts_big_classes(answers: Answers, rows: Sequence[ClassRow]) -> Finding | None:
    """Whether small classes are predicted less often than they occur and large ones more often."""
    groups = groups_of(rows)
    if len(groups) < 2:
        return None
    true, given = answers.counts(answers.labels), answers.counts(answers.preds)
    bars = [(name, float(true[labels].sum()), float(given[labels].sum())) for name, labels in groups.items()]
    figure = pairs(bars, ('images of these classes', 'answers with these classes'))
    (big, big_true, big_given), (small, small_true, small_given) = bars[0], bars[-1]
    lost = small_true - small_given
    is_ill = big_given > big_true and small_given < 0.8 * small_true and lost > 3 * np.sqrt(small_true)
    numbers = (
        f'{named(small)} are {small_true:,.0f} of the images and {small_given:,.0f} of the answers; '
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


def named(group: str) -> str:
    """A group of classes in a sentence."""
    return f'{group}-shot classes' if group in ('many', 'medium', 'few') else f'the {group}'


def swallowed_classes(answers: Answers, rows: Sequence[ClassRow]) -> Finding:
    """Classes of which another one gets a third or more, and no fewer images than they keep."""
    names, totals = {row.index: row.name for row in rows}, answers.counts(answers.labels)
    confusions = answers.confusions
    found = []
    for (true, predicted), number in confusions.items():
        share = number / totals[true]
        lowest: float = wilson_interval(np.array([number]), totals[true : true + 1])[0].item()
        is_sure = lowest > SWALLOWED / 2 and number >= 3
        if true != predicted and share >= SWALLOWED and is_sure and number >= confusions.get((true, true), 0):
            found.append((number, true, predicted))
    found.sort(key=lambda each: (-each[0], each[1]))
    if not found:
        return Finding(
            'swallowed', False, 'No class swallows another', 'No class loses a third of its images to one other.'
        )
    shown = found[:MAX_NAMED]
    parts = [f'{names[p]} takes {n:,} of the {totals[t]:,} images of {names[t]}' for n, t, p in shown]
    more = f'; and {len(found) - len(shown):,} more' if len(found) > len(shown) else ''
    bars = [(names[t], float(confusions.get((t, t), 0)), float(n)) for n, t, _ in shown]
    figure = pairs(bars, ('answered rightly', 'taken by the other class'))
    title = f'{len(found):,} class{"es are" if len(found) > 1 else " is"} swallowed by another'
    return Finding('swallowed', True, title, '; '.join(parts) + more + '.', figure)


def never_predicted(answers: Answers, rows: Sequence[ClassRow]) -> Finding:
    """Classes that have images and are never the answer; one with few images may be so by chance."""
    given, totals = answers.counts(answers.preds), answers.counts(answers.labels)
    silent = [row for row in rows if totals[row.index] >= 3 and not given[row.index]]
    if not silent:
        text = 'Every class with three images or more is the answer at least once.'
        return Finding('never_predicted', False, 'Every class is predicted', text)
    names = ', '.join(row.name for row in silent[:8]) + (f' and {len(silent) - 8:,} more' if len(silent) > 8 else '')
    images = sum(totals[row.index] for row in silent)
    text = f'{names}: never the answer, though {images:,} images show {"them" if len(silent) > 1 else "it"}.'
    bars = [(row.name, float(totals[row.index]), 0.0) for row in silent[:MAX_NAMED]]
    title = f'{len(silent):,} of {len(rows):,} classes {"are" if len(silent) > 1 else "is"} never predicted'
    return Finding('never_predicted', True, title, text, pairs(bars, ('images', 'answers')))


def wrong_confidence(answers: Answers, rows: Sequence[ClassRow]) -> Finding:
    """Groups whose mean confidence differs from their accuracy by more than 5 points and two standard errors."""
    bars, ill = [], []
    for name, labels in groups_of(rows).items():
        member = np.isin(answers.labels, labels)
        confidence, right = answers.confidence[member], answers.is_right[member]
        gap = confidence.mean() - right.mean()
        error = np.sqrt(np.var(confidence - right) / member.sum())
        bars.append((name, 100 * float(right.mean()), 100 * float(confidence.mean())))
        if abs(gap) > max(0.05, 2 * error):
            ece = 100 * calibration_error(confidence, right)
            word = 'too sure' if gap > 0 else 'not sure enough'
            ill.append(
                f'on {named(name)} it is {word}: {100 * confidence.mean():.0f} % sure, '
                f'{100 * right.mean():.0f} % right (ECE {ece:.1f})'
            )
    figure = pairs(bars, ('right', 'mean confidence'), ' %')
    if ill:
        text = (
            f'A probability does not mean what it says: {"; ".join(ill)}. `ltcl calibrate RUN` fits temperature and '
            'class prior to validation images.'
        )
        return Finding('confidence', True, 'Its confidence is wrong', text, figure)
    text = (
        'In each group the mean confidence is within 5 points of the share of right answers, or as near as can be told.'
    )
    return Finding('confidence', False, 'Its confidence fits', text, figure)


def too_few_images(rows: Sequence[ClassRow], images: str) -> Finding:
    """Classes whose 95 % interval is wider than 30 points."""
    known = [row for row in rows if row.figures['low'] is not None]
    wide = [row for row in known if row.figures['high'] - row.figures['low'] > WIDE]  # type: ignore[operator]
    if not wide:
        text = f'Each class has enough {images} to know its accuracy within {WIDE // 2} points.'
        return Finding('few_images', False, f'Each class has enough {images}', text)
    worst = sorted(wide, key=lambda row: (row.test, row.index))[:MAX_NAMED]
    parts = [
        f'{row.name} ({row.test} image{"s" if row.test != 1 else ""}: '
        f'{row.figures["low"]:.0f} to {row.figures["high"]:.0f} %)'
        for row in worst
    ]
    more = f' and {len(wide) - len(worst):,} more' if len(wide) > len(worst) else ''
    text = (
        f'With so few {images} the accuracy of a class is known only within its interval (95 %): '
        f'{", ".join(parts)}{more}. '
        'Trust the groups rather than these classes, or add images.'
    )
    bars = [(row.name, row.figures['low'] or 0.0, row.figures['high'] or 0.0) for row in worst]
    title = f'{len(wide):,} of {len(known):,} classes have too few {images}'
    return Finding('few_images', True, title, text, pairs(bars, ('at least', 'at most'), ' %'))


def prior_would_help(
    answers: Answers, class_counts: np.ndarray, images: str, power: float = math.nan
) -> Finding | None:
    """Whether adding a multiple of the log class share to the logits would raise the macro accuracy.

    The multiple is chosen on one half of the images and measured on the other, both ways, so that the gain is no luck.
    """
    if class_counts.min() < 0 or len(np.unique(class_counts)) < 2 or len(answers.labels) < 20:
        return None
    result = sweep_prior(answers.scores, answers.labels, class_counts)
    series = {'macro': result.macro, 'all': result.overall}
    figure = curves(series, 'accuracy (%)', 'times log class share:', percent=True)
    gain = result.honest - result.before
    halves = f'chosen on one half of the {images} and measured on the other'
    if gain <= max(1.0, 2 * result.error):
        text = (
            'No multiple of log(class share), added to the logits, surely raises the mean over classes: '
            f'{result.before:.1f} % as it is, {result.honest:.1f} % with the best one, {halves}.'
        )
        return Finding('prior', False, 'No prior would help', text, figure)
    text = (
        f'Adding {result.best:+.3g} × log(class share) to the logits, in favour of '
        f'{"small" if result.best < 0 else "large"} classes, raises the mean over classes from {result.before:.1f} to '
        f'{result.honest:.1f} % ({halves}). {prior_option(result.best, power)} '
        'Choose it on validation images before you quote a result.'
    )
    return Finding('prior', True, f'A prior would help: macro {gain:+.1f} points', text, figure)


def prior_option(strength: float, power: float) -> str:
    """The option of ``ltcl predict`` and ``ltcl test`` that comes nearest to a prior, in a sentence.

    Args:
        strength: Multiple of the log class share that is added.
        power: What the scores answer for; NaN: not known.
    """
    if math.isnan(power):
        return 'Which class mix the scores answer for is not known, so no option is named.'
    options = {'balanced': -power, 'natural': 1 - power}
    option, step = min(options.items(), key=lambda each: abs(each[1] - strength))
    if abs(step - strength) >= abs(strength):
        return 'Neither `--prior balanced` nor `--prior natural` comes near: write shares into a file for `--prior`.'
    return f'`--prior {option}` adds {step:+.3g}.'
