"""The config of a test of a run, from the checkpoint alone."""

import argparse
import shlex
from collections.abc import Collection
from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.similar_paths import meant_path

from .building import import_custom_modules
from .config_values import OWN_IMAGES, OWN_SCENES, fill_num_classes, images_of
from .configs import apply_options
from .moved_images import take_from

SPLITS = ('val', 'test', 'rest')
"""What images of a run itself are called."""


def config_of_run(args: argparse.Namespace, run: str, data: str | None) -> Config:
    """Config under test of a run, command line included; the work dir is the folder of the checkpoint.

    Args:
        args: Parsed :func:`~ltcl.launch.configs.run_options`; its ``checkpoint`` becomes that of the run.
        run: A work dir or a checkpoint.
        data: Where the images of the training are now; or a folder of other test images, with the classes of the
            training: its part for testing or validation, or all of it where it has none. None: the test set of the
            training, where it was.

    Raises:
        UserError: There is no checkpoint, it carries no config, or ``data`` is no folder of such images.
    """
    from ltcl.checkpoints.choosing import checkpoint_of  # only now: a mistyped word is answered before torch is loaded
    from ltcl.checkpoints.schemes import load_checkpoint
    from ltcl.checkpoints.stored_config import stored_config

    path = checkpoint_of(run)
    cfg = stored_config(load_checkpoint(str(path)), path, remedy=f'`ltcl test CONFIG {shlex.quote(str(path))}`')
    import_custom_modules(cfg)
    cfg.pop('experiment_name', None)  # its log history is not that of the test
    args.checkpoint, args.work_dir = str(path), args.work_dir or str(path.parent)
    if data is not None:
        require_folder(data)
        if not take_from(cfg, data, path):
            cfg.test_dataloader.dataset = _other_images(cfg, data, args.checkpoint)
    cfg = apply_options(cfg, args)
    cfg.load_from, cfg.resume = args.checkpoint, False
    return cfg


def name_of_images(data: str) -> str:
    """What the images of a folder are called: its name, after that of the folder above it if a split has the name."""
    *_, above, name = ('', *Path(data).resolve().parts)
    return f'{above}/{name}' if name in SPLITS else name


def require_checkpoint(path: str) -> None:
    """Refuse what is no file.

    Raises:
        UserError: It is none.
    """
    if Path(path).is_dir():
        raise UserError(f'checkpoint {path} is a folder: name a file in it, such as epoch_100.pth')
    if not Path(path).is_file():
        raise UserError(f'checkpoint {path} does not exist; training writes them to its work dir')


def require_folder(data: str) -> None:
    """Refuse what is no folder of images.

    Raises:
        UserError: It is none.
    """
    if Path(data).is_dir():
        return
    hint = 'name a folder of images in class folders, or leave it out'
    if Path(data).exists():
        raise UserError(f'{data} is no folder: {hint}')
    raise UserError(f'{data} does not exist: {meant_path(data, hint)}')


def _other_images(cfg: Config, data: str, checkpoint: str) -> dict:
    """Config of a data set of other images, by the pipeline of the test."""
    own = cfg.test_dataloader.dataset
    if own['type'] == OWN_SCENES:
        from ltcl.own_scenes import find_scenes

        if Path(own.get('data_root', '')).resolve() == Path(data).resolve():
            return own  # else the images of the training would be tested on
        return dict(own, data_root=data, split=_split(find_scenes(data).parts))
    images = images_of(own)
    if images['type'] == OWN_IMAGES and Path(images.get('data_root', '')).resolve() == Path(data).resolve():
        return own
    if not any('Load' in step['type'] for step in own['pipeline']):
        raise UserError(
            f'the test pipeline of {checkpoint} reads no files: name the folder of its own data set with '
            f'--cfg-options data_root={data}'
        )
    from ltcl.datasets.own_sources import find_sources

    cfg.test_dataloader.dataset = dict(type=OWN_IMAGES, data_root=data, pipeline=own['pipeline'])
    fill_num_classes(cfg, checkpoint)
    found = cfg.test_dataloader.dataset
    return dict(found, split=_split(find_sources(data, found.get('classes')).files))


def _split(parts: Collection[str]) -> str:
    """The part for testing or validation, or all where there is none."""
    return 'test' if {'test', 'val'} & set(parts) else 'all'
