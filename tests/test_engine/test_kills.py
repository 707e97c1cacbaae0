"""A training that is killed where it hurts goes on and ends with the weights of one that was left alone."""

import random

import pytest
from kills import AIMS, METHODS, Case, draw_aims, kill_and_compare


def test_kill_at_each_step_of_writing(images, tmp_path):
    aims = [(where, 1) for where in AIMS]
    assert kill_and_compare(Case('paco', processes=1, keep=1), aims, images, tmp_path) >= 6


def test_kill_of_one_of_two_processes(images, tmp_path):
    assert kill_and_compare(Case('paco', processes=2, keep=1), [('rename', 2), ('time', 60)], images, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize('keep', [1, 3])
@pytest.mark.parametrize('processes', [1, 2])
@pytest.mark.parametrize('method', METHODS)
def test_hundred_kills(images, tmp_path, method, processes, keep):
    generator = random.Random(f'{method} {processes} {keep}')
    kills = rounds = 0
    while kills < 7:
        case = Case(method, processes, keep)
        kills += kill_and_compare(case, draw_aims(generator, 7), images, tmp_path / str(rounds))
        rounds += 1
