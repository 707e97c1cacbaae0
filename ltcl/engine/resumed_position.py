"""Where a run stands after its batch, its processes or its images have changed."""

from dataclasses import dataclass
from fractions import Fraction

from ltcl.checkpoints.run_state import TrainingShape
from ltcl.errors import UserError


@dataclass(frozen=True)
class Position:
    """A place in a run.

    Attributes:
        iteration: Finished iterations, in batches of now.
        samples: Images drawn since the start by all processes.
        note: What has changed, in words; empty if nothing has.
        scale: Iterations of now to one of then, of a run that counts epochs: epochs keep their number.
    """

    iteration: int
    samples: int
    note: str = ''
    scale: Fraction = Fraction(1)


def position_in_epochs(epoch: int, iteration: int, before: TrainingShape | None, now: TrainingShape) -> Position:
    """The position of a run that counts epochs.

    Args:
        epoch: Finished epochs.
        iteration: Finished iterations, in batches of then.
        before: What was counted in; None of a checkpoint that does not tell it.
        now: What is counted in now.

    Raises:
        UserError: A checkpoint that does not tell how long its epochs are has an iteration that cannot be one of its
            epoch.
    """
    length = now.iters_per_epoch
    assert length is not None
    if before is None or not before.iters_per_epoch:
        return _guessed(epoch, iteration, now, length)
    if _counts(before) == _counts(now):
        return Position(iteration, iteration * now.step_size)
    start, done = epoch * length, iteration - epoch * before.iters_per_epoch
    scale = Fraction(length, before.iters_per_epoch)
    if before.num_images != now.num_images:
        again = f', so epoch {epoch + 1} is begun again' if done else ''
        return _at(start, now, f'{before.num_images} training images then, {now.num_images} now{again}', scale)
    if not done:
        return _at(start, now, _batches(before, now), scale)
    left = min(done * before.step_size // now.step_size, length - 1)
    place = f'epoch {epoch + 1} goes on after {left} of {length} iterations'
    return _at(start + left, now, f'{_batches(before, now)}; {place}', scale)


def position_in_iterations(iteration: int, before: TrainingShape | None, now: TrainingShape) -> Position:
    """The position of a run that counts iterations: their number stays, the images go on after those that were drawn.

    Args:
        iteration: Finished iterations.
        before: What was counted in; None of a checkpoint that does not tell it.
        now: What is counted in now.
    """
    if before is None:
        return Position(iteration, iteration * now.step_size)
    if before.num_images != now.num_images:
        samples = before.samples // before.num_images * now.num_images
        note = f'{before.num_images} training images then, {now.num_images} now, so the pass through them begins anew'
        return Position(iteration, samples // now.num_processes * now.num_processes, note)
    if before.step_size != now.step_size or before.num_processes != now.num_processes:
        samples = before.samples // now.num_processes * now.num_processes
        return Position(iteration, samples, f'{_batches(before, now)}; the number of iterations stays')
    return Position(iteration, before.samples)


def _counts(shape: TrainingShape) -> tuple:
    return shape.batch_size, shape.num_processes, shape.num_images, shape.iters_per_epoch


def _at(iteration: int, now: TrainingShape, note: str, scale: Fraction) -> Position:
    return Position(iteration, iteration * now.step_size, note, scale)


def _batches(before: TrainingShape, now: TrainingShape) -> str:
    return f'batches of {_product(before)} images then, {_product(now)} now'


def _product(shape: TrainingShape) -> str:
    return f'{shape.batch_size}' + (f' x {shape.num_processes} processes' if shape.num_processes > 1 else '')


def _guessed(epoch: int, iteration: int, now: TrainingShape, length: int) -> Position:
    """For a checkpoint of mmengine, of an older ltcl, or of a run that counted no epochs.

    What fits is taken as it is, the end of an epoch is mapped; ``length`` is that of an epoch now.
    """
    start = epoch * length
    if start <= iteration <= start + length:
        return Position(iteration, iteration * now.step_size)
    before, rest = divmod(iteration, epoch) if epoch else (0, 1)
    if rest or not 0 < before <= max(now.num_images, length):
        raise UserError(
            f'no run can be resumed from a checkpoint of epoch {epoch} and iteration {iteration}: an epoch has '
            f'{length} iterations. Give the checkpoint of the end of an epoch'
        )
    return _at(start, now, f'epochs of {before} iterations then, of {length} now', Fraction(length, before))
