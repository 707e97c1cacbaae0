"""From the names of an original to ours and back; every tensor is used or listed with the reason why not."""

import re
from typing import NamedTuple

from ltcl.errors import UserError
from ltcl.neutral_text import shorten

from .comparing import refuse_spoilt
from .conversion import SHOWN, Conversion, State, weights_of
from .filling import fill_up
from .forms import FORMS
from .layouts import LAYOUTS, SOURCES
from .matching import class_number, form_of, needed_names, origin_of, place_of, reformed, why_left_out, why_unused
from .parts import Layout
from .stored_config import CONFIG_KEY

# What a run of ours keeps beside the tensors of the originals.
OWN = re.compile(
    r'head\.((loss_module\.)?class_counts|targets|class_centers|assignment|begun_epoch)|'
    r'head\.(used|running)\.(mean|amount)|'
    r'head\.(\w+_)?queue\.fill|backbone\.ln2\.(weight|bias)|'
    r'backbone\.norm\d\.(weight|bias)|decode_head\.branches\.\w+\.class_counts'
)


def to_ours(checkpoint: object, source: str, keep: str = 'all', with_queue: bool = True) -> Conversion:
    """Convert a checkpoint of an original.

    Args:
        checkpoint: What :func:`~.reading.read_checkpoint` returned.
        source: A name of ``SOURCES``.
        keep: ``'all'``; ``'classifier'``, which is encoder and classifier; or ``'encoder'``.
        with_queue: Take over queues.

    Raises:
        UserError: The file is of another source, lacks a tensor, has one that nothing reads, or numbers that are none.
    """
    _refuse_ours(checkpoint)
    state, others = weights_of(checkpoint)
    layout = _detect(state, source)
    result = Conversion(layout, {}, others)
    num_classes = class_number(state, layout)
    unknown = []
    for name, value in state.items():
        place = place_of(layout.parts, name)
        reason = why_unused(layout, name) if place is None else why_left_out(place[1], keep, with_queue)
        if reason is not None:
            result.left_out[name] = reason
        elif place is None:
            unknown.append(name)
        else:
            part, ours = place
            result.state_dict[ours] = reformed(FORMS[form_of(part, ours)][0], name, value, num_classes)
    missing = [name for name in needed_names(layout, set(state), keep, with_queue) if name not in state]
    if unknown or missing:
        faults = ('it lacks', missing), ('nothing reads', unknown)
        problems = [f'{fault} {shorten(names, SHOWN)}' for fault, names in faults if names]
        raise UserError(f'this is no complete file of {layout.title}: {"; ".join(problems)}')
    refuse_spoilt(result.state_dict, 'the file')
    fill_up(result, num_classes, keep)
    return result


def _refuse_ours(checkpoint: object) -> None:
    meta = checkpoint.get('meta') if isinstance(checkpoint, dict) else None
    if isinstance(meta, dict) and ('converted_from' in meta or CONFIG_KEY in meta):
        raise UserError('the file is one of ltcl already: use it as it is; --to in place of --from converts it back')


def to_theirs(state: State, source: str, is_whole: bool = False) -> Conversion:
    """Convert weights of ours back to the names of an original, prefix included.

    Args:
        state: A state dict of a model of ours.
        source: A name of ``SOURCES``.
        is_whole: The weights are a whole model, so that what the original has beside encoder and classifier must be
            there too: those of cross entropy are not PaCo's.

    Raises:
        UserError: The weights are not those of that method, or not finite.
    """
    _check_source(source)
    refuse_spoilt(state, 'the file')
    state = {name.removeprefix('module.'): value for name, value in state.items()}
    trials = [_to_layout(state, layout, is_whole) for layout in LAYOUTS if source in layout.sources]
    result, unknown, missing = min(trials, key=lambda trial: trial.strangeness)[:3]
    if unknown or missing:
        problems = [f'{shorten(missing, SHOWN)} would be missing'] * bool(missing)
        problems += [f'no place for {shorten(unknown, SHOWN)}'] * bool(unknown)
        fitting = _sources_of(state)
        remedy = f'; they fit --to {" or ".join(fitting)}' if fitting else ''
        raise UserError(f'these weights do not fit {result.layout.title}: {"; ".join(problems)}{remedy}')
    return result


class Trial(NamedTuple):
    """Weights under the names of a layout: what has no place there, what it needs, how badly they fit."""

    result: Conversion
    unknown: list[str]
    missing: list[str]
    strangeness: int


def _to_layout(state: State, layout: Layout, is_whole: bool) -> Trial:
    first = state.get('backbone.conv1.weight')
    is_cifar = first is not None and first.shape[-1] == 3
    num_classes = len(state['head.fc.weight']) if 'head.fc.weight' in state else 0
    result, unknown = Conversion(layout, {}), []
    for name, value in state.items():
        origin = origin_of(layout.parts, name, is_cifar)
        if origin is not None:
            part, theirs = origin
            value = reformed(FORMS[form_of(part, name)][1], name, value, num_classes)
            result.state_dict[layout.prefix + theirs] = value
        elif OWN.fullmatch(name):
            result.left_out[name] = 'kept by ltcl only'
        else:
            unknown.append(name)
    names = {name.removeprefix(layout.prefix) for name in result.state_dict}
    absent = set(needed_names(layout, names, 'all', True)) - names
    missing = [name for name in needed_names(layout, names, 'classifier', False) if name in absent]
    return Trial(result, unknown, sorted(absent) if is_whole else missing, len(unknown) + len(absent))


def _sources_of(state: State) -> list[str]:
    """The originals whose names hold all of some weights, and need no others."""
    fitting = [layout for layout in LAYOUTS if not _to_layout(state, layout, True).strangeness]
    return list(dict.fromkeys(source for layout in fitting for source in layout.sources))


def _check_source(source: str) -> None:
    if source not in SOURCES:
        raise UserError(f'there is no source {source!r}: choose from {", ".join(SOURCES)}')


def _detect(state: State, source: str) -> Layout:
    """The kind of file, by the names that it has and lacks."""
    _check_source(source)
    names = set(state)

    def strangeness(layout: Layout) -> tuple[int, int]:
        unread = sum(place_of(layout.parts, name) is None and not why_unused(layout, name) for name in names)
        return unread, len(set(needed_names(layout, names, 'all', True)) - names)

    ranked = sorted(LAYOUTS, key=strangeness)
    own = next(layout for layout in ranked if source in layout.sources)
    best = strangeness(ranked[0])
    # A file of something else altogether is a bad match for all, for the best of them by chance.
    if best < strangeness(own) and best[0] < len(names) / 2:
        raise UserError(f'this file looks like {ranked[0].title}, not {own.title}: use --from {ranked[0].sources[0]}')
    return own
