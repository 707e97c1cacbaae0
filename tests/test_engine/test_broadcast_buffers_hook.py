from types import SimpleNamespace

import torch
from processes import run_processes

from ltcl.engine.hooks import BroadcastBuffersHook
from ltcl.models import FeatureQueue
from ltcl.models.utils import gather


def check_buffers(rank: int) -> None:
    torch.manual_seed(rank)
    model = torch.nn.Sequential(FeatureQueue(6, 3, 50), torch.nn.BatchNorm1d(2))
    model[1].running_mean.fill_(rank + 1.0)
    torch.manual_seed(0)
    of_rank_0 = FeatureQueue(6, 3, 50)
    assert torch.equal(model[0].embeddings, of_rank_0.embeddings) == (rank == 0)
    BroadcastBuffersHook().before_train(SimpleNamespace(model=model))
    torch.testing.assert_close(model[0].state_dict(), of_rank_0.state_dict(), rtol=0, atol=0)
    assert model[1].running_mean.tolist() == [1, 1]
    # The queues stay equal from then on, and so does their Python side.
    model[0].enqueue(torch.full((2, 3), float(rank)), torch.tensor([rank, rank]))
    assert model[0].embeddings[:4, 0].tolist() == [0, 0, 1, 1]
    assert gather(model[0].pointer).tolist() == [4, 4]
    # Running statistics drift apart; a validation scores those that a checkpoint holds.
    model[1].running_mean.fill_(rank + 3.0)
    BroadcastBuffersHook().before_val(SimpleNamespace(model=model))
    assert model[1].running_mean.tolist() == [3, 3]


def test_two_processes_start_with_the_buffers_of_the_first():
    run_processes(check_buffers, world_size=2)


def test_one_process_is_left_alone():
    queue = FeatureQueue(6, 3, 50)
    before = queue.embeddings.clone()
    BroadcastBuffersHook().before_train(SimpleNamespace(model=queue))
    assert torch.equal(queue.embeddings, before)
