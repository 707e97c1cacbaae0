"""ltcl: long-tailed contrastive learning on PyTorch and OpenMMLab's engine."""

from .environment import check_environment
from .shipped import TeachMMEngine
from .version import __version__

check_environment()
TeachMMEngine.start()

__all__ = ['__version__']
