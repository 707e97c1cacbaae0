"""Figures, timing and memory measure what they say; how fast anything is, no test asks."""

import json

import pytest
import torch


@pytest.fixture
def common(load):
    return load('common')


def test_goals_have_a_direction(common):
    assert common.Figure.at_least('speed', 2.0, 'x', 2.0).met
    assert not common.Figure.at_least('speed', 1.9, 'x', 2.0).met
    assert common.Figure.at_most('memory', 0.3, 'x', 0.4).met
    assert not common.Figure.at_most('memory', 0.5, 'x', 0.4).met
    assert common.Figure('time', 5.0, 'ms').met is None
    figures = [common.Figure.at_least('', value, '', 2.0) for value in (1, 3)]
    figures += [common.Figure.at_most('', value, '', 2.0) for value in (1, 3)]
    assert [figure.bound for figure in figures] == ['≥ 2', '≥ 2', '≤ 2', '≤ 2']


def test_json_records_have_the_agreed_keys(common, monkeypatch, tmp_path):
    monkeypatch.setattr(common, 'use_free_cores', lambda most: most)
    monkeypatch.setattr('sys.argv', ['benchmark', '--json', str(tmp_path / 'new' / 'figures.json')])
    common.run('title', lambda: [common.Figure('time', 5.0, 'ms'), common.Figure.at_most('memory', 0.5, 'x', 0.4)])
    assert json.loads((tmp_path / 'new' / 'figures.json').read_text()) == [
        dict(name='time', value=5.0, unit='ms', goal=None, met=None),
        dict(name='memory', value=0.5, unit='x', goal=0.4, met=False),
    ]


def test_ratios_are_taken_within_rounds(common):
    # The medians are 6 and 2, but the rounds' ratios are 2, 3 and 4.5.
    assert common.median_ratio([2, 6, 9], [1, 2, 2]) == 3
    with pytest.raises(ValueError, match='shorter'):
        common.median_ratio([1, 2], [1])


def test_candidates_take_turns_after_a_warm_up(common):
    calls = []
    seconds = common.time_interleaved(dict(a=lambda: calls.append('a'), b=lambda: calls.append('b')), 3, warm_up=2)
    assert ''.join(calls) == 'ababababab'
    assert [len(times) for times in seconds.values()] == [3, 3]


def test_memory_is_the_peak_of_what_is_held_at_a_time(common):
    held_before = torch.empty(2**24, dtype=torch.uint8)

    def allocate() -> None:
        kept = torch.empty(2**20, dtype=torch.uint8)
        torch.empty(2**22, dtype=torch.uint8)
        torch.empty(2**21, dtype=torch.uint8)
        del kept

    assert common.extra_peak_memory(allocate) == 2**20 + 2**22
    assert common.extra_peak_memory(lambda: held_before.add_(1)) < 2**10


def test_memory_includes_temporaries_inside_an_operation(common):
    matrix = torch.zeros(512, 512)
    assert common.extra_peak_memory(lambda: torch.logsumexp(matrix, 1)) >= matrix.nbytes


def test_a_fast_form_against_a_plain_one(common):
    speed = common.speed_figures({'fast': [1.0, 2.0, 2.0], 'plain': [2.0, 6.0, 9.0]}, 'cpu', goal=2.5)
    assert [(figure.name, figure.value, figure.unit, figure.bound) for figure in speed] == [
        ('fast, cpu: time', 2000, 'ms', ''),
        ('plain, cpu: time', 6000, 'ms', ''),
        ('fast, cpu: speed against the plain', 3, 'x', '≥ 2.5'),
    ]
    seconds = common.speed_figures({'fast': [1.0], 'plain': [2.0]}, 'cpu', goal=2.5, unit='s')
    assert [(figure.value, figure.unit) for figure in seconds[:2]] == [(1, 's'), (2, 's')]
    assert not seconds[2].met
    memory = common.memory_figures({'fast': 2**20, 'plain': 2**22}, 'cpu', goal=0.4)
    assert [(figure.name, figure.value, figure.unit, figure.bound) for figure in memory] == [
        ('fast, cpu: extra peak memory', 1, 'MiB', ''),
        ('plain, cpu: extra peak memory', 4, 'MiB', ''),
        ('fast, cpu: memory against the plain', 0.25, 'x', '≤ 0.4'),
    ]
    assert common.memory_figures({'fast': 1, 'plain': 2}, 'cpu')[2].goal is None


def test_forms_are_compared_in_the_order_they_come_in(common):
    forms = dict(fast=lambda: torch.empty(2**10), plain=lambda: torch.empty(2**12))
    figures = common.compare(forms, 'cpu', rounds=2, speed_goal=2.0, memory_goal=0.5)
    assert [figure.goal for figure in figures] == [None, None, 2.0, None, None, 0.5]
    assert figures[-1].value == 0.25


def test_a_ratio_has_its_spread(common):
    ratio, spread = common.ratio_figures('speed', [2.0, 6.0, 9.0], [2.0, 3.0, 3.0], goal=2.0)
    assert (ratio.value, ratio.met) == (2, True)
    assert (spread.name, spread.value) == ('speed, spread', 1.0)  # of 1, 2, 3 the quartiles are 1.5 and 2.5
    assert common.spread([2.0]) == 0


def test_a_device_that_is_not_there_is_told(common, monkeypatch):
    monkeypatch.setattr(common.torch.cuda, 'is_available', lambda: False)
    assert common.devices(['cpu']) == common.devices() == ['cpu']
    with pytest.raises(common.UserError, match='--devices cuda'):
        common.devices(['cpu', 'cuda'])


@pytest.mark.parametrize('word', ['0', '-1', 'two'])
def test_numbers_of_rounds_are_positive(common, word):
    assert common.positive('12') == 12
    with pytest.raises(common.argparse.ArgumentTypeError, match=word):
        common.positive(word)


def test_options_of_a_benchmark_reach_it(common, monkeypatch, capsys):
    monkeypatch.setattr(common, 'use_free_cores', lambda most: most)
    monkeypatch.setattr('sys.argv', ['benchmark', '--full'])
    seen = []
    common.run(
        'title',
        lambda args: seen.append(args.full) or [],
        lambda parser: parser.add_argument('--full', action='store_true'),
    )
    assert seen == [True]
