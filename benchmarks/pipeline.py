"""Training samples per second that one core makes from JPEG files, against the plain torchvision and Pillow pipeline.

The plain pipeline is that of the published code: open and convert by Pillow, then for each view torchvision's
transforms, RandAugment, ToTensor and Normalize. Ours ends in the packed uint8 views, whose normalisation is the data
preprocessor's. Files are in memory, and all forms get the same ones in the same order. Pure decoding is what
``ltcl.LoadImage`` does.
"""

import io
import random
import statistics
import sys
from collections.abc import Callable, Sequence

import cv2
import torch
from common import ROOT, Figure, median_ratio, run, time_interleaved
from mmpretrain.datasets import PackInputs
from PIL import Image, ImageFilter
from torchvision import transforms as T

from ltcl.datasets.samplers.seeded import seed_generators
from ltcl.datasets.transforms import RandAugment, Views, decode_rgb

sys.path.insert(0, str(ROOT / 'tests'))
from natural_picture import draw_picture

HEIGHT, WIDTH, QUALITY = 400, 500, 90
GOAL = 2.0
METHODS = {'PaCo, two views': ['randcls', 'sim'], 'BCL, three views': ['randcls', 'bcl_sim', 'bcl_sim']}
NORMALIZE = T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def draw_files(number: int, height: int = HEIGHT, width: int = WIDTH) -> list[bytes]:
    """JPEG files of generated pictures with the spectrum of photographs."""
    files = []
    for seed in range(number):
        file = io.BytesIO()
        Image.fromarray(draw_picture(height, width, seed)).save(file, 'JPEG', quality=QUALITY)
        files.append(file.getvalue())
    return files


def blur(image: Image.Image) -> Image.Image:
    """Pillow's blur with a random radius, as in the published code."""
    return image.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2.0)))


def rand_augment(image: Image.Image) -> Image.Image:
    """RandAugment on Pillow images."""
    return RandAugment(2, 10)(dict(img=image))['img']


def plain_view(recipe: str) -> T.Compose:
    """A recipe as the published code composes it."""
    crop, flip, jitter = T.RandomResizedCrop(224), T.RandomHorizontalFlip(), T.ColorJitter(0.4, 0.4, 0.4)
    grey, hue_jitter = T.RandomGrayscale(0.2), T.RandomApply([T.ColorJitter(0.4, 0.4, 0.4, 0.1)], 0.8)
    steps = {
        'sim': [crop, jitter, grey, T.RandomApply([blur], 0.5), flip],
        'randcls': [crop, flip, jitter, rand_augment],
        'bcl_sim': [crop, flip, hue_jitter, grey],
    }
    return T.Compose([*steps[recipe], T.ToTensor(), NORMALIZE])


def plain_pipeline(recipes: Sequence[str]) -> Callable[[bytes], list]:
    """From a file to the normalised views, by torchvision and Pillow."""
    views = [plain_view(recipe) for recipe in recipes]

    def make(content: bytes) -> list:
        image = Image.open(io.BytesIO(content)).convert('RGB')
        return [view(image) for view in views]

    return make


def our_pipeline(recipes: Sequence[str], backend: str) -> Callable[[bytes], dict]:
    """From a file to the packed views, by ``ltcl.Views``."""
    views, pack = Views(recipes, backend=backend), PackInputs()
    return lambda content: pack(views(dict(img=decode_rgb(content), gt_label=0)))


def on_files(make: Callable[[bytes], object], files: list[bytes]) -> Callable[[], None]:
    """A call that makes the samples of all files, by the same draws each time."""

    def make_all() -> None:
        seed_generators(0)
        for content in files:
            make(content)

    return make_all


def measure_recipe(name: str, recipes: Sequence[str], files: list[bytes], rounds: int) -> list[Figure]:
    """Rates of both back ends against the plain pipeline and against pure decoding.

    Args:
        name: Of the recipe.
        recipes: Of its views.
        files: JPEG files.
        rounds: Timed rounds of all forms.
    """
    makers = {
        'opencv back end': our_pipeline(recipes, 'opencv'),
        'pillow back end': our_pipeline(recipes, 'pillow'),
        'plain pipeline': plain_pipeline(recipes),
        'pure decoding': decode_rgb,
    }
    seconds = time_interleaved({form: on_files(make, files) for form, make in makers.items()}, rounds)
    figures = [
        Figure(f'{name}, {form}: rate', len(files) / statistics.median(each), 'items/s')
        for form, each in seconds.items()
    ]
    for backend in list(makers)[:2]:
        share = median_ratio(seconds['pure decoding'], seconds[backend])
        figures.append(Figure(f'{name}, {backend}: share of the rate of pure decoding', share, 'x'))
        ratio = median_ratio(seconds['plain pipeline'], seconds[backend])
        label = f'{name}, {backend}: speed against the plain pipeline'
        is_fast = backend == 'opencv back end'
        figures.append(Figure.at_least(label, ratio, 'x', GOAL) if is_fast else Figure(label, ratio, 'x'))
    return figures


def measure() -> list[Figure]:
    """Figures of every recipe on one core."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    files = draw_files(24)
    return [figure for name, recipes in METHODS.items() for figure in measure_recipe(name, recipes, files, rounds=9)]


if __name__ == '__main__':
    run('input pipeline, one core', measure)
