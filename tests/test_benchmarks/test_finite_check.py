"""The benchmark of the check for numbers that are not finite, at a small size."""

import math

import pytest

from ltcl.engine.bad_step import NotFiniteError


def test_figures(load):
    config = dict(load('networks').demo_config('gpaco'), shape=(4, 1, 28, 28))
    step, check, share = load('finite_check').measure_network('tiny', config, 'cpu', rounds=1)
    assert share.value == pytest.approx(check.value / step.value)
    assert share.goal == 0.005


def test_each_look_finds_what_it_is_for(load, tmp_path):
    config = dict(load('networks').demo_config('gpaco'), shape=(4, 1, 28, 28))
    checked = load('finite_check').CheckedStep(config, 'cpu')
    checked.runner.work_dir = str(tmp_path)
    checked.train()
    checked.step.model.head.queue.embeddings[0, 0] = math.inf
    checked.look()
    with pytest.raises(NotFiniteError, match=r'a weight or buffer .* head\.queue\.embeddings'):
        checked.look_at_weights()
