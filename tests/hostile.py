"""Pickles that try to run code, by every operation that can; what they run makes an empty file, the marker."""

import copyreg
import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

Maker = Callable[[str], bytes]
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
EXTENSION = 0xAB
START = b'\x80\x04'
NONE, EMPTY, DICT, LIST, MARK = b'N', b')', b'}', b']', b'('
REDUCE, BUILD, NEWOBJ, NEWOBJ_EX, SET, APPEND, POP = b'R', b'b', b'\x81', b'\x92', b's', b'a', b'0'


class OnCreation:
    """Makes the marker when an object of it is made."""

    def __new__(cls, path='', *, keyword=''):
        Path(path or keyword).touch()
        return super().__new__(cls)


class OnState:
    """Makes the marker when its state is set."""

    def __setstate__(self, path):
        Path(path).touch()


class Dict(dict):
    """Makes the marker when an entry is set."""

    def __setitem__(self, key, value):
        Path(value).touch()


class List(list):
    """Makes the marker when an entry is added, one by one or many."""

    def append(self, item):
        Path(item).touch()

    def extend(self, items):
        Path(next(iter(items))).touch()


class Adding:
    """Makes the marker when an entry is added, as to a set."""

    def add(self, item):
        Path(item).touch()


class Reduced:
    """Whatever is given, called when it is read."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def text(value: str) -> bytes:
    encoded = value.encode()
    return b'X' + struct.pack('<I', len(encoded)) + encoded


def named(module: str, name: str) -> bytes:
    return f'c{module}\n{name}\n'.encode()


def by_stack(module: str, name: str) -> bytes:
    return text(module) + text(name) + b'\x93'


def tuple_of(*items: bytes) -> bytes:
    return MARK + b''.join(items) + b't'


def call(function: bytes, *args: bytes) -> bytes:
    return function + tuple_of(*args) + REDUCE


def state_of(**entries: bytes) -> bytes:
    return DICT + MARK + b''.join(text(key) + value for key, value in entries.items()) + b'u'


def ours(name: str) -> bytes:
    return named('hostile', name)


def code(marker: str) -> bytes:
    return text(f'open({marker!r}, "w").close()')


def attribute(owner: bytes, name: str) -> bytes:
    return call(named('builtins', 'getattr'), owner, text(name))


def touch(marker: str) -> bytes:
    """A call that makes the marker."""
    return call(named('builtins', 'exec'), code(marker))


def namespace(**state: bytes) -> bytes:
    return named('argparse', 'Namespace') + EMPTY + NEWOBJ + state_of(**state) + BUILD


def history(**state: bytes) -> bytes:
    path = named('mmengine.logging.history_buffer', 'HistoryBuffer')
    return path + EMPTY + NEWOBJ + state_of(**state) + BUILD


EVAL_BY_GETATTR = attribute(attribute(named('builtins', 'getattr'), '__self__'), 'eval')
MKDIR = named('os', 'mkdir')
STORAGE = tuple_of(text('storage'), named('torch', 'FloatStorage'), text('0'), text('cpu'), b'K\x04') + b'Q'
NO_HOOKS = named('collections', 'OrderedDict') + EMPTY + REDUCE


def tensor(*, size: bytes = b'K\x04\x85', stride: bytes = b'K\x01\x85', offset=b'K\x00', hooks=NO_HOOKS) -> bytes:
    function = named('torch._utils', '_rebuild_tensor_v2')
    return call(function, STORAGE, offset, size, stride, b'\x89', hooks)


def as_pickle(*objects: object) -> bytes:
    """What pickle writes for an object, without its start and stop: a part of another pickle."""
    return b''.join(pickle.dumps(each, 3)[2:-1] for each in objects)


def saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def object_array(marker: str) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([Reduced(eval, f'open({marker!r}, "w")')], dtype=object), allow_pickle=True)
    return file.getvalue()


def big(number: int) -> bytes:
    return b'\x8a\x08' + struct.pack('<q', number)


def evaluated(marker: str) -> Reduced:
    return Reduced(eval, f'open({marker!r}, "w").close()')


# Each runs its code in a reader that takes every pickle; `test_each_would_run` sees to that.
RUNS: dict[str, Maker] = {
    'reduce_mkdir': lambda m: call(MKDIR, text(m)),
    'reduce_posix': lambda m: call(named('posix', 'mkdir'), text(m)),
    'reduce_exec': touch,
    'reduce_python_2_name': lambda m: b'\x80\x02' + call(named('__builtin__', 'eval'), code(m)),
    'stack_global': lambda m: call(by_stack('os', 'mkdir'), text(m)),
    'dotted_name_of_a_listed_module': lambda m: call(by_stack('argparse', '_os.mkdir'), text(m)),
    'dotted_name_in_mmengine': lambda m: call(by_stack('mmengine.logging.logger', 'os.mkdir'), text(m)),
    'inst': lambda m: MARK + text(m) + b'ios\nmkdir\n',
    'obj': lambda m: MARK + MKDIR + text(m) + b'o',
    'newobj': lambda m: ours('OnCreation') + text(m) + b'\x85' + NEWOBJ,
    'newobj_ex': lambda m: ours('OnCreation') + EMPTY + state_of(keyword=text(m)) + NEWOBJ_EX,
    'reconstructor': lambda m: call(named('copyreg', '_reconstructor'), *[ours('OnCreation')] * 2, text(m)),
    'build_setstate': lambda m: ours('OnState') + EMPTY + NEWOBJ + text(m) + BUILD,
    'build_setstate_in_namespace': lambda m: namespace(__setstate__=named('builtins', 'eval')) + code(m) + BUILD,
    'build_setstate_by_getattr': lambda m: namespace(__setstate__=EVAL_BY_GETATTR) + code(m) + BUILD,
    'build_namespace_append': lambda m: namespace(append=named('builtins', 'eval')) + code(m) + APPEND,
    'build_namespace_appends': lambda m: namespace(append=MKDIR) + MARK + text(m) + b'e',
    'build_ordered_dict': lambda m: NO_HOOKS + state_of(clear=touch(m)) + BUILD,
    'build_counter': lambda m: call(named('collections', 'Counter'), DICT) + state_of(total=touch(m)) + BUILD,
    'defaultdict': lambda m: (
        call(named('collections', 'defaultdict'), named('builtins', 'list')) + text('k') + touch(m) + SET
    ),
    'setitem_of_a_subclass': lambda m: ours('Dict') + EMPTY + NEWOBJ + text('k') + text(m) + SET,
    'append_of_a_subclass': lambda m: ours('List') + EMPTY + NEWOBJ + text(m) + APPEND,
    'appends_of_a_subclass': lambda m: ours('List') + EMPTY + NEWOBJ + MARK + text(m) + b'e',
    'additems_of_a_subclass': lambda m: ours('Adding') + EMPTY + NEWOBJ + MARK + text(m) + b'\x90',
    'extension_1': lambda m: call(b'\x82' + bytes([EXTENSION]), text(m)),
    'extension_2': lambda m: call(b'\x83' + struct.pack('<H', EXTENSION), text(m)),
    'extension_4': lambda m: call(b'\x84' + struct.pack('<i', EXTENSION), text(m)),
    'persistent_call': lambda m: touch(m) + b'Q',
    'persistent_module': lambda m: tuple_of(text('module'), touch(m), text('code.py'), text('code')) + b'Q',
    'persistent_storage_of_a_call': lambda m: (
        tuple_of(text('storage'), touch(m), text('0'), text('cpu'), b'K\x04') + b'Q'
    ),
    'memo': lambda m: MKDIR + b'q\x07' + POP + text(m) + b'q\x08' + POP + b'h\x07h\x08\x85' + REDUCE,
    'memo_overwritten': lambda m: (
        named('collections', 'OrderedDict') + b'q\x07' + POP + MKDIR + b'q\x07' + POP + call(b'h\x07', text(m))
    ),
    'memo_of_a_large_number': lambda m: MKDIR + b'r\xff\xff\x0f\x00' + POP + call(b'j\xff\xff\x0f\x00', text(m)),
    'memoize': lambda m: MKDIR + b'\x94' + POP + call(b'h\x00', text(m)),
    'result_dropped': lambda m: touch(m) + POP + b'K\x01',
    'marked_and_dropped': lambda m: MARK + touch(m) + b'1K\x01',
    'duplicated': lambda m: call(MKDIR + b'2', text(m)),
    'as_a_key': lambda m: DICT + touch(m) + b'K\x01' + SET,
    'in_a_set': lambda m: b'\x8f' + MARK + touch(m) + b'\x90',
    'in_a_frozenset': lambda m: MARK + touch(m) + b'\x91',
    'getattr_chain': lambda m: call(EVAL_BY_GETATTR, code(m)),
    'partial': lambda m: call(call(named('functools', 'partial'), MKDIR, text(m))),
    'partial_state': lambda m: call(
        call(named('functools', 'partial'), named('builtins', 'list'))
        + tuple_of(MKDIR, tuple_of(text(m)), DICT, DICT)
        + BUILD
    ),
    'methodcaller': lambda m: call(
        call(named('operator', 'methodcaller'), text('touch')), call(named('pathlib', 'Path'), text(m))
    ),
    'attrgetter': lambda m: call(
        call(
            call(named('operator', 'attrgetter'), text('mkdir')),
            call(named('importlib', 'import_module'), text('os')),
        ),
        text(m),
    ),
    'map': lambda m: call(named('builtins', 'list'), call(named('builtins', 'map'), MKDIR, LIST + text(m) + APPEND)),
    'codecs_open': lambda m: call(named('codecs', 'open'), text(m), text('w')),
    'logging_handler': lambda m: call(named('logging', 'FileHandler'), text(m)),
    'numpy_runstring': lambda m: call(named('numpy.testing._private.utils', 'runstring'), code(m), DICT),
    'numpy_load': lambda m: call(
        named('numpy', 'load'), call(named('io', 'BytesIO'), as_pickle(object_array(m))), NONE, b'\x88'
    ),
    'numpy_object_array': lambda m: as_pickle(np.array([evaluated(m)], dtype=object)),
    'nested_file': lambda m: call(named('torch.storage', '_load_from_bytes'), as_pickle(saved(evaluated(m)))),
    'torch_rebuild_from_type': lambda m: call(
        named('torch._tensor', '_rebuild_from_type_v2'),
        named('builtins', 'eval'),
        named('torch', 'Tensor'),
        tuple_of(code(m)),
        DICT,
    ),
    'torch_dotted_name': lambda m: call(call(named('torch._utils', '_import_dotted_name'), text('os.mkdir')), text(m)),
    'tensor_hooks': lambda m: NO_HOOKS + text('hook') + touch(m) + SET,
    'history_statistics': lambda m: history(max_length=touch(m), statistics_methods=DICT),
    'history_log': lambda m: history(_log_history=touch(m), _count_history=NONE, max_length=b'K\x05'),
}
# These run nothing by being read, but later, elsewhere, or take what the machine does not have.
LATER: dict[str, Maker] = {
    'statistic_that_is_called_later': lambda m: history(
        _log_history=NONE, statistics_methods=state_of(mean=named('builtins', 'exec'))
    ),
    'method_of_a_history': lambda m: call(
        attribute(named('mmengine.logging.history_buffer', 'HistoryBuffer'), 'register_statistics'), b'K\x03'
    ),
    'attribute_of_an_object': lambda m: attribute(namespace(a=text(m)), '__class__'),
    'hooks_of_a_tensor': lambda m: tensor(hooks=NO_HOOKS + b'K\x00' + named('builtins', 'exec') + SET),
    'hooks_of_text': lambda m: tensor(hooks=NO_HOOKS + b'K\x00' + text(m) + SET),
    'persistent_id_of_text': lambda m: b'P' + m.encode() + b'\n',
    'buffer_outside': lambda m: b'\x97',
    'read_only_buffer_outside': lambda m: text(m) + b'\x98',
    'torch_hub': lambda m: call(named('torch.hub', 'load'), text(m), text('entry')),
    'torch_jit': lambda m: call(named('torch.jit', 'load'), text(m)),
    'torch_extension': lambda m: call(named('torch.utils.cpp_extension', 'load'), text('x'), text(m)),
    'torch_script': lambda m: named('__torch__.models', 'Net') + EMPTY + NEWOBJ,
    'pickle_loads': lambda m: call(named('_pickle', 'loads'), as_pickle(pickle.dumps(evaluated(m)))),
    'object_without_a_state': lambda m: ours('Dict') + EMPTY + NEWOBJ,
    'type_alone': lambda m: named('builtins', 'eval'),
    'numpy_type_alone': lambda m: named('numpy', 'ndarray'),
    'other_codec': lambda m: call(named('_codecs', 'encode'), text('x'), text('idna')),
    'numpy_of_objects': lambda m: call(named('numpy', 'dtype'), text('O8'), b'\x89', b'\x88'),
    'numpy_huge': lambda m: call(
        named('numpy.core.multiarray', 'scalar'), call(named('numpy', 'dtype'), text('U2000000000')), text('')
    ),
    'namespace_of_a_list': lambda m: named('argparse', 'Namespace') + EMPTY + NEWOBJ + LIST + BUILD,
    'tensor_beyond_its_storage': lambda m: tensor(size=big(10**11) + b'\x85'),
    'tensor_before_its_storage': lambda m: tensor(offset=big(-1)),
    'tensor_behind_its_storage': lambda m: tensor(offset=b'K\x01'),
    'tensor_stretched': lambda m: tensor(size=big(10**11) + b'\x85', stride=b'K\x00\x85'),
    'tensor_of_negative_size': lambda m: tensor(size=big(-4) + b'\x85'),
    'tensor_of_overflowing_size': lambda m: tensor(size=big(2**62) + b'2K\x00\x87', stride=b'K\x00K\x00K\x00\x87'),
    'tensor_of_many_dimensions': lambda m: tensor(
        size=tuple_of(*[b'K\x01'] * 10000), stride=tuple_of(*[b'K\x01'] * 10000)
    ),
    'huge_bytearray': lambda m: call(named('builtins', 'bytearray'), big(10**11)),
    'huge_text': lambda m: b'\x8d' + struct.pack('<Q', 10**11) + b'x',
    'huge_bytes': lambda m: b'\x8e' + struct.pack('<Q', 2**63) + b'x',
    'huge_integer': lambda m: b'\x8b' + struct.pack('<i', 10**6) + b'\x7f' * 10**6,
    'itself': lambda m: LIST + b'q\x00h\x00a',
    'deep': lambda m: EMPTY + b'\x85' * 100_000,
    'deep_key': lambda m: DICT + EMPTY + b'\x85' * 100_000 + b'K\x01' + SET,
    'deep_key_of_a_storage': lambda m: (
        tuple_of(text('storage'), named('torch', 'FloatStorage'), EMPTY + b'\x85' * 100_000, text('cpu'), b'K\x04')
        + b'Q'
    ),
    'doubled_60_times': lambda m: b'K\x01' + b'2\x86' * 60,
    'lists_of_lists': lambda m: (
        (LIST + b'q\x00' + POP)
        + b''.join(LIST + b'q%c(' % (n + 1) + b'h%c' % n * 10 + b'e' + POP for n in range(40))
        + b'h\x28'
    ),
}
HOSTILE = RUNS | LATER


class Everything(pickle.Unpickler):
    """Takes every pickle, as a careless reader does."""

    def persistent_load(self, pid):
        return None


def read_carelessly(content: bytes) -> object:
    """Run what a pickle wants to run."""
    copyreg.add_extension('os', 'mkdir', EXTENSION)
    try:
        return Everything(io.BytesIO(content)).load()
    finally:
        copyreg.remove_extension('os', 'mkdir', EXTENSION)


def in_checkpoint(part: bytes) -> bytes:
    """A pickle of weights that holds the part as well."""
    weights = DICT + text('backbone.w') + tensor() + SET
    return START + DICT + text('state_dict') + weights + SET + text('meta') + part + SET + b'.'


def in_zip(content: bytes, name: str = 'archive') -> bytes:
    """A file as torch >= 1.6 writes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr(f'{name}/data.pkl', content)
        archive.writestr(f'{name}/byteorder', 'little')
        archive.writestr(f'{name}/data/0', bytes(16))
        archive.writestr(f'{name}/version', '3\n')
    return file.getvalue()


