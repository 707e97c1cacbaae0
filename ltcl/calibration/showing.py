"""What a calibration is and does, as tables on the terminal."""

import math
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ltcl.neutral_text import visible
from ltcl.predictions import SavedPredictions
from ltcl.predictions.figures import Figures

from .calibrating import Calibrated, Choice, applied
from .choices import compared
from .collecting import Answers
from .figures import calibration_figures
from .fitting import FEWEST_ANSWERS, FEWEST_WRONG, power_of
from .record import ALL, GROUPS, Calibration
from .rejection import Coverage, coverage

COLUMNS = {
    'images': ('answers', 0),
    'all': ('right %', 1),
    'ece': ('ECE %', 1),
    'classwise_ece': ('classwise', 2),
    'log_loss': ('log loss', 3),
}
CHOICE_COLUMNS = {'all': 'all', 'macro': 'macro', 'ece': 'ECE', 'log_loss': 'log loss'}
NO_CHOICES = (
    f'too few images to compare the choices: each half of them needs {FEWEST_ANSWERS} with {FEWEST_WRONG} wrong answers'
)
FAR = 0.3
"""Powers of the training counts by which two class mixes are called different."""


def show(found: Calibrated, answers: Answers, choice: Choice) -> None:
    """Print what was fitted, what it changes, what other choices would, and which answers thresholds leave.

    Args:
        found: What was found.
        choice: What was asked for.
        answers: Those of the model as it is.
    """
    val, test, name = answers.val, answers.test, answers.check
    _say(*fit_lines(found, val))
    after = {val.split: found.crossed if found.crossed is not None else applied(val, found.calibration)}
    before = {val.split: val}
    if test is not None:
        before[name], after[name] = test, applied(test, found.calibration)
    bounds = found.calibration.bounds
    figures = {
        split: (calibration_figures(before[split], bounds), calibration_figures(after[split], bounds))
        for split in before
    }
    print_table(
        [
            (f'{split}, {group}', old.get(group, {}), new.get(group, {}))
            for split, (old, new) in figures.items()
            for group in [ALL, *GROUPS]
            if group in old or group in new
        ]
    )
    for split, (old, new) in figures.items():
        _say(answers_line(split, before[split], after[split], old[ALL], new[ALL]))
    _say(*check_lines(found, val, test, name))
    if len(choices := compared(val, choice, found)) > 1:
        show_choices(val.split, choices)
    else:
        _say(NO_CHOICES)
    if found.calibration.thresholds:
        show_thresholds(found, after)


def fit_lines(found: Calibrated, val: SavedPredictions) -> list[str]:
    """The fitted values in words."""
    calibration, fit = found.calibration, found.fit
    parts = [
        f'{"" if name == ALL else f"{name} "}{value:.3g}'
        + (' (that of all: too few answers, or too few wrong ones)' if name in fit.shared else f' ± {error:.2g}')
        for (name, value), error in zip(fit.temperatures.items(), fit.errors.values(), strict=True)
    ]
    lines = [
        f'{val.checkpoint}, fitted on {len(val.labels):,} images ({val.split})',
        f'temperature: {", ".join(parts)} (above 1: the model was too sure)',
    ]
    if calibration.power is None:
        return [*lines, 'class prior: as it was, so no answer changes']
    return [
        *lines,
        f'class prior: {fit.strength:+.2f} x log(training frequency) fits these images; the scores answer for '
        f'frequencies to the power {calibration.power:.2f} (1: as in training, 0: all alike)',
        f'from now on they answer for the class mix {calibration.prior_in_words}',
    ]


def answers_line(split: str, before: SavedPredictions, after: SavedPredictions, old: Figures, new: Figures) -> str:
    """How many answers are others, and what that does to accuracy and ECE."""
    changed = int((before.scores.argmax(axis=1) != after.scores.argmax(axis=1)).sum())
    ece = f'ECE {old["ece"]:.1f} → {new["ece"]:.1f}'
    if not changed:
        return f'{split}: no answer is another one, all {old["all"]:.1f}, macro {old["macro"]:.1f}; {ece}'
    line = (
        f'{split}: {changed:,} of {len(before.labels):,} answers are others: all {old["all"]:.1f} → {new["all"]:.1f}, '
        f'macro {old["macro"]:.1f} → {new["macro"]:.1f}'
    )
    if new['macro'] < old['macro'] - 1:
        line += ' (rare classes are answered less often; without --prior no answer changes)'
    return f'{line}; {ece}'


