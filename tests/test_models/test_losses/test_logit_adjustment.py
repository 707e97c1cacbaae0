import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample

from ltcl.errors import UserError
from ltcl.functional import logit_adjusted_loss
from ltcl.models import BalancedSoftmaxLoss, LogitAdjustedLoss
from ltcl.registry import MODELS

COUNTS = torch.tensor([6, 3, 1])


def draw():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, generator=generator, dtype=torch.float64), torch.tensor([0, 1, 2, 2, 0])


@pytest.mark.parametrize(('name', 'tau'), [('BalancedSoftmaxLoss', 1.0), ('LogitAdjustedLoss', 1.5)])
def test_in_a_head_of_mmpretrain(name, tau):
    loss_cfg = dict(type=f'ltcl.{name}', num_classes=3)
    if name == 'LogitAdjustedLoss':
        loss_cfg['tau'] = tau
    head = MODELS.build(dict(type='LinearClsHead', num_classes=3, in_channels=4, loss=loss_cfg))
    feats, (_, labels) = torch.randn(5, 4), draw()
    samples = [DataSample().set_gt_label(label) for label in labels]
    with pytest.raises(UserError, match=r'ltcl\.ClassCountsHook'):
        head.loss((feats,), samples)
    head.loss_module.set_class_counts(COUNTS.tolist())
    adjusted = head.fc(feats) + tau * torch.log(COUNTS / 10)
    torch.testing.assert_close(head.loss((feats,), samples)['loss'], F.cross_entropy(adjusted, labels))
    # No prior at test time.
    scores = torch.stack([sample.pred_score for sample in head.predict((feats,))])
    torch.testing.assert_close(scores, head.fc(feats).softmax(1))


def test_module_reductions():
    logits, labels = draw()
    per_sample = F.cross_entropy(logits + torch.log(COUNTS / 10).double(), labels, reduction='none')
    loss = LogitAdjustedLoss(3, loss_weight=2.0, class_counts=COUNTS.tolist())
    tolerance = dict(rtol=1e-7, atol=1e-7)
    torch.testing.assert_close(loss(logits, labels), 2 * per_sample.mean(), **tolerance)
    torch.testing.assert_close(loss(logits, labels, avg_factor=2), 2 * per_sample.sum() / 2, **tolerance)
    torch.testing.assert_close(loss(logits, labels, reduction_override='none'), 2 * per_sample, **tolerance)
    weight = torch.tensor([0.0, 1.0, 2.0, 0.5, 1.0])
    torch.testing.assert_close(loss(logits, labels, weight), 2 * (per_sample * weight).mean(), **tolerance)


def test_counts_of_another_data_set():
    with pytest.raises(UserError, match=r'has 4 classes but BalancedSoftmaxLoss has num_classes=3.*num_classes=4'):
        BalancedSoftmaxLoss(3, class_counts=[1, 2, 3, 4])


def test_counts_travel_in_the_state_dict():
    loss = BalancedSoftmaxLoss(3)
    loss.load_state_dict(BalancedSoftmaxLoss(3, class_counts=COUNTS.tolist()).state_dict())
    logits, labels = draw()
    torch.testing.assert_close(loss(logits, labels), logit_adjusted_loss(logits, labels, COUNTS))
