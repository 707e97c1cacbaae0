"""Learning-rate schedules that mmengine lacks."""

from .iter_cosine import IterCosineLR
from .iter_warmup_cosine import IterWarmupCosineLR
from .warmup_cosine import WarmupCosineLR
from .warmup_step import WarmupStepLR

__all__ = ['IterCosineLR', 'IterWarmupCosineLR', 'WarmupCosineLR', 'WarmupStepLR']
