"""Pipeline, model, head and hooks of a training against each other: each is right alone, together they may not be.

Only the config and the registered classes are looked at: nothing is built, and no data are read.
"""

import os
from collections.abc import Callable, Iterator

from mmengine import registry as root
from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.signatures import parameters_of

from .hook_contract import check_class_counts, check_key_encoder, check_metrics, check_needed_hooks, check_targets
from .mixed_images import mixing_entry
from .pipeline_views import cached_features, check_collation, count_views, leaves_to_device
from .training_parts import Part, Training, read_training


def check_contract(cfg: Config) -> None:
    """Refuse a training whose parts do not fit each other; a config that trains nothing is not looked at.

    The package of the config's ``default_scope`` must be imported.

    Args:
        cfg: The config, whose parts are each in order by themselves.

    Raises:
        UserError: Names the first disagreement and what to change.
    """
    training = read_training(cfg)
    if training is not None:
        for check in CHECKS:
            check(training)


def check_head(training: Training) -> None:
    """The model trains the head, and has a projector if the head uses embeddings."""
    model, head, needs = training.model, training.head, training.needs
    projector = model.entries.get('projector')
    if not training.is_contrastive:
        if needs is not None:
            raise UserError(f'{head.name} goes with model.type=ltcl.ContrastiveClassifier, not {model.name}: set it')
        if projector is not None:
            raise UserError(f'model.projector: {model.name} trains none: take it out')
    elif needs is None:
        raise UserError(
            f'ltcl.ContrastiveClassifier trains heads that derive from ltcl.models.heads.MethodHead, and {head.name} '
            'does not: set model.head to one of them, or model.type=ltcl.Classifier without projector'
        )
    elif needs.uses_embeddings and projector is None:
        raise UserError(f"{head.name} needs embeddings: set model.projector=dict(type='ltcl.Projector')")
    elif not needs.uses_embeddings and projector is not None:
        raise UserError(f'model.projector: {head.name} uses no embeddings: take it out')


def check_views(training: Training) -> None:
    """The pipeline makes the views that the model names, and the head takes as many."""
    made = count_views(training)
    if leaves_to_device(training):
        check_collation(training, "views of ltcl.Views(backend='device')")
    if training.is_contrastive and training.needs is not None:
        from ltcl.models.heads import check_view_numbers

        online, keys = training.views('online_views'), training.views('key_views')
        check_view_numbers(training.head.built, training.needs, len(online), len(keys))
        _check_positions(online + keys, made)
        if made is not None and made > 1:
            check_collation(training)
    elif made is not None and made > 1:
        raise UserError(
            f'the train pipeline makes {made} views of an image, and {training.model.name} takes one: let it make one'
        )


def _check_positions(used: tuple[int, ...], made: int | None) -> None:
    names = 'model.online_views and model.key_views'
    for view in used:
        if view < 0 or used.count(view) > 1:
            raise UserError(f'{names} name view {view}{" twice" if view >= 0 else ""}: name 0, 1, 2, ... once each')
    if made is not None and max(used) >= made:
        raise UserError(
            f'{names} name view {max(used)}, but the train pipeline makes {made} view{"s" if made > 1 else ""}: let it '
            f'make {max(used) + 1}'
        )
    unused = set(range(made or max(used) + 1)) - set(used)
    if unused:
        raise UserError(
            f'the train pipeline makes view {min(unused)} of every image, and no encoder uses it: let it make '
            f'{len(used)}, or name it in {names}'
        )


def check_mixing(training: Training) -> None:
    """Images are mixed only where nothing takes the one class of each."""
    mixing, taker = mixing_entry(training.entries), next(_takers_of_one_class(training), None)
    if mixing is not None and taker is not None:
        raise UserError(f'{mixing} mixes images, and {taker.name} takes one class of each: take it out')


def _takers_of_one_class(training: Training) -> Iterator[Part]:
    from ltcl.models import losses

    if training.is_contrastive:
        yield training.head
    loss = training.part(root.MODELS, 'model.head.loss', training.head.entries.get('loss'))
    if any(loss.is_a(getattr(losses, name)) for name in losses.__all__):
        yield loss
    priorities = training.hook('ltcl.SamplerPriorityHook')
    if priorities is not None:
        yield priorities


