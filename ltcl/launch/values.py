"""What a config says, checked before data or model are touched and before torch is imported."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.value_ranges import check_ranges

from .config_names import SECTIONS, similar_names
from .hook_names import HOOK_TYPES, check_hooks, hooks_of
from .loop_checks import check_counters, check_sampler
from .nodes import below, dicts_in
from .rate_checks import check_rates
from .run_length import UNITS, counts_in, is_length, length_of, schedulers, unit_of
from .value_rules import KEYS, LISTS, NEEDED, RULES, TOGETHER


def check_values(cfg: Config) -> None:
    """Refuse values that nothing could be built from, or that would train something else than was asked.

    Args:
        cfg: The config, options included.

    Raises:
        UserError: Names the first such key, its value and what is possible.
    """
    entries = cfg._cfg_dict
    for check in CHECKS:
        check(entries)


def fit_workers(cfg: Config) -> None:
    """Take what needs worker processes out of dataloaders that have none.

    Args:
        cfg: The config, changed in place.
    """
    for node in dicts_in(cfg._cfg_dict):
        if node.get('num_workers') == 0:
            for key in ('persistent_workers', 'prefetch_factor'):
                node.pop(key, None)


def check_complete(cfg: Config) -> None:
    """Refuse a config without a model, or with a part of what a training, a validation or a test consists of.

    Raises:
        UserError: Names what is missing.
    """
    entries = cfg._cfg_dict
    if not entries.get('model'):
        raise UserError('the config has no model: add the section model, or name the files in _base_ that have it')
    for names in TOGETHER:
        missing = [name for name in names if entries.get(name) is None]
        if missing and len(missing) < len(names):
            there = [name for name in names if name not in missing]
            raise UserError(f'{" and ".join(there)} without {" and ".join(missing)}: set all of them, or none')
    check_types(entries)


def check_rules(entries: Mapping) -> None:
    """Every value is of the kind and in the range that its key has."""
    for key, value in below(entries):
        pattern = next((pattern for pattern in RULES if fnmatchcase(key, pattern)), None)
        if pattern is None or (value is None and not any(fnmatchcase(key, needed) for needed in NEEDED)):
            continue
        if value not in RULES[pattern]:
            raise UserError(f'{key}={value!r:.80} must be {RULES[pattern]}: correct it in the config or --cfg-options')


def known_keys(section: str) -> frozenset[str]:
    """Entries that a section without a ``type`` can have; none are known of other sections."""
    if section == 'default_hooks':
        return frozenset(HOOK_TYPES)
    fitting = [KEYS[pattern] for pattern in KEYS if fnmatchcase(section, pattern) and section.count('.') < 2]
    return fitting[0] if fitting else frozenset()


def is_dict(section: str) -> bool:
    """Whether a top-level section that something reads is a dict."""
    pattern = next((pattern for pattern in RULES if fnmatchcase(section, pattern)), None)
    return section in SECTIONS and (bool(known_keys(section)) or (pattern is not None and {} in RULES[pattern]))


def check_keys(entries: Mapping) -> None:
    """The sections without a ``type`` have no misspelt entries."""
    for key, value in below(entries):
        known = known_keys(key) if key != 'default_hooks' else frozenset()  # which can have others, see check_hooks
        for name in value if known and isinstance(value, Mapping) else ():
            if name not in known and name != '_scope_':
                hint = similar_names(name, known) or f'known here: {", ".join(sorted(known))}'
                raise UserError(f'{key} has no entry {name}: {hint}')


def check_methods(entries: Mapping) -> None:
    """The numbers of the parts of ours that a model is made of are in their ranges."""
    model = entries.get('model')
    for key, node in [('model', model), *below(model, 'model.')]:
        if isinstance(node, Mapping) and str(node.get('type')).startswith('ltcl.'):
            check_ranges(key, node)


def check_widths(entries: Mapping) -> None:
    """The projector gives what the head takes."""
    model = entries.get('model')
    model = model if isinstance(model, Mapping) else {}
    given, taken = (
        part.get(name) if isinstance(part := model.get(key), Mapping) else None
        for key, name in (('projector', 'out_channels'), ('head', 'feat_dim'))
    )
    if isinstance(given, int) and isinstance(taken, int) and given != taken:
        raise UserError(f'model.projector.out_channels={given}, but model.head.feat_dim={taken}: set both alike')


def check_types(entries: Mapping) -> None:
    """The parts that lists and sections name have a type."""
    lists = ((key, parts) for key, parts in below(entries) if isinstance(parts, list | tuple))
    for key, parts in lists:
        for number, part in enumerate(parts if key in LISTS or key.split('.')[-1] == 'pipeline' else ()):
            if not isinstance(part, Mapping) or 'type' not in part:
                raise UserError(f"{key}.{number}={part!r:.80} must be a dict with a type, as dict(type='...')")


def check_schedule(entries: Mapping) -> None:
    """The learning rate's schedule is for the run that is asked for."""
    scale = entries.get('auto_scale_lr') or {}
    if scale.get('enable') and scale.get('base_batch_size') is None:
        raise UserError('auto_scale_lr.enable=True: set auto_scale_lr.base_batch_size, for which the rate is meant')
    unit, length = unit_of(entries), length_of(entries)
    if unit is None or length is None:
        return
    other = next(each for each in UNITS if each != unit)
    if entries.get(other) is not None:
        raise UserError(f'{other}={entries[other]!r}, and the run is counted by train_cfg.{unit}={length}: set {unit}')
    for path, part in schedulers(entries):
        if unit == 'max_iters' and counts_in(part) == 'max_epochs':
            raise UserError(f'{path} counts epochs, and the run counts iterations: set {path}.by_epoch=False')
        if part.get('begin', 0) >= part.get('end', float('inf')):
            raise UserError(f'{path}: begin={part["begin"]} must lie before end={part["end"]}')
        if str(part['type']).startswith('ltcl.') and part.get('max_epochs', length) != length:
            raise UserError(
                f'{path}.max_epochs={part["max_epochs"]} is another length than that of the run, {length}: set '
                f'{unit}, which sets both'
            )
    begin = entries['train_cfg'].get('val_begin', 1)
    if begin > length:
        raise UserError(f'train_cfg.val_begin={begin} lies after the end of the run, {unit}={length}: lower it')
    for key, hook in hooks_of(entries):
        begin = hook.get('begin_epoch') if unit == 'max_epochs' else None
        if is_length(begin) and begin >= length:
            raise UserError(
                f'{key}.begin_epoch={begin} lies after the end of the run, {unit}={length}: set an earlier one'
            )


