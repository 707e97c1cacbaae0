"""From the tree of a pickle to plain values: what is made is named in a table, and everything else is refused."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping

import torch

from .pickles import Call, Name, Pickle, Refused

MAX_DEPTH = 64  # levels of containers; a checkpoint of mmengine has about eight
MAX_REPEATS = 10  # a value that stands in several places is made, and counted, for each of them
SEQUENCES = {'builtins.list': list, 'builtins.set': set, 'builtins.frozenset': frozenset}
MAPPINGS = {
    'builtins.dict': dict,
    'collections.OrderedDict': OrderedDict,
    'collections.Counter': lambda pairs: Counter(dict(pairs)),
}

Builders = Mapping[str, Callable[..., object]]


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
        self.known = {*functions, *objects, *names, *SEQUENCES, *MAPPINGS}
        """Paths of all that a pickle may name."""
        self._made: dict[int, torch.Tensor] = {}
        self._depth = 0
        self._left = 0

    def read(self, pickle: Pickle) -> object:
        """The value at the root of a pickle.

        Raises:
            Refused: It holds an object that no table names.
            Exception: It is damaged, too deep or too large.
        """
        self._left = MAX_REPEATS * pickle.num_operations + 1000
        return self.value(pickle.root)

    def read_part(self, pickle: Pickle) -> object:
        """The same for a pickle within another one, whose root may be a part of a value."""
        self._left = MAX_REPEATS * pickle.num_operations + 1000
        return self.argument(pickle.root)

    def value(self, node: object) -> object:
        """A value of its own, which stands in a container or is the root."""
        found = self.argument(node)
        if isinstance(found, Name | Part):
            raise Refused(found.path)
        return found

    def argument(self, node: object) -> object:
        """A value that is handed to a builder; it may be a bare name, and a part of a value."""
        self._left -= 1
        if self._left < 0 or self._depth > MAX_DEPTH:
            raise ValueError('nested too deep, or too large for its size')
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
        if id(call) in self._made:
            return self._made[id(call)]
        if call.path in MAPPINGS:
            return self._mapping(call)
        if call.path in SEQUENCES:
            return self._sequence(call)
        made = self._built(call)
        if isinstance(made, torch.Tensor):  # weights that are shared stay so
            self._made[id(call)] = made
        return made

    def _built(self, call: Call) -> object:
        if call.path not in self.functions and call.path not in self.objects:
            raise Refused(call.path)
        if call.items or call.pairs:
            raise ValueError(f'{call.path} is no container')
        args = list(map(self.argument, call.args))
        if call.path in self.objects:
            return self.objects[call.path](*args, state=self.value(call.state))
        if call.state is not None:
            raise ValueError(f'{call.path} has no state')
        return self.functions[call.path](*args)

    def _sequence(self, call: Call) -> object:
        (given,) = map(self.value, call.args or ((),))
        if not isinstance(given, list | tuple) or call.pairs or call.state is not None:
            raise ValueError(f'{call.path} of other contents')
        return SEQUENCES[call.path]([*given, *map(self.value, call.items)])

    def _mapping(self, call: Call) -> object:
        (given,) = map(self.value, call.args or ((),))
        if call.items:
            raise ValueError(f'{call.path} of other contents')
        keys, values = (map(self.value, call.pairs[start::2]) for start in (0, 1))
        pairs = given.items() if isinstance(given, dict) else given
        made = MAPPINGS[call.path]([*pairs, *zip(keys, values, strict=True)])
        state = self.value(call.state)
        if isinstance(made, OrderedDict) and isinstance(state, dict) and '_metadata' in state:
            made._metadata = _checked_versions(state['_metadata'])
        return made


def _checked_versions(metadata: object) -> OrderedDict:
    """What PyTorch keeps at a state dict: the versions of the modules, by their names."""
    if not all(isinstance(each, dict) for each in (metadata, *metadata.values())):
        raise ValueError('versions of modules that are no dicts')
    return OrderedDict(metadata)
