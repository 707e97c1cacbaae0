import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn
from toy import toy_config, write_images

from ltcl.engine import Runner
from ltcl.engine.class_agreement import check_head, check_names, class_names
from ltcl.errors import UserError


class Named:
    def __init__(self, *classes: str) -> None:
        self.metainfo = {'classes': classes}


def test_labels_as_text_are_no_names():
    assert class_names(Named('0', '1', '2')) is None
    assert class_names(object()) is None
    assert class_names(Named('1', '2')) == ['1', '2']
    assert class_names(Named('cafe\u0301')) == ['caf\u00e9']


@pytest.mark.parametrize(
    'scored',
    [None, ['ant', 'bee', 'cat'], ['ant', 'bee'], ['ameise', 'biene', 'katze']],
    ids=['unnamed', 'same', 'last_is_missing', 'other_language'],
)
def test_names_that_may_be_alike(scored):
    check_names(['ant', 'bee', 'cat'], scored, 'val_dataloader')
    check_names(scored, ['ant', 'bee'], 'val_dataloader')


@pytest.mark.parametrize(
    ('scored', 'words'),
    [
        (['ant', 'cat'], 'there is no class bee, so label 1 is cat there and bee in the training'),
        (['bee', 'ant', 'cat'], 'in another order, so label 0 is bee there and ant in the training'),
        (['ant', 'bee', 'cow'], 'no class cow'),
        (['ant', 'bee', 'cat', 'dog'], 'no class dog'),
    ],
)
def test_names_of_other_classes(scored, words):
    with pytest.raises(UserError, match=f'^val_dataloader: .*{words}'):
        check_names(['ant', 'bee', 'cat'], scored, 'val_dataloader')


def test_head_without_classes():
    check_head(nn.Linear(1, 1), 3)


@pytest.mark.parametrize(('method', 'num_classes'), [('cross_entropy', 2), ('cross_entropy', 5), ('kcl', 5)])
def test_head_of_other_classes_trains_nothing(tmp_path, method, num_classes):
    cfg = toy_config(write_images(tmp_path / 'images'), tmp_path / 'run', method, model__head__num_classes=num_classes)
    with pytest.raises(UserError, match=rf'3 classes but \w+Head has num_classes={num_classes}'):
        Runner.from_cfg(cfg).train()
    assert not list((tmp_path / 'run').glob('*.pth'))


def test_test_images_of_other_classes(tmp_path):
    images, others = (write_images(tmp_path / name, (3, 3, 3)) for name in ('images', 'others'))
    (others / 'class_1').rename(others / 'zebra')
    cfg = toy_config(images, tmp_path / 'run', 'cross_entropy', max_epochs=1)
    cfg.test_dataloader.dataset.data_prefix = str(others)
    runner = Runner.from_cfg(cfg)
    torch.save(
        dict(
            state_dict=runner.model.state_dict(),
            meta=dict(class_counts=[3, 3, 3], dataset_meta=dict(classes=['class_0', 'class_1', 'class_2'])),
        ),
        tmp_path / 'model.pth',
    )
    runner.load_checkpoint(str(tmp_path / 'model.pth'))
    with DefaultScope.overwrite_default_scope('mmpretrain'), pytest.raises(UserError, match=r'^test_dataloader.*zebra'):
        runner.test()
