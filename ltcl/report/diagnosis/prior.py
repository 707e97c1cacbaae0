"""Whether an assumed class mix would help."""

import math

import numpy as np

from ltcl.predictions.prior_sweep import sweep_prior

from ..charts import curves
from ..class_figures import Answers
from .finding import Finding


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
