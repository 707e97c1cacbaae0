"""`ltcl train DATA --method kcl`: an encoder, then a classifier on it."""

import argparse
import re

import numpy as np
import pytest
from mmengine.config import Config
from own_training import OPTIONS
from toy import toy_config

from ltcl import LongTailClassifier
from ltcl.engine import Runner
from ltcl.launch import load_config
from ltcl.own_folder import two_stages
from ltcl.own_folder.config_file import written
from ltcl.own_folder.feature_length import mean_square_length
from ltcl.own_folder.result import Result
from ltcl.recipe_rules.linear_rate import linear_rate

WORDS = ('--method', 'kcl', *OPTIONS, '--lr', '0.02', '--cfg-options', 'model.head.temperature=0.2', 'val_share=0.3')


@pytest.fixture(scope='module')
def planned(call, data, tmp_path_factory):
    """The work dir of a dry run."""
    folder = tmp_path_factory.mktemp('planned') / 'run'
    assert call('train', data, '--work-dir', folder, *WORDS, '--dry-run') == 0
    return folder


def test_the_classifier_is_trained_on_the_encoder_of_the_first_training(planned):
    first, second = (load_config(folder / 'config.py') for folder in (planned / 'stage1', planned))
    assert second.load_from == str(planned / 'stage1' / 'epoch_2.pth')
    assert second.model.type == 'ltcl.FrozenEncoderClassifier'
    assert (second.model.backbone, second.model.neck) == (first.model.backbone, first.model.neck)
    assert second.train_dataloader.sampler.type == 'ltcl.ClassAwareSampler'
    assert second.optim_wrapper.optimizer.momentum == 0.9  # for which the rate is chosen
    assert first.train_cfg.max_epochs == second.train_cfg.max_epochs == 2


@pytest.mark.parametrize(
    ('words', 'backbone'),
    [
        (('--tune', 'last', '2'), 'ltcl.LastBlocks'),
        (('--tune', 'lora', '--backbone', 'test_vit', '--scratch'), 'ltcl.AdaptedBackbone'),
        (('--tune', 'full'), 'ltcl.TimmBackbone'),
    ],
)
def test_both_trainings_have_one_encoder_however_much_of_it_is_trained(call, data, tmp_path, words, backbone):
    assert call('train', data, '--work-dir', tmp_path, '--method', 'kcl', *OPTIONS, *words, '--dry-run') == 0
    first, second = (load_config(folder / 'config.py') for folder in (tmp_path / 'stage1', tmp_path))
    assert first.model.backbone.type == backbone
    assert (second.model.backbone, second.model.neck) == (first.model.backbone, first.model.neck)
    assert second.model.train_bn is False
    assert second.train_dataloader.dataset.pipeline == second.test_dataloader.dataset.pipeline


def test_whose_the_options_are(planned):
    first, second = (load_config(folder / 'config.py') for folder in (planned / 'stage1', planned))
    assert (first.model.head.temperature, first.optim_wrapper.optimizer.lr) == (0.2, 0.02)
    assert second.optim_wrapper.optimizer.lr != 0.02
    images = [cfg.train_dataloader.dataset.dataset for cfg in (first, second)]
    assert [each.val_share for each in images] == [0.3, 0.3]


def test_no_more_neighbours_vote_than_there_are(planned):
    path = planned / 'stage1' / 'config.py'
    [metric] = load_config(path).val_evaluator
    assert f'# images: training {metric.k}, ' in path.read_text()
    assert metric.k < 19  # images of the folder


def test_more_neighbours_than_images_are_not_asked_for(call, data, tmp_path, capsys):
    words = ('--work-dir', tmp_path / 'run', '--method', 'kcl', *OPTIONS, '--dry-run', '--cfg-options')
    assert call('train', data, *words, 'val_evaluator.0.k=50') == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line == 'error: val_evaluator.0.k=50 is more than the 16 images of the training: take fewer neighbours'


def test_the_length_of_the_features_is_that_of_the_training_images(images, tmp_path):
    cfg = toy_config(images, tmp_path / 'run', 'kcl', train_cfg__max_epochs=1, train_cfg__val_interval=1)
    Runner.from_cfg(cfg).train()
    [path] = (tmp_path / 'run').glob('epoch_1.pth')
    squares = np.square(LongTailClassifier.load(path, 'cpu').embed(images).features).sum(1)
    assert mean_square_length(cfg, path, len(squares)) == pytest.approx(squares.mean(), rel=1e-4)
    few = mean_square_length(cfg, path, 1)  # one batch
    assert squares.min() <= few <= squares.max()
    assert few != pytest.approx(squares.mean(), rel=1e-6)


