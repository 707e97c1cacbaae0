"""Wrong images of a data set that has no files."""

import numpy as np
import pytest
from PIL import Image
from saved_runs import answers, saved

from ltcl.engine.pictures_in_memory import write_wrong_images
from ltcl.predictions import load_predictions, save_predictions


class InMemory:
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def get_data_info(self, index):
        return {'img': np.full((4, 4, 1), index % 250, np.uint8)}


@pytest.fixture
def given(tmp_path):
    scores, labels = answers(10, per_class=60, margin=1.0)
    predictions = saved(scores, labels, paths=[''] * len(labels))
    save_predictions(tmp_path / 'a.npz', predictions)
    return tmp_path / 'a.npz', predictions


def test_the_wrong_ones_get_a_file_that_shows_them(given, tmp_path):
    path, before = given
    write_wrong_images(path, InMemory(600), tmp_path)
    after = load_predictions(path)
    np.testing.assert_array_equal(after.scores, before.scores)
    named = [(place, name) for place, name in enumerate(after.paths.tolist()) if name]
    assert len(named) == len(list((tmp_path / 'wrong_images').iterdir())) == 160
    for place, name in named:
        assert before.scores[place].argmax() != before.labels[place]
        assert (np.asarray(Image.open(tmp_path / name)) == place % 250).all()


def test_files_and_other_sets_are_let_be(given, tmp_path):
    path, before = given
    write_wrong_images(path, InMemory(599), tmp_path)
    save_predictions(tmp_path / 'b.npz', before._replace(paths=['a.jpg'] * 600))
    write_wrong_images(tmp_path / 'b.npz', InMemory(600), tmp_path)
    assert not (tmp_path / 'wrong_images').exists()
