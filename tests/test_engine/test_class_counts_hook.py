from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS, init_default_scope
from mmengine.runner import Runner
from mmpretrain.datasets import BaseDataset, KFoldDataset
from mmpretrain.registry import DATASETS
from mmpretrain.structures import DataSample
from torch import nn

from ltcl.checkpoints.reading import load_from_local
from ltcl.datasets.samplers import ClassBalancedSampler, SeededDataset
from ltcl.engine.hooks import ClassCountsHook
from ltcl.engine.hooks.class_counts_hook import count_classes
from ltcl.errors import UserError
from ltcl.registry import MODELS

TOY_COUNTS = dict(type='ToyCounts', ann_file='')


class Labels:
    """A data set of labels only."""

    def __init__(self, labels: list[int], classes: tuple | None = None) -> None:
        self.labels = labels
        self.metainfo = {} if classes is None else {'classes': classes}

    def get_gt_labels(self) -> np.ndarray:
        return np.array(self.labels)


class Categories:
    """A data set of mmengine's kind: one list of labels per image."""

    metainfo = {'classes': tuple('abc')}

    def __len__(self) -> int:
        return 4

    def get_cat_ids(self, index: int) -> list[int]:
        return [[0], [2], [0], [0]][index]


@pytest.mark.parametrize(
    ('classes', 'expected'), [(None, [3, 0, 1]), (tuple('abc'), [3, 0, 1]), (tuple('abcde'), [3, 0, 1, 0, 0])]
)
def test_count_classes(classes, expected):
    counts = count_classes(Labels([0, 2, 0, 0], classes))
    assert counts.dtype == np.int64
    assert counts.tolist() == expected


def test_data_set_that_does_not_tell_its_labels():
    with pytest.raises(UserError, match=r'Categories has no get_gt_labels\(\): .* default_hooks.class_counts=None'):
        count_classes(SeededDataset(Categories()))


@pytest.mark.parametrize('labels', [[[0, 1], [2]], [[0, 1], [1, 2]]])
def test_data_set_of_several_labels_an_image(labels):
    images = SeededDataset(SimpleNamespace(get_gt_labels=lambda: np.array(labels)))  # as that of mmpretrain
    with pytest.raises(UserError, match='gives an image a list of classes, and one is needed'):
        count_classes(images)


@pytest.mark.parametrize(
    ('wrap', 'expected'),
    [
        (lambda images: RepeatDataset(images, times=2), [6, 0, 2]),
        (lambda images: ConcatDataset([images, images]), [6, 0, 2]),
        (lambda images: ClassBalancedDataset(images, oversample_thr=0.75), [3, 0, 2]),
        (lambda images: KFoldDataset(TOY_COUNTS, fold=2, num_splits=4, test_mode=True), [0, 0, 1]),
    ],
)
def test_wrapped_images_are_counted(wrap, expected):
    images = wrap(ToyCounts(''))
    assert count_classes(SeededDataset(images)).tolist() == expected
    labels = [images[index]['data_samples'].gt_label.item() for index in range(len(images))]
    numbered = ClassBalancedSampler(SeededDataset(images)).labels  # without gaps
    assert np.unique(labels)[numbered].tolist() == labels


@pytest.mark.parametrize('label', [3, -1])
def test_label_outside_the_classes(label):
    with pytest.raises(UserError, match=rf'label {label} of Labels is outside its 3 classes'):
        count_classes(Labels([0, 1, label], tuple('abc')))


@DATASETS.register_module(name='ToyCounts')
class ToyCounts(BaseDataset):
    METAINFO = {'classes': tuple('abc')}

    def load_data_list(self) -> list[dict]:
        return [{'inputs': torch.randn(4, 1, 1), 'gt_label': label} for label in (0, 0, 2, 0)]

    def prepare_data(self, index: int) -> dict:
        info = self.get_data_info(index)
        return {'inputs': info['inputs'], 'data_samples': DataSample().set_gt_label(info['gt_label'])}


@METRICS.register_module(name='RecordCounts')
class RecordCounts(BaseMetric):
    counts = None

    def set_class_counts(self, counts) -> None:
        self.counts = list(counts)

    def process(self, data_batch, data_samples) -> None:
        self.results.append(self.counts)

    def compute_metrics(self, results) -> dict:
        return {'counts_known': float(all(counts == [3, 0, 1] for counts in results))}


MODEL = dict(
    type='ImageClassifier',
    backbone=dict(type='ltcl.CifarResNet', num_blocks=(1,), in_channels=4, base_channels=4),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead',
        num_classes=3,
        in_channels=4,
        loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=3),
    ),
)


