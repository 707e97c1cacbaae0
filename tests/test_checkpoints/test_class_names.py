"""The classes that a checkpoint tells, whoever wrote it."""

import pytest
import torch
from mmengine.config import Config

from ltcl.checkpoints.class_names import trained_classes
from ltcl.errors import UserError
from ltcl.launch.config_values import fill_num_classes


def holding(classes):
    return {'meta': {'dataset_meta': {'classes': classes}}}


@pytest.mark.parametrize('names', [['a', 'b'], ('th\udce9', '\x1b[31m'), ['a' * 10_000_000]])
def test_names_are_text_of_any_kind(names):
    assert trained_classes(holding(names), 'x.pth') == list(names)


@pytest.mark.parametrize(
    'checkpoint',
    [{}, {'meta': None}, {'meta': {}}, {'meta': {'dataset_meta': None}}, holding(None), holding([]), holding(())],
)
def test_converted_checkpoint_tells_none(checkpoint):
    assert trained_classes(checkpoint, 'x.pth') is None


@pytest.mark.parametrize(
    ('checkpoint', 'place'),
    [
        ([], 'content'),
        ({'meta': 5}, 'meta'),
        ({'meta': {'dataset_meta': ['a']}}, 'meta.dataset_meta'),
        *((holding(it), 'meta.dataset_meta.classes') for it in ([0, 1], 'ab', {'a': 1}, [['a']], [None], [b'a'], 7)),
        (holding(torch.arange(2)), 'meta.dataset_meta.classes'),
    ],
)
def test_anything_else_is_one_line(checkpoint, place):
    with pytest.raises(UserError, match=rf'^checkpoint x\.pth: its {place} is not what a training writes'):
        trained_classes(checkpoint, 'x.pth')


def test_names_survive_the_file_and_reach_the_test_set(tmp_path):
    names = ['th\udce9', '\x1b[31m', '\ud800']
    torch.save(holding(names), tmp_path / 'x.pth')
    cfg = Config(dict(num_classes=None, test_dataloader=dict(dataset=dict(type='ltcl.OwnImages'))))
    fill_num_classes(cfg, str(tmp_path / 'x.pth'))
    assert cfg.num_classes == 3
    assert cfg.test_dataloader.dataset.classes == names
