"""Augmentation on the device: its pixels against Pillow's on the same draws, and its way through a batch."""

import random

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, default_collate, pseudo_collate
from mmpretrain.datasets import PackInputs
from natural_picture import draw_picture
from warps import WARPS

from ltcl.datasets.samplers import seed_generators
from ltcl.datasets.transforms import RECIPES, EvalView, Views, pil_operations
from ltcl.datasets.transforms.drawn_rows import BY_WORKERS, ROW, apply_rows, encode, split, turns
from ltcl.datasets.transforms.operation import NAMES, Operation
from ltcl.datasets.transforms.pil_operations import Resampling
from ltcl.errors import UserError
from ltcl.models import MultiViewDataPreprocessor

FILL = (124, 116, 104)
SIDE = 96
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
# Arguments to try, largest and mean difference in grey levels.
BOUNDS = {
    'brightness': ([(0.6,), (1.37,), (1.9,)], 0, 0),
    'contrast': ([(0.6,), (1.37,), (1.9,)], 1, 0.01),
    'color': ([(0.1,), (0.6,), (1.37,), (1.9,)], 1, 0.01),
    'hue': ([(0.1,), (-0.1,), (0.4,), (0.03,)], 5, 0.01),
    'grey': ([()], 0, 0),
    'blur': ([(0.1,), (0.3,), (0.5,), (0.8,), (1.1,), (1.5,), (2.0,)], 2, 0.2),
    'sharpness': ([(0.1,), (1.37,), (1.9,)], 1, 0.01),
    'equalize': ([()], 0, 0),
    'autocontrast': ([()], 0, 0),
    'posterize': ([(0,), (1,), (4,), (8,)], 0, 0),
    'invert': ([()], 0, 0),
    'solarize': ([(0,), (100,), (113.8,), (256,)], 0, 0),
    'solarize_add': ([(110,), (0,)], 0, 0),
    'cut_out': ([(40, 50, 16), (3, 90, 16), (0, 0, 8)], 0, 0),
}


