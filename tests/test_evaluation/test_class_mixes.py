"""Class mixes as people name them."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

from ltcl.errors import UserError
from ltcl.evaluation import class_mixes
from ltcl.evaluation.class_mixes import Mixes
from ltcl.neutral_text import csv_text

CLASSES = ['ant', '=bee, "wild"', 'cat']


def mixes(power=0.0, counts=(60, 30, 10)):
    return Mixes(CLASSES, counts, power, 'AnyHead')


def write(tmp_path, text):
    path = tmp_path / 'shares.csv'
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize(
    ('power', 'prior', 'expected'),
    [
        (0.0, None, None),
        (0.0, 'balanced', None),
        (1.0, 'natural', None),
        (0.0, 'natural', [1.8, 0.9, 0.3]),
        (1.0, 'balanced', [1 / 1.8, 1 / 0.9, 1 / 0.3]),
        (-1.0, 'balanced', [6, 3, 1]),
        (1.0, {'ant': 1, 'cat': 3, CLASSES[1]: 0}, [0.25 / 0.6, 0, 7.5]),
    ],
)
def test_what_is_added(power, prior, expected):
    shift = mixes(power).shift(prior)
    if expected is None:
        assert shift is None
    else:
        ratios = torch.tensor(expected, dtype=torch.float64)
        found = shift.exp()
        assert torch.allclose(found / found.sum(), ratios / ratios.sum())


def test_a_file_of_shares_in_any_order_and_of_any_sum(tmp_path):
    path = write(tmp_path, '\ufeff' + csv_text(['class', 'share'], [('cat', 2), (CLASSES[1], 5), ('ant', 1)]))
    assert mixes().shares(path).tolist() == pytest.approx([1 / 8, 5 / 8, 2 / 8])
    assert mixes().shares(str(path)).tolist() == pytest.approx([1 / 8, 5 / 8, 2 / 8])


@pytest.mark.parametrize('names', [['caf\u00e9', 'a\rb\x1b', 'x\ny'], ['007', '08', '9']])
def test_names_as_a_table_spells_them(tmp_path, names):
    model = Mixes([names[0].replace('\u00e9', 'e\u0301'), *names[1:]], None, 0, 'AnyHead')
    path = write(tmp_path, csv_text(['class', 'share'], zip(names, (1, 2, 5), strict=True)))
    assert model.shares(path).tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    if names[0] == '007':  # as spreadsheets write numbers
        path.write_text('class,share\n7,1\n8,2\n9,5\n')
        assert model.shares(path).tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8])
        path.write_text('class,share\n7,1\n007,2\n8,3\n9,5\n')
        with pytest.raises(UserError, match='has the class 007 twice'):
            model.shares(path)


BEE = '"\'=bee, ""wild"""'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (f'class,share\nant,1\n{BEE},2\n', 'lacks a share for cat: write 0 for a class that cannot occur'),
        (f'class,share\nant,1\n{BEE},2\ncat,3\ndog,4\n', 'has a share for dog, which the model does not know'),
        (f'class,share\nant,1\n{BEE},-2\ncat,3\n', 'shares must be numbers from 0, not all 0, got =bee'),
        (f'class,share\nant,0\n{BEE},0\ncat,0\n', 'not all 0, got only 0'),
        (f'class,share\nant,nan\n{BEE},0\ncat,1\n', 'got ant nan'),
        ('class,share\nant,many\n', "the share of ant is 'many': write a number"),
        ('class,share\nant,1\nant,2\n', 'has the class ant twice'),
        ('ant,1\ncat,2\n', 'must have the two columns class,share'),
        ('class,share\nant\n', 'must have the two columns class,share'),
        ('', 'must have the two columns class,share'),
    ],
)
def test_a_file_that_is_no_mix(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        mixes().shift(write(tmp_path, text))


def test_what_is_not_known():
    with pytest.raises(UserError, match=r'natural, balanced, estimate, nor a CSV of shares: No such file'):
        mixes().shift('naturel')
    with pytest.raises(UserError, match='no training images per class'):
        mixes(counts=None).shift('natural')
    with pytest.raises(UserError, match='the logits of AnyHead answer for is not known'):
        mixes(power=None).shift('natural')
    assert mixes(power=None).shift(None) is None
    assert mixes(counts=None).shift('balanced') is None


@pytest.mark.parametrize('prior', [[0.2] * 3, np.full(3, 0.2), pd.Series([0.2] * 3, CLASSES), 0.2])
def test_what_is_no_prior(prior):
    for ask in (mixes().shift, mixes().shares):
        with pytest.raises(UserError, match=f'or a dict of shares by class, not {type(prior).__name__}$'):
            ask(prior)
    if isinstance(prior, pd.Series):
        assert mixes().shares(dict(prior)).tolist() == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize('share', ['many', None, [1, 2], float('nan'), np.float32(-1)])
def test_a_share_that_is_no_number(share):
    found = re.escape(str(share))
    with pytest.raises(UserError, match=f'the prior: shares must be numbers from 0, not all 0, got cat {found}$'):
        mixes().shares({'ant': 1, CLASSES[1]: 2, 'cat': share})


def test_unknown_names_that_are_no_text():
    with pytest.raises(UserError, match='the prior has a share for 0, x, which the model does not know'):
        mixes().shares({**dict.fromkeys(CLASSES, 1), 'x': 1, 0: 1})


def test_estimate(monkeypatch):
    told = []
    monkeypatch.setattr(class_mixes, 'warn', told.append)
    logits = torch.tensor([[9.0, 0, 0]] * 3 + [[0, 0, 9.0]])
    assert mixes().shares('estimate', logits).tolist() == pytest.approx([0.75, 0, 0.25], abs=1e-3)
    assert told == [
        'estimate: the class mix of so few images (4) is a guess, as it takes 10 for each of the 3 classes: what the '
        'model believes is made surer'
    ]
    mixes().shares('estimate', logits.repeat(8, 1))
    assert len(told) == 1
