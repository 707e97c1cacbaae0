"""``--tune frozen``: a head on features that are computed once."""

import copy
from typing import Any

from mmengine.config import Config

from ltcl.errors import UserError

from ..mixed_images import mixing_entry

HEADS = ('linear', 'cosine', 'hidden')
KEPT = 'kept'
"""In the place of a head: one that is trained already, with what is before it."""
HIDDEN = 'ltcl.FeatureMLP'
SINGLE = 'ltcl.Classifier'
CONTRASTIVE = 'ltcl.ContrastiveClassifier'
CLASSIFIERS = ('ImageClassifier', 'mmpretrain.ImageClassifier', 'ltcl.FrozenEncoderClassifier', SINGLE)
# A batch of features in the place of one of images.
EVALUATION_BATCH = 512


def freeze(
    cfg: Config,
    head: str | None = None,
    *,
    views: int = 1,
    hidden: int = 512,
    dropout: float = 0.5,
    cosine_scale: float = 25.0,
) -> Config:
    """Train the head of a config on features of its encoder, which stays as it is.

    Backbone and neck become one ``ltcl.FrozenBackbone``, the data sets ``ltcl.CachedFeatures``. The encoder has the
    weights of its ``init_cfg``, or those of the checkpoint that the run starts from, ``load_from``.

    Args:
        cfg: The config of a classifier, changed in place.
        head: 'linear' and 'cosine' train a classifier on the features, a cosine one from the means of the classes;
            'hidden' puts a layer with dropout before it, unless the config has one. None is 'hidden' for the
            contrastive methods, whose views differ by the dropout, and leaves the head of the others as it is, as
            :data:`KEPT` does for all.
        views: Views of a training image that go through the encoder, not counting their mirror images.
        hidden: Width of the hidden layer.
        dropout: Share of the hidden units that a step leaves out.
        cosine_scale: Scale of a cosine classifier that the config has none of.

    Returns:
        The config.

    Raises:
        UserError: The config trains no classifier or mixes images, or an option is none.
    """
    _check(cfg, head, views)
    model = cfg.model
    is_contrastive = model.type == CONTRASTIVE
    if not is_contrastive:
        model.type = SINGLE
        model.pop('train_bn', None)
    if model.get('frozen'):
        model.frozen = ()
    own = _take_hidden(model)
    _freeze_encoder(cfg)
    if own is None and (head == 'hidden' or (head is None and is_contrastive)):
        own = dict(type=HIDDEN, hidden=hidden, dropout=dropout)
    model.neck = None if head in ('linear', 'cosine') else own
    for part in ('head', 'projector'):
        if model.get(part):
            model[part].pop('in_channels', None)
    hooks = cfg.setdefault('default_hooks', {})
    hooks['feature_cache'] = dict(type='ltcl.FeatureCacheHook')
    if head == 'cosine':
        _use_cosine(model.head, cosine_scale)
        hooks['class_mean_start'] = dict(type='ltcl.ClassMeanStartHook')
    elif head == 'linear':
        _use_linear(model.head)
    num_views = len(model.get('online_views', (0,))) + len(model.get('key_views', ())) if is_contrastive else 1
    _cache_features(cfg, num_views, views)
    _prepare(cfg)
    return cfg


def _check(cfg: Config, head: str | None, views: int) -> None:
    model: Any = cfg.get('model') or {}
    if head not in (None, KEPT, *HEADS):
        raise UserError(f'the head on frozen features is one of {", ".join(HEADS)}, not {head!r}')
    if views < 1:
        raise UserError(f'--views {views} must be at least 1')
    if not isinstance(model.get('backbone'), dict) or model.get('type') not in (*CLASSIFIERS, CONTRASTIVE):
        raise UserError(
            f'--tune frozen is for a classifier of images, and model.type is {model.get("type")}: choose another config'
        )
    if model.backbone.type == 'ltcl.FrozenBackbone':
        raise UserError('--tune frozen: the encoder of the config is frozen already: leave the option out')
    mixing = mixing_entry(cfg)
    if mixing is not None:
        raise UserError(f'--tune frozen: {mixing} mixes images, of which only features are kept: take it out')


