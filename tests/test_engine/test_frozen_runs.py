"""Runs on cached features: resumed, tested on images and on features, started from a first stage."""

import json
from pathlib import Path

import pytest
import torch
from faults import FaultAt, spoil_loss
from toy import CLASS_COUNTS, toy_config
from toy_frozen import encoder_file, frozen_config
from toy_stage2 import add_bank, stage2_config

from ltcl import LongTailClassifier
from ltcl.datasets.cached_features import find_cached
from ltcl.engine import Runner
from ltcl.engine.bad_step import NotFiniteError
from ltcl.engine.unwrapped import unwrapped
from ltcl.launch import build_runner
from ltcl.launch.config_values import images_of
from ltcl.launch.tuning.frozen import freeze

LENGTH = dict(train_cfg__max_epochs=2, train_cfg__val_interval=1)


@pytest.fixture(scope='module')
def encoder(tmp_path_factory):
    return encoder_file(tmp_path_factory.mktemp('encoder'))


@pytest.fixture(scope='module')
def run(images, encoder, tmp_path_factory):
    """A run of PaCo with a hidden layer and crops; the folder, the runner and its figures."""
    folder = tmp_path_factory.mktemp('run')
    cfg = frozen_config(images, folder, encoder, 'paco', views=2, **LENGTH)
    cfg.default_hooks.checkpoint.max_keep_ckpts = 2
    runner = build_runner(cfg, training=True)
    runner.train()
    return folder, runner


def scores_of(model, loader):
    """Logits of all images of a data loader."""
    model.eval()
    with torch.inference_mode():
        batches = [model.data_preprocessor(batch, False) for batch in loader]
        return torch.cat([model(batch['inputs']) for batch in batches])


def test_images_and_features_give_the_same_answers(run, images):
    folder, runner = run
    model = unwrapped(runner.model)
    on_features = scores_of(model, runner.val_dataloader)
    loader = dict(runner.cfg.val_dataloader, dataset=images_of(runner.cfg.val_dataloader.dataset))
    on_images = scores_of(model, Runner.build_dataloader(loader, seed=0))
    torch.testing.assert_close(on_features, on_images, rtol=1e-5, atol=1e-5)
    tested = build_runner(frozen_test(runner, folder)).test()
    assert tested['shot/all'] == runner.message_hub.get_scalar('val/shot/all').current()
    classifier = LongTailClassifier.load(folder / 'epoch_2.pth')
    answers = classifier.predict(images)
    predicted = [classifier.classes.index(answer.classes[0]) for answer in answers]
    assert predicted == on_images.argmax(1).tolist()


def frozen_test(runner, folder):
    cfg = runner.cfg.copy()
    cfg.update(load_from=str(folder / 'epoch_2.pth'), work_dir=str(folder / 'test'))
    return cfg


def test_a_resumed_run_ends_as_one_that_was_not_stopped(run, images, encoder, tmp_path):
    folder, runner = run
    cfg = frozen_config(images, tmp_path, encoder, 'paco', views=2, **LENGTH)
    cfg.update(load_from=str(folder / 'epoch_1.pth'), resume=True)
    resumed = build_runner(cfg, training=True)
    resumed.train()
    ended = unwrapped(resumed.model).state_dict()
    for name, value in unwrapped(runner.model).state_dict().items():
        assert torch.equal(ended[name], value), name


def test_a_loss_that_is_not_finite_names_the_images(images, encoder, tmp_path):
    cfg = frozen_config(images, tmp_path, encoder, **LENGTH)
    runner = build_runner(cfg, training=True)
    runner.register_hook(FaultAt(spoil_loss, 1))
    with pytest.raises(NotFiniteError) as stopped:
        runner.train()
    named = json.loads((tmp_path / 'not_finite.json').read_text())['images']
    assert set(named) <= {str(path) for path in Path(images).rglob('*.png')}
    assert len(named) > 1
    assert named[0] in str(stopped.value)


def test_an_image_whose_features_are_not_finite_is_named_first(run):
    dataset = find_cached(run[1].train_dataloader.dataset)
    features, dataset.features = dataset.features, dataset.features.clone()
    dataset.features[:, 3, 0] = float('nan')
    views = [dataset.features[1, [0, 3, 5]], dataset.features[0, [0, 3, 5]]]
    files = [dataset.get_data_info(idx)['img_path'] for idx in (3, 0, 5)]
    assert dataset.paths_of(views) == dataset.paths_of(views[0]) == files
    dataset.features = features


@pytest.fixture(scope='module')
def stage1(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp('stage1')
    Runner.from_cfg(toy_config(images, folder, 'cross_entropy', **LENGTH)).train()
    return folder / 'epoch_2.pth'


@pytest.mark.parametrize('head', ['linear', 'lws', 'mislas'])
def test_a_second_stage_takes_the_encoder_of_the_first(images, stage1, tmp_path, head):
    cfg = freeze(stage2_config(images, tmp_path, stage1, head, train_cfg__max_epochs=1, train_cfg__val_interval=1))
    cfg.train_dataloader.sampler = dict(type='ltcl.ClassBalancedSampler')
    runner = build_runner(cfg, training=True)
    runner.train()
    theirs = torch.load(stage1, weights_only=True)['state_dict']
    ours = unwrapped(runner.model).state_dict()
    for name, value in theirs.items():
        if name.startswith('backbone.'):
            assert torch.equal(ours[name.replace('backbone.', 'backbone.encoder.')], value), name
    assert torch.equal(ours['head.fc.weight'], theirs['head.fc.weight']) == (head == 'lws')


def test_class_means_and_neighbours_on_features(run, images, tmp_path):
    folder, runner = run
    cfg = frozen_test(runner, folder)
    cfg.work_dir = str(tmp_path)
    cfg.model.head = dict(type='ltcl.NearestClassMeanHead', num_classes=len(CLASS_COUNTS), in_channels=12)
    cfg.test_evaluator = [*cfg.test_evaluator, dict(type='ltcl.KNNAccuracy', k=3, bounds=(5, 20))]
    cfg.default_hooks.strict_load.ignore = [r'^(?!backbone\.|neck\.)']
    cfg.update(train_dataloader=None, train_cfg=None, optim_wrapper=None, param_scheduler=None)
    found = []
    for _ in range(2):
        cfg.custom_hooks = []
        add_bank(cfg)
        tester = build_runner(cfg.copy())
        found.append((tester.test(), unwrapped(tester.model).head.class_means))
        cfg.test_dataloader.dataset = images_of(cfg.test_dataloader.dataset)
    (on_features, means), (on_images, others) = found
    assert on_features == pytest.approx(on_images)
    assert means.norm(dim=1).min() > 0
    torch.testing.assert_close(means, others, rtol=1e-5, atol=1e-5)
