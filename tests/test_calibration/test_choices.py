"""What each choice of a calibration gives: the table by which its price is seen."""

import re

import numpy as np
import pytest
from calibrated_labels import drawn

from ltcl.calibration.calibrating import Choice, calibrate, some
from ltcl.calibration.choices import compared
from ltcl.calibration.collecting import Answers
from ltcl.calibration.figures import calibration_figures
from ltcl.calibration.showing import show


def test_every_choice_is_what_it_gives_when_it_is_asked_for():
    val, asked = drawn(factor=2.5, strength=1), Choice(precision=0.9)
    figures = compared(val, asked, calibrate(val, asked))
    assert list(figures) == [
        ('as it is', False),
        ('one temperature', True),
        ('--by group', False),
        ('--prior validation', False),
        ('--by group --prior validation', False),
    ]
    before, one, by_group, prior, _ = figures.values()
    plain = calibration_figures(val)['all']
    assert before == {name: plain[name] for name in before}
    assert [each['macro'] for each in (one, by_group)] == [before['macro']] * 2
    assert prior['macro'] < before['macro'] - 1
    assert prior['all'] > before['all'] + 1
    alone = calibrate(val, Choice(prior='validation')).crossed
    assert prior['log_loss'] == pytest.approx(calibration_figures(alone)['all']['log_loss'])


def test_another_mix_is_a_row_of_its_own_and_unknown_counts_leave_one():
    val = drawn(factor=2.5)
    asked = Choice(by_group=True, prior='balanced')
    assert list(compared(val, asked, calibrate(val, asked)))[-1] == ('--by group --prior balanced', True)
    unknown = val._replace(class_counts=np.full(5, -1))
    assert list(compared(unknown, Choice(), calibrate(unknown, Choice())))[1:] == [('one temperature', True)]


def test_too_few_images_for_halves_are_told(capsys):
    val = drawn(factor=2.5, strength=1)
    few = some(val, np.isin(np.arange(len(val.labels)), np.random.default_rng(0).permutation(len(val.labels))[:90]))
    for images, is_told in (few, True), (val, False):
        show(calibrate(images, Choice()), Answers(images, None, 'test', Choice().bounds), Choice())
        said = capsys.readouterr().out
        line = 'too few images to compare the choices: each half of them needs 50 with 5 wrong answers'
        assert (line in said.splitlines()) is is_told
        assert ('what each choice gives' in said) is not is_told


def test_the_command_says_what_changes(capsys):
    val, test = drawn(factor=2.5, strength=1), drawn(factor=2.5, strength=1, seed=1)
    choices = {'keep': 'no answer is another one, all', 'validation': 'answers are others: all'}
    for prior, words in choices.items():
        choice = Choice(prior=prior)
        found = calibrate(val, choice)
        show(found, Answers(val, test, 'test', choice.bounds), choice)
        said = capsys.readouterr().out
        for split in ('val', 'test'):
            [line] = [line for line in said.splitlines() if line.startswith(f'{split}: ') and words in line]
            assert re.search(r'macro [\d.]+.*; ECE [\d.]+ → [\d.]+$', line)
            assert ('rare classes are answered less often' in line) == (prior == 'validation')
        assert said.count('<- chosen') == 1
