"""Branches on stock heads: what they add to training, and that inference does not know of them."""

import copy

import pytest
import torch
from loss_checks import under_autocast
from mmengine.config import ConfigDict
from mmseg.models import decode_heads
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch.utils.flop_counter import FlopCounterMode
from toy_seg import (
    CECO,
    GPACO,
    HEADS,
    NUM_CLASSES,
    OTHER_HEADS,
    RR,
    build_head,
    draw_feats,
    draw_labels,
    loss_args,
    samples,
    total,
)

from ltcl.errors import UserError
from ltcl.models.decode_heads import with_branches
from ltcl.registry import MODELS

BRANCHES = dict(gpaco=GPACO, rr=dict(RR, loss_name='loss_rr'), ceco=dict(CECO, loss_name='loss_ceco'))


def forward_args(name, feats):
    return (feats,) if name != 'OCRHead' else (feats, torch.ones(len(feats[0]), NUM_CLASSES, *feats[-1].shape[2:]))


@pytest.mark.parametrize('name', HEADS)
def test_inference_is_the_stock_heads_to_the_bit_and_to_the_operation(name):
    stock, branched = build_head(name, prefix=''), build_head(name, branches=BRANCHES)
    assert not branched.load_state_dict(stock.state_dict(), strict=False).unexpected_keys
    feats, operations = draw_feats(), []
    metas = [dict(img_shape=(30, 34))] * 2
    for head in (stock.eval(), branched.eval()):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            head.predict(*forward_args(name, feats), metas, None)
        operations.append(counter.get_total_flops())
    assert operations[0] == operations[1]
    args = forward_args(name, feats)
    assert torch.equal(stock(*args), branched(*args))
    assert torch.equal(stock.predict(*args, metas, None), branched.predict(*args, metas, None))


@pytest.mark.parametrize('name', HEADS)
def test_every_head_trains_with_every_branch(name):
    head = build_head(name, branches=BRANCHES)
    head.init_weights()
    feats = draw_feats()
    losses = head.loss(*loss_args(name, feats, draw_labels()))
    assert set(losses) == {'loss_ce', 'loss_gpaco', 'loss_rr', 'loss_ceco', 'acc_seg'}
    feats[0].grad = feats[-1].grad = None
    losses['loss_rr'].backward(retain_graph=True)
    assert feats[-1].grad.abs().sum() > 0  # a frozen branch teaches what is below it
    total(losses).backward()
    for parameter_name, parameter in head.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad.isfinite().all(), parameter_name
    assert head.branches['gpaco'].projector[2].weight.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in head.branches['rr'].parameters())


@pytest.mark.parametrize('name', OTHER_HEADS)
def test_other_heads_of_mmseg(name):
    branched = with_branches(getattr(decode_heads, name))
    common = dict(channels=8, num_classes=NUM_CLASSES, norm_cfg=dict(type='BN'), branches=BRANCHES)
    head, feats = branched(**OTHER_HEADS[name], **common), draw_feats()
    losses = head.loss(*loss_args(name, feats, draw_labels()))
    assert {'loss_gpaco', 'loss_rr', 'loss_ceco'} < losses.keys()
    total(losses).backward()
    assert feats[-1].grad.isfinite().all()


def test_the_stock_loss_does_not_change():
    stock, branched = build_head('UPerHead', prefix=''), build_head('UPerHead', branches=BRANCHES)
    branched.load_state_dict(stock.state_dict(), strict=False)
    feats, labels = draw_feats(), draw_labels()
    losses = []
    for head in (stock, branched):
        torch.manual_seed(1)  # of the dropout
        losses.append(head.loss(*loss_args('UPerHead', feats, labels)))
    assert losses[0]['loss_ce'] == losses[1]['loss_ce']
    assert losses[0]['acc_seg'] == losses[1]['acc_seg']


def test_without_branches_it_is_the_stock_head():
    head = build_head('FCNHead')
    assert set(head.loss(*loss_args('FCNHead', draw_feats(), draw_labels()))) == {'loss_ce', 'acc_seg'}
    assert head.state_dict().keys() == build_head('FCNHead', prefix='').state_dict().keys()


