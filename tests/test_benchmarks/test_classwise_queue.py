"""The benchmark of the class-wise queue at a small size."""

import pytest
import torch

from ltcl.models import ClasswiseQueue


@pytest.mark.parametrize('layout', ['columns', 'rows'])
def test_queues_that_are_compared_are_equal(load, layout):
    queue_script = load('classwise_queue')
    inputs = queue_script.draw_anchors(num_anchors=7, num_classes=4, feat_dim=8, device='cpu')
    queue = ClasswiseQueue(4, 3, 8)
    loop, vectorised = queue_script.Loop(queue, (2, 5), layout), queue_script.Vectorised(queue, (2, 5))
    for _ in range(2):
        torch.testing.assert_close(vectorised(*inputs), loop(*inputs))
    entries = loop.entries.T if layout == 'columns' else loop.entries
    torch.testing.assert_close(queue.embeddings.flatten(0, 1), entries)
    assert queue.pointer.tolist() == loop.pointer


def test_figures(load):
    sizes = dict(num_classes=4, slots=3, feat_dim=8, num_hard=(1, 4))
    figures = load('classwise_queue').measure_speed('cpu', num_anchors=6, **sizes, rounds=1)
    for ours, loop, speed_up in (figures[:3], figures[3:]):
        assert speed_up.value == pytest.approx(loop.value / ours.value)
    assert [figure.goal for figure in figures] == [None, None, 100, None, None, None]
    memory = load('classwise_queue').measure_memory('cpu', num_images=3, **sizes)
    assert memory.goal == 512
    assert 0 < memory.value < 1
