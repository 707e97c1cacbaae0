"""Figures of each class from the answers of a classifier: scikit-learn's where it has them."""

from typing import NamedTuple

import numpy as np

from .intervals import wilson_interval

# Of so few images comparing with all others is quicker than sorting those.
FEW = 16


class ClassReport(NamedTuple):
    """Figures of C classes, fractions; NaN where a class has no test image, or a figure is not defined.

    Args:
        confusion: Images of each true class (rows) by answer (columns), int64, shape (C, C).
        test_count: Test images, shape (C,), and so are all others.
        predicted_count: Answers of this class.
        recall: Share of its images that are answered right: the class's accuracy.
        recall_low: Lower end of Wilson's 95 % interval of the recall.
        recall_high: Upper end.
        precision: Share of the answers of this class that are right; NaN where there are none as well.
        f1: Harmonic mean of precision and recall, 0 where there is no right answer.
        auroc: Area under the ROC curve of its probability against all other classes.
        confidence: Mean probability of the answer over its images.
        confused_with: Most frequent wrong answer for its images, the first of equals; -1 where there is none.
        confused_share: Share of its images with that answer.
    """

    confusion: np.ndarray
    test_count: np.ndarray
    predicted_count: np.ndarray
    recall: np.ndarray
    recall_low: np.ndarray
    recall_high: np.ndarray
    precision: np.ndarray
    f1: np.ndarray
    auroc: np.ndarray
    confidence: np.ndarray
    confused_with: np.ndarray
    confused_share: np.ndarray


def class_report(probabilities: np.ndarray, labels: np.ndarray) -> ClassReport:
    """Figures of each class.

    Args:
        probabilities: Shape (N, C).
        labels: True classes in 0 .. C - 1, shape (N,).

    Example:
        >>> report = class_report(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), np.array([0, 1, 1]))
        >>> report.recall, report.precision, report.auroc
        (array([1. , 0.5]), array([0.5, 1. ]), array([1., 1.]))
    """
    confidence = probabilities.max(axis=1, initial=0)
    return answers_report(probabilities.argmax(axis=1), confidence, class_auroc(probabilities, labels), labels)


def answers_report(answers: np.ndarray, confidence: np.ndarray, auroc: np.ndarray, labels: np.ndarray) -> ClassReport:
    """:func:`class_report` of which answers and areas are known.

    Args:
        answers: Likeliest class of each image, shape (N,).
        confidence: Its probability, shape (N,).
        auroc: Of each class, as of :func:`class_auroc`, shape (C,).
        labels: True classes, shape (N,).

    Example:
        >>> answers, confidence = np.array([0, 0, 1]), np.array([0.9, 0.6, 0.8])
        >>> answers_report(answers, confidence, np.array([1.0, 1.0]), labels=np.array([0, 1, 1])).confusion
        array([[1, 0],
               [1, 1]])
    """
    num_classes = len(auroc)
    every = np.arange(num_classes)
    confusion = np.zeros((num_classes, num_classes), np.int64)
    precision = recall = f1 = np.full(num_classes, np.nan)
    if len(labels):
        # Half a second, which a training need not pay for at its start.
        from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

        confusion = confusion_matrix(labels, answers, labels=every)
        precision, recall, f1, _ = precision_recall_fscore_support(labels, answers, labels=every, zero_division=np.nan)
    totals = confusion.sum(axis=1)
    tested = totals > 0
    low, high = wilson_interval(confusion.diagonal(), totals)
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    with np.errstate(invalid='ignore'):
        mean_confidence = np.bincount(labels, confidence, minlength=num_classes) / totals
        share = wrong.max(axis=1) / totals
    return ClassReport(
        confusion=confusion,
        test_count=totals,
        predicted_count=confusion.sum(axis=0),
        recall=recall,
        recall_low=low,
        recall_high=high,
        precision=np.where(tested, precision, np.nan),
        f1=np.where(tested, f1, np.nan),
        auroc=auroc,
        confidence=mean_confidence,
        confused_with=np.where(wrong.max(axis=1) > 0, wrong.argmax(axis=1), -1),
        confused_share=share,
    )


def class_auroc(probabilities: np.ndarray, labels: np.ndarray, first: int = 0) -> np.ndarray:
    """Area under the ROC curve of each class's probability against all other classes.

    Args:
        probabilities: Of all classes or of some that follow each other, shape (N, C).
        labels: True classes, shape (N,).
        first: The first of those classes.

    Returns:
        Fractions, shape (C,); NaN of a class of none or all of the images.

    Example:
        >>> class_auroc(np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]), np.array([0, 1, 0]))
        array([0.5, 0.5])
    """
    areas = np.full(probabilities.shape[1], np.nan)
    for place, values in enumerate(probabilities.T):
        is_own = labels == first + place
        if 0 < is_own.sum() < len(labels):
            areas[place] = roc_area(values, is_own)
    return areas


def roc_area(values: np.ndarray, is_own: np.ndarray) -> float:
    """Share of the pairs of an own and another image in which the own one has the higher value; ties are half.

    That is the area under the ROC curve, found by ranks, a hundred times as fast as by the curve.

    Args:
        values: Probability of the class, or what rises with it, shape (N,).
        is_own: Whether an image is of the class, shape (N,); some are and some are not.

    Example:
        >>> roc_area(np.array([0.9, 0.3, 0.2]), np.array([True, False, True]))  # of two pairs one is in order
        0.5
    """
    own, others = values[is_own], values[~is_own]
    if len(own) <= FEW:
        below, upto = (others < own[:, None]).sum(), (others <= own[:, None]).sum()
    else:
        others = np.sort(others)
        below, upto = (np.searchsorted(others, own, side).sum() for side in ('left', 'right'))
    return float(below + upto) / 2 / (len(own) * len(others))
