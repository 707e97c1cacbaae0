"""Batches of one or several views, normalised together."""

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.structures import DataSample
from torch import Tensor

from ltcl.datasets.transforms.drawn_rows import finish, is_drawn
from ltcl.errors import UserError
from ltcl.notices import warn
from ltcl.registry import MODELS

from .weight_layout import to_channels_last


def inferred_order(data_samples: list[DataSample] | None) -> str | None:
    """Order of the colours of images that come from one of mmpretrain's inferencers.

    It reads files by ``mmcv.imread``, or takes an array, and sends them, BGR, past every step that reads files; so they
    have an ``ori_shape``, but neither the index nor the path that images of a data set have. ``ltcl.LoadImage`` makes
    RGB of them and says so by the path None.

    Args:
        data_samples: Of a batch.

    Returns:
        'bgr' or 'rgb'; None of all other images.
    """
    first = data_samples[0] if data_samples else None
    if not isinstance(first, DataSample) or 'sample_idx' in first or 'ori_shape' not in first:
        return None
    if 'img_path' not in first:
        return 'bgr'
    return 'rgb' if first.img_path is None else None


@MODELS.register_module()
class MultiViewDataPreprocessor(ClsDataPreprocessor):
    """mmpretrain's preprocessor for images that come in one or several views.

    Several views are joined, so that colour swap, normalisation and transfer run once for all, and split again. A
    single view (validation, baselines) goes through unchanged in form.

    Images of a data set come in the order of ``to_rgb``, which ``ltcl.ChannelOrderHook`` checks. Those of mmpretrain's
    inferencers are BGR, unless ``ltcl.LoadImage`` took them: they are turned to what the network takes.

    Args:
        channels_last: Lay images out channels-last; every convolution follows the layout of its input.
        channel_order: Of the colours that the network takes, 'rgb' or 'bgr'.
        **kwargs: Arguments of mmpretrain's ``ClsDataPreprocessor``, such as ``mean``, ``std`` and ``to_rgb``, which
            swaps the colours, in whatever order they come.

    Raises:
        UserError: ``channel_order`` is unknown.
    """

    def __init__(self, channels_last: bool = False, channel_order: str = 'rgb', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if channel_order not in ('rgb', 'bgr'):
            raise UserError(f'channel_order of MultiViewDataPreprocessor must be rgb or bgr, got {channel_order!r}')
        self.channels_last = channels_last
        self.channel_order = channel_order
        self._has_warned = False

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a collated batch.

        Args:
            data: ``inputs`` is a tensor (N, C, H, W), a list of V such tensors (views, from ``default_collate``), or a
                list of N tensors (C, H, W) (from ``pseudo_collate``); ``data_samples`` a list of N samples. Features
                (N, C) of ``ltcl.CachedFeatures``, or a list of V of them, stay as they are. What
                ``ltcl.Views(backend='device')`` drew, behind the views, is applied to them first.
            training: Passed on.

        Returns:
            The same keys; ``inputs`` is a float tensor (N, C, H, W), or a list of V of them when views came in.

        Raises:
            UserError: The views were collated sample by sample.
        """
        if is_drawn(data['inputs']):
            data = {**data, 'inputs': self._augmented(data['inputs'])}
        inputs = data['inputs']
        if not isinstance(inputs, Tensor) and isinstance(inputs[0], list | tuple):
            raise UserError(
                "each sample holds its own list of views: set the dataloader's collate_fn=dict(type='default_collate')"
            )
        if inputs[0].ndim == (1 if isinstance(inputs, Tensor) else 2):
            return self._features(data)
        is_multi_view = isinstance(inputs, list | tuple) and inputs[0].ndim == 4
        if not is_multi_view:
            data = self._in_order(data)
            data = super().forward(data, training)
            return {**data, 'inputs': self._lay_out(data['inputs'])}
        if len({view.shape for view in inputs}) == 1:
            joined = super().forward({**data, 'inputs': torch.cat(self.cast_data(inputs))}, training)
            return {**joined, 'inputs': list(self._lay_out(joined['inputs']).chunk(len(inputs)))}
        first, *others = inputs
        views = [super().forward({**data, 'inputs': first}, training)]
        views += [super(MultiViewDataPreprocessor, self).forward({'inputs': view}, training) for view in others]
        return {**views[0], 'inputs': [self._lay_out(view['inputs']) for view in views]}

    def _augmented(self, inputs: Sequence[Tensor]) -> Tensor | list[Tensor]:
        """The views after what ``ltcl.Views(backend='device')`` left to the device; a single one is no list."""
        *views, rows = inputs
        finished = finish([*self.cast_data(views), rows])
        return finished if len(finished) > 1 else finished[0]

    def _features(self, data: dict) -> dict:
        """Features on the device, and samples that may stand in a batch several times, each moved once."""
        samples = data.get('data_samples')
        if samples and self.device.type != 'cpu':
            moved = {key: sample.to(self.device) for key, sample in {id(each): each for each in samples}.items()}
            samples = [moved[id(sample)] for sample in samples]
        return {**data, 'inputs': self.cast_data(data['inputs']), 'data_samples': samples}

    def _in_order(self, data: dict) -> dict:
        """The same batch, its colours in the order that ``to_rgb`` makes right, if they are known to be in another."""
        order = inferred_order(data.get('data_samples'))
        if order is None or (order == self.channel_order) != self.to_rgb:
            return data
        images = data['inputs']
        if images[0].shape[0] != 3:
            return data
        self._warn_of_swap(order)
        swapped = images.flip(1) if isinstance(images, Tensor) else [image.flip(0) for image in images]
        return {**data, 'inputs': swapped}

    def _warn_of_swap(self, order: str) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        warn(
            f'images of an inferencer came as {order.upper()}; they reach the network as {self.channel_order.upper()}, '
            f'which it takes, against to_rgb={self.to_rgb} of the data preprocessor'
        )

    def _lay_out(self, images: Tensor) -> Tensor:
        return to_channels_last(images) if self.channels_last else images
