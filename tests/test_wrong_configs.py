"""What wrong configs and command lines get: at most three lines that name key and remedy, nothing built."""

import importlib
from pathlib import Path

import pytest
from wrong_configs import COMMANDS, FILES, OPTIONS, PACO

from ltcl.engine import Runner

ROOT = Path(__file__).parents[1]


class Built(Exception):
    """The mistake was not noticed."""


@pytest.fixture
def answer(monkeypatch, capsys, tmp_path):
    """Runs a tool in this process until it would build the run; gives the lines that a person reads."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    monkeypatch.delenv('LTCL_TRACEBACK', raising=False)

    def refuse(cfg: object) -> None:
        raise Built

    monkeypatch.setattr(Runner, 'from_cfg', refuse)
    (tmp_path / 'epoch_1.pth').touch()

    def run(tool: str, words: list[str]) -> str:
        module = importlib.import_module(f'ltcl.cli.{tool}')
        named = {'CONFIG': PACO, 'CHECKPOINT': str(tmp_path / 'epoch_1.pth')}
        monkeypatch.setattr('sys.argv', [f'ltcl {tool}', *(named.get(word, word) for word in words)])
        with pytest.raises(SystemExit) as stop:
            module.main()
        assert stop.value.code in (1, 2)
        printed = capsys.readouterr().err
        assert printed.startswith('error: ')
        lines = printed.rstrip('\n').splitlines()
        assert len(lines) <= 3
        assert len(printed) < 600
        return printed

    return run


def names(text: str, words: str) -> None:
    missing = [word for word in words.split('|') if word not in text]
    assert not missing, text


@pytest.mark.parametrize(('config', 'option', 'words'), OPTIONS, ids=[option for _, option, _ in OPTIONS])
def test_options(answer, config, option, words):
    names(answer('train', [config, '--cfg-options', option]), words)


@pytest.mark.parametrize(('tool', 'line', 'words'), COMMANDS, ids=[f'{tool} {line}' for tool, line, _ in COMMANDS])
def test_command_lines(answer, tool, line, words):
    names(answer(tool, line.split()), words.replace('CHECKPOINT|', 'epoch_1.pth|'))


@pytest.mark.parametrize(('text', 'words'), FILES, ids=[text.splitlines()[0] for text, _ in FILES])
def test_files(answer, tmp_path, text, words):
    config = tmp_path / 'config.py'
    config.write_text(f"_base_ = ['{ROOT / PACO}']\n{text}\n")
    names(answer('train', [str(config)]), words)
