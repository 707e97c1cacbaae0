"""k-NN scores against a plain double loop, and the metric's mistakes."""

import math

import pytest
import torch

from ltcl.errors import UserError
from ltcl.evaluation import KNNAccuracy
from ltcl.evaluation.functional import knn_scores


def plain_scores(queries, bank, labels, num_classes, k, temperature, class_sizes=None):
    """Votes of the k nearest, written from the definition."""
    rows = []
    for query in queries.tolist():
        similarities = [
            (sum(a * b for a, b in zip(query, row, strict=True)) / (math.hypot(*query) * math.hypot(*row)), label)
            for row, label in zip(bank.tolist(), labels.tolist(), strict=True)
        ]
        votes = [0.0] * num_classes
        for similarity, label in sorted(similarities, reverse=True)[:k]:
            votes[label] += math.exp(similarity / temperature)
        rows.append([v / max(1, s) for v, s in zip(votes, class_sizes or [1] * num_classes, strict=True)])
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize(('k', 'temperature'), [(1, 0.07), (5, 0.07), (23, 1.0)])
@pytest.mark.parametrize('balanced', [False, True])
def test_against_a_plain_loop(k, temperature, balanced):
    generator = torch.Generator().manual_seed(k)
    queries, bank = (torch.randn(n, 6, generator=generator, dtype=torch.float64) for n in (9, 23))
    labels = torch.randint(4, (23,), generator=generator)  # class 4 has no image
    sizes = labels.bincount(minlength=5)
    actual = knn_scores(queries, bank, labels, 5, k, temperature, class_sizes=sizes if balanced else None)
    expected = plain_scores(queries, bank, labels, 5, k, temperature, sizes.tolist() if balanced else None)
    share = [scores / scores.sum(1, keepdim=True) for scores in (actual, expected)]
    torch.testing.assert_close(*share, rtol=1e-12, atol=0)


def test_a_tiny_temperature_is_the_nearest_neighbour():
    bank, labels = torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2]]), torch.tensor([1, 0, 0])
    assert knn_scores(torch.tensor([[1.0, 0.0]]), bank, labels, 2, k=3, temperature=1e-5).tolist() == [[0.0, 1.0]]


def test_balanced_votes_ignore_how_frequent_a_class_is():
    bank, labels = torch.tensor([[1.0, 0.0]] * 8 + [[1.0, 0.01]] * 2), torch.tensor([0] * 8 + [1] * 2)
    query = torch.tensor([[1.0, 0.01]])
    assert knn_scores(query, bank, labels, 2, k=10).argmax().item() == 0
    assert knn_scores(query, bank, labels, 2, k=10, class_sizes=labels.bincount()).argmax().item() == 1


def samples(features, labels):
    pairs = zip(features, labels, strict=True)
    return [{'features': row, 'gt_label': torch.tensor([label])} for row, label in pairs]


def test_metric_predicts_from_the_features_and_groups_by_shots():
    metric = KNNAccuracy(class_counts=[200, 30, 3], k=2)
    metric.dataset_meta = {'classes': tuple('abc')}
    metric.set_feature_bank(torch.eye(3).repeat(2, 1), torch.tensor([0, 1, 2, 0, 1, 2]))
    features = [torch.tensor(row) for row in ([5.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.5, 0.0], [0.0, 0.0, 0.1])]
    metric.process(None, samples(features, [0, 1, 1, 2]))
    figures = metric.evaluate(4)
    assert figures['knn/all'] == 75.0
    assert (figures['knn/many'], figures['knn/medium'], figures['knn/few']) == (100.0, 50.0, 100.0)
    assert metric.per_class['accuracy'].tolist() == [100.0, 50.0, 100.0]


def test_a_new_bank_takes_the_place_of_the_old_one():
    metric = KNNAccuracy(k=1)
    for labels in ([0, 1], [1, 0]):
        metric.set_feature_bank(torch.eye(2), torch.tensor(labels))
        metric.process(None, samples(torch.eye(2), labels))
        assert metric.evaluate(2)['knn/all'] == 100.0


def test_mistakes():
    for changes in (dict(k=0), dict(temperature=0.0)):
        with pytest.raises(UserError, match='must be positive'):
            KNNAccuracy(**changes)
    metric = KNNAccuracy(k=3)
    with pytest.raises(UserError, match=r'k=3 neighbours, but the bank has 2 images'):
        metric.set_feature_bank(torch.eye(2), torch.tensor([0, 1]))
    with pytest.raises(UserError, match=r"no field 'features'; .*ltcl\.KCLHead"):
        metric.process(None, [{'pred_label': torch.tensor([0]), 'gt_label': torch.tensor([0])}])
    with pytest.raises(UserError, match=r'no training features: add .*FeatureBankHook'):
        metric.process(None, samples(torch.eye(2), [0, 1]))
