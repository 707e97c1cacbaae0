"""The operations of all augmentations on batches of images on any device: the back end of the data preprocessor.

Images are (N, C, H, W), uint8, RGB or grey, before and after each operation; its arguments are a row of numbers for
each image, those of :mod:`~ltcl.datasets.transforms.pil_operations` in their order. Nothing here asks the device for a
number, so that nothing waits for it. What differs from Pillow stands in docs/augmentation.md and is bounded by a test.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

# Of 2**16, as Pillow has them; the sums of the products are whole numbers that float32 holds exactly.
LUMINANCE = (19595.0, 38470.0, 7471.0)
NUM_LEVELS, NUM_BOXES, LARGEST_RADIUS = 256, 3, 2.0
BOX_HALF = 2  # of a blur of the largest radius
# A weighted mean of equal values may lie just below them in float32, and decimals are cut off.
MARGIN = 1e-3


def _column(arguments: Tensor, position: int = 0) -> Tensor:
    """One argument of each image, shape (N, 1, 1, 1), float32."""
    return arguments[:, position].float().view(-1, 1, 1, 1)


def _to_uint8(values: Tensor) -> Tensor:
    """Decimals are cut off."""
    return values.clamp(0, 255).to(torch.uint8)


def luminance(images: Tensor) -> Tensor:
    """Of each pixel, rounded as Pillow does.

    Args:
        images: (N, 3, H, W) or (N, 1, H, W).

    Returns:
        Whole numbers, float32, shape (N, 1, H, W).
    """
    if images.shape[1] == 1:
        return images.float()
    weights = images.new_tensor(LUMINANCE, dtype=torch.float32).view(3, 1, 1)
    return ((images.float() * weights).sum(1, keepdim=True) + 2**15).div_(2**16).floor_()


def _by_tables(images: Tensor, tables: Tensor) -> Tensor:
    """Look each value up in a table (N, C or 1, 256) of its image and channel."""
    number, channels = images.shape[:2]
    tables = tables.clamp(0, 255).to(torch.uint8).expand(number, channels, NUM_LEVELS)
    return tables.gather(2, images.flatten(2).long()).view(images.shape)


def _levels(images: Tensor) -> Tensor:
    return torch.arange(NUM_LEVELS, device=images.device, dtype=torch.float64)


def brightness(images: Tensor, arguments: Tensor) -> Tensor:
    """Multiply by a factor."""
    return _by_tables(images, arguments[:, :1, None].float() * _levels(images).float())


def contrast(images: Tensor, arguments: Tensor) -> Tensor:
    """Multiply the distance from the mean luminance."""
    mean = (luminance(images).double().mean((1, 2, 3)) + 0.5).floor().float().view(-1, 1, 1)
    return _by_tables(images, mean + arguments[:, :1, None].float() * (_levels(images).float() - mean))


def invert(images: Tensor, arguments: Tensor) -> Tensor:
    """Subtract from 255."""
    return 255 - images


def posterize(images: Tensor, arguments: Tensor) -> Tensor:
    """Keep the upper bits of each value; 0 of them are black."""
    step = 2 ** (8 - arguments[:, :1, None])
    return _by_tables(images, (_levels(images) / step).floor() * step)


def solarize(images: Tensor, arguments: Tensor) -> Tensor:
    """Invert the values from a threshold."""
    levels = _levels(images)
    return _by_tables(images, torch.where(levels < arguments[:, :1, None], levels, 255 - levels))


def solarize_add(images: Tensor, arguments: Tensor) -> Tensor:
    """Add to the values below 128, up to 255."""
    levels = _levels(images)
    return _by_tables(images, torch.where(levels < 128, levels + arguments[:, :1, None], levels))


def _histograms(images: Tensor) -> Tensor:
    """Number of pixels of each value in each image and channel, (N, C, 256), int64."""
    values = images.flatten(2).long()
    counts = values.new_zeros(*images.shape[:2], NUM_LEVELS)
    return counts.scatter_add_(2, values, values.new_ones(1).expand_as(values))


def autocontrast(images: Tensor, arguments: Tensor) -> Tensor:
    """Stretch each channel to 0..255."""
    low, high = (extreme(images.flatten(2), 2, keepdim=True).double() for extreme in (torch.amin, torch.amax))
    levels, scale = _levels(images), 255 / (high - low).clamp(min=1)
    return _by_tables(images, torch.where(high > low, levels * scale - low * scale, levels))


def equalize(images: Tensor, arguments: Tensor) -> Tensor:
    """Give each channel an even histogram."""
    counts = _histograms(images)
    above = images.flatten(2).amax(2, keepdim=True).long()
    step = (counts.sum(2, keepdim=True) - counts.gather(2, above)) // 255
    darker = counts.cumsum(2) - counts
    tables = (step // 2 + darker) // step.clamp(min=1)
    return _by_tables(images, torch.where(step > 0, tables, _levels(images).long()))


def color(images: Tensor, arguments: Tensor) -> Tensor:
    """Multiply the distance from the pixel's luminance."""
    level = luminance(images)
    return _to_uint8(level + _column(arguments) * (images - level))


