"""Golden cases of long-tailed class sizes and selections."""

import re

import numpy as np
from harness import adapter

from ltcl.datasets.long_tail import PROFILES, sample_long_tail

PUBLISHED_PROFILES = {'exp': 'exponential', 'step': 'step'}


def assert_counts(expected: np.ndarray, profile: str, ratio: float, num_max: float) -> None:
    actual = PROFILES[PUBLISHED_PROFILES[profile]](num_max, len(expected), 1 / ratio)
    np.testing.assert_array_equal(actual, expected)


def assert_selection(labels: np.ndarray, indices: np.ndarray, kept: np.ndarray, counts: np.ndarray) -> None:
    labels = labels.astype(np.int64)
    np.testing.assert_array_equal(indices, kept)
    np.testing.assert_array_equal(np.bincount(labels[indices], minlength=len(counts)), counts)


@adapter('paco', 'cifar_lt_counts')
@adapter('bcl', 'cifar_lt_class_counts')
def cifar_lt_counts(case: dict) -> None:
    for name, expected in case.items():
        num_classes, profile, ratio = re.fullmatch(r'c(\d+)_(exp|step)_(.+)', name).groups()
        assert len(expected) == int(num_classes)
        assert_counts(expected, profile, float(ratio), 50000 / int(num_classes))


@adapter('paco', 'cifar_lt_selection')
def cifar_lt_selection(case: dict) -> None:
    labels = case['targets']
    indices = sample_long_tail(labels, 1 / case['imbalance_ratio'].item(), seed=case['seed'].item())
    assert_selection(labels, indices, case['selected_indices'], case['counts'])
    np.testing.assert_array_equal(labels[indices], case['selected_labels'])


@adapter('bcl', 'lt_subset')
def lt_subset(case: dict) -> None:
    labels = case['targets_full']
    profile = PUBLISHED_PROFILES[case['imb_type'].item()]
    indices = sample_long_tail(labels, 1 / case['imb_factor'].item(), profile, seed=case['rand_number'].item())
    assert_selection(labels, indices, case['selected_index'], case['cls_num_list'])
    np.testing.assert_array_equal(labels[indices], case['selected_targets'])


@adapter('tsc_kcl', 'lt_subsets')
def lt_subsets(case: dict) -> None:
    for name, expected in case.items():
        if match := re.fullmatch(r'counts_c(\d+)_(exp|step)_(.+)', name):
            assert_counts(expected, match[2], float(match[3]), 50000 / int(match[1]))
        elif match := re.fullmatch(r'counts_digits_(exp|step)_(.+)', name):
            assert_counts(expected, match[1], float(match[2]), 1000)
        elif match := re.fullmatch(r'unlabeled_counts_(.+)', name):
            # Five times the labelled set: a profile scaled to that total. No recipe uses it, so ltcl has no function.
            total = 5 * case['counts_c10_exp_0.01'].sum()
            shape = PROFILES['exponential'](total // len(expected), len(expected), 1 / float(match[1]))
            np.testing.assert_array_equal((shape * (total / shape.sum())).astype(np.int64), expected)

    labels, ratio = case['syn_labels'], case['syn_factor'].item()
    indices = sample_long_tail(labels, 1 / ratio)
    assert_selection(labels, indices, case['syn_selected'], case['syn_counts'])
    np.testing.assert_array_equal(labels[indices], case['syn_selected_labels'])
    np.testing.assert_array_equal(case['syn_counts'], case['syn_cls_num_list'])

    # The digit set puts class 0 last.
    labels, num_classes = case['digits_labels'], len(case['digits_counts'])
    ratio = case['digits_counts'][-1] / case['digits_counts'][0]
    indices = sample_long_tail((labels - 1) % num_classes, 1 / ratio, num_max=case['digits_counts'][0])
    assert_selection((labels - 1) % num_classes, indices, case['digits_selected'], case['digits_counts'])
    np.testing.assert_array_equal(labels[indices], case['digits_selected_labels'])
    by_label = np.bincount(labels[indices].astype(np.int64), minlength=num_classes)
    np.testing.assert_array_equal(by_label, case['digits_cls_num_list'])
