"""From the tree of a pickle to plain values: what is made is named in a table, and everything else is refused."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from .pickles import Call, Name, Pickle, Refused

Builders = Mapping[str, Callable[..., object]]

MAX_DEPTH = 64  # levels of containers; a checkpoint of mmengine has about eight
MAX_REPEATS = 4  # values and their bytes, counted in each place where one stands, by those of the pickle
MAX_ODD_KEYS = 10_000  # whose hashes a file could choose to be equal, so that a dict of them takes hours
SEQUENCES: Builders = {'builtins.list': list, 'builtins.set': set, 'builtins.frozenset': frozenset}
MAPPINGS: Builders = {
    'builtins.dict': dict,
    'collections.OrderedDict': OrderedDict,
    'collections.Counter': lambda pairs: Counter(dict(pairs)),
}
NAMESPACE = 'argparse.Namespace'  # the options of a command line, which MAE and GPaCo on ViT store


class Part:
    """Base of what builders hand to each other and what is no value by itself."""

    path: str


class PlainValues:
    """Makes values of one pickle.

    Args:
        functions: What makes an object from its arguments, by path.
        objects: The same for objects that have a state: the argument ``state``, None where the pickle sets none.
        names: Values of names that stand alone, such as types of numbers.
    """

    def __init__(self, functions: Builders, objects: Builders, names: Mapping[str, object]) -> None:
        self.functions = functions
        self.objects = objects
        self.names = names
        self.known = {*functions, *objects, *names, *SEQUENCES, *MAPPINGS, NAMESPACE}
        """Paths of all that a pickle may name."""
        self._made: dict[int, object] = {}
        self._depth = 0
        self._values_left = self._bytes_left = 0
        self._odd_keys = MAX_ODD_KEYS

    def read(self, pickle: Pickle) -> object:
        """The value at the root of a pickle.

        Raises:
            Refused: It holds an object that no table names.
            Exception: It is damaged, too deep or too large.
        """
        self._allow(pickle)
        return self.value(pickle.root)

    def read_part(self, pickle: Pickle) -> Any:
        """The same for a pickle within another one, whose root may be a part of a value."""
        self._allow(pickle)
        return self.argument(pickle.root)

    def _allow(self, pickle: Pickle) -> None:
        self._values_left = MAX_REPEATS * pickle.num_operations + 1000
        self._bytes_left = MAX_REPEATS * pickle.num_bytes + 1000

    def value(self, node: object) -> Any:
        """A value of its own, which stands in a container or is the root."""
        found = self.argument(node)
        if isinstance(found, Name | Part):
            raise Refused(found.path)
        return found

    def argument(self, node: object) -> Any:
        """A value that is handed to a builder; it may be a bare name, and a part of a value."""
        self._values_left -= 1
        if self._values_left < 0 or self._depth > MAX_DEPTH:
            raise ValueError('nested too deep, or more values than a pickle of this size has')
        if isinstance(node, Name):
            return self._named(node)
        if not isinstance(node, Call | tuple):
            return node
        self._depth += 1
        made = tuple(map(self.value, node)) if isinstance(node, tuple) else self._called(node)
        self._depth -= 1
        return made

    def _named(self, name: Name) -> object:
        if name.path in self.names:
            return self.names[name.path]
        if name.path in self.functions or name.path in self.objects:
            return name
        raise Refused(name.path)

    def _called(self, call: Call) -> object:
        if call.path in MAPPINGS:
            return self._mapping(call)
        if call.path in SEQUENCES:
            return self._sequence(call)
        if call.path == NAMESPACE:
            return self._options(call)
        if id(call) not in self._made:  # weights that are shared stay so
            self._made[id(call)] = self._built(call)
        return self._made[id(call)]

    def _built(self, call: Call) -> object:
        if call.path not in self.functions and call.path not in self.objects:
            raise Refused(call.path)
        if call.items or call.pairs:
            raise ValueError(f'{call.path} is no container')
        args = list(map(self.argument, call.args))
        if call.path in self.objects:
            made = self.objects[call.path](*args, state=self.value(call.state))
        elif call.state is not None:
            raise ValueError(f'{call.path} has no state')
        else:
            made = self.functions[call.path](*args)
        self._bytes_left -= _num_bytes(made)
        if self._bytes_left < 0:
            raise ValueError('more bytes than a pickle of this size has')
        return made

    def _sequence(self, call: Call) -> object:
        (given,) = map(self.value, call.args or ((),))
        if not isinstance(given, list | tuple) or call.pairs or call.state is not None:
            raise ValueError(f'{call.path} of other contents')
        items = [*given, *map(self.value, call.items)]
        if call.path != 'builtins.list':
            self._check_keys(items)
        return SEQUENCES[call.path](items)

    def _mapping(self, call: Call) -> object:
        (given,) = map(self.value, call.args or ((),))
        state = self.value(call.state)
        if call.items:
            raise ValueError(f'{call.path} of other contents')
        keys, values = ([*map(self.value, call.pairs[start::2])] for start in (0, 1))
        pairs = [*(given.items() if isinstance(given, dict) else given), *zip(keys, values, strict=True)]
        self._check_keys(key for key, _ in pairs)
        made: Any = MAPPINGS[call.path](pairs)
        if isinstance(made, OrderedDict) and isinstance(state, dict) and '_metadata' in state:
            vars(made)['_metadata'] = _checked_versions(state['_metadata'])
        return made

    def _options(self, call: Call) -> dict:
        state = self.value(call.state)
        if call.args or call.items or call.pairs or not isinstance(state, dict | None):
            raise ValueError('options that are no dict')
        return state or {}

    def _check_keys(self, keys: Iterable) -> None:
        """Text has a hash that no file can know, and a small whole number has itself."""
        self._odd_keys -= sum(not (type(key) is str or (type(key) is int and abs(key) < 2**60)) for key in keys)
        if self._odd_keys < 0:
            raise ValueError('too many keys that are neither text nor small numbers')


def _num_bytes(made: object) -> int:
    """Bytes that were copied; a tensor lies in a storage, which is counted where it is read."""
    if isinstance(made, dict):
        return sum(value.nbytes for value in made.values() if isinstance(value, torch.Tensor))
    if isinstance(made, np.ndarray | np.generic):
        return made.nbytes
    return len(made) if isinstance(made, bytes | bytearray) else 0


def _checked_versions(metadata: Any) -> OrderedDict:
    """What PyTorch keeps at a state dict: the versions of the modules, by their names."""
    if not all(isinstance(each, dict) for each in (metadata, *metadata.values())):
        raise ValueError('versions of modules that are no dicts')
    return OrderedDict(metadata)
