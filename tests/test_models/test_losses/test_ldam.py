import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample

from ltcl.errors import UserError
from ltcl.functional import effective_number_weights, ldam_loss
from ltcl.models.losses import LDAMLoss

COUNTS = torch.tensor([160_000, 10_000, 16, 1])


def test_in_the_slot_of_a_head():
    head = MODELS.build(
        dict(
            type='ltcl.CosineClsHead',
            num_classes=4,
            in_channels=8,
            loss=dict(type='ltcl.LDAMLoss', num_classes=4, effective_number_beta=0.9999, class_counts=COUNTS.tolist()),
        )
    )
    feats, labels = torch.randn(5, 8), torch.tensor([0, 1, 2, 3, 3])
    samples = [DataSample().set_gt_label(label) for label in labels]
    loss = head.loss((feats,), samples)['loss']
    expected = ldam_loss(head((feats,)), labels, COUNTS, class_weights=effective_number_weights(COUNTS, 0.9999))
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert torch.isfinite(head.fc.weight.grad).all()


@pytest.mark.parametrize('option', ['scale', 'max_margin'])
def test_mistakes(option):
    with pytest.raises(UserError, match=f'{option}=0'):
        LDAMLoss(4, **{option: 0})


def test_margins_are_of_the_scale_of_the_classifier():
    loss = dict(type='ltcl.LDAMLoss', num_classes=4, class_counts=COUNTS.tolist())
    head = dict(type='ltcl.CosineClsHead', num_classes=4, in_channels=8, scale=16, loss=loss)
    with pytest.raises(UserError, match=r'scale=16, and its loss has margins for scale=30: set head\.scale and'):
        MODELS.build(head)
    MODELS.build({**head, 'loss': {**loss, 'scale': 16}})
