"""Which tensor of an original is which of ours, and what a file of a kind must have."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter

from torch import Tensor

from ltcl.errors import UserError

from .conversion import ENCODER, State
from .names import STEM, encoder_form, encoder_to_ours, encoder_to_theirs, missing_in_blocks
from .parts import Layout, Part

BRANCHES = 'decode_head.branches.'
KEPT = {
    'all': ('',),
    'classifier': (ENCODER, 'head.fc.', 'decode_head.', 'auxiliary_head.'),
    'encoder': (ENCODER,),
}
"""What a name of ours begins with, by what is to be kept; of a decode head, its branches only with everything."""
QUEUE = re.compile(r'head\.(\w+_)?queue\.')


def place_of(parts: Iterable[Part], name: str) -> tuple[Part, str] | None:
    """Part and name of ours for a name of theirs."""
    return _across(parts, name, attrgetter('theirs'), attrgetter('ours'), encoder_to_ours)


def origin_of(parts: Iterable[Part], name: str, is_cifar: bool) -> tuple[Part, str] | None:
    """Part and name of theirs for a name of ours."""
    rename = partial(encoder_to_theirs, is_cifar=is_cifar)
    return _across(parts, name, attrgetter('ours'), attrgetter('theirs'), rename)


def _across(
    parts: Iterable[Part],
    name: str,
    start: Callable[[Part], str],
    end: Callable[[Part], str],
    rename: Callable[[str, str], str | None],
) -> tuple[Part, str] | None:
    """The part that a name of one side belongs to, and its name on the other side."""
    for part in parts:
        if part.encoder is None and start(part) == name:
            return part, end(part)
        if part.encoder is not None and name.startswith(start(part)):
            inner = rename(part.encoder, name.removeprefix(start(part)))
            if inner is not None:
                return part, end(part) + inner
    return None


def form_of(part: Part, ours: str) -> str:
    """How the numbers of a tensor change on the way, a key of :data:`~.forms.FORMS`."""
    return part.form if part.encoder is None else encoder_form(part.encoder, ours)


def why_unused(layout: Layout, name: str) -> str | None:
    """The reason why nothing of ours takes a tensor of theirs; None where there is none."""
    return next((reason for pattern, reason in layout.unused.items() if re.fullmatch(pattern, name)), None)


def why_left_out(ours: str, keep: str, with_queue: bool) -> str | None:
    """The reason why a tensor of ours is not kept, though it could be; None where it is."""
    if not ours.startswith(KEPT[keep]) or (keep != 'all' and ours.startswith(BRANCHES)):
        return f'only the {"encoder and classifier are" if keep == "classifier" else "encoder is"} kept, as asked'
    if not with_queue and QUEUE.match(ours):
        return 'no queue is taken over, as asked'
    return None


def needed_names(layout: Layout, names: set[str], keep: str, with_queue: bool) -> list[str]:
    """Names that a file of this kind must have."""
    needed = []
    for part in layout.parts:
        if why_left_out(part.ours, keep, with_queue):
            continue
        if part.encoder is None:
            needed.append(part.theirs)
        else:
            inner = {name.removeprefix(part.theirs) for name in names if name.startswith(part.theirs)}
            inner = {name for name in inner if encoder_to_ours(part.encoder, name)}
            needed += [part.theirs + name for name in (*STEM[part.encoder], *sorted(missing_in_blocks(inner)))]
    return [name for name in dict.fromkeys(needed) if not name.endswith('num_batches_tracked')]


def class_number(state: State, layout: Layout) -> int:
    """Rows of the classifier; 0 where the method has none."""
    for part in layout.parts:
        if part.ours == 'head.fc.weight' and part.theirs in state:
            return state[part.theirs].shape[1 if part.form == 'transposed' else 0]
    return 0


def reformed(form: Callable[[Tensor, int], Tensor], name: str, value: Tensor, num_classes: int) -> Tensor:
    """Numbers of a tensor as the other side has them.

    Raises:
        UserError: Its shape does not go with the number of classes.
    """
    try:
        return form(value, num_classes)
    except RuntimeError as error:
        raise UserError(
            f'{name} has shape {tuple(value.shape)}, which does not go with {num_classes} classes: the file is damaged'
        ) from error
