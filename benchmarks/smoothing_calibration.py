"""What label-aware smoothing in a second stage changes in calibration, on the frozen features of a run.

    ltcl train data/openclipart --method cross-entropy --head linear --work-dir work_dirs/linear
    python benchmarks/smoothing_calibration.py work_dirs/linear

Features of the training, validation and test images are those of the run. On them, for each seed: a linear classifier
by cross entropy; from there a second stage on classes in turn, classifier and one scale a class, by cross entropy and
by label-aware smoothing, as in configs/mislas. Test images are measured as they are, and after `ltcl calibrate` on the
validation images, with a temperature alone and with a class prior as well. Nothing is tuned.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from mmpretrain.models import LinearClsHead
from torch import Tensor, nn

from ltcl import LongTailClassifier
from ltcl.calibration.calibrating import KEEP, VALIDATION, Choice, applied, calibrate
from ltcl.calibration.figures import calibration_figures
from ltcl.datasets.samplers.class_aware import class_aware_epochs
from ltcl.engine.hooks.feature_bank_hook import extract_features, loader_in_order, training_images
from ltcl.models import LabelAwareSmoothingLoss, LWSHead
from ltcl.predictions import SavedPredictions

BATCH, EPOCHS, RATE, DECAY = 64, 26, 0.02, 5e-4
"""Of the first stage: what `ltcl train` chooses for these images."""
STAGE2 = dict(epochs=10, scales=0.05, classifier=0.01)
SMOOTHING = dict(smooth_head=0.4, smooth_tail=0.1)
Part = tuple[Tensor, Tensor]


def features_of(classifier: LongTailClassifier) -> list[Part]:
    """Features and labels of the training, the validation and the test images."""
    cfg, model = classifier.run.config, classifier.model
    configs = training_images(cfg.train_dataloader, cfg.test_dataloader), cfg.val_dataloader, cfg.test_dataloader
    return [extract_features(model, loader_in_order(model, dict(each))) for each in configs]


def shuffled(num_images: int, seed: int) -> Iterator[np.ndarray]:
    """Orders of the epochs of a first stage, endless."""
    rng = np.random.default_rng(seed)
    while True:
        yield rng.permutation(num_images)


def train(head: nn.Module, part: Part, orders: Iterator[np.ndarray], epochs: int, groups: list[dict]) -> nn.Module:
    """Train a head by stochastic gradient descent, the rate falling along a cosine."""
    features, labels = part
    optimizer = torch.optim.SGD(groups, momentum=0.9, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for batch in torch.from_numpy(next(orders)).split(BATCH):
            loss = head.loss_module(head((features[batch],)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return head.eval()


def heads(part: Part, counts: list[int], seed: int) -> dict[str, nn.Module]:
    """The first stage, and both second ones."""
    torch.manual_seed(seed)
    features, labels = part
    size = dict(num_classes=len(counts), in_channels=features.shape[1])
    first = LinearClsHead(**size)
    first.init_weights()
    train(first, part, shuffled(len(labels), seed), EPOCHS, [dict(params=first.parameters(), lr=RATE)])
    found = {'stage 1: cross entropy': first}
    smoothing = LabelAwareSmoothingLoss(len(counts), **SMOOTHING, class_counts=counts)
    for name, loss in (('cross entropy', first.loss_module), ('label-aware smoothing', smoothing)):
        head = LWSHead(**size, train_classifier=True)
        head.fc.load_state_dict(first.fc.state_dict())
        head.loss_module = loss
        groups = [
            dict(params=[head.scales], lr=STAGE2['scales']),
            dict(params=head.fc.parameters(), lr=STAGE2['classifier']),
        ]
        orders = class_aware_epochs(labels.numpy(), 1, len(labels), seed)
        found[f'stage 2: {name}'] = train(head, part, orders, int(STAGE2['epochs']), groups)
    return found


@torch.no_grad()
def answers(head: nn.Module, part: Part, classifier: LongTailClassifier, split: str) -> SavedPredictions:
    """What a head answers for images."""
    features, labels = part
    counts, names = np.array(classifier.run.class_counts), np.array(classifier.classes)
    paths = np.full(len(labels), '')
    return SavedPredictions(head((features,)).numpy(), labels.numpy(), paths, names, counts, split)


def figures_of(val: SavedPredictions, test: SavedPredictions) -> dict[str, float]:
    """Figures of the test images, as they are and calibrated."""
    before = calibration_figures(test)
    found = {name: before['all'][name] for name in ('all', 'macro', 'confidence', 'ece', 'log_loss')}
    for group in ('many', 'medium', 'few'):
        figures = before.get(group, dict(confidence=np.nan, all=np.nan))
        found[f'{group}: too sure by'] = figures['confidence'] - figures['all']
    for name, prior in (('temperature', KEEP), ('and prior', VALIDATION)):
        calibration = calibrate(val, Choice(prior=prior)).calibration
        after = calibration_figures(applied(test, calibration))['all']
        found |= {f'{name}: T': calibration.temperatures['all']}
        found |= {f'{name}: {each}': after[each] for each in ('all', 'macro', 'ece', 'log_loss')}
    return found


def main() -> None:
    """Train, measure, print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('run', help='work dir of a training on frozen features, with test images of its own')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    args = parser.parse_args()
    classifier = LongTailClassifier.load(args.run, calibrated=False)
    training, val, test = features_of(classifier)
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in args.seeds:
        for name, head in heads(training, classifier.run.class_counts or [], seed).items():
            parts = [answers(head, part, classifier, split) for part, split in ((val, 'val'), (test, 'test'))]
            rows.setdefault(name, []).append(figures_of(*parts))
    titles = list(next(iter(rows.values()))[0])
    print(f'| on {len(test[1]):,} test images | {" | ".join(rows)} |\n|---|{"---|" * len(rows)}')
    for title in titles:
        cells = [np.array([each[title] for each in found]) for found in rows.values()]
        told = [f'{each.mean():.2f} ± {each.std(ddof=min(len(each) - 1, 1)):.2f}' for each in cells]
        print(f'| {title} | {" | ".join(told)} |')


if __name__ == '__main__':
    main()
