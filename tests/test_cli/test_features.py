"""`ltcl features` on whole networks, frozen encoders, heads without a classifier and single checkpoints."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from toy import CLASS_COUNTS, toy_config, write_images
from toy_frozen import encoder_file, frozen_config

from ltcl.engine import Runner
from ltcl.evaluation.functional import class_means, within_class_variability
from ltcl.feature_space.encoding import encode, loader_of
from ltcl.inference.runs import build_model, read_run


def train(cfg):
    cfg.default_hooks.checkpoint.update(interval=1, max_keep_ckpts=-1)
    init_default_scope('mmpretrain')
    Runner.from_cfg(cfg).train()
    return cfg.work_dir


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('features') / 'images')


@pytest.fixture(scope='module')
def gpaco(images, tmp_path_factory):
    epochs = dict(train_cfg__max_epochs=2, train_cfg__val_interval=2)
    return train(toy_config(images, tmp_path_factory.mktemp('gpaco'), 'gpaco', with_report=True, **epochs))


def features(call, run, *words):
    done = call('features', run, '--device', 'cpu', *words)
    assert done.status == 0, done.out + done.err
    return done.out


def test_figures_pictures_and_page(gpaco, call):
    printed = features(call, gpaco, '--tsne', 'scikit-learn', '--points', 12)
    path = Path(gpaco, 'features.json')
    found = json.loads(path.read_text())
    assert found['images'] == sum(CLASS_COUNTS)
    assert {*found['spaces']} == {'features', 'embeddings'}
    run = read_run(gpaco)
    model = build_model(run, 'cpu')
    encoded = encode(model, loader_of(run, model, 'test'), 'test')
    means = class_means(encoded.spaces['features'], encoded.labels, 3)
    expected = within_class_variability(encoded.spaces['features'], encoded.labels, means).mean().item()
    figures = found['spaces']['features']['figures']
    assert figures['nc1'] == pytest.approx(expected)
    [line] = [line for line in printed.splitlines() if line.startswith('NC1')]
    assert line.split()[-2] == f'{expected:.4g}'
    with torch.no_grad():
        answers = model.head((encoded.spaces['features'],)).argmax(1)
    assert torch.equal(encoded.decisions, answers)
    assert {'nc3', 'nc4', 'nc2_weight_lengths', 'alignment_few'} <= figures.keys()
    assert [entry['epoch'] for entry in found['course']] == [1, 2]
    assert len(found['tsne']['places']) == 12
    assert '12 of 40 images: at most 4 of a class' in printed
    for name in ('features_map.png', 'features_classes.png', 'features_training.png'):
        assert path.with_name(name).read_bytes()[:4] == b'\x89PNG'
    page = path.with_name('report.html').read_text()
    assert '<section id="features">' in page
    assert 't-SNE of the features of 12 of 40 test images' in page


def test_a_checkpoint_and_another_split(gpaco, call, tmp_path):
    printed = features(
        call, f'{gpaco}/epoch_1.pth', '--split', 'train', '--space', 'embeddings', '--out', tmp_path / 'new'
    )
    found = json.loads((tmp_path / 'new' / 'features.json').read_text())
    assert found['split'] == 'train'
    assert found['checkpoint'].endswith('/epoch_1')
    assert found['tsne']['space'] == 'embeddings'
    assert 'nothing is shown over training' in printed
    assert 'report.html' not in printed


@pytest.mark.slow
def test_targets_of_a_head_without_a_classifier(images, tmp_path, call):
    run = train(toy_config(images, tmp_path / 'tsc', 'tsc', train_cfg__max_epochs=1))
    features(call, run, '--space', 'embeddings')
    found = json.loads((tmp_path / 'tsc' / 'features.json').read_text())
    figures = found['spaces']['embeddings']['figures']
    assert 0 < figures['target_angle'] < 180
    assert 0 <= figures['nearest_is_own_target'] <= 1
    assert 'nc4' not in found['spaces']['features']['figures']


@pytest.mark.slow
def test_cached_features_of_a_frozen_encoder(images, tmp_path, call):
    cfg = frozen_config(images, tmp_path / 'run', encoder_file(tmp_path), train_cfg__max_epochs=2)
    features(call, train(cfg), '--split', 'val')
    found = json.loads((tmp_path / 'run' / 'features.json').read_text())
    assert len(found['course']) == 2
    assert {*found['spaces']} == {'features'}


def test_mistakes_are_one_line(gpaco, images, tmp_path, call, monkeypatch):
    assert 'does not exist' in call('features', tmp_path / 'none').mistake
    monkeypatch.setattr('ltcl.feature_space.tsne.importlib.util.find_spec', lambda name: None)
    assert 'openTSNE is not installed: run `pip install' in call('features', gpaco, '--tsne', 'openTSNE').mistake
