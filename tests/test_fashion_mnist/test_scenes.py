"""Composed scenes: what is dealt, that labels fit the pixels."""

import numpy as np

from ltcl.fashion_mnist import scenes as module
from ltcl.fashion_mnist.scenes import (
    CLASSES,
    GARMENTS_PER_SCENE,
    PALETTE,
    SIZE,
    compose_scene,
    compose_scenes,
    deal_garments,
)

LABELS = np.repeat(np.arange(10), 20)
COUNTS = np.arange(19, 9, -1)


def test_garments_are_dealt_once_and_in_the_wanted_numbers():
    scenes = deal_garments(LABELS, COUNTS, seed=0)
    garments = np.concatenate(scenes)
    assert len(set(garments)) == len(garments)
    assert np.bincount(LABELS[garments]).tolist() == COUNTS.tolist()
    assert {len(scene) for scene in scenes[:-1]} == {GARMENTS_PER_SCENE}
    assert 0 < len(scenes[-1]) <= GARMENTS_PER_SCENE
    assert len({LABELS[scene[0]] for scene in scenes}) > 3  # mixed, not class by class


def test_labels_are_where_the_garments_are(monkeypatch):
    monkeypatch.setattr(module, 'CLOUD_BRIGHTNESS', 0)
    monkeypatch.setattr(module, 'NOISE', 0)
    ring = np.zeros((28, 28), np.uint8)
    ring[4:24, 8:20] = 250
    ring[10:14, 12:16] = 0  # a hole belongs to its garment
    generator = np.random.default_rng(0)
    scene = compose_scene(ring[None], np.array([6]), generator)
    assert np.unique(scene.labels).tolist() == [0, 7]
    inside = scene.labels == 7
    assert (scene.image[~inside] == 0).all()
    assert np.median(scene.image[inside]) >= 250 * module.BRIGHTNESS[0] - 1
    rows, columns = np.nonzero(inside)
    centre = scene.image[rows.mean().round().astype(int) - 1, columns.mean().round().astype(int)]
    assert centre < 100
    low, high = module.SCALES
    assert 0.8 * low**2 * 240 < inside.sum() < 1.3 * high**2 * 240


def test_the_last_garment_is_in_front_and_takes_what_room_there_is(monkeypatch):
    square = np.full((12, 28, 28), 200, np.uint8)

    def visible(num_places):
        monkeypatch.setattr(module, 'PLACES', num_places)
        scenes = [compose_scene(square, np.arange(12) % 10, np.random.default_rng(seed)) for seed in range(4)]
        last = [np.count_nonzero(scene.labels == 2) for scene in scenes]  # the twelfth garment is of class 1, label 2
        return min(last), np.mean([np.count_nonzero(scene.labels) for scene in scenes])

    least, covered = visible(1)
    assert least >= 27 * 27 * 0.8  # nothing covers it, whatever lies below
    assert visible(8)[1] > covered


def test_seed_decides():
    images = np.random.default_rng(0).integers(256, size=(200, 28, 28), dtype=np.uint8)
    first, again, other = (list(compose_scenes(images, LABELS, COUNTS, seed)) for seed in (0, 0, 1))
    assert all((a.image == b.image).all() and (a.labels == b.labels).all() for a, b in zip(first, again, strict=True))
    assert any((a.labels != b.labels).any() for a, b in zip(first, other, strict=True))
    assert first[0].image.shape == first[0].labels.shape == (SIZE, SIZE)


def test_each_class_has_a_colour_of_its_own():
    assert len(PALETTE) == len(set(PALETTE)) == len(CLASSES) == 11
