"""The check of a training's parts against each other: what does not fit is one sentence.

That what is shipped fits is tested in test_configs.py.
"""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmpretrain.models import LinearClsHead
from toy import METHODS, VIEW, toy_config

from ltcl.errors import UserError
from ltcl.launch.contract import check_contract
from ltcl.launch.hook_names import hooks_of
from ltcl.launch.mixed_images import mixing_entry
from ltcl.launch.values import check_values
from ltcl.models.heads.contrastive import ContrastiveHead
from ltcl.models.utils import ClassCountsMixin
from ltcl.registry import MODELS

NOWHERE = Path('nowhere')
# The largest number of views that a head takes plus one, and the fewest less one.
WRONG_ONLINE = {'paco': 0, 'multi_task': 0, 'bcl': 2, 'kcl': 2, 'tsc': 2, 'in_batch_kcl': 3, 'in_batch_tsc': 3}
WRONG_ONLINE |= {'resco': 1, 'rescom': 3}


def config(method: str, **changes: object) -> Config:
    return toy_config(NOWHERE, NOWHERE, method, **changes)


def without(cfg: Config, *types: str) -> Config:
    """The config without hooks of some types, wherever they stand."""
    for key, hook in list(hooks_of(cfg)):
        if hook.type in types and key.startswith('default_hooks.'):
            cfg.default_hooks[key.partition('.')[2]] = None
    cfg.custom_hooks = [hook for hook in cfg.custom_hooks if hook.type not in types]
    return cfg


def with_hook(cfg: Config, **hook: object) -> Config:
    cfg.custom_hooks = [*cfg.custom_hooks, hook]
    return cfg


def with_views(cfg: Config, number: int) -> Config:
    """The config with another number of views in its train pipeline."""
    views = [dict(type='MultiView', num_views=number, transforms=[VIEW])] if number > 1 else VIEW
    cfg.train_dataloader.dataset.pipeline = [dict(type='LoadImageFromFile'), *views, dict(type='PackInputs')]
    return cfg


def with_device_views(cfg: Config) -> Config:
    """The config with one view whose augmentation is left to the device."""
    views = dict(type='ltcl.Views', recipes=['sim'], backend='device')
    cfg.train_dataloader.dataset.pipeline = [dict(type='ltcl.LoadImage'), views, dict(type='PackInputs')]
    return cfg


def with_parts(cfg: Config, **model: object) -> Config:
    """The config with other parts of its model, as a whole."""
    for name, part in model.items():
        cfg.model[name] = part
    return cfg


def without_collation(cfg: Config) -> Config:
    del cfg.train_dataloader['collate_fn']
    return cfg


def with_mixing(cfg: Config) -> Config:
    """As shipped configs have it, beside the model."""
    cfg.data_preprocessor = dict(cfg.model.pop('data_preprocessor'), batch_augments=dict(augments=dict(type='Mixup')))
    return cfg


def answer(cfg: Config) -> str:
    with pytest.raises(UserError) as refused:
        check_contract(cfg)
    text = str(refused.value)
    assert len(text.splitlines()) == 1
    assert len(text) < 330
    assert ':' in text  # what is wrong: what to do
    return text


@pytest.mark.parametrize('method', METHODS)
def test_every_method_fits(method):
    check_contract(config(method))