def num_classes_of(entries: Mapping) -> int | None:
    """Number of classes of the model; None where it does not tell or the data are to be asked."""
    model = entries.get('model') or {}
    model = model.get('module', model)  # of a model for test-time augmentation
    for name in ('head', 'decode_head'):
        head = model.get(name)
        if isinstance(head, Mapping) and isinstance(head.get('num_classes'), int):
            return head['num_classes']
    return None


def check_metrics(entries: Mapping) -> None:
    """No metric asks for more classes than there are, or for bounds that are none."""
    num_classes = num_classes_of(entries)
    for key, value in below({name: entries.get(name) for name in ('val_evaluator', 'test_evaluator')}):
        if key.split('.')[-1] == 'topk' and num_classes is not None:
            largest = max([value] if isinstance(value, int) else value, default=0)
            if largest > num_classes:
                raise UserError(f'{key}={value!r} asks for {largest} classes of {num_classes}: lower it')
        if key.split('.')[-1] == 'bounds' and value is not None and (len(value) != 2 or value[0] > value[1]):
            raise UserError(f'{key}={value!r} must be two counts of images, the smaller one first')


CHECKS: tuple[Callable[[Mapping], None], ...] = (
    check_rules,
    check_keys,
    check_hooks,
    check_methods,
    check_widths,
    check_schedule,
    check_counters,
    check_sampler,
    check_rates,
    check_metrics,
)
