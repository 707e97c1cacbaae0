"""What all branches of a decode head share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from ltcl.analysis.seg_class_counts import STATS_TOOL, load_class_counts
from ltcl.errors import UserError
from ltcl.value_ranges import check_ranges

from ..utils import ClassCountsMixin


class CountsFromFile(ClassCountsMixin):
    """Class counts from a list or from a file, which is read when the counts are first needed.

    So a model that is only tested, whose counts come with its checkpoint, is built without the file.
    """

    _counts_file: str | None = None
    count_key: str = 'image'

    def register_class_counts(
        self, num_classes: int, class_counts: str | Sequence[int] | Tensor | None = None, count_key: str = 'image'
    ) -> None:
        """Create the buffer.

        Args:
            num_classes: Number of classes.
            class_counts: Counts, shape (num_classes,), or the name of a file that holds them.
            count_key: Which counts of the file.
        """
        self.count_key = count_key
        if isinstance(class_counts, str):
            self._counts_file = class_counts
            class_counts = None
        super().register_class_counts(num_classes, class_counts)

    def known_class_counts(self) -> Tensor:
        """The counts, shape (num_classes,), int64.

        Raises:
            UserError: There are none, the file is missing, or it counts another number of classes.
        """
        if self._counts_seen or self.class_counts.sum() > 0:
            return super().known_class_counts()
        if self._counts_file is None:
            raise UserError(
                f'{type(self).__name__} needs class_counts: a list, or a file of `{STATS_TOOL} CONFIG --out FILE`'
            )
        counts = load_class_counts(self._counts_file, self.count_key)
        if len(counts) != len(self.class_counts):
            raise UserError(
                f'class_counts: {self._counts_file} counts {len(counts)} classes but the head has '
                f'num_classes={len(self.class_counts)}: write the file from the data set that is trained on'
            )
        self.set_class_counts(counts)
        return super().known_class_counts()

    def class_frequencies(self) -> Tensor:
        """The counts divided by their sum, float64, shape (num_classes,)."""
        counts = self.known_class_counts().double()
        return counts / counts.sum()


class DenseBranch(CountsFromFile, BaseModule, ABC):
    """A training objective beside that of a decode head; it sees what the head's pixel classifier sees and says.

    The head fills in every argument of which a config says nothing, with its own value, down to ``dropout_ratio``.

    Args:
        in_channels: Channels C of the features before the head's classifier.
        num_classes: Number of classes.
        ignore_index: Label of void pixels; labels that are no class are void too.
        conv_cfg: Config of convolutions.
        norm_cfg: Config of norm layers.
        act_cfg: Config of activations.
        dropout_ratio: Dropout of the head.
        class_counts: Frequency per class, shape (num_classes,), or a file of ``seg_class_stats.py``.
        count_key: Which counts of the file, ``'image'`` or ``'pixel'``.
        loss_weight: Multiplies the loss.
        loss_name: Name of the loss in the log. It has to contain ``loss``, or the loss would not be trained on.
        init_cfg: Initialization config of mmengine.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        ignore_index: int | None = 255,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        act_cfg: dict | None = None,
        dropout_ratio: float = 0.0,
        class_counts: str | Sequence[int] | None = None,
        count_key: str = 'image',
        loss_weight: float = 1.0,
        loss_name: str,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if 'loss' not in loss_name:
            raise UserError(f"{type(self).__name__}: loss_name must contain 'loss', got {loss_name!r}")
        check_ranges(type(self).__name__, dict(loss_weight=loss_weight, dropout_ratio=dropout_ratio))
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.ignore_index = ignore_index
        self.layer_cfg = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg, act_cfg=act_cfg)
        self.dropout_ratio = dropout_ratio
        self.loss_weight = loss_weight
        self.loss_name = loss_name
        self.register_class_counts(num_classes, class_counts, count_key)

    @abstractmethod
    def loss(self, feats: Tensor, seg_logits: Tensor, seg_labels: Tensor) -> dict[str, torch.Tensor]:
        """Losses of one step.

        Args:
            feats: Features before the head's dropout and classifier, shape (B, C, h, w).
            seg_logits: Output of the classifier, shape (B, num_classes, h, w).
            seg_labels: Label maps, int64, shape (B, 1, H, W).

        Returns:
            Losses by name.
        """
