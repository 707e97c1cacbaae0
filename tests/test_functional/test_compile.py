"""Every loss is one graph for ``torch.compile``, with the same value and gradients."""

import pytest
import torch
from loss_table import LOSSES, Sizes, draw_case

ONE_OF_EACH = ('paco', 'balanced', 'targeted_drawn', 'in_batch_drawn', 'rescom', 'dense_paco', 'ldam')


def value_and_gradients(call, case: dict, names: tuple[str, ...]) -> tuple[torch.Tensor, ...]:
    case = {name: value.clone().requires_grad_(name in names) for name, value in case.items()}
    value = call(case)
    return value.detach(), *torch.autograd.grad(value, [case[name] for name in names])


@pytest.mark.parametrize('name', ONE_OF_EACH)
def test_compiled_loss_is_the_same(name):
    loss, case = LOSSES[name], draw_case(Sizes(num_anchors=6, num_contrast=4))
    torch.compiler.reset()

    @torch.compile(backend='eager', fullgraph=True)
    def compiled(case):
        return loss.call(case, 0.1)

    expected = value_and_gradients(lambda case: loss.call(case, 0.1), case, loss.gradients)
    torch.testing.assert_close(value_and_gradients(compiled, case, loss.gradients), expected)
