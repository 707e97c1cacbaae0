import copy

import pytest
import torch
from oracles.resco import as_columns, loop_enqueue
from oracles.rows import unit_rows
from processes import run_processes

from ltcl.errors import UserError
from ltcl.models import ClasswiseQueue

NUM_CLASSES, FEAT_DIM = 4, 3


def build(slots: int, init: str = 'published') -> ClasswiseQueue:
    torch.manual_seed(0)
    return ClasswiseQueue(NUM_CLASSES, slots, FEAT_DIM, init).double()


def numbered(labels: list[int], first: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys that carry their own number, and labels."""
    numbers = torch.arange(first, first + len(labels)).double()
    return numbers[:, None].repeat(1, FEAT_DIM), torch.tensor(labels)


def test_starts_with_random_unit_rows():
    queue = ClasswiseQueue(50, 4, 8)
    assert queue.embeddings.shape == (50, 4, 8)
    torch.testing.assert_close(queue.embeddings.norm(dim=2), torch.ones(50, 4))
    assert abs(queue.embeddings.mean()) < 0.05
    assert queue.pointer.tolist() == [0] * 50
    assert queue.pointer.dtype == torch.int64


@pytest.mark.parametrize('slots', [1, 2, 3, 5])
@pytest.mark.parametrize('seed', range(4))
def test_equals_writing_one_key_after_the_other(slots, seed):
    generator = torch.Generator().manual_seed(seed)
    queue = build(slots)
    columns, pointer = as_columns(queue.embeddings), queue.pointer.clone()
    for num_keys in (1, 3, 17, 40, 2):  # the batch may change its size
        keys = unit_rows(num_keys, FEAT_DIM, generator=generator)
        labels = torch.randint(NUM_CLASSES, (num_keys,), generator=generator)
        queue.enqueue(keys, labels)
        loop_enqueue(columns, pointer, keys, labels)
        assert torch.equal(as_columns(queue.embeddings), columns)
        assert torch.equal(queue.pointer, pointer)


def test_only_the_last_keys_of_a_crowded_class_remain():
    queue = build(2)
    before = queue.embeddings.clone()
    queue.enqueue(*numbered([1, 1, 3, 1, 1, 1]))
    # Keys 0, 1, 3, 4, 5 go to slots 0, 1, 0, 1, 0.
    assert queue.embeddings[1, :, 0].tolist() == [5, 4]
    assert queue.embeddings[3, 0, 0] == 2
    assert queue.pointer.tolist() == [0, 1, 0, 1]
    assert torch.equal(queue.embeddings[[0, 2]], before[[0, 2]])
    assert torch.equal(queue.embeddings[3, 1], before[3, 1])


def test_empty_queue_tells_which_slots_are_written():
    queue = build(3, init='empty')
    assert not queue.valid().any()
    queue.enqueue(*numbered([0, 2, 2]))
    queue.enqueue(*numbered([2, 2, 2]))
    assert queue.fill.tolist() == [1, 0, 3, 0]
    assert queue.valid().tolist() == [[True, False, False], [False] * 3, [True] * 3, [False] * 3]
    assert torch.equal(queue.contents()[1], queue.valid())


def test_published_queue_counts_every_slot():
    queue = build(3)
    assert queue.valid().all()
    assert queue.contents()[1] is None


def test_contents_outlive_the_next_enqueue():
    queue = build(2)
    rows, _ = queue.contents()
    before = rows.clone()
    queue.enqueue(*numbered([0, 1, 2, 3]))
    assert torch.equal(rows, before)
    assert not torch.equal(queue.embeddings, before)


def test_without_slots_nothing_happens():
    queue = build(0)
    queue.enqueue(*numbered([0, 1, 1]))
    assert queue.contents()[0].shape == (NUM_CLASSES, 0, FEAT_DIM)
    assert queue.pointer.tolist() == [0] * NUM_CLASSES


def test_written_in_place_detached_and_in_its_own_precision():
    queue = ClasswiseQueue(NUM_CLASSES, 2, FEAT_DIM)
    pointers = [buffer.data_ptr() for buffer in queue.buffers()]
    keys, labels = numbered([0, 1, 1, 1])
    queue.enqueue(keys.bfloat16().requires_grad_(), labels)
    assert [buffer.data_ptr() for buffer in queue.buffers()] == pointers
    assert queue.embeddings.dtype == torch.float32
    assert not queue.embeddings.requires_grad
    assert queue.embeddings[1, :, 0].tolist() == [3, 2]


def test_state_dict_goes_on_where_it_stopped():
    queue = build(3, init='empty')
    queue.enqueue(*numbered([0, 2, 2, 2, 2]))
    assert set(queue.state_dict()) == {'embeddings', 'pointer', 'fill'}
    resumed = ClasswiseQueue(NUM_CLASSES, 3, FEAT_DIM, init='empty').double()
    resumed.enqueue(*numbered([1, 1], first=50))
    resumed.load_state_dict(copy.deepcopy(queue.state_dict()))
    for each in (queue, resumed):
        each.enqueue(*numbered([2, 0, 3], first=9))
    for name, buffer in queue.named_buffers():
        assert torch.equal(resumed.get_buffer(name), buffer)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(slots=-1), 'slots per class of a queue must be 0 or positive, got -1'),
        (dict(slots=2, init='zeros'), "queue_init must be 'published' or 'empty', got 'zeros'"),
    ],
)
def test_refuses(kwargs, message):
    with pytest.raises(UserError, match=message):
        build(**kwargs)


def enqueue_on(rank: int) -> None:
    queue, together = build(3), build(3)
    keys, labels = numbered([0, 1, 1, 2, 1, 1, 1, 0])
    for _ in range(2):
        mine = slice(4 * rank, 4 * rank + 4)
        queue.enqueue(keys[mine], labels[mine])
    for _ in range(2):
        columns, pointer = as_columns(together.embeddings), together.pointer
        loop_enqueue(columns, pointer, keys, labels)
        together.embeddings.copy_(columns.T.view_as(together.embeddings))
    assert torch.equal(queue.embeddings, together.embeddings)
    assert torch.equal(queue.pointer, together.pointer)


def test_every_process_holds_the_keys_of_all_in_rank_order():
    run_processes(enqueue_on, world_size=2)
