"""What every head of the contrastive family shares: the views that it is given, and what it declares to need."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

from mmengine.model import BaseModule
from torch import Tensor

from ltcl.errors import UserError

Span = int | tuple[int, int | None]
"""A number, or the fewest and the most; None has no upper bound."""


class Views(NamedTuple):
    """The encoded views of a batch, N images on this process.

    Args:
        feats: Pooled features of each online view, shape (N, C) each, with gradient.
        embeddings: Unit embeddings of each online view, shape (N, D) each, with gradient; empty without a projector.
        keys: Unit embeddings of each key view, shape (N, D) each, without gradient.
        labels: Class of each image, int64, shape (N,).
    """

    feats: list[Tensor]
    embeddings: list[Tensor]
    keys: list[Tensor]
    labels: Tensor


class Needs:
    """What a head needs of the pipeline, the model and the hooks.

    Args:
        online_views: Views of an image that go through the trained encoder.
        key_views: Views of an image that go through the encoder of the keys.
        momentum_encoder: The encoder of the keys follows the trained one, so ``ltcl.MomentumUpdateHook`` is needed.
            False: it stays as it is, and the hook is a mistake. None: either.
        uses_embeddings: The model has a projector.
        uses_queue: ``queue_len`` slots take up the rows of a step of all processes; 0 has no queue.
        uses_targets: ``targets`` is a file of shape (num_classes, feat_dim), or None.
        uses_class_counts: ``ltcl.ClassCountsHook`` counts the training images, or ``class_counts`` names them. The name
            of an argument: only where that is neither None nor False.
        hooks: Further hooks that the head cannot do without, such as ``'ltcl.TargetAssignmentHook'``.
    """

    online_views: Span = 1
    key_views: Span = 0
    momentum_encoder: bool | None = True
    uses_embeddings: bool = True
    uses_queue: bool = False
    uses_targets: bool = False
    uses_class_counts: bool | str = False
    hooks: tuple[str, ...] = ()


class MethodHead(BaseModule, Needs):
    """Head that ``ltcl.ContrastiveClassifier`` trains; a subclass adds ``loss`` and declares its needs.

    They are class attributes, which :class:`Needs` describes. No training starts whose pipeline, model or
    hooks differ from them, and ``loss`` is never called with other views. What depends on the arguments of the head is
    declared by :meth:`needs`::

        @MODELS.register_module()
        class AnyHead(ContrastiveHead):
            online_views = 2                 # exactly two; (1, 2) is one or two, (3, None) three or more
            key_views = (0, 1)
            uses_class_counts = 'with_prior'  # True in a head that always uses them

            @classmethod
            def needs(cls, arguments):
                needs = super().needs(arguments)
                needs.uses_queue = arguments['with_queue']
                return needs

            def loss(self, views: Views) -> dict[str, Tensor]:
                return dict(loss_cls=..., loss_con=...)
    """

    has_classifier = True
    """Whether it predicts classes. Without, a validation compares features."""
    num_classes: int
    pre_logits: Callable[..., Tensor]
    loss_module: Callable[..., Tensor]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if 'loss' in vars(cls):
            cls.loss = _with_fitting_views(cls.loss)  # type: ignore[method-assign]

    @classmethod
    def needs(cls, arguments: Mapping[str, Any]) -> Needs:
        """What a head with these arguments needs.

        Args:
            arguments: Entries of its config, and the defaults of those that it does not name.
        """
        needs = Needs()
        for name in Needs.__annotations__:
            setattr(needs, name, getattr(cls, name))
        if isinstance(needs.uses_class_counts, str):
            decisive = arguments[needs.uses_class_counts]
            needs.uses_class_counts = decisive is not None and decisive is not False
        return needs

    def loss(self, views: Views) -> dict[str, Tensor]:
        """Losses of one step.

        Args:
            views: The encoded views; a head with a queue stores them afterwards.

        Returns:
            Scalars: those whose name contains ``loss`` are summed and trained, the others are logged.

        Raises:
            UserError: Other numbers of views than :attr:`online_views` and :attr:`key_views` declare.
        """
        raise NotImplementedError


def _with_fitting_views(loss: Callable) -> Callable:
    """A ``loss`` that is called with the declared numbers of views only."""

    @wraps(loss)
    def checked(head: MethodHead, views: Views) -> dict[str, Tensor]:
        check_view_numbers(type(head), head, len(views.embeddings or views.feats), len(views.keys))
        return loss(head, views)

    return checked


def check_view_numbers(head_class: type, needs: Needs, online: int, keys: int) -> None:
    """Compare numbers of views with those that a head takes.

    Args:
        head_class: Class of the head.
        needs: What the head declares.
        online: Number of online views.
        keys: Number of key views.

    Raises:
        UserError: Another number.
    """
    fitting_online, fitting_keys = nearest(needs.online_views, online), nearest(needs.key_views, keys)
    if (fitting_online, fitting_keys) == (online, keys):
        return
    positions = tuple(range(fitting_online + fitting_keys))
    raise UserError(
        f'{head_class.__name__} takes {_in_words(needs.online_views, "online")} and '
        f'{_in_words(needs.key_views, "key")}, but gets {online} and {keys}: set '
        f'online_views={positions[:fitting_online]} and key_views={positions[fitting_online:]} of the model, and let '
        f'the train pipeline make as many views'
    )


def nearest(span: Span, number: int) -> int:
    """The number of a span that is nearest to a number: itself, if it lies in the span."""
    fewest, most = (span, span) if isinstance(span, int) else span
    return max(fewest, number if most is None else min(number, most))


def _in_words(span: Span, kind: str) -> str:
    fewest, most = (span, span) if isinstance(span, int) else span
    if most is None:
        return f'{fewest} or more {kind} views'
    join = ' or ' if most == fewest + 1 else ' to '
    return f'{join.join(map(str, sorted({fewest, most})))} {kind} view{"s" if most != 1 else ""}'
