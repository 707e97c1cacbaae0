"""A pickle as a tree of what it would call: nothing is imported, looked up or called while it is read."""

import pickletools
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import IO, Any, Protocol, cast

MAX_OPERATIONS = 2**21  # one takes up to 200 bytes; a checkpoint of 10,000 tensors has half a million
MAX_INTEGER = 2**127  # a larger one is no count, seed or step, and its digits take minutes to print
STORAGE = 'storage'
"""What a persistent id is called here; the path of a class or function always has a dot."""
RENAMED = {'__builtin__': 'builtins', 'copy_reg': 'copyreg'}  # by Python 3

CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False, 'EMPTY_TUPLE': ()}
LITERALS = {
    *('INT', 'BININT', 'BININT1', 'BININT2', 'LONG', 'LONG1', 'LONG4', 'FLOAT', 'BINFLOAT', 'BYTEARRAY8'),
    *('UNICODE', 'SHORT_BINUNICODE', 'BINUNICODE', 'BINUNICODE8', 'STRING', 'SHORT_BINSTRING', 'BINSTRING'),
    *('SHORT_BINBYTES', 'BINBYTES', 'BINBYTES8'),
}
WITHOUT_EFFECT = {'PROTO', 'FRAME', 'STOP'}


class ByteSource(Protocol):
    """What a pickle is read from: a file, as far as that goes."""

    def read(self, num_bytes: int, /) -> bytes: ...

    def readline(self) -> bytes: ...

    def tell(self) -> int: ...


class Refused(Exception):
    """A pickle needs what is never done for it; the message names that."""


@dataclass(frozen=True, slots=True)
class Name:
    """The path of a class or function that a pickle names."""

    path: str


OLD_OBJECT, TENSOR_WITH_ATTRIBUTES = 'copyreg._reconstructor', 'torch._tensor._rebuild_from_type_v2'
TENSOR_TYPES = ((Name('torch.Tensor'),), (Name('torch.nn.parameter.Parameter'),))
TRAMPOLINES = {OLD_OBJECT, TENSOR_WITH_ATTRIBUTES, 'builtins.object', *(name.path for (name,) in TENSOR_TYPES)}


@dataclass(slots=True, eq=False)
class Call:
    """An object that a pickle makes.

    Args:
        path: The class or function that would be called, as in :class:`Name`.
        args: With what.
        items: What would be appended or added to the result.
        pairs: Keys and values, in turn, that would be set in the result.
        state: What the result's state would be set to.
    """

    path: str
    args: tuple = ()
    items: list | tuple = ()
    pairs: list | tuple = ()
    state: object = None


@dataclass(slots=True)
class Pickle:
    """A pickle that was read.

    Args:
        root: Numbers, text, bytes, tuples, :class:`Name` and :class:`Call`. Lists, dicts and sets are calls as well. An
            object may stand in several places, even in itself.
        persistent: The calls that stand for persistent ids.
        num_operations: How many it is made of.
        num_bytes: Its length.
    """

    root: Any
    persistent: list[Call]
    num_operations: int
    num_bytes: int


def read_pickle(file: ByteSource, known: Container[str] = ()) -> Pickle:
    """Read one pickle, of any protocol.

    Args:
        file: Open where the pickle begins; left open where it ends.
        known: Paths of the classes and functions that it may name.

    Raises:
        Refused: It names another one, or needs the extension registry, out-of-band buffers, or to call what another
            call returned.
        Exception: It is damaged.
    """
    machine, start = _Machine(known), file.tell()
    num_operations = machine.run(file)
    return Pickle(machine.stack.pop(), machine.persistent, num_operations, file.tell() - start)


