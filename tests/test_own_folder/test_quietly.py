"""What a console is spared."""

import logging

from ltcl.own_folder import quietly
from ltcl.own_folder.quietly import Sparse


def _record(text: str) -> logging.LogRecord:
    return logging.LogRecord('x', logging.INFO, __file__, 1, text, None, None)


def test_epochs_within_two_seconds_are_one_line(monkeypatch):
    clock = iter([10.0, 11.9, 12.1])
    monkeypatch.setattr(quietly.time, 'monotonic', lambda: next(clock))
    sparse = Sparse()
    shown = [sparse.filter(_record(text)) for text in ('Epoch(train) [1]', 'Epoch(train) [2]', 'Epoch(val) [2]')]
    assert shown == [True, False, True]
    assert sparse.filter(_record('Epoch(train) [3]'))
