"""The config that a checkpoint carries, so that a trained model needs no other file."""

from collections.abc import Collection
from pathlib import Path

from mmengine.config import Config

from ltcl.errors import UserError
from ltcl.launch.data_files import check_data

from .run_state import meta_of

CONFIG_KEY = 'config'
"""Key of the whole config as plain data in a checkpoint's meta data; ``'cfg'`` is its text, which is never run."""
FILE_NAME = 'config.json'
"""What it is called in a work dir; that of a test, ``test_config.json``."""


def stored_config(
    checkpoint: object, path: str | Path, *, remedy: str = '--config FILE', trusted: Collection[str] = ()
) -> Config:
    """The config of the training that wrote a checkpoint. Like a JSON config it is data: nothing in it runs code.

    Args:
        checkpoint: What the file holds.
        path: The file. The name of the config is that of a JSON file in it.
        remedy: How the command at hand is told another config, for the message.
        trusted: Names of code that this process runs anyway.

    Raises:
        UserError: The checkpoint has none, or one that names code.
    """
    entries = meta_of(checkpoint).get(CONFIG_KEY)
    if not isinstance(entries, dict) or not isinstance(entries.get('model'), dict):
        raise UserError(
            f'the checkpoint {path} does not carry its config, as those of older versions and converted ones: '
            f'name the config that it was trained with, {remedy}'
        )
    advice = f'where you trust it, name the config that it was trained with, {remedy}'
    check_data(entries, f'the config in the checkpoint {path}', advice, trusted)
    return Config(entries, cfg_text='# from a checkpoint', filename=f'{path}/{FILE_NAME}')
