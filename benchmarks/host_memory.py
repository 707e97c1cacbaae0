"""Host memory of an evaluation of 50,000 images and 8,142 classes, and of k-NN on 437,513 features.

Each is measured in a fresh process: its highest resident memory, less what it held before the first image.
"""

import argparse
import multiprocessing
import resource
from collections.abc import Callable

import torch
from common import Figure, run
from torch import Tensor

MOST_MIB = 1024
FULL = dict(num_images=50_000, num_classes=8142, bank=437_513, feat_dim=512)
SHORT = dict(num_images=50_000, num_classes=8142, bank=437_513, feat_dim=128)
BATCH = 256
COUNTED = ('ltcl.ShotAccuracy', 'Accuracy')


def high_water() -> float:
    """Highest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def evaluate(num_images: int, num_classes: int) -> None:
    """Scores of all images through the metrics of the configs, batch by batch."""
    from ltcl.engine.runner import frugal
    from ltcl.registry import METRICS

    metrics = [METRICS.build(frugal(dict(type=name))) for name in COUNTED]
    for start in range(0, num_images, BATCH):
        scores = torch.randn(min(BATCH, num_images - start), num_classes).softmax(1)
        samples = [dict(pred_score=row, gt_label=torch.tensor([idx])) for idx, row in enumerate(scores)]
        for metric in metrics:
            metric.process(None, samples)
    for metric in metrics:
        metric.evaluate(num_images)


def vote(bank: int, feat_dim: int, num_images: int = 2048, num_classes: int = 8142) -> None:
    """Features of the training images as the hook joins them, then k-NN of test images."""
    from ltcl.engine.hooks.feature_bank_hook import joined
    from ltcl.evaluation import KNNAccuracy

    def batches() -> object:
        for start in range(0, bank, BATCH):
            size = min(BATCH, bank - start)
            yield torch.randn(size, feat_dim), torch.randint(num_classes, (size,))

    metric = KNNAccuracy(k=20)
    metric.set_feature_bank(*joined(batches(), bank))
    for _ in range(0, num_images, BATCH):
        images = torch.randn(BATCH, feat_dim)
        metric.process(None, [dict(features=row, gt_label=torch.tensor([idx])) for idx, row in enumerate(images)])
    metric.evaluate(num_images)


def _extra(work: Callable[..., Tensor | None], sizes: dict[str, int], answers: object) -> None:
    import ltcl.engine.hooks
    import ltcl.evaluation  # noqa: F401  (before the mark: what is imported is not of the evaluation)

    torch.set_num_threads(1)
    torch.randn(64, 64) @ torch.randn(64, 64)
    before = high_water()
    work(**sizes)
    answers.put(high_water() - before)


def extra_memory(work: Callable[..., None], **sizes: int) -> float:
    """MiB that a fresh process needs for some work beyond its imports."""
    context = multiprocessing.get_context('spawn')
    answers = context.Queue()
    process = context.Process(target=_extra, args=(work, sizes, answers))
    process.start()
    answer = answers.get()
    process.join()
    return answer


def measure(args: argparse.Namespace) -> list[Figure]:
    """Memory of both."""
    sizes = FULL if args.full else SHORT
    images = {name: sizes[name] for name in ('num_images', 'num_classes')}
    features = {name: sizes[name] for name in ('bank', 'feat_dim')}
    names = [' x '.join(f'{value:,}' for value in each.values()) for each in (images, features)]
    return [
        Figure.at_most(
            f'evaluation of {names[0]} scores: host memory', extra_memory(evaluate, **images), 'MiB', MOST_MIB
        ),
        Figure.at_most(f'k-NN on {names[1]} features: host memory', extra_memory(vote, **features), 'MiB', MOST_MIB),
    ]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument('--full', action='store_true', help='features 512 wide')


if __name__ == '__main__':
    run('host memory of an evaluation', measure, add_options)
