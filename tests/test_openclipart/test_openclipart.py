"""The clip art data set: what becomes an image, what is left out, how it is got, what a stop or a failure leaves."""

import errno
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from ltcl.cli import data_openclipart
from ltcl.datasets import OwnImages
from ltcl.debian_package import DebianPackage
from ltcl.errors import UserError
from ltcl.openclipart import folder, source
from ltcl.openclipart.folder import make_openclipart

NUM_SHAPES, NUM_TOOLS = 40, 6


def draw(path: Path, seed: int, size: tuple[int, int] = (60, 40), mode: str = 'RGB') -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).convert(mode).save(path)


@pytest.fixture(scope='module')
def tree(tmp_path_factory) -> Path:
    """The package's folder as it is when unpacked."""
    root = tmp_path_factory.mktemp('tree') / 'usr/share/openclipart/png'
    for i in range(NUM_SHAPES):
        draw(root / f'shapes/{i:02d}.png', i, (600, 300) if i < 2 else (60, 40))
    for i in range(NUM_TOOLS):
        draw(root / f'tools/toys/{i}.png', 100 + i)
    glass = Image.new('RGBA', (40, 40), (255, 0, 0, 128))
    glass.paste((0, 0, 0, 0), (0, 0, 20, 20))
    glass.save(root / 'tools/glass.png')
    draw(root / 'shapes/both.png', 200)
    (root / 'tools/both.png').symlink_to('../shapes/both.png')
    draw(root / 'shapes/more/copy.png', 7, mode='RGBA')  # the same pixels as 07.png
    draw(root / 'shapes/large.png', 201, (700, 800))
    return root


@pytest.fixture
def package(tree, tmp_path, monkeypatch) -> Path:
    """A machine whose apt-get finds the package; returns the folder of its programs."""
    monkeypatch.setattr(source, 'PACKAGE', DebianPackage('openclipart-png', Path('usr/share/nowhere/png'), 131))
    monkeypatch.setattr(source, 'NUM_FILES', NUM_SHAPES + NUM_TOOLS + 5)
    monkeypatch.setattr(source, 'NUM_CLASSES', 2)
    monkeypatch.setattr(source, 'MAX_PIXELS', 500_000)
    programs = tmp_path / 'programs'
    programs.mkdir()
    script(programs / 'apt-get', f'echo "$@" >> {tmp_path}/calls; touch openclipart-png_all.deb')
    script(programs / 'dpkg-deb', f'mkdir -p content/usr/share/nowhere && cp -r {tree} content/usr/share/nowhere/png')
    monkeypatch.setenv('PATH', f'{programs}:{os.defpath}')
    return programs


def script(path: Path, text: str) -> None:
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)


def make(root: Path) -> str:
    console = Console(file=io.StringIO(), width=200)
    make_openclipart(root, console)
    return console.file.getvalue()


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob('*')) if path.is_file()}


def test_images_and_what_is_left_out(package, tmp_path):
    printed = make(tmp_path / 'data')
    files = contents(tmp_path / 'data')
    images = [name.split('/', 1)[1] for name in files if name.endswith('.png')]
    kept = [f'shapes/{i:02d}.png' for i in range(NUM_SHAPES)]
    kept += ['tools/glass.png', *(f'tools/toys__{i}.png' for i in range(NUM_TOOLS))]
    assert sorted(images) == sorted(kept)
    assert '51 files, left out: 1 too large, 2 in several classes, 1 copies' in printed
    assert '2 classes, 33 training and 14 test images, imbalance factor 5.6' in printed
    assert '0 many, 1 medium, 1 few' in printed
    counts = json.loads(files['openclipart.json'])['counts']
    assert counts == {'train': {'shapes': 28, 'tools': 5}, 'test': {'shapes': 12, 'tools': 2}}
    assert set(os.listdir(tmp_path / 'data')) == {'train', 'test', 'openclipart.json'}


def test_images_are_small_and_on_white(package, tmp_path):
    make(tmp_path / 'data')
    paths = {path.name: path for path in (tmp_path / 'data').rglob('*.png')}
    assert {Image.open(path).mode for path in paths.values()} == {'RGB'}
    assert Image.open(paths['00.png']).size == (256, 128)
    assert Image.open(paths['05.png']).size == (60, 40)
    glass = np.asarray(Image.open(paths['glass.png']))
    assert glass[0, 0].tolist() == [255, 255, 255]
    assert glass[30, 30].tolist() == [255, 127, 127]


def test_the_same_everywhere_and_ready_for_training(package, tmp_path):
    make(tmp_path / 'data')
    make(tmp_path / 'again')
    assert contents(tmp_path / 'data') == contents(tmp_path / 'again')
    train, val, test = (OwnImages(str(tmp_path / 'data'), part) for part in ('train', 'val', 'test'))
    assert train.metainfo['classes'] == ('shapes', 'tools')
    assert [len(train) + len(val), len(test)] == [33, 14]


