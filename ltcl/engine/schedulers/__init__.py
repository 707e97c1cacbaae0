"""Learning-rate schedules that mmengine lacks."""

from .warmup_step import WarmupStepLR

__all__ = ['WarmupStepLR']
