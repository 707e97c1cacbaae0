"""Doubtful labels: those that are wrong on purpose are found, right ones are not, whatever the class is."""

import numpy as np

from ltcl.data_stats.neighbours import Nearest, doubts, most_doubtful, nearest


def clusters(sizes, seed=0):
    """Unit features around a direction for each class, with their labels."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    features = np.eye(8)[labels] + generator.normal(0, 0.1, (len(labels), 8))
    return features.astype(np.float32), labels


def test_nearest_are_those_of_a_plain_search():
    features, _ = clusters((30, 20))
    pictures = np.arange(50)
    pictures[7] = pictures[3]  # a copy is no neighbour
    found = nearest(features, pictures, 5)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for i in range(50):
        cosine = [-np.inf if pictures[i] == pictures[j] else unit[i] @ unit[j] for j in range(50)]
        order = np.argsort(cosine)[::-1][:5]
        assert found.places[i].tolist() == order.tolist()
        np.testing.assert_allclose(found.similarity[i], np.array(cosine)[order], rtol=1e-5)
    assert 7 not in found.places[3]


def test_blocks_give_the_same(monkeypatch):
    features, _ = clusters((30, 20))
    whole = nearest(features, np.arange(50))
    monkeypatch.setattr('ltcl.data_stats.neighbours.CELLS', 150)  # three rows at a time
    np.testing.assert_array_equal(nearest(features, np.arange(50)).places, whole.places)


def test_fewer_images_than_neighbours():
    features, labels = clusters((2, 1))
    found = nearest(features, np.arange(3), 10)
    assert found.places.shape == (3, 2)
    assert np.isnan(doubts(labels, np.arange(3), found).score).tolist() == [False, False, True]


def test_wrong_labels_are_found_and_right_ones_of_a_small_class_are_not():
    features, labels = clusters((200, 60, 4))
    wrong = {5: 1, 120: 2, 230: 0, 17: 1}
    given = labels.copy()
    given[list(wrong)] = list(wrong.values())
    pictures = np.arange(len(labels))
    found = nearest(features, pictures)
    told = doubts(given, pictures, found)
    places = most_doubtful(told, found.similarity)
    assert set(places.tolist()) == set(wrong)
    assert {i: int(told.other[i]) for i in wrong} == {i: int(labels[i]) for i in wrong}
    assert (told.score[labels == 2] < 0.8).all()


def test_the_score_counts_who_could_agree():
    # Of four neighbours three are of class 1 and one is of the own class, of which there is one other picture.
    near = Nearest(np.array([[2, 3, 4, 1]] * 5), np.ones((5, 4), np.float32))
    labels = np.array([0, 0, 1, 1, 1])
    told = doubts(labels, np.arange(5), near)
    assert (told.votes[0], told.own[0], told.other[0]) == (3, 1, 1)
    assert told.score[0] == 0  # all that could agree do
    # A copy is no second picture that could agree.
    assert np.isnan(doubts(labels, np.array([0, 0, 1, 2, 3]), near).score[0])