def in_legacy(content: bytes, properties: bytes | None = None, keys: bytes | None = None) -> bytes:
    """A file as torch < 1.6 wrote it; two more of its pickles can be given."""
    start = b''.join(pickle.dumps(value, 2) for value in (MAGIC, PROTOCOL))
    properties = pickle.dumps(dict(little_endian=True), 2) if properties is None else properties
    keys = pickle.dumps(['0'], 2) if keys is None else keys
    return start + properties + content.replace(b'K\x04tQ', b'K\x04NtQ') + keys + struct.pack('<q', 4) + bytes(16)


def in_pickle(content: bytes) -> bytes:
    """A pickle alone, which has no place for storages."""
    return content.replace(tensor(), NONE, 1)


FORMATS: dict[str, Callable[[bytes], bytes]] = {'zip': in_zip, 'legacy': in_legacy, 'pickle': in_pickle}


def shared(part: bytes, *, count: int = 100_000, padding: int = 0) -> bytes:
    """A pickle of a list in which one part stands, or is used, many times."""
    return START + text(' ' * padding) + POP + part + b'q\x01' + POP + MARK + b'h\x01' * count + b'l.'


def used(function: bytes, content: bytes, *others: bytes, count: int = 20_000) -> bytes:
    """A pickle of a list of many calls with the same argument."""
    start = START + content + b'q\x01' + POP + function + b'q\x02' + POP
    return start + MARK + call(b'h\x02', b'h\x01', *others) * count + b'l.'