def test_branches_take_what_they_are_not_told_from_the_head():
    head = build_head('FCNHead', ignore_index=254, act_cfg=dict(type='LeakyReLU'), branches=BRANCHES)
    branch = head.branches['gpaco']
    assert (branch.in_channels, branch.num_classes, branch.ignore_index) == (8, NUM_CLASSES, 254)
    assert type(branch.projector[0].activate).__name__ == 'LeakyReLU'
    assert type(branch.projector[0].norm).__name__ == 'BatchNorm2d'
    assert head.branches['rr'].dropout.p == head.dropout_ratio
    assert (
        build_head('FCNHead', branches=dict(a=dict(GPACO, act_cfg=dict(type='GELU'))))
        .branches['a']
        .projector[0]
        .activate.__class__.__name__
        == 'GELU'
    )


def test_weights_are_initialised_as_published():
    head = build_head('FCNHead', channels=64, branches=dict(gpaco=GPACO))
    default = head.branches['gpaco'].projector[2].weight.clone()
    head.init_weights()
    projector = head.branches['gpaco'].projector
    assert projector[0].conv.weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.05)
    assert torch.equal(projector[2].weight, default)
    assert projector[0].conv.bias is None
    assert head.conv_seg.weight.std().item() == pytest.approx(0.01, rel=0.2)


def bad_labels(kind):
    labels = draw_labels()
    if kind == 'one void image':
        labels[0] = 255
    elif kind == 'all void':
        labels.fill_(255)
    elif kind == 'one class':
        labels.fill_(3)
    elif kind == 'one valid pixel':
        labels.fill_(255)
        labels[1, 0, 0, 0] = 2
    elif kind == 'labels that are no class':
        labels[labels == 1] = NUM_CLASSES
        labels[labels == 2] = 200
        labels[labels == 3] = -1
    return labels


KINDS = ('one void image', 'all void', 'one class', 'one valid pixel', 'labels that are no class')


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('frozen', [True, False])
def test_losses_and_gradients_are_finite_whatever_the_labels(kind, frozen):
    branches = {name: dict(cfg, frozen=frozen) if name != 'gpaco' else cfg for name, cfg in BRANCHES.items()}
    losses = [dict(type='CrossEntropyLoss'), dict(type='ltcl.LovaszSoftmaxLoss')]
    head = build_head('UPerHead', branches=branches, loss_decode=losses)
    feats = draw_feats()
    losses = head.loss(*loss_args('UPerHead', feats, bad_labels(kind)))
    assert all(value.isfinite().all() for value in losses.values()), losses
    if kind == 'all void':
        assert total(losses) == 0
    total(losses).backward()
    assert all(feat.grad.isfinite().all() for feat in feats)
    for name, parameter in head.named_parameters():
        # Each parameter has a gradient in every step, or processes would wait for each other.
        assert not parameter.requires_grad or parameter.grad.isfinite().all(), name


def test_labels_that_are_no_class_are_void():
    head = build_head('UPerHead', branches=dict(rr=dict(RR, dropout_ratio=0), gpaco=GPACO), dropout_ratio=0)
    sampler = head.branches['gpaco'].sampler
    sampler.num_samples = -1
    labels, feats = bad_labels('labels that are no class'), draw_feats()
    void = labels.masked_fill((labels < 0) | (labels >= NUM_CLASSES), 255)
    for name, value in head.loss(*loss_args('UPerHead', feats, labels)).items():
        torch.testing.assert_close(value, head.loss(*loss_args('UPerHead', feats, void))[name])


@pytest.mark.parametrize(('feat_size', 'label_size'), [((9, 7), (35, 27)), ((5, 11), (17, 43)), ((8, 8), (8, 8))])
def test_odd_crops(feat_size, label_size):
    head = build_head('UPerHead', branches=BRANCHES)
    losses = head.loss(*loss_args('UPerHead', draw_feats(feat_size), draw_labels(label_size)))
    assert all(value.isfinite().all() for value in losses.values())


def test_bfloat16_autocast():
    head = build_head('UPerHead', branches=BRANCHES)
    feats = draw_feats()
    losses = under_autocast(head.loss)(*loss_args('UPerHead', feats, draw_labels()))
    for name in ('loss_gpaco', 'loss_rr', 'loss_ceco'):
        assert losses[name].dtype == torch.float32
    total(losses).backward()
    assert all(feat.grad.isfinite().all() for feat in feats)


