"""One algorithm for all methods: views, encoders, head."""

import copy
import re
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.functional import memory_budget
from ltcl.functional.tiles import DEFAULT_BUDGET
from ltcl.registry import MODELS
from ltcl.value_ranges import check_ranges

from ..heads import Views
from ..utils import forward_shuffled
from .classifier import Classifier


@MODELS.register_module()
class ContrastiveClassifier(Classifier):
    """Classifier trained by contrast between views; at test time an ordinary image classifier.

    Online views go through the trained encoder, with gradient. Key views, where there are any, go through a momentum
    encoder without gradient, which ``ltcl.MomentumUpdateHook`` moves after the trained one.

    Args:
        backbone: Config of the backbone.
        head: Config of the method's head, a :class:`~ltcl.models.heads.MethodHead`.
        projector: Config of the MLP from pooled features to embeddings; None for a head that uses none.
        neck: Config of the pooling; None for a backbone that pools itself, such as a ViT.
        online_views: Positions of the views that the trained encoder sees, the classified one first.
        key_views: Positions of the views that the momentum encoder sees. None of them, no momentum encoder.
        joint_forward: Send the online views through the encoder as one batch, so that batch normalisation takes its
            statistics over all of them (BCL); False makes one pass a view (GPaCo).
        shuffle_bn: Deal the key images out to the processes anew, so that no key shares its batch normalisation with
            its query; costs nothing on one process.
        frozen: Regular expressions; a parameter of the trained network in whose name one is found gets no gradient and
            no weight decay. PaCo on Places-LT freezes all convolutions but those of the last block, and no norm.
        loss_memory: MiB that the contrastive loss may keep of one matrix of pairs until the backward pass; above it the
            pairs are computed twice, with equal results (:func:`ltcl.functional.memory_budget`).
        **kwargs: Arguments of :class:`Classifier`, such as ``data_preprocessor``.

    Raises:
        UserError: An expression of ``frozen`` is found in no name, or they leave nothing to train; or key views have no
            projector.

    Differs from the original: PaCo's unused momentum copy of the classifier is not kept.
    """

    momentum_encoder: nn.ModuleDict

    def __init__(
        self,
        backbone: dict,
        head: dict,
        projector: dict | None = None,
        neck: dict | None = None,
        online_views: Sequence[int] = (0,),
        key_views: Sequence[int] = (),
        joint_forward: bool = False,
        shuffle_bn: bool = False,
        frozen: Sequence[str] = (),
        loss_memory: float = DEFAULT_BUDGET,
        **kwargs: Any,
    ) -> None:
        super().__init__(backbone, neck=neck, head=head, projector=projector, **kwargs)
        self.online_views = tuple(online_views)
        self.key_views = tuple(key_views)
        self.joint_forward = joint_forward
        self.shuffle_bn = shuffle_bn
        check_ranges(type(self).__name__, dict(loss_memory=loss_memory))
        self.loss_memory = loss_memory
        for pattern in frozen:  # now: DDP asks for the trained parameters when it wraps the model
            self._freeze(pattern)
        if frozen and not any(parameter.requires_grad for parameter in self.parameters()):
            raise UserError(f'frozen={list(frozen)} of {type(self).__name__} leaves nothing to train: freeze less')
        if self.key_views:
            if projector is None:
                raise UserError('key views become embeddings: give ltcl.ContrastiveClassifier a projector')
            encoder = nn.ModuleDict(self._encoder_parts())
            self.momentum_encoder = copy.deepcopy(encoder).requires_grad_(False)

    def _freeze(self, pattern: str) -> None:
        found = [parameter for name, parameter in self.named_parameters() if re.search(pattern, name)]
        if not found:
            raise UserError(
                f'frozen of ContrastiveClassifier: {pattern} is found in no parameter name, such as '
                f'{next(name for name, _ in self.named_parameters())}'
            )
        for parameter in found:
            parameter.requires_grad_(False)

    def _encoder_parts(self) -> dict[str, nn.Module]:
        """What the momentum encoder copies; one that is frozen encodes the keys itself."""
        parts = {'backbone': self.backbone, 'neck': self.neck, 'projector': self.projector}
        return {
            name: module
            for name, module in parts.items()
            if module is not None and not getattr(module, 'is_frozen', False)
        }

    def init_weights(self) -> None:
        """Initialise all parts, then start the momentum encoder as a copy of the trained one."""
        super().init_weights()
        self.sync_momentum_encoder()

    @torch.no_grad()
    def sync_momentum_encoder(self) -> None:
        """Make the momentum encoder a copy of the trained encoder, buffers included."""
        if self.key_views:
            for name, module in self._encoder_parts().items():
                self.momentum_encoder[name].load_state_dict(module.state_dict())

    @torch.no_grad()
    def update_momentum_encoder(self, momentum: float) -> None:
        """Move every momentum parameter: ``key = momentum * key + (1 - momentum) * query``.

        Buffers are left alone, as published: the momentum encoder runs in train mode and keeps its own statistics.

        Args:
            momentum: Share of the old value that is kept, in 0..1.
        """
        query: list[Tensor] = [
            parameter for module in self._encoder_parts().values() for parameter in module.parameters()
        ]
        keys: list[Tensor] = list(self.momentum_encoder.parameters())
        torch._foreach_lerp_(keys, query, 1 - momentum)

    def check_batch(self, num_images: int) -> None:
        """Refuse a batch of which a single row would meet the batch normalisation of the projector.

        Args:
            num_images: Images of the smallest batch of a training.

        Raises:
            UserError: It is so small.
        """
        is_joined = self.joint_forward and not self.key_views
        if self.projector is not None and num_images * (len(self.online_views) if is_joined else 1) == 1:
            _check_lone_row(self.projector)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Losses of one step.

        Args:
            inputs: The views, each of shape (N, C, H, W).
            data_samples: N samples with ``gt_label``.

        Returns:
            The losses and logged figures of the head.

        Raises:
            UserError: Fewer views came in than ``online_views`` and ``key_views`` name, or a single row meets the batch
                normalisation of the projector.
        """
        views = [inputs] if isinstance(inputs, Tensor) else inputs
        last = max(self.online_views + self.key_views)
        if last >= len(views):
            raise UserError(
                f'the model uses view {last} but gets {len(views)}: give the train pipeline a MultiView of {last + 1} '
                "views, the train_dataloader collate_fn=dict(type='default_collate') and the model "
                "data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor')"
            )
        labels = torch.cat([sample.gt_label for sample in data_samples])
        online = [views[i] for i in self.online_views]
        batches = [torch.cat(online)] if self.joint_forward else online
        feats = [self.extract_feat(batch)[-1] for batch in batches]
        embeddings = [] if self.projector is None else [self._embed(self.projector, rows) for rows in feats]
        if self.joint_forward:
            feats, embeddings = self._split(feats), self._split(embeddings)
        keys = [self._encode_key(views[i]) for i in self.key_views]
        with memory_budget(self.loss_memory):
            return self.head.loss(Views(feats, embeddings, keys, labels))

    def _split(self, joined: list[Tensor]) -> list[Tensor]:
        """The rows of each online view, of rows that were one batch."""
        return [view for rows in joined for view in rows.chunk(len(self.online_views))]

    @staticmethod
    def _embed(projector: nn.Module, feats: Tensor) -> Tensor:
        """Unit embeddings, in float32 under autocast: half precision leaves a row's length 1 only to 2 or 3 digits."""
        if len(feats) == 1:
            _check_lone_row(projector)
        projected = projector(feats)
        return F.normalize(projected if projected.dtype == torch.float64 else projected.float(), dim=1)

    @torch.no_grad()
    def _encode_key(self, images: Tensor) -> Tensor:
        def encode(images: Tensor) -> Tensor:
            encoder = self.momentum_encoder
            backbone: Any = getattr(encoder, 'backbone', self.backbone)
            feats = backbone(images)
            feats = encoder['neck'](feats) if 'neck' in encoder else feats
            return self._embed(encoder['projector'], feats[-1])

        return forward_shuffled(encode, images) if self.shuffle_bn else encode(images)


def _check_lone_row(projector: nn.Module) -> None:
    """Refuse batch normalisation over one row, which has no variance. SyncBN counts the rows of all processes."""
    if any(isinstance(module, nn.BatchNorm1d) and module.training for module in projector.modules()):
        raise UserError(
            'the BatchNorm1d of the projector normalises over the batch, but a process got a batch of size 1: set a '
            'larger train_dataloader.batch_size, train_dataloader.drop_last=True where only the last batch is so '
            'small, or norm_cfg=None of the projector'
        )
