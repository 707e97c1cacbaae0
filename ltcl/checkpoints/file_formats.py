"""The formats in which PyTorch has stored checkpoints, read without any of its code that runs a pickle."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BufferedIOBase

import torch
from torch import Tensor

from . import numpy_values, plain_objects
from .pickles import Pickle, Refused, read_pickle
from .plain_values import PlainValues
from .tensor_values import NAMES, Storage, TensorValues

MAGIC_NUMBER, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # how a file of torch < 1.6 begins
ZIP_START = b'PK\x03\x04'
HEADER = struct.Struct('<4s22xHH')  # of an entry of a zip file: what it begins with, lengths of name and extra field

Load = Callable[[str, int], Tensor]


def read_file(file: BufferedIOBase, device: torch.device) -> object:
    """What a checkpoint holds, in any format but the tar files of torch < 0.2.

    Args:
        file: Open at its beginning.
        device: Where the tensors go.

    Raises:
        Refused: It needs more than plain values.
        Exception: It is damaged.
    """
    source = _Source(file, device)
    is_zip = file.read(len(ZIP_START)) == ZIP_START
    file.seek(0)
    return _read_zip(source) if is_zip else _read_stream(source)


class _Source:
    """A file of known size, of which no more is read than that, however often an entry names the same part."""

    def __init__(self, file: BufferedIOBase, device: torch.device) -> None:
        self.file = file
        self.device = device
        self.size = file.seek(0, io.SEEK_END)
        self._left = self.size
        file.seek(0)

    def read(self, num_bytes: int) -> bytes:
        """As a file's; a length that the file cannot have allocates nothing."""
        return self.file.read(min(num_bytes, self.size))

    def readline(self) -> bytes:
        return self.file.readline()

    def tell(self) -> int:
        return self.file.tell()

    def read_storage(self, num_bytes: int) -> Tensor:
        """Bytes from here on, shape (num_bytes,), uint8."""
        self._left -= num_bytes
        if self._left < 0 or self.file.tell() + num_bytes > self.size:
            raise ValueError('more bytes than the file has')
        buffer = torch.empty(num_bytes, dtype=torch.uint8)
        if self.file.readinto(buffer.numpy().data) != num_bytes:
            raise ValueError('the file ends within a tensor')
        return buffer.to(self.device)


def _read_zip(source: _Source) -> object:
    """The format of torch >= 1.6: a pickle and a file for each storage, none of them compressed."""
    with zipfile.ZipFile(source.file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
    (pickle_name,) = (name for name in entries if name.endswith('/data.pkl') and name.count('/') == 1)
    folder = pickle_name.removesuffix('data.pkl')
    if f'{folder}byteorder' in entries and _content(source, entries[f'{folder}byteorder']) != b'little':
        raise ValueError('numbers in the byte order of another machine')
    loaded: dict[str, Tensor] = {}

    def load(key: str, num_bytes: int) -> Tensor:
        if key not in loaded:
            entry = entries[f'{folder}data/{key}']
            _find(source, entry)
            loaded[key] = source.read_storage(entry.file_size)
        return _long_enough(loaded[key], num_bytes)

    values = _plain_values(load, _refuse_nested)
    return values.read(read_pickle(io.BytesIO(_content(source, entries[pickle_name])), values.known))


def _find(source: _Source, entry: zipfile.ZipInfo) -> None:
    """Go to where an entry's bytes begin."""
    source.file.seek(entry.header_offset)
    start, name_length, extra_length = HEADER.unpack(source.read(HEADER.size))
    if start != ZIP_START or entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        raise ValueError('an entry that is compressed or encrypted')
    source.file.seek(name_length + extra_length, io.SEEK_CUR)


def _content(source: _Source, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of a small entry, compared with their checksum where torch.save wrote one."""
    _find(source, entry)
    content = source.read(entry.file_size)
    if len(content) != entry.file_size or entry.CRC not in (0, zlib.crc32(content)):
        raise ValueError('bytes were changed')
    return content


def _read_stream(source: _Source) -> object:
    """The format of torch < 1.6; or one pickle alone, with a file of that format in the place of each storage."""
    nested: dict[int, Storage] = {}

    def load_nested(content: bytes) -> Storage:
        if id(content) not in nested:  # the pickle keeps them all
            nested[id(content)] = _read_nested(content, source.device)
        return nested[id(content)]

    values = _plain_values(_refuse_storage, load_nested)
    pickle = read_pickle(source, values.known)
    if _is_number(pickle.root, MAGIC_NUMBER):
        values, pickle = _read_legacy(source)
    return values.read(pickle)


def _read_nested(content: bytes, device: torch.device) -> Storage:
    source = _Source(io.BytesIO(content), device)
    if not _is_number(read_pickle(source).root, MAGIC_NUMBER):
        raise ValueError('no storage')
    values, pickle = _read_legacy(source)
    return values.read_part(pickle)


def _read_legacy(source: _Source) -> tuple[PlainValues, Pickle]:
    """What follows the magic number: a version, the machine's properties, the pickle, keys of storages, storages."""
    loaded: dict[str, Tensor] = {}
    values = _plain_values(lambda key, num_bytes: _long_enough(loaded[key], num_bytes), _refuse_nested)
    if not _is_number(read_pickle(source).root, PROTOCOL):
        raise ValueError('another version of the format')
    read_pickle(source)
    pickle = read_pickle(source, values.known)
    dtypes = {_text(call.args[1]): NAMES[call.args[0].path] for call in pickle.persistent}
    for key in map(_text, read_pickle(source).root.items):
        (num_values,) = struct.unpack('<q', source.read(8))
        loaded[key] = source.read_storage(num_values * dtypes[key].itemsize)
    return values, pickle


def _text(key: object) -> str:
    if not isinstance(key, str):  # to look up a tuple of tuples of tuples ends the interpreter
        raise ValueError('a key that is no text')
    return key


def _is_number(value: object, number: int) -> bool:
    return type(value) is int and value == number


def _long_enough(content: Tensor, num_bytes: int) -> Tensor:
    if num_bytes > len(content):
        raise ValueError('a storage that is too short')
    return content


def _plain_values(load: Load, load_nested: Callable[[bytes], Storage]) -> PlainValues:
    tensors = TensorValues(load, load_nested)
    return PlainValues(
        functions=plain_objects.FUNCTIONS | numpy_values.FUNCTIONS | tensors.functions,
        objects=plain_objects.OBJECTS | numpy_values.OBJECTS,
        names=plain_objects.NAMES | numpy_values.NAMES | NAMES,
    )


def _refuse_nested(content: bytes) -> Storage:
    raise Refused('torch.storage._load_from_bytes')


def _refuse_storage(key: str, num_bytes: int) -> Tensor:
    raise ValueError('a storage, but none follows')
