"""Start-up check: the installed packages are of versions, and of a distribution, that ltcl runs on."""

import re
import warnings
from importlib.metadata import PackageNotFoundError, version

from .errors import UserError

MINIMUM_TORCH = '2.6'
# Both distributions of a row own the same package folder, so whichever was installed last has overwritten the other.
DISTRIBUTIONS = {
    'onedl-mmengine': ('mmengine', 'mmengine-lite'),
    'onedl-mmcv': ('mmcv', 'mmcv-lite', 'mmcv-full'),
    'onedl-mmpretrain': ('mmpretrain',),
    'onedl-mmsegmentation': ('mmsegmentation',),
}


def installed_version(distribution: str) -> str | None:
    """Version of an installed distribution, or None when it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def release(text: str) -> list[int]:
    """The first two numbers of a version, which compare as versions do."""
    return [int(number) for number in re.findall(r'\d+', text)[:2]]


def check_environment() -> None:
    """Refuse an environment in which later failures would not name their cause.

    Raises:
        UserError: An original OpenMMLab package lies beside its maintained fork, or torch is too old.
    """
    # mmcv without compiled operators is what ltcl is made for; mmcv warns of it at every start.
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
    # mmengine gives it to DistributedDataParallel, and torch's successor of it means something else.
    warnings.filterwarnings('ignore', message='`broadcast_buffers` is deprecated')
    # The published recipes leave void pixels out of the sum and not out of their number.
    warnings.filterwarnings('ignore', message='Default ``avg_non_ignore`` is False')
    for fork, originals in DISTRIBUTIONS.items():
        clash = [name for name in originals if installed_version(name)]
        if clash and installed_version(fork):
            raise UserError(
                f'{", ".join(clash)} and {fork} are installed together and overwrite each other: run '
                f'`pip uninstall -y {" ".join(clash)} {fork}`, then `pip install {fork}`'
            )
    torch_version = installed_version('torch')
    if torch_version is None or release(torch_version) < release(MINIMUM_TORCH):
        raise UserError(
            f'torch {torch_version} is too old: ltcl needs {MINIMUM_TORCH} or newer, run '
            f'`pip install --upgrade torch torchvision`'
        )
