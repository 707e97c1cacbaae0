"""The visualizer of a training draws as mmpretrain's does, and makes no figure before."""

import numpy as np
from mmpretrain.visualization import UniversalVisualizer

from ltcl.engine.visualizer import LateVisualizer


def drawn(kind: type, name: str) -> tuple:
    visualizer = kind(name=name)
    is_early = 'made' not in getattr(visualizer.ax_save, '_parts', visualizer.ax_save).__dict__
    visualizer.set_image(np.full((20, 30, 3), 90, np.uint8))
    visualizer.draw_texts('a', np.array([[5, 5]]))
    return is_early, visualizer.get_image()


def test_same_picture_from_a_later_figure():
    is_early, image = drawn(LateVisualizer, 'late')
    assert is_early
    np.testing.assert_array_equal(image, drawn(UniversalVisualizer, 'plain')[1])
