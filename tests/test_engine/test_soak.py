"""The short form of ``tests/soak/soak.py``: one method, killed, resumed, tested, and what its processes hold."""

import random

import pytest
from soak import WARM_UP, Holdings, check_flat, one_round


def test_round_of_train_kill_resume_and_test(images, tmp_path):
    one_round('gpaco', images, tmp_path / 'run', random.Random(0), epochs=WARM_UP + 12)


@pytest.mark.parametrize('change', [dict(memory=30.0), dict(files=1), dict(children=1)])
def test_growth_is_noticed(change):
    def after(epoch: int) -> Holdings:
        grown = {name: value * epoch for name, value in change.items()}
        return Holdings(500 + grown.get('memory', 0), 10 + grown.get('files', 0), grown.get('children', 0))

    check_flat([after(0)] * 30)
    with pytest.raises(AssertionError, match=f'{next(iter(change))} grew'):
        check_flat([after(epoch) for epoch in range(30)])
