"""Hooks of a training against its head and its metrics."""

import re
from collections.abc import Iterator, Mapping

from mmengine import registry as root

from ltcl.errors import UserError

from .training_parts import Part, Training


def check_key_encoder(training: Training) -> None:
    """The encoder of the keys is moved if the head asks for it, and only then."""
    hook = training.hook('ltcl.MomentumUpdateHook')
    keys = training.views('key_views') if training.is_contrastive else ()
    follows = training.needs.momentum_encoder if keys and training.needs is not None else False
    if follows and hook is None:
        raise UserError(
            f'{training.head.name} takes its keys from a momentum encoder, and nothing moves it: add '
            + _as_default('momentum_update', 'ltcl.MomentumUpdateHook')
        )
    if hook is not None and follows is False:
        why = f'{training.head.name} wants it to stay as it is' if keys else 'model.key_views names no view'
        raise UserError(f'{hook.key}: {hook.name} moves the encoder of key views, but {why}: {_without(hook)}')
    if hook is not None and hook.entries.get('momentum') == 1 and hook.entries.get('end_momentum') in (None, 1):
        raise UserError(f'{hook.key}.momentum=1 keeps the key encoder as it is for ever: set 0.999, for example')


def check_targets(training: Training) -> None:
    """Targets are turned on where there are some, and their file has the right shape."""
    hook, head, needs = training.hook('ltcl.TargetAssignmentHook'), training.head, training.needs
    if hook is not None:
        if needs is None or not needs.uses_targets:
            raise UserError(f'{hook.key}: {hook.name} turns on targets, and {head.name} has none: {_without(hook)}')
        if 'ltcl.TargetAssignmentHook' not in needs.hooks:
            raise UserError(
                f'{hook.key}: {hook.name} matches targets, but {head.key}.match_centers=False keeps their order: set '
                f'match_centers=True, or {_without(hook)}'
            )
        if training.entries['train_cfg'].get('max_epochs') is None:
            raise UserError(f'{hook.key}: {hook.name} counts epochs, so the run must: set train_cfg.max_epochs')
    if needs is not None and needs.uses_targets and head.entries.get('targets') is not None:
        from ltcl.models.algorithms.widths import fit_feat_dim
        from ltcl.models.utils import load_targets

        arguments = fit_feat_dim(head.arguments, training.model.entries.get('projector'))
        load_targets(arguments['targets'], arguments['num_classes'], arguments['feat_dim'])


def check_needed_hooks(training: Training) -> None:
    """The hooks are there that head or metrics cannot do without."""
    needed = [(training.head.name, type_name) for type_name in (training.needs.hooks if training.needs else ())]
    needed += [(metric.name, 'ltcl.FeatureBankHook') for metric in _metrics(training) if metric.name == 'KNNAccuracy']
    for part, type_name in needed:
        if training.hook(type_name) is None:
            words = re.findall(r'[A-Z][a-z]*', type_name.removesuffix('Hook'))
            default = _as_default('_'.join(words).lower(), type_name)
            raise UserError(f'{part} cannot do without {type_name}: add {default}')


def check_metrics(training: Training) -> None:
    """A validation compares what the head predicts."""
    if training.needs is None or training.head.built.has_classifier:
        return
    for metric in _metrics(training):
        if metric.built is not None and metric.name != 'KNNAccuracy':
            raise UserError(
                f'{training.head.name} has no classifier, and {metric.name} asks for classes: set {metric.key}='
                "dict(type='ltcl.KNNAccuracy')"
            )


def _metrics(training: Training) -> Iterator[Part]:
    metrics = training.entries.get('val_evaluator')
    if not isinstance(metrics, list | tuple):
        yield training.part(root.METRICS, 'val_evaluator', metrics)
        return
    for number, metric in enumerate(metrics):
        yield training.part(root.METRICS, f'val_evaluator.{number}', metric)


def check_class_counts(training: Training) -> None:
    """What needs the training images per class is told them, once, and for all classes."""
    hook = training.hook('ltcl.ClassCountsHook')
    for part in _counting_parts(training):
        counts, num_classes = part.entries.get('class_counts'), part.entries.get('num_classes')
        if counts is None and hook is None:
            raise UserError(
                f'{part.name} needs the training images per class: add '
                f'{_as_default("class_counts", "ltcl.ClassCountsHook")}, or set {part.key}.class_counts'
            )
        if counts is not None and hook is not None:
            raise UserError(
                f'{part.key}.class_counts is given, but {hook.name} counts anew: leave it out, or {_without(hook)}'
            )
        if isinstance(counts, list | tuple) and len(counts) != num_classes:
            raise UserError(
                f'{part.key}.class_counts has {len(counts)} classes, but num_classes={num_classes}: make both alike'
            )
        if num_classes != training.head.entries.get('num_classes'):
            raise UserError(
                f'{part.key}.num_classes={num_classes}, but model.head.num_classes='
                f'{training.head.entries.get("num_classes")}: make both alike'
            )


def _counting_parts(training: Training) -> Iterator[Part]:
    """The head and its losses, as far as they use class counts."""
    from ltcl.models.utils import ClassCountsMixin

    if training.needs.uses_class_counts if training.needs is not None else training.head.is_a(ClassCountsMixin):
        yield training.head
    for name, entries in training.head.entries.items():
        if isinstance(entries, Mapping):
            part = training.part(root.MODELS, f'model.head.{name}', entries)
            if part.is_a(ClassCountsMixin):
                yield part


def _as_default(name: str, type_name: str) -> str:
    return f"default_hooks=dict({name}=dict(type='{type_name}'))"


def _without(hook: Part) -> str:
    return f'set {hook.key}=None' if hook.key.startswith('default_hooks.') else f'take {hook.key} out'
