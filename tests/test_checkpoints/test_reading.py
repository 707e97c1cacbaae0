"""Files of the originals are read as data: what carries code is refused and does not run."""

import argparse
import os
import pickle
import time
from collections import Counter, OrderedDict

import numpy as np
import pytest
import torch
from fake_checkpoints import ORIGINALS
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import _load_checkpoint
from torch import nn
from toy import model_config, toy_config

from ltcl.checkpoints.choosing import checkpoint_of
from ltcl.checkpoints.reading import load_from_local, read_checkpoint, write_checkpoint
from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.launch import import_scope


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


def test_the_trap_works(trap, monkeypatch):
    path, mark = trap
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)  # whatever has built a runner sets it
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


def tensors():
    """Of every kind that a checkpoint may hold."""
    base = torch.arange(12.0).reshape(3, 4)
    kinds = (
        *(torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.uint8, torch.bool, torch.complex64, torch.uint16, torch.float8_e4m3fn),
    )
    made = {str(kind): base.to(kind) for kind in kinds}
    made |= dict(
        view=base[1:, 1:3], transposed=base.T, other_view=base[0], empty=torch.empty(0, 3), number=torch.tensor(3)
    )
    made |= dict(stretched=torch.ones(1).expand(5), parameter=nn.Parameter(base), frozen=nn.Parameter(base, False))
    made['with_attributes'] = torch.ones(2)
    made['with_attributes'].note = 'text'
    return made


@pytest.mark.parametrize('form', ['zip', 'legacy', 'pickle'])
def test_tensors_are_those_of_pytorch(form, tmp_path):
    path, expected = tmp_path / 'model.pth', tensors()
    if form == 'pickle':
        path.write_bytes(pickle.dumps(expected, 4))
    else:
        torch.save(expected, path, _use_new_zipfile_serialization=form == 'zip')
    read = read_checkpoint(path)
    assert read.keys() == expected.keys()
    for name, value in expected.items():
        ours = read[name]
        assert (type(ours), ours.dtype, ours.stride()) == (type(value), value.dtype, value.stride())
        assert ours.requires_grad == value.requires_grad
        assert torch.equal(ours.to(torch.complex128), value.to(torch.complex128))
    if form != 'pickle':
        assert read['view'].untyped_storage().data_ptr() == read['transposed'].untyped_storage().data_ptr()


@pytest.mark.parametrize('protocol', [0, 1, 2, 3, 4, 5])
def test_values_are_those_of_pickle(protocol, tmp_path):
    path = tmp_path / 'model.pkl'
    weights = OrderedDict(a=1)
    weights._metadata = OrderedDict({'': dict(version=2)})
    expected = dict(
        numbers=[None, True, False, 0, -1, 255, 256, 2**31, -(2**63), 2**64, 0.1, float('inf'), 1 + 2j],
        text=['', 'a', 'é中\U0001f600', 'x' * 300, b'', b'\x00\xff', bytearray(b'ab')],
        containers=[(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [[1]], {}, {1: {2: 3}}, {1, 2}, frozenset([3])],
        counted=Counter('aab'),
        weights=weights,
        shape=torch.Size([2, 3]),
        device=torch.device('cuda', 1),
        dtype=[torch.float32, torch.bfloat16],
        arrays=[
            np.arange(6).reshape(2, 3),
            np.asfortranarray(np.ones((2, 3), '>f4')),
            np.array(['ab', 'c']),
            np.zeros(0),
        ],
        scalars=[np.float32(0.5), np.int64(3), np.bool_(True), np.str_('a')],
    )
    path.write_bytes(pickle.dumps(expected, protocol))
    read = read_checkpoint(path)
    for ours, theirs in zip(read.pop('arrays'), expected.pop('arrays'), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
        assert ours.flags.writeable
    assert read == expected
    assert list(map(type, read['scalars'])) == list(map(type, expected['scalars']))
    assert type(read['counted']) is Counter
    assert read['weights']._metadata == weights._metadata


@pytest.mark.parametrize('protocol', [2, 4])
def test_log_histories_of_mmengine_become_numbers(protocol, tmp_path):
    path = tmp_path / 'model.pth'
    history = HistoryBuffer([0.5, 0.25], [1, 1], max_length=10)
    history.update(3, 2)
    torch.save(dict(message_hub=dict(log_scalars={'loss': history})), path, pickle_protocol=protocol)
    read = read_checkpoint(path)['message_hub']['log_scalars']['loss']
    assert read.keys() == {'log_history', 'count_history', 'max_length'}
    assert torch.equal(read['log_history'], torch.tensor([0.5, 0.25, 3], dtype=torch.float64))
    assert torch.equal(read['count_history'], torch.tensor([1, 1, 2]))
    assert read['max_length'] == 10


def test_tensors_go_where_they_are_asked_for(tmp_path):
    path = tmp_path / 'model.pth'
    torch.save({'a': torch.ones(2)}, path)
    for place in (None, 'cpu', torch.device('cpu')):
        assert read_checkpoint(path, place)['a'].device.type == 'cpu'


def test_what_mmengine_cannot_take_for_weights(tmp_path):
    path = tmp_path / 'model.pth'
    for content, message in (
        ([1], 'holds a list, not a dict of weights'),
        ({1: torch.ones(1)}, 'weights without names'),
        ({'state_dict': [1]}, 'weights without names'),
        ({'state_dict': {'a\x1b[31m': torch.ones(1)}}, 'weights without names'),
        ({'state_dict': {'a': 1}}, 'entries that are no tensors: a'),
    ):
        torch.save(content, path)
        with pytest.raises(UserError, match=rf'model\.pth.*{message}'):
            load_from_local(path)
    torch.save({'state_dict': {'a._extra_state': 1}, 'meta': None}, path)
    assert load_from_local(path)['meta'] is None


def test_names_that_a_file_chooses_do_not_reach_the_terminal(tmp_path):
    path = tmp_path / 'model.pkl'
    path.write_bytes(b'\x80\x04\x8c\x06os\x1b[0m\x8c\x06x\nerro\x93.')
    with pytest.raises(UserError) as error:
        read_checkpoint(path)
    assert str(error.value).isprintable()


@pytest.mark.slow
def test_reading_is_as_fast_as_pytorch(tmp_path):
    path = tmp_path / 'model.pth'
    torch.save({f'layer{number}': torch.zeros(100_000) for number in range(100)}, path)

    def seconds(read):
        times = []
        for _ in range(7):
            start = time.perf_counter()
            read(path)
            times.append(time.perf_counter() - start)
        return min(times)

    # Half as long again is for a machine that does other things as well; alone, the two are equal.
    assert seconds(read_checkpoint) < 1.5 * seconds(lambda path: torch.load(path, weights_only=True))


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
        args[1].write(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(torch, 'save', fail)
    with pytest.raises(UserError, match=r'cannot write .*No space left'):
        write_checkpoint(path, {'a': torch.zeros(1)})
    assert read_checkpoint(path) == {'a': torch.ones(1)}
    assert [file.name for file in path.parent.iterdir()] == ['model.pth']


def test_downloads_are_weights_only_as_well(trap, monkeypatch):
    path, mark = trap
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
    import_scope('mmpretrain')
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=False)
    assert not mark.exists()


def test_a_name_that_begins_as_a_home_is_that_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_checkpoint('~older.pth', {'state_dict': {'a': torch.ones(2)}})
    assert str(checkpoint_of('~older.pth')) == '~older.pth'
    assert load_from_local('~older.pth')['state_dict']['a'].tolist() == [1, 1]
    with pytest.raises(UserError, match='~another/run does not exist'):
        checkpoint_of('~another/run')
