"""Options of the tools, and what bad input gets: one line that names the cause."""

import argparse
import errno
import pickle

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS

from ltcl import environment
from ltcl.errors import UserError
from ltcl.launch import apply_options, check_option, explain, load_config, report_user_errors, run_options
from ltcl.launch.building import import_custom_modules, import_scope

CONFIG = Config(
    dict(
        train_cfg=dict(type='ltcl.ResumableTrainLoop', max_epochs=2),
        model=dict(type='ImageClassifier', head=dict(type='ltcl.PaCoHead', alpha=0.1)),
        env_cfg=dict(cudnn_benchmark=True),
        custom_hooks=[dict(type='ltcl.ClassCountsHook')],
    )
)


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    run_options(parser)
    return parser.parse_args(['configs/x.py', *words])


@pytest.mark.parametrize(
    'key',
    ['train_cfg.max_epochs', 'model.head.smoothing', 'custom_hooks.0.priority', 'env_cfg.cudnn_benchmark', 'compile'],
)
def test_options_that_something_reads_are_accepted(key):
    assert check_option(CONFIG, key) is None


@pytest.mark.parametrize(
    ('key', 'words'),
    [
        ('train_clg.max_epochs', ('train_clg', 'train_cfg')),
        ('optim_wraper', ('optim_wraper',)),
        ('env_cfg.cudnn_bench', ('env_cfg.cudnn_bench', 'cudnn_benchmark')),
        ('custom_hooks.3.priority', ('custom_hooks.3',)),
    ],
)
def test_options_that_nothing_reads_are_refused(key, words):
    with pytest.raises(UserError) as error:
        check_option(CONFIG, key)
    assert all(word in str(error.value) for word in words)


def test_argument_unknown_to_a_part_is_named():
    with pytest.raises(TypeError) as error:
        MODELS.build(dict(type='ltcl.Projector', in_channels=4, layers=3))
    assert explain(error.value) == "Projector has no option 'layers': did you mean num_layers?"


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (
            dict(type='ltcl.CosineClsHead', in_channels=4, init_cfg=None),
            'CosineClsHead sets init_cfg itself: leave it out',
        ),
        (dict(type='ltcl.BalancedSoftmaxLoss', tau=1.0), "BalancedSoftmaxLoss has no option 'tau': correct the key"),
    ],
)
def test_an_argument_that_a_base_class_has_is_not_proposed(options, words):
    with pytest.raises(TypeError) as error:
        MODELS.build(dict(options, num_classes=3))
    assert explain(error.value).startswith(words)


def test_an_image_that_opencv_cannot_read_is_named():
    """A worker process sends the traceback along, the message last."""
    error = AssertionError('Traceback ...\nAssertionError: failed to load image: data/a b.jpg')
    assert explain(error) == (
        'OpenCV cannot read the image data/a b.jpg: mend it, save it as PNG, or take it and any mask of it away'
    )


def test_a_batch_of_one_value_says_what_to_set():
    with pytest.raises(ValueError, match='more than 1 value') as error:
        torch.nn.BatchNorm2d(128)(torch.zeros(1, 128, 1, 1))
    assert explain(error.value) == (
        'a batch normalisation of 128 channels has one value of each, and none to compare it with: raise '
        'train_dataloader.batch_size to 2 or more'
    )


def test_argument_refused_by_a_base_class_is_blamed_on_the_part_that_the_config_names():
    with pytest.raises(TypeError) as error:
        MODELS.build(dict(type='ltcl.PaCoHead', num_classes=3, in_channels=4, alhpa=0.1))
    assert explain(error.value) == "PaCoHead has no option 'alhpa': did you mean alpha?"
    with pytest.raises(TypeError) as error:
        MODELS.build(dict(type='ltcl.PaCoHead', num_classes=3, in_channels=4, xyz=0.1))
    assert 'correct the key in the config' in explain(error.value)


def test_missing_argument_is_named():
    with pytest.raises(TypeError) as error:
        MODELS.build(dict(type='ltcl.PaCoHead', num_classes=3))
    assert explain(error.value) == "PaCoHead needs 'in_channels': add it to the config"


def test_unknown_part_is_named():
    with pytest.raises(KeyError) as error:
        MODELS.build(dict(type='ltcl.PacoHead'))
    assert 'PacoHead' in explain(error.value)
    assert 'correct the type' in explain(error.value)


def test_missing_config_names_similar_ones(monkeypatch, tmp_path):
    (tmp_path / 'configs' / 'paco').mkdir(parents=True)
    (tmp_path / 'configs' / 'paco' / 'paco_small.py').touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r'configs/paco/paco_smal\.py does not exist.*configs/paco/paco_small\.py'):
        load_config('configs/paco/paco_smal.py')


def test_options_overwrite_and_the_work_dir_follows_the_config():
    cfg = apply_options(Config(CONFIG._cfg_dict.to_dict()), parse('--cfg-options', 'train_cfg.max_epochs=7'))
    assert cfg.train_cfg.max_epochs == 7
    assert cfg.work_dir == 'work_dirs/x'
    assert apply_options(cfg, parse('--work-dir', 'elsewhere')).work_dir == 'elsewhere'