MOMENTUM = 'ltcl.MomentumUpdateHook'
ASSIGNMENT = 'ltcl.TargetAssignmentHook'
COUNTS = 'ltcl.ClassCountsHook'
LINEAR = dict(type='LinearClsHead', num_classes=3)
# What is wrong, and words of the answer.
MISUSES = {
    # Hooks.
    'paco without momentum update': (
        lambda: without(config('paco'), MOMENTUM),
        'PaCoHead|momentum_update=dict',
    ),
    'kcl without momentum update': (lambda: without(config('kcl'), MOMENTUM), 'KCLHead|momentum_update=dict'),
    'momentum update without key views': (
        lambda: with_hook(config('gpaco'), type=MOMENTUM),
        'custom_hooks|key_views names no view|take',
    ),
    'momentum update by name without key views': (
        lambda: config('bcl', default_hooks__momentum_update=dict(type=MOMENTUM)),
        'default_hooks.momentum_update|set default_hooks.momentum_update=None',
    ),
    'momentum update of a plain classifier': (
        lambda: with_hook(config('cross_entropy'), type=MOMENTUM),
        'MomentumUpdateHook|key_views',
    ),
    'momentum 1': (
        lambda: with_hook(without(config('paco'), MOMENTUM), type=MOMENTUM, momentum=1),
        'momentum=1|0.999',
    ),
    'tsc without target assignment': (lambda: without(config('tsc'), ASSIGNMENT), 'TSCHead|target_assignment=dict'),
    'matching in a batch without target assignment': (
        lambda: config('in_batch_tsc', model__head__match_centers=True),
        'InBatchTSCHead|target_assignment=dict',
    ),
    'target assignment without targets': (
        lambda: with_hook(config('kcl'), type=ASSIGNMENT),
        'TargetAssignmentHook|KCLHead|take custom_hooks',
    ),
    'target assignment in a fixed order': (
        lambda: with_hook(config('in_batch_tsc'), type=ASSIGNMENT),
        'match_centers=False|match_centers=True',
    ),
    'target assignment in a run of iterations': (
        lambda: config('tsc', train_cfg=dict(_delete_=True, type='ltcl.IterTrainLoop', max_iters=9)),
        'counts epochs|max_epochs',
    ),
    'neighbours without a feature bank': (
        lambda: without(config('kcl'), 'ltcl.FeatureBankHook'),
        'KNNAccuracy|feature_bank=dict',
    ),
    'accuracy without a classifier': (
        lambda: config('kcl', val_evaluator=[dict(type='ltcl.ShotAccuracy')]),
        'KCLHead has no classifier|ShotAccuracy|ltcl.KNNAccuracy',
    ),
    'no class counts': (lambda: without(config('paco'), COUNTS), 'PaCoHead|class_counts=dict|model.head.class_counts'),
    'no class counts of a loss': (
        lambda: without(config('multi_task'), COUNTS),
        'BalancedSoftmaxLoss|model.head.loss.class_counts',
    ),
    'class counts given and counted': (
        lambda: config('bcl', model__head__class_counts=[3, 2, 1]),
        'class_counts is given|ClassCountsHook',
    ),
    'class counts of other classes': (
        lambda: without(config('bcl', model__head__class_counts=[3, 2]), COUNTS),
        'has 2 classes|num_classes=3',
    ),
    'loss of other classes': (
        lambda: config('multi_task', model__head__loss__num_classes=5),
        'model.head.loss.num_classes=5|model.head.num_classes=3',
    ),
    # Views.
    'a third view': (lambda: with_views(config('paco'), 3), 'view 2|no encoder uses it|let it make 2'),
    'a second view of a plain classifier': (
        lambda: with_views(config('cross_entropy'), 2),
        'makes 2 views|ImageClassifier takes one',
    ),
    'too few views': (lambda: with_views(config('bcl'), 2), 'view 2|makes 2 views|let it make 3'),
    'a single view': (lambda: with_views(config('gpaco'), 1), 'view 1|makes 1 view|let it make 2'),
    'a view used twice': (lambda: config('gpaco', model__online_views=(0, 0)), 'view 0 twice|once'),
    'a key view that is the query': (lambda: config('paco', model__key_views=(0,)), 'view 0 twice|once'),
    'a view left out': (
        lambda: with_views(config('gpaco', model__online_views=(0, 2)), 3),
        'view 1|no encoder uses it|let it make 2',
    ),
    'a number for a list': (lambda: config('gpaco', model__online_views=2), 'model.online_views=2|[0, 1]'),
    'no online view': (lambda: config('gpaco', model__online_views=()), 'PaCoHead takes 1 or more|gets 0 and 0'),
    'a view below 0': (lambda: config('gpaco', model__online_views=(0, -1)), 'view -1|0, 1, 2'),
    'key view of a head without': (
        lambda: with_views(with_hook(config('bcl', model__key_views=(3,)), type=MOMENTUM), 4),
        'BCLHead takes 3 or more online views and 0 key views|gets 3 and 1|key_views=()',
    ),
    'no key view of a head with': (
        lambda: without(config('kcl', model__key_views=()), MOMENTUM),
        'KCLHead takes 1 online view and 1 key view|gets 1 and 0|key_views=(1,)',
    ),
    'views collated one by one': (
        lambda: config('paco', train_dataloader__collate_fn=dict(type='pseudo_collate')),
        "train_dataloader.collate_fn=dict(type='default_collate')",
    ),
    'views without collate_fn': (lambda: without_collation(config('bcl')), "collate_fn=dict(type='default_collate')"),
    'views for a preprocessor of one': (
        lambda: config('paco', model__data_preprocessor=dict(_delete_=True, type='ClsDataPreprocessor')),
        'ltcl.MultiViewDataPreprocessor|ClsDataPreprocessor',
    ),
    'one view that is left to the device, collated one by one': (
        lambda: with_device_views(without_collation(config('cross_entropy'))),
        "views of ltcl.Views(backend='device') need|collate_fn=dict(type='default_collate')",
    ),
    'a view that is left to the device of another preprocessor': (
        lambda: with_device_views(
            config('cross_entropy', model__data_preprocessor=dict(_delete_=True, type='ClsDataPreprocessor'))
        ),
        "views of ltcl.Views(backend='device') need|ltcl.MultiViewDataPreprocessor",
    ),
    'mixed images': (
        lambda: config('gpaco', model__train_cfg=dict(augments=dict(type='Mixup', alpha=1.0))),
        'model.train_cfg.augments|PaCoHead|take it out',
    ),
    'shuffled batches of no view': (lambda: config('gpaco', model__shuffle_bn=True), 'shuffle_bn|key_views'),
    # Heads and models.
    'head of mmpretrain': (
        lambda: with_parts(config('gpaco'), head=LINEAR),
        'LinearClsHead does not|MethodHead|ltcl.Classifier',
    ),
    'our head in a plain classifier': (
        lambda: with_parts(config('cross_entropy'), head=config('gpaco').model.head),
        'PaCoHead|ltcl.ContrastiveClassifier|ImageClassifier',
    ),
    'our head on a frozen encoder': (
        lambda: with_parts(config('cross_entropy'), type='ltcl.FrozenEncoderClassifier', head=config('kcl').model.head),
        'KCLHead|ltcl.ContrastiveClassifier|FrozenEncoderClassifier',
    ),
    'no projector': (lambda: with_parts(config('gpaco'), projector=None), 'PaCoHead needs embeddings|model.projector='),
    'projector of a plain classifier': (
        lambda: with_parts(config('cross_entropy'), type='ltcl.Classifier', projector=dict(type='ltcl.Projector')),
        'model.projector|take it out',
    ),
    'frozen encoder from nowhere': (
        lambda: config('cross_entropy', model__type='ltcl.FrozenEncoderClassifier'),
        'FrozenEncoderClassifier|load_from',
    ),
    # Numbers.
    'other width of the embeddings': (
        lambda: config('paco', model__head__feat_dim=64),
        'model.head.feat_dim=64|width 8|set 8',
    ),
    'other width than the default': (
        lambda: with_parts(config('paco'), projector=dict(type='ltcl.Projector')),
        'model.head.feat_dim=8|width 128',
    ),
    'open width of a model that fills none': (
        lambda: with_parts(config('cross_entropy'), head=LINEAR),
        'LinearClsHead needs in_channels|ltcl.Classifier',
    ),
    'mixed images of views': (
        lambda: with_mixing(config('gpaco')),
        'data_preprocessor.batch_augments mixes images|PaCoHead|take it out',
    ),
    'mixed images of a loss that takes labels': (
        lambda: with_mixing(config('cross_entropy', model__head__loss=dict(type='ltcl.LDAMLoss', num_classes=3))),
        'data_preprocessor.batch_augments mixes images|LDAMLoss takes one class of each|take it out',
    ),
    'mixed images that are scored one by one': (
        lambda: with_hook(with_mixing(config('cross_entropy')), type='ltcl.SamplerPriorityHook'),
        'data_preprocessor.batch_augments mixes images|SamplerPriorityHook takes one class of each|take it out',
    ),
    'queue shorter than a batch': (lambda: config('paco', model__head__queue_len=7), 'queue_len=7|8 keys'),
}


