import copy

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from processes import run_processes

from ltcl.errors import UserError
from ltcl.models import FeatureQueue


def numbered(first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys (count, 2) that carry their own number, and labels."""
    numbers = torch.arange(first, first + count)
    return numbers[:, None].float().repeat(1, 2), numbers % 10


def numbers_in(queue: FeatureQueue) -> list[float]:
    embeddings, labels = queue.contents()
    assert torch.equal(embeddings[:, 0], embeddings[:, 1])
    assert torch.equal(labels, embeddings[:, 0].long() % 10)
    return embeddings[:, 0].tolist()


def test_empty_queue_grows_and_wraps_in_mid_batch():
    queue = FeatureQueue(5, 2, 10, init='empty')
    assert len(queue) == 0
    assert [rows.shape for rows in queue.contents()] == [(0, 2), (0,)]
    expected = {0: [0, 1, 2], 3: [5, 1, 2, 3, 4], 6: [5, 6, 7, 8, 4], 9: [10, 11, 7, 8, 9]}
    for first, numbers in expected.items():
        queue.enqueue(*numbered(first, 3))
        assert numbers_in(queue) == numbers
        assert int(queue.pointer) == (first + 3) % 5
        assert int(queue.fill) == len(queue) == min(first + 3, 5)


def test_a_whole_queue_at_once():
    queue = FeatureQueue(4, 2, 10)
    queue.enqueue(*numbered(0, 3))
    queue.enqueue(*numbered(3, 4))
    assert numbers_in(queue) == [4, 5, 6, 3]
    assert int(queue.pointer) == 3


def test_published_init():
    torch.manual_seed(0)
    queue = FeatureQueue(512, 16, 7)
    assert len(queue) == int(queue.fill) == 512
    embeddings, labels = queue.contents()
    torch.testing.assert_close(embeddings.norm(dim=0), torch.ones(16))
    assert embeddings.norm(dim=1).mean().item() == pytest.approx((16 / 512) ** 0.5, rel=0.05)
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == pytest.approx([512 / 7] * 7, rel=0.4)


def test_written_in_place_and_detached():
    queue = FeatureQueue(5, 2, 10)
    pointers = [buffer.data_ptr() for buffer in queue.buffers()]
    keys, labels = numbered(0, 3)
    for _ in range(3):
        queue.enqueue(keys.requires_grad_(), labels)
    assert [buffer.data_ptr() for buffer in queue.buffers()] == pointers
    assert not queue.embeddings.requires_grad


def test_keys_of_another_precision():
    queue = FeatureQueue(5, 2, 10, init='empty')
    queue.enqueue(numbered(0, 3)[0].bfloat16(), numbered(0, 3)[1])
    assert queue.embeddings.dtype == torch.float32
    assert numbers_in(queue) == [0, 1, 2]


@pytest.mark.parametrize('load', [FeatureQueue.load_state_dict, load_state_dict])
def test_state_dict_goes_on_where_it_stopped(load):
    queue = FeatureQueue(5, 2, 10, init='empty')
    queue.enqueue(*numbered(0, 3))
    assert set(queue.state_dict()) == {'embeddings', 'labels', 'pointer', 'fill'}
    saved = copy.deepcopy(queue.state_dict())
    # Resumed by a queue that is somewhere else already, inside a larger module as in a model.
    resumed = FeatureQueue(5, 2, 10, init='empty')
    resumed.enqueue(*numbered(50, 4))
    assert len(resumed) == 4
    model = torch.nn.ModuleDict({'queue': resumed})
    if load is load_state_dict:
        load(model, {f'queue.{name}': value for name, value in saved.items()})
    else:
        load(resumed, saved)
    assert numbers_in(resumed) == [0, 1, 2]
    for each in (queue, resumed):
        each.enqueue(*numbered(3, 3))
        assert numbers_in(each) == [5, 1, 2, 3, 4]
        assert int(each.pointer) == 1


def test_deep_copy_is_independent():
    queue = FeatureQueue(5, 2, 10, init='empty')
    queue.enqueue(*numbered(0, 3))
    copied = copy.deepcopy(queue)
    copied.enqueue(*numbered(3, 3))
    assert numbers_in(queue) == [0, 1, 2]
    assert numbers_in(copied) == [5, 1, 2, 3, 4]
    copied.load_state_dict(queue.state_dict())
    assert numbers_in(copied) == [0, 1, 2]


def test_no_slots():
    queue = FeatureQueue(0, 2, 10)
    queue.enqueue(*numbered(0, 3))
    assert len(queue) == 0
    assert [rows.shape for rows in queue.contents()] == [(0, 2), (0,)]
    queue.load_state_dict(FeatureQueue(0, 2, 10).state_dict())


def test_more_keys_than_slots():
    queue = FeatureQueue(4, 2, 10)
    with pytest.raises(UserError, match=r'queue_len=4 .* 5 keys .* at least 5, or to 0'):
        queue.enqueue(*numbered(0, 5))


@pytest.mark.parametrize(('args', 'message'), [((-1, 2, 3), 'queue_len'), ((4, 2, 3, 'zeros'), "got 'zeros'")])
def test_bad_arguments(args, message):
    with pytest.raises(UserError, match=message):
        FeatureQueue(*args)


def enqueue_on_rank(rank: int) -> None:
    order = []
    queue = FeatureQueue(6, 2, 10, init='empty')
    for step in range(3):
        queue.enqueue(*numbered(10 * rank + 2 * step, 2))
        order.append(numbers_in(queue))
    assert order == [[0, 1, 10, 11], [12, 13, 10, 11, 2, 3], [12, 13, 4, 5, 14, 15]]
    with pytest.raises(UserError, match='4 keys of one step over all processes'):
        FeatureQueue(3, 2, 10).enqueue(*numbered(0, 2))


def test_two_processes_enqueue_in_rank_order():
    run_processes(enqueue_on_rank, world_size=2)
