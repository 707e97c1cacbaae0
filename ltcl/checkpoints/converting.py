"""From the names of an original to ours and back; every tensor is used or listed with the reason why not."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import torch
from torch import Tensor

from ltcl.errors import UserError
from ltcl.functional.proco import random_means
from ltcl.neutral_text import shorten

from .forms import FORMS
from .layouts import LAYOUTS, MAE_PRETRAINED, PROCO, PROCO_LINEAR, SOURCES
from .names import STEM, encoder_form, encoder_to_ours, encoder_to_theirs, missing_in_blocks
from .parts import Layout, Part
from .seg_layouts import SWIN, TORCHVISION_SWIN
from .stored_config import CONFIG_KEY

State = dict[str, Tensor]
# Where files keep their weights; DINO and DINOv2 those of the teacher, which is the better one, beside the student's.
CONTAINERS = ('state_dict', 'state_dict_best', 'model', 'teacher', 'state_dict_ema', 'model_ema')
ENCODER = 'backbone.'
BRANCHES = 'decode_head.branches.'
KEPT = {
    'all': ('',),
    'classifier': (ENCODER, 'head.fc.', 'decode_head.', 'auxiliary_head.'),
    'encoder': (ENCODER,),
}
"""What a name of ours begins with, by what is to be kept; of a decode head, its branches only with everything."""
QUEUE = re.compile(r'head\.(\w+_)?queue\.')
# What a run of ours keeps beside the tensors of the originals.
OWN = re.compile(
    r'head\.(class_counts|targets|class_centers|assignment|begun_epoch)|head\.(used|running)\.(mean|amount)|'
    r'head\.(\w+_)?queue\.fill|backbone\.ln2\.(weight|bias)|'
    r'backbone\.norm\d\.(weight|bias)|decode_head\.branches\.\w+\.class_counts'
)
NO_BRANCH_COUNTS = 'unknown to the file; class_counts of the config names the file with the counts'
NO_COUNTS = 'unknown to the file; ltcl.ClassCountsHook counts the training set of the config'
NO_MEANS = 'not of the network; a training gathers them anew'
SHOWN = 6


@dataclass
class Conversion:
    """Tensors under their new names, and what became of everything else.

    Args:
        layout: Kind of file.
        state_dict: Converted and filled tensors.
        left_out: Names of the file that were not used, with the reason.
        filled: Tensors that the file does not hold, with where their values come from.
    """

    layout: Layout
    state_dict: State
    left_out: dict[str, str] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)

    @property
    def is_encoder(self) -> bool:
        """Whether it holds an encoder and nothing else."""
        return all(name.startswith(ENCODER) for name in self.state_dict)

    def fill(self, name: str, value: Tensor, reason: str) -> None:
        """Add a tensor that the file does not hold."""
        self.state_dict[name] = value
        self.filled[name] = reason


def weights_of(checkpoint: object) -> tuple[State, list[str]]:
    """The weights in a file of any of the originals, without the prefix of a parallel wrapper.

    Args:
        checkpoint: What :func:`~.reading.read_checkpoint` returned.

    Returns:
        Tensors by name, and the other entries of the file.

    Raises:
        UserError: It holds no weights.
    """
    if not isinstance(checkpoint, dict):
        raise UserError(f'the file holds a {type(checkpoint).__name__}, not a dict of weights: give a checkpoint')
    container = next((key for key in CONTAINERS if key in checkpoint), None)
    weights = checkpoint if container is None else checkpoint[container]
    weights = weights if isinstance(weights, dict) else {}
    if container == 'state_dict_best':
        # KCL's and TSC's alternative pipeline for stage 2: encoder and classifier lie side by side.
        weights = {name: value for part in weights.values() for name, value in part.items()}
    strangers = [name for name, value in weights.items() if not isinstance(value, Tensor)]
    if not weights or strangers:
        what = f'entries that are no tensors: {shorten(strangers, SHOWN)}' if strangers else 'no weights'
        raise UserError(f'the file holds {what}: give a checkpoint of one of {", ".join(SOURCES)}')
    state = {re.sub(r'(^|\.)module\.', r'\1', name): value for name, value in weights.items()}
    if len(state) < len(weights):
        raise UserError('the file holds names with and without module. side by side: keep one kind')
    return state, [str(key) for key in checkpoint if container is not None and key != container]


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
    result = Conversion(layout, {}, dict.fromkeys(others, 'no weights'))
    num_classes = _num_classes(state, layout)
    unknown = []
    for name, value in state.items():
        place = _place(layout.parts, name)
        reason = _why_unused(layout, name) if place is None else _why_left_out(place[1], keep, with_queue)
        if reason is not None:
            result.left_out[name] = reason
        elif place is None:
            unknown.append(name)
        else:
            part, ours = place
            result.state_dict[ours] = _reformed(FORMS[_form(part, ours)][0], name, value, num_classes)
    missing = [name for name in _needed(layout, set(state), keep, with_queue) if name not in state]
    if unknown or missing:
        faults = ('it lacks', missing), ('nothing reads', unknown)
        problems = [f'{fault} {shorten(names, SHOWN)}' for fault, names in faults if names]
        raise UserError(f'this is no complete file of {layout.title}: {"; ".join(problems)}')
    spoilt = [name for name, value in result.state_dict.items() if not value.is_meta and not value.isfinite().all()]
    if spoilt:
        raise UserError(
            f'{shorten(spoilt, SHOWN)}: numbers that are not finite: the file is damaged, or was saved by a run that '
            'diverged'
        )
    _fill(result, num_classes, keep)
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
        UserError: The weights are not those of that method.
    """
    _check_source(source)
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
        origin = _origin(layout.parts, name, is_cifar)
        if origin is not None:
            part, theirs = origin
            value = _reformed(FORMS[_form(part, name)][1], name, value, num_classes)
            result.state_dict[layout.prefix + theirs] = value
        elif OWN.fullmatch(name):
            result.left_out[name] = 'kept by ltcl only'
        else:
            unknown.append(name)
    names = {name.removeprefix(layout.prefix) for name in result.state_dict}
    absent = set(_needed(layout, names, 'all', True)) - names
    missing = [name for name in _needed(layout, names, 'classifier', False) if name in absent]
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
        unread = sum(_place(layout.parts, name) is None and not _why_unused(layout, name) for name in names)
        return unread, len(set(_needed(layout, names, 'all', True)) - names)

    ranked = sorted(LAYOUTS, key=strangeness)
    own = next(layout for layout in ranked if source in layout.sources)
    best = strangeness(ranked[0])
    # A file of something else altogether is a bad match for all, for the best of them by chance.
    if best < strangeness(own) and best[0] < len(names) / 2:
        raise UserError(f'this file looks like {ranked[0].title}, not {own.title}: use --from {ranked[0].sources[0]}')
    return own


