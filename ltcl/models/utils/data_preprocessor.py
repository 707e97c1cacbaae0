"""Batches of one or several views, normalised together."""

import torch
from mmpretrain.models import ClsDataPreprocessor
from torch import Tensor

from ltcl.errors import UserError
from ltcl.registry import MODELS


def to_channels_last(images: Tensor) -> Tensor:
    """Images (N, C, H, W) laid out channels-last in memory.

    With one channel both layouts are the same bytes and ``contiguous`` keeps the strides of the other one, which makes
    the first convolution, and all after it, run in the plain layout. So the strides are set by hand.
    """
    num_channels, height, width = images.shape[1:]
    images = images.contiguous(memory_format=torch.channels_last)
    strides = (height * width * num_channels, 1, width * num_channels, num_channels)
    return images.as_strided(images.shape, strides)


@MODELS.register_module()
class MultiViewDataPreprocessor(ClsDataPreprocessor):
    """mmpretrain's preprocessor for images that come in one or several views.

    Several views are joined, so that colour swap, normalisation and transfer run once for all, and split again. A
    single view (validation, baselines) goes through unchanged in form.

    Args:
        channels_last: Lay images out channels-last; every convolution follows the layout of its input.
        **kwargs: Arguments of mmpretrain's ``ClsDataPreprocessor``, such as ``mean``, ``std`` and ``to_rgb``.
    """

    def __init__(self, channels_last: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.channels_last = channels_last

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a collated batch.

        Args:
            data: ``inputs`` is a tensor (N, C, H, W), a list of V such tensors (views, from ``default_collate``), or a
                list of N tensors (C, H, W) (from ``pseudo_collate``); ``data_samples`` a list of N samples.
            training: Passed on.

        Returns:
            The same keys; ``inputs`` is a float tensor (N, C, H, W), or a list of V of them when views came in.

        Raises:
            UserError: The views were collated sample by sample.
        """
        inputs = data['inputs']
        if not isinstance(inputs, Tensor) and isinstance(inputs[0], list | tuple):
            raise UserError(
                "each sample holds its own list of views: set the dataloader's collate_fn=dict(type='default_collate')"
            )
        is_multi_view = isinstance(inputs, list | tuple) and inputs[0].ndim == 4
        if not is_multi_view:
            data = super().forward(data, training)
            return {**data, 'inputs': self._lay_out(data['inputs'])}
        if len({view.shape for view in inputs}) == 1:
            joined = super().forward({**data, 'inputs': torch.cat(self.cast_data(inputs))}, training)
            return {**joined, 'inputs': list(self._lay_out(joined['inputs']).chunk(len(inputs)))}
        first, *others = inputs
        views = [super().forward({**data, 'inputs': first}, training)]
        views += [super(MultiViewDataPreprocessor, self).forward({'inputs': view}, training) for view in others]
        return {**views[0], 'inputs': [self._lay_out(view['inputs']) for view in views]}

    def _lay_out(self, images: Tensor) -> Tensor:
        return to_channels_last(images) if self.channels_last else images
