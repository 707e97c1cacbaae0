"""Copies among the images of saved predictions."""

import re

import numpy as np
import pytest
from PIL import Image
from saved_runs import answers, saved, write_run

from ltcl.report.class_figures import Answers
from ltcl.report.page import build_page
from ltcl.report.run_files import read_run
from ltcl.report.same_images import alike, same_images


@pytest.fixture
def given():
    """Scores of 300 images, of which three are one picture and two another one, but for the last digits."""
    scores, labels = answers(10, per_class=30, margin=2.0)
    scores[[70, 200]] = scores[5] + np.float32([[1e-5], [3.0]])  # a constant changes no probability
    scores[299] = scores[298] - 2e-5
    return scores, labels


def test_equal_answers_are_found(given):
    assert alike(Answers(*given)) == ([[5, 70, 200], [298, 299]], 300)


def test_answers_that_say_nothing_are_let_be():
    scores = np.full((50, 10), -200, dtype=np.float32)
    scores[:, 0] = 0
    assert alike(Answers(scores, np.zeros(50, dtype=int))) == ([], 0)


def test_files_at_hand_decide(given, tmp_path):
    paths = [str(tmp_path / f'{place}.png') for place in range(300)]
    for place, level in ((5, 10), (70, 10), (200, 11), (298, 4), (299, 4)):
        Image.new('RGB', (8, 8), (level, 0, 0)).save(paths[place])
    (tmp_path / '299.png').write_bytes(b'no image')
    run = read_run(write_run(tmp_path / 'run', saved(*given, paths=paths)))
    assert same_images(run).groups == [[5, 70]]
    run = read_run(write_run(tmp_path / 'elsewhere', saved(*given)))
    assert same_images(run).groups == [[5, 70, 200], [298, 299]]


def copies_on_page(folder, scores, labels):
    page = build_page([read_run(write_run(folder, saved(scores, labels)))])
    return re.findall(r'data-kind="copies".*?<p>(.*?)</p>', page, re.DOTALL)


def test_what_scores_cannot_tell_is_not_claimed(tmp_path):
    for num_classes in (2, 3):
        scores, labels = answers(num_classes)
        scores[1] = scores[0]
        assert copies_on_page(tmp_path / str(num_classes), scores, labels) == []
    scores, labels = answers(5)
    assert copies_on_page(tmp_path / '5', scores, labels) == ['No two of the 150 test images are the same picture.']
    scores[:10] = 300 * np.eye(5)[labels[:10]]
    said = 'No two of the 140 of 150 test images that scores can tell apart are the same picture.'
    assert copies_on_page(tmp_path / 'sure', scores, labels) == [said]
