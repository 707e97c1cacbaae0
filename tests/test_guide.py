"""docs/add_a_method.md, followed to the letter: its files are written as they stand there, its commands are run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_fashion_mnist import SHA256

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / 'docs' / 'add_a_method.md').read_text()
OWN_FILE, IN_LTCL = GUIDE.split('\n## In ltcl\n')
# Runs command lines of `ltcl` one after another in this process: it is the imports that take long.
RUN_COMMANDS = """
import json, sys
from ltcl.cli.main import main
from ltcl.fashion_mnist import files
files.SHA256.update(json.loads(sys.argv.pop(1)))
for line in sys.argv[1:]:
    sys.argv = line.split()
    try:
        main()
    except SystemExit as stopped:
        if stopped.code:
            raise
"""
FEW_IMAGES = [
    f'{part}_dataloader.dataset.indices={number}' for part, number in dict(train=256, val=50, test=50).items()
]


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


def run_ltcl(lines: list[str], folder: Path, *paths: Path) -> None:
    """Run the lines that begin with ``ltcl`` and need images, on few of them."""
    commands = [line for line in lines if re.match('ltcl (train|test) ', line)]
    commands = [line if '--cfg-options' in line else f'{line} --cfg-options' for line in commands]
    commands = [' '.join([line, *FEW_IMAGES, 'default_hooks.checkpoint.interval=1']) for line in commands]
    python_path = os.pathsep.join(map(str, paths))
    run(sys.executable, '-c', RUN_COMMANDS, SHA256(), *commands, folder=folder, PYTHONPATH=python_path)


@pytest.fixture
def images(written_fashion_mnist, tmp_path) -> Path:
    """A folder in which ``data/fashion_mnist`` is found."""
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'fashion_mnist').symlink_to(written_fashion_mnist)
    return tmp_path


def test_in_a_file_of_your_own(images):
    write_blocks(images, OWN_FILE)
    assert 'export PYTHONPATH=.' in command_lines(OWN_FILE)
    run_ltcl(command_lines(OWN_FILE), images, images, ROOT)
    assert (images / 'work_dirs' / 'my_config' / 'epoch_2.pth').exists()
    assert list((images / 'work_dirs' / 'my_config').rglob('test_metrics.json'))


def test_in_ltcl(images):
    """In a copy of the clone, without the recorded cases of the other methods."""
    ignored = shutil.ignore_patterns('__pycache__', '*.npz', '*.json', 'soak')
    for name in ('ltcl', 'configs', 'tests'):
        shutil.copytree(ROOT / name, images / name, ignore=ignored)
    for name in ('pyproject.toml', 'model-index.yml', 'setup.py'):
        shutil.copy(ROOT / name, images)
    new = write_blocks(images, IN_LTCL)
    lines = command_lines(IN_LTCL)
    lint, record, test, *commands = [line for line in lines if line]
    python = {'PYTHONPATH': str(images)}
    for command in lint.split(' && '):
        run(sys.executable, '-m', *shlex.split(command), folder=images)
    assert [path.read_text() for path in new] == [content for _, is_added, content in blocks(IN_LTCL) if not is_added]
    path, *words = shlex.split(record)
    assert path == 'PYTHONPATH=tests'
    run(sys.executable, *words[1:], folder=images, PYTHONPATH=f'{images}{os.pathsep}{images / "tests"}')
    golden = images / 'tests' / 'golden'
    assert [case.relative_to(golden).as_posix() for case in golden.glob('*/*')] == [
        'centre/centre_loss__01_absent_class.npz'
    ]
    run(sys.executable, '-m', *shlex.split(test), folder=images, **python)
    run_ltcl(commands, images, images)
    assert list((images / 'work_dirs').rglob('epoch_2.pth'))
    assert list((images / 'work_dirs').rglob('test_metrics.json'))