@pytest.fixture(scope='module')
def pictures() -> list[np.ndarray]:
    """Of a photograph's spectrum, of few levels, of one colour, of saturated noise."""
    picture = draw_picture(SIDE, SIDE)
    noise = np.random.default_rng(0).integers(0, 256, picture.shape, dtype=np.uint8)
    return [picture, 60 + picture // 4, np.full_like(picture, (200, 30, 40)), noise]


def on_device(images: list[np.ndarray], operations: list[list[Operation]]) -> list[np.ndarray]:
    """All images at once, each with its own operations."""
    batch = torch.from_numpy(np.stack([np.atleast_3d(image).transpose(2, 0, 1) for image in images]))
    rows = [encode(each, image.shape[:2], 12) for each, image in zip(operations, images, strict=True)]
    changed = apply_rows(batch.to(DEVICE), torch.from_numpy(np.stack(rows))).cpu().numpy().transpose(0, 2, 3, 1)
    return [each.reshape(image.shape) for each, image in zip(changed, images, strict=True)]


def differences(images: list[np.ndarray], name: str, arguments: list[tuple]) -> list[np.ndarray]:
    pairs = [(image, [Operation(name, each)]) for each in arguments for image in images]
    fast = on_device(*map(list, zip(*pairs, strict=True)))
    slow = [pil_operations.apply_to_array(*pair) for pair in pairs]
    return [np.abs(a.astype(int) - b) for a, b in zip(slow, fast, strict=True)]


def test_every_operation_is_here():
    assert {*BOUNDS, *WARPS, *BY_WORKERS} == {*NAMES}


@pytest.mark.parametrize('name', BOUNDS)
def test_difference_from_pillow(name, pictures):
    arguments, largest, mean = BOUNDS[name]
    for difference in differences(pictures, name, arguments):
        assert difference.max() <= largest
        assert difference.mean() <= mean


@pytest.mark.parametrize(
    ('resample', 'largest', 'mean'), [('NEAREST', 0, 0.02), ('BILINEAR', 1, 0.06), ('BICUBIC', 10, 1.7)]
)
@pytest.mark.parametrize('name', WARPS)
def test_difference_of_warps(name, resample, largest, mean, pictures):
    """Without interpolation, one pixel in a thousand is that of a neighbour."""
    arguments = [(strength, Resampling[resample], FILL) for strength in WARPS[name]]
    for difference in differences(pictures[:3], name, arguments):
        assert difference.mean() <= mean
        at_the_edge = (difference > largest).any(2).mean()  # which side a pixel's centre is on may round otherwise
        assert at_the_edge <= 0.002


@pytest.mark.parametrize('name', ['brightness', 'contrast', 'color', 'hue', 'grey', 'blur', 'cut_out', 'rotate'])
def test_grey_images(name, pictures):
    arguments = BOUNDS[name][0] if name in BOUNDS else [(30, Resampling.BILINEAR, FILL)]
    for difference in differences([pictures[0][..., 0]], name, arguments):
        assert difference.mean() <= 0.2
        assert np.percentile(difference, 99.8) <= 1


def test_turns_keep_the_order_of_each_image():
    numbers = np.array([[3, 1, 2, 0], [1, 3, 0, 0], [0, 0, 0, 0], [2, 2, 1, 3]])
    done: list[list[int]] = [[] for _ in numbers]
    taken = list(turns(numbers))
    for turn in taken:
        for image, row in zip(turn.images, turn.rows, strict=True):
            done[image].append(numbers[image, row])
    assert done == [[number for number in row if number] for row in numbers.tolist()]
    assert len(taken) < np.count_nonzero(numbers)


def test_the_given_batch_stays(pictures):
    batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    before, rows = batch.clone(), np.stack([encode([Operation('invert')], (SIDE, SIDE), 3)] * len(pictures))
    assert torch.equal(apply_rows(batch, torch.from_numpy(rows)), 255 - before)
    assert torch.equal(batch, before)
    assert apply_rows(batch, torch.zeros(len(batch), 3, ROW, dtype=torch.float64)) is batch


@pytest.mark.parametrize('recipe', RECIPES)
def test_a_flip_may_be_done_at_once(recipe):
    """No operation before it knows left from right, or else the workers could not take it out of the order."""
    views = Views([recipe], size=24)
    sided = {*WARPS, 'cut_out'}
    for seed in range(100):
        seed_generators(seed)
        names = [each.name for each in views.draw(24, 24)[0]]
        assert 'flip' not in names or not sided & {*names[: names.index('flip')]}
        at_once, left = split(views.draw(24, 24)[0])
        assert len(left) <= 8 + 2
        assert {each.name for each in at_once} <= {*BY_WORKERS}


def batch_of(views: Views, images: list[np.ndarray], seed: int = 0) -> list[torch.Tensor]:
    """Views of a batch as the network gets them, before the normalisation."""
    pipeline, samples = Compose([views, PackInputs()]), []
    for number, image in enumerate(images):
        seed_generators(seed + number)
        samples.append(pipeline(dict(img=image, gt_label=number)))
        samples[-1]['drawn_next'] = random.random(), np.random.rand(), torch.rand(1).item()
    draws = [sample.pop('drawn_next') for sample in samples]
    preprocess = MultiViewDataPreprocessor(mean=[0.0], std=[1.0], to_rgb=False).to(DEVICE)
    made = preprocess(default_collate(samples))
    assert [int(sample.gt_label) for sample in made['data_samples']] == list(range(len(images)))
    views = made['inputs'] if isinstance(made['inputs'], list) else [made['inputs']]
    return [*(view.cpu() for view in views), torch.tensor(draws)]


@pytest.mark.parametrize('recipe', RECIPES)
def test_views_of_the_same_draws(recipe):
    """Every recipe: the device makes the views that Pillow makes, and leaves the generators as Pillow does."""
    size = min(RECIPES[recipe].size, 40)
    images = [draw_picture(60, 50, seed) if size == 40 else draw_picture(size, size, seed) for seed in range(8)]
    images = [image[..., 0] for image in images] if recipe == 'fashion' else images
    pair = [batch_of(Views([recipe], size=size, backend=backend), images) for backend in ('pillow', 'device')]
    (slow, draws), (fast, same) = pair
    torch.testing.assert_close(draws, same, rtol=0, atol=0)
    means = (slow - fast).abs().mean((1, 2, 3))
    assert means.mean() < 1
    assert means.max() < 4


@pytest.mark.parametrize('recipes', [['sim'], ['randcls', 'sim'], ['randcls', dict(recipe='bcl_sim', size=24)]])
def test_any_number_and_size_of_views(recipes):
    images = [draw_picture(60, 50, seed) for seed in range(3)]
    *slow, _ = batch_of(Views(recipes, size=32), images)
    *fast, _ = batch_of(Views(recipes, size=32, backend='device'), images)
    assert [view.shape for view in slow] == [view.shape for view in fast]
    for view, other in zip(slow, fast, strict=True):
        assert (view - other).abs().mean() < 1.5


def test_distribution_is_that_of_pillow():
    """Two samples of 250 views each, of draws that differ: brightness, contrast, saturation and detail of a view."""
    image = draw_picture(48, 48)
    found = []
    for backend, seed in (('pillow', 0), ('device', 10_000)):
        view = batch_of(Views(['randclsstack'], size=16, backend=backend), [image] * 250, seed)[0]
        detail = (view[..., 1:] - view[..., :-1]).abs().mean((1, 2, 3))
        saturation = (view.amax(1) - view.amin(1)).mean((1, 2))
        found.append(torch.stack([view.mean((1, 2, 3)), view.std((1, 2, 3)), saturation, detail]).numpy())
    for ours, theirs in zip(*found, strict=True):
        points = np.sort(np.concatenate([ours, theirs]))
        steps = [np.searchsorted(np.sort(each), points, 'right') / len(each) for each in (ours, theirs)]
        # Of Kolmogorov and Smirnov, at a level of 0.001.
        assert np.abs(steps[0] - steps[1]).max() < 1.95 * (2 / 250) ** 0.5


def test_batch_depends_on_nothing_but_the_seed():
    images = [draw_picture(60, 50, seed) for seed in range(3)]
    views = Views(['randcls', 'sim'], size=32, backend='device')
    first, again, other = (batch_of(views, images, seed) for seed in (1, 1, 2))
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[0], other[0])
    # ... nor on what else is in the batch
    alone = batch_of(views, images[:1], 1)
    assert all(torch.equal(view[:1], one) for view, one in zip(first, alone, strict=True))


def test_samples_that_are_not_stacked_are_refused():
    pipeline = Compose([Views(['sim'], size=16, backend='device'), PackInputs()])
    samples = [pipeline(dict(img=draw_picture(20, 20), gt_label=0)) for _ in range(2)]
    with pytest.raises(UserError, match=r"set the dataloader's collate_fn=dict\(type='default_collate'\)"):
        MultiViewDataPreprocessor()(pseudo_collate(samples))


def test_views_cannot_be_enlarged_before_they_are_finished():
    results = Views(['sim'], size=16, backend='device')(dict(img=draw_picture(20, 20)))
    with pytest.raises(UserError, match=r"ltcl.EvalView cannot follow ltcl.Views\(backend='device'\)"):
        EvalView(32, 32)(results)


def test_crops_travel_as_uint8():
    sample = PackInputs()(Views(['randcls', 'sim'], size=32, backend='device')(dict(img=draw_picture(60, 50))))
    assert [each.dtype for each in sample['inputs']] == [torch.uint8, torch.uint8, torch.float64]
    assert cv2.countNonZero(sample['inputs'][0][0].numpy()) > 0
