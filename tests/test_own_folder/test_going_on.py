"""What a training that goes on with another model tells of the images that the model has seen."""

from types import SimpleNamespace

import pytest
from mmengine.config import Config

from ltcl.own_folder.found import Found
from ltcl.own_folder.going_on import _division, warn_of_trained_images

WARNING = 'warning: the validation is drawn anew, and work_dirs/birds was trained on some of its images'


def config(**draw):
    images = dict(type='ltcl.OwnImages', data_root='birds', val_share=0.2, **draw)
    return Config(dict(train_dataloader=dict(dataset=dict(type='ltcl.CachedFeatures', dataset=images))))


@pytest.mark.parametrize(
    ('classes', 'counts', 'is_drawn', 'draw', 'is_told'),
    [
        (['a', 'b'], [8, 4], True, {}, False),
        (['a', 'b'], [9, 4], True, {}, True),
        (['b', 'a'], [4, 8], True, {}, True),
        (['a', 'b', 'c'], [8, 4, 4], True, {}, True),
        (['a', 'b'], [8, 4], True, dict(split_seed=1), True),
        (['a', 'b', 'c'], [8, 4, 4], False, {}, False),
    ],
)
def test_a_validation_with_images_that_were_trained_on_is_told(classes, counts, is_drawn, draw, is_told, capsys):
    args = SimpleNamespace(start_from='work_dirs/birds', earlier_division=_division(config(), ['a', 'b'], [8, 4]))
    warn_of_trained_images(args, config(**draw), Found(classes, counts, 3, None, is_drawn))
    assert capsys.readouterr().err.startswith(WARNING) == is_told
