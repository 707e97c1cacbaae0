"""Where a run stands after its batch, processes or images have changed: kept in images and epochs."""

import dataclasses
from fractions import Fraction

import pytest

from ltcl.checkpoints.run_state import TrainingShape
from ltcl.engine.resumed_position import position_in_epochs, position_in_iterations
from ltcl.errors import UserError


def shape(batch: int, processes: int, images: int, samples: int = 0, by_epoch: bool = True) -> TrainingShape:
    length = images // (batch * processes) if by_epoch else None
    return TrainingShape(batch, processes, images, length, samples, 1, 'OptimWrapper')


@pytest.mark.parametrize(
    ('iteration', 'now', 'expected', 'words'),
    [
        (27, shape(10, 1, 100), 27, ''),  # nothing has changed
        (20, shape(20, 1, 100), 10, 'batches of 10 images then, 20 now'),  # the end of epoch 2
        (20, shape(5, 4, 100), 10, 'batches of 10 images then, 5 x 4 processes now'),
        (27, shape(20, 1, 100), 13, 'epoch 3 goes on after 3 of 5 iterations'),  # 70 images: 3 batches of 20
        (27, shape(5, 1, 100), 54, 'epoch 3 goes on after 14 of 20 iterations'),
        (27, shape(30, 1, 100), 2 * 3 + 2, 'epoch 3 goes on after 2 of 3 iterations'),
        (29, shape(50, 1, 100), 5, 'after 1 of 2'),
        (27, shape(10, 1, 120), 24, '100 training images then, 120 now, so epoch 3 is begun again'),
        (20, shape(10, 1, 50), 10, '100 training images then, 50 now'),
        (30, shape(10, 1, 90), 18, 'so epoch 3 is begun again'),  # stopped at the last iteration of epoch 3
    ],
)
def test_epochs(iteration, now, expected, words):
    position = position_in_epochs(2, iteration, shape(10, 1, 100), now)
    assert position.iteration == expected
    assert position.samples == expected * now.step_size
    assert words in position.note
    assert bool(position.note) == bool(words)
    assert position.scale == Fraction(now.iters_per_epoch, 10)


@pytest.mark.parametrize('iteration', [20, 27, 30])
def test_unknown_shape_that_fits_is_taken(iteration):
    assert position_in_epochs(2, iteration, None, shape(10, 1, 100)).iteration == iteration


def test_unknown_shape_at_the_end_of_an_epoch_is_mapped():
    position = position_in_epochs(2, 40, None, shape(10, 1, 100))
    assert (position.iteration, position.scale) == (20, Fraction(1, 2))
    assert 'epochs of 20 iterations then, of 10 now' in position.note


@pytest.mark.parametrize(('epoch', 'iteration'), [(2, 45), (2, 0), (2, 10**9), (0, 11), (1, 10**9)])
def test_unknown_shape_that_cannot_be_is_refused(epoch, iteration):
    with pytest.raises(UserError, match=f'epoch {epoch} and iteration {iteration}'):
        position_in_epochs(epoch, iteration, None, shape(10, 1, 100))


def test_a_run_that_counted_no_epochs_is_like_one_of_unknown_shape():
    before = shape(10, 1, 100, samples=80, by_epoch=False)
    assert position_in_epochs(0, 8, before, shape(10, 1, 100)).iteration == 8
    with pytest.raises(UserError, match='epoch 0 and iteration 80: an epoch has 10 iterations'):
        position_in_epochs(0, 80, before, shape(10, 1, 100))


def test_iterations_keep_their_number_and_images_go_on():
    before = shape(10, 1, 100, samples=270, by_epoch=False)
    same = position_in_iterations(27, before, before)
    assert (same.iteration, same.samples, same.note) == (27, 270, '')
    larger = position_in_iterations(27, before, shape(16, 2, 100, by_epoch=False))
    assert (larger.iteration, larger.samples) == (27, 270)
    assert 'batches of 10 images then, 16 x 2 processes now' in larger.note
    odd = position_in_iterations(27, before, shape(16, 4, 100, by_epoch=False))
    assert odd.samples == 268  # as many for each process
    fewer = position_in_iterations(27, before, dataclasses.replace(before, num_images=80))
    assert (fewer.iteration, fewer.samples) == (27, 160)
    assert 'begins anew' in fewer.note
    assert position_in_iterations(27, None, before).samples == 270
