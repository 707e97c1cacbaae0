"""What a checkpoint tells of its calibration, and what is done to logits by it."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor

from ltcl.checkpoints.run_state import CALIBRATION_KEY
from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import Mixes
from ltcl.evaluation.functional import shot_groups
from ltcl.evaluation.functional.shot import DEFAULT_BOUNDS

ALL = 'all'
GROUPS = ('many', 'medium', 'few')


@dataclass(frozen=True)
class Calibration:
    """What ``ltcl calibrate`` stores.

    The logits of an image are divided by the temperature of the group of their likeliest class, which keeps their
    order. Then a class mix is brought to them, see :class:`ltcl.evaluation.class_mixes.Mixes`.

    Attributes:
        temperatures: By shot group, or one under ``'all'``.
        bounds: Smallest and largest training count of a medium-shot class.
        power: The divided logits answer for a class mix proportional to this power of the training counts; None: for
            the one that the head declares.
        prior: Shares of the classes that are answered for unless told otherwise; None: those of ``power``.
        prior_name: That mix in a word.
        prior_power: The power of the training counts that it is proportional to; None: it is none.
        thresholds: Least probability of an answer by shot group of the answer, or one under ``'all'``; empty if none
            were chosen. Infinite: no answer of the group is right often enough.
        precision: Share of right answers for which they were chosen.
        images: Validation images that it was fitted on.
        split: Which images they were.
    """

    temperatures: dict[str, float]
    bounds: tuple[int, int] = DEFAULT_BOUNDS
    power: float | None = None
    prior: list[float] | None = None
    prior_name: str = ''
    prior_power: float | None = None
    thresholds: dict[str, float] = field(default_factory=dict)
    precision: float | None = None
    images: int = 0
    split: str = 'val'

    def to_plain(self) -> dict:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_meta(cls, meta: Mapping, num_classes: int, source: object) -> 'Calibration | None':
        """As it was stored; None in a checkpoint without one.

        Args:
            meta: Meta data of a checkpoint.
            num_classes: Classes of the model; 0: not known.
            source: The file, for the message.

        Raises:
            UserError: It is none that this version writes.
        """
        stored = meta.get(CALIBRATION_KEY)
        if stored is None:
            return None
        try:
            found = cls(**{**stored, 'bounds': tuple(stored['bounds'])})
            is_sound = found._is_sound(num_classes)
        except (TypeError, KeyError, ValueError, AttributeError):
            is_sound = False
        if not is_sound:
            raise UserError(
                f'the calibration in {source} is not one that this version writes: '
                f'`ltcl calibrate {shlex.quote(str(source))} --undo` takes it out'
            )
        return found

    def _is_sound(self, num_classes: int) -> bool:
        numbers = [*self.temperatures.values(), *self.thresholds.values(), *(self.prior or ())]
        names = [{*each} for each in (self.temperatures, self.thresholds) if each]
        return (
            bool(self.temperatures)
            and all(each in ({ALL}, {*GROUPS}) for each in names)
            and all(isinstance(each, float) and each >= 0 for each in numbers)
            and all(0 < each < math.inf for each in self.temperatures.values())
            and (self.prior is None or (num_classes in (0, len(self.prior)) and 0 < sum(self.prior) < math.inf))
            and (self.prior is None if self.power is None else math.isfinite(self.power))
        )

    def temperature_of(self, class_counts: Sequence[int] | Tensor | None, num_classes: int) -> Tensor:
        """Temperature of each class, float64, shape (num_classes,).

        Args:
            class_counts: Training images per class; None where they are not known.
            num_classes: Number of classes.

        Raises:
            UserError: There is one for each shot group, and the groups are not known.
        """
        return spread(self.temperatures, class_counts, num_classes, self.bounds)

    def threshold_of(self, class_counts: Sequence[int] | Tensor | None, num_classes: int) -> Tensor:
        """Least probability of an answer with each class, float64, shape (num_classes,).

        Raises:
            UserError: None was chosen.
        """
        if not self.thresholds:
            raise UserError('no thresholds are stored: choose them with `ltcl calibrate RUN --precision 0.95`')
        return spread(self.thresholds, class_counts, num_classes, self.bounds)

    def mixes(
        self, classes: Sequence[str], class_counts: Sequence[int] | None, power: float | None, head: str
    ) -> Mixes:
        """Class mixes of the calibrated model; arguments as of :class:`ltcl.evaluation.class_mixes.Mixes`."""
        return Mixes(classes, class_counts, power if self.power is None else self.power, head, self.prior)

    @property
    def prior_in_words(self) -> str:
        """The class mix that is answered for."""
        return 'of those images' if self.prior_name == 'validation' else self.prior_name

    def __str__(self) -> str:
        """In a sentence."""
        fit = ', '.join(
            f'{name} {value:.3g}' if name != ALL else f'{value:.3g}' for name, value in self.temperatures.items()
        )
        mix = '' if self.prior is None else f', answers for the class mix {self.prior_in_words}'
        return f'calibrated on {self.images:,} images ({self.split}): temperature {fit}{mix}'


def spread(
    values: Mapping[str, float], class_counts: Sequence[int] | Tensor | None, num_classes: int, bounds: tuple[int, int]
) -> Tensor:
    """The value of each class, of values by shot group or of one for all; see :meth:`Calibration.temperature_of`."""
    if ALL in values:
        return torch.full((num_classes,), values[ALL], dtype=torch.float64)
    if class_counts is None:
        raise UserError('values by shot group need the training images per class, which the checkpoint does not tell')
    found = torch.empty(num_classes, dtype=torch.float64)
    for name, mask in shot_groups(torch.as_tensor(class_counts), bounds).items():
        found[mask] = values[name]
    return found


def tempered(logits: Tensor, temperatures: Tensor) -> Tensor:
    """Logits divided by the temperature of their likeliest class.

    From `On Calibration of Modern Neural Networks <https://arxiv.org/abs/1706.04599>`_, there with one temperature.

    Args:
        logits: Shape (N, num_classes).
        temperatures: Of each class, shape (num_classes,).

    Example:
        >>> tempered(torch.tensor([[4.0, 2.0], [0.0, 3.0]]), torch.tensor([2.0, 3.0]))
        tensor([[2., 1.],
                [0., 1.]])
    """
    return logits / temperatures.to(logits)[logits.argmax(1)].unsqueeze(1)