def dataloader(**kwargs) -> dict:
    return dict(
        dataset=dict(type='ToyCounts', ann_file=''),
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        **kwargs,
    )


def build_runner(work_dir: Path, **kwargs) -> Runner:
    return Runner.from_cfg(
        Config(
            dict(
                model=MODEL,
                work_dir=str(work_dir),
                custom_hooks=[dict(type='ltcl.ClassCountsHook')],
                default_scope='mmpretrain',
                log_level='ERROR',
                experiment_name=f'{work_dir.parent.name}_{work_dir.name}',
                **kwargs,
            )
        )
    )


def evaluation(name: str) -> dict:
    return {f'{name}_dataloader': dataloader(), f'{name}_evaluator': dict(type='RecordCounts'), f'{name}_cfg': {}}


def training() -> dict:
    return dict(
        train_dataloader=dataloader(),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
    )


def test_counts_reach_model_metrics_and_a_later_test(tmp_path):
    trained = build_runner(tmp_path / 'train', **training(), **evaluation('val'))
    trained.train()
    assert trained.model.head.loss_module.class_counts.tolist() == [3, 0, 1]
    assert trained.val_loop.evaluator.metrics[0].counts == [3, 0, 1]
    path = tmp_path / 'train' / 'epoch_1.pth'
    assert load_from_local(path)['meta']['class_counts'] == [3, 0, 1]
    # No training set here: the counts come out of the checkpoint.
    tested = build_runner(tmp_path / 'test', **evaluation('test'), load_from=str(path))
    assert tested.test() == {'counts_known': 1.0}
    assert tested.model.head.loss_module.class_counts.tolist() == [3, 0, 1]


@pytest.mark.parametrize('name', ['val', 'test'])
def test_evaluation_without_checkpoint_counts_the_training_set_of_the_config(tmp_path, name):
    runner = build_runner(tmp_path / name, **training(), **evaluation(name))
    assert getattr(runner, name)() == {'counts_known': 1.0}


def test_neither_checkpoint_nor_training_set(tmp_path):
    assert build_runner(tmp_path / 'test', **evaluation('test')).test() == {'counts_known': 0.0}


def test_model_of_another_number_of_classes():
    runner = SimpleNamespace(
        model=MODELS.build(dict(type='ltcl.BalancedSoftmaxLoss', num_classes=5)),
        train_dataloader=SimpleNamespace(dataset=Labels([0, 1, 1], tuple('abc'))),
        _val_loop=None,
        _test_loop=None,
    )
    with pytest.raises(UserError, match=r'has 3 classes but BalancedSoftmaxLoss has num_classes=5'):
        ClassCountsHook().before_train(runner)


def test_old_checkpoint_without_counts():
    hook = ClassCountsHook()
    hook.after_load_checkpoint(None, {'state_dict': {}})
    checkpoint = {'meta': {}}
    hook.before_save_checkpoint(None, checkpoint)
    assert checkpoint['meta']['class_counts'] is None


def paco(**head) -> nn.Module:
    init_default_scope('mmpretrain')
    return MODELS.build(
        dict(
            type='ltcl.ContrastiveClassifier',
            online_views=(0, 1),
            backbone=MODEL['backbone'],
            neck=MODEL['neck'],
            projector=dict(type='ltcl.Projector', out_channels=8),
            head=dict(type='ltcl.PaCoHead', num_classes=3, **head),
        )
    )


@pytest.mark.parametrize(
    ('head', 'expected'),
    [
        (dict(queue_len=56, alpha=0.5), 'asks only 0.043 of the centre of the largest class, whose images meet 45 of'),
        (
            dict(queue_len=56, alpha=0.5, with_prior=False),
            'below 0.18 classes of many images are hardly ever',
        ),
        (dict(queue_len=56, alpha=0.022), None),
    ],
)
def test_alpha_that_asks_too_little_of_the_largest_class_is_told(monkeypatch, head, expected):
    """60 rows, of which 45 are of the class with 3 of 4 images."""
    told = []
    monkeypatch.setattr('ltcl.engine.hooks.class_counts_hook.warn', told.append)
    loader = SimpleNamespace(dataset=Labels([0, 0, 0, 2], tuple('abc')), batch_size=2)
    logger = SimpleNamespace(info=lambda text: None)
    ClassCountsHook().before_train(
        SimpleNamespace(model=paco(**head), train_dataloader=loader, logger=logger, _val_loop=None, _test_loop=None)
    )
    assert [expected in text for text in told] == ([] if expected is None else [True])
    if told:
        assert 'model.head.alpha=0.022, or --fit-recipe' in told[0]
