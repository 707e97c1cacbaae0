"""Temperature, class mix and thresholds that validation images choose, and the checkpoint that carries them."""

from .record import Calibration

__all__ = ['Calibration']
