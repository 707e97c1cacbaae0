"""Configs of every method whose encoder is frozen."""

import copy

import pytest
from mmengine.registry import MODELS
from shipped_configs import CONFIGS
from toy import METHODS, toy_config
from toy_frozen import encoder_file, frozen_config

from ltcl.errors import UserError
from ltcl.launch import import_mmpretrain, load_config
from ltcl.launch.contract import check_contract
from ltcl.launch.parts import check_parts
from ltcl.launch.tuning.frozen import KEPT, freeze
from ltcl.launch.tuning.thawed import thaw

NOWHERE = 'nowhere'
OWN = sorted(CONFIGS.glob('custom/*.py'))


@pytest.fixture(autouse=True)
def packages():
    import_mmpretrain()


@pytest.mark.parametrize('path', OWN, ids=lambda path: path.stem.partition('_')[0])
def test_the_configs_of_own_images(path):
    cfg = load_config(path)
    cfg.num_classes = 3
    whole = copy.deepcopy(cfg)
    freeze(cfg, views=2)
    check_parts(cfg)
    assert cfg.model.backbone == dict(
        type='ltcl.FrozenBackbone', encoder=whole.model.backbone, pooling=dict(type='GlobalAveragePooling')
    )
    images = cfg.train_dataloader.dataset
    assert images.dataset == whole.train_dataloader.dataset
    assert images.pipeline == whole.val_dataloader.dataset.pipeline
    is_contrastive = cfg.model.type == 'ltcl.ContrastiveClassifier'
    assert (cfg.model.neck is not None) == is_contrastive
    step = whole.train_dataloader.dataset.pipeline[1]  # a classifier on an encoder takes images as they are tested
    assert images.num_views == len(step.get('recipes', [step]))
    assert cfg.test_dataloader.dataset.dataset == whole.test_dataloader.dataset
    assert cfg.test_dataloader.batch_size == whole.test_dataloader.batch_size
    assert [cfg[f'{name}_dataloader'].num_workers for name in ('train', 'val', 'test')] == [0, 0, 4]


@pytest.mark.parametrize('method', ['cross_entropy', 'paco'])
@pytest.mark.parametrize('head', [None, 'hidden'])
def test_a_head_that_is_trained_stays(tmp_path, method, head):
    """One that was trained on features, then with its encoder, and on features again."""
    cfg = frozen_config(tmp_path, tmp_path, encoder_file(tmp_path), method, head)
    first = copy.deepcopy(cfg)
    thaw(cfg)
    freeze(cfg, KEPT)
    assert cfg.model == first.model
    whole = toy_config(tmp_path, tmp_path, method)
    freeze(whole, KEPT)
    assert whole.model.neck is None  # nothing untrained comes before a trained head
    assert whole.model.head == first.model.head


@pytest.mark.parametrize('head', ['linear', 'cosine'])
def test_a_hidden_layer_goes_where_none_is_wanted(tmp_path, head):
    cfg = frozen_config(tmp_path, tmp_path, encoder_file(tmp_path), 'cross_entropy', 'hidden')
    thaw(cfg)
    freeze(cfg, head)
    assert cfg.model.neck is None
    assert cfg.model.backbone.pooling == dict(type='GlobalAveragePooling')


@pytest.mark.parametrize('method', METHODS)
def test_widths_follow(tmp_path, method):
    cfg = frozen_config(tmp_path, tmp_path, encoder_file(tmp_path), method)
    check_contract(cfg)
    model = MODELS.build(cfg.model)
    width = 16 if METHODS[method].model is None else 12
    if hasattr(model.head, 'fc'):
        assert model.head.fc.in_features == width
    if model.projector is not None:
        assert model.projector.layers[0].in_features == width
    assert not any(each.requires_grad for each in model.backbone.parameters())
    assert 'backbone' not in getattr(model, 'momentum_encoder', ())