def _take_hidden(model: Any) -> dict | None:
    """Take a hidden layer off the neck, which keeps its pooling; None where there is none."""
    neck = model.get('neck')
    if not isinstance(neck, dict) or neck['type'] != HIDDEN:
        return None
    hidden = _plain(neck)
    model.neck = hidden.pop('pooling', None)
    hidden.pop('in_channels', None)
    return hidden


def _freeze_encoder(cfg: Config) -> None:
    """Backbone and neck as one frozen part, with the weights that they start from."""
    model = cfg.model
    encoder = model.backbone
    if encoder.get('init_cfg') and cfg.get('stage1_config'):
        cfg.pop('stage1_config')  # the encoder has its weights
    model.backbone = dict(type='ltcl.FrozenBackbone', encoder=_plain(encoder), pooling=_plain(model.get('neck')))


def _plain(node: Any) -> Any:
    return node.to_dict() if hasattr(node, 'to_dict') else copy.deepcopy(node)


def _use_cosine(head: Any, scale: float) -> None:
    if head.type == 'LinearClsHead':
        head.update(type='ltcl.CosineClsHead', scale=scale)
        head.pop('init_cfg', None)
    elif head.type != 'ltcl.CosineClsHead' and head.get('cosine_scale') is None:
        head.cosine_scale = scale


def _use_linear(head: Any) -> None:
    if (head.get('loss') or {}).get('type') == 'ltcl.LDAMLoss':
        raise UserError('--head linear: the margins of LDAM are cosines: take --head cosine or hidden')
    if head.type == 'ltcl.CosineClsHead':
        head.pop('scale', None)
        head.type = 'LinearClsHead'
    elif head.get('cosine_scale') is not None:
        head.cosine_scale = None


def _cache_features(cfg: Config, num_views: int, views: int) -> None:
    """Features in the place of images, without worker processes where nothing is left for them to do."""
    training = cfg.train_dataloader
    evaluated = cfg.get('val_dataloader') or cfg.get('test_dataloader')
    if not evaluated:
        raise UserError('--tune frozen: the config has neither val_dataloader nor test_dataloader, whose view is kept')
    pipeline = _pipeline_of(evaluated.dataset)
    reading = dict(num_workers=training.get('num_workers', 0))
    training.dataset = dict(
        type='ltcl.CachedFeatures',
        dataset=_plain(training.dataset),
        pipeline=pipeline,
        num_views=num_views,
        views=views,
        **reading,
    )
    _take_features(training)
    for name in ('val_dataloader', 'test_dataloader'):
        loader = cfg.get(name)
        if loader:
            own = _pipeline_of(loader.dataset)
            loader.dataset = dict(type='ltcl.CachedFeatures', dataset=_plain(loader.dataset), pipeline=own, **reading)
    if cfg.get('val_dataloader'):  # a test keeps its workers and its batch for images that are tested without a cache
        _take_features(cfg.val_dataloader)
        cfg.val_dataloader.batch_size = max(EVALUATION_BATCH, cfg.val_dataloader.get('batch_size') or 1)


def _take_features(loader: Any) -> None:
    loader.num_workers = 0
    for name in ('persistent_workers', 'prefetch_factor'):
        loader.pop(name, None)
    loader.collate_fn = dict(type='default_collate')


def _pipeline_of(dataset: Any) -> list:
    """Pipeline of the innermost data set."""
    while 'pipeline' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    if 'pipeline' not in dataset:
        raise UserError(
            f'--tune frozen: {dataset["type"]} has no pipeline: features are kept of one data set, not several'
        )
    return copy.deepcopy(dataset['pipeline'])


def _prepare(cfg: Config) -> None:
    """A preprocessor that lets features through, and an optimizer without rates by layers of the encoder."""
    if not cfg.model.get('data_preprocessor'):
        cfg.setdefault('data_preprocessor', {})
    entries = cfg.model.get('data_preprocessor') or cfg.data_preprocessor
    entries.update(type='ltcl.MultiViewDataPreprocessor', channels_last=True)
    wrapper = cfg.get('optim_wrapper') or {}
    if 'LearningRateDecay' in str(wrapper.get('constructor')):
        del wrapper['constructor']
        wrapper.get('paramwise_cfg', {}).pop('layer_decay_rate', None)
