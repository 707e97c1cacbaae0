"""Which pixels GPaCo's branch compares, and with what."""

import pytest
import torch
from loss_checks import under_autocast
from oracles.seg import loop_set_loss, masked_pixel_paco_loss
from toy_seg import CHANNELS, COUNTS, NUM_CLASSES, draw_labels

from ltcl.errors import UserError
from ltcl.models.decode_heads import GPaCoBranch, RandomPixelSampler, mark_void, pixel_paco_loss, shrink_labels

ARGS = dict(temperature=0.07, alpha=0.05)


def draw_maps(num_images=2, size=(6, 5), channels=7):
    maps = torch.randn(num_images, channels, *size, dtype=torch.float64, requires_grad=True)
    logits = torch.randn(num_images, NUM_CLASSES, *size, dtype=torch.float64, requires_grad=True)
    return maps, logits, torch.randint(NUM_CLASSES + 1, (num_images, 1, *size))


def build(**kwargs):
    kwargs = dict(in_channels=CHANNELS, num_classes=NUM_CLASSES, norm_cfg=dict(type='BN'), **kwargs)
    return GPaCoBranch(act_cfg=dict(type='ReLU'), embed_channels=6, **kwargs)


def test_positions_are_drawn_from_each_image_on_its_own():
    maps, logits, labels = draw_maps()
    index = RandomPixelSampler(11)(2, 30)
    expected = masked_pixel_paco_loss(maps, logits, labels, index, **ARGS)
    loss = pixel_paco_loss(maps, logits, labels, index, **ARGS)
    torch.testing.assert_close(loss, expected)
    for actual, gradient in zip(*(torch.autograd.grad(each, (maps, logits)) for each in (loss, expected)), strict=True):
        torch.testing.assert_close(actual, gradient)
    rows = torch.nn.functional.normalize(maps[1].flatten(1).T, dim=1)[index[1]]
    one = loop_set_loss(rows, labels[1].flatten()[index[1]], logits[1].flatten(1).T[index[1]], **ARGS)
    per_image = pixel_paco_loss(maps, logits, labels, index, reduction='none', **ARGS)
    torch.testing.assert_close(per_image[1], one)


def test_the_order_of_positions_does_not_matter():
    maps, logits, labels = draw_maps()
    index = RandomPixelSampler(20)(2, 30)
    shuffled = index[:, torch.randperm(20)]
    first, second = (pixel_paco_loss(maps, logits, labels, order, **ARGS) for order in (index, shuffled))
    torch.testing.assert_close(first, second)


def test_sampler():
    first = RandomPixelSampler(10, torch.Generator().manual_seed(3))(4, 50)
    assert torch.equal(first, RandomPixelSampler(10, torch.Generator().manual_seed(3))(4, 50))
    assert first.shape == (4, 10)
    assert all(len(row.unique()) == 10 for row in first)
    assert not torch.equal(first[0], first[1])
    for num_samples in (-1, 50, 8192):
        assert torch.equal(RandomPixelSampler(num_samples)(2, 50).sort(1).values, torch.arange(50).repeat(2, 1))
    torch.manual_seed(7)
    expected = torch.stack([torch.randperm(50)[:5], torch.randperm(50)[:5]])
    torch.manual_seed(7)
    assert torch.equal(RandomPixelSampler(5)(2, 50), expected)
    frequency = RandomPixelSampler(10)(3000, 40).flatten().bincount()
    assert (frequency - 750).abs().max() < 120
    for num_samples in (0, -2):
        with pytest.raises(UserError, match='num_samples must be at least 1'):
            RandomPixelSampler(num_samples)


def test_all_pixels_are_asked_for_in_three_ways():
    torch.manual_seed(0)
    inputs = torch.randn(2, CHANNELS, 4, 4), torch.randn(2, NUM_CLASSES, 4, 4), draw_labels((16, 16))
    losses = []
    for num_samples in (-1, 16, 8192):
        torch.manual_seed(1)
        branch = build(sampler=dict(type='ltcl.RandomPixelSampler', num_samples=num_samples))
        losses.append(branch.loss(*inputs)['loss_gpaco'].item())
    assert losses == pytest.approx([losses[0]] * 3)


def test_the_centres_learn_and_the_projector_too():
    branch = build()
    feats = torch.randn(2, CHANNELS, 4, 4, requires_grad=True)
    logits = torch.randn(2, NUM_CLASSES, 4, 4, requires_grad=True)
    branch.loss(feats, logits, draw_labels((16, 16)))['loss_gpaco'].backward()
    for leaf in (feats, logits, *branch.parameters()):
        assert leaf.grad.isfinite().all()
    assert min(leaf.grad.abs().sum() for leaf in (feats, logits, branch.projector[0].conv.weight)) > 0


def test_prior_shifts_the_logits():
    feats, labels = torch.randn(2, CHANNELS, 4, 4), draw_labels((16, 16))
    logits = torch.randn(2, NUM_CLASSES, 4, 4)
    with_prior, plain = build(with_prior=True, class_counts=COUNTS), build()
    plain.load_state_dict(with_prior.state_dict())
    shift = torch.log(torch.tensor(COUNTS) / sum(COUNTS) + 1e-9).view(-1, 1, 1)
    expected = plain.loss(feats, logits + shift, labels)['loss_gpaco']
    torch.testing.assert_close(with_prior.loss(feats, logits, labels)['loss_gpaco'], expected)
    assert plain.loss(feats, logits, labels)['loss_gpaco'] != expected
    with pytest.raises(UserError, match='GPaCoBranch needs class_counts'):
        build(with_prior=True).loss(feats, logits, labels)


def test_weight_and_name():
    inputs = torch.randn(2, CHANNELS, 4, 4), torch.randn(2, NUM_CLASSES, 4, 4), draw_labels((16, 16))
    branch, half = build(), build(loss_weight=0.5, loss_name='loss_half')
    half.load_state_dict(branch.state_dict())
    torch.testing.assert_close(half.loss(*inputs)['loss_half'], 0.5 * branch.loss(*inputs)['loss_gpaco'])


def test_a_pixel_without_an_embedding():
    maps, logits, labels = draw_maps()
    with torch.no_grad():
        maps[:, :, 2, 3] = 0
    loss = pixel_paco_loss(maps, logits, labels, RandomPixelSampler(-1)(2, 30), **ARGS)
    assert torch.autograd.grad(loss, maps)[0].isfinite().all()


def test_embeddings_are_normalised_in_full_precision():
    maps, logits, labels = (each.detach().float() if each.is_floating_point() else each for each in draw_maps())
    index = RandomPixelSampler(-1)(2, 30)
    loss = pixel_paco_loss(maps.bfloat16().float(), logits, labels, index, **ARGS)
    half = under_autocast(pixel_paco_loss)(maps.bfloat16(), logits, labels, index, **ARGS)
    assert half == loss


def test_void_and_shrunk_labels():
    labels = torch.tensor([-1, 0, 4, 5, 200, 255])
    assert mark_void(labels, 5, 255).tolist() == [5, 0, 4, 5, 5, 5]
    assert mark_void(labels, 5, 0).tolist() == [5, 5, 4, 5, 5, 5]
    assert mark_void(labels, 5, None, void=255).tolist() == [255, 0, 4, 255, 255, 255]
    wide = torch.arange(12).view(1, 1, 3, 4)
    assert shrink_labels(wide, (1, 2)).flatten().tolist() == [0, 2]
    assert shrink_labels(wide, (3, 4)).equal(wide)