def _place(parts: Iterable[Part], name: str) -> tuple[Part, str] | None:
    """Part and name of ours for a name of theirs."""
    return _across(parts, name, attrgetter('theirs'), attrgetter('ours'), encoder_to_ours)


def _origin(parts: Iterable[Part], name: str, is_cifar: bool) -> tuple[Part, str] | None:
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


def _form(part: Part, ours: str) -> str:
    return part.form if part.encoder is None else encoder_form(part.encoder, ours)


def _why_unused(layout: Layout, name: str) -> str | None:
    return next((reason for pattern, reason in layout.unused.items() if re.fullmatch(pattern, name)), None)


def _why_left_out(ours: str, keep: str, with_queue: bool) -> str | None:
    if not ours.startswith(KEPT[keep]) or (keep != 'all' and ours.startswith(BRANCHES)):
        return f'only the {"encoder and classifier are" if keep == "classifier" else "encoder is"} kept, as asked'
    if not with_queue and QUEUE.match(ours):
        return 'no queue is taken over, as asked'
    return None


def _needed(layout: Layout, names: set[str], keep: str, with_queue: bool) -> list[str]:
    """Names that a file of this kind must have."""
    needed = []
    for part in layout.parts:
        if _why_left_out(part.ours, keep, with_queue):
            continue
        if part.encoder is None:
            needed.append(part.theirs)
        else:
            inner = {name.removeprefix(part.theirs) for name in names if name.startswith(part.theirs)}
            inner = {name for name in inner if encoder_to_ours(part.encoder, name)}
            needed += [part.theirs + name for name in (*STEM[part.encoder], *sorted(missing_in_blocks(inner)))]
    return [name for name in dict.fromkeys(needed) if not name.endswith('num_batches_tracked')]