def test_state_dict_restores_everything():
    head, other = (build_head('FCNHead', branches=BRANCHES) for _ in range(2))
    assert not torch.equal(head.branches['ceco'].classifier.weight, other.branches['ceco'].classifier.weight)
    other.load_state_dict(copy.deepcopy(head.state_dict()))
    assert torch.equal(head.branches['ceco'].classifier.weight, other.branches['ceco'].classifier.weight)


def test_a_segmentor_trains_tests_and_logs():
    decode_head = dict(
        type='ltcl.BranchedFCNHead', in_channels=16, in_index=0, channels=8, num_classes=NUM_CLASSES, branches=BRANCHES
    )
    segmentor = MODELS.build(
        ConfigDict(
            type='mmseg.EncoderDecoder',
            backbone=dict(type='mmseg.ResNetV1c', depth=18, base_channels=16, stem_channels=8),
            decode_head=decode_head,
            test_cfg=dict(mode='slide', crop_size=(32, 32), stride=(16, 16)),
        )
    )
    losses = segmentor.loss(torch.randn(2, 3, 32, 32), samples(draw_labels()))
    value, logged = segmentor.parse_losses(losses)
    assert {'decode.loss_gpaco', 'decode.loss_rr', 'decode.loss_ceco', 'decode.acc_seg'} < logged.keys()
    terms = [term for name, term in losses.items() if 'loss' in name]
    assert value.item() == pytest.approx(sum(terms).item())
    value.backward()
    out = segmentor.eval()(torch.randn(1, 3, 48, 40), mode='predict')
    assert out[0].pred_sem_seg.data.shape == (1, 48, 40)


def check_error(match, function, *args, **kwargs):
    with pytest.raises(UserError, match=match):
        function(*args, **kwargs)


class BypassingHead(BaseDecodeHead):
    """Calls its classifier itself, as heads with several outputs do."""

    def forward(self, inputs):
        return self.conv_seg(inputs[self.in_index])


class FlatHead(BypassingHead):
    """Classifies rows in place of a map."""

    def forward(self, inputs):
        feats = inputs[self.in_index]
        return self.cls_seg(feats.flatten(2)).unflatten(2, feats.shape[2:])

    def cls_seg(self, feat):
        return self.conv_seg(feat[..., None])[..., 0]


@pytest.mark.parametrize('head', [BypassingHead, FlatHead])
def test_heads_that_do_not_end_in_cls_seg(head):
    head = with_branches(head)(in_channels=6, in_index=0, channels=6, num_classes=5, branches=dict(gpaco=GPACO))
    args = loss_args('', draw_feats(), draw_labels())
    check_error(f'{type(head).__name__} takes no branches', head.loss, *args)


def test_heads_that_take_no_branches():
    check_error('branches need a head with a classifier', build_head, 'FCNHead', num_classes=2, out_channels=1)
    check_error('no decode head of mmseg', with_branches, torch.nn.Conv2d)
    check_error('no decode head of mmseg', with_branches, 'FCNHead')


def test_mistakes_in_a_config():
    check_error('branches is a dict', build_head, 'FCNHead', branches=[GPACO])
    for kind in ('mmseg.ASPPHead', 'ltcl.GPaCoBrunch', None):
        check_error('branches.a: type=.* is no branch', build_head, 'FCNHead', branches=dict(a=dict(type=kind)))
    check_error("loss_name must contain 'loss'", build_head, 'FCNHead', branches=dict(a=dict(GPACO, loss_name='x')))
    check_error('smooth is the share', build_head, 'FCNHead', branches=dict(a=dict(RR, smooth=1.5)))
    check_error('needs hidden_channels >= 5', build_head, 'FCNHead', branches=dict(a=dict(CECO, hidden_channels=4)))
    twice = build_head('FCNHead', branches=dict(a=GPACO, b=GPACO))
    args = loss_args('FCNHead', draw_feats(), draw_labels())
    check_error(r'branches.b: there is already a loss loss_gpaco', twice.loss, *args)
