"""Every head, loss and sampler says which class mix the logits answer for."""

import pytest
from mmpretrain.registry import MODELS
from toy import METHODS

from ltcl.models.class_mix import frequency_power

SIZE = dict(num_classes=3, in_channels=8)
LINEAR = dict(type='LinearClsHead', **SIZE)
COSINE = dict(type='ltcl.CosineClsHead', **SIZE)
BALANCED = {'paco', 'gpaco', 'multi_task', 'bcl', 'proco', 'resco', 'rescom', 'balpoe'}


def power(head, sampler=None):
    return frequency_power(MODELS.build(head), sampler)


@pytest.mark.parametrize('method', METHODS)
def test_methods(method):
    row = METHODS[method]
    head = dict(row.head, loss=row.head['loss']) if 'loss' in row.head else row.head
    expected = None if not row.has_classifier else 0 if method in BALANCED else 1
    assert power(head) == expected


@pytest.mark.parametrize(
    ('head', 'expected'),
    [
        (dict(LINEAR, loss=dict(type='ltcl.LogitAdjustedLoss', num_classes=3, tau=0.25)), 0.75),
        (dict(LINEAR, loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=3)), 0),
        (dict(LINEAR, loss=dict(type='LabelSmoothLoss', label_smooth_val=0.1)), 1),
        (dict(COSINE, loss=dict(type='ltcl.LDAMLoss', num_classes=3)), 1),
        (dict(LINEAR, loss=dict(type='ltcl.LabelAwareSmoothingLoss', num_classes=3)), 1),
        (dict(type='ltcl.PaCoHead', **SIZE, queue_len=8, with_prior=False), 1),
        (dict(type='ltcl.BCLHead', **SIZE, tau=1.5), -0.5),
        (dict(type='ltcl.BalPoEHead', **SIZE, taus=(0, 1.25, 2.5)), -0.25),
        (dict(type='ltcl.TauNormHead', **SIZE, tau=0.7), 0.3),
        (dict(type='ltcl.TauNormHead', **SIZE, tau=2), 0),
        (dict(type='ltcl.NearestClassMeanHead', **SIZE), 0),
    ],
)
def test_options(head, expected):
    assert power(head) == pytest.approx(expected)


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='CrossEntropyLoss', class_weight=[1.0, 2.0, 4.0]),
        dict(type='CrossEntropyLoss', use_sigmoid=True),
        dict(type='LabelSmoothLoss', label_smooth_val=0.1, class_weight=[1.0, 2.0, 4.0]),
        dict(type='ltcl.LDAMLoss', num_classes=3, effective_number_beta=0.9999),
        dict(type='FocalLoss'),
        dict(type='SeesawLoss', num_classes=3),
    ],
)
def test_what_other_losses_answer_for_is_not_known(loss):
    assert power(dict(LINEAR, loss=loss)) is None


@pytest.mark.parametrize(
    ('sampler', 'expected'),
    [
        (dict(type='DefaultSampler', shuffle=True), 1),
        (dict(type='ltcl.ClassAwareSampler'), 0),
        (dict(type='ltcl.ClassBalancedSampler'), 0),
        (dict(type='ltcl.ClassBalancedSampler', q=0.5), 0.5),
        (dict(type='ltcl.ClassPrioritySampler', balance=0.5), None),
    ],
)
def test_samplers_draw_another_mix(sampler, expected):
    assert power(LINEAR, sampler) == expected
    balanced = dict(LINEAR, loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=3))
    assert power(balanced, sampler) == (None if expected is None else expected - 1)
