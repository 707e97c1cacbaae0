"""Test sets of images that differ from the training images: corrupted, rendered, sketched."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import UserError
from ..registry import DATASETS
from .folder_walk import all_images
from .image_folder import ImageFolderDataset
from .transforms.load_image import decode_rgb

MODES = {'rgb': 'RGB', 'grey': 'L'}
GROUPS = ('noise', 'blur', 'weather', 'digital')  # the archives of ImageNet-C
SETTINGS_FILE = 'corruptions.json'  # written by ltcl data corrupt


class ClassFolderTestSet(ImageFolderDataset):
    """Test images in one folder for each class, decoded if the pipeline cannot do it.

    Args:
        data_root: Folder of the class folders.
        color: Decode the images to ``'rgb'`` (H, W, 3) or ``'grey'`` (H, W) arrays ``img``, for pipelines without a
            transform that loads files. None leaves it to the pipeline.
        **kwargs: Arguments of :class:`ImageFolderDataset`.

    Raises:
        UserError: As :class:`ImageFolderDataset`; ``color`` is unknown; while reading, an image cannot be decoded.
    """

    def __init__(self, data_root: str | Path, color: str | None = None, **kwargs: Any) -> None:
        if color not in (None, *MODES):
            raise UserError(f'color of {type(self).__name__} must be {" or ".join(MODES)} or None, got {color!r}')
        self.color = color
        super().__init__(str(data_root), test_mode=True, **kwargs)

    def get_data_info(self, idx: int) -> dict:
        """Info of one image, decoded if ``color`` says so."""
        info = super().get_data_info(idx)
        if self.color is not None:
            info['img'] = read_image(info['img_path'], self.color)
        return info


def read_image(path: str | Path, color: str, **decoding: Any) -> np.ndarray:
    """Decode an image file to uint8, shape (H, W, 3) with ``'rgb'`` or (H, W) with ``'grey'``.

    Args:
        path: The file.
        color: ``'rgb'`` or ``'grey'``.
        **decoding: Options of :func:`.transforms.decoding.decode_rgb`; without them as the published sets are read.

    Raises:
        UserError: The file cannot be read or is no image.
    """
    try:
        picture = Image.fromarray(decode_rgb(Path(path).read_bytes(), **decoding))
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f'cannot read the image {path} ({error}): make or unpack it anew') from error
    return np.array(picture.convert(MODES[color]))


@DATASETS.register_module()
class CorruptedImages(ClassFolderTestSet):
    """Images under one corruption at one severity, as ``ltcl data corrupt`` writes them::

        data/fashion_mnist-c
        ├── corruptions.json      classes, number of images, profile of severities and seed
        ├── gaussian_noise/1      0/000012.png, 1/000002.png, ...; a folder for each class
        └── ...

    Args:
        data_root: Folder of the corruptions. Those of ImageNet-C may lie in folders of their groups (``blur``, ...).
        corruption: Name of the corruption.
        severity: 1 to 5.
        classes: Names of all classes in the order of their labels, where a class may have no images. None takes those
            of ``corruptions.json``, and without that file the sorted names of the folders.
        **kwargs: Further arguments of :class:`ClassFolderTestSet`.

    Raises:
        UserError: As :class:`ClassFolderTestSet`; there is no folder for the corruption and the severity, or one in it
            belongs to no class.
    """

    def __init__(
        self,
        data_root: str | Path,
        corruption: str,
        severity: int,
        classes: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        folder = corruption_folder(data_root, corruption, severity)
        self.all_classes = classes or read_settings(data_root).get('classes')
        super().__init__(folder, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Infos of all images; labels count all classes, not only those that have a folder."""
        infos = super().load_data_list()
        if self.all_classes is None:
            return infos
        names = self.CLASSES
        strange = sorted(set(names) - set(self.all_classes))
        if strange:
            raise UserError(f'{self.img_prefix} has a folder {strange[0]}, which is not one of its classes: remove it')
        self._metainfo['classes'] = tuple(self.all_classes)
        label_of = self.class_to_idx
        return [{**info, 'gt_label': label_of[names[info['gt_label']]]} for info in infos]


