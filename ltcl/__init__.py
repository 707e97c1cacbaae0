"""ltcl: long-tailed contrastive learning on PyTorch and OpenMMLab's engine."""

from typing import TYPE_CHECKING

from .environment import check_environment
from .shipped import TeachMMEngine
from .version import __version__

check_environment()
TeachMMEngine.start()

__all__ = ['__version__']

if TYPE_CHECKING:
    from .inference import LongTailClassifier as LongTailClassifier
    from .inference import LongTailSegmenter as LongTailSegmenter


def __getattr__(name: str) -> object:
    """A trained model needs torch and mmpretrain, which take seconds: they are imported when it is asked for."""
    if name not in ('LongTailClassifier', 'LongTailSegmenter'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from .launch.building import import_mmpretrain

    import_mmpretrain()
    from . import inference

    return getattr(inference, name)