@pytest.mark.parametrize('name', MISUSES)
def test_misuse(name):
    build, words = MISUSES[name]
    text = answer(build())
    assert [word for word in words.split('|') if word not in text] == [], text


@pytest.mark.parametrize('method', ['cross_entropy', 'balpoe'])
def test_images_are_mixed_for_losses_of_shares(method):
    cfg = with_mixing(config(method))
    check_contract(cfg)
    assert mixing_entry(cfg) == 'data_preprocessor.batch_augments'


@pytest.mark.parametrize('method', WRONG_ONLINE)
def test_wrong_number_of_online_views(method):
    wrong = WRONG_ONLINE[method]
    keys = tuple(wrong + position for position, _ in enumerate(METHODS[method].model.get('key_views', ())))
    cfg = with_views(config(method, model__online_views=tuple(range(wrong)), model__key_views=keys), wrong + len(keys))
    assert f'but gets {wrong} and {len(keys)}: set online_views=(0' in answer(cfg)


@MODELS.register_module(force=True)
class OneViewHead(ContrastiveHead):
    """A head that uses no embeddings, and keys only from an encoder that stays as it is."""

    key_views = (0, 1)
    momentum_encoder = False
    uses_embeddings = False
    uses_class_counts = False


def test_head_without_embeddings():
    head = dict(type='ltcl.OneViewHead', num_classes=3)
    cfg = with_views(with_parts(config('gpaco'), head=head, online_views=(0,)), 1)
    assert 'model.projector: OneViewHead uses no embeddings: take it out' in answer(cfg)
    check_contract(with_parts(cfg, projector=None))


