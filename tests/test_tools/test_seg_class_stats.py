"""The tool on label maps of known counts in ADE20K's layout, and what a branch makes of its file."""

import json

import numpy as np
import pytest
from PIL import Image

CONFIG = """
custom_imports = dict(imports=['ltcl.models.decode_heads'])
default_scope = 'mmseg'
dataset = dict(
    type='ADE20KDataset',
    data_root='elsewhere',
    data_prefix=dict(img_path='images/training', seg_map_path='annotations/training'),
    pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', reduce_zero_label=True)],
)
train_dataloader = dict(batch_size=2, dataset=dict(type='RepeatDataset', times=5, dataset=dataset))
"""


@pytest.fixture
def data(tmp_path):
    """Maps of 4 x 5 pixels: label 0 is void; label 1 + k is class k."""
    maps = [np.full((4, 5), 1), np.full((4, 5), 150), np.zeros((4, 5))]
    maps[0][0, :3] = (0, 2, 3)
    maps[1][:2] = 3
    for folder in ('images', 'annotations'):
        (tmp_path / folder / 'training').mkdir(parents=True)
    for number, labels in enumerate(maps):
        (tmp_path / f'images/training/{number}.jpg').touch()  # images are not read
        Image.fromarray(labels.astype(np.uint8)).save(tmp_path / f'annotations/training/{number}.png')
    (tmp_path / 'config.py').write_text(CONFIG)
    return tmp_path


def test_counts_of_known_data_reach_a_branch(data, call):
    out = data / 'new' / 'stats.json'
    done = call('seg-stats', data / 'config.py', '--out', out, '--data-root', data)
    assert done.status == 0, done.err
    stats = json.loads(out.read_text())
    expected = dict(image={0: 1, 1: 1, 2: 2, 149: 1}, pixel={0: 17, 1: 1, 2: 11, 149: 10})
    for key, counts in expected.items():
        assert stats[key] == [counts.get(label, 0) for label in range(150)]
    assert stats['num_images'] == 3
    assert stats['classes'][:2] == ['wall', 'building']
    assert 'image: sum 5; first (1, 1, 2); last (0, 1); none of the published tables' in done.out
    assert 'pixel: sum 39; first (17, 1, 11); last (0, 10)' in done.out

    from ltcl.models.decode_heads import RegionRebalanceBranch

    branch = RegionRebalanceBranch(in_channels=4, num_classes=150, class_counts=str(out), count_key='pixel')
    assert branch.known_class_counts()[:3].tolist() == [17, 1, 11]


def test_mistakes_are_one_line(data, call):
    no_training = data / 'empty.py'
    no_training.write_text('model = dict()\n')
    done = call('seg-stats', no_training, '--out', data / 'stats.json')
    assert done.mistake == f'error: {no_training} has no train_dataloader: name a config that trains'
    done = call('seg-stats', data / 'config.py', '--out', no_training, '--data-root', data)
    assert done.mistake == f'error: --out {no_training} must end in .json'
    assert no_training.read_text() == 'model = dict()\n'
