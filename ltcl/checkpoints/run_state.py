"""What a checkpoint needs so that a run can go on from it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from ltcl.errors import UserError

TRAINING_KEY = 'training'
"""Key of :class:`TrainingShape` in a checkpoint's meta data."""

CALIBRATION_KEY = 'calibration'
"""Key of what `ltcl calibrate` stores in a checkpoint's meta data; a checkpoint that a training writes has none."""

VALIDATED_KEY = 'ltcl/validated_iter'
"""Entry of the message hub: the iteration after which the last validation was finished."""


@dataclass(frozen=True)
class TrainingShape:
    """What the position in a run is counted in.

    Attributes:
        batch_size: Images of a batch of one process.
        num_processes: Processes, each with a batch of its own.
        num_images: Images of the training set.
        iters_per_epoch: Iterations of an epoch; None where the run counts no epochs.
        samples: Images that all processes have drawn since the start, with repetitions.
        accumulative_counts: Batches whose gradients are summed for a step.
        precision: Type of the optimizer wrapper, which decides it.
    """

    batch_size: int
    num_processes: int
    num_images: int
    iters_per_epoch: int | None
    samples: int
    accumulative_counts: int
    precision: str

    @property
    def step_size(self) -> int:
        """Images of an iteration, of all processes."""
        return self.batch_size * self.num_processes

    def to_plain(self) -> dict:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_meta(cls, meta: Mapping) -> 'TrainingShape | None':
        """As it was stored; None in a checkpoint that does not tell it."""
        stored = meta.get(TRAINING_KEY)
        names = cls.__dataclass_fields__
        if not isinstance(stored, Mapping) or not names.keys() <= stored.keys():
            return None
        return cls(**{name: stored[name] for name in names})


def meta_of(checkpoint: object) -> dict:
    """The meta data of a checkpoint; an empty dict where there is none of the right kind."""
    meta = checkpoint.get('meta') if isinstance(checkpoint, Mapping) else None
    return dict(meta) if isinstance(meta, Mapping) else {}


def refuse_weights_only(checkpoint: Mapping, source: str) -> None:
    """Refuse to resume from a checkpoint of weights; arguments and error as :func:`check_resumable`."""
    if 'optimizer' not in checkpoint:
        raise UserError(
            f'the checkpoint {source} has weights only, so no run can be resumed from it: '
            'start from its weights with --cfg-options load_from=... instead of --resume'
        )


def check_resumable(checkpoint: object, source: str) -> None:
    """Refuse a checkpoint that no run can go on from.

    Args:
        checkpoint: What the file holds.
        source: The file, for the message.

    Raises:
        UserError: It has weights only, or one of its parts is missing, of another kind or impossible.
    """
    if not isinstance(checkpoint, Mapping) or not isinstance(checkpoint.get('state_dict'), Mapping):
        raise UserError(f'the checkpoint {source} has no state_dict: it was not written by a training of ltcl')
    refuse_weights_only(checkpoint, source)
    fault = next(_faults(checkpoint), None)
    if fault is not None:
        raise UserError(
            f'no run can be resumed from the checkpoint {source}: {fault}. Give another, or start from its weights '
            'with --cfg-options load_from=... instead of --resume'
        )


def _faults(checkpoint: Mapping) -> Iterator[str]:
    for name in ('meta', 'optimizer', 'message_hub'):
        if not isinstance(checkpoint.get(name), Mapping):
            yield f'its {name} is {_kind(checkpoint, name)}, not a dict'
    meta = meta_of(checkpoint)
    for name in ('epoch', 'iter'):
        value = meta.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            yield f'meta.{name} is {value!r}, not a number from 0'
    for name in ('log_scalars', 'runtime_info', 'resumed_keys'):
        if not isinstance(checkpoint['message_hub'].get(name), Mapping):
            yield f'its message_hub has no {name}'
    if not isinstance(checkpoint['optimizer'].get('param_groups'), list):
        yield 'its optimizer has no param_groups'
    if not isinstance(checkpoint.get('param_schedulers', []), list | Mapping):
        yield f'its param_schedulers are {_kind(checkpoint, "param_schedulers")}, not a list'
    shape = TrainingShape.from_meta(meta)
    if shape is not None and shape.iters_per_epoch is not None:
        first, last = meta['epoch'] * shape.iters_per_epoch, (meta['epoch'] + 1) * shape.iters_per_epoch
        if not first <= meta['iter'] <= last:
            yield f'meta.iter is {meta["iter"]}, but epoch {meta["epoch"]} ends between {first} and {last}'


def _kind(checkpoint: Mapping, name: str) -> str:
    return type(checkpoint[name]).__name__ if name in checkpoint else 'missing'


def progress(checkpoint: Mapping) -> tuple[int, float]:
    """How far a run had come: epochs, and the part of the next one (iterations in a run that counts no epochs)."""
    meta = meta_of(checkpoint)
    shape = TrainingShape.from_meta(meta)
    if shape is None or shape.iters_per_epoch is None:
        return meta['epoch'], meta['iter']
    return meta['epoch'], meta['iter'] / shape.iters_per_epoch - meta['epoch']
