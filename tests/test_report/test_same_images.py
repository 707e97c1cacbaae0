"""Copies among the images of saved predictions."""

import numpy as np
import pytest
from PIL import Image
from saved_runs import answers, saved, write_run

from ltcl.report.class_figures import Answers
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
    assert alike(Answers(*given)) == [[5, 70, 200], [298, 299]]


def test_answers_that_say_nothing_are_let_be():
    scores = np.full((50, 10), -200, dtype=np.float32)
    scores[:, 0] = 0
    assert alike(Answers(scores, np.zeros(50, dtype=int))) == []


def test_files_at_hand_decide(given, tmp_path):
    paths = [str(tmp_path / f'{place}.png') for place in range(300)]
    for place, level in ((5, 10), (70, 10), (200, 11), (298, 4), (299, 4)):
        Image.new('RGB', (8, 8), (level, 0, 0)).save(paths[place])
    (tmp_path / '299.png').write_bytes(b'no image')
    run = read_run(write_run(tmp_path / 'run', saved(*given, paths=paths)))
    assert same_images(run) == [[5, 70]]
    run = read_run(write_run(tmp_path / 'elsewhere', saved(*given)))
    assert same_images(run) == [[5, 70, 200], [298, 299]]
