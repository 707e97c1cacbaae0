"""Heads whose inference is corrected by a region classifier."""

import pytest
import torch
from loss_checks import under_autocast
from toy_seg import COUNTS, NUM_CLASSES, build_head, draw_feats, draw_labels, loss_args, total

from ltcl.errors import UserError
from ltcl.models.decode_heads import with_region_bias

NAMES = ('UPerHead', 'FCNHead', 'DepthwiseSeparableASPPHead', 'OCRHead')
TERMS = {'loss_seg', 'loss_all', 'loss_all_masked', 'loss_soft_region', 'loss_gt_region', 'acc_seg'}


def build(name='UPerHead', **kwargs):
    return build_head(name, prefix='ltcl.RegionBias', **kwargs)


@pytest.mark.parametrize('name', NAMES)
def test_every_head_trains_and_corrects(name):
    head, stock = build(name), build_head(name, prefix='')
    feats = draw_feats()
    args = loss_args(name, feats, draw_labels())
    losses = head.loss(*args)
    assert losses.keys() == TERMS
    total(losses).backward()
    assert all(parameter.grad.isfinite().all() for parameter in head.parameters())
    assert head._last is None
    stock.load_state_dict(head.state_dict(), strict=False)
    difference = head.eval()(*args[:-2]) - stock.eval()(*args[:-2])
    assert difference.abs().max() > 0
    torch.testing.assert_close(difference, difference[..., :1, :1].expand_as(difference), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('fill', [255, 3, 77])
@pytest.mark.parametrize('with_absent', [True, False])
def test_finite_whatever_the_labels(fill, with_absent):
    head, feats = build(with_absent=with_absent, with_prior=True, class_counts=COUNTS), draw_feats()
    losses = head.loss(*loss_args('UPerHead', feats, torch.full((2, 1, 31, 33), fill)))
    assert all(value.isfinite().all() for value in losses.values())
    if fill != 3:
        assert losses['loss_seg'] == losses['loss_all'] == losses['loss_all_masked'] == 0
        assert (losses['loss_soft_region'] == 0) == (not with_absent)
    total(losses).backward()
    assert all(feat.grad.isfinite().all() for feat in feats)


def test_labels_that_are_no_class_are_void():
    head, feats, labels = build(dropout_ratio=0), draw_feats(), draw_labels()
    other = labels.where(labels != 255, NUM_CLASSES + 3)
    for name, value in head.loss(*loss_args('UPerHead', feats, other)).items():
        torch.testing.assert_close(value, head.loss(*loss_args('UPerHead', feats, labels))[name])


def test_weights():
    head, feats, labels = build(dropout_ratio=0), draw_feats(), draw_labels()
    losses = head.loss(*loss_args('UPerHead', feats, labels))
    head.main_weight, head.region_weight = 0.5, 0.25
    for name, value in head.loss(*loss_args('UPerHead', feats, labels)).items():
        factor = dict(acc_seg=1.0).get(name, 0.25 if 'region' in name else 0.5)
        torch.testing.assert_close(value, factor * losses[name])


def test_bfloat16_autocast():
    losses = under_autocast(build().loss)(*loss_args('UPerHead', draw_feats(), draw_labels()))
    assert all(value.isfinite().all() for value in losses.values())


def test_mistakes():
    with pytest.raises(UserError, match='no decode head'):
        with_region_bias(torch.nn.Linear)
    head = build(with_prior=True)
    with pytest.raises(UserError, match='RegionBiasUPerHead needs class_counts'):
        head.loss(*loss_args('UPerHead', draw_feats(), draw_labels()))
