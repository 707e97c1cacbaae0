"""The parts of a training that must fit each other, each with the class that is built from it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mmengine import registry as root
from mmengine.config import Config
from mmengine.registry import Registry

from ltcl.errors import UserError
from ltcl.signatures import defaults_of

from .hook_names import hooks_of
from .registered import registered

if TYPE_CHECKING:
    from ltcl.models.heads import Needs


class Part(NamedTuple):
    """A part of a config.

    Args:
        key: Its dotted key.
        entries: Its entries.
        built: The class that is built from it; None if there is no such part, or only others know its class.
    """

    key: str
    entries: Mapping[str, Any]
    built: Any

    @property
    def name(self) -> str:
        """As in a message."""
        return self.built.__name__ if self.built else str(self.entries.get('type'))

    @property
    def arguments(self) -> dict[str, Any]:
        """Its entries, and the defaults of the arguments that it does not name."""
        return (defaults_of(self.built) if self.built else {}) | dict(self.entries)

    def is_a(self, kind: type) -> bool:
        """Whether what is built from it is of that kind."""
        return self.built is not None and issubclass(self.built, kind)


class Training(NamedTuple):
    """A training before anything is built.

    Args:
        entries: The whole config.
        model: The model.
        head: Its head.
        hooks: All hooks.
        needs: What the head declares; None of a head that is not of the contrastive family.
        is_contrastive: Whether the model sends views through encoders to a head of the family.
        scope: Scope of names without a prefix.
    """

    entries: Mapping[str, Any]
    model: Part
    head: Part
    hooks: tuple[Part, ...]
    needs: 'Needs | None'
    is_contrastive: bool
    scope: str

    def views(self, name: str) -> tuple[int, ...]:
        """Positions that the model names as ``online_views`` or ``key_views``.

        Raises:
            UserError: Something else stands there.
        """
        views = self.model.arguments[name]
        if not isinstance(views, list | tuple) or not all(isinstance(view, int) for view in views):
            raise UserError(f'model.{name}={views!r} must be a list of positions of views: set [0, 1], for example')
        return tuple(views)

    def hook(self, type_name: str) -> Part | None:
        """The first hook of a registered class, or of one derived from it."""
        wanted = registered(root.HOOKS, type_name, self.scope)
        return next((hook for hook in self.hooks if isinstance(wanted, type) and hook.is_a(wanted)), None)

    def part(self, registry: Registry, key: str, entries: object) -> Part:
        """A further part; see :func:`part_of`."""
        return part_of(registry, key, entries, self.scope)


def part_of(registry: Registry, key: str, entries: object, scope: str) -> Part:
    """A part of a config with its class.

    Args:
        registry: Registry of mmengine that knows parts of this kind.
        key: Dotted key of the part.
        entries: What stands there.
        scope: Scope of names without a prefix.
    """
    entries = entries if isinstance(entries, Mapping) else {}
    named = entries.get('type')
    built = registered(registry, named, scope) if isinstance(named, str) else named
    return Part(key, entries, built if isinstance(built, type) else None)


def read_training(cfg: Config) -> Training | None:
    """The parts of a training; None of a config that trains nothing."""
    from ltcl.models import ContrastiveClassifier
    from ltcl.models.heads import MethodHead

    entries = cfg._cfg_dict
    if not all(isinstance(entries.get(name), Mapping) for name in ('model', 'train_dataloader', 'train_cfg')):
        return None
    scope = entries.get('default_scope') or 'mmengine'
    model = part_of(root.MODELS, 'model', entries['model'], scope)
    head = part_of(root.MODELS, 'model.head', model.entries.get('head'), scope)
    hooks = tuple(part_of(root.HOOKS, key, hook, scope) for key, hook in hooks_of(entries))
    needs = head.built.needs(head.arguments) if head.is_a(MethodHead) else None
    return Training(entries, model, head, hooks, needs, model.is_a(ContrastiveClassifier), scope)
