"""Classifiers that start from the means of their classes."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from toy import toy_config
from toy_frozen import encoder_file, frozen_config

from ltcl.engine.hooks.class_mean_start_hook import ClassMeanStartHook, classifier_of, set_rows
from ltcl.errors import UserError
from ltcl.launch import build_runner
from ltcl.models.heads.cosine import CosineLinear

FEATURES = torch.tensor([[3.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
LABELS = torch.tensor([0, 0, 2])


@pytest.mark.parametrize('make', [lambda: CosineLinear(2, 3), lambda: nn.Linear(2, 3)])
def test_rows_are_means_and_a_class_without_images_keeps_its_own(make):
    classifier = make()
    before = classifier.weight.detach().clone()
    set_rows(classifier, FEATURES, LABELS)
    assert classifier.weight[[0, 2]].tolist() == [[1, 0], [0, 1]]
    assert torch.equal(classifier.weight[1], before[1])
    if classifier.bias is not None:
        assert classifier.bias[[0, 2]].tolist() == [0, 0]


def test_only_chosen_classes():
    classifier = CosineLinear(2, 3)
    before = classifier.weight.detach().clone()
    set_rows(classifier, FEATURES, LABELS, [2, 1])
    assert torch.equal(classifier.weight[:2], before[:2])
    assert classifier.weight[2].tolist() == [0, 1]


def test_every_expert_starts_from_the_means():
    classifier = nn.Linear(2, 6)
    before = classifier.weight.detach().clone()
    set_rows(classifier, FEATURES, LABELS, experts=2)
    assert classifier.weight[[0, 2, 3, 5]].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert torch.equal(classifier.weight[[1, 4]], before[[1, 4]])
    assert classifier.bias[[0, 2, 3, 5]].tolist() == [0, 0, 0, 0]


def test_a_head_without_classifier():
    with pytest.raises(UserError, match='Identity has no linear or cosine classifier'):
        classifier_of(nn.ModuleDict(dict(head=nn.Identity())))


def test_before_a_training_on_features(images, tmp_path):
    cfg = frozen_config(images, tmp_path, encoder_file(tmp_path), head='cosine', train_cfg__max_epochs=1)
    cfg.optim_wrapper.optimizer.update(lr=1e-30, weight_decay=0.0)  # the rows stay what they start from
    runner = build_runner(cfg, training=True)
    runner.train()
    dataset = runner.val_dataloader.dataset
    features, labels = dataset.features[0], torch.as_tensor(dataset.get_gt_labels())
    means = torch.stack([features[labels == label].mean(0) for label in labels.unique()])
    weight = runner.model.head.fc.weight.detach()
    torch.testing.assert_close(weight, F.normalize(means, dim=1))


class Watched(ClassMeanStartHook):
    """Keeps the rows that it has set."""

    def before_train(self, runner):
        super().before_train(runner)
        self.rows = runner.model.head.fc.weight.detach().clone()


def test_before_a_training_on_images_and_not_on_resume(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy', train_cfg__max_epochs=1)
    runner = build_runner(cfg, training=True)
    watched = Watched()
    runner.register_hook(watched)
    runner.train()
    torch.testing.assert_close(watched.rows.norm(dim=1), torch.ones(3))
    weight = runner.model.head.fc.weight.detach().clone()
    runner = build_runner(
        toy_config(images, tmp_path, 'cross_entropy', train_cfg__max_epochs=2, resume=True), training=True
    )
    runner.register_hook(watched)
    runner.train()
    assert torch.equal(watched.rows, weight)
