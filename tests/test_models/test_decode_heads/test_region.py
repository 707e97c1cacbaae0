"""Class means at the size of the labels without enlarging features; frozen branches; class counts from files."""

import json

import pytest
import torch
from loss_checks import under_autocast
from oracles.seg import enlarged_region_means, loop_region_loss
from toy_seg import CECO, CHANNELS, COUNTS, NUM_CLASSES, RR, draw_labels

from ltcl.errors import UserError
from ltcl.models.decode_heads import mark_void, region_loss, region_means, simplex_etf
from ltcl.registry import MODELS

SIZES = {
    'four times': ((4, 5), (16, 20)),
    'odd': ((5, 7), (33, 26)),
    'same': ((6, 6), (6, 6)),
    'smaller': ((6, 6), (4, 3)),
    'one row': ((1, 3), (5, 1)),
    'one position': ((1, 1), (7, 6)),
}


def build(cfg=RR, **kwargs):
    return MODELS.build({**cfg, 'in_channels': CHANNELS, 'num_classes': NUM_CLASSES, **kwargs})


def void_labels(size, num_images=3):
    return mark_void(draw_labels(size, num_images), NUM_CLASSES, 255)


@pytest.mark.parametrize('name', SIZES)
def test_means_are_those_of_enlarged_features(name):
    size, label_size = SIZES[name]
    feats = torch.randn(3, 4, *size, dtype=torch.float64, requires_grad=True)
    labels = void_labels(label_size)
    expected = enlarged_region_means(feats, labels, NUM_CLASSES)
    means, region_labels = region_means(feats, labels, NUM_CLASSES, keep_void=True)
    assert region_labels.tolist() == sorted(expected)
    stacked = torch.stack([expected[label] for label in region_labels.tolist()])
    torch.testing.assert_close(means, stacked)
    cotangent = torch.randn_like(means)
    gradients = [torch.autograd.grad((each * cotangent).sum(), feats)[0] for each in (means, stacked)]
    torch.testing.assert_close(*gradients)
    without, classes = region_means(feats, labels, NUM_CLASSES)
    torch.testing.assert_close(without, means[region_labels < NUM_CLASSES])
    assert classes.tolist() == [label for label in sorted(expected) if label < NUM_CLASSES]


