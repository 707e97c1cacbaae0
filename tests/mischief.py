"""What can happen to one of several processes, as parts that a config names with ``custom_imports``."""

import os
import signal
import time
from pathlib import Path

from mmcv.transforms import BaseTransform
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, TRANSFORMS

from ltcl.errors import UserError


def happen(kind: str) -> None:
    """Let it happen in this process.

    Args:
        kind: ``sleep`` for an hour, ``pause`` for 8 seconds, ``user_error``, ``bug``, ``import``, or a signal's name.
    """
    if kind == 'sleep':
        time.sleep(3600)
    elif kind == 'user_error':
        raise UserError('images/7.jpg is truncated')
    elif kind == 'bug':
        raise KeyError('a bug')
    elif kind == 'import':
        import no_such_package  # noqa: F401
    elif kind == 'pause':
        time.sleep(8)
    elif kind != 'nothing':
        os.kill(os.getpid(), getattr(signal, kind))
        time.sleep(0.2)


@HOOKS.register_module()
class MischiefHook(Hook):
    """At one iteration of one process something happens.

    Args:
        kind: For :func:`happen`.
        rank: The process; None for all.
        iteration: When.
        moment: ``before_train_iter``, ``after_train_iter``, ``after_val_iter``, ``before_save_checkpoint`` ...
        pause: Seconds by which every iteration takes longer.
        once: A file that is written when it happens, and stops it from happening again.
    """

    def __init__(
        self,
        kind: str = 'nothing',
        rank: int | None = 1,
        iteration: int = 2,
        moment: str = 'before_train_iter',
        pause: float = 0.0,
        once: str | None = None,
    ) -> None:
        self.kind, self.rank, self.iteration, self.pause, self.once = kind, rank, iteration, pause, once
        setattr(self, moment, self._maybe)
        self.moment = moment

    def get_triggered_stages(self) -> list[str]:
        return list({*super().get_triggered_stages(), self.moment})

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        time.sleep(self.pause)

    def _maybe(self, runner, *args, **kwargs):
        if runner.iter < self.iteration or self.rank not in (None, int(os.environ.get('RANK', 0))):
            return
        if self.once is not None:
            if Path(self.once).exists():
                return
            Path(self.once).touch()
        happen(self.kind)


@TRANSFORMS.register_module()
class MischiefTransform(BaseTransform):
    """On reading images with a certain number in their name something happens, in the worker that reads.

    Args:
        kind: For :func:`happen`.
        rank: The process.
        name: Part of the name of the file.
    """

    def __init__(self, kind: str, rank: int = 1, name: str = '7.png') -> None:
        self.kind, self.rank, self.name = kind, rank, name

    def transform(self, results):
        if int(os.environ.get('RANK', 0)) == self.rank and self.name in str(results['img_path']):
            happen(self.kind)
        return results
