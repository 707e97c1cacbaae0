"""mmpretrain's visualizer, which a training has for its back ends alone, without the figure that it draws on."""

from functools import cached_property
from typing import Any

from mmpretrain.visualization import UniversalVisualizer


class LateVisualizer(UniversalVisualizer):
    """Makes the figure when something is drawn on it: matplotlib takes half a second to load."""

    def _initialize_fig(self, fig_cfg: dict) -> tuple:
        parts = _LateParts(lambda: super(LateVisualizer, self)._initialize_fig(fig_cfg))
        return tuple(_LatePart(parts, idx) for idx in range(3))

    @property
    def dpi(self) -> float:
        """Resolution of the figure, which mmengine asks for too early."""
        return self.fig_save.get_figure().get_dpi()

    @dpi.setter
    def dpi(self, value: float) -> None:
        pass


class _LateParts:
    """Canvas, figure and axes, made together."""

    def __init__(self, make: Any) -> None:
        self.make = make

    @cached_property
    def made(self) -> tuple:
        """The three of them."""
        return self.make()


class _LatePart:
    """One of the three, from the first use of it."""

    def __init__(self, parts: _LateParts, idx: int) -> None:
        self._parts, self._idx = parts, idx

    def get_dpi(self) -> float:
        """No answer yet; see :attr:`LateVisualizer.dpi`."""
        return float('nan')

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parts.made[self._idx], name)
