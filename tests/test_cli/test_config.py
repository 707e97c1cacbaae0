"""``ltcl config`` prints what a training would read, and ``ltcl list`` what there is to print."""

import sys

import pytest
from mmengine.config import Config

from ltcl.cli import config
from ltcl.cli import list as list_command
from ltcl.launch import load_config
from ltcl.shipped import shipped_configs

SMALL = 'ltcl::paco/paco_resnet20_1xb128-100e_fashion-mnist-lt-small.py'


@pytest.fixture
def call(monkeypatch, capsys):
    """Runs a command in this process; gives what it prints."""

    def run(command, *words, status=0):
        monkeypatch.setattr('sys.argv', ['ltcl', *map(str, words)])
        if status:
            with pytest.raises(SystemExit) as stop:
                command.main()
            assert stop.value.code == status
            return capsys.readouterr().err
        command.main()
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize('name', [SMALL, 'ltcl::seg/gpaco/gpaco_upernet-swin-tiny_8xb2-160k_ade20k-512x512.py'])
def test_what_is_printed_is_the_same_config(call, name, tmp_path):
    path = tmp_path / 'merged.py'
    path.write_text(call(config, name))
    assert Config.fromfile(path, import_custom_modules=False).to_dict() == load_config(name).to_dict()
    assert load_config(path).to_dict() == load_config(name).to_dict()


def test_options_are_merged_and_a_file_is_written(call, tmp_path):
    path = tmp_path / 'short.py'
    assert call(config, SMALL, '--cfg-options', 'max_epochs=7', 'data_root=elsewhere', '--out', path) == ''
    cfg = load_config(path)
    assert cfg.train_cfg.max_epochs == 7
    assert cfg.train_dataloader.dataset.data_root == 'elsewhere'


def test_every_value_is_read_again(call, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(
        "name = 'é\\n\\x07'\nmodel = dict(ends=[float('inf'), -float('inf')], pair=(1,), none=None, x=1e-7)\n"
    )
    merged = tmp_path / 'merged.py'
    merged.write_text(call(config, path))
    assert load_config(merged).to_dict() == load_config(path).to_dict() == Config.fromfile(merged).to_dict()


def test_nothing_is_imported_for_it(call, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text("custom_imports = dict(imports=['no_such_module'])\n")
    assert "imports=[ 'no_such_module', ]" in ' '.join(call(config, path).split())


def test_mistakes_are_one_line(call):
    mistyped = call(config, SMALL, '--cfg-options', 'train_clg.x=1', status=1)
    assert 'did you mean train_cfg or train_pipeline?' in mistyped
    mistyped = call(config, SMALL, '--cfg-options', 'model.headd.x=1', status=1)
    assert mistyped == "error: model.headd: ContrastiveClassifier has no option 'headd': did you mean head?\n"
    assert 'batch_size=-1' in call(config, SMALL, '--cfg-options', 'train_dataloader.batch_size=-1', status=1)
    assert call(config, SMALL.replace('100e', '101e'), status=1).startswith(
        f'error: config file {SMALL.replace("100e", "101e")} does not exist: did you mean {SMALL}'
    )


@pytest.mark.parametrize(
    ('out', 'message'),
    [('mine', 'mine must end in .py'), ('folder.py', '(it is a folder)'), ('none/mine.py', '(there is no folder ')],
)
def test_a_place_that_cannot_be_written_is_told(call, tmp_path, out, message):
    (tmp_path / 'folder.py').mkdir()
    said = call(config, SMALL, '--out', tmp_path / out, status=2)
    assert message in said
    assert len(said.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ['folder.py']


def test_list_chooses_by_words(call):
    everything = call(list_command).split()
    assert everything == [f'ltcl::{name}' for name in shipped_configs()]
    assert call(list_command, 'FASHION', 'bcl').splitlines() == [
        'ltcl::bcl/bcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py',
        'ltcl::bcl/bcl_resnet20_1xb128-12e_fashion-mnist-lt-full.py',
    ]
    blocks = call(list_command, 'resnet20', 'small').split('\n\n')
    assert [{name.split('/')[0] for name in block.split()} for block in blocks] == [
        {block.split('/')[0]} for block in blocks
    ]
    assert 'no config has quux in its name' in call(list_command, 'quux', status=1)
    assert 'torch' in sys.modules  # of the tests; test_main asks whether the commands need it
