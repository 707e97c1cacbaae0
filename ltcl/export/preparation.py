"""The steps of a test pipeline as a part of a graph: from the colours of a file to what the network takes."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from mmcv.transforms import Resize
from torch import Tensor, nn

from ltcl.datasets.transforms import EvalView, LoadImage
from ltcl.datasets.transforms.channel_order import order_of
from ltcl.errors import UserError
from ltcl.inference.reading import Reader

from .linear_resize import LinearResize
from .resampling import Line, resize

# Range whose 256 rounded levels are the upper 8 of 16 bits, which OpenCV keeps.
UPPER_BITS = (127.5, 65407.5)
# Red, green and blue in grey, of 65536, as Pillow has them.
LUMA = (19595, 38470, 7471)


class Preparation(nn.Module):
    """What a run does to the colours of an image before its network sees it.

    Args:
        reader: The test pipeline of the run.
        data_preprocessor: That of its model.

    Raises:
        UserError: A step of the pipeline cannot be exported.
    """

    def __init__(self, reader: Reader, data_preprocessor: nn.Module) -> None:
        super().__init__()
        order = order_of([reader.loader])
        reads_grey = getattr(reader.loader, 'color_type', None) == 'grayscale'
        if order is None and not reads_grey:
            raise _unknown(reader.loader)
        self.is_grey, self.is_bgr = reader.is_grey or reads_grey, order == 'bgr'
        self.view: nn.Module | None = None
        for step in reader.steps:
            if isinstance(step, tuple(VIEWS)) and self.view is None:
                self.view = next(view(step) for kind, view in VIEWS.items() if isinstance(step, kind))
            elif type(step).__name__ not in PACKS:
                raise _unknown(step)
        plain: Any = copy.copy(data_preprocessor)
        plain.channels_last = False  # a layout in memory is the business of whatever runs the graph
        self.data_preprocessor = plain

    def forward(self, images: Tensor) -> Tensor:
        """Map RGB images (N, H, W, 3), uint8, to float32 of shape (N, C, H', W')."""
        images = images.permute(0, 3, 1, 2)
        if self.is_grey:
            images = _to_grey(images)
        elif self.is_bgr:
            images = images.flip(1)
        if self.view is not None:
            images = self.view(images)
        prepared = self.data_preprocessor(dict(inputs=images), False)['inputs']
        return prepared.contiguous()  # else a graph holds for sizes whose strides are ordered as those of the example


class CentreView(nn.Module):
    """``ltcl.EvalView`` on tensors: the shorter side is resized, the square at the centre cut out.

    Args:
        step: What it does likewise.
    """

    def __init__(self, step: EvalView) -> None:
        super().__init__()
        self.resize, self.size, self.interpolation = step.resize, step.size, step.interpolation.value

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, C, H, W), uint8, to whole numbers (N, C, size, size), float64."""
        sides: Any = images.shape[2:]
        shorter = torch.sym_min(*sides)
        rows, columns = (self._line(side, self.resize * side // shorter) for side in sides)
        return resize(images, rows, columns, self.interpolation)

    def _line(self, old: int, new: int) -> Line:
        margin = new - self.size
        half = margin // 2
        # Half of an odd margin is rounded as Python rounds, to an even number.
        return Line(old, new, half + margin % 2 * (half % 2), self.size)


VIEWS: dict[type, Callable[[Any], nn.Module]] = {EvalView: CentreView, Resize: LinearResize}
"""Of the steps that bring an image to a size."""
PACKS = ('PackInputs', 'PackSegInputs')


def decoding_of(reader: Reader) -> dict:
    """How a run reads files, for those who read them for its exported model.

    Returns:
        ``exif``: whether a picture is turned by its EXIF tag; and the options of ``ltcl.LoadImage``.
    """
    loader = reader.loader
    if isinstance(loader, LoadImage):
        options = dict(background=loader.background, value_range=loader.value_range, max_pixels=loader.max_pixels)
        return dict(options, exif=reader.turns)
    return dict(background=None, value_range=UPPER_BITS, max_pixels=None, exif=reader.turns)


def _to_grey(images: Tensor) -> Tensor:
    weights = torch.tensor(LUMA).view(3, 1, 1)
    return (((images * weights).sum(1, keepdim=True) + 2**15) // 2**16).to(torch.uint8)


def _unknown(step: object) -> UserError:
    return UserError(
        f'the step {type(step).__name__} of the test pipeline cannot be exported: only ltcl.LoadImage, ltcl.EvalView, '
        'Resize and PackInputs can; change test_dataloader.dataset.pipeline, train or test with it, and export again'
    )
