"""Small trained layers beside the frozen ones of a pretrained network."""

from .bottleneck import Bottleneck
from .lora import LoRA
from .places import find_places

__all__ = ['Bottleneck', 'LoRA', 'find_places']