def _num_classes(state: State, layout: Layout) -> int:
    """Rows of the classifier; 0 where the method has none."""
    for part in layout.parts:
        if part.ours == 'head.fc.weight' and part.theirs in state:
            return state[part.theirs].shape[1 if part.form == 'transposed' else 0]
    return 0


def _reformed(form: Callable[[Tensor, int], Tensor], name: str, value: Tensor, num_classes: int) -> Tensor:
    try:
        return form(value, num_classes)
    except RuntimeError as error:
        raise UserError(
            f'{name} has shape {tuple(value.shape)}, which does not go with {num_classes} classes: the file is damaged'
        ) from error


def _fill(result: Conversion, num_classes: int, keep: str) -> None:
    """Add what every model of ours has and no file of theirs."""
    state = result.state_dict
    for name in [name for name in state if name.endswith('running_mean')]:
        counter = name.replace('running_mean', 'num_batches_tracked')
        if counter not in state:
            result.fill(counter, torch.tensor(0), 'a counter that nothing reads, absent from old files')
    if result.layout is MAE_PRETRAINED:
        width = state['backbone.cls_token'].shape[-1]
        _fill_norm(result, 'backbone.ln2', torch.ones(width), 'norm after the pooling')
    if result.layout in (SWIN, TORCHVISION_SWIN):
        for stage in {name.split('.')[2] for name in state if name.startswith('backbone.stages.')}:
            ones = torch.ones_like(state[f'backbone.stages.{stage}.blocks.0.norm1.weight'])
            _fill_norm(result, f'backbone.norm{stage}', ones, "norm of a stage's output")
    for branch in {name.removeprefix(BRANCHES).split('.')[0] for name in state if name.startswith(BRANCHES)}:
        counts = torch.zeros(len(state['decode_head.conv_seg.weight']), dtype=torch.int64)
        result.fill(f'{BRANCHES}{branch}.class_counts', counts, NO_BRANCH_COUNTS)
    for name in [name for name in state if QUEUE.match(name) and name.endswith('embeddings')]:
        rows = state[name]
        fill = torch.full((len(rows),), rows.shape[1]) if rows.ndim == 3 else torch.tensor([len(rows)])
        result.fill(name.replace('embeddings', 'fill'), fill, 'every slot counts, as published')
    if result.layout.has_class_counts and keep == 'all':
        result.fill('head.class_counts', torch.zeros(num_classes, dtype=torch.int64), NO_COUNTS)
    if result.layout in (PROCO, PROCO_LINEAR) and keep == 'all':
        means = random_means(num_classes, len(state['projector.layers.3.weight']), torch.Generator().manual_seed(0))
        for name, value in means._asdict().items():
            for kind in ('used', 'running'):
                result.fill(f'head.{kind}.{name}', value.clone(), NO_MEANS)
        result.fill('head.begun_epoch', torch.tensor(-1), NO_MEANS)
    if 'head.targets' in state:
        from scipy.optimize import linear_sum_assignment  # only TSC pays for it

        similarity = state['head.class_centers'].double() @ state['head.targets'].double().T
        columns = torch.from_numpy(linear_sum_assignment(similarity.numpy(), maximize=True)[1])
        result.fill('head.assignment', columns, 'centers and targets of the file, matched')


def _fill_norm(result: Conversion, name: str, ones: Tensor, what: str) -> None:
    for part, value in (('weight', ones), ('bias', torch.zeros_like(ones))):
        result.fill(f'{name}.{part}', value, f'{what}, which fine-tuning starts like this')
