"""Stock decode heads that train further objectives beside their own."""

from typing import Any

from mmengine.model import ModuleDict
from mmseg.models.decode_heads import (
    ASPPHead,
    DepthwiseSeparableASPPHead,
    FCNHead,
    FPNHead,
    OCRHead,
    PSPHead,
    SegformerHead,
    UPerHead,
)
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from ltcl.errors import UserError
from ltcl.registry import MODELS

from .branch import DenseBranch
from .labels import mark_void

SHARED = ('num_classes', 'ignore_index', 'conv_cfg', 'norm_cfg', 'act_cfg', 'dropout_ratio')
"""Arguments of a head that its branches take over."""


class DenseBranchMixin(BaseDecodeHead):
    """Adds branches to a decode head; put it before the head among the bases, or call :func:`with_branches`.

    During ``loss`` the mixin notes what passes through ``cls_seg``, the last step of nearly all heads, and hands it to
    the branches. Nothing of it runs in ``forward`` or ``predict``: inference, export and FLOPs are those of the head.
    Labels that are no class of the head are void, for its own losses as well; ``ltcl.CheckMasksHook`` refuses data with
    such labels before they come here.

    Args:
        *args: Arguments of the head.
        branches: Configs of the branches by name; the name is that of the branch in the state dict. What a config
            leaves out of ``in_channels``, ``num_classes``, ``ignore_index``, ``conv_cfg``, ``norm_cfg``, ``act_cfg``
            and ``dropout_ratio`` is the head's.
        **kwargs: Arguments of the head.

    Raises:
        UserError: ``branches`` is no dict, or the head has no pixel classifier over at least two classes.
    """

    _taps: list[tuple[Tensor, Tensor]] | None = None

    def __init__(self, *args: Any, branches: dict[str, dict] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not isinstance(branches or {}, dict):
            raise UserError(
                f"branches is a dict of names and configs, such as dict(gpaco=dict(type='ltcl.GPaCoBranch')), "
                f'got a {type(branches).__name__}'
            )
        classifier = getattr(self, 'conv_seg', None)
        if not isinstance(classifier, nn.Conv2d) or self.out_channels != self.num_classes or self.num_classes < 2:
            raise UserError(
                f'{type(self).__name__}: branches need a head with a classifier conv_seg of one output per class and '
                f'at least two classes: choose another head or leave out_channels=1 out'
            )
        defaults = {'in_channels': classifier.in_channels, **{name: getattr(self, name) for name in SHARED}}
        self.branches = ModuleDict(
            {name: self._build_branch(name, {**defaults, **cfg}) for name, cfg in (branches or {}).items()}
        )

    def _build_branch(self, name: str, cfg: dict) -> DenseBranch:
        kind = cfg.get('type')
        kind = kind if isinstance(kind, type) else MODELS.get(str(kind))
        if not (isinstance(kind, type) and issubclass(kind, DenseBranch)):
            raise UserError(
                f'branches.{name}: type={cfg.get("type")!r} is no branch of a decode head; there are '
                'ltcl.GPaCoBranch, ltcl.RegionRebalanceBranch and ltcl.CenterCollapseBranch'
            )
        return MODELS.build(cfg)

    def cls_seg(self, feat: Tensor) -> Tensor:
        """Classify each pixel of the features (B, C, h, w); shape (B, num_classes, h, w)."""
        seg_logits = super().cls_seg(feat)
        if self._taps is not None:
            self._taps.append((feat, seg_logits))
        return seg_logits

    def loss(self, *args: Any) -> dict[str, Tensor]:
        """Losses of the head and of all branches; the arguments are those of the head's ``loss``.

        Raises:
            UserError: The head does not classify pixels through ``cls_seg``, or two losses have the same name.
        """
        self._taps = []
        try:
            losses = super().loss(*args)
            taps = self._taps
        finally:
            self._taps = None
        seg_labels = self._stack_batch_gt(args[-2])
        if not taps or taps[-1][0].ndim != 4 or not isinstance(seg_labels, Tensor):
            raise UserError(
                f'{type(self).__name__} takes no branches: it does not classify a feature map with cls_seg at its end'
            )
        feats, seg_logits = taps[-1]
        for name, branch in self.branches.items():
            added = branch.loss(feats, seg_logits, seg_labels)
            if taken := losses.keys() & added.keys():
                raise UserError(f'branches.{name}: there is already a loss {min(taken)}; set another loss_name')
            losses.update(added)
        return losses

    def _stack_batch_gt(self, batch_data_samples: list) -> Tensor:
        """Label maps of the batch, (B, 1, H, W), with everything that is no class as ``ignore_index``."""
        labels = super()._stack_batch_gt(batch_data_samples)
        if self.ignore_index is None or not isinstance(labels, Tensor):
            return labels
        return mark_void(labels, self.num_classes, self.ignore_index, void=self.ignore_index)


def with_branches(head: type) -> type:
    """Class of a stock decode head that takes ``branches``, named ``Branched...``.

    Args:
        head: A decode head of mmseg's kind.

    Raises:
        UserError: The class is no decode head.

    ``ltcl.registry.MODELS.register_module(module=with_branches(MyHead))`` makes ``ltcl.BranchedMyHead``.
    """
    return extend_head(head, DenseBranchMixin, 'Branched', 'takes ``branches`` (see :class:`DenseBranchMixin`)')


def extend_head(head: type, mixin: type, prefix: str, what: str) -> type:
    """A class of mixin and decode head.

    Args:
        head: The decode head.
        mixin: What is put before it.
        prefix: Put before the head's name.
        what: What the new class does, for its docstring.

    Raises:
        UserError: ``head`` is no decode head.
    """
    if not (isinstance(head, type) and issubclass(head, BaseDecodeHead)):
        raise UserError(f'{getattr(head, "__name__", head)} is no decode head of mmseg, so it takes no {prefix} form')
    body = {'__doc__': f"mmseg's :class:`{head.__name__}` that {what}.", '__module__': mixin.__module__}
    return type(prefix + head.__name__, (mixin, head), body)


def _registered(head: type) -> type:
    return MODELS.register_module(module=with_branches(head))


BranchedUPerHead = _registered(UPerHead)
BranchedDepthwiseSeparableASPPHead = _registered(DepthwiseSeparableASPPHead)
BranchedFCNHead = _registered(FCNHead)
BranchedPSPHead = _registered(PSPHead)
BranchedASPPHead = _registered(ASPPHead)
BranchedSegformerHead = _registered(SegformerHead)
BranchedFPNHead = _registered(FPNHead)
BranchedOCRHead = _registered(OCRHead)