@MODELS.register_module(force=True)
class CountingHead(ClassCountsMixin, LinearClsHead):
    """A head of a plain classifier that uses class counts."""


def test_class_counts_of_a_plain_classifier():
    head = dict(type='ltcl.CountingHead', num_classes=3, in_channels=16)
    cfg = with_parts(config('cross_entropy'), head=head)
    check_contract(cfg)
    assert 'CountingHead needs the training images per class: add default_hooks' in answer(without(cfg, COUNTS))


@MODELS.register_module(force=True)
class OwnQueueHead(ContrastiveHead):
    """A head whose queue has a length that no config sets."""

    online_views = 2
    uses_queue = True


def test_queue_of_a_length_that_is_no_argument():
    head = dict(type='ltcl.OwnQueueHead', num_classes=3, in_channels=16)
    check_contract(with_parts(config('gpaco'), head=head))


def test_keys_of_an_encoder_that_stays(monkeypatch):
    monkeypatch.setattr(OneViewHead, 'uses_embeddings', True)
    cfg = with_parts(config('paco'), head=dict(type='ltcl.OneViewHead', num_classes=3))
    assert 'OneViewHead wants it to stay as it is: take custom_hooks' in answer(cfg)
    check_contract(without(cfg, MOMENTUM))


def test_targets_that_begin_after_the_end():
    cfg = config('tsc')
    next(hook for _, hook in hooks_of(cfg) if hook.type == ASSIGNMENT)['begin_epoch'] = cfg.train_cfg.max_epochs
    with pytest.raises(UserError, match=r'begin_epoch=4 lies after the end of the run, max_epochs=4: set an earlier'):
        check_values(cfg)


def test_only_a_training_is_looked_at():
    assert 'MomentumUpdateHook' in answer(without(config('paco'), MOMENTUM))
    check_contract(without(config('paco', train_cfg=None), MOMENTUM))


def test_targets_of_another_width(tmp_path):
    path = tmp_path / 'targets.npy'
    np.save(path, np.eye(3, 7))
    assert 'feat_dim=8' in answer(config('tsc', model__head__targets=str(path)))
    np.save(path, np.eye(4, 8))
    assert 'num_classes=3' in answer(config('in_batch_tsc', model__head__targets=str(path)))
    np.save(path, np.eye(3, 8))
    check_contract(config('tsc', model__head__targets=str(path)))


def test_queue_of_several_processes(monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '2')
    check_contract(config('paco'))  # without a launcher, the variable says nothing
    assert 'the 16 keys of one step, batch_size=8 on 2 processes' in answer(config('paco', launcher='pytorch'))
    check_contract(config('paco', launcher='pytorch', model__head__queue_len=16))
    check_contract(config('paco', launcher='pytorch', model__head__queue_len=0))
