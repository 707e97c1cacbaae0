"""Processes agree soon, in the same steps, and at little cost, however long their steps are."""

import pytest
import torch
from processes import run_processes

from ltcl.engine import agreement
from ltcl.engine.agreement import Agreement


class Cluster:
    """Another process that asks with a clock of its own; both take steps of given lengths.

    Args:
        cost: Seconds that a question takes.
        other_interval: What the other process wants, in steps.
    """

    def __init__(self, cost: float = 0.0005, other_interval: int = 10**6) -> None:
        self.now, self.cost, self.other_interval = 0.0, cost, other_interval
        self.questions: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def all_reduce(self, data: torch.Tensor, op: str) -> None:
        assert op == 'max'
        self.now += self.cost
        self.questions.append(self.now)
        data[1] = max(int(data[1]), -self.other_interval)


@pytest.fixture
def cluster(monkeypatch):
    cluster = Cluster()
    monkeypatch.setattr(agreement, 'all_reduce', cluster.all_reduce)
    monkeypatch.setattr(agreement, 'get_world_size', lambda: 2)
    monkeypatch.setattr(agreement.time, 'monotonic', cluster.monotonic)
    return cluster


def take_steps(cluster: Cluster, asked: Agreement, lengths: list[float], number: int = 0) -> list[int]:
    answers = []
    for length in lengths:
        cluster.now += length
        answers.append(asked.ask(number))
    return answers


@pytest.mark.parametrize('step', [0.002, 0.05, 0.4, 3.0, 30.0])
@pytest.mark.parametrize('cost', [0.0002, 0.005, 0.02])
def test_answer_within_ten_seconds_at_half_a_percent(cluster, step, cost):
    cluster.cost = cost
    asked = Agreement()
    take_steps(cluster, asked, [step] * 2000)
    start, spent = cluster.now, len(cluster.questions)
    take_steps(cluster, asked, [step] * 8000)
    gaps = [
        after - before for before, after in zip(cluster.questions[spent - 1 :], cluster.questions[spent:], strict=False)
    ]
    assert max(gaps) <= max(10, 1.001 * (step + cost))
    assert (len(cluster.questions) - spent) * cost <= 0.00501 * (cluster.now - start)


@pytest.mark.parametrize('num_quick', [1, 5, 16, 40])
def test_steps_that_become_slow_after_quick_ones(cluster, num_quick):
    """The first batches of an epoch were loaded ahead; those that follow wait for the disk."""
    asked = Agreement()
    take_steps(cluster, asked, [0.1] * num_quick)
    start = cluster.now
    answers = take_steps(cluster, asked, [1.0] * 12, number=15)
    first = answers.index(15)
    assert first <= 9, f'{cluster.now - start} s'


def test_first_step_is_asked(cluster):
    assert take_steps(cluster, Agreement(), [60.0], number=10) == [10]


def test_slowest_process_sets_the_pace(cluster):
    cluster.other_interval = 3
    asked = Agreement()
    take_steps(cluster, asked, [0.001] * 50)
    assert asked.interval == 3


def test_nobody_asks_in_steps_that_another_process_does_not_take(cluster):
    assert take_steps(cluster, Agreement(max_steps=2), [5.0] * 4, number=15) == [15, 15, 0, 0]


def test_one_process_knows_at_once():
    assert Agreement().ask(15) == 15


def agree(rank: int) -> None:
    """Both processes get the number of one, in the same step."""
    asked = Agreement(period=0.01)
    answers = [asked.ask(12 if rank == 1 and step > 30 else 0) for step in range(200)]
    assert set(answers) == {0, 12}
    first = torch.tensor(answers.index(12))
    other = first.clone()
    torch.distributed.broadcast(other, src=0)
    assert other == first > 30


def test_two_processes():
    run_processes(agree, 2)
