"""The learning rate step by step, as a run would have it."""

import torch


def sgd(*lrs: float) -> torch.optim.SGD:
    """An optimizer with one parameter group per rate."""
    return torch.optim.SGD([dict(params=[torch.nn.Parameter(torch.zeros(1))], lr=lr) for lr in lrs])


def learning_rates(optimizer: torch.optim.Optimizer, schedulers: list, num_steps: int) -> list[float]:
    """Rate of the first group in each of the next steps."""
    rates = []
    for _ in range(num_steps):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates
