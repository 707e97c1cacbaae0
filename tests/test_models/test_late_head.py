"""Heads whose number of classes comes with the weights."""

import pytest
import torch
from mmengine.runner.checkpoint import _load_checkpoint_to_model
from mmpretrain.registry import MODELS

from ltcl.errors import UserError

PARTS = dict(
    backbone=dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1), base_channels=4),
    neck=dict(type='GlobalAveragePooling'),
)
PROJECTOR = dict(type='ltcl.Projector', in_channels=16, out_channels=8)
HEADS = {
    'linear': (dict(type='ltcl.Classifier'), dict(type='LinearClsHead')),
    'balanced': (
        dict(type='ltcl.Classifier'),
        dict(type='LinearClsHead', loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=None)),
    ),
    'frozen': (dict(type='ltcl.FrozenEncoderClassifier'), dict(type='LinearClsHead')),
    'paco': (
        dict(type='ltcl.ContrastiveClassifier', projector=PROJECTOR),
        dict(type='ltcl.PaCoHead', feat_dim=8, alpha=0.05, queue_len=12),
    ),
    'bcl': (dict(type='ltcl.ContrastiveClassifier', projector=PROJECTOR), dict(type='ltcl.BCLHead', feat_dim=8)),
}


def build(name: str, num_classes: int | None) -> torch.nn.Module:
    model, head = HEADS[name]
    head = dict(head, num_classes=num_classes, in_channels=16)
    if 'loss' in head:
        head['loss'] = dict(head['loss'], num_classes=num_classes)
    return MODELS.build({**PARTS, **model, 'head': head}).eval()


@pytest.mark.parametrize('load', ['torch', 'mmengine'])
@pytest.mark.parametrize('name', HEADS)
def test_weights_tell_the_number_of_classes(name, load):
    known, late = build(name, 5), build(name, None)
    images = torch.randn(2, 3, 32, 32)
    if load == 'torch':
        late.load_state_dict(known.state_dict())
        late.load_state_dict(known.state_dict())  # again, into the head that is there now
    else:
        _load_checkpoint_to_model(late, {'state_dict': known.state_dict()})
    assert late.head.num_classes == 5
    torch.testing.assert_close(late(images), known(images), rtol=0, atol=0)
    assert late.state_dict().keys() == known.state_dict().keys()


def test_without_weights_it_says_what_is_missing():
    late = build('linear', None)
    for mode in ('predict', 'loss', 'tensor'):
        with pytest.raises(UserError, match='num_classes of the head is None: load a checkpoint'):
            late(torch.zeros(1, 3, 32, 32), mode=mode)


def test_weights_without_a_classifier():
    encoder = {name: value for name, value in build('linear', 5).state_dict().items() if 'head' not in name}
    with pytest.raises(UserError, match=r'checkpoint does not tell it: it has no head\.fc\.weight'):
        build('linear', None).load_state_dict(encoder, strict=False)


def test_a_known_number_is_not_touched():
    assert build('linear', 5).head.fc.out_features == 5
