"""What is compilable is translated where a step asks for it, once, and nowhere else."""

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from ltcl.errors import UserError
from ltcl.functional import compiling, paco_loss, supcon_loss
from ltcl.functional.compiling import compilable, use_compiled


@pytest.fixture(autouse=True)
def as_before():
    torch._dynamo.reset()
    yield
    use_compiled(None)


def arguments(num_rows: int = 5) -> dict:
    generator = torch.Generator().manual_seed(0)
    anchors, rows = (
        torch.nn.functional.normalize(torch.randn(number, 4, generator=generator), dim=1) for number in (6, num_rows)
    )
    labels, row_labels = torch.tensor([0, 1, 2, 0, 1, 2]), torch.arange(num_rows) % 3
    return dict(anchors=anchors, labels=labels, rows=rows, row_labels=row_labels)


def test_losses_are_translated_where_it_is_asked_for():
    counter = CompileCounter()
    written = supcon_loss(**arguments(), num_classes=3)
    use_compiled(dict(backend=counter))
    for _ in range(2):
        torch.testing.assert_close(supcon_loss(**arguments(), num_classes=3), written)
    assert counter.frame_count == 1
    use_compiled(None)
    supcon_loss(**arguments(7), num_classes=3)
    assert counter.frame_count == 1


def test_a_queue_that_fills_is_translated_twice_only():
    counter = CompileCounter()
    use_compiled(dict(backend=counter))
    logits = torch.zeros(6, 3)
    for num_rows in range(4, 14):
        paco_loss(**arguments(num_rows), logits=logits, alpha=0.05)
    assert counter.frame_count == 2


def test_what_cannot_be_translated_is_named():
    def broken(*_: object) -> None:
        raise ValueError('no such kernel\nand more')

    half = compilable(lambda value: value / 2, 'the backbone')
    use_compiled(dict(backend=broken))
    with pytest.raises(UserError, match=r'cannot translate the backbone \(.*no such kernel'):
        half(torch.ones(2))


def test_mistakes_of_the_function_stay_what_they_are():
    use_compiled(dict(backend='eager'))
    with pytest.raises(UserError, match='labels must'):
        supcon_loss(**{**arguments(), 'labels': torch.zeros(2, dtype=torch.int64)}, num_classes=3)
    assert compiling._OPTIONS.get() is not None