def test_near_copies_are_in_one_part(package, tree, tmp_path, monkeypatch):
    near = tmp_path / 'tree'
    shutil.copytree(tree, near)
    for i in range(2, NUM_SHAPES):
        with Image.open(near / f'shapes/{i:02d}.png') as image:
            image.resize((120, 80), Image.Resampling.BICUBIC).save(near / f'shapes/{i:02d}-large.png')
    script(package / 'dpkg-deb', f'mkdir -p content/usr/share/nowhere && cp -r {near} content/usr/share/nowhere/png')
    monkeypatch.setattr(source, 'NUM_FILES', source.NUM_FILES + NUM_SHAPES - 2)
    make(tmp_path / 'data')
    train, test = (
        {path.name for path in (tmp_path / 'data' / part / 'shapes').iterdir()} for part in ('train', 'test')
    )
    assert len(test) in (22, 23, 24)  # 12 of 40 pictures
    assert {name.replace('-large', '') for name in train}.isdisjoint(name.replace('-large', '') for name in test)


def test_a_full_data_root_is_left_alone(package, tmp_path):
    first = make(tmp_path / 'data')
    shutil.rmtree(package)
    before = contents(tmp_path / 'data')
    assert first.endswith(make(tmp_path / 'data'))
    assert contents(tmp_path / 'data') == before


@pytest.mark.parametrize('lost', ['train', 'test/tools', 'train/shapes/05.png'])
def test_images_that_went_missing_are_written_anew(package, tmp_path, lost):
    root = tmp_path / 'data'
    make(root)
    before = contents(root)
    shutil.rmtree(root / lost) if (root / lost).is_dir() else (root / lost).unlink()
    number = len(before) - len(contents(root))
    assert f'{number} images are missing in {root}: all are written anew\n' in make(root)
    assert contents(root) == before


def test_what_a_killed_run_left_is_done_anew(package, tmp_path):
    make(tmp_path / 'whole')
    root = tmp_path / 'data'
    draw(root / '.partial/small/1.png', 0)
    draw(root / 'train/shapes/strange.png', 0)  # it was taking its place
    make(root)
    assert contents(root) == contents(tmp_path / 'whole')


def test_a_folder_of_someone_else_is_not_touched(package, tmp_path):
    draw(tmp_path / 'data/train/mine/1.png', 0)
    before = contents(tmp_path / 'data')
    with pytest.raises(UserError, match='data/train was not written by this command: name another folder'):
        make(tmp_path / 'data')
    assert contents(tmp_path / 'data') == before


def test_a_deb_file_in_the_data_root_needs_no_network(package, tmp_path):
    (package / 'apt-get').unlink()
    root = tmp_path / 'data'
    root.mkdir()
    (root / 'openclipart-png_0.18_all.deb').touch()
    assert '33 training' in make(root)
    assert not (tmp_path / 'calls').exists()


@pytest.mark.parametrize(
    ('program', 'text', 'message'),
    [
        ('apt-get', 'echo "E: Could not resolve mirror.example" >&2; exit 100', 'Could not resolve mirror.example'),
        ('apt-get', None, 'apt-get is not on this machine'),
        ('dpkg-deb', 'echo "dpkg-deb: error: unexpected end of file" >&2; exit 2', 'unexpected end of file'),
        ('dpkg-deb', 'mkdir -p content/usr', 'openclipart-png_all.deb has no folder usr/share/nowhere/png'),
        ('dpkg-deb', 'mkdir -p content/usr/share/nowhere/png', r'0 pictures in 0 folders, known are 51 in 2'),
    ],
)
def test_no_package(package, tmp_path, monkeypatch, program, text, message):
    (package / program).unlink()
    if text:
        script(package / program, text)
    else:
        monkeypatch.setattr(shutil, 'which', lambda name: None if name == program else name)
    with pytest.raises(UserError, match=rf'{message}.*: connect to a network, or put the \.deb file'):
        make(tmp_path / 'data')
    assert not list((tmp_path / 'data').iterdir())


def test_a_damaged_picture(package, tree, tmp_path):
    damaged = tmp_path / 'tree'
    shutil.copytree(tree, damaged)
    path = damaged / 'tools/toys/3.png'
    path.write_bytes(path.read_bytes()[:-300])
    script(package / 'dpkg-deb', f'mkdir -p content/usr/share/nowhere && cp -r {damaged} content/usr/share/nowhere/png')
    with pytest.raises(UserError, match=r'3\.png is damaged .*: get openclipart-png anew'):
        make(tmp_path / 'data')
    assert not list((tmp_path / 'data').iterdir())


@pytest.mark.parametrize(
    ('number', 'message'),
    [(errno.ENOSPC, 'No space left on device.*: make room for 500 MB'), (errno.EACCES, 'Permission denied.*: name')],
)
def test_full_or_forbidden_disk(package, tmp_path, monkeypatch, number, message):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Image.Image, 'save', refuse)
    with pytest.raises(UserError, match=message):
        make(tmp_path / 'data')
    assert not list((tmp_path / 'data').iterdir())


def test_interrupted(package, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, 'take_place', interrupt)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / 'data')
    assert not list((tmp_path / 'data').iterdir())


def test_command(package, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    monkeypatch.setattr('sys.argv', ['ltcl data openclipart', '--data-root', str(tmp_path / 'data')])
    data_openclipart.main()
    assert f'ltcl train {tmp_path}/data' in capsys.readouterr().out.replace('\n', '')