LARGE = 'x' * 200_000
# Each of them would take gigabytes, or hours.
BOMBS: dict[str, Callable[[], bytes]] = {
    'encoded_text': lambda: used(named('_codecs', 'encode'), text(LARGE), text('latin1')),
    'bytearrays': lambda: used(named('builtins', 'bytearray'), text(LARGE), text('latin1')),
    'numbers_of_text': lambda: (
        START
        + (call(named('numpy', 'dtype'), text('S200000')) + b'q\x03' + POP + text(LARGE) + b'q\x01' + POP)
        + (named('numpy.core.multiarray', 'scalar') + b'q\x02' + POP + MARK)
        + call(b'h\x02', b'h\x03', b'h\x01') * 20_000
        + b'l.'
    ),
    'histories': lambda: (
        START
        + (as_pickle(np.zeros(50_000, np.float32)) + b'q\x60' + POP + MARK)
        + history(_log_history=b'h\x60', _count_history=b'h\x60', max_length=b'K\x05') * 5000
        + b'l.'
    ),
    'nested_files': lambda: used(
        named('torch.storage', '_load_from_bytes'),
        as_pickle(saved(torch.FloatStorage(50_000))),
    ),
    'lists': lambda: shared(LIST + MARK + b'N' * 1000 + b'e'),
    'dicts_and_long_text': lambda: shared(
        DICT + MARK + b''.join(b'M' + struct.pack('<H', key) + b'N' for key in range(1000)) + b'u', padding=10**7
    ),
    'options': lambda: shared(namespace(**{f'a{key}': NONE for key in range(100)})),
    'equal_hashes': lambda: (
        START
        + (DICT + MARK)
        + b''.join(b'\x8a\x10' + (key * (2**61 - 1)).to_bytes(16, 'little') + b'N' for key in range(1, 50_000))
        + b'u.'
    ),
    'equal_hashes_in_a_set': lambda: (
        START
        + (b'\x8f' + MARK)
        + b''.join(b'\x8a\x10' + (key * (2**61 - 1)).to_bytes(16, 'little') for key in range(1, 50_000))
        + b'\x90.'
    ),
}


