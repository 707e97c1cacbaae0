"""Backbones that the recipes need and mmpretrain lacks."""

from .resnet_cifar import CifarResNet

__all__ = ['CifarResNet']
