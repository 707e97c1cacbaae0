"""TensorBoard, where it is installed."""

from typing import Any

from mmengine.visualization import TensorboardVisBackend as MMEngineTensorboardVisBackend

from ltcl.launch.tracking import TRACKERS, missing_modules
from ltcl.notices import note
from ltcl.registry import VISBACKENDS

from .run_logs import SaidOnce


@VISBACKENDS.register_module()
class TensorboardVisBackend(MMEngineTensorboardVisBackend):
    """mmengine's event files; ``tensorboard --logdir work_dirs`` shows them.

    Args:
        save_dir: Where they are written.
        optional: Let a run go on without them where TensorBoard is not installed. False: that is an error.
    """

    def __init__(self, save_dir: str, optional: bool = False) -> None:
        super().__init__(save_dir)
        self._writes = not (optional and missing_modules(TRACKERS['tensorboard']))
        self._said = SaidOnce("TensorBoard's event files")
        if not self._writes:
            note(f'without TensorBoard, which `pip install {TRACKERS["tensorboard"].package}` brings')

    def add_config(self, *args: Any, **kwargs: Any) -> None:
        """Write the config as text."""
        self._do('add_config', *args, **kwargs)

    def add_image(self, *args: Any, **kwargs: Any) -> None:
        """Write a picture."""
        self._do('add_image', *args, **kwargs)

    def add_scalar(self, *args: Any, **kwargs: Any) -> None:
        """Write a figure."""
        self._do('add_scalar', *args, **kwargs)

    def add_scalars(self, *args: Any, **kwargs: Any) -> None:
        """Write figures."""
        self._do('add_scalars', *args, **kwargs)

    def _do(self, name: str, *args: Any, **kwargs: Any) -> None:
        if self._writes:
            with self._said():
                getattr(super(), name)(*args, **kwargs)
