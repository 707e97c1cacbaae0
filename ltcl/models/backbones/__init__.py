"""Backbones that the recipes need and mmpretrain lacks."""

from .frozen_backbone import FrozenBackbone
from .resnet200 import ResNet200
from .resnet_cifar import CifarResNet
from .timm_backbone import TimmBackbone

__all__ = ['CifarResNet', 'FrozenBackbone', 'ResNet200', 'TimmBackbone']
