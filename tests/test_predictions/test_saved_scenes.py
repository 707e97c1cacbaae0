"""Answers of a segmentation on disk."""

import numpy as np
import pytest
from saved_runs import answered_scenes, answers, saved, saved_scenes

from ltcl.errors import UserError
from ltcl.predictions import load_predictions, save_predictions
from ltcl.predictions.saved_scenes import load_scenes, save_scenes


@pytest.fixture(scope='module')
def scenes():
    return saved_scenes(*answered_scenes(num_classes=3, num_images=4))


def test_what_is_written_is_read(scenes, tmp_path):
    save_scenes(tmp_path / 'a.npz', scenes)
    for name, array in load_scenes(tmp_path / 'a.npz')._asdict().items():
        np.testing.assert_array_equal(array, getattr(scenes, name))


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(paths=['a']), 'an entry names an image or a class that is not there'),
        (dict(palette=[[0, 0, 0]]), 'palette must have the shape'),
        (dict(class_counts=[1, 2, -5]), 'class_counts must be -1 or more'),
        (dict(area_truths=np.full((4, 24, 24), 7)), 'area_truths must be from -1 to 2'),
        (dict(area_pictures=np.zeros((4, 9, 9, 3))), 'area_pictures must have the shape'),
    ],
)
def test_arrays_that_do_not_fit(scenes, tmp_path, changes, message):
    save_scenes(tmp_path / 'a.npz', scenes._replace(**changes))
    with pytest.raises(UserError, match=message):
        load_scenes(tmp_path / 'a.npz')


def test_they_are_no_predictions_of_a_classifier(scenes, tmp_path):
    save_scenes(tmp_path / 'a.npz', scenes)
    with pytest.raises(UserError, match=r'answers of a segmentation: `ltcl report RUN --predictions .*a.npz` shows'):
        load_predictions(tmp_path / 'a.npz')


def test_other_files(tmp_path):
    save_predictions(tmp_path / 'images.npz', saved(*answers(3)))
    with pytest.raises(UserError, match='has no answers of a segmentation, it lacks scenes_format'):
        load_scenes(tmp_path / 'images.npz')
    with pytest.raises(UserError, match='is no file'):
        load_scenes(tmp_path / 'absent.npz')
    with pytest.raises(UserError, match='cannot be written'):
        save_scenes(tmp_path / 'no' / 'a.npz', saved_scenes(*answered_scenes(num_images=2)))
