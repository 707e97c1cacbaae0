"""The file of predictions: what is written comes back, and nothing else is read."""

import numpy as np
import pytest

from ltcl.errors import UserError
from ltcl.predictions import SavedPredictions, load_predictions, save_predictions


def predictions(**changes):
    given = dict(
        scores=[[0.5, -1.0], [2.0, 3.0], [-80.0, 0.0]],
        labels=[0, -1, 1],
        paths=['a.jpg', '', '\udce9.jpg'],
        classes=['=1+1', 'b'],
        class_counts=[7, -1],
        split='val',
        checkpoint='birds/epoch_20',
        frequency_power=0.0,
    )
    return SavedPredictions(**{**given, **changes})


def arrays_of(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_what_is_written_comes_back(tmp_path):
    save_predictions(tmp_path / 'a.npz', predictions())
    loaded = load_predictions(tmp_path / 'a.npz')
    for name, value in predictions()._asdict().items():
        assert np.array_equal(getattr(loaded, name), value), name
    types = {name: getattr(loaded, name).dtype for name in ('scores', 'labels', 'class_counts')}
    assert types == dict(scores=np.float32, labels=np.int64, class_counts=np.int64)
    assert loaded.labelled().labels.tolist() == [0, 1]
    assert loaded.labelled().paths.tolist() == ['a.jpg', '\udce9.jpg']
    np.testing.assert_allclose(loaded.probabilities[0, 0], 1 / (1 + np.exp(-1.5)))


def test_no_images(tmp_path):
    save_predictions(tmp_path / 'a.npz', predictions(scores=np.zeros((0, 2)), labels=[], paths=[]))
    assert load_predictions(tmp_path / 'a.npz').probabilities.shape == (0, 2)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(scores=[1.0, 2.0]), r'scores must have the shape \(images, classes\)'),
        (dict(labels=[0, 1]), r'labels must have the shape \(3,\), got \(2,\)'),
        (dict(class_counts=[1]), r'class_counts must have the shape \(2,\)'),
        (dict(labels=[0, 1, 2]), 'labels must be from -1 to 1'),
        (dict(scores=[[0, 1], [0, 1], [0, np.nan]]), 'scores are not finite'),
    ],
)
def test_arrays_that_do_not_go_together(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        save_predictions(tmp_path / 'a.npz', predictions(**changes))
    assert not (tmp_path / 'a.npz').exists()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(format=2), 'has the format 2, this version reads 1'),
        (dict(paths=None), 'lacks paths'),
        (dict(format=None), 'it lacks format'),
        (dict(labels=np.array([[0], [1], [1]])), r'labels must have the shape \(3,\)'),
        (dict(labels=np.array([0, print, 1], dtype=object)), 'no file of plain arrays'),
        (dict(scores=np.array([['a', 'b']])), 'an array is of the wrong type'),
    ],
)
def test_files_of_another_kind(tmp_path, changes, message):
    path = tmp_path / 'a.npz'
    save_predictions(path, predictions())
    arrays = {name: value for name, value in {**arrays_of(path), **changes}.items() if value is not None}
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=message):
        load_predictions(path)


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / 'a.npz'
    with pytest.raises(UserError, match='is no file: `ltcl test RUN --out'):
        load_predictions(path)
    path.write_bytes(b'no zip')
    with pytest.raises(UserError, match=r'is no \.npz file of predictions'):
        load_predictions(path)
    save_predictions(path, predictions())
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r'damaged|plain arrays'):
        load_predictions(path)
    with pytest.raises(UserError, match='cannot be written to'):
        save_predictions(tmp_path / 'none' / 'a.npz', predictions())
