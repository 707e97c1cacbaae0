"""docs/add_a_method.md, followed to the letter: its files are written as they stand there, its commands are run."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reports import last_figures

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / 'docs' / 'add_a_method.md').read_text()
OWN_FILE, IN_LTCL = GUIDE.split('\n## In ltcl\n')
# Runs command lines one after another in one process: it is the imports that take long.
RUN_COMMANDS = """
import json, os, runpy, sys
import pytest
from ltcl.cli.main import main
from ltcl.fashion_mnist import files

def run_script():
    sys.argv.pop(0)
    sys.path.insert(0, os.path.dirname(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name='__main__')

programs = dict(ltcl=main, pytest=lambda: sys.exit(pytest.main(sys.argv[1:])), python=run_script)
files.SHA256.update(json.loads(sys.argv.pop(1)))
for line in sys.argv[1:]:
    sys.argv = line.split()
    try:
        programs[sys.argv[0]]()
    except SystemExit as stopped:
        if stopped.code:
            raise
"""
# The images of the validation once more, in other words: a training ends with a test of them.
FEW_IMAGES = (
    f'train_dataloader.dataset.indices={list(range(0, 1236, 5))} val_dataloader.dataset.indices=50 '
    f'test_dataloader.dataset.indices={list(range(50))} default_hooks.checkpoint.interval=1'
).replace(', ', ',')


def blocks(text: str) -> Iterator[tuple[str, bool, str]]:
    """Path, whether it is added to a file that is there, and content of each code block that stands below a path."""
    pattern = r'^\*\*`([^`\n]+)`\*\*(, add:)?\n\n```\w+\n(.*?)^```$'
    for path, is_added, content in re.findall(pattern, text, re.M | re.S):
        yield path, bool(is_added), content


def command_lines(text: str) -> list[str]:
    """Lines of all ``bash`` blocks."""
    return [line for block in re.findall(r'^```bash\n(.*?)^```$', text, re.M | re.S) for line in block.splitlines()]


def write_blocks(folder: Path, text: str) -> list[Path]:
    """Write the files of the guide and add the lines that it adds; the new files."""
    written = []
    for name, is_added, content in blocks(text):
        path = folder / name
        if is_added:
            path.write_text(added(path.read_text(), content, path.suffix))
            continue
        assert not path.exists(), f'{name} of the guide would overwrite a file'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        written.append(path)
    return written


def added(text: str, content: str, suffix: str) -> str:
    """A file with lines of the guide: imports to the others, entries into the list or dict that they are shown in."""
    if suffix != '.py':
        return text + content
    *imports, opening = content.partition('= [\n' if '= [\n' in content else '= {\n')[0].splitlines()
    opening += content.partition(opening)[2].partition('\n')[0]
    entries = content.partition(f'{opening}\n')[2].rpartition('\n')[0].rpartition('\n')[0]
    assert text.count(f'\n{opening}\n') == 1, f'{opening} is not there once'
    text = text.replace(f'\n{opening}\n', f'\n{opening}\n{entries}\n')
    imports = [line for line in imports if line]
    return re.sub(r'^(?=from \.)', ''.join(f'{line}\n' for line in imports), text, count=1, flags=re.M)


def run(*words: object, folder: Path, **variables: str) -> None:
    """Run a command in a folder."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env={**os.environ, 'OMP_NUM_THREADS': '1', **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]


@pytest.fixture
def folder(written_fashion_mnist, tmp_path) -> Path:
    """A folder in which ``data/fashion_mnist`` is found."""
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'fashion_mnist').symlink_to(written_fashion_mnist)
    return tmp_path


@pytest.fixture
def run_lines(folder, fashion_mnist_contents) -> Callable[..., None]:
    """Runs lines of the guide in the folder, trainings and tests on few images."""
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in fashion_mnist_contents.items()}

    def run_all(lines: list[str], *paths: Path) -> None:
        commands = []
        for line in lines:
            if line.startswith('ltcl'):
                line += f'{"" if "--cfg-options" in line else " --cfg-options"} {FEW_IMAGES}'
            commands.append(line.removeprefix('PYTHONPATH=tests '))
        variables = dict(PYTHONPATH=os.pathsep.join(map(str, paths)))
        run(sys.executable, '-c', RUN_COMMANDS, json.dumps(checksums), *commands, folder=folder, **variables)

    return run_all


def assert_trained_and_tested(work_dir: Path) -> None:
    """The second training went on after the first, and the test has the figures of the last validation."""
    assert json.loads((work_dir / 'metrics.json').read_text())['last']['epoch'] == 2
    assert last_figures(work_dir, 'test_') == last_figures(work_dir)


@pytest.mark.slow
def test_in_a_file_of_your_own(folder, run_lines):
    write_blocks(folder, OWN_FILE)
    lines = command_lines(OWN_FILE)
    assert lines[:2] == ['ltcl data fashion-mnist', 'export PYTHONPATH=.']
    run_lines(lines[2:], folder, ROOT)
    assert_trained_and_tested(folder / 'work_dirs' / 'my_config')


def test_in_ltcl(folder, run_lines):
    """In a copy of the clone, without the recorded cases of the other methods."""
    for name in ('ltcl', 'configs', 'docs', 'tests'):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns('__pycache__', '_build', '*.npz', 'ckpt_keys__*')
        )
    for cases in folder.glob('tests/golden/*/'):
        cases.rmdir()
    for name in ('pyproject.toml', 'model-index.yml'):
        shutil.copy(ROOT / name, folder)
    new = write_blocks(folder, IN_LTCL)
    lint, *lines = command_lines(IN_LTCL)
    for command in lint.split(' && '):
        run(sys.executable, '-m', *shlex.split(command), folder=folder)
    assert [path.read_text() for path in new] == [content for _, is_added, content in blocks(IN_LTCL) if not is_added]
    run_lines(lines, folder, folder / 'tests')
    assert [path.name for path in folder.glob('tests/golden/*/*')] == ['centre_loss__01_absent_class.npz']
    assert_trained_and_tested(folder / 'work_dirs' / 'centre_resnet20_1xb128-100e_fashion-mnist-lt-small')
