"""The tool that makes targets: what it prints is true, what it writes can be loaded."""

import re
from pathlib import Path

import pytest

from ltcl.cli import targets
from ltcl.models.utils import load_targets, min_angle, uniformity


@pytest.fixture
def generate(monkeypatch, tmp_path):
    """Runs the tool in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> None:
        monkeypatch.setattr('sys.argv', ['ltcl targets', *args])
        targets.main()

    return run


@pytest.mark.parametrize(
    ('args', 'name'),
    [
        (('7', '3', '--seed', '2'), 'targets_7x3.npy'),
        (('4', '3', '--method', 'simplex', '--out', 'new/set.pt'), 'new/set.pt'),
        (('4', '3', '--method', 'search', '--out', 'set.npy'), 'set.npy'),
    ],
)
def test_figures_are_those_of_the_saved_set(generate, capsys, args, name):
    generate(*args)
    printed = capsys.readouterr().out
    targets = load_targets(name, int(args[0]), int(args[1]))
    angle, spread, bound = re.search(r'angle: (\S+) .*\nuniformity: (\S+) .* (\S+)\)', printed).groups()
    assert float(angle) == pytest.approx(min_angle(targets), abs=1e-3)
    assert float(spread) == pytest.approx(uniformity(targets.double()).item(), abs=1e-8)
    assert float(spread) >= float(bound) - 1e-8
    assert f'saved: {name}' in printed


def test_seed_reaches_the_search(generate):
    generate('4', '3', '--seed', '0', '--out', 'a.npy')
    generate('4', '3', '--seed', '1', '--out', 'b.npy')
    assert Path('a.npy').read_bytes() != Path('b.npy').read_bytes()


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (('7', '3', '--out', 'set.csv'), 'error: targets file set.csv must end in .npy or .pt'),
        (('7', '3', '--method', 'simplex'), 'error: a simplex of 7 corners needs feat_dim >= 6, got 3'),
        (('7', '0'), 'error: targets need num_classes and feat_dim of at least 1'),
        (('0', '4', '--method', 'published'), 'error: targets need num_classes and feat_dim of at least 1'),
        (('3', '1', '--method', 'published'), 'error: feat_dim=1 has room for 2 different targets, not 3'),
        (('4', '3', '--method', 'simplex', '--seed', '1'), 'error: --seed 1: nothing of --method simplex is random'),
    ],
)
def test_mistakes_are_one_line(generate, capsys, args, message):
    with pytest.raises(SystemExit) as stopped:
        generate(*args)
    assert stopped.value.code == 1
    shown = capsys.readouterr().err
    assert shown.startswith(message)
    assert shown.count('\n') == 1


def test_published_method_runs_the_original_search(generate, monkeypatch, capsys):
    from ltcl.models import utils

    seen = []

    def short(init):
        seen.append(init)
        return utils.uniform_targets(7, 3), 0

    monkeypatch.setattr(utils, 'published_search', short)
    generate('7', '3', '--method', 'published')
    assert seen[0].shape == (7, 3)
    assert 'minimum angle' in capsys.readouterr().out
