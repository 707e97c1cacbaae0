"""The config whose images are looked at: a named one, that of a run, or that of a training on a folder."""

import argparse
import contextlib
import io
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch.building import import_custom_modules
from ltcl.launch.config_values import fill_num_classes
from ltcl.launch.configs import load_config, set_options
from ltcl.own_folder.quietly import quiet

# What `ltcl train DATA --dry-run` writes into a work dir.
WRITTEN = 'config.py'


def config_of(word: str, options: dict[str, Any], method: str | None = None) -> Config:
    """The config, ready to build its data from.

    Args:
        word: A config; a work dir, also one that was not trained yet, or a checkpoint of a run; or a folder of images,
            for what ``ltcl train`` of it does.
        options: Entries to overwrite.
        method: Method of a training on a folder.

    Raises:
        UserError: It is none of these, or an option that no part of the config could read.
    """
    path = Path(word)
    if (path / WRITTEN).is_file() and not _has_run(path):
        path = path / WRITTEN
    is_data = path.is_dir() and not _has_run(path)
    if method is not None and not is_data:
        raise UserError(f'--method is for a folder of images, and {word} has its method: leave it out')
    if is_data:
        return _of_folder(word, options, method)
    with quiet():
        is_run = path.is_dir() or (path.is_file() and path.suffix != '.py')
        cfg = set_options(_of_run(path) if is_run else load_config(path if path.is_file() else word), options)
        fill_num_classes(cfg)
    return cfg


def _has_run(folder: Path) -> bool:
    return any(folder.glob('*.pth'))


def _of_run(path: Path) -> Config:
    from ltcl.checkpoints.choosing import checkpoint_of
    from ltcl.checkpoints.schemes import load_checkpoint
    from ltcl.checkpoints.stored_config import stored_config

    checkpoint = checkpoint_of(path)
    cfg = stored_config(load_checkpoint(str(checkpoint)), checkpoint, remedy='in the place of the run')
    import_custom_modules(cfg)
    return cfg


def _of_folder(folder: str, options: dict[str, Any], method: str | None) -> Config:
    """What ``ltcl train`` of a folder would train; what it prints is left out."""
    from ltcl.own_folder.choosing import choose_config
    from ltcl.own_scenes import is_scene_folder, scene_config

    words = argparse.Namespace(config=folder, cfg_options=options, method=method, work_dir=None, launcher='none')
    with contextlib.redirect_stdout(io.StringIO()), quiet():
        if is_scene_folder(folder):
            return scene_config(folder, words)
        unset = ('backbone', 'weights', 'image_size', 'tune', 'head', 'views', 'epochs', 'batch_size', 'lr', 'seed')
        vars(words).update(dict.fromkeys((*unset, 'val_share', 'checkpoint')), scratch=False)
        return choose_config(words)