@dataclass(slots=True)
class _Machine:
    """The stack machine that a pickle is a program of; a method for each operation that is not a literal."""

    known: Container[str]
    stack: list = field(default_factory=list)
    marked: list = field(default_factory=list)
    memo: dict = field(default_factory=dict)
    persistent: list = field(default_factory=list)

    def run(self, file: ByteSource) -> int:
        """Read to the end of the pickle; the number of its operations."""
        for count, (operation, argument, _) in enumerate(pickletools.genops(cast(IO[bytes], file))):
            if count > MAX_OPERATIONS:
                raise ValueError(f'more than {MAX_OPERATIONS} values')
            name = operation.name
            if name in LITERALS:
                if type(argument) is int and not -MAX_INTEGER < argument < MAX_INTEGER:
                    raise ValueError('an integer of more than 127 bits')
                self.stack.append(argument)
            elif name in CONSTANTS:
                self.stack.append(CONSTANTS[name])
            elif name not in WITHOUT_EFFECT:
                OPERATIONS[name](self, argument)
        return count

    def pop(self, argument: None = None) -> object:
        return self.stack.pop() if self.stack else self.to_mark()

    def pop_call(self) -> Call:
        """The object on top of the stack, which stays there."""
        if not isinstance(call := self.stack[-1], Call):
            raise ValueError(f'a {type(call).__name__} cannot be changed')
        return call

    def mark(self, argument: None) -> None:
        self.marked.append(self.stack)
        self.stack = []

    def to_mark(self, argument: None = None) -> list:
        """Everything since the last mark."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def dup(self, argument: None) -> None:
        self.stack.append(self.stack[-1])

    def put(self, key: int) -> None:
        self.memo[key] = self.stack[-1]

    def memoize(self, argument: None) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, key: int) -> None:
        self.stack.append(self.memo[key])

    def tuple_of(self, length: int) -> None:
        items = self.stack[-length:]
        if len(items) < length:
            raise ValueError('too few values for a tuple')
        self.stack[-length:] = [tuple(items)]

    def tuple_to_mark(self, argument: None) -> None:
        items = self.to_mark()
        self.stack.append(tuple(items))

    def call(self, function: object, args: object) -> None:
        """Note a call; functions that only call what they are given are left out."""
        if not isinstance(function, Name) or not isinstance(args, tuple):
            raise Refused('calls')
        if function.path == OLD_OBJECT and args[1:] == (Name('builtins.object'), None):
            return self.call(args[0], ())
        if function.path == TENSOR_WITH_ATTRIBUTES and args[1:2] in TENSOR_TYPES:
            return self.call(args[0], args[2])
        return self.stack.append(Call(function.path, args))

    def reduce(self, argument: None) -> None:
        args, function = self.stack.pop(), self.stack.pop()
        self.call(function, args)

    def new_with_keywords(self, argument: None) -> None:
        keywords = self.stack.pop()
        if not isinstance(keywords, Call) or keywords.path != 'builtins.dict' or keywords.pairs:
            raise Refused('calls with keywords')
        self.reduce(None)

    def instance(self, path: str) -> None:
        args = self.to_mark()
        self.named(path)
        self.call(self.stack.pop(), tuple(args))

    def object_of(self, argument: None) -> None:
        cls, *args = self.to_mark()
        self.call(cls, tuple(args))

    def name(self, module: str, name: str) -> None:
        # NumPy 2 renamed the module that its pickles name; a file may come from either side.
        path = f'{RENAMED.get(module, module)}.{name}'.replace('numpy._core.', 'numpy.core.', 1)
        if path not in self.known and path not in TRAMPOLINES:
            raise Refused(path)
        self.stack.append(Name(path))

    def named(self, path: str) -> None:
        self.name(*path.split(' ', 1))

    def named_by_stack(self, argument: None) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError('a name that is no text')
        self.name(module, name)

    def build(self, argument: None) -> None:
        state, call = self.stack.pop(), self.pop_call()
        if call.state is not None:
            raise Refused(f'{call.path} with a state that is set twice')
        call.state = state

    def add(self, items: list) -> None:
        call = self.pop_call()
        call.items = _extended(call.items, items)

    def set(self, pairs: list) -> None:
        call = self.pop_call()
        call.pairs = _extended(call.pairs, pairs)

    def persistent_id(self, argument: None) -> None:
        args = self.stack.pop()
        if not isinstance(args, tuple) or args[:1] not in (('storage',), (b'storage',)):
            raise Refused('a persistent id that is no storage')
        self.stack.append(Call(STORAGE, args[1:]))
        self.persistent.append(self.stack[-1])


def _extended(contents: list | tuple, more: list) -> list:
    """The contents in a list, which grows in place; most calls have none and share the empty tuple."""
    contents = contents if isinstance(contents, list) else list(contents)
    contents += more
    return contents


Operation = Callable[[_Machine, Any], object]  # what it takes is what pickletools reads for it


def _empty(path: str) -> Operation:
    return lambda machine, argument: machine.stack.append(Call(path))


def _marked(path: str, part: str) -> Operation:
    def push(machine: _Machine, argument: None) -> None:
        call = Call(path)
        setattr(call, part, machine.to_mark())
        machine.stack.append(call)

    return push


def _refuse(what: str) -> Callable[[_Machine, object], None]:
    def refuse(machine: _Machine, argument: object) -> None:
        raise Refused(what)

    return refuse


OPERATIONS: dict[str, Operation] = {
    'MARK': _Machine.mark,
    'POP': _Machine.pop,
    'POP_MARK': _Machine.to_mark,
    'DUP': _Machine.dup,
    **dict.fromkeys(('PUT', 'BINPUT', 'LONG_BINPUT'), _Machine.put),
    'MEMOIZE': _Machine.memoize,
    **dict.fromkeys(('GET', 'BINGET', 'LONG_BINGET'), _Machine.get),
    'TUPLE': _Machine.tuple_to_mark,
    'TUPLE1': lambda machine, argument: machine.tuple_of(1),
    'TUPLE2': lambda machine, argument: machine.tuple_of(2),
    'TUPLE3': lambda machine, argument: machine.tuple_of(3),
    'EMPTY_LIST': _empty('builtins.list'),
    'EMPTY_DICT': _empty('builtins.dict'),
    'EMPTY_SET': _empty('builtins.set'),
    'LIST': _marked('builtins.list', 'items'),
    'DICT': _marked('builtins.dict', 'pairs'),
    'FROZENSET': _marked('builtins.frozenset', 'items'),
    'APPEND': lambda machine, argument: machine.add([machine.stack.pop()]),
    **dict.fromkeys(('APPENDS', 'ADDITEMS'), lambda machine, argument: machine.add(machine.to_mark())),
    'SETITEM': lambda machine, argument: machine.set([machine.stack.pop(-2), machine.stack.pop()]),
    'SETITEMS': lambda machine, argument: machine.set(machine.to_mark()),
    'GLOBAL': _Machine.named,
    'STACK_GLOBAL': _Machine.named_by_stack,
    **dict.fromkeys(('REDUCE', 'NEWOBJ'), _Machine.reduce),
    'NEWOBJ_EX': _Machine.new_with_keywords,
    'INST': _Machine.instance,
    'OBJ': _Machine.object_of,
    'BUILD': _Machine.build,
    'BINPERSID': _Machine.persistent_id,
    'PERSID': _refuse('a persistent id'),
    **dict.fromkeys(('EXT1', 'EXT2', 'EXT4'), _refuse('a number of the extension registry')),
    **dict.fromkeys(('NEXT_BUFFER', 'READONLY_BUFFER'), _refuse('a buffer outside of the file')),
}
