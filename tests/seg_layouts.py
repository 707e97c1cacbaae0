"""Small generated images and label maps in the exact layout of each published data set of segmentation.

The names are those of ``configs/_base_/datasets``.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NUM_TRAIN, NUM_VAL = 4, 2


class SceneWriter:
    """Writes coloured noise and, beside it, blocks of random labels, each picture of another size.

    Args:
        root: Folder of the data set.
        labels: Labels of the classes in the files.
        void: Label of about a fifth of the pixels.
    """

    def __init__(self, root: Path, labels: Sequence[int], void: int = 0) -> None:
        self.root = root
        self.labels = np.array(labels, np.uint8)
        self.void = void
        self.generator = np.random.default_rng(0)

    def write(self, image: str, label_map: str) -> None:
        height, width = self.generator.integers(48, 73, 2)
        pixels = self.generator.integers(256, size=(height, width, 3), dtype=np.uint8)
        blocks = self.generator.choice(self.labels, (height // 8 + 1, width // 8 + 1))
        blocks[self.generator.random(blocks.shape) < 0.2] = self.void
        labels = np.kron(blocks, np.ones((8, 8), np.uint8))[:height, :width]
        for name, content in ((image, pixels), (label_map, labels)):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(content).save(self.root / name)


def write_ade20k(root: Path) -> None:
    """``images`` and ``annotations``, each with a folder for training and validation; label 0 is void."""
    writer = SceneWriter(root, range(1, 151))
    for folder, part, number in (('training', 'train', NUM_TRAIN), ('validation', 'val', NUM_VAL)):
        for i in range(number):
            name = f'{folder}/ADE_{part}_{i + 1:08d}'
            writer.write(f'images/{name}.jpg', f'annotations/{name}.png')


def write_coco_stuff10k(root: Path) -> None:
    """``train2014`` and ``test2014``, all names of COCO's training images; label 0 is void."""
    writer = SceneWriter(root, range(1, 172))
    for folder, numbers in (('train2014', range(NUM_TRAIN)), ('test2014', range(90, 90 + NUM_VAL))):
        for i in numbers:
            name = f'{folder}/COCO_train2014_{i:012d}'
            writer.write(f'images/{name}.jpg', f'annotations/{name}_labelTrainIds.png')


def write_pascal_context59(root: Path) -> None:
    """One folder of images, one of label maps, and a list of names for each part; label 0 is void."""
    writer = SceneWriter(root, range(1, 60))
    lists = root / 'ImageSets' / 'SegmentationContext'
    lists.mkdir(parents=True)
    for part, numbers in (('train', range(NUM_TRAIN)), ('val', range(90, 90 + NUM_VAL))):
        names = [f'2008_{i:06d}' for i in numbers]
        (lists / f'{part}.txt').write_text(''.join(f'{name}\n' for name in names))
        for name in names:
            writer.write(f'JPEGImages/{name}.jpg', f'SegmentationClassContext/{name}.png')


def write_cityscapes(root: Path) -> None:
    """A folder for each city below each part; void is 255."""
    writer = SceneWriter(root, range(19), void=255)
    for part, cities, number in (('train', ('aachen', 'bochum'), NUM_TRAIN), ('val', ('frankfurt',), NUM_VAL)):
        for i in range(number):
            city = cities[i % len(cities)]
            name = f'{part}/{city}/{city}_{i:06d}_000019'
            writer.write(f'leftImg8bit/{name}_leftImg8bit.png', f'gtFine/{name}_gtFine_labelTrainIds.png')


WRITERS: dict[str, Callable[[Path], None]] = {
    'ade20k': write_ade20k,
    'coco-stuff10k': write_coco_stuff10k,
    'pascal-context59': write_pascal_context59,
    'cityscapes': write_cityscapes,
}
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def layout_options(root: Path, num_classes: int) -> Iterator[tuple[str, object]]:
    """Options for ``Config.merge_from_dict`` that make a config of a data set run on its generated images.

    Args:
        root: Where :data:`WRITERS` wrote.
        num_classes: For the table of class counts, which is written there too.
    """
    (root / 'class_counts.json').write_text(json.dumps(dict(image=list(range(num_classes, 0, -1)))))
    for loader in LOADERS:
        yield f'{loader}.dataset.data_root', str(root)
        yield from ((f'{loader}.{key}', value) for key, value in dict(num_workers=0, pin_memory=False).items())
        yield f'{loader}.persistent_workers', False
    yield 'train_dataloader.batch_size', 2


@pytest.fixture(scope='session')
def seg_layout(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that gives the folder of a data set, written when it is first asked for."""
    folders: dict[str, Path] = {}

    def folder(data_set: str) -> Path:
        if data_set not in folders:
            folders[data_set] = tmp_path_factory.mktemp(data_set)
            WRITERS[data_set](folders[data_set])
        return folders[data_set]

    return folder