def test_the_rate_is_chosen_once_for_an_encoder(tmp_path, monkeypatch):
    weights = tmp_path / 'epoch_2.pth'
    lengths = iter([100.0, 200.0])
    monkeypatch.setattr(two_stages, 'mean_square_length', lambda *_: next(lengths))

    def choose(encoder, **changes):
        weights.write_bytes(encoder)
        cfg = Config(dict(load_from=str(weights), model={}, optim_wrapper=dict(optimizer=dict(lr=1.0))))
        values = {'method': 'kcl', 'work_dir': str(tmp_path), 'dry_run': False, 'lr': None, **changes}
        words = argparse.Namespace(**values)
        lines = two_stages.choose_rate(cfg, words, Config(), weights)
        if lines:
            (tmp_path / 'config.py').write_text(written(cfg, lines))
            assert words.lr == cfg.optim_wrapper.optimizer.lr
        return cfg.optim_wrapper.optimizer.lr, lines

    first, lines = choose(b'encoder')
    assert first == linear_rate(100.0)
    assert 'mean square 100' in lines[0]
    assert choose(b'encoder') == choose(b'encoder', dry_run=True) == (first, lines)
    assert choose(b'another', dry_run=True) == (1.0, [])
    assert choose(b'another')[0] == linear_rate(200.0)
    assert choose(b'another', method='lws') == (1.0, [])


@pytest.mark.parametrize(('method', 'head'), [('crt', 'LinearClsHead'), ('lws', 'ltcl.LWSHead')])
def test_a_classifier_of_cross_entropy_is_learned_anew(call, data, tmp_path, method, head):
    assert call('train', data, '--work-dir', tmp_path, '--method', method, *OPTIONS, '--dry-run') == 0
    first, second = (load_config(folder / 'config.py') for folder in (tmp_path / 'stage1', tmp_path))
    assert (first.model.head.type, first.model.head.loss.type) == ('LinearClsHead', 'CrossEntropyLoss')
    assert (second.model.head.type, second.model.backbone) == (head, first.model.backbone)
    assert second.train_dataloader.sampler.type == 'ltcl.ClassAwareSampler'
    [ignored] = second.default_hooks.strict_load.ignore
    assert (re.search(ignored, 'head.fc.weight') is None) == (method == 'lws')
    assert re.search(ignored, 'backbone.encoder.weight') is None


@pytest.mark.slow
@pytest.mark.parametrize('method', ['crt', 'lws'])
def test_a_classifier_that_is_learned_anew_is_shown(call, data, tmp_path, method):
    assert call('train', data, '--work-dir', tmp_path, '--method', method, *OPTIONS) == 0
    column, _ = Result.read(tmp_path).columns
    assert column.title == {'crt': 'cRT', 'lws': 'LWS'}[method]


@pytest.mark.slow
def test_a_finished_encoder_is_not_trained_again(call, data, tmp_path, capsys, monkeypatch):
    words = ('train', data, '--work-dir', tmp_path, *WORDS)
    assert call(*words) == 0
    features = LongTailClassifier.load(tmp_path / 'stage1', 'cpu').embed(data).features
    rate = load_config(tmp_path / 'config.py').optim_wrapper.optimizer.lr
    assert rate == pytest.approx(linear_rate(float(np.square(features).sum(1).mean())), rel=0.2)  # of all images
    result = Result.read(tmp_path)
    assert [column.title for column in result.columns] == ['KCL, linear', 'cross entropy on the same features']
    (tmp_path / 'epoch_2.pth').unlink()
    (tmp_path / 'result.json').unlink()
    capsys.readouterr()
    assert call(*words) == 0
    assert 'it is finished' in capsys.readouterr().out
    assert Result.read(tmp_path).columns == result.columns
    monkeypatch.setattr(two_stages, 'mean_square_length', lambda *_: pytest.fail('measured again'))
    assert call(*words) == 0
    assert 'has a finished training of this very config' in capsys.readouterr().out
