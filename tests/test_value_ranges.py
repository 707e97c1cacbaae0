"""Numbers that no method can have are refused where it is built."""

import pytest
from mmengine.registry import MODELS

from ltcl.errors import UserError
from ltcl.value_ranges import AT_LEAST_ONE, BELOW_ONE, POSITIVE, RANGES, check_ranges

HEAD = dict(num_classes=3, in_channels=4)
EMBEDDING = dict(num_classes=3)
PARTS = [
    (dict(type='ltcl.PaCoHead', **HEAD), ('alpha', 'beta', 'gamma'), ('temperature', 'base_temperature', 'supt')),
    (dict(type='ltcl.BCLHead', **HEAD), ('alpha', 'beta', 'tau'), ('temperature', 'cosine_scale')),
    (dict(type='ltcl.MultiTaskHead', **HEAD), ('alpha',), ('temperature', 'base_temperature')),
    (dict(type='ltcl.ResCoHead', **HEAD), ('con_weight', 'contrast_prior'), ('temperature',)),
    (dict(type='ltcl.ResComHead', **HEAD), ('con_weight', 'contrast_prior'), ('temperature',)),
    (dict(type='ltcl.KCLHead', **EMBEDDING), (), ('temperature',)),
    (dict(type='ltcl.TSCHead', **EMBEDDING), ('target_weight', 'center_momentum'), ('temperature',)),
    (dict(type='ltcl.InBatchKCLHead', **EMBEDDING), (), ('temperature', 'base_temperature')),
    (dict(type='ltcl.InBatchTSCHead', **EMBEDDING), ('center_momentum',), ('temperature', 'base_temperature')),
    (dict(type='ltcl.CosineClsHead', **HEAD), (), ('scale',)),
    (dict(type='ltcl.LDAMLoss', **EMBEDDING), (), ('scale', 'max_margin')),
    (dict(type='ltcl.LogitAdjustedLoss', **EMBEDDING), ('tau', 'loss_weight'), ()),
]
CASES = [
    *[
        (part, name, value)
        for part, not_negative, _ in PARTS
        for name in not_negative
        for value in (-0.1, float('nan'))
    ],
    *[(part, name, value) for part, _, positive in PARTS for name in positive for value in (0, -1.0, float('inf'))],
]


@pytest.mark.parametrize(
    ('part', 'name', 'value'), CASES, ids=[f'{case[0]["type"]}-{case[1]}={case[2]}' for case in CASES]
)
def test_parts_refuse(part, name, value):
    with pytest.raises(UserError, match=r'must be a number'):
        MODELS.build({**part, name: value})


def test_ranges():
    assert [value in POSITIVE for value in (1, 0.1, 0, -1, True, '1', None)] == [True, True, *[False] * 5]
    assert [value in BELOW_ONE for value in (0, 0.99, 1)] == [True, True, False]
    assert [value in AT_LEAST_ONE for value in (1, 1.0, 0)] == [True, False, False]
    assert str(BELOW_ONE) == 'a number of at least 0 and below 1'
    assert str(AT_LEAST_ONE) == 'a whole number of at least 1'
    assert RANGES['temperature'] is POSITIVE


def test_what_has_no_range_or_no_value_passes():
    check_ranges('x', dict(unknown=-1, base_temperature=None, in_channels=[1, 2]))
    with pytest.raises(UserError, match=r'x: in_channels=\[1, 0\] must be a whole number of at least 1'):
        check_ranges('x', dict(in_channels=[1, 0]))
