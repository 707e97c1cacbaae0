"""Adapters serve files of their family that were never recorded: other factors, weights, missing keys, unknown ones."""

import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from harness import Case, find_cases, load_case, run_case
from oracles.seg import loop_lovasz_loss
from recorded import GOLDEN, recorded


def published_counts(num_max: float, num_classes: int, ratio: float, profile: str = 'exp') -> np.ndarray:
    decay = [ratio ** (i / (num_classes - 1)) for i in range(num_classes)]
    if profile == 'step':
        decay = [1.0] * (num_classes // 2) + [ratio] * (num_classes - num_classes // 2)
    return np.array([int(num_max * share) for share in decay])


def published_draw(labels: np.ndarray, counts: np.ndarray, order: list[int]) -> np.ndarray:
    """Indices that are kept of a list of labels, class by class in an order."""
    np.random.seed(0)
    kept = []
    for label, count in zip(order, counts, strict=True):
        pool = np.flatnonzero(labels == label)
        np.random.shuffle(pool)
        kept.append(pool[:count])
    return np.concatenate(kept)


def unlabeled(total: int, ratio: float) -> np.ndarray:
    shape = published_counts(total // 10, 10, ratio)
    return (shape * (total / shape.sum())).astype(int)


def subsets_case(ratio: float, profile: str, num_classes: int) -> Case:
    """What the family ``lt_subsets`` holds, for one factor."""
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(num_classes), 60))
    counts = published_counts(60, num_classes, ratio, profile)
    kept = published_draw(labels, counts, list(range(num_classes)))
    digits = np.random.default_rng(2).permutation(np.repeat(np.arange(10), 1050))
    digit_counts = published_counts(1000, 10, ratio, profile)
    kept_digits = published_draw(digits, digit_counts, [1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
    total = 5 * published_counts(5000, 10, ratio).sum()
    return Case(
        {
            'factors': np.array([ratio]),
            f'counts_c10_exp_{ratio}': published_counts(5000, 10, ratio),
            f'counts_c100_step_{ratio}': published_counts(500, 100, ratio, 'step'),
            f'counts_digits_{profile}_{ratio}': digit_counts,
            'syn_labels': labels,
            'syn_factor': np.array(ratio),
            'syn_counts': counts,
            'syn_cls_num_list': counts,
            'syn_selected': kept,
            'syn_selected_labels': labels[kept],
            'digits_labels': digits,
            'digits_counts': digit_counts,
            'digits_selected': kept_digits,
            'digits_selected_labels': digits[kept_digits],
            'digits_cls_num_list': np.bincount(digits[kept_digits], minlength=10),
            'unlabeled_counts_1': unlabeled(total, 1.0),
            f'unlabeled_counts_{ratio}': unlabeled(total, ratio),
        }
    )


@pytest.mark.parametrize(
    ('ratio', 'profile', 'num_classes'), [(0.1, 'exp', 10), (0.02, 'step', 10), (0.05, 'exp', 7), (0.5, 'step', 20)]
)
def test_subsets_of_any_factor(ratio, profile, num_classes):
    run_case('tsc_kcl', 'lt_subsets', subsets_case(ratio, profile, num_classes))


@pytest.mark.parametrize('without', ['factors', 'syn_', 'digits_', 'counts_', 'unlabeled_'])
def test_subsets_without_a_part(without):
    case = {name: value for name, value in subsets_case(0.1, 'exp', 10).items() if not name.startswith(without)}
    run_case('tsc_kcl', 'lt_subsets', Case(case))


@pytest.mark.parametrize('name', ['syn_counts', 'digits_counts', 'counts_c10_exp_0.1', 'unlabeled_counts_1'])
def test_wrong_sizes_are_found(name):
    case = subsets_case(0.1, 'exp', 10)
    case[name] = case[name] + 1
    with pytest.raises(AssertionError):
        run_case('tsc_kcl', 'lt_subsets', case)


@functools.cache
def plain_lovasz(name: str) -> np.ndarray:
    """Lovász-softmax of a recorded head's pixel logits at the size of the labels."""
    case = recorded('seg', name)
    labels = torch.from_numpy(case['in_gt']).long()
    logits = F.interpolate(torch.from_numpy(case['out_train_logits']), labels.shape[2:], mode='bilinear')
    is_valid = labels.flatten() != int(case['ignore_index'])
    rows = logits.softmax(1).movedim(1, -1).flatten(0, 2)
    return loop_lovasz_loss(rows[is_valid], labels.flatten()[is_valid]).numpy()


def head_with_weights(name: str, **weights: float) -> Case:
    """A recorded whole head with further terms; the gradients of the old sum are left out."""
    case = {key: value for key, value in recorded('seg', name).items() if not key.startswith('out_grad')}
    case.update({name: np.array(weight) for name, weight in weights.items()})
    case['out_loss_lovasz'] = weights['lovasz_weight'] * plain_lovasz(name)
    for term in ('gpaco', 'ce'):
        case[f'out_loss_{term}'] = weights.get(f'{term}_weight', 1.0) * case[f'out_loss_{term}']
    return Case(case)


@pytest.mark.parametrize(
    'weights',
    [dict(lovasz_weight=1.0), dict(lovasz_weight=0.5), dict(lovasz_weight=0.3, gpaco_weight=2.0, ce_weight=0.7)],
)
@pytest.mark.parametrize('name', ['head__upernet_gpaco_01', 'head__deeplabv3plus_gpaco_01'])
def test_whole_heads_with_further_terms(name, weights):
    run_case('seg', 'head', head_with_weights(name, **weights))


def test_wrong_term_of_a_whole_head_is_found():
    case = head_with_weights('head__upernet_gpaco_01', lovasz_weight=0.5)
    case['out_loss_lovasz'] *= 1 + 1e-8
    with pytest.raises(AssertionError, match='Not equal to tolerance'):
        run_case('seg', 'head', case)


def test_what_no_adapter_reads_is_named():
    case = recorded('bcl', 'logit_adjust__tau1')
    with pytest.raises(AssertionError, match='read by no line of the adapter: loss_scaled, margin'):
        run_case('bcl', 'logit_adjust', Case({**case, 'margin': np.array(0.5), 'loss_scaled': np.array(1.0)}))
    run_case('bcl', 'logit_adjust', Case({**case, 'loss_fp32': np.array(1.0), 'loss_float32': np.array(1.0)}))


def test_a_family_that_nothing_reads_is_named():
    with pytest.raises(AssertionError, match="no adapter for family 'logit_ajust' of 'bcl'"):
        run_case('bcl', 'logit_ajust', Case({}))


def test_folder_without_cases(tmp_path):
    with pytest.raises(ValueError, match=rf'no recorded case <family>__<case>\.npz in {tmp_path}/<method>'):
        find_cases(tmp_path)
    (tmp_path / 'bcl').mkdir()
    (tmp_path / 'bcl' / 'README.md').touch()
    with pytest.raises(ValueError, match=f'in {tmp_path}/bcl$'):
        find_cases(tmp_path)


def test_every_recorded_file_is_a_case(tmp_path):
    (tmp_path / 'bcl').mkdir()
    np.savez(tmp_path / 'bcl' / 'noname.npz', loss=1.0)
    assert [family for _, family, _ in find_cases(tmp_path)] == ['noname']
    assert load_case(find_cases(tmp_path)[0][2]).unread == {'loss'}
    assert len(find_cases(GOLDEN)) == len([*GOLDEN.rglob('*.npz'), *GOLDEN.rglob('*.json')])
