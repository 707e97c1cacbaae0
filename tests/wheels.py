"""Builds ltcl's wheel and installs it where the clone cannot be seen."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'README.md', 'LICENSE', 'model-index.yml', 'ltcl', 'configs')

# What a source archive carries beside them.
FURTHER_SOURCES = ('CHANGELOG.md', 'SECURITY.md', 'Makefile', 'constraints.txt', 'benchmarks', 'docs', 'tests', 'tools')

# The clone stays out of sight: pip would find its ltcl there and install nothing.
WITHOUT_CLONE = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}


def copy_sources(folder: Path, names: tuple[str, ...] = SOURCES) -> Path:
    """A copy of the clone: a build leaves folders beside what it builds."""
    for name in names:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        options = dict(ignore=shutil.ignore_patterns('__pycache__')) if copy is shutil.copytree else {}
        folder.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name, **options)
    return folder


def build_wheel(folder: Path) -> Path:
    """The wheel, built by the setuptools of this environment."""
    sources = copy_sources(folder / 'sources')
    options = ['--quiet', '--no-build-isolation', '--no-deps', '--wheel-dir', folder / 'wheels']
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', *options, sources], check=True)
    return next((folder / 'wheels').glob('*.whl'))


def install(wheel: Path, folder: Path) -> Path:
    """The folder of commands of an environment that has the wheel, and the libraries of this environment."""
    venv.create(folder, with_pip=False)
    options = ['--quiet', '--no-deps', '--no-index', wheel]
    command = [sys.executable, '-m', 'pip', '--python', folder, 'install', *options]
    subprocess.run(command, check=True, env=WITHOUT_CLONE)
    # A path in a .pth file is searched last, and .pth files in it, such as that of an editable ltcl, are not run.
    (site,) = folder.glob('lib/python*/site-packages')
    (site / 'libraries.pth').write_text(sysconfig.get_path('purelib'))
    return folder / 'bin'


def call(*words: object, folder: Path) -> subprocess.CompletedProcess:
    """Run a command in a folder, without the clone's paths in the environment."""
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=WITHOUT_CLONE | {'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