def check_shuffling(training: Training) -> None:
    """Key views are dealt out only where there are some."""
    if training.is_contrastive and training.model.entries.get('shuffle_bn') and not training.views('key_views'):
        raise UserError('model.shuffle_bn=True deals out key views, and model.key_views names none: take it out')


def check_queue(training: Training) -> None:
    """The queue is long enough for the keys of one step of all processes."""
    if training.needs is None or not training.needs.uses_queue:
        return
    batch = training.entries['train_dataloader'].get('batch_size') or 1
    distributed = (training.entries.get('launcher') or 'none') != 'none'
    processes = int(os.environ.get('WORLD_SIZE', 1)) if distributed else 1
    queue_len = training.head.arguments.get('queue_len') or 0
    if 0 < queue_len < batch * processes:
        raise UserError(
            f'model.head.queue_len={queue_len} is shorter than the {batch * processes} keys of one step, batch_size='
            f'{batch} on {processes} process{"es" if processes > 1 else ""}: set at least as many'
        )


def check_widths(training: Training) -> None:
    """The embeddings are as wide as the head says, and a width that is left open has a model that fills it."""
    from ltcl.models import Classifier
    from ltcl.models.algorithms.widths import fit_feat_dim

    head = training.head
    if training.is_contrastive:
        fit_feat_dim(dict(head.entries), training.model.entries.get('projector'))
    width = parameters_of(head.built).get('in_channels') if head.built else None
    is_open = width is not None and width.default is width.empty and head.entries.get('in_channels') is None
    if is_open and not training.model.is_a(Classifier):
        raise UserError(f'{head.key}: {head.name} needs in_channels: add it, or set model.type=ltcl.Classifier')


def check_frozen_encoder(training: Training) -> None:
    """An encoder that is not trained comes from somewhere."""
    from ltcl.models import FrozenEncoderClassifier

    model, entries = training.model, training.entries
    if not model.is_a(FrozenEncoderClassifier) or entries.get('load_from') or entries.get('resume'):
        return
    if not any(part.get('init_cfg') or part.get('pretrained') for part in (model.entries, model.entries['backbone'])):
        raise UserError(
            f'{model.name} keeps its encoder as it is, and none is loaded: set load_from to a checkpoint of stage 1'
        )


def check_cached_features(training: Training) -> None:
    """Features stand in the place of images only before the encoder whose they are, and nothing mixes them."""
    from ltcl.models.backbones import FrozenBackbone

    backbone = training.part(root.MODELS, 'model.backbone', training.model.entries.get('backbone'))
    is_frozen, entries = backbone.is_a(FrozenBackbone), training.entries
    sets = [each for name in LOADERS if (each := cached_features(training, name)) is not None]
    if is_frozen and not (entries.get('load_from') or entries.get('resume')):
        encoder = backbone.entries.get('encoder') or {}
        if not any(part.get('init_cfg') or part.get('pretrained') for part in (training.model.entries, encoder)):
            raise UserError(
                'model.backbone.encoder stays as it is, and nothing is loaded into it: set its init_cfg, or take one '
                'with weights, --backbone NAME'
            )
    if not sets:
        return
    if not is_frozen:
        raise UserError(
            f'{sets[0].key} holds features of a ltcl.FrozenBackbone, and the model has {backbone.name}: make the '
            'config anew with --tune frozen'
        )
    if training.hook('ltcl.FeatureCacheHook') is None:
        raise UserError(
            f"{sets[0].key}: nothing brings the features: add feature_cache=dict(type='ltcl.FeatureCacheHook') to "
            'default_hooks'
        )
    mixing, trained = mixing_entry(training.entries), cached_features(training, LOADERS[0])
    if mixing is not None:
        raise UserError(f'{mixing} mixes images, of which {sets[0].key} keeps only features: take it out')
    priorities = training.hook('ltcl.SamplerPriorityHook')
    if priorities is not None and trained is not None:
        raise UserError(
            f'{priorities.key} scores single images, which {trained.key} does not tell apart within a class: take '
            'another sampler, or train without cached features'
        )


LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
CHECKS: tuple[Callable[[Training], None], ...] = (
    check_head,
    check_views,
    check_mixing,
    check_shuffling,
    check_key_encoder,
    check_targets,
    check_needed_hooks,
    check_metrics,
    check_class_counts,
    check_queue,
    check_widths,
    check_frozen_encoder,
    check_cached_features,
)
