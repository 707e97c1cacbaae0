"""A training that goes on with the model of another one, for more classes."""

import re
from collections.abc import Mapping, Sequence

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from ltcl.datasets.class_names import normal_name
from ltcl.errors import UserError
from ltcl.neutral_text import shorten
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped

MOMENTUM = 'momentum_encoder.'
HEAD, EXPERTS = 'head.', 'head.experts.'
ENCODER, WRAPPED, ADAPTERS = 'backbone.', 'backbone.encoder.', 'backbone.adapters.'
COPIED = MOMENTUM + ENCODER


@HOOKS.register_module()
class KnownClassesHook(Hook):
    """Fits a checkpoint of other classes to the model, each class by its name.

    Rows of the classifier, and of every other trained tensor of the head that has one for each class, go to the classes
    of their names; those of new classes stay as the model starts. The encoder and the projector are taken whole. What
    the head has gathered, such as a queue, and what it has counted are those of the old images and are not taken.

    Args:
        classes: Names of the classes of the checkpoint, in the order of its rows.
    """

    # Before ltcl.StrictLoadHook, which compares names and shapes.
    priority = 'HIGH'

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = list(classes)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Change the tensors of the checkpoint, unless the run goes on with its own.

        Raises:
            UserError: The training images lack a class of the checkpoint.
        """
        if runner._resume or isinstance(runner._train_loop, dict) or 'state_dict' not in checkpoint:
            return
        names = runner.train_dataloader.dataset.metainfo['classes']
        places = places_of(self.classes, names)
        model = unwrapped(runner.model)
        state, fresh = grown(model, fitted_encoder(model, checkpoint['state_dict']), places, len(names))
        checkpoint['state_dict'] = state
        new = [name for label, name in enumerate(names) if label not in places]
        what = f'{len(places)} classes keep what was learned of them'
        what += f'; new: {shorten(new)}' if new else ''
        what += f'; begun anew: {shorten(fresh)}' if fresh else ''
        runner.logger.info(f'From {runner._load_from}: {what}')


def places_of(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """Where the old classes stand among the new ones.

    Raises:
        UserError: One of them is not there.
    """
    known = {normal_name(name): label for label, name in enumerate(new)}
    lost = [name for name in old if normal_name(name) not in known]
    if lost:
        theirs = set(map(normal_name, old))
        others = [name for name in new if normal_name(name) not in theirs]
        renamed = f'; if it was renamed, to {shorten(others)}, give it back its name' if others else ''
        raise UserError(
            f'there are no training images of {shorten(lost)}, which the model knows: put images of all its classes '
            f'beside the new ones (their folders under the same names), or train without --from{renamed}'
        )
    return [known[normal_name(name)] for name in old]


def fitted_encoder(model: nn.Module, theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a checkpoint with the names that a model of which more is trained has for the encoder.

    What a head on frozen features has wrapped, see ``ltcl.FrozenBackbone``, is unwrapped; the momentum encoder starts
    from the same weights; adapters that the checkpoint has none of start as the model's.

    Args:
        model: The model as it starts.
        theirs: Tensors of the checkpoint.
    """
    own = model.state_dict()
    if any(name.startswith(WRAPPED) for name in own):  # it has no momentum copy
        return {name: each for name, each in theirs.items() if name in own or not name.startswith(COPIED)}
    state = {re.sub(f'^{WRAPPED}', ENCODER, name): each for name, each in theirs.items()}
    new = {name: each for name, each in own.items() if name not in state}
    adapters = {name: each for name, each in new.items() if name.removeprefix(MOMENTUM).startswith(ADAPTERS)}
    # The momentum encoder has no copy of a frozen backbone.
    copies = {
        name: state[online] for name in new if (online := name.removeprefix(MOMENTUM)) != name and online in state
    }
    return state | adapters | copies


def grown(
    model: nn.Module, theirs: Mapping[str, Tensor], places: Sequence[int], num_classes: int
) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors of a checkpoint in the shapes of a model with other classes.

    Args:
        model: The model as it starts.
        theirs: Tensors of the checkpoint.
        places: Label in the model of each class of the checkpoint.
        num_classes: Classes of the model.

    Returns:
        The tensors, and the names of those of the head that stay as the model starts.
    """
    trained = dict(model.named_parameters())
    state, fresh = dict(theirs), []
    for name, own in model.state_dict().items():
        if not name.startswith(HEAD):
            continue
        old = theirs.get(name) if name in trained else None
        blocks = len(own) // num_classes if name.startswith(EXPERTS) else 1  # of several classifiers as one
        if old is not None and _has_rows(old, blocks * len(places)) and _has_rows(own, blocks * num_classes):
            state[name] = _by_class(own, old, places, blocks)
        elif old is None or old.shape != own.shape:
            state[name] = own
            fresh.append(name.removeprefix(HEAD))
    for name in [name for name in state if name.startswith(HEAD) and name not in model.state_dict()]:
        del state[name]
    return state, fresh


def _has_rows(tensor: Tensor, number: int) -> bool:
    return tensor.ndim > 0 and len(tensor) == number


def _by_class(own: Tensor, old: Tensor, places: Sequence[int], blocks: int) -> Tensor:
    rows = own.detach().clone()
    if rows.shape[1:] == old.shape[1:]:
        rows.unflatten(0, (blocks, -1))[:, torch.as_tensor(places)] = old.to(rows).unflatten(0, (blocks, -1))
    return rows
