"""The bank through real runs: who gets it, in which order, and what the k-NN metric makes of it."""

import json

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS, MODELS, init_default_scope
from processes import run_processes
from sklearn.neighbors import KNeighborsClassifier
from torch import nn
from toy import CLASS_COUNTS, toy_config, write_images
from toy_stage2 import add_bank, stage2_config

from ltcl.engine import Runner
from ltcl.engine.hooks.feature_bank_hook import extract_features, in_order, with_pipeline
from ltcl.errors import UserError

SHOTS = dict(bounds=(5, 20))


@METRICS.register_module(force=True)
class KeepBank(BaseMetric):
    """A metric that only keeps what it is handed."""

    def set_feature_bank(self, features, labels):
        self.bank = features, labels

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {'kept': 1.0}


class Seeing(nn.Module):
    """A part of the model that keeps what it is handed."""

    def set_feature_bank(self, features, labels):
        self.seen = features, labels


def bank_runner(images, work_dir, **changes):
    cfg = toy_config(images, work_dir, 'cross_entropy', test_evaluator=[dict(type='KeepBank')], **changes)
    add_bank(cfg)
    return Runner.from_cfg(cfg)


def test_bank_is_in_the_order_of_the_data_set(images, tmp_path):
    runner = bank_runner(images, tmp_path)
    runner.model.neck.add_module('seeing', Seeing())
    runner.test()
    features, labels = runner.test_evaluator.metrics[0].bank
    assert labels.tolist() == [label for label, count in enumerate(CLASS_COUNTS) for _ in range(count)]
    assert features.shape == (sum(CLASS_COUNTS), 16)
    assert torch.equal(runner.model.neck.seeing.seen[0], features)
    dataset = runner.test_dataloader.dataset
    for index in (0, 23, 39):
        data = runner.model.data_preprocessor({'inputs': dataset[index]['inputs'][None]})
        torch.testing.assert_close(runner.model.extract_feat(data['inputs'])[-1][0], features[index])


def test_whatever_the_sampler_each_image_comes_once(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy', test_evaluator=[dict(type='KeepBank')])
    add_bank(cfg)
    loader = cfg.custom_hooks[-1]['dataloader']
    loader.update(sampler=dict(type='DefaultSampler', shuffle=True), drop_last=True, batch_size=7)
    runner = Runner.from_cfg(cfg)
    runner.test()
    labels = runner.test_evaluator.metrics[0].bank[1]
    assert labels.tolist() == sorted(labels.tolist())
    assert labels.bincount().tolist() == list(CLASS_COUNTS)


def test_without_a_dataloader_it_is_the_training_set_read_like_the_test_set(images, tmp_path):
    other = write_images(tmp_path / 'other', (5, 6, 7))
    cfg = toy_config(images, tmp_path, 'cross_entropy', test_evaluator=[dict(type='KeepBank')])
    cfg.train_dataloader.dataset.data_prefix = str(other)
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='ltcl.FeatureBankHook')]
    runner = Runner.from_cfg(cfg)
    runner.test()
    features, labels = runner.test_evaluator.metrics[0].bank
    assert labels.bincount().tolist() == [5, 6, 7]
    # Nothing random: the images pass the test pipeline.
    cfg.test_dataloader.dataset.data_prefix = str(other)
    expected, _ = extract_features(runner.model, Runner.build_dataloader(cfg.test_dataloader))
    torch.testing.assert_close(features, expected)


def test_without_any_training_set_it_asks_for_one(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy', test_evaluator=[dict(type='KeepBank')])
    cfg.train_dataloader = cfg.train_cfg = cfg.optim_wrapper = cfg.param_scheduler = None
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='ltcl.FeatureBankHook')]
    with pytest.raises(UserError, match=r'no train_dataloader: .*FeatureBankHook\(dataloader=\)'):
        Runner.from_cfg(cfg).test()


def test_pipeline_of_a_wrapped_data_set():
    inner = dict(type='CustomDataset', pipeline=['old'])
    wrapped = dict(
        type='ltcl.LongTailedDataset', imbalance_factor=10, dataset=dict(type='RepeatDataset', dataset=inner)
    )
    changed = with_pipeline(wrapped, ['new'])
    assert changed['dataset']['dataset'] == dict(type='CustomDataset', pipeline=['new'])
    assert changed['imbalance_factor'] == 10
    assert inner['pipeline'] == ['old']
    joined = with_pipeline(dict(type='ConcatDataset', datasets=[inner, wrapped]), ['new'])
    assert joined == dict(type='ConcatDataset', datasets=[dict(type='CustomDataset', pipeline=['new']), changed])


