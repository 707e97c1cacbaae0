"""MiSLAS: a first stage with mixup, then shifted norms, classifier and scales under label-aware smoothing."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.structures import DataSample
from resume_checks import assert_same_state, train
from toy import CLASS_COUNTS, toy_config
from toy_stage2 import stage2_config

from ltcl.checkpoints.reading import load_from_local
from ltcl.engine.hooks.stop_signal_hook import TrainingStopped
from ltcl.models import LWSHead

NUM_CLASSES = len(CLASS_COUNTS)


@pytest.fixture(scope='module')
def stage1(images, tmp_path_factory) -> Path:
    """Checkpoint of an epoch of cross entropy with mixup."""
    init_default_scope('mmpretrain')
    changes = dict(
        train_cfg__max_epochs=1,
        model__data_preprocessor__num_classes=NUM_CLASSES,
        model__data_preprocessor__batch_augments=dict(augments=dict(type='Mixup', alpha=1.0)),
        model__head__loss=dict(type='CrossEntropyLoss', use_soft=True),
    )
    folder = tmp_path_factory.mktemp('mixup')
    train(toy_config(images, folder, 'cross_entropy', **changes))
    return folder / 'epoch_1.pth'


def test_classifier_and_scales_are_trained():
    head = LWSHead(3, 2, train_classifier=True)
    head.loss((torch.ones(2, 2),), [DataSample().set_gt_label(label) for label in (0, 2)])['loss'].backward()
    assert {name for name, value in head.named_parameters() if value.grad is not None} == {
        'scales',
        'fc.weight',
        'fc.bias',
    }


def test_second_stage_shifts_the_statistics_and_leaves_the_encoder(images, tmp_path, stage1):
    runner = train(stage2_config(images, tmp_path, stage1, 'mislas', train_cfg__max_epochs=1))
    before, after = load_from_local(stage1)['state_dict'], runner.model.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    statistics = {name for name in before if 'running_' in name or 'num_batches' in name}
    assert moved == statistics | {'head.fc.weight', 'head.fc.bias'}
    assert 'backbone.bn1.weight' in before.keys() - moved  # what scales and shifts the normalised features
    assert not torch.equal(after['head.scales'], torch.ones(NUM_CLASSES))
    assert runner.model.head.loss_module.class_counts.tolist() == list(CLASS_COUNTS)


def test_the_classifier_has_a_rate_of_its_own(images, tmp_path, stage1):
    runner = train(stage2_config(images, tmp_path, stage1, 'mislas', train_cfg__max_epochs=1))
    groups = runner.optim_wrapper.optimizer.param_groups
    rates = {name: group['initial_lr'] for name, group in zip(trained_names(runner.model), groups, strict=True)}
    assert rates == pytest.approx({'head.scales': 0.05, 'head.fc.weight': 0.01, 'head.fc.bias': 0.01})


def trained_names(model: torch.nn.Module) -> list[str]:
    """Of the parameters, in the order in which the optimizer has them."""
    return [name for name, value in model.named_parameters() if value.requires_grad]


def test_second_stage_resumes_bit_exact(images, tmp_path, stage1):
    changes = dict(train_cfg__max_epochs=2)
    whole = train(stage2_config(images, tmp_path / 'whole', stage1, 'mislas', **changes))
    with pytest.raises(TrainingStopped):
        train(stage2_config(images, tmp_path / 'part', stage1, 'mislas', **changes), stop_at=6)
    resumed = train(stage2_config(images, tmp_path / 'part', None, 'mislas', resume=True, **changes))
    assert_same_state(resumed, whole)
