"""Composed scenes: what is dealt, that labels fit the pixels, and what the tool writes."""

import importlib.util
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from ltcl import fashion_scenes
from ltcl.errors import UserError
from ltcl.fashion_scenes import CLASSES, GARMENTS_PER_SCENE, PALETTE, SIZE, compose_scene, compose_scenes, deal_garments

TOOL = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'fashion_scenes.py'
OPTIONS = dict(num_max=12, imbalance_factor=4, num_val=3, seed=0)
LABELS = np.repeat(np.arange(10), 20)
COUNTS = np.arange(19, 9, -1)


def load_tool():
    spec = importlib.util.spec_from_file_location('fashion_scenes_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load_tool()


def make(root, out, **changes):
    text = io.StringIO()
    tool.make_scenes(root, out, Console(file=text, width=100), **{**OPTIONS, **changes})
    return text.getvalue()


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_garments_are_dealt_once_and_in_the_wanted_numbers():
    scenes = deal_garments(LABELS, COUNTS, seed=0)
    garments = np.concatenate(scenes)
    assert len(set(garments)) == len(garments)
    assert np.bincount(LABELS[garments]).tolist() == COUNTS.tolist()
    assert {len(scene) for scene in scenes[:-1]} == {GARMENTS_PER_SCENE}
    assert 0 < len(scenes[-1]) <= GARMENTS_PER_SCENE
    assert len({LABELS[scene[0]] for scene in scenes}) > 3  # mixed, not class by class


def test_labels_are_where_the_garments_are(monkeypatch):
    monkeypatch.setattr(fashion_scenes, 'CLOUD_BRIGHTNESS', 0)
    monkeypatch.setattr(fashion_scenes, 'NOISE', 0)
    ring = np.zeros((28, 28), np.uint8)
    ring[4:24, 8:20] = 250
    ring[10:14, 12:16] = 0  # a hole belongs to its garment
    generator = np.random.default_rng(0)
    scene = compose_scene(ring[None], np.array([6]), generator)
    assert np.unique(scene.labels).tolist() == [0, 7]
    inside = scene.labels == 7
    assert (scene.image[~inside] == 0).all()
    assert np.median(scene.image[inside]) >= 250 * fashion_scenes.BRIGHTNESS[0] - 1
    rows, columns = np.nonzero(inside)
    centre = scene.image[rows.mean().round().astype(int) - 1, columns.mean().round().astype(int)]
    assert centre < 100
    low, high = fashion_scenes.SCALES
    assert 0.8 * low**2 * 240 < inside.sum() < 1.3 * high**2 * 240


def test_the_last_garment_is_in_front_and_takes_what_room_there_is(monkeypatch):
    square = np.full((12, 28, 28), 200, np.uint8)

    def visible(num_places):
        monkeypatch.setattr(fashion_scenes, 'PLACES', num_places)
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


def test_the_tool_writes_the_same_files_for_the_same_seed(fashion_mnist_root, tmp_path):
    printed = make(fashion_mnist_root, tmp_path / 'a')
    make(fashion_mnist_root, tmp_path / 'b')
    make(fashion_mnist_root, tmp_path / 'c', seed=1)
    written = contents(tmp_path / 'a')
    assert written == contents(tmp_path / 'b')
    assert written != contents(tmp_path / 'c')
    assert all(line in printed for line in ('T-shirt/top', f'now in {tmp_path / "a"}'))


def test_counts_are_those_of_the_files(fashion_mnist_root, tmp_path):
    make(fashion_mnist_root, tmp_path)
    counts = json.loads((tmp_path / 'class_counts.json').read_text())
    maps = [np.asarray(Image.open(path)) for path in sorted((tmp_path / 'ann_dir' / 'train').iterdir())]
    pictures = sorted((tmp_path / 'img_dir' / 'train').iterdir())
    assert len(maps) == len(pictures) == counts['num_images']
    pixels = np.array([np.bincount(label_map.ravel(), minlength=11) for label_map in maps])
    assert counts['pixel'] == pixels.sum(0).tolist()
    assert counts['image'] == (pixels > 0).sum(0).tolist()
    assert counts['classes'] == list(CLASSES)
    garments = tool.garment_counts(**{name: OPTIONS[name] for name in ('num_max', 'imbalance_factor', 'num_val')})
    assert (garments['train'][0], garments['train'][-1], garments['val'].tolist()) == (12, 3, [3] * 10)
    assert len(maps) == -(-garments['train'].sum() // GARMENTS_PER_SCENE)


def test_what_is_there_is_kept_and_what_is_half_written_is_done_anew(fashion_mnist_root, tmp_path, monkeypatch):
    make(fashion_mnist_root, tmp_path)
    before = contents(tmp_path)
    picture = tmp_path / 'img_dir' / 'train' / '00000.png'
    written_at = picture.stat().st_mtime_ns
    assert make(fashion_mnist_root, tmp_path).strip() == f'The scenes are in {tmp_path}'
    assert picture.stat().st_mtime_ns == written_at

    def power_cut(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tool, 'replace', power_cut)
        with pytest.raises(KeyboardInterrupt):
            make(fashion_mnist_root, tmp_path, seed=1)
    assert {name: data for name, data in contents(tmp_path).items() if not name.startswith('.partial')} == before
    make(fashion_mnist_root, tmp_path, seed=1)
    (tmp_path / 'class_counts.json').unlink()  # as if stopped while the folders were put in place
    make(fashion_mnist_root, tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(num_max=6001), '--num-max must be 1 to 6000'),
        (dict(num_val=0), '--num-val must be 1 to 1000'),
        (dict(imbalance_factor=0.5), '--imbalance-factor must be at least 1'),
    ],
)
def test_options_out_of_range(tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        make(tmp_path, tmp_path / 'out', **changes)


def test_the_dataset_names_the_tool_when_there_are_no_scenes(tmp_path):
    from ltcl.datasets.fashion_scenes import FashionScenes

    with pytest.raises(
        UserError, match=r'no scenes in .*img_dir/train: run python tools/dataset_converters/fashion_sc'
    ):
        FashionScenes(data_root=str(tmp_path), data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'))