@pytest.mark.parametrize('training', [True, False])
def test_mode_is_restored_and_statistics_stay(images, tmp_path, training):
    runner = bank_runner(images, tmp_path)
    runner.model.train(training)
    before = runner.model.backbone.bn1.running_mean.clone()
    first, _ = extract_features(runner.model, runner.build_dataloader(runner.cfg.test_dataloader))
    assert runner.model.training is training
    assert runner.model.head.training is training
    assert torch.equal(runner.model.backbone.bn1.running_mean, before)
    assert not first.requires_grad


def test_nothing_is_built_where_nobody_asks(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy')
    add_bank(cfg)
    cfg.custom_hooks[-1]['dataloader']['dataset']['data_prefix'] = 'no such folder'
    assert Runner.from_cfg(cfg).test()['shot/all'] >= 0


def test_feature_maps_are_refused(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy', test_evaluator=[dict(type='KeepBank')])
    cfg.model.neck = None
    add_bank(cfg)
    with pytest.raises(UserError, match=r'shape \(8, 16, 4, 4\).*GlobalAveragePooling'):
        Runner.from_cfg(cfg).test()


def test_knn_of_a_run_agrees_with_scikit_learn(images, tmp_path):
    # The classes differ in brightness, which even random features keep, almost.
    cfg = stage2_config(images, tmp_path, None, 'ncm')
    cfg.custom_hooks[-1]['dataloader']['dataset']['data_prefix'] = str(write_images(tmp_path / 'bank', (9, 14, 4)))
    runner = Runner.from_cfg(cfg)
    accuracy = runner.test()['knn/all']
    bank, queries = (
        [part.numpy() for part in extract_features(runner.model, Runner.build_dataloader(loader))]
        for loader in (cfg.custom_hooks[-1]['dataloader'], cfg.test_dataloader)
    )
    votes = KNeighborsClassifier(3, metric='cosine', weights=lambda distances: np.exp((1 - distances) / 0.07))
    assert accuracy == pytest.approx(100 * votes.fit(*bank).score(*queries))
    assert 90 < accuracy < 100


def test_report_of_a_first_stage_with_the_knn_metric_alone(images, tmp_path):
    evaluator = [dict(type='ltcl.KNNAccuracy', k=3, **SHOTS)]
    changes = dict(train_cfg__max_epochs=2, train_cfg__val_interval=1, val_evaluator=evaluator)
    cfg = toy_config(images, tmp_path, 'paco', with_report=True, **changes)
    cfg.model.head = dict(type='ltcl.KCLHead', num_classes=3, feat_dim=8, queue_len=12)
    cfg.default_hooks.checkpoint.save_best = 'knn/all'
    add_bank(cfg)
    Runner.from_cfg(cfg).train()
    report = json.loads((tmp_path / 'metrics.json').read_text())
    assert (report['shot_prefix'], report['best_by'], report['bounds']) == ('knn', 'knn/all', [5, 20])
    assert [entry['epoch'] for entry in report['history']] == [1, 2]
    assert all(0 <= entry['metrics']['knn/all'] <= 100 for entry in report['history'])
    assert report['best']['metrics']['knn/all'] == max(entry['metrics']['knn/all'] for entry in report['history'])
    assert [row['train_count'] for row in report['per_class']] == list(CLASS_COUNTS)
    assert [row['group'] for row in report['per_class']] == ['many', 'medium', 'few']
    assert {'per_class.png', 'training_curves.png'} <= {path.name for path in tmp_path.iterdir()}
    assert len(list(tmp_path.glob('best_knn_all_epoch_*.pth'))) == 1


def make_bank(images, work_dir):
    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    model = MODELS.build(toy_config(images, work_dir, 'cross_entropy').model)
    model.init_weights()
    loader = toy_config(images, work_dir, 'cross_entropy', test_dataloader__batch_size=6).test_dataloader
    return extract_features(model, Runner.build_dataloader(in_order(loader)))


def compare_banks(rank, images, work_dir):
    features, labels = make_bank(images, work_dir)
    alone = torch.load(f'{work_dir}/alone.pth')
    torch.testing.assert_close(features, alone['features'])
    assert torch.equal(labels, alone['labels'])


@pytest.mark.parametrize('class_counts', [(9, 4, 1), (8, 6, 3)], ids=['even', 'odd'])
def test_two_processes_make_the_bank_of_one(tmp_path, class_counts):
    images = str(write_images(tmp_path / 'images', class_counts))
    features, labels = make_bank(images, tmp_path)
    assert len(features) == sum(class_counts)
    torch.save({'features': features, 'labels': labels}, tmp_path / 'alone.pth')
    run_processes(compare_banks, world_size=2, images=images, work_dir=str(tmp_path))
