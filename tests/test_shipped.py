"""Configs that come with ltcl: their names, and mmengine finds them whichever of the two is imported first."""

import subprocess
import sys
from pathlib import Path

import pytest

from ltcl.launch import load_config
from ltcl.shipped import config_folder, find_config, name_of, shipped_configs

CONFIGS = Path(__file__).parents[1] / 'configs'
NAME = 'bcl/bcl_resnet20_1xb128-100e_fashion-mnist-lt-small'


@pytest.mark.parametrize(
    'name',
    [f'ltcl::{NAME}.py', f'ltcl::{NAME}', f'configs/{NAME}.py', NAME.partition('/')[2], f'{NAME.partition("/")[2]}.py'],
)
def test_ways_to_name_a_config(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == CONFIGS / f'{NAME}.py'
    assert name_of(find_config(name)) == f'ltcl::{NAME}.py'
    assert load_config(name).filename == str(CONFIGS / f'{NAME}.py')


def test_files_come_first_and_other_names_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = Path(f'{NAME.partition("/")[2]}.py')
    own.touch()
    assert find_config(own) == own
    for name in ('no_such_config', 'folder/no_such_config.py', 'configs/x.py', 'bcl', 'mmpretrain::x.py'):
        assert str(find_config(name)) == name
        assert name_of(name) == name


def test_every_config_that_can_be_run_is_listed():
    assert config_folder() == CONFIGS
    assert all(path.is_file() for path in shipped_configs().values())
    assert not any('_base_' in name for name in shipped_configs())


@pytest.mark.parametrize('above', ['', "custom_imports = dict(imports=['json'])\n"])
def test_base_by_name_is_the_same_as_by_path(above, tmp_path):
    for number, base in enumerate((f'ltcl::{NAME}.py', str(CONFIGS / f'{NAME}.py'))):
        (tmp_path / f'{number}.py').write_text(
            f'{above}_base_ = [{base!r}]\nmodel = dict(head=dict(temperature=0.2))\n'
        )
    by_name, by_path = (load_config(tmp_path / f'{number}.py') for number in range(2))
    assert by_name.to_dict() == by_path.to_dict()


@pytest.mark.parametrize('imports', ['import ltcl, mmengine.config', 'import mmengine.config, ltcl'])
def test_plain_mmengine_finds_them(imports, tmp_path):
    (tmp_path / 'own.py').write_text(f"_base_ = 'ltcl::{NAME}.py'\nmodel = dict(head=dict(temperature=0.2))\n")
    code = (
        f'{imports}\nimport sys\nassert not sys.meta_path[0].__class__.__module__.startswith("ltcl")\n'
        'from mmengine.config import Config\n'
        f'named = Config.fromfile("ltcl::{NAME}.py")\nassert named.filename == {str(CONFIGS / NAME)!r} + ".py"\n'
        f'own = Config.fromfile({str(tmp_path / "own.py")!r})\nassert own.model.head.pop("temperature") == 0.2\n'
        'named.model.head.pop("temperature", None)\nassert own.to_dict() == named.to_dict()\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
