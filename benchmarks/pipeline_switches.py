"""What the switches of the input pipeline gain on one core, and what the device takes over.

Reduced decoding (``reduced`` of ``ltcl.LoadImage``) on JPEG files of 1600 x 1200 pixels; decoded images in shared
memory (``ltcl.SharedImagesHook``) on JPEG and PNG files of 500 x 400; augmentation on the device (``backend='device'``
of ``ltcl.Views``): the workers' rate, and the rate of the data preprocessor on each device.
"""

import io
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import torch
from common import Figure, median_ratio, on_all_devices, run, time_interleaved
from mmengine.dataset import default_collate
from mmpretrain.datasets import PackInputs
from PIL import Image
from pipeline import METHODS, draw_files, on_files, our_pipeline

from ltcl.datasets.samplers.seeded import seed_generators
from ltcl.datasets.shared_images import keep
from ltcl.datasets.transforms import EvalView, LoadImage, Views
from ltcl.models import MultiViewDataPreprocessor

LARGE = (1200, 1600)
BATCH = 64
SWITCHED, PLAIN = 'with it', 'without it'


def reader(load: LoadImage, view: Callable[[dict], dict | None]) -> Callable[[str], object]:
    """From the path of a file to its packed view or views."""
    pack = PackInputs()
    return lambda path: pack(view(load(dict(img_path=path, gt_label=0))))


def compare(name: str, forms: dict[str, Callable], files: Sequence, rounds: int) -> list[Figure]:
    """Rates of a switch and of the pipeline without it, in this order, and their ratio."""
    seconds = time_interleaved({form: on_files(make, list(files)) for form, make in forms.items()}, rounds)
    ratio = median_ratio(seconds[PLAIN], seconds[SWITCHED])
    rates = [(form, len(files) / statistics.median(each)) for form, each in seconds.items()]
    return [
        *(Figure(f'{name}, {form}: rate', rate, 'items/s') for form, rate in rates),
        Figure(f'{name}: speed against {PLAIN}', ratio, 'x'),
    ]


def measure_reduced(paths: Sequence[str], rounds: int) -> list[Figure]:
    """Figures of reduced decoding, for an evaluation and for two and three views of a training."""
    views: dict[str, Callable] = {'evaluation': EvalView()}
    views |= {name: Views(recipes, backend='opencv') for name, recipes in METHODS.items()}
    figures = []
    for name, view in views.items():
        forms = {SWITCHED: reader(LoadImage(reduced=True), view), PLAIN: reader(LoadImage(), view)}
        figures += compare(f'reduced decoding, {name}', forms, paths, rounds)
    return figures


def measure_memory(kind: str, paths: Sequence[str], rounds: int) -> list[Figure]:
    """Figures of decoded images in shared memory; the first round, which is not timed, decodes them."""
    view, load = Views(METHODS['PaCo, two views'], backend='opencv'), LoadImage()
    load.kept = keep(paths)
    forms = {SWITCHED: reader(load, view), PLAIN: reader(LoadImage(), view)}
    return compare(f'decoded images in memory, {kind}, PaCo, two views', forms, paths, rounds)


def measure_workers(files: list[bytes], rounds: int) -> list[Figure]:
    """Figures of what is left to the workers when the device augments."""
    figures = []
    for name, recipes in METHODS.items():
        forms = {SWITCHED: our_pipeline(recipes, 'device'), PLAIN: our_pipeline(recipes, 'opencv')}
        figures += compare(f'augmentation on the device, {name}, workers', forms, files, rounds)
    return figures


def measure_device(device: str, files: list[bytes], rounds: int, batch_size: int = BATCH) -> list[Figure]:
    """Rate of the data preprocessor with and without the augmentation."""
    preprocess = MultiViewDataPreprocessor(mean=[127.0] * 3, std=[64.0] * 3).to(device)
    figures = []
    for name, recipes in METHODS.items():
        seed_generators(0)
        batches = {}
        for form, backend in ((SWITCHED, 'device'), (PLAIN, 'opencv')):
            make = our_pipeline(recipes, backend)
            batches[form] = default_collate([make(files[number % len(files)]) for number in range(batch_size)])
        calls = {form: lambda batch=batch: preprocess(dict(batch)) for form, batch in batches.items()}
        seconds = time_interleaved(calls, rounds, device)
        figures += [
            Figure(
                f'data preprocessor on {device}, {name}, augmentation {form}: rate',
                batch_size / statistics.median(each),
                'items/s',
            )
            for form, each in seconds.items()
        ]
    return figures


def write_files(folder: Path, contents: Sequence[bytes], suffix: str) -> list[str]:
    """Paths of files that were just written, so that reading them does not wait for a disk."""
    paths = [folder / f'{number}.{suffix}' for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return list(map(str, paths))


def as_png(content: bytes) -> bytes:
    """The pixels of an image file as a PNG file."""
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).save(file, 'PNG')
    return file.getvalue()


def measure() -> list[Figure]:
    """Figures of every switch; the workers' on one core."""
    num_threads = torch.get_num_threads()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    files, rounds = draw_files(12), 7
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_reduced(write_files(Path(folder), draw_files(4, *LARGE), 'jpg'), rounds)
        for kind, contents in (('JPEG', files), ('PNG', list(map(as_png, files)))):
            figures += measure_memory(kind, write_files(Path(folder), contents, kind.lower()), rounds)
    figures += measure_workers(files, rounds)
    torch.set_num_threads(num_threads)
    return figures + on_all_devices(lambda device: measure_device(device, files, rounds))


if __name__ == '__main__':
    run('switches of the input pipeline, one core', measure)
