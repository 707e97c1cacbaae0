"""What the shipped configs say is what was recorded of them, however levels, hooks and widths are told."""

import copy

import pytest
from mmpretrain.registry import MODELS
from shipped_configs import PATHS, called_hooks, name_of, read, recorded, undrawn_weights

import ltcl.models  # noqa: F401 (registers the models)
from ltcl.launch.config_names import SECTIONS
from ltcl.models.algorithms.widths import Encoder, fit_feat_dim
from ltcl.signatures import defaults_of

HOOKS = ('default_hooks', 'custom_hooks')
# Variables that no section is computed from any more.
GONE = {'evaluation', 'temperature', 'view'}
# mmpretrain's class does not derive the widths of its head; the scenes have another room.
RENAMED = {
    'ImageClassifier': 'ltcl.Classifier',
    'ltcl.datasets.fashion_scenes': 'ltcl.fashion_mnist.scene_set',
}
# The view of Fashion-MNIST, which has become a recipe.
FASHION = [
    dict(type='NumpyToPIL'),
    dict(type='torchvision/RandomCrop', size=28, padding=3),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(type='torchvision/ColorJitter', brightness=0.4, contrast=0.4),
    dict(type='PILToNumpy'),
    dict(type='RandomApply', transforms=[dict(type='ltcl.Cutout', length=8)], prob=0.5),
]
KEYS = {'blocks': 'recipes', 'block': 'recipe'}
# Entries that a config may state or leave to the default.
DEFAULTS = {'ltcl.ContrastiveClassifier': ('joint_forward',)}
WIDTHS = {'projector': ('in_channels',), 'head': ('in_channels', 'feat_dim')}
# A default that the config states, so that the warm-up follows the length of the run.
WARMUP = {'ltcl.IterWarmupCosineLR': dict(warmup_epochs=10)}
# Numbers for own images, as ltcl.recipe_rules gives them for 3,000 images of 40 classes.
FITTED = {
    'custom/gpaco': dict(queue_len=256, alpha=0.016),
    'custom/paco': dict(queue_len=256, alpha=0.016),
    'custom/kcl': dict(queue_len=1024),
    'custom/tsc': dict(queue_len=1024),
}
# Rates for own images, as validation chose them (docs/recipes.md).
RATES = {'custom/gpaco': 0.02, 'custom/paco': 0.02}
# Of the demos, TensorBoard as well, where it is installed.
EVENTS = dict(type='ltcl.TensorboardVisBackend', optional=True)
# Of own images the views are made by OpenCV, and pictures read as viewers show them.
OWN = {'ltcl.Views': dict(backend='opencv'), 'ltcl.LoadImage': dict(upright=True, background=(255, 255, 255))}
ENCODERS: dict[str, Encoder] = {}


def renamed(node: object) -> object:
    """A config with the names of today."""
    if isinstance(node, dict) and node.get('transforms') == [FASHION]:
        return fashion_views(node['num_views'])
    if isinstance(node, list) and node[: len(FASHION)] == FASHION:
        node = [fashion_views(1), *node[len(FASHION) :]]
    if isinstance(node, dict):
        return {KEYS.get(key, key): renamed(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return type(node)(map(renamed, node))
    return RENAMED.get(node, node) if isinstance(node, str) else node


def with_fast_views(node: object) -> object:
    """A config whose views are made by OpenCV, of pictures as viewers show them."""
    if isinstance(node, list | tuple):
        return type(node)(map(with_fast_views, node))
    if not isinstance(node, dict):
        return node
    return {key: with_fast_views(value) for key, value in node.items()} | OWN.get(str(node.get('type')), {})


def fashion_views(number: int) -> dict:
    return dict(type='ltcl.Views', recipes=['fashion'] * number)


def encoder_of(model: dict) -> Encoder:
    """The encoder of a model; most models share theirs with others."""
    parts = copy.deepcopy([model['backbone'], model.get('neck')])
    key = repr(parts)
    if key not in ENCODERS:
        with undrawn_weights():
            ENCODERS[key] = Encoder(*parts)
    return ENCODERS[key]


def with_widths(model: dict) -> dict:
    """A model whose projector and head have the widths that its classes derive where none is given."""
    encoder = encoder_of(model)
    parts = {key: encoder.fit(model[key], key) for key in WIDTHS if key in model}
    parts['head'] = fit_feat_dim(parts['head'], model.get('projector'))
    return {**model, **parts}


def default(part: dict, name: str) -> object:
    return defaults_of(MODELS.get(part['type'])).get(name)


def with_defaults(model: dict, like: dict) -> dict:
    """A model that states the defaults and the default widths which another one states."""
    stated = {name: default(model, name) for name in DEFAULTS.get(model['type'], ())} | model
    for key, names in WIDTHS.items():
        if key in model:
            widths = {name: default(model[key], name) for name in names if name in like[key]}
            stated[key] = widths | model[key]
    return stated


def expect_images_as_tested(config: dict) -> None:
    """What a classifier on an encoder of own images does otherwise than the published one (docs/recipes.md)."""
    config['model']['train_bn'] = False
    config['train_dataloader']['dataset']['pipeline'] = config['test_dataloader']['dataset']['pipeline']
    config.pop('views', None)


def expect_published_views(config: dict) -> None:
    """Those of the multi-task baseline on unbalanced CIFAR, which were GPaCo's."""
    views = dict(type='ltcl.Views', recipes=['regular_cifar', 'regular_cifar'], size=32)
    config['train_dataloader']['dataset']['pipeline'][0] = config['views'] = views


@pytest.mark.parametrize('path', [path for path in PATHS if name_of(path) in recorded()], ids=name_of)
def test_merged_config_is_the_recorded_one(path):
    found, expected = read(path).to_dict(), renamed(recorded()[name_of(path)])
    found = renamed(found)
    if name_of(path).startswith('custom/') and expected['default_hooks']['checkpoint']['save_best'] == 'shot/all':
        # Of own images the best is chosen by class.
        expected['default_hooks']['checkpoint']['save_best'] = 'shot/macro'
    if name_of(path).endswith('own-images'):
        expected = with_fast_views(expected)
    if name_of(path).startswith('custom/linear'):
        expect_images_as_tested(expected)
    if name_of(path).startswith('multi_task/multi-task_resnet32'):
        expect_published_views(expected)
    if 'fashion-mnist' in name_of(path):
        expected['visualizer']['vis_backends'].append(EVENTS)
    assert called_hooks(found) == called_hooks(expected)
    method = name_of(path).partition('_')[0]
    expected['model'].get('head', {}).update(FITTED.get(method, {}))
    if method in RATES:
        expected['optim_wrapper']['optimizer']['lr'] = RATES[method]
    if isinstance(schedule := expected.get('param_scheduler'), dict):
        schedule.update(WARMUP.get(schedule['type'], {}))
    if 'seg/' not in name_of(path):
        found['model'] = with_widths(found['model'])
        found['model'] = with_defaults(found['model'], expected['model'])
        expected['model'] = with_defaults(expected['model'], found['model'])
    for name in expected.keys() - {*HOOKS, *GONE}:
        assert found[name] == expected[name], name
    assert not (found.keys() - expected.keys()) & SECTIONS


def test_every_recorded_config_is_still_there():
    assert recorded().keys() <= {name_of(path) for path in PATHS}
    assert len(recorded()) == 191
