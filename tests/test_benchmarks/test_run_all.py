"""All benchmarks in one table, and what is missed."""

import pytest

SCRIPT = """
import json, sys
json.dump([dict(name={name!r}, value={value}, unit='x', goal={goal}, met={met})], open(sys.argv[2], 'w'))
"""


@pytest.mark.parametrize(('value', 'status'), [(2.5, 0), (1.5, 1)])
def test_run_all_names_the_goal_that_is_missed(load, monkeypatch, capsys, tmp_path, value, status):
    run_all = load('run_all')
    (tmp_path / 'results').mkdir()
    (tmp_path / 'a.py').write_text(SCRIPT.format(name='plain', value=1.0, goal=None, met=None))
    (tmp_path / 'b.py').write_text(SCRIPT.format(name='speed', value=value, goal=2.0, met=value >= 2))
    monkeypatch.setattr(run_all, 'FOLDER', tmp_path)
    with pytest.raises(SystemExit) as stopped:
        run_all.main()
    assert stopped.value.code == status
    expected = 'goal missed: speed is 1.5 x, goal ≥ 2' if status else 'all goals met'
    assert capsys.readouterr().out.splitlines()[-1] == expected


def test_run_all_reports_a_benchmark_that_fails(load, monkeypatch, capsys, tmp_path):
    run_all = load('run_all')
    (tmp_path / 'broken.py').write_text('import sys; sys.exit("no data")')
    monkeypatch.setattr(run_all, 'FOLDER', tmp_path)
    with pytest.raises(SystemExit) as stopped:
        run_all.main()
    output = capsys.readouterr()
    assert stopped.value.code == 1
    assert 'no data' in output.err
    assert output.out.splitlines()[-1] == 'failed: broken'
