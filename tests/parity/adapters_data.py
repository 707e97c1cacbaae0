"""Golden cases of long-tailed class sizes and selections."""

import itertools
import re

import numpy as np
from harness import Case, adapter

from ltcl.datasets.long_tail import PROFILES, sample_long_tail

PUBLISHED_PROFILES = {'exp': 'exponential', 'step': 'step'}
NUM_CIFAR, NUM_DIGITS = 50000, 1000  # images of all classes; of the largest class


def assert_counts(expected: np.ndarray, profile: str, ratio: float, num_max: float) -> None:
    actual = PROFILES[PUBLISHED_PROFILES[profile]](num_max, len(expected), 1 / ratio)
    np.testing.assert_array_equal(actual, expected)


def assert_selection(
    labels: np.ndarray, counts: np.ndarray, kept: np.ndarray, kept_labels: np.ndarray, *rule: object, seed: int = 0
) -> None:
    """Compare the images that a rule (factor, profile, images of the largest class) keeps, and how many of each."""
    labels = labels.astype(np.int64)
    indices = sample_long_tail(labels, *rule, seed=seed)
    np.testing.assert_array_equal(indices, kept)
    np.testing.assert_array_equal(labels[indices], kept_labels)
    np.testing.assert_array_equal(np.bincount(labels[indices], minlength=len(counts)), counts)


def find_rule(counts: np.ndarray, num_max: float, ratios: set[float]) -> tuple[float, str, float]:
    """What gave recorded class sizes: factor (one of those recorded), profile and images of the largest class."""
    for ratio, profile in itertools.product(sorted(ratios), PROFILES):
        if np.array_equal(PROFILES[profile](num_max, len(counts), 1 / ratio), counts):
            return 1 / ratio, profile, num_max
    raise AssertionError(f'no profile and none of the factors {sorted(ratios)} gives the sizes {counts.tolist()}')


@adapter('paco', 'cifar_lt_counts')
@adapter('bcl', 'cifar_lt_class_counts')
def cifar_lt_counts(case: Case) -> None:
    for name in case:
        num_classes, profile, ratio = re.fullmatch(r'c(\d+)_(exp|step)_(.+)', name).groups()
        assert len(case[name]) == int(num_classes)
        assert_counts(case[name], profile, float(ratio), NUM_CIFAR / int(num_classes))


@adapter('paco', 'cifar_lt_selection')
def cifar_lt_selection(case: Case) -> None:
    labels, counts = case['targets'], case['counts']
    rule = find_rule(counts, len(labels) / len(counts), {case['imbalance_ratio'].item()})
    kept = case['selected_indices'], case['selected_labels']
    assert_selection(labels, counts, *kept, *rule, seed=case['seed'].item())


@adapter('bcl', 'lt_subset')
def lt_subset(case: Case) -> None:
    rule = 1 / case['imb_factor'].item(), PUBLISHED_PROFILES[case['imb_type'].item()]
    kept = case['selected_index'], case['selected_targets']
    assert_selection(case['targets_full'], case['cls_num_list'], *kept, *rule, seed=case['rand_number'].item())


@adapter('tsc_kcl', 'lt_subsets')
def lt_subsets(case: Case) -> None:
    ratios = {float(ratio) for ratio in np.ravel([*case.get('factors', ()), case.get('syn_factor', 1.0)])}
    for name in case:
        if match := re.fullmatch(r'counts_(c\d+|digits)_(exp|step)_(.+)', name):
            num_max = NUM_DIGITS if match[1] == 'digits' else NUM_CIFAR / int(match[1][1:])
            assert_counts(case[name], match[2], float(match[3]), num_max)
            ratios.add(float(match[3]))
    assert_unlabeled(case, ratios)
    if 'syn_labels' in case:
        assert_made_up(case)
    if 'digits_labels' in case:
        assert_digits(case, ratios)


def assert_made_up(case: Case) -> None:
    labels, counts = case['syn_labels'], case['syn_counts']
    rule = find_rule(counts, len(labels) / len(counts), {case['syn_factor'].item()})
    assert_selection(labels, counts, case['syn_selected'], case['syn_selected_labels'], *rule)
    np.testing.assert_array_equal(counts, case['syn_cls_num_list'])


def assert_digits(case: Case, ratios: set[float]) -> None:
    """The digit set puts class 0 last."""
    counts = case['digits_counts']
    labels, kept_labels = (
        (case[name].astype(np.int64) - 1) % len(counts) for name in ('digits_labels', 'digits_selected_labels')
    )
    rule = find_rule(counts, counts[0], ratios)
    assert_selection(labels, counts, case['digits_selected'], kept_labels, *rule)
    np.testing.assert_array_equal(np.roll(counts, 1), case['digits_cls_num_list'])


def labelled_total(ratio: float, num_classes: int) -> int:
    """Images of long-tailed CIFAR."""
    return PROFILES['exponential'](NUM_CIFAR / num_classes, num_classes, 1 / ratio).sum()


def unlabeled_counts(total: int, ratio: float, num_classes: int) -> np.ndarray:
    """Sizes of a profile scaled to a total. No recipe uses it, so ltcl has no function."""
    shape = PROFILES['exponential'](total // num_classes, num_classes, 1 / ratio)
    return (shape * (total / shape.sum())).astype(np.int64)


def assert_unlabeled(case: Case, ratios: set[float]) -> None:
    """Unlabelled sets have five times the images of the labelled one, which is CIFAR-LT of some recorded factor."""
    for name in case:
        if match := re.fullmatch(r'unlabeled_counts_(.+)', name):
            counts = case[name]
            totals = [5 * labelled_total(ratio, len(counts)) for ratio in ratios]
            expected = [unlabeled_counts(total, float(match[1]), len(counts)) for total in totals]
            assert any(np.array_equal(counts, each) for each in expected), f'{name} fits none of {sorted(ratios)}'