def grey(images: Tensor, arguments: Tensor) -> Tensor:
    """Take the colours away."""
    return luminance(images).to(torch.uint8).expand_as(images)


def hue(images: Tensor, arguments: Tensor) -> Tensor:
    """Turn the colour circle by a share of a whole turn, in Pillow's steps of 1/255; grey images stay."""
    if images.shape[1] == 1:
        return images
    angle, saturation, value = _to_hsv(images.float())
    shift = (arguments[:, 0] * 255).trunc().float().view(-1, 1, 1)
    return _from_hsv((angle + shift) % NUM_LEVELS, saturation, value)


def _to_hsv(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Whole numbers of 0..255, each (N, H, W)."""
    value, low = images.amax(1), images.amin(1)
    spread = value - low
    red, green, blue = ((value - channel) / spread.clamp(min=1) for channel in images.unbind(1))
    is_red, is_green = (images[:, position] == value for position in (0, 1))
    sixths = torch.where(is_red, blue - green, torch.where(is_green, 2 + red - blue, 4 + green - red))
    angle = ((sixths / 6 + 1) % 1 * 255).floor() * (spread > 0)
    return angle, (spread / value.clamp(min=1) * 255).floor(), value


def _from_hsv(angle: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    sixths, saturation = angle * (6 / 255), saturation / 255
    sector = sixths.floor()
    part = sixths - sector
    low, falling, rising = (
        (value * (1 - saturation * share) + 0.5).floor() for share in (torch.ones_like(part), part, 1 - part)
    )
    cases = (
        (value, falling, low, low, rising, value),
        (rising, value, value, falling, low, low),
        (low, low, rising, value, value, falling),
    )
    sector = (sector.long() % 6).unsqueeze(1)
    channels = [torch.stack(each, 1).gather(1, sector) for each in cases]
    return _to_uint8(torch.cat(channels, 1))


def blur(images: Tensor, arguments: Tensor) -> Tensor:
    """Blur by a Gaussian of that standard deviation in pixels: three boxes along each side, as Pillow does it.

    The radius is at most ``LARGEST_RADIUS``.
    """
    weights = _box_weights(arguments[:, 0]).float()
    for _ in range(2):
        for _ in range(NUM_BOXES):
            images = _blur_rows(images.float(), weights)
        images = images.transpose(2, 3)
    return images.to(torch.uint8)


def _box_weights(radius: Tensor) -> Tensor:
    """Weights (N, 5) of the boxes with fractional ends; see ``opencv_operations``."""
    variance = radius**2 / NUM_BOXES
    half = (((12 * variance + 1).sqrt() - 1) / 2).floor()
    end = (2 * half + 1) * (half * (half + 1) - 3 * variance) / (6 * (variance - (half + 1) ** 2))
    distance = torch.arange(-BOX_HALF, BOX_HALF + 1, device=radius.device).abs()
    half, end = half[:, None], end[:, None]
    weights = (distance <= half) + (distance == half + 1) * end
    return weights / weights.sum(1, keepdim=True)


def _blur_rows(images: Tensor, weights: Tensor) -> Tensor:
    width = images.shape[3]
    padded = F.pad(images, (BOX_HALF, BOX_HALF, 0, 0), 'replicate')
    blurred = torch.full_like(images, 0.5)
    for place, weight in enumerate(weights.unbind(1)):
        blurred.addcmul_(padded[..., place : place + width], weight.view(-1, 1, 1, 1))
    return blurred.floor_()


def sharpness(images: Tensor, arguments: Tensor) -> Tensor:
    """Multiply the distance from the smoothed image; pixels at the border stay."""
    planes = images.float().flatten(0, 1).unsqueeze(1)
    kernel = planes.new_ones(1, 1, 3, 3)
    kernel[..., 1, 1] = 5
    smooth = (
        (F.conv2d(planes, kernel) / 13 + 0.5).floor().view(*images.shape[:2], *(side - 2 for side in images.shape[2:]))
    )
    inner = images[..., 1:-1, 1:-1].float()
    changed = images.clone()
    changed[..., 1:-1, 1:-1] = _to_uint8(smooth + _column(arguments) * (inner - smooth))
    return changed


def cut_out(images: Tensor, arguments: Tensor) -> Tensor:
    """Blacken a square, as far as it lies in the image."""
    center_x, center_y, half = arguments[:, 0:1], arguments[:, 1:2], arguments[:, 2:3] // 2
    rows, columns = (torch.arange(side, device=images.device) for side in images.shape[2:])
    in_rows = (rows >= center_y - half) & (rows < center_y + half)
    in_columns = (columns >= center_x - half) & (columns < center_x + half)
    return images.masked_fill((in_rows[:, :, None] & in_columns[:, None, :]).unsqueeze(1), 0)


def _affine(mode: str) -> Callable[[Tensor, Tensor], Tensor]:
    """A geometric operation: the pixel at (x, y) comes from (a x + b y + c, d x + e y + f), measured at corners.

    Its arguments are a to f, and the colour (RGB) of pixels from outside the image.

    Args:
        mode: Of ``grid_sample``.
    """

    def warp(images: Tensor, arguments: Tensor) -> Tensor:
        height, width = images.shape[2:]
        x, y = _sources(arguments[:, :6].view(-1, 2, 3, 1, 1), height, width)
        is_inside = ((x >= 0) & (x < width) & (y >= 0) & (y < height)).unsqueeze(1)
        grid = torch.stack([2 * x / width - 1, 2 * y / height - 1], 3).float()
        values = F.grid_sample(images.float(), grid, mode, padding_mode='border', align_corners=False)
        fill = arguments[:, 6:9].view(-1, 3, 1, 1)
        colour = luminance(fill) if images.shape[1] == 1 else fill.float()
        return _to_uint8(torch.where(is_inside, values + MARGIN, colour))

    return warp


def _sources(matrices: Tensor, height: int, width: int) -> tuple[Tensor, ...]:
    """Where each pixel comes from, x and y, each (N, H, W)."""
    columns, rows = (torch.arange(side, device=matrices.device) + 0.5 for side in (width, height))
    by_x, by_y, shift = matrices.unbind(2)
    return (by_x * columns + by_y * rows[:, None] + shift).unbind(1)


OPERATIONS = {f'affine_{mode}': _affine(mode) for mode in ('nearest', 'bilinear', 'bicubic')} | {
    each.__name__: each
    for each in (
        *(autocontrast, blur, brightness, color, contrast, cut_out, equalize, grey, hue, invert, posterize, sharpness),
        *(solarize, solarize_add),
    )
}
"""By name; the geometric ones of other back ends are an affine one, by the interpolation."""
