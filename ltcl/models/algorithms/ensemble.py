"""Several classifiers that answer as one."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseModel
from mmpretrain.models import ClsHead
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS


@MODELS.register_module()
class EnsembleClassifier(BaseModel):
    """Sums the raw logits of its members; softmax and the choice of the class come after the sum, as PaCo publishes it.

    Every member prepares the images with the data preprocessor of its own config. ``ltcl test`` builds the model
    from several configs and loads a checkpoint into each member.

    Args:
        members: Configs of classifiers, each with its ``data_preprocessor``, or classifiers that are built. All have
            the same classes.

    Raises:
        UserError: No member, a member without a classifier, or members with different numbers of classes.
    """

    def __init__(self, members: Sequence[dict | nn.Module]) -> None:
        super().__init__()
        built: list[Any] = [member if isinstance(member, nn.Module) else MODELS.build(member) for member in members]
        _check_members(built)
        self.members: Any = nn.ModuleList(built)
        self.head = ClsHead()  # turns logits into predictions

    def forward(
        self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None, mode: str = 'tensor'
    ) -> Tensor | list[DataSample]:
        """Logits or predictions of a batch.

        Args:
            inputs: The batch as each member has prepared it, (N, C, H, W) each.
            data_samples: N samples that take up the predictions.
            mode: ``'tensor'`` or ``'predict'``.

        Returns:
            Summed logits (N, num_classes) for ``'tensor'``; samples with ``pred_score`` and ``pred_label`` for
            ``'predict'``.

        Raises:
            UserError: Another mode: an ensemble is not trained.
        """
        if mode not in ('tensor', 'predict'):
            raise UserError('an EnsembleClassifier is not trained: train its members, each by its own config')
        logits = [_at_least_float32(member(images)) for member, images in zip(self.members, inputs, strict=True)]
        total = sum(logits[1:], logits[0])
        return total if mode == 'tensor' else self.head.predict((total,), data_samples)

    def test_step(self, data: dict) -> list[DataSample]:
        """Predictions of a collated batch.

        Args:
            data: ``inputs`` and ``data_samples``, as a data loader of the first member's config yields them.

        Returns:
            The samples with ``pred_score`` and ``pred_label``.
        """
        batches = [member.data_preprocessor(data, False) for member in self.members]
        return self([batch['inputs'] for batch in batches], batches[0]['data_samples'], mode='predict')

    val_step = test_step


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def _check_members(members: list[Any]) -> None:
    if not members:
        raise UserError('members of EnsembleClassifier is empty: give at least one classifier')
    for number, member in enumerate(members, 1):
        # Class means are handed to the head of a whole model, not to that of a member.
        if not isinstance(member.head, ClsHead) or hasattr(member.head, 'set_feature_bank'):
            raise UserError(
                f'member {number} of the ensemble has a {type(member.head).__name__}, which has no classifier whose '
                'logits could be summed: take it out'
            )
    sizes = [member.head.num_classes for member in members]
    if len(set(sizes)) > 1:
        raise UserError(
            f'the members of the ensemble have different numbers of classes, {", ".join(map(str, sizes))}: '
            'give configs of one data set'
        )
