"""From a config to a runner."""

import importlib.util
import os
from typing import TYPE_CHECKING

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.utils import import_modules_from_strings

from ltcl.errors import UserError
from ltcl.neutral_text import neutralise
from ltcl.remarks import without_remarks

from .compile_option import check_compile
from .config_values import use_plain_norms
from .contract import check_contract
from .parts import check_parts
from .tracking import check_trackers
from .values import check_complete, check_values

if TYPE_CHECKING:
    from ltcl.engine import Runner


def import_mmpretrain() -> None:
    """Import mmpretrain, with the parts that a config names without a prefix."""
    import_scope('mmpretrain')


def import_scope(scope: str) -> None:
    """Import the package that has the parts which a config names without a prefix; no file of it may bring code.

    Args:
        scope: The config's ``default_scope``: ``'mmpretrain'`` or, for segmentation, ``'mmseg'``.
    """
    require_scope(scope)
    forbid_code_in_checkpoints()
    try:
        with without_remarks():
            importlib.import_module(f'{scope}.datasets')
    except ModuleNotFoundError as error:
        raise UserError(
            f'default_scope={scope!r}: there is no package {error.name}; it is mmpretrain or, for segmentation, mmseg'
        ) from error
    # Data sets speak before the runner has a logger of its own.
    neutralise(MMLogger.get_current_instance())


def require_scope(scope: str | None) -> None:
    """Refuse a segmentation config where mmsegmentation is not installed.

    Raises:
        UserError: It is not.
    """
    if scope == 'mmseg' and importlib.util.find_spec(scope) is None:
        raise UserError("default_scope='mmseg': segmentation needs mmsegmentation: run `pip install 'ltcl[seg]'`")


def forbid_code_in_checkpoints() -> None:
    """Have ``torch.load`` refuse files that carry code, whoever calls it in this process."""
    os.environ.setdefault('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')


def import_custom_modules(cfg: Config) -> None:
    """Import what a config names in ``custom_imports``.

    Raises:
        UserError: There is no such module, or importing it fails.
    """
    named = cfg.get('custom_imports')
    if not named:
        return
    require_scope(cfg.get('default_scope'))
    try:
        with without_remarks():
            import_modules_from_strings(**named)
    except (ImportError, TypeError) as error:
        raise UserError(
            f'custom_imports of {cfg.filename}: {error}: correct it, or put the folder of the module into PYTHONPATH'
        ) from error


def build_runner(cfg: Config, training: bool = False) -> 'Runner':
    """Check everything that a config names, then build it.

    ``SyncBN`` is plain ``BN`` unless a launcher started processes on GPUs.

    Args:
        cfg: The config.
        training: The runner is to train, so pipeline, model, head and hooks must fit each other.

    Raises:
        UserError: A value, a type or an argument that cannot be, or parts that do not fit.
    """
    check_complete(cfg)
    check_values(cfg)
    check_trackers(cfg)
    import_scope(cfg.get('default_scope') or 'mmpretrain')
    check_parts(cfg)
    if training:
        check_contract(cfg)
        check_compile(cfg)
    import torch

    from ltcl.engine import Runner

    if cfg.get('launcher', 'none') == 'none' or not torch.cuda.is_available():
        use_plain_norms(cfg)
    return Runner.from_cfg(cfg)