def zip_of(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def entries_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def compressed() -> bytes:
    """100 MB in 100 kB."""
    entries = entries_of(in_zip(in_checkpoint(NONE)))
    return zip_of(entries | {'archive/data/0': bytes(10**8)}, zipfile.ZIP_DEFLATED)


def overlap() -> bytes:
    """1,000 storages that lie in the same megabyte."""
    storages = [STORAGE.replace(text('0'), text(str(key))) for key in range(1000)]
    tensors = b''.join(text(str(key)) + tensor().replace(STORAGE, each) + SET for key, each in enumerate(storages))
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('archive/data.pkl', START + DICT + tensors + b'.')
        archive.writestr('archive/data/0', bytes(10**6))
        first = archive.getinfo('archive/data/0')
        for key in range(1, 1000):
            info = zipfile.ZipInfo(f'archive/data/{key}')
            info.file_size = info.compress_size = first.file_size
            info.CRC, info.header_offset = first.CRC, first.header_offset
            archive.filelist.append(info)
    return file.getvalue()


def too_large() -> bytes:
    """An entry of 10 GB, as the file says."""
    content = in_zip(in_checkpoint(NONE))
    return content.replace(struct.pack('<II', 16, 16), struct.pack('<II', 2**32 - 2, 2**32 - 2))


def two_pickles() -> bytes:
    """Two readers could take different ones."""
    entries = entries_of(in_zip(in_checkpoint(NONE)))
    return zip_of(entries | {'other/data.pkl': entries['archive/data.pkl']})


def big_endian() -> bytes:
    """The numbers would all be wrong."""
    return zip_of(entries_of(in_zip(in_checkpoint(NONE))) | {'archive/byteorder': b'big'})
