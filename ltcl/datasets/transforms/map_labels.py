"""Masks whose values are no class numbers."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from ltcl.errors import UserError
from ltcl.registry import TRANSFORMS

Value = int | Sequence[int]


@TRANSFORMS.register_module()
class MapLabels(BaseTransform):
    """Turns what mask files hold into class numbers 0, 1, ...; stands after mmseg's ``LoadAnnotations``.

    For masks of 0 and 255 (``values=[0, 255]``), of any other levels, or of colours
    (``values=[[0, 0, 0], [128, 0, 0]]``).

    Args:
        values: What each class has in the files, in the order of the classes: a grey level, or red, green and blue.
        void: Values of pixels without a class.
        ignore_index: The label that these get.
        labels: Class of each value, where several values are one class; by default each value is one.

    Raises:
        UserError: A value is none of the named kind or named twice; a file has another value, or its labels are
            reduced before.
    """

    def __init__(
        self,
        values: Sequence[Value],
        void: Sequence[Value] = (),
        ignore_index: int = 255,
        labels: Sequence[int] | None = None,
    ) -> None:
        codes = [_code(value) for value in (*values, *void)]
        if len(set(codes)) < len(codes) or len(values) > 255:
            raise UserError(f'ltcl.MapLabels: values={values} and void={void} must be different, at most 255 classes')
        of_values = range(len(values)) if labels is None else labels
        if len(of_values) != len(values):
            raise UserError(f'ltcl.MapLabels: labels={labels} must have one for each of the {len(values)} values')
        order = np.argsort(codes)
        self.codes = np.array(codes)[order]
        self.labels = np.array([*of_values, *[ignore_index] * len(void)], dtype=np.uint8)[order]

    def transform(self, results: dict) -> dict:
        """Replace ``gt_seg_map`` (H, W) or (H, W, channels) by labels, uint8, (H, W)."""
        if results.get('reduce_zero_label'):
            raise UserError('ltcl.MapLabels reads what the files hold: leave reduce_zero_label of the data set out')
        codes = colour_codes(results['gt_seg_map'])
        places = np.searchsorted(self.codes, codes).clip(max=len(self.codes) - 1)
        if (is_unknown := self.codes[places] != codes).any():
            raise UserError(
                f'the mask {results.get("seg_map_path")} holds {_words(codes[is_unknown][0])}, which is none of values '
                'and void of ltcl.MapLabels: add it there, in the order of the classes'
            )
        results['gt_seg_map'] = self.labels[places]
        return results


def _code(value: Value) -> int:
    """One number for a colour; a grey level is the colour of three equal channels."""
    channels = [value] * 3 if isinstance(value, int) else list(value)
    if len(channels) != 3 or not all(isinstance(each, int) and 0 <= each <= 255 for each in channels):
        raise UserError(f'ltcl.MapLabels: {value} is no grey level and no [red, green, blue], each from 0 to 255')
    red, green, blue = channels
    return red << 16 | green << 8 | blue


def colour_codes(values: np.ndarray) -> np.ndarray:
    """A number for each pixel: red * 65536 + green * 256 + blue.

    Args:
        values: uint8, shape (H, W), or with channels in OpenCV's order: blue, green, red (, alpha), or grey, alpha.

    Returns:
        int32, shape (H, W).
    """
    if values.ndim == 3:
        values = values[..., :3] if values.shape[2] >= 3 else values[..., 0]
    if values.ndim == 2:
        return values.astype(np.int32) * 0x010101
    return values.astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], dtype=np.int32)


def colour_of(code: int) -> tuple[int, int, int]:
    """Red, green and blue of a number of :func:`colour_codes`."""
    return int(code) >> 16, int(code) >> 8 & 255, int(code) & 255


def _words(code: int) -> str:
    red, green, blue = colour_of(code)
    return f'the value {red}' if red == green == blue else f'the colour [{red}, {green}, {blue}]'
