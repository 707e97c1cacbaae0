"""Files of the originals are read as data: what carries code is refused and does not run."""

import argparse
import os
import pathlib
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fake_checkpoints import ORIGINALS
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import _load_checkpoint
from toy import model_config, toy_config

from ltcl.checkpoints.reading import load_from_local, read_checkpoint, write_checkpoint
from ltcl.engine import Runner
from ltcl.errors import UserError


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class NamedTrap(Trap):
    """The same by way of a type that is let through: its state is a trap."""

    def __reduce__(self):
        return argparse.Namespace, (), {'options': Trap(self.path)}


class MethodTrap(Trap):
    """The call of a method of a type that is let through."""

    def __reduce__(self):
        return HistoryBuffer.register_statistics, (3,)


@pytest.fixture
def trap(tmp_path):
    """A checkpoint that carries code, and the file that the code would make."""
    mark = tmp_path / 'code_was_run'
    torch.save({'state_dict': {'a': torch.zeros(1)}, 'optimizer': Trap(mark)}, tmp_path / 'trap.pth')
    return tmp_path / 'trap.pth', mark


def test_the_trap_works(trap):
    path, mark = trap
    torch.load(path, weights_only=False)
    assert mark.exists()


@pytest.mark.parametrize('read', [read_checkpoint, load_from_local, _load_checkpoint])
@pytest.mark.parametrize('kind', [Trap, NamedTrap, MethodTrap])
@pytest.mark.parametrize('legacy', [False, True])
def test_code_is_refused_and_not_run(trap, read, kind, legacy):
    path, mark = trap
    torch.save({'args': kind(mark)}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(UserError, match=r'trap\.pth is refused: .*carries (posix\.mkdir|getattr|calls|mmengine)'):
        read(str(path))
    assert not mark.exists()


def test_plain_pickle_is_refused(trap):
    path, mark = trap
    path.write_bytes(pickle.dumps(Trap(mark)))
    with pytest.raises(UserError, match=r'is refused|is damaged'):
        read_checkpoint(path)
    assert not mark.exists()


def test_load_from_refuses_code(trap, images, tmp_path):
    path, mark = trap
    with pytest.raises(UserError, match='is refused'):
        Runner.from_cfg(toy_config(images, tmp_path / 'run', load_from=str(path))).test()
    assert not mark.exists()


def test_initialisation_from_a_file_refuses_code(trap):
    path, mark = trap
    from mmengine.registry import MODELS
    from toy import METHODS

    config = model_config(METHODS['cross_entropy'])
    config['backbone']['init_cfg'] = dict(type='Pretrained', checkpoint=str(path), prefix='backbone.')
    with pytest.raises(UserError, match='is refused'):
        MODELS.build(config).init_weights()
    assert not mark.exists()


@pytest.mark.parametrize('name', ['gpaco', 'gpaco_vit', 'stage2_alternative', 'tsc_cifar'])
def test_what_the_originals_hold_is_read(name, tmp_path):
    checkpoint = ORIGINALS[name].pack(ORIGINALS[name].network())
    path = tmp_path / 'model.pth.tar'
    torch.save(checkpoint, path)
    read = read_checkpoint(path)
    assert read.keys() == checkpoint.keys()
    for key in ('args', 'opt', 'best_acc'):
        expected = checkpoint.get(key)
        assert read.get(key) == (vars(expected) if isinstance(expected, argparse.Namespace) else expected)


def test_numpy_numbers_of_either_major_version(tmp_path):
    path = tmp_path / 'old.pth'
    content = {'acc': np.float64(0.5), 'n': np.int64(3), 'low': np.float32(2), 'flag': np.bool_(True)}
    content['counts'] = np.arange(3)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    assert b'numpy._core' in path.read_bytes() or b'numpy.core' in path.read_bytes()
    for core in (b'numpy._core', b'numpy.core'):
        # Protocol 2 names modules in lines of text, so that the names may change their length.
        path.write_bytes(path.read_bytes().replace(b'numpy._core', b'numpy.core').replace(b'numpy.core', core))
        read = read_checkpoint(path)
        assert read['counts'].tolist() == [0, 1, 2]
        assert (read['acc'], read['n'], read['low'], read['flag']) == (0.5, 3, 2, True)


def test_missing_damaged_and_other_files(tmp_path):
    with pytest.raises(UserError, match=r'none\.pth does not exist'):
        read_checkpoint(tmp_path / 'none.pth')
    path = tmp_path / 'model.pth'
    torch.save({'state_dict': {'a': torch.zeros(1000)}}, path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-10], b'', b'<html>not found</html>', b'\x80\x02broken'):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r'model\.pth is damaged or no checkpoint'):
            read_checkpoint(path)


def test_a_run_s_own_checkpoint_is_read(images, tmp_path):
    runner = Runner.from_cfg(toy_config(images, tmp_path, 'tsc', train_cfg__max_epochs=1))
    runner.train()
    checkpoint = load_from_local(str(tmp_path / 'epoch_1.pth'))
    assert checkpoint['meta']['epoch'] == 1
    assert checkpoint['message_hub']['log_scalars']


def test_writing_is_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / 'sub' / 'model.pth'
    write_checkpoint(path, {'a': torch.ones(1)})

    def fail(*args):
        pathlib.Path(args[1]).write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(torch, 'save', fail)
    with pytest.raises(UserError, match=r'cannot write .*No space left'):
        write_checkpoint(path, {'a': torch.zeros(1)})
    assert read_checkpoint(path) == {'a': torch.ones(1)}
    assert [file.name for file in path.parent.iterdir()] == ['model.pth']


def test_downloads_are_weights_only_as_well(trap, monkeypatch):
    import ltcl.engine
    from ltcl.launch import build_runner

    path, mark = trap
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
    monkeypatch.setattr(ltcl.engine, 'Runner', SimpleNamespace(from_cfg=lambda cfg: cfg))
    build_runner({})
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=False)
    assert not mark.exists()
