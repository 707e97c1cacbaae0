import numpy as np
import pytest
from mmengine.dataset import BaseDataset as EngineDataset
from mmengine.dataset import ConcatDataset
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.datasets import BaseDataset
from PIL import Image

from ltcl.datasets import LongTailedDataset, sample_long_tail
from ltcl.errors import UserError
from ltcl.registry import DATASETS

LABELS = np.random.RandomState(0).permutation(np.repeat(np.arange(4), 20))


class ToyDataset(BaseDataset):
    METAINFO = {'classes': tuple('abcd')}

    def load_data_list(self):
        return [{'img': np.full((2, 2), i), 'gt_label': int(label)} for i, label in enumerate(LABELS)]


@pytest.mark.parametrize('lazy_init', [False, True])
def test_instance_is_drawn_and_left_whole(lazy_init):
    toy = ToyDataset(ann_file='')
    dataset = LongTailedDataset(toy, imbalance_factor=10, lazy_init=lazy_init)
    kept = sample_long_tail(LABELS, 10)
    assert dataset.metainfo['classes'] == tuple('abcd')
    assert len(dataset) == len(kept) == 20 + 9 + 4 + 2
    np.testing.assert_array_equal(dataset.get_gt_labels(), LABELS[kept])
    assert [dataset[i]['img'][0, 0] for i in range(len(dataset))] == kept.tolist()
    assert dataset.get_data_info(3)['gt_label'] == LABELS[kept[3]]
    assert len(toy) == 80


def test_step_profile_and_num_max():
    dataset = LongTailedDataset(ToyDataset(ann_file=''), imbalance_factor=5, profile='step', num_max=10)
    assert np.bincount(dataset.get_gt_labels()).tolist() == [10, 10, 2, 2]


def test_image_folder_in_a_train_dataloader(tmp_path):
    for name in ('bag', 'coat'):
        (tmp_path / name).mkdir()
        for i in range(8):
            Image.new('L', (4, 4)).save(tmp_path / name / f'{i}.png')
    init_default_scope('mmpretrain')
    loader = Runner.build_dataloader(
        {
            'batch_size': 5,
            'num_workers': 0,
            'collate_fn': {'type': 'default_collate'},
            'sampler': {'type': 'DefaultSampler', 'shuffle': True},
            'dataset': {
                'type': 'ltcl.LongTailedDataset',
                'imbalance_factor': 4,
                'dataset': {
                    'type': 'CustomDataset',
                    'data_root': str(tmp_path),
                    'pipeline': [{'type': 'LoadImageFromFile'}, {'type': 'PackInputs'}],
                },
            },
        }
    )
    assert loader.dataset.metainfo['classes'] == ('bag', 'coat')
    labels = [int(sample.gt_label) for batch in loader for sample in batch['data_samples']]
    assert np.bincount(labels).tolist() == [8, 2]


def test_more_labels_than_classes_is_named():
    with pytest.raises(UserError, match='labels reach from 0 to 3, but num_classes is 3'):
        LongTailedDataset(ToyDataset(ann_file='', metainfo={'classes': tuple('abc')}))


def test_what_has_no_labels_is_refused():
    init_default_scope('mmpretrain')
    with pytest.raises(UserError, match='cannot wrap ConcatDataset'):
        LongTailedDataset(ConcatDataset([ToyDataset(ann_file='')]))
    with pytest.raises(UserError, match='cannot wrap BaseDataset'):
        LongTailedDataset(EngineDataset(lazy_init=True))
    with pytest.raises(UserError, match=r'must be at least 1, got 0\.5'):
        DATASETS.build({'type': 'ltcl.LongTailedDataset', 'dataset': ToyDataset(ann_file=''), 'imbalance_factor': 0.5})
