import torch
from oracles.rows import unit_rows
from processes import run_processes
from torch import nn

from ltcl.models.utils import forward_shuffled, gather, gather_others, gather_with_grad

NUM_LOCAL = 3


def whole_batch() -> tuple[torch.Tensor, torch.Tensor, nn.Linear]:
    """Inputs and labels of all processes, and the same layer on each of them."""
    generator = torch.Generator().manual_seed(0)
    inputs = unit_rows(2 * NUM_LOCAL, 4, generator=generator)
    layer = nn.Linear(4, 3).double()
    with torch.no_grad():
        layer.weight.copy_(torch.randn(3, 4, generator=generator))
        layer.bias.copy_(torch.randn(3, generator=generator))
    return inputs, torch.tensor([0, 1, 0, 1, 1, 0]), layer


def loss_of(local: torch.Tensor, rows: torch.Tensor, labels: torch.Tensor, local_labels: torch.Tensor) -> torch.Tensor:
    """A mean over local anchors that ties them to the rows of all processes."""
    similarities = local @ rows.T
    same = local_labels[:, None] == labels[None]
    return (torch.logsumexp(similarities, 1) - (similarities * same).sum(1) / same.sum(1)).mean()


def one_process() -> tuple[torch.Tensor, list[torch.Tensor]]:
    inputs, labels, layer = whole_batch()
    rows = layer(inputs)
    loss = loss_of(rows, rows, labels, labels)
    return loss, torch.autograd.grad(loss, layer.parameters())


def averaged(value: torch.Tensor) -> torch.Tensor:
    """Mean over processes, as DDP takes it of gradients."""
    value = value.detach().clone()
    torch.distributed.all_reduce(value)
    return value / 2


def check_gradient(rank: int) -> None:
    inputs, labels, layer = whole_batch()
    mine = slice(rank * NUM_LOCAL, (rank + 1) * NUM_LOCAL)
    local = layer(inputs[mine])
    rows = gather_with_grad(local)
    torch.testing.assert_close(rows, layer(inputs))
    loss = loss_of(local, rows, gather(labels[mine]), labels[mine])
    gradients = torch.autograd.grad(loss, layer.parameters())
    expected_loss, expected = one_process()
    torch.testing.assert_close(averaged(loss), expected_loss)
    for gradient, expected_gradient in zip(gradients, expected, strict=True):
        torch.testing.assert_close(averaged(gradient), expected_gradient, rtol=1e-10, atol=1e-12)


def check_others(rank: int) -> None:
    """Own rows and those of the others are the rows of all; each process receives the gradient of its rows there."""
    inputs, labels, layer = whole_batch()
    mine = slice(rank * NUM_LOCAL, (rank + 1) * NUM_LOCAL)
    theirs = slice((1 - rank) * NUM_LOCAL, (2 - rank) * NUM_LOCAL)
    local = layer(inputs[mine])
    others, their_labels = gather_others(local), gather_others(labels[mine])
    torch.testing.assert_close(others, layer(inputs[theirs]))
    assert their_labels.equal(labels[theirs])
    loss = loss_of(local, torch.cat([local, others]), torch.cat([labels[mine], their_labels]), labels[mine])
    gradients = torch.autograd.grad(loss, layer.parameters())
    for gradient, expected in zip(gradients, one_process()[1], strict=True):
        torch.testing.assert_close(averaged(gradient), expected, rtol=1e-10, atol=1e-12)


def check_no_gradient(rank: int) -> None:
    rows = torch.full((2, 3), float(rank), requires_grad=True)
    gathered = gather(rows.T)  # not contiguous
    assert not gathered.requires_grad
    assert gathered[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert gather(torch.tensor([rank, rank + 5])).tolist() == [0, 5, 1, 6]


def check_shuffle(rank: int) -> None:
    torch.manual_seed(rank)  # rank 0 decides the order for all
    images = torch.arange(4.0).reshape(4, 1, 1, 1) + 10 * rank
    seen = []

    def encode(dealt: torch.Tensor) -> torch.Tensor:
        seen.append(dealt.flatten())
        return dealt.flatten(1) * torch.tensor([1.0, -1.0])

    rows = forward_shuffled(encode, images)
    torch.testing.assert_close(rows, images.flatten(1) * torch.tensor([1.0, -1.0]))
    assert sorted(gather(seen[0]).tolist()) == [0, 1, 2, 3, 10, 11, 12, 13]
    assert 0 < (seen[0] >= 10).sum() < 4, 'the batch of a process is not mixed'


def check_shuffled_statistics(rank: int) -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(1, momentum=1.0, affine=False)
    images = torch.randn(64, 1, generator=torch.Generator().manual_seed(rank)) + 10 * rank
    forward_shuffled(norm, images)
    # Alone, a process has a mean of 0 or 10.
    assert 3 < norm.running_mean.item() < 7
    assert norm.running_var.item() > 15


def check_all(rank: int) -> None:
    check_gradient(rank)
    check_others(rank)
    check_no_gradient(rank)
    check_shuffle(rank)
    check_shuffled_statistics(rank)


def test_two_processes():
    run_processes(check_all, world_size=2)


def test_one_process_is_left_alone(monkeypatch):
    def forbid(*args, **kwargs):
        raise AssertionError('a collective was called')

    for name in ('all_gather', 'broadcast', 'all_reduce'):
        monkeypatch.setattr(torch.distributed, name, forbid)
    rows = torch.randn(3, 2, requires_grad=True)
    assert gather_with_grad(rows) is rows
    assert gather(rows) is rows
    assert gather_others(rows).shape == (0, 2)
    seen = []
    state = torch.get_rng_state()
    result = forward_shuffled(lambda images: seen.append(images) or images, rows)
    assert result is rows
    assert seen[0] is rows
    assert torch.equal(torch.get_rng_state(), state)