@pytest.mark.parametrize(
    ('method', 'head', 'kind', 'scale'),
    [
        ('cross_entropy', 'linear', 'LinearClsHead', None),
        ('cross_entropy', 'cosine', 'ltcl.CosineClsHead', 25),
        ('cross_entropy', 'hidden', 'LinearClsHead', None),
        ('paco', 'cosine', 'ltcl.PaCoHead', 25),
        ('paco', 'linear', 'ltcl.PaCoHead', None),
    ],
)
def test_heads(method, head, kind, scale):
    cfg = freeze(toy_config(NOWHERE, NOWHERE, method), head)
    assert cfg.model.head.type == kind
    assert cfg.model.head.get('scale', cfg.model.head.get('cosine_scale')) == scale
    assert ('class_mean_start' in cfg.default_hooks) == (head == 'cosine')
    assert (cfg.model.neck is None) == (head != 'hidden')


def test_a_second_stage_keeps_its_sampler_and_its_checkpoint():
    cfg = load_config(CONFIGS / 'stage2/crt_cross-entropy_resnet20_1xb128-20e_fashion-mnist-lt-small.py')
    sampler, load_from = cfg.train_dataloader.sampler, cfg.load_from
    freeze(cfg)
    assert cfg.model.type == 'ltcl.Classifier'
    assert 'train_bn' not in cfg.model
    assert cfg.train_dataloader.sampler == sampler
    assert cfg.load_from == load_from


def mixed(cfg):
    cfg.model.data_preprocessor.batch_augments = dict(augments=dict(type='Mixup', alpha=1.0))


def mixed_beside_the_model(cfg):
    cfg.data_preprocessor = cfg.model.pop('data_preprocessor')
    cfg.data_preprocessor.batch_augments = dict(augments=dict(type='Mixup', alpha=1.0))


def with_priorities(cfg):
    cfg.default_hooks['priorities'] = dict(type='ltcl.SamplerPriorityHook')


def joined(cfg):
    loader = cfg.val_dataloader or cfg.test_dataloader
    loader.dataset = dict(type='ConcatDataset', datasets=[loader.dataset])


def segmentation(cfg):
    cfg.model = dict(type='EncoderDecoder', backbone=dict(type='ResNet'), decode_head=dict(type='FCNHead'))


def with_margins(cfg):
    cfg.model.head.loss = dict(type='ltcl.LDAMLoss')


def without_evaluation(cfg):
    cfg.val_dataloader = cfg.test_dataloader = None


@pytest.mark.parametrize(
    ('change', 'options', 'message'),
    [
        (mixed, {}, 'batch_augments mixes images'),
        (segmentation, {}, 'model.type is EncoderDecoder'),
        (freeze, {}, 'frozen already'),
        (joined, {}, 'ConcatDataset has no pipeline: features are kept of one data set, not several'),
        (without_evaluation, {}, 'neither val_dataloader nor test_dataloader'),
        (None, dict(head='round'), "one of linear, cosine, hidden, not 'round'"),
        (with_margins, dict(head='linear'), 'the margins of LDAM are cosines'),
        (None, dict(views=0), '--views 0 must be at least 1'),
    ],
)
def test_mistakes(change, options, message):
    cfg = toy_config(NOWHERE, NOWHERE, 'cross_entropy')
    if change is not None:
        change(cfg)
    with pytest.raises(UserError, match=message):
        freeze(cfg, **options)


def from_random_weights(cfg):
    cfg.model.backbone.encoder.init_cfg = None


def another_backbone(cfg):
    cfg.model.backbone = dict(type='ltcl.CifarResNet')


def without_hook(cfg):
    cfg.default_hooks.feature_cache = None


def one_view(cfg):
    cfg.train_dataloader.dataset.num_views = 1


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (from_random_weights, 'nothing is loaded into it'),
        (another_backbone, 'the model has CifarResNet'),
        (without_hook, "add feature_cache=dict(type='ltcl.FeatureCacheHook')"),
        (one_view, 'the train pipeline makes 1 view'),
        (mixed, 'model.data_preprocessor.batch_augments mixes images'),
        (mixed_beside_the_model, 'data_preprocessor.batch_augments mixes images'),
        (with_priorities, 'default_hooks.priorities scores single images'),
    ],
)
def test_parts_that_do_not_fit(tmp_path, change, message):
    cfg = frozen_config(tmp_path, tmp_path, encoder_file(tmp_path), 'paco')
    change(cfg)
    with pytest.raises(UserError, match=message.replace('(', r'\(').replace(')', r'\)')):
        check_contract(cfg)
