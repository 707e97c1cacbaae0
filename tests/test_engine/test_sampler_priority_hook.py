"""Priorities follow the training, and a resumed run draws what the whole one drew."""

import os
import signal

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.hooks import Hook
from toy import toy_config, write_images

from ltcl.engine import Runner
from ltcl.engine.hooks import SamplerPriorityHook
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.errors import UserError


def config(images, work_dir, method='cross_entropy', score='error', **changes):
    sampler = dict(type='ltcl.InstancePrioritySampler', max_priority=5.0, _delete_=True)
    cfg = toy_config(images, work_dir, method, train_dataloader__sampler=sampler, **changes)
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='ltcl.SamplerPriorityHook', score=score)]
    return cfg


class Watch(Hook):
    """Notes each batch and the scores that its images should get; may stop the run."""

    priority = 'HIGHEST'

    def __init__(self, stop_at=None):
        self.stop_at, self.batches, self.expected, self.labels = stop_at, {}, {}, {}

    def before_train(self, runner):
        runner.model.head.fc.register_forward_hook(lambda module, inputs, logits: self.logits.append(logits.detach()))

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.logits = []
        self.batches[runner.iter] = [sample.sample_idx for sample in data_batch['data_samples']]
        if runner.iter == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        labels = torch.cat([sample.gt_label for sample in data_batch['data_samples']])
        probabilities = F.softmax(self.logits[0][: len(labels)].float(), 1)
        for index, label, row in zip(self.batches[runner.iter], labels, probabilities, strict=True):
            self.expected[index] = float(1 - row[label])
            self.labels[index] = label.item()


def run(cfg, stop_at=None):
    runner = Runner.from_cfg(cfg)
    watch = Watch(stop_at)
    runner.register_hook(watch)
    if stop_at is None:
        runner.train()
    else:
        with pytest.raises(TrainingStopped):
            runner.train()
    return runner.train_dataloader.batch_sampler.sampler.sampler, watch


@pytest.mark.parametrize('method', ['cross_entropy', 'gpaco'])
def test_priority_is_the_last_error_of_each_image(images, tmp_path, method):
    sampler, watch = run(config(images, tmp_path, method, train_cfg__max_epochs=2))
    expected = [watch.expected.get(index, 5.0) for index in range(len(sampler.priorities))]
    assert any(value != 5.0 for value in expected)
    np.testing.assert_allclose(sampler.priorities, expected, rtol=1e-5)


@pytest.mark.parametrize(
    'wrap',
    [
        lambda one: dict(type='ConcatDataset', datasets=[one, one]),
        lambda one: dict(type='RepeatDataset', times=2, dataset=one),
    ],
    ids=['joined', 'repeated'],
)
def test_of_joined_images_each_has_its_own_priority(images, tmp_path, wrap):
    cfg = config(images, tmp_path, train_cfg__max_epochs=2)
    cfg.train_dataloader.dataset = wrap(cfg.train_dataloader.dataset.to_dict())
    sampler, watch = run(cfg)
    assert max(watch.expected) >= len(sampler.priorities) // 2
    expected = [watch.expected.get(index, 5.0) for index in range(len(sampler.priorities))]
    np.testing.assert_allclose(sampler.priorities, expected, rtol=1e-5)
    for index, label in watch.labels.items():
        assert sampler.labels[index] == label


def test_resumed_run_draws_what_the_whole_one_drew(images, tmp_path):
    whole_sampler, whole = run(config(images, tmp_path / 'whole', score='cross_entropy'))
    _, first = run(config(images, tmp_path / 'part', score='cross_entropy'), stop_at=7)
    sampler, second = run(config(images, tmp_path / 'part', score='cross_entropy', resume=True))
    assert min(second.batches) == 8
    assert {**first.batches, **second.batches} == whole.batches
    np.testing.assert_array_equal(sampler.priorities, whole_sampler.priorities)


def test_priorities_begin_anew_where_images_were_added(images, tmp_path, capsys):
    run(config(images, tmp_path / 'run'), stop_at=7)
    more = write_images(tmp_path / 'more', (24, 12, 5))
    sampler, watch = run(config(more, tmp_path / 'run', resume=True))
    assert '40 images and there are 41 now: all priorities begin anew' in capsys.readouterr().out
    assert len(sampler.priorities) == 41
    assert min(watch.batches) == 5  # epoch 2 is begun again


def test_mistakes_are_named(images, tmp_path):
    with pytest.raises(UserError, match="score='loss' must be one of error, cross_entropy"):
        SamplerPriorityHook('loss')
    cfg = config(images, tmp_path)
    cfg.train_dataloader.sampler = dict(type='DefaultSampler', shuffle=True)
    with pytest.raises(UserError, match='needs a priority sampler, the train_dataloader has DefaultSampler'):
        Runner.from_cfg(cfg).train()
    with pytest.raises(UserError, match='KCLHead has none'):
        Runner.from_cfg(config(images, tmp_path, 'kcl')).train()


def test_run_of_iterations(images, tmp_path):
    train_cfg = dict(_delete_=True, type='ltcl.ResumableIterTrainLoop', max_iters=4)
    cfg = config(images, tmp_path, train_cfg=train_cfg, param_scheduler=None)
    with pytest.raises(UserError, match=r'counts epochs, so the run must: set train_cfg\.max_epochs'):
        Runner.from_cfg(cfg).train()