def test_limit_of_a_stall_is_checked_before_anything_is_built():
    cfg = Config(CONFIG._cfg_dict.to_dict())
    with pytest.raises(UserError, match=r"stall_timeout must be a number of seconds.*got 'soon'"):
        apply_options(cfg, parse('--cfg-options', 'stall_timeout=soon'))


def test_user_errors_are_one_line_and_other_errors_keep_their_traceback(capsys, monkeypatch):
    @report_user_errors
    def mistaken():
        raise UserError('two\n lines')

    @report_user_errors
    def broken():
        raise RuntimeError('a bug')

    monkeypatch.delenv('LTCL_TRACEBACK', raising=False)
    with pytest.raises(SystemExit) as stop:
        mistaken()
    assert stop.value.code == 1
    assert capsys.readouterr().err == 'error: two lines\n'
    with pytest.raises(RuntimeError, match='a bug'):
        broken()
    monkeypatch.setenv('LTCL_TRACEBACK', '1')
    with pytest.raises(UserError):
        mistaken()


def test_download_that_is_not_only_weights_is_one_line():
    error = pickle.UnpicklingError('Weights only load failed. Re-running `torch.load` with `weights_only` set to ...')
    assert explain(error).startswith('the downloaded checkpoint holds more than weights')
    assert explain(pickle.UnpicklingError('another')) is None


class BrokenDataset(torch.utils.data.Dataset):
    """Complains in the process that reads it."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise UserError('images/1.jpg is truncated')


def test_mistake_that_a_worker_notices_is_one_line():
    loader = torch.utils.data.DataLoader(BrokenDataset(), num_workers=1)
    with pytest.raises(UserError) as raised:
        next(iter(loader))
    assert 'Traceback' in str(raised.value)
    assert explain(raised.value) == 'images/1.jpg is truncated'


def test_original_and_fork_side_by_side_are_refused(monkeypatch):
    versions = {'onedl-mmcv': '2.3.6', 'mmcv': '2.1.0', 'torch': '2.14.1'}
    monkeypatch.setattr(environment, 'installed_version', versions.get)
    with pytest.raises(UserError, match=r'mmcv and onedl-mmcv are installed together.*pip uninstall -y mmcv onedl'):
        environment.check_environment()


@pytest.mark.parametrize(
    ('version', 'is_fine'), [('2.5.1', False), (None, False), ('2.6.0+cpu', True), ('2.14.1', True)]
)
def test_old_torch_is_refused(monkeypatch, version, is_fine):
    monkeypatch.setattr(environment, 'installed_version', {'torch': version}.get)
    if is_fine:
        environment.check_environment()
    else:
        with pytest.raises(UserError, match='too old'):
            environment.check_environment()


def test_what_a_constructor_cannot_take_is_one_line():
    with pytest.raises(Exception) as error:  # noqa: PT011 (whatever the other package raises)
        MODELS.build(dict(type='mmpretrain.ResNet', depth=51))
    assert explain(error.value).startswith("ResNet cannot be built, 'invalid depth 51 for resnet': correct its options")
    assert explain(RuntimeError('a bug')) is None


def test_features_of_another_width_are_one_line():
    with pytest.raises(RuntimeError) as error:
        torch.nn.Linear(7, 2)(torch.zeros(3, 16))
    assert explain(error.value).startswith('features of width 16 meet a layer for 7: set in_channels')


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        (tmp_path / 'x.txt').read_text()
    assert explain(error.value) == f'there is no {tmp_path}/x.txt: correct the path in the config'
    assert explain(FileNotFoundError('somewhere')) is None


@pytest.mark.parametrize('imports', [[], ['ltcl.models.decode_heads']])
def test_segmentation_without_its_package_says_what_to_install(monkeypatch, imports):
    cfg = Config(dict(default_scope='mmseg', custom_imports=dict(imports=imports)))
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    for start in (lambda: import_custom_modules(cfg), lambda: import_scope('mmseg')):
        with pytest.raises(UserError, match=r"run `pip install 'ltcl\[seg\]'`"):
            start()


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (OSError(errno.ENOSPC, 'No space left', 'a.json'), 'a.json cannot be written (No space left): make room, or'),
        (OSError(errno.EROFS, 'Read-only', 'a.json'), 'a.json cannot be written (Read-only): name another place'),
        (
            OSError(errno.ENOSPC, 'No space left'),
            'a file or the standard output cannot be written (No space left): make room, or name',
        ),
        (
            OSError(errno.EACCES, 'Permission denied', 'closed/run'),
            'closed/run cannot be reached (Permission denied): get access to it and to the folders above it, or name',
        ),
        (OSError(errno.ENAMETOOLONG, 'Name too long', 'xx'), 'xx cannot be reached (Name too long): shorten it, or'),
    ],
)
def test_an_error_of_the_system_is_no_bug(error, expected):
    assert explain(error).startswith(expected)


def test_an_error_of_permission_without_a_file_keeps_its_traceback():
    assert explain(PermissionError(errno.EPERM, 'Operation not permitted')) is None
