"""The time that an epoch cannot fall below on common GPUs: computed from the recipes, not measured.

    python benchmarks/floors.py            prints the tables of docs/performance.md

Operations of an encoder are counted by PyTorch's FlopCounterMode in one forward pass on the meta device, a
multiplication and an addition being two. A view with gradient costs three such passes, a key view one. What a GPU does
of its published peak is assumed: 0.3 in convolutions, 0.45 in vision transformers, which is what well-fed cards come
to. Projector, head, loss and optimizer are left out. Decoding is timed here, on one core: a JPEG of 500 x 375.
"""

import io
import statistics
import time
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from common import ROOT
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from ltcl.registry import MODELS

# Published peaks in TFLOP/s: half precision, dense matrices, sums in float32.
PEAKS = {'A100': 312, 'H100 SXM': 989, 'V100': 125, 'RTX 3090': 71, 'RTX 4090': 165, 'T4': 65}
SHARES = {'VisionTransformer': 0.45}
SHARE_OF_CONVOLUTIONS = 0.3
# Of a photograph, as noise of so many grey levels.
GRAIN = 14
IMAGES = {'ImageNet-LT': 115_846, 'Places-LT': 62_500, 'iNaturalist 2018': 437_513, 'ImageNet': 1_281_167}
RECIPES = {
    'paco/paco_resnet50_4xb32-400e_imagenet-lt': 'ImageNet-LT',
    'gpaco/gpaco_resnet50_4xb32-400e_imagenet-lt': 'ImageNet-LT',
    'gpaco/gpaco_resnext101-32x4d_4xb32-400e_imagenet-lt': 'ImageNet-LT',
    'bcl/bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim': 'ImageNet-LT',
    'bcl/bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-sim': 'ImageNet-LT',
    'kcl/kcl_resnet50_4xb64-200e_imagenet-lt': 'ImageNet-LT',
    'resco/rescom_resnet50_8xb32-400e_imagenet-lt': 'ImageNet-LT',
    'gpaco/gpaco_resnet152_4xb32-30e_places-lt': 'Places-LT',
    'gpaco/gpaco_resnet50_8xb16-400e_inat2018': 'iNaturalist 2018',
    'bcl/bcl_resnet50_4xb64-100e_inat2018': 'iNaturalist 2018',
    'gpaco/gpaco_resnet50_8xb64-400e_imagenet': 'ImageNet',
    'gpaco/gpaco_vit-base_8xb32-100e_imagenet': 'ImageNet',
    'gpaco/gpaco_vit-large_8xb16-50e_imagenet': 'ImageNet',
}


class Cost(NamedTuple):
    """What an image of a training costs."""

    flops: int
    """Operations of the encoder for all views of it, forward and backward."""
    share: float
    """Share of a GPU's peak that is assumed for such an encoder."""


def cost_of(recipe: str, size: int = 224) -> Cost:
    """Operations for an image of a recipe.

    Args:
        recipe: A config by its place below ``configs``, without the ``.py``.
        size: Height and width of the views.
    """
    cfg = Config.fromfile(ROOT / 'configs' / f'{recipe}.py').model
    views = 3 * len(cfg.get('online_views', (0,))) + len(cfg.get('key_views', ()))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        encoder = MODELS.build(cfg.backbone).to('meta')
    encoder.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        encoder(torch.zeros(1, 3, size, size, device='meta'))
    return Cost(views * counter.get_total_flops(), SHARES.get(cfg.backbone.type, SHARE_OF_CONVOLUTIONS))


def epoch_seconds(cost: Cost, num_images: int, peak: float) -> float:
    """Seconds of an epoch on a GPU of so many TFLOP/s."""
    return num_images * cost.flops / (cost.share * peak * 1e12)


def decoding_rate(rounds: int = 30) -> float:
    """JPEGs of 500 x 375 that Pillow decodes in a second on one core; about 110 KB each, as those of ImageNet."""
    generator = np.random.default_rng(0)
    coarse = Image.fromarray(generator.integers(256, size=(47, 63, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC))
    picture = smooth + generator.normal(0, GRAIN, (375, 500, 1))
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, 'JPEG', quality=90)
    seconds = []
    for _ in range(rounds):
        start = time.thread_time()
        Image.open(io.BytesIO(file.getvalue())).convert('RGB')
        seconds.append(time.thread_time() - start)
    return 1 / statistics.median(seconds)


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown, all columns but the first to the right."""
    header = list(header)
    lines = [header, ['---', *['---:'] * (len(header) - 1)], *rows]
    return '\n'.join(f'| {" | ".join(map(str, line))} |' for line in lines)


def minutes(seconds: float) -> str:
    """As the tables show it: minutes and seconds."""
    return '{}:{:02}'.format(*divmod(round(seconds), 60))


def main() -> None:
    """Print both tables."""
    rows = []
    for recipe, images in RECIPES.items():
        cost = cost_of(recipe)
        floors = [minutes(epoch_seconds(cost, IMAGES[images], peak)) for peak in PEAKS.values()]
        rows.append([f'`{recipe.partition("/")[2]}`', f'{cost.flops / 1e9:.1f}', *floors])
    print(table(['recipe', 'GFLOP an image', *PEAKS], rows))
    rate = decoding_rate()
    print(f'\nDecoding: {rate:.0f} images/s a core\n')
    cores = (1, 8, 16, 64)
    rows = [[name, *(minutes(number / rate / each) for each in cores)] for name, number in IMAGES.items()]
    print(table(['images', *(f'{each} cores' if each > 1 else '1 core' for each in cores)], rows))


if __name__ == '__main__':
    main()
