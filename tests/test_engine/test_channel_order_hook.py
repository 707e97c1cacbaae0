"""Pipelines and preprocessor agree on the order of the colours."""

from types import SimpleNamespace

import pytest
from mmengine.dataset import Compose
from mmengine.registry import TRANSFORMS
from mmpretrain.models import ClsDataPreprocessor
from torch import nn

from ltcl.datasets.transforms.channel_order import order_of
from ltcl.engine.hooks import ChannelOrderHook
from ltcl.errors import UserError
from ltcl.models import MultiViewDataPreprocessor

OURS, THEIRS = dict(type='ltcl.LoadImage'), dict(type='mmpretrain.LoadImageFromFile')
TO_RGB, TO_BGR = dict(type='mmpretrain.NumpyToPIL', to_rgb=True), dict(type='mmpretrain.PILToNumpy', to_bgr=True)
PACK = dict(type='mmpretrain.PackInputs')


class Foreign:
    """A step that nobody knows."""

    def __call__(self, results: dict) -> dict:
        return results


def steps(*configs: dict | object) -> list:
    return [TRANSFORMS.build(each) if isinstance(each, dict) else each for each in configs]


@pytest.mark.parametrize(
    ('pipeline', 'order'),
    [
        ([OURS, PACK], 'rgb'),
        ([THEIRS, PACK], 'bgr'),
        ([THEIRS, OURS, PACK], 'rgb'),
        ([{**THEIRS, 'color_type': 'grayscale'}, PACK], None),
        ([{**THEIRS, 'color_type': 'color_ignore_orientation'}, PACK], 'bgr'),
        ([THEIRS, TO_RGB, PACK], 'rgb'),
        ([THEIRS, TO_RGB, TO_BGR, PACK], 'bgr'),
        ([THEIRS, Foreign(), PACK], None),
        ([PACK], None),
        ([], None),
    ],
)
def test_order_of_a_pipeline(pipeline, order):
    assert order_of(steps(*pipeline)) == order


def runner(preprocessor: nn.Module, *pipelines: list) -> SimpleNamespace:
    loaders = [SimpleNamespace(dataset=SimpleNamespace(pipeline=Compose(steps(*each)))) for each in pipelines]
    return SimpleNamespace(
        model=SimpleNamespace(data_preprocessor=preprocessor),
        train_dataloader=loaders[0],
        val_loop=None if len(loaders) == 1 else object(),
        val_dataloader=loaders[-1],
        test_dataloader=loaders[-1],
    )


GOOD = [
    (dict(to_rgb=False), OURS),
    (dict(to_rgb=True), THEIRS),
    (dict(to_rgb=False, channel_order='bgr'), THEIRS),
    (dict(to_rgb=True, channel_order='bgr'), OURS),
]
SWAPPED = [
    (dict(to_rgb=True), OURS, r'are RGB, and to_rgb=True .* takes RGB: set to_rgb=False'),
    (dict(to_rgb=False), THEIRS, r'are BGR, and to_rgb=False .* takes RGB: set to_rgb=True, or .* ltcl.LoadImage'),
    (dict(to_rgb=True, channel_order='bgr'), THEIRS, r'are BGR, and to_rgb=True .* takes BGR: set to_rgb=False'),
]


@pytest.mark.parametrize(('options', 'load'), GOOD)
def test_pairs_that_go_together(options, load):
    hook, run = ChannelOrderHook(), runner(MultiViewDataPreprocessor(**options), [load, PACK], [load, PACK])
    assert hook.before_train(run) is None
    assert hook.before_test(run) is None


@pytest.mark.parametrize(('options', 'load', 'message'), SWAPPED)
def test_swapped_colours(options, load, message):
    hook, run = ChannelOrderHook(), runner(MultiViewDataPreprocessor(**options), [load, PACK])
    with pytest.raises(UserError, match=f'the images of train_dataloader {message}'):
        hook.before_train(run)
    with pytest.raises(UserError, match=f'the images of test_dataloader {message}'):
        hook.before_test(run)


def test_validation_is_compared_as_well():
    run = runner(MultiViewDataPreprocessor(to_rgb=False), [OURS, PACK], [THEIRS, PACK])
    with pytest.raises(UserError, match='the images of val_dataloader are BGR'):
        ChannelOrderHook().before_train(run)


def test_other_preprocessors_are_only_warned_of(monkeypatch):
    lines = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda text, **_: lines.append(text))
    ChannelOrderHook().before_train(runner(ClsDataPreprocessor(to_rgb=False), [THEIRS, PACK]))
    ChannelOrderHook().before_train(runner(ClsDataPreprocessor(to_rgb=True), [THEIRS, PACK]))
    ChannelOrderHook().before_train(runner(nn.Identity(), [THEIRS, PACK]))
    assert len(lines) == 1
    assert 'the images of train_dataloader are BGR' in lines[0]
