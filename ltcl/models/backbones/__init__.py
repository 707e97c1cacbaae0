"""Backbones that the recipes need and mmpretrain lacks, and those around another one."""

from .adapted_backbone import AdaptedBackbone
from .frozen_backbone import FrozenBackbone
from .last_blocks import LastBlocks
from .resnet200 import ResNet200
from .resnet_cifar import CifarResNet
from .timm_backbone import TimmBackbone

__all__ = ['AdaptedBackbone', 'CifarResNet', 'FrozenBackbone', 'LastBlocks', 'ResNet200', 'TimmBackbone']