def read_settings(data_root: str | Path) -> dict:
    """What ``corruptions.json`` says of a folder of corrupted images; nothing where there is no such file.

    Raises:
        UserError: The file is damaged.
    """
    path = Path(data_root, SETTINGS_FILE)
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f'{path} is damaged ({error}): remove {data_root} and make it anew') from error


def corruption_folder(data_root: str | Path, corruption: str, severity: int) -> Path:
    """Folder of the images under a corruption at a severity, ``corruption/severity`` or ``group/corruption/severity``.

    Raises:
        UserError: Neither is there.
    """
    root = Path(data_root)
    places = [root / corruption / str(severity), *(root / group / corruption / str(severity) for group in GROUPS)]
    for place in places:
        if place.is_dir():
            return place
    raise UserError(f'{root} lacks the corruption folder {corruption}/{severity}: unpack or make all of them')


def check_whole(data_root: str | Path, variants: Iterable[tuple[str, int]]) -> None:
    """Refuse a folder that was made or unpacked in part: a stopped ``ltcl data corrupt`` leaves its first classes.

    Args:
        data_root: Folder of the corruptions.
        variants: Corruptions and severities that are wanted.

    Raises:
        UserError: A folder is missing, or has other images in number than ``corruptions.json`` tells; without that file
            than the fullest folder.
    """
    folders = [corruption_folder(data_root, *variant) for variant in variants]
    counts = [sum(1 for _ in all_images(str(folder))) for folder in folders]
    made = read_settings(data_root).get('images')
    whole = made or max(counts)
    for folder, count in zip(folders, counts, strict=True):
        if count > whole:
            raise UserError(f'{folder} has {count:,} images instead of {whole:,}: remove {data_root} and make it anew')
        if count < whole:
            way = 'the same `ltcl data corrupt` goes on with it' if made else 'unpack or make all of them'
            raise UserError(f'{folder} has {count:,} of {whole:,} images: {way}')


@DATASETS.register_module()
class ImageNetC(CorruptedImages):
    """ImageNet-C: the 50,000 validation images of ImageNet under 15 corruptions at 5 severities.

    From `Benchmarking Neural Network Robustness to Common Corruptions and Perturbations
    <https://arxiv.org/abs/1903.12261>`_, archives at https://zenodo.org/records/2235448::

        data/imagenet-c
        ├── gaussian_noise/1    n01440764/ILSVRC2012_val_00000293.JPEG, ...; or noise/gaussian_noise/1
        └── ...

    Arguments as in :class:`CorruptedImages`; ``num_classes`` is 1000 unless it is given.
    """

    def __init__(self, *args: Any, num_classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(*args, num_classes=num_classes, **kwargs)


@DATASETS.register_module()
class ImageNetR(ClassFolderTestSet):
    """ImageNet-R: 30,000 paintings, toys, ... of 200 classes of ImageNet, labels 0 to 199.

    From `The Many Faces of Robustness <https://arxiv.org/abs/2006.16241>`_, archive at
    https://github.com/hendrycks/imagenet-r::

        data/imagenet-r
        ├── n01443537    art_0.jpg, cartoon_1.jpg, ...
        └── ...

    Evaluate with ``ltcl.ClassSubsetAccuracy``, which keeps the 200 classes of a model's 1,000. Arguments as in
    :class:`ClassFolderTestSet`; ``num_classes`` is 200 unless it is given.
    """

    def __init__(self, data_root: str | Path, num_classes: int = 200, **kwargs: Any) -> None:
        super().__init__(data_root, num_classes=num_classes, **kwargs)


@DATASETS.register_module()
class ImageNetSketch(ClassFolderTestSet):
    """ImageNet-Sketch: 50,889 drawings of the 1,000 classes of ImageNet.

    From `Learning Robust Global Representations by Penalizing Local Predictive Power
    <https://arxiv.org/abs/1905.13549>`_, archive at https://github.com/HaohanWang/ImageNet-Sketch::

        data/imagenet-sketch
        └── sketch        n01440764/sketch_0.JPEG, ...; or n01440764 in data_root itself

    Arguments as in :class:`ClassFolderTestSet`; ``num_classes`` is 1000 unless it is given.
    """

    def __init__(self, data_root: str | Path, num_classes: int = 1000, **kwargs: Any) -> None:
        inner = Path(data_root, 'sketch')
        super().__init__(inner if inner.is_dir() else data_root, num_classes=num_classes, **kwargs)