def test_large_regions_in_float32():
    feats, labels = torch.randn(2, 3, 16, 16), torch.randint(2, (2, 1, 256, 256))
    narrow, wide = region_means(feats, labels, 2)[0], region_means(feats.double(), labels, 2)[0]
    torch.testing.assert_close(narrow.double(), wide, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('smooth', [1.0, 0.9, 0.5, 0.0])
@pytest.mark.parametrize('labels', [[0, 2, 3], [1, 4, NUM_CLASSES], [NUM_CLASSES]])
def test_loss_equals_a_loop(smooth, labels):
    logits, labels = torch.randn(len(labels), NUM_CLASSES, dtype=torch.float64), torch.tensor(labels)
    prior = torch.tensor([0.6, 0.2, 0.1, 0.1, 0.0], dtype=torch.float64)
    torch.testing.assert_close(
        region_loss(logits, labels, smooth=smooth, prior=prior), loop_region_loss(logits, labels, smooth, prior)
    )


def test_regions_that_do_not_count():
    logits, labels = torch.randn(4, NUM_CLASSES), torch.tensor([0, 1, 3, 4])
    keep = torch.tensor([True, False, True, False])
    torch.testing.assert_close(
        region_loss(logits, labels, smooth=0.7, keep=keep), region_loss(logits[keep], labels[keep], smooth=0.7)
    )


def test_frozen_as_published_or_trained():
    feats, labels = torch.randn(2, CHANNELS, 4, 4, requires_grad=True), draw_labels((16, 16))
    for cfg in (RR, CECO):
        frozen = build(cfg)
        before = {name: value.clone() for name, value in frozen.state_dict().items()}
        frozen.loss(feats, None, labels)['loss_region'].backward()
        assert not any(parameter.requires_grad for parameter in frozen.parameters())
        changed = {name for name, value in frozen.state_dict().items() if not torch.equal(value, before[name])}
        assert changed == {f'reduce.1.{name}' for name in ('running_mean', 'running_var', 'num_batches_tracked')}
        trained = build(cfg, frozen=False)
        trained.loss(feats, None, labels)['loss_region'].backward()
        assert all(parameter.grad is not None for parameter in trained.parameters())
    assert 'classifier.weight' not in dict(trained.named_parameters())
    assert feats.grad.abs().sum() > 0


def test_published_settings():
    rr = build(dict(type='ltcl.RegionRebalanceBranch', class_counts=COUNTS))
    ceco = build(dict(type='ltcl.CenterCollapseBranch', class_counts=COUNTS))
    assert [rr.smooth, rr.scale, rr.normalize, rr.loss_weight] == [0.5, 1.0, False, 1.0]
    assert [ceco.smooth, ceco.scale, ceco.normalize, ceco.loss_weight] == [1.0, 5.0, True, 0.8]
    assert rr.expand[0].weight.shape == (512, 128)
    assert type(rr.reduce[1]) is torch.nn.BatchNorm2d
    assert type(build(norm_cfg=dict(type='SyncBN')).reduce[1]) is torch.nn.BatchNorm2d


def test_ceco_scores_are_scaled_cosines():
    ceco = build(CECO, dropout_ratio=0.0)
    weight = ceco.classifier.weight
    cosines = weight @ weight.T
    expected = torch.full((NUM_CLASSES, NUM_CLASSES), -1 / (NUM_CLASSES - 1)).fill_diagonal_(1)
    torch.testing.assert_close(cosines, expected)
    logits, _ = ceco.region_logits(torch.randn(2, CHANNELS, 4, 4), draw_labels((16, 16)))
    assert logits.abs().max() <= 5


def test_simplex_of_two():
    torch.testing.assert_close(simplex_etf(torch.eye(3), 2)[0], torch.tensor([0.5, -0.5, 0]) * 2**0.5)


def test_prior_favours_frequent_classes():
    inputs = torch.randn(2, CHANNELS, 4, 4), None, torch.full((2, 1, 16, 16), 4)
    rare = build(class_counts=[100, 100, 100, 100, 1], dropout_ratio=0.0)
    frequent = build(class_counts=[1, 1, 1, 1, 100], dropout_ratio=0.0)
    frequent.load_state_dict({**rare.state_dict(), 'class_counts': frequent.class_counts})
    assert rare.loss(*inputs)['loss_region'] > frequent.loss(*inputs)['loss_region']


def test_half_precision_means():
    feats, labels = torch.randn(2, CHANNELS, 4, 4), void_labels((16, 16), 2)
    means, _ = under_autocast(region_means)(feats.bfloat16(), labels, NUM_CLASSES)
    assert torch.equal(means, region_means(feats.bfloat16().float(), labels, NUM_CLASSES)[0])


def test_counts_from_a_file(tmp_path):
    path = tmp_path / 'stats.json'
    branch = build(class_counts=str(path), count_key='pixel')  # builds without the file: a test does not need it
    inputs = torch.randn(2, CHANNELS, 4, 4), None, draw_labels((16, 16))
    with pytest.raises(UserError, match=r'there is no file .*stats.json; write it with `ltcl seg-stats CONFIG'):
        branch.loss(*inputs)
    for content in ('nonsense', '[1, 2]', '{"image": [1, 2, 3, 4, 5]}', '{"pixel": 3}'):
        path.write_text(content)
        with pytest.raises(UserError, match="has no list 'pixel'"):
            branch.loss(*inputs)
    path.write_text(json.dumps(dict(image=COUNTS, pixel=[1, 2, 3])))
    with pytest.raises(UserError, match='counts 3 classes but the head has num_classes=5'):
        branch.loss(*inputs)
    path.write_text(json.dumps(dict(image=[1] * 5, pixel=COUNTS)))
    branch.loss(*inputs)
    assert branch.class_counts.tolist() == COUNTS
    restored = build(class_counts='nowhere.json')
    restored.load_state_dict(branch.state_dict())
    assert restored.loss(*inputs)['loss_region'].isfinite()


def test_counts_are_needed_and_checked():
    inputs = torch.randn(2, CHANNELS, 4, 4), None, draw_labels((16, 16))
    with pytest.raises(UserError, match='RegionRebalanceBranch needs class_counts: a list, or a file'):
        build(class_counts=None).loss(*inputs)
    with pytest.raises(UserError, match='num_classes=5'):
        build(class_counts=[1, 2])
