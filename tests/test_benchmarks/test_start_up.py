"""The benchmark of the start-up, which needs data: what it says where there is no config."""

import pytest

from ltcl.errors import UserError


def test_start_up_says_why_a_training_ended(load):
    with pytest.raises(UserError, match=r'config file missing\.py does not exist'):
        load('start_up').seconds_to_first_iteration('missing.py')


def test_slowest_answer_is_named(load, monkeypatch):
    start_up = load('start_up')
    monkeypatch.setattr(start_up, 'COMMANDS', ['train', 'data check'])
    asked = []
    monkeypatch.setattr(start_up, '_python', lambda *words: asked.append(words))
    figures = start_up.answer_figures()
    assert set(asked) == {
        ('-m', 'ltcl', *command, option)
        for command in (('train',), ('data', 'check'))
        for option in ('--help', '--no-such-option')
    }
    assert [figure.goal for figure in figures] == [0.5, 0.5]
    assert all(figure.name.endswith(('ltcl train', 'ltcl data check')) for figure in figures)
