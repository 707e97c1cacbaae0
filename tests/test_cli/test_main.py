"""The command ltcl: how it finds a command, what it imports for that, and the doors in tools/."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ltcl.cli import main as cli
from ltcl.version import __version__

TOOLS = Path(__file__).parents[2] / 'tools'
ALL_HELP = """
import contextlib, io, sys
from ltcl.cli.main import COMMANDS, main
for name in COMMANDS:
    text = io.StringIO()
    sys.argv = ['ltcl', *name.split(), '--help']
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        main()
    assert f'usage: ltcl {name} ' in text.getvalue(), name
    assert f'examples:\\n  ltcl {name}' in text.getvalue(), name
assert 'torch' not in sys.modules
"""


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs ``ltcl`` in this process; gives status, standard output and errors."""

    def run(*words):
        monkeypatch.setattr('sys.argv', ['ltcl', *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code, *capsys.readouterr()

    return run


def python(*words):
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def module_of(name):
    return f'ltcl.cli.{name.replace(" ", "_").replace("-", "_")}'


def test_help_names_every_command_and_imports_nothing_but_the_standard_library():
    code = (
        "import sys\nfrom ltcl.cli.main import main\nsys.argv = ['ltcl', '--help']\ntry:\n    main()\nfinally:\n"
        "    heavy = {'torch', 'mmengine', 'mmcv', 'mmpretrain', 'numpy', 'rich', 'yaml'}\n"
        "    print('heavy:', *heavy & set(sys.modules))\n    print('launch:', 'ltcl.launch' in sys.modules)\n"
    )
    shown = python('-c', code)
    assert all(f'\n  {name} ' in shown for name in cli.COMMANDS)
    assert shown.endswith('heavy:\nlaunch: False\n')


def test_every_command_shows_examples_without_torch():
    python('-c', ALL_HELP)


def test_version(call):
    assert call('--version') == (0, f'ltcl {__version__}\n', '')
    assert python('-m', 'ltcl', '--version') == f'ltcl {__version__}\n'


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['trein', 'x.py', '--amp'], 'there is no command trein: did you mean train?; ltcl --help lists the options'),
        (['data', 'chexk'], 'there is no command chexk: did you mean check?; ltcl data --help lists the options'),
        (['qqqq'], 'there is no command qqqq; ltcl --help lists the options'),
        (['fashion-mnist'], 'there is no command fashion-mnist: did you mean data fashion-mnist?; '),
    ],
)
def test_unknown_command_is_answered_with_the_nearest_one(call, words, message):
    status, _, shown = call(*words)
    assert status == 2
    assert shown.startswith(f'error: {message}')
    assert shown.count('\n') == 1


@pytest.mark.parametrize(
    ('words', 'hint'),
    [
        (['--sedes=1'], '--sedes=1: did you mean --seeds?; '),
        (['--wrkdir', 'x'], '--wrkdir x: did you mean --work-dir?; '),
        (['--qqqq'], '--qqqq; '),
    ],
)
def test_unknown_option_is_answered_with_the_nearest_one(call, words, hint):
    status, _, shown = call('compare', 'x.py', *words)
    assert status == 2
    assert shown == f'error: unrecognized arguments: {hint}ltcl compare --help lists the options\n'


@pytest.mark.parametrize('number', ['-1', '4294967296', 'one'])
@pytest.mark.parametrize(
    'words',
    [
        'features r --seed',
        'data corrupt a b --seed',
        'data split a --seed',
        'data fashion-scenes --seed',
        'browse a --seed',
        'targets 3 2 --seed',
        'train a --seed',
        'compare a.py --seeds',
    ],
)
def test_a_seed_is_one_that_all_random_numbers_have(call, words, number):
    status, _, errors = call(*words.split(), number)
    assert status == 2
    option = words.split()[-1]
    assert f'argument {option}: {number} is no whole number of 0 to 4294967295' in errors


@pytest.mark.parametrize(('words', 'command'), [([], 'train'), (['data'], 'fashion-mnist')])
def test_no_command_shows_which_there_are(call, words, command):
    status, _, shown = call(*words)
    assert status == 2
    assert f'\n  {command} ' in shown
    assert call(*words, '--help')[0] == 0


def test_words_reach_the_command(monkeypatch):
    from ltcl.cli import data_check

    seen = []
    monkeypatch.setattr(data_check, 'main', lambda: seen.extend(sys.argv))
    monkeypatch.setattr('sys.argv', ['/usr/bin/ltcl', 'data', 'check', 'svhn', '--download'])
    cli.main()
    assert seen == ['ltcl data check', 'svhn', '--download']


def test_every_file_in_the_folder_is_a_command():
    files = {path.stem for path in Path(cli.__file__).parent.glob('*.py')}
    assert files - {'__init__', 'main', 'parser'} == {module_of(name).rpartition('.')[2] for name in cli.COMMANDS}


def test_tools_are_doors():
    doors = sorted(TOOLS.rglob('*.py'))
    names = []
    for door in doors:
        name = door.read_text().partition('`ltcl ')[2].partition('`')[0]
        assert door.read_text() == (
            f'"""The same as `ltcl {name}`."""\n\nfrom {module_of(name)} import main\n\n'
            "if __name__ == '__main__':\n    main()\n"
        )
        assert callable(import_module(module_of(name)).main)
        names.append(name)
    without = {'analyze', 'browse', 'cache', 'calibrate', 'config', 'doctor', 'embed', 'export', 'features', 'list'}
    without |= {'predict', 'stats'}
    assert set(names) == set(cli.COMMANDS) - without
