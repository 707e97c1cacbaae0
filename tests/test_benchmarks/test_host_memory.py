"""What an evaluation holds: a bound that scores of all classes, or a second bank, would break."""

import gc

import pytest
import torch

from ltcl.engine.hooks.feature_bank_hook import joined
from ltcl.evaluation.functional import knn_scores


def held_tensors() -> int:
    gc.collect()
    storages = {}
    for each in gc.get_objects():
        if isinstance(each, torch.Tensor):
            storages[each.untyped_storage().data_ptr()] = each.untyped_storage().nbytes()
    return sum(storages.values())


@pytest.mark.parametrize('metric', ['ltcl.ShotAccuracy', 'Accuracy'])
def test_metrics_hold_no_scores(load, metric):
    from ltcl.engine.runner import frugal
    from ltcl.registry import METRICS

    built = METRICS.build(frugal(dict(type=metric)))
    before = held_tensors()
    for _ in range(4):
        scores = torch.rand(50, 1000)
        built.process(None, [dict(pred_score=row, gt_label=torch.tensor([1])) for row in scores])
        del scores
    assert held_tensors() - before < 50 * 1000 * 4 / 2


def test_bank_is_held_once(load):
    extra_peak_memory = load('common').extra_peak_memory
    bank_bytes = 4 * 20_000 * 32

    def join() -> None:
        joined(((torch.ones(100, 32), torch.ones(100, dtype=torch.int64)) for _ in range(200)), 20_000)

    assert bank_bytes < extra_peak_memory(join) < 1.2 * bank_bytes


def test_votes_need_no_second_bank(load, monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules['ltcl.evaluation.functional.knn'], 'TILE', 2**14)
    bank, labels = torch.randn(20_000, 32), torch.randint(5, (20_000,))
    extra = load('common').extra_peak_memory(lambda: knn_scores(torch.randn(16, 32), bank, labels, 5))
    assert extra < bank.nbytes / 4
