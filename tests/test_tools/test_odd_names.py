"""Folders with names of every kind: trained on, tested, divided and compared like any other."""

import csv
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from odd_names import ODD_NAMES
from PIL import Image

from ltcl.neutral_text import from_csv_cell, visible

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / 'configs' / 'custom' / 'balanced-softmax_resnet50_1xb32-100e_own-images.py'
SIZE = 16
TINY = {
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'max_epochs': 1,
    'train_cfg.val_interval': 1,
    **{f'{part}_dataloader.dataset.pipeline.1.size': SIZE for part in ('train', 'val', 'test')},
    **{f'{part}_dataloader.{key}': value for part in ('train', 'val', 'test') for key, value in
       dict(batch_size=16, num_workers=1, persistent_workers=False).items()},
}  # fmt: skip
# Neither Python's UTF-8 mode nor a UTF-8 locale: output and log files would take ASCII alone.
ASCII_LOCALE = {'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0', 'OMP_NUM_THREADS': '1'}


def write_folder(root, names):
    for label, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number in range(3):
            picture = Image.new('RGB', (SIZE, SIZE), (label * 8, number * 80, 0))
            picture.save(root / name / f'th\udce9 [red]{number}.png')


# Both commands in one new process: it is the imports that take long.
TRAIN_AND_TEST = """
import sys
from ltcl.cli.main import main
checkpoint, words = sys.argv[1], sys.argv[2:]
for command in (['train', words[0]], ['test', words[0], checkpoint]):
    sys.argv = ['ltcl', *command, *words[1:]]
    main()
"""


def train_and_test(work_dir, **options):
    words = [work_dir / 'epoch_1.pth', CONFIG, '--work-dir', work_dir, '--cfg-options']
    words += [f'{key}={value}' for key, value in (TINY | options).items()]
    command = [sys.executable, '-c', TRAIN_AND_TEST, *words]
    return subprocess.run(command, cwd=ROOT, env=os.environ | ASCII_LOCALE, capture_output=True, timeout=300)


def test_folder_of_odd_names_is_trained_and_tested(tmp_path):
    write_folder(tmp_path / 'data', ODD_NAMES)
    work_dir = tmp_path / 'run'
    done = train_and_test(work_dir, data_root=tmp_path / 'data')
    assert done.returncode == 0, done.stderr
    printed = done.stdout + done.stderr
    for fault in (b'Logging error', b'Traceback', b'WARNING', b'Warning', b'could not', b'\x1b', b'\x07'):
        assert fault not in printed
    logs = list(work_dir.glob('*/*.log'))
    assert len(logs) == 2
    for log in logs:
        text = log.read_text(encoding='utf-8')
        assert '\x1b' not in text
        assert '1 (\\ttab) to 1 (\\ttab)' in text
    for prefix in ('', 'test_'):
        assert Image.open(work_dir / f'{prefix}per_class.png').width > 600
        rows = json.loads((work_dir / f'{prefix}metrics.json').read_text())['per_class']
        # An ASCII locale gives the bytes of a name one by one.
        classes = {row['class_name'].encode('ascii', 'surrogateescape') for row in rows}
        assert classes == set(map(os.fsencode, ODD_NAMES))
        with (work_dir / f'{prefix}per_class.csv').open(encoding='utf-8', newline='') as file:
            found = {from_csv_cell(row['class_name']) for row in csv.DictReader(file)}
        assert found == {visible(name, '\n\t') for name in ODD_NAMES}


@pytest.fixture
def tool(request, monkeypatch):
    """A tool as a module."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    return importlib.import_module(f'ltcl.cli.{request.param}')


@pytest.mark.parametrize('tool', ['data_split'], indirect=True)
@pytest.mark.parametrize('name', ['a\nb', ' leading', 'th\udce9', '\rcr', 'x\\y'])
def test_list_is_not_written_with_a_name_that_it_would_not_give_back(tool, name, tmp_path, monkeypatch, capsys):
    (tmp_path / name).mkdir()
    (tmp_path / 'tea').mkdir()
    for number in range(5):
        Image.new('RGB', (4, 4), (0, number, 0)).save(tmp_path / name / f'{number}.png')
        Image.new('RGB', (4, 4), (9, number, 0)).save(tmp_path / 'tea' / f'{number}.png')
    monkeypatch.setattr('sys.argv', ['split_images.py', str(tmp_path)])
    with pytest.raises(SystemExit):
        tool.main()
    error = capsys.readouterr().err
    assert f'names cannot stand in a list, the first is "{visible(name)}' in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.glob('*.txt'))


@pytest.mark.parametrize('tool', ['data_split'], indirect=True)
def test_names_of_other_scripts_and_marks_are_divided(tool, tmp_path, monkeypatch, capsys):
    names = ['猫 と 犬', '\x1b[31mred', '=1', '$a$', 'عربى']
    for label, name in enumerate(names):
        (tmp_path / name).mkdir()
        for number in range(5):
            Image.new('RGB', (4, 4), (label, number, 0)).save(tmp_path / name / f'{number}.png')
    monkeypatch.setattr('sys.argv', ['split_images.py', str(tmp_path)])
    tool.main()
    assert '\x1b' not in capsys.readouterr().out
    from ltcl.datasets import OwnImages

    read = OwnImages(str(tmp_path), 'train')
    assert sorted(read.metainfo['classes']) == sorted(names)
    assert len(read) == 20


@pytest.mark.parametrize('tool', ['compare'], indirect=True)
def test_config_that_begins_with_an_underscore_has_a_name(tool):
    assert tool.short_names(['_u.py', '_v_toy.py', 'paco_toy.py']) == {
        '_u.py': '_u',
        '_v_toy.py': '_v_toy',
        'paco_toy.py': 'paco',
    }
