"""The images of a run, which may lie elsewhere by now."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from ltcl.errors import UserError

from .config_values import OWN_IMAGES, OWN_SCENES, images_of, replace_copies
from .drawn_anew import is_drawn_anew, told_images

TRAINED = ('train', 'val')
PARTS = (*TRAINED, 'test')


def own_images(cfg: Config, parts: Sequence[str] = PARTS) -> Any:
    """Config of a data set of own images or scenes of a run, the first that there is; None: it has none."""
    loaders = (cfg.get(f'{part}_dataloader') for part in parts)
    found = (images_of(loader['dataset']) for loader in loaders if loader)
    return next((each for each in found if each.get('type') in (OWN_IMAGES, OWN_SCENES)), None)


def is_gone(cfg: Config, *parts: str) -> bool:
    """Whether the folder of own images of a part is not there any more."""
    images = own_images(cfg, parts or PARTS)
    return images is not None and not Path(images['data_root']).exists()


def refuse_gone(cfg: Config, run: str | Path, advice: str, *parts: str) -> None:
    """Refuse to go on without the folder of the images.

    Args:
        cfg: The config of the run.
        run: The run, for the message.
        advice: The command that names another folder.
        *parts: Whose images are meant; by default those of the training.

    Raises:
        UserError: It is not there.
    """
    images = own_images(cfg, parts or PARTS)
    if is_gone(cfg, *parts):
        raise UserError(
            f'the images of {run} were in {images["data_root"]}, which is not there any more: `{advice}` takes them '
            'from the folder DATA where they are now'
        )


def is_own(cfg: Config, data: str | Path) -> bool:
    """Whether a training took its images from a folder."""
    images = own_images(cfg, TRAINED)
    return images is not None and Path(images['data_root']).resolve() == Path(data).resolve()


def take_from(cfg: Config, data: str, checkpoint: Path) -> bool:
    """Let a config take its images from a folder, if that has the very images of its training.

    Args:
        cfg: Changed in place if so.
        data: The folder.
        checkpoint: That of the run; the report beside it tells which images were trained on.

    Returns:
        Whether it is so.
    """
    images = own_images(cfg, TRAINED)
    if images is None or not (is_own(cfg, data) or _has_images_of(cfg, data, checkpoint)):
        return False
    replace_copies(cfg._cfg_dict, 'data_root', images['data_root'], data)
    return True


def training_files(cfg: Config) -> list[str]:
    """Files of the training images of a run, as far as they are there and are files.

    Where its validation is drawn anew, each image of the folder may have been one.

    Args:
        cfg: Config of a test of the run.
    """
    train, val = (_images_there(cfg, part) for part in TRAINED)
    sets = [train, val] if is_drawn_anew(val, cfg.load_from) else [train]
    infos = (images.get_data_info(index) for images in sets if images is not None for index in range(len(images)))
    return [info['img_path'] for info in infos if info.get('img_path')]


def _images_there(cfg: Config, part: str) -> Any:
    """The data set of a part; None: it has none, or the images are gone."""
    loader = cfg.get(f'{part}_dataloader')
    try:
        return loader and build_images(images_of(loader['dataset']), cfg.get('default_scope'))
    except (UserError, OSError):
        return None


def _has_images_of(cfg: Config, data: str, checkpoint: Path) -> bool:
    """Whether the training images of a folder, drawn as those of the run, have the same names and classes."""
    from ltcl.datasets.set_fingerprint import describe_set

    training, told = own_images(cfg, ('train',)), told_images(checkpoint, 'train')
    if not told or training is None:
        return False
    try:
        moved, scope = dict(training, data_root=data), cfg.get('default_scope')
        if len(build_images(dict(moved, split='all'), scope)) < told['images']:
            return False
        return describe_set(build_images(moved, scope)) == told
    except UserError:  # it has another form
        return False


def build_images(images: Any, scope: str | None) -> Any:
    """A data set of which no image is read; it says nothing."""
    from ltcl.own_folder.quietly import quiet
    from ltcl.registry import DATASETS

    parts = {**images, 'pipeline': []} if 'pipeline' in images else images
    with quiet(), DefaultScope.overwrite_default_scope(scope or 'mmpretrain'):
        return DATASETS.build(parts)
