"""Heads of stage 2 against values worked out by hand."""

import pytest
import torch
from mmpretrain.models import LinearClsHead
from mmpretrain.structures import DataSample

from ltcl.errors import UserError
from ltcl.models import LWSHead, NearestClassMeanHead, TauNormHead

FEATS = (torch.tensor([[1.0, 2.0], [-1.0, 0.5]]),)


def with_weights(head):
    """Class weights of length 5, 1 and 0."""
    with torch.no_grad():
        head.fc.weight.copy_(torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]]))
        head.fc.bias.copy_(torch.tensor([1.0, -1.0, 0.5]))
    return head


def test_lws_scales_the_logits_of_the_frozen_classifier():
    head = with_weights(LWSHead(3, 2))
    torch.testing.assert_close(head(FEATS), torch.tensor([[12.0, 1.0, 0.5], [0.0, -0.5, 0.5]]))
    with torch.no_grad():
        head.scales.copy_(torch.tensor([0.5, 2.0, -1.0]))
    torch.testing.assert_close(head(FEATS), torch.tensor([[6.0, 2.0, -0.5], [0.0, -1.0, -0.5]]))


def test_lws_trains_the_scales_only():
    head = with_weights(LWSHead(3, 2))
    samples = [DataSample().set_gt_label(label) for label in (1, 2)]
    head.loss(FEATS, samples)['loss'].backward()
    assert [name for name, parameter in head.named_parameters() if parameter.grad is not None] == ['scales']
    # d loss / d scale = mean over images of logit * (softmax - one hot)
    logits = torch.tensor([[12.0, 1.0, 0.5], [0.0, -0.5, 0.5]])
    excess = logits.softmax(1) - torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(head.scales.grad, (logits * excess).mean(0))


@pytest.mark.parametrize(
    ('tau', 'expected'),
    [
        (0, [[11.0, 2.0, 0.0], [-1.0, 0.5, 0.0]]),
        (0.5, [[11 / 5**0.5, 2.0, 0.0], [-1 / 5**0.5, 0.5, 0.0]]),
        (1, [[2.2, 2.0, 0.0], [-0.2, 0.5, 0.0]]),
        (2, [[0.44, 2.0, 0.0], [-0.04, 0.5, 0.0]]),
    ],
)
def test_tau_norm(tau, expected):
    torch.testing.assert_close(with_weights(TauNormHead(3, 2, tau=tau))(FEATS), torch.tensor(expected))


def test_tau_norm_takes_the_tensors_of_a_linear_head():
    assert TauNormHead(3, 2).state_dict().keys() == LinearClsHead(3, 2).state_dict().keys()


def test_tau_norm_refuses_a_negative_tau():
    with pytest.raises(UserError, match=r'tau=-0\.5'):
        TauNormHead(3, 2, tau=-0.5)


BANK = torch.tensor([[2.0, 0.0], [4.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0, 2])


def nearest_class_mean(metric='cosine'):
    head = NearestClassMeanHead(4, 2, metric=metric)
    head.set_feature_bank(*BANK)
    return head


def test_class_means():
    head = nearest_class_mean()
    assert head.class_means.tolist() == [[3.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    assert head.class_sizes.tolist() == [2, 0, 1, 0]
    head.set_feature_bank(torch.ones(1, 2), torch.tensor([1]))
    assert head.class_means.tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ('metric', 'expected'), [('cosine', [[0.6, -torch.inf, 0.8, -torch.inf]]), ('euclidean', None)]
)
def test_scores(metric, expected):
    scores = nearest_class_mean(metric)((torch.tensor([[3.0, 4.0]]),))
    if expected is None:
        expected = [[-4.0, -torch.inf, -(18**0.5), -torch.inf]]
    torch.testing.assert_close(scores, torch.tensor(expected))


@pytest.mark.parametrize(('metric', 'label'), [('cosine', 2), ('euclidean', 0)])
def test_prediction_carries_the_feature(metric, label):
    sample = nearest_class_mean(metric).predict((torch.tensor([[3.0, 4.0]]),))[0]
    assert sample.pred_label.tolist() == [label]
    assert sample.features.tolist() == [3.0, 4.0]
    assert sample.pred_score[[1, 3]].tolist() == [0.0, 0.0]
    assert sample.pred_score.sum() == pytest.approx(1)


def test_class_without_images_is_never_predicted():
    # The feature is opposite to all means: a class mean of zeros would be nearer.
    for metric in ('cosine', 'euclidean'):
        samples = nearest_class_mean(metric).predict((torch.tensor([[-3.0, -0.1], [0.0, 0.0]]),))
        assert all(sample.pred_label.item() in (0, 2) for sample in samples)


def test_means_are_in_no_checkpoint():
    assert not nearest_class_mean().state_dict()


def test_mistakes():
    with pytest.raises(UserError, match="metric='dot' must be one of cosine, euclidean"):
        NearestClassMeanHead(2, 2, metric='dot')
    head = NearestClassMeanHead(2, 2)
    with pytest.raises(UserError, match=r'no class means.*FeatureBankHook'):
        head(FEATS)
    with pytest.raises(UserError, match='in_channels=2, but the features have 3 channels'):
        head.set_feature_bank(torch.zeros(1, 3), torch.tensor([0]))
    with pytest.raises(UserError, match='num_classes=2, but got label 2'):
        head.set_feature_bank(*BANK)
