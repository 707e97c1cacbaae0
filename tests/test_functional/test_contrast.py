import math

import pytest
import torch
from oracles.paco import draw_case

from ltcl.functional.contrast import contrast_terms
from ltcl.functional.log_sums import published_log_denominator


def terms_of(case: dict, temperature: float = 0.5):
    names = ('anchors', 'labels', 'rows', 'row_labels')
    return contrast_terms(*(case[name] for name in names), num_classes=4, temperature=temperature)


@pytest.mark.parametrize('num_rows', [0, 7])
def test_sums_over_rows(num_rows):
    case = draw_case(num_rows=num_rows)
    terms = terms_of(case)
    rows = torch.cat([case['anchors'], case['rows']])
    row_labels = torch.cat([case['labels'], case['row_labels']])
    for i, (anchor, label) in enumerate(zip(case['anchors'], case['labels'], strict=True)):
        similarities = [float(anchor @ row) / 0.5 for row in rows]
        others = [j for j in range(len(rows)) if j != i]
        positives = [similarities[j] for j in others if row_labels[j] == label]
        log_sum_exp = math.log(sum(math.exp(similarities[j]) for j in others))
        assert terms.log_sum_exp[i].item() == pytest.approx(log_sum_exp, rel=1e-12)
        assert terms.positive_sum[i].item() == pytest.approx(sum(positives), abs=1e-12)
        assert terms.num_positives[i] == len(positives)
        assert terms.row_max[i].item() == pytest.approx(max(similarities), rel=1e-12)


def test_lone_anchor_has_no_other_row():
    terms = terms_of(draw_case(num_anchors=1, num_rows=0))
    assert terms.log_sum_exp.tolist() == [-math.inf]
    assert (terms.positive_sum.tolist(), terms.num_positives.tolist()) == ([0.0], [0.0])
    assert terms.row_max.item() == pytest.approx(2)


def test_inputs_are_left_as_they_were():
    case = draw_case()
    before = {name: value.clone() for name, value in case.items()}
    terms_of(case)
    torch.testing.assert_close(case, before, rtol=0, atol=0)


def test_published_denominator():
    parts = torch.tensor([[0.3, -40.0], [-1.0, -math.inf]], dtype=torch.float64)
    row_max = torch.tensor([0.3, 5.0], dtype=torch.float64)
    actual = published_log_denominator(*parts, row_max=row_max)
    expected = row_max + torch.log(torch.exp(parts - row_max).sum(0) + 1e-12)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=0)
