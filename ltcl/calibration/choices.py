"""What each choice of a calibration would give, side by side, so that its price is seen before it is paid."""

from ltcl.predictions import SavedPredictions
from ltcl.predictions.adjusting import are_counts_unequal
from ltcl.predictions.figures import Figures

from .calibrating import KEEP, VALIDATION, Calibrated, Choice, answers_in_halves
from .figures import figures_of_all

AS_IT_IS = 'as it is'


def compared(val: SavedPredictions, choice: Choice, found: Calibrated) -> dict[tuple[str, bool], Figures]:
    """Figures of the validation images by choice.

    Args:
        val: Answers of the model as it is.
        choice: What was asked for.
        found: What came of that.

    Returns:
        By options of the command, and whether they are those that were asked for, ``all``, ``macro``, ``ece``,
        ``classwise_ece`` and ``log_loss``. Each half of the images is answered by the fit on the other; a choice for
        which a half is too small is left out.
    """
    figures = {(AS_IT_IS, False): figures_of_all(val, choice.bounds)}
    for each in _choices(val, choice):
        is_chosen = each == choice._replace(precision=None)
        crossed = found.crossed if is_chosen else answers_in_halves(val, each)
        if crossed is not None:
            figures[options_of(each), is_chosen] = figures_of_all(crossed, choice.bounds)
    return figures


def _choices(val: SavedPredictions, choice: Choice) -> list[Choice]:
    """The four that are compared, and the one that was asked for; that alone where the training counts tell no more."""
    asked = choice._replace(precision=None)
    if not are_counts_unequal(val):
        return [asked]
    pairs = [(prior, by_group) for prior in (KEEP, VALIDATION) for by_group in (False, True)]
    four = [asked._replace(prior=prior, by_group=by_group) for prior, by_group in pairs]
    return list(dict.fromkeys([*four, asked]))


def options_of(choice: Choice) -> str:
    """The options of ``ltcl calibrate`` that ask for it."""
    words = ['--by group'] * choice.by_group + [f'--prior {choice.prior}'] * (choice.prior != KEEP)
    return ' '.join(words) or 'one temperature'
