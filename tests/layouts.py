"""Small generated images in the exact layout of each published data set, and options that make a config run on them.

    def test_something(data_layout):
        cfg.merge_from_dict(data_layout('places-lt'))

The names are those of ``configs/_base_/datasets``. The number of classes of a head is left to the test.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fake_cifar import write_cifar, write_svhn
from fake_fashion_mnist import make_contents, write_contents
from PIL import Image

import ltcl.fashion_mnist.files
from ltcl.datasets import CIFAR10LT, CIFAR100LT

TRAIN_COUNTS = (5, 3, 2, 1, 1)
WORDNET_IDS = ('n01440764', 'n01443537', 'n01484850', 'n01491361', 'n01494475')
PLACES = ('a/airfield', 'a/airplane_cabin', 'a/apartment_building/outdoor', 'b/bow_window/indoor', 'z/zen_garden')
SPECIES = ('Plantae/7291', 'Aves/2761', 'Insecta/0', 'Fungi/5405', 'Mollusca/8141')
GARMENTS = ('ankle boot', 'Bag', 'coat', 'dress', 'été')
OWN_COUNTS = (10, 6, 4, 3, 2)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


class ImageWriter:
    """Writes reddish noise of 32 to 64 pixels a side, every third image grey and every third CMYK, as some are."""

    def __init__(self, root: Path, seed: int = 0) -> None:
        self.root = root
        self.generator = np.random.default_rng(seed)
        self.number = 0

    def write(self, path: str) -> str:
        height, width = self.generator.integers(32, 65, 2)
        pixels = self.generator.integers(0, 128, (height, width, 3), dtype=np.uint8)
        pixels[..., 0] += 128
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        mode = ('RGB', 'L', 'CMYK')[self.number % 3] if path.lower().endswith(('.jpeg', '.jpg')) else 'RGB'
        Image.fromarray(pixels).convert(mode).save(self.root / path)
        self.number += 1
        return path

    def list_of(self, name: str, images: Iterable[tuple[str, int]]) -> None:
        """Write images and the list that names them."""
        lines = [f'{self.write(path)} {label}\n' for path, label in images]
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(''.join(lines))


def write_imagenet(root: Path, train_counts: Sequence[int] = TRAIN_COUNTS, num_val: int = 2) -> None:
    """``train`` and ``val`` in folders of classes; at most five classes, as in all sets of files here."""
    writer = ImageWriter(root)
    for path, _ in [*_imagenet_train(train_counts), *_imagenet_val(len(train_counts), num_val)]:
        writer.write(path)


def write_imagenet_lt(
    root: Path, train_counts: Sequence[int] = TRAIN_COUNTS, num_val: int = 1, num_test: int = 2
) -> None:
    """The three lists, training and validation images below ``train``, test images below ``val``."""
    writer = ImageWriter(root)
    counts = np.array(train_counts)
    writer.list_of('ImageNet_LT/ImageNet_LT_train.txt', _imagenet_train(counts))
    held_out = _imagenet_train(np.full_like(counts, num_val), first=100)
    writer.list_of('ImageNet_LT/ImageNet_LT_val.txt', held_out)
    writer.list_of('ImageNet_LT/ImageNet_LT_test.txt', _imagenet_val(len(counts), num_test))


def write_places_lt(
    root: Path, train_counts: Sequence[int] = TRAIN_COUNTS, num_val: int = 1, num_test: int = 2
) -> None:
    """The three lists; test images are those of ``val_256``, all in one folder."""
    writer = ImageWriter(root)
    kinds = list(zip(PLACES, train_counts, strict=False))
    train = [(f'data_256/{kind}/{i + 1:08d}.jpg', k) for k, (kind, count) in enumerate(kinds) for i in range(count)]
    val = [(f'data_256/{kind}/{i + 101:08d}.jpg', k) for k, (kind, _) in enumerate(kinds) for i in range(num_val)]
    numbers = range(len(kinds) * num_test)
    test = [(f'val_256/Places365_val_{i + 1:08d}.jpg', i // num_test) for i in numbers]
    for part, images in (('train', train), ('val', val), ('test', test)):
        writer.list_of(f'Places_LT/Places_LT_{part}.txt', images)


def write_inat2018(root: Path, train_counts: Sequence[int] = TRAIN_COUNTS, num_val: int = 3) -> None:
    """The two lists, all images below ``train_val2018``."""
    writer = ImageWriter(root)
    for part, counts in (('train', train_counts), ('val', [num_val] * len(train_counts))):
        kinds = enumerate(zip(SPECIES, counts, strict=False))
        images = [
            (f'train_val2018/{kind}/{hashlib.md5(f"{part}{i}".encode()).hexdigest()}.jpg', label)
            for label, (kind, count) in kinds
            for i in range(count)
        ]
        writer.list_of(f'iNaturalist18_{part}.txt', images)


def write_own_folder(root: Path, counts: Sequence[int] = OWN_COUNTS) -> None:
    """A folder of class folders with names as people give them, JPEG and PNG mixed; a part is for validation."""
    writer = ImageWriter(root)
    for name, count in zip(GARMENTS, counts, strict=False):
        for i in range(count):
            writer.write(f'{name}/{"photo" if i % 2 else "IMG"} {i}.{("jpg", "png", "JPG")[i % 3]}')


def _imagenet_train(counts: Sequence[int], first: int = 0) -> list[tuple[str, int]]:
    return [
        (f'train/{name}/{name}_{first + i}.JPEG', label)
        for label, (name, count) in enumerate(zip(WORDNET_IDS, counts, strict=False))
        for i in range(count)
    ]


def _imagenet_val(num_classes: int, per_class: int) -> list[tuple[str, int]]:
    return [
        (f'val/{WORDNET_IDS[i % num_classes]}/ILSVRC2012_val_{i + 1:08d}.JPEG', i % num_classes)
        for i in range(num_classes * per_class)
    ]


def cifar10_files(root: Path) -> list[tuple]:
    """CIFAR-10 with 100 training images of each class: the fewest at an imbalance factor of 100."""
    return write_cifar(CIFAR10LT, root, num_train=100, num_test=2)


def cifar100_files(root: Path) -> list[tuple]:
    """As :func:`cifar10_files`, for CIFAR-100."""
    return write_cifar(CIFAR100LT, root, num_train=100, num_test=2)


def svhn_files(root: Path) -> list[tuple]:
    """SVHN with 100 training images of digit 0, 101 of digit 1, ..., classes mixed."""
    train = np.random.default_rng(0).permutation(np.repeat(np.arange(10), np.arange(100, 110)))
    return write_svhn(root, {'train': train, 'test': np.arange(20) % 10})


def fashion_mnist_files(root: Path) -> list[tuple]:
    """Fashion-MNIST at its full size; the checksums to set."""
    return [(ltcl.fashion_mnist.files, 'SHA256', write_contents(root, make_contents()))]


WRITERS = {
    'cifar10-lt': cifar10_files,
    'cifar100': cifar100_files,
    'cifar100-lt': cifar100_files,
    'fashion-mnist-lt': fashion_mnist_files,
    'imagenet': write_imagenet,
    'imagenet-lt': write_imagenet_lt,
    'inat2018': write_inat2018,
    'own-images': write_own_folder,
    'places-lt': write_places_lt,
    'svhn-lt': svhn_files,
}
NUM_CLASSES = {'cifar10-lt': 10, 'cifar100': 100, 'cifar100-lt': 100, 'fashion-mnist-lt': 10, 'svhn-lt': 10}


def layout_options(
    data_set: str, root: Path, batch_size: int = 4, loaders: Sequence[str] = LOADERS
) -> dict[str, object]:
    """Options for ``Config.merge_from_dict`` that make a config of a data set run on its generated images.

    Args:
        data_set: Name of its file in ``configs/_base_/datasets``.
        root: Where the images were written.
        batch_size: Of all loaders.
        loaders: Those that the config has; name them where one is None.
    """
    options = {'data_preprocessor.num_classes': NUM_CLASSES.get(data_set, len(TRAIN_COUNTS))}
    for loader in loaders:
        in_this_process = dict(num_workers=0, persistent_workers=False, pin_memory=False)
        options |= {f'{loader}.{key}': value for key, value in dict(batch_size=batch_size, **in_this_process).items()}
        options[f'{loader}.dataset.data_root'] = str(root)
        if data_set not in {*NUM_CLASSES, 'own-images'}:
            options[f'{loader}.dataset.num_classes'] = len(TRAIN_COUNTS)
        if data_set == 'svhn-lt':
            options[f'{loader}.dataset.num_max'] = 100
    return options


@pytest.fixture(scope='session')
def written_layouts() -> dict[Callable, tuple]:
    """Folder and attributes of the data sets that this test run has written, by their writer."""
    return {}


@pytest.fixture
def data_layout(
    written_layouts: dict, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict]:
    """:func:`layout_options` of a data set that is written when it is first asked for; nothing may write to it."""

    def options(data_set: str, **arguments: object) -> dict[str, object]:
        writer = WRITERS[data_set]
        if writer not in written_layouts:
            root = tmp_path_factory.mktemp(writer.__name__)
            written_layouts[writer] = root, writer(root) or []
        root, attributes = written_layouts[writer]
        for attribute in attributes:
            monkeypatch.setattr(*attribute)
        return layout_options(data_set, root, **arguments)

    return options


@pytest.fixture
def cifar_root(data_layout: Callable[..., dict]) -> Path:
    """Folder of CIFAR-100 files that ``ltcl.CIFAR100LT`` takes for the published ones."""
    return Path(data_layout('cifar100-lt')['train_dataloader.dataset.data_root'])