def check_lines(found: Calibrated, val: SavedPredictions, test: SavedPredictions | None, name: str) -> list[str]:
    """What has to be known of the figures."""
    crossed = 'each half is answered by the fit on the other' if found.crossed is not None else 'the fitted images'
    lines = [f'{val.split}, after: {crossed}; many, medium and few are groups of the answers']
    if test is None:
        lines.append('there are no test images of their own, so there is no check')
    if found.calibration.prior is not None:
        named = {val.split: val} if test is None else {val.split: val, name: test}
        lines += [line for split, images in named.items() if (line := mix_line(split, images, found.calibration))]
    return lines


def mix_line(split: str, images: SavedPredictions, calibration: Calibration) -> str | None:
    """That images are of another class mix than is answered for, unless they are not."""
    power, answered = power_of(images.labels, images.class_counts), calibration.prior_power
    if answered is not None and abs(power - answered) < FAR:
        return None
    line = f'{split}: these images have another class mix than is answered for, which moves all figures after'
    return f'{line}; `ltcl test --prior balanced` answers for theirs' if abs(power) < FAR else line


def print_table(rows: Sequence[tuple[str, Figures, Figures]]) -> None:
    """Two lines a group, before and after."""
    table = Table(box=SIMPLE_HEAD)
    for title in ('', ''):
        table.add_column(title, no_wrap=True)
    for title, _ in COLUMNS.values():
        table.add_column(title, justify='right')
    for title, old, new in rows:
        for name, word, figures in ((title, 'before', old), ('', 'after', new)):
            table.add_row(
                visible(name), word, *(_cell(figures.get(key), digits) for key, (_, digits) in COLUMNS.items())
            )
    Console().print(table)


def show_choices(split: str, figures: Mapping[tuple[str, bool], Figures]) -> None:
    """Print what each choice would give on the validation images, that which was asked for with a mark."""
    _say(f'what each choice gives on {split}, each half answered by the fit on the other:')
    table = Table(box=SIMPLE_HEAD)
    table.add_column('', no_wrap=True)
    for title in CHOICE_COLUMNS.values():
        table.add_column(title, justify='right')
    table.add_column('')
    for (options, is_chosen), values in figures.items():
        cells = [_cell(values[key], 3 if key == 'log_loss' else 1) for key in CHOICE_COLUMNS]
        table.add_row(visible(options), *cells, '<- chosen' if is_chosen else '')
    Console().print(table)


def _cell(value: float | None, digits: int) -> str:
    return '' if value is None else f'{value:,.{digits}f}'


def show_thresholds(found: Calibrated, after: Mapping[str, SavedPredictions]) -> None:
    """Print which answers are given, and how many of them are right."""
    calibration = found.calibration
    _say(f'least probabilities of an answer, for {100 * (calibration.precision or 0):g} % right ones:')
    table = Table(box=SIMPLE_HEAD)
    table.add_column('', no_wrap=True)
    for title in ('threshold', 'answers', 'given', 'right', '95 % interval'):
        table.add_column(title, justify='right', no_wrap=True)
    for split, predictions in after.items():
        for group, each in coverage(predictions, calibration.thresholds, calibration.bounds).items():
            table.add_row(visible(f'{split}, {group}'), *_cells(each))
    Console().print(table)
    for name in found.shared:
        _say(f'{name}: too few answers for a threshold of its own, so it has that of all')
    for name, value in calibration.thresholds.items():
        if value == math.inf:
            _say(f'{name}: no ten answers are right that often, so `--reject stored` gives none of them')


def _cells(each: Coverage) -> tuple[str, ...]:
    low, high = each.interval
    threshold = '' if math.isnan(each.threshold) else 'none' if each.threshold == math.inf else f'{each.threshold:.3f}'
    given = f'{each.given:,} ({100 * each.share:.0f} %)' if each.answers else '0'
    right = f'{100 * each.precision:.1f} %' if each.given else ''
    return threshold, f'{each.answers:,}', given, right, f'{100 * low:.0f} to {100 * high:.0f} %' if each.given else ''


def _say(*lines: str) -> None:
    for line in lines:
        print(visible(line), flush=True)
