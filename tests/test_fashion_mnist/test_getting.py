"""The tool that gets Fashion-MNIST: each source, what an interrupted or failed run leaves, and what it says."""

import gzip
import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torchvision
from rich.console import Console

from ltcl.debian_package import DebianPackage
from ltcl.errors import SourceError, UserError
from ltcl.fashion_mnist import debian_package, files
from ltcl.fashion_mnist.getting import get_fashion_mnist

TOOL = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'fashion_mnist.py'


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture(scope='session')
def packed(fashion_mnist_contents, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('packed')
    for name, content in fashion_mnist_contents.items():
        (folder / f'{name}.gz').write_bytes(gzip.compress(content, 1))
    return folder


@pytest.fixture
def no_network(monkeypatch):
    """Neither mirrors nor apt nor an installed package."""
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, 'mirrors', ['file:///nowhere/'])
    monkeypatch.setattr(debian_package, 'PACKAGE', DebianPackage('dataset-fashion-mnist', Path('nowhere'), 31))
    monkeypatch.setenv('PATH', '/nowhere')


def assert_complete(root: Path, contents: dict[str, bytes]) -> None:
    assert sorted(path.name for path in root.iterdir() if path.suffix != '.gz') == sorted(contents)
    for name, content in contents.items():
        assert (root / name).read_bytes() == content


def test_intact_data_root_is_left_alone(fashion_mnist_root, console, no_network):
    before = {path: path.stat().st_mtime_ns for path in fashion_mnist_root.iterdir()}
    get_fashion_mnist(fashion_mnist_root, console)
    assert 'all checksums match' in console.file.getvalue()
    assert before == {path: path.stat().st_mtime_ns for path in fashion_mnist_root.iterdir()}


def test_packed_files_in_the_data_root(
    fashion_mnist_contents, synthetic_checksums, packed, tmp_path, console, no_network
):
    for path in packed.iterdir():
        (tmp_path / path.name).symlink_to(path)
    get_fashion_mnist(tmp_path, console)
    assert_complete(tmp_path, fashion_mnist_contents)


def test_torchvision_download_repairs_a_corrupt_file(
    fashion_mnist_contents, synthetic_checksums, packed, tmp_path, console, monkeypatch
):
    mirrors = ['file:///nowhere/', f'{packed.as_uri()}/']
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, 'mirrors', mirrors)
    (tmp_path / 'train-images-idx3-ubyte').write_bytes(b'cut off')
    get_fashion_mnist(tmp_path, console)
    assert_complete(tmp_path, fashion_mnist_contents)
    assert "torchvision's download" in console.file.getvalue()


def write_script(path: Path, text: str) -> None:
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_debian_package_after_an_update_of_the_lists(
    fashion_mnist_contents, synthetic_checksums, packed, tmp_path, console, no_network, monkeypatch
):
    programs = tmp_path / 'programs'
    programs.mkdir()
    # As apt-get does: the package is unknown until the lists were fetched.
    write_script(
        programs / 'apt-get',
        f'case "$*" in\n'
        f'  *update) touch {tmp_path}/updated ;;\n'
        f'  *) [ -e {tmp_path}/updated ] || {{ echo "E: Unable to locate it" >&2; exit 100; }}; touch some.deb ;;\n'
        f'esac',
    )
    write_script(programs / 'dpkg-deb', f'mkdir -p content && cp -r {packed} content/nowhere')
    monkeypatch.setenv('PATH', f'{programs}:{os.defpath}')
    get_fashion_mnist(tmp_path / 'root', console)
    assert_complete(tmp_path / 'root', fashion_mnist_contents)
    assert 'the Debian package' in console.file.getvalue()


def test_no_source_names_all_three(synthetic_checksums, tmp_path, console, no_network):
    with pytest.raises(
        UserError, match=r"(?s)the data root \(lacks.*torchvision's download \(.*the Debian package .* \("
    ):
        get_fashion_mnist(tmp_path / 'root', console)
    assert not (tmp_path / 'root').exists()


def test_foreign_and_damaged_content_is_never_written(packed, tmp_path):
    name = 't10k-labels-idx1-ubyte'
    content = (packed / f'{name}.gz').read_bytes()
    with pytest.raises(SourceError, match='not the published one'):
        files.write_verified(tmp_path, name, gzip.decompress(content))
    with pytest.raises(SourceError, match='damaged'):
        files.gunzip(name, content[:-20])
    assert not list(tmp_path.iterdir())


def test_interrupted_write_leaves_nothing(fashion_mnist_contents, synthetic_checksums, tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'replace', interrupt)
    name = 't10k-labels-idx1-ubyte'
    with pytest.raises(KeyboardInterrupt):
        files.write_verified(tmp_path, name, fashion_mnist_contents[name])
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(Path('/usr/share/datasets/fashion-mnist').exists(), reason='the Debian package is installed')
def test_command_line_failure_is_one_line(tmp_path):
    # A module that shadows torchvision keeps this test off the network and off torch.
    (tmp_path / 'torchvision.py').write_text('raise ImportError')
    command = [sys.executable, TOOL, '--data-root', tmp_path / 'root']
    environment = {'PATH': '/nowhere', 'PYTHONPATH': f'{tmp_path}{os.pathsep}{TOOL.parents[2]}'}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith('error: Fashion-MNIST is in none of its three places')
    assert 'torchvision is not installed' in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_tool_needs_no_torch():
    code = f'import runpy, sys; runpy.run_path({str(TOOL)!r}); sys.exit("torch" in sys.modules)'
    environment = {**os.environ, 'PYTHONPATH': str(TOOL.parents[2])}
    assert subprocess.run([sys.executable, '-c', code], env=environment).returncode == 0
