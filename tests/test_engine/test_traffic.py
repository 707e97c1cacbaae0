"""What one training step of every method sends between two processes, and that it does not wait for the device."""

import contextlib
import math
from collections.abc import Iterator

import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from processes import run_processes
from steps import BATCH, step_data, training_model
from torch import nn
from toy import METHODS
from traffic import Traffic

from ltcl.functional import checks

EMBEDDING = ('float32', (len(BATCH), 8))
LABELS = ('int64', (len(BATCH),))


def step(model: nn.Module, wrapped: nn.Module, optim_wrapper: OptimWrapper, method: str, data: dict) -> None:
    """What the runner does in an iteration."""
    if METHODS[method].has_key_encoder:
        model.update_momentum_encoder(0.9)
    wrapped.train_step(data, optim_wrapper)


def traffic_of(method: str, guard: contextlib.AbstractContextManager | None = None) -> tuple[nn.Module, Traffic]:
    """The model, and what its third step does, under a guard: DDP lays out its buckets in the first two."""
    model = training_model(method)
    several = torch.distributed.is_initialized()
    wrapped = MMDistributedDataParallel(model, device_ids=None, broadcast_buffers=False) if several else model
    optim_wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.01))
    data = step_data(method)
    for _ in range(2):
        step(model, wrapped, optim_wrapper, method, data)
    with guard or contextlib.nullcontext(), Traffic() as traffic:
        step(model, wrapped, optim_wrapper, method, data)
    return model, traffic


GRADIENTS = 'allreduce'
# What a method sends beside the gradients: embeddings and labels, and with shuffled batch normalisation the images, the
# order in which they are dealt out, and the keys on their way back. Gloo spells an all-to-all, by which the gradients
# of gathered rows go home, as a scatter from each process.
SHUFFLED = [
    ('broadcast', 'int64', (2 * len(BATCH),)),
    ('allgather', 'float32', (len(BATCH), 3, 16, 16)),
    ('allgather', *EMBEDDING),
]
KEYS, OWN_LABELS = ('allgather', *EMBEDDING), ('allgather', *LABELS)
BOTH_VIEWS = ('allgather', 'float32', (2 * len(BATCH), 8))
HOME = [('scatter', 'float32', (2 * len(BATCH), 8))] * 2
SENT = {
    'cross_entropy': [],
    'paco': [*SHUFFLED, KEYS, OWN_LABELS],
    'gpaco': [KEYS, OWN_LABELS],
    'multi_task': [KEYS, OWN_LABELS],
    'bcl': [OWN_LABELS, BOTH_VIEWS, *HOME],
    'proco': [('allgather', 'float32', (2, len(BATCH), 8)), OWN_LABELS],
    'kcl': [*SHUFFLED, OWN_LABELS, KEYS],
    'tsc': [*SHUFFLED, OWN_LABELS, KEYS, KEYS],  # the queries, for the class centers
    'in_batch_kcl': [BOTH_VIEWS, OWN_LABELS, *HOME],
    'in_batch_tsc': [BOTH_VIEWS, OWN_LABELS, *HOME],
    'resco': [KEYS, OWN_LABELS],
    'rescom': [KEYS, OWN_LABELS],
    'balpoe': [],
}


def check_sent(rank: int) -> None:
    init_default_scope('mmpretrain')
    for method, expected in SENT.items():
        model, traffic = traffic_of(method)
        assert [each for each in traffic.sent if each[0] != GRADIENTS] == expected, method
        gradients = [math.prod(shape) for name, _, shape in traffic.sent if name == GRADIENTS]
        trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
        assert sum(gradients) == trained, method


def test_only_what_the_method_needs_is_sent():
    assert SENT.keys() == METHODS.keys()
    run_processes(check_sent, world_size=2)


@contextlib.contextmanager
def copies_refused() -> Iterator[None]:
    """Copies from the device, which on a CPU are no operations that could be seen."""

    def refuse(tensor: torch.Tensor) -> None:
        raise AssertionError('the step copies numbers from the device')

    with pytest.MonkeyPatch.context() as patch:
        for name in ('tolist', 'numpy', 'cpu'):
            patch.setattr(torch.Tensor, name, refuse)
        yield


@pytest.mark.parametrize('method', METHODS)
def test_a_step_does_not_wait_for_the_device(monkeypatch, method):
    monkeypatch.setattr(checks, '_class_fault', lambda *_: None)  # a look at the labels on CPUs only
    _, traffic = traffic_of(method, guard=copies_refused())
    assert traffic.waits == []
    assert traffic.sent == []


@pytest.mark.parametrize(
    'wait',
    [
        lambda rows: rows.sum().item(),
        lambda rows: bool(rows.any()),
        lambda rows: rows[rows > 0],
        lambda rows: rows.nonzero(),
        lambda rows: rows.new_tensor([1.0]),
        lambda rows: torch.tensor([1.0]),
        lambda rows: rows.unique(),
    ],
)
def test_waits_are_noticed(wait):
    with Traffic() as traffic:
        wait(torch.randn(3))
    assert traffic.waits
