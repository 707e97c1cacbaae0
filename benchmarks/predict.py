"""Images per second of `LongTailClassifier.predict`, against the bare encoder with the same decoding.

Both read the same files by the steps of the test, one after the other in this process, and compute in batches of the
same size. The bare loop ends at the pooled features of the encoder: it has no head, no prior, no answers by name, and
meets no damaged file. In another pair, worker processes read the files of both.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from common import Figure, median_ratio, run, time_interleaved
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DefaultScope
from pipeline import draw_files
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ltcl import LongTailClassifier
from ltcl.checkpoints.stored_config import CONFIG_KEY
from ltcl.inference.runs import SavedRun, read_run
from ltcl.launch import import_scope
from ltcl.registry import MODELS

GOAL = 0.9
CLASSES = [f'class {label}' for label in range(22)]
PIPELINE = [dict(type='ltcl.LoadImage'), dict(type='ltcl.EvalView', resize=256, size=224), dict(type='PackInputs')]
IMAGES, FULL_IMAGES, BATCH, ROUNDS = 192, 1000, 64, 3


def write_run(folder: Path) -> SavedRun:
    """A checkpoint of EfficientNet-Lite0 with a cosine classifier, as `ltcl train DATA` leaves one.

    Args:
        folder: Where it is written.
    """
    head = dict(type='ltcl.CosineClsHead', num_classes=len(CLASSES), loss=dict(type='CrossEntropyLoss'))
    backbone = dict(type='ltcl.TimmBackbone', model_name='tf_efficientnet_lite0')
    mean, std = [127.5] * 3, [127.5] * 3
    model = dict(
        type='ltcl.Classifier',
        backbone=dict(type='ltcl.FrozenBackbone', encoder=backbone, pooling=None),
        neck=None,
        head=head,
        data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', mean=mean, std=std, channels_last=True),
    )
    images = dict(type='ltcl.OwnImages', data_root='', split='test', pipeline=PIPELINE)
    loader = dict(
        batch_size=BATCH,
        num_workers=0,
        dataset=images,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
    )
    config = Config(dict(default_scope='mmpretrain', model=model, test_dataloader=loader))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        weights = MODELS.build(model).state_dict()
    file = folder / 'epoch_1.pth'
    meta = {CONFIG_KEY: config.to_dict(), 'dataset_meta': dict(classes=CLASSES)}
    torch.save(dict(state_dict=weights, meta=meta), file)
    return read_run(file)


class Files(Dataset):
    """Packed images of files.

    Args:
        paths: The files.
        read: From a file to what a batch is made of.
    """

    def __init__(self, paths: list[str], read: Callable[[dict], dict]) -> None:
        self.paths = paths
        self.read = read

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> dict:
        return self.read(dict(img_path=self.paths[index]))


@torch.inference_mode()
def bare(encoder: nn.Module, preprocessor: nn.Module, files: Files, num_workers: int) -> Tensor:
    """Pooled features of all files, shape (N, C)."""
    loader = DataLoader(files, batch_size=BATCH, num_workers=num_workers, collate_fn=default_collate)
    return torch.cat([encoder(preprocessor(batch, False)['inputs'])[-1] for batch in loader])


def measure_workers(model: LongTailClassifier, paths: list[str], num_workers: int, rounds: int) -> list[Figure]:
    """Rates of both, and their ratio.

    Args:
        model: The model.
        paths: Image files.
        num_workers: Processes that read them.
        rounds: Timed rounds of both.
    """
    reader = model.reader

    def read(results: dict) -> dict:
        results = reader.loader(results)
        for step in reader.steps:
            results = step(results)
        return results

    files = Files(paths, read)
    parts = model.model.backbone, model.model.data_preprocessor
    forms = {
        'predict': lambda: model.predict(paths, num_workers=num_workers),
        'bare encoder': lambda: bare(*parts, files, num_workers),
    }
    seconds = time_interleaved(forms, rounds)
    setting = f'{num_workers} workers' if num_workers else 'one process'
    ratio = median_ratio(seconds['bare encoder'], seconds['predict'])
    rates = [
        Figure(f'{form}, {setting}: rate', len(paths) / statistics.median(each), 'images/s')
        for form, each in seconds.items()
    ]
    return [*rates, Figure.at_least(f'predict, {setting}: share of the rate of the bare encoder', ratio, 'x', GOAL)]


def measure(number: int = IMAGES, rounds: int = ROUNDS) -> list[Figure]:
    """Figures without worker processes and with two.

    Args:
        number: Image files, of which some have the same content.
        rounds: As in :func:`measure_workers`.
    """
    import_scope('mmpretrain')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contents = draw_files(min(24, number), height=200, width=256)
        paths = [str(folder / f'{index}.jpg') for index in range(number)]
        for index, path in enumerate(paths):
            Path(path).write_bytes(contents[index % len(contents)])
        model = LongTailClassifier(write_run(folder), 'cpu')
        return [figure for workers in (0, 2) for figure in measure_workers(model, paths, workers, rounds)]


def measure_as_asked(args: argparse.Namespace) -> list[Figure]:
    """Figures of few or of many images."""
    return measure(FULL_IMAGES if args.full else IMAGES)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument('--full', action='store_true', help=f'{FULL_IMAGES:,} images, ten minutes')


if __name__ == '__main__':
    run('predict', measure_as_asked, add_options)
