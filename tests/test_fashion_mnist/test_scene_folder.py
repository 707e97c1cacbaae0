"""The folder of scenes: what is written, what is kept, and the data set that reads it."""

import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from ltcl.errors import UserError
from ltcl.fashion_mnist import scene_folder
from ltcl.fashion_mnist.scene_folder import garment_counts
from ltcl.fashion_mnist.scenes import CLASSES, GARMENTS_PER_SCENE

OPTIONS = dict(num_max=12, imbalance_factor=4, num_val=3, seed=0)


def make(root, out, **changes):
    text = io.StringIO()
    scene_folder.make_scenes(root, out, Console(file=text, width=100), **{**OPTIONS, **changes})
    return text.getvalue()


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


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
    garments = garment_counts(**{name: OPTIONS[name] for name in ('num_max', 'imbalance_factor', 'num_val')})
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
        patched.setattr(scene_folder, 'take_place', power_cut)
        with pytest.raises(KeyboardInterrupt):
            make(fashion_mnist_root, tmp_path, seed=1)
    assert {name: data for name, data in contents(tmp_path).items() if not name.startswith('.partial')} == before
    make(fashion_mnist_root, tmp_path, seed=1)
    (tmp_path / 'class_counts.json').unlink()  # as if stopped while the folders were put in place
    make(fashion_mnist_root, tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize('lost', ['img_dir', 'ann_dir/val', 'img_dir/train/00000.png'])
def test_scenes_that_went_missing_are_written_anew(fashion_mnist_root, tmp_path, lost):
    make(fashion_mnist_root, tmp_path)
    before = contents(tmp_path)
    shutil.rmtree(tmp_path / lost) if (tmp_path / lost).is_dir() else (tmp_path / lost).unlink()
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
    from ltcl.fashion_mnist.scene_set import FashionScenes

    with pytest.raises(UserError, match=r"no scenes in .*img_dir/train: run `ltcl data fashion-scenes --out '.*/a b'`"):
        FashionScenes(data_root=f'{tmp_path}/a b', data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir'))


def test_files_and_scenes_need_no_torch():
    code = 'import sys, ltcl.fashion_mnist.getting, ltcl.fashion_mnist.scene_folder; sys.exit("torch" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0
