"""Every recipe of segmentation trains two iterations and validates, on data in the exact layout of its data set."""

import math

import pytest
import torch
from mmengine.registry import DATASETS, init_default_scope
from seg_layouts import NUM_TRAIN, NUM_VAL, WRITERS
from small_seg_config import RECIPES, data_set_of, load_small

from ltcl.engine import Runner


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_two_iterations_and_a_validation(path, seg_layout, tmp_path):
    runner = Runner.from_cfg(load_small(path, seg_layout(data_set_of(path)), tmp_path))
    model = runner.model
    model.init_weights()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    model.init_weights = lambda: None
    runner.train()

    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == 2
    assert all(math.isfinite(loss) for loss in losses)
    named = {name.split('.')[-1] for name in runner.message_hub.log_scalars if 'loss_' in name}
    branches = {f'loss_{name}' for name in model.decode_head.branches}
    assert named == {'loss_ce', *branches} | ({'loss_lovasz'} if 'lovasz' in path.stem else set())
    parameters = dict(model.named_parameters())
    assert all(torch.isfinite(value).all() for value in parameters.values())
    moved = {name for name, value in parameters.items() if not value.equal(before[name])}
    assert moved == {name for name, value in parameters.items() if value.requires_grad}
    frozen = {name for name in parameters if name not in moved}
    assert all(name.startswith('decode_head.branches.region.') for name in frozen)
    assert bool(frozen) == ('region' in model.decode_head.branches)
    assert 0 <= runner.message_hub.get_scalar('val/seg/mIoU').current() <= 100


@pytest.mark.parametrize('data_set', WRITERS)
def test_data_set_as_written(data_set, seg_layout, tmp_path):
    path = next(path for path in RECIPES if data_set_of(path) == data_set)
    cfg = load_small(path, seg_layout(data_set), tmp_path)
    init_default_scope('mmseg')
    num_classes = cfg.model.decode_head.num_classes
    for loader, number in (('train_dataloader', NUM_TRAIN), ('val_dataloader', NUM_VAL)):
        dataset = DATASETS.build(cfg[loader].dataset)
        assert (len(dataset), len(dataset.metainfo['classes'])) == (number, num_classes)
        samples = [dataset[i] for i in range(number)]
        seen = torch.cat([sample['data_samples'].gt_sem_seg.data.unique() for sample in samples]).unique()
        assert set(seen.tolist()) <= {*range(num_classes), 255}
        assert 255 in seen
