"""Segmentation: branches for mmsegmentation's decode heads, and losses.

Importing this package imports mmseg. A segmentation config asks for it with
``custom_imports = dict(imports=['ltcl.models.decode_heads'])``; nothing else in ltcl does.
"""

from .branch import DenseBranch
from .branched import (
    BranchedASPPHead,
    BranchedDepthwiseSeparableASPPHead,
    BranchedFCNHead,
    BranchedFPNHead,
    BranchedOCRHead,
    BranchedPSPHead,
    BranchedSegformerHead,
    BranchedUPerHead,
    DenseBranchMixin,
    with_branches,
)
from .gpaco import GPaCoBranch, pixel_paco_loss
from .labels import mark_void, shrink_labels
from .lovasz import LovaszSoftmaxLoss
from .region import CenterCollapseBranch, RegionRebalanceBranch, simplex_etf
from .region_bias import (
    RegionBiasDepthwiseSeparableASPPHead,
    RegionBiasFCNHead,
    RegionBiasMixin,
    RegionBiasOCRHead,
    RegionBiasUPerHead,
    with_region_bias,
)
from .region_terms import region_loss, region_means
from .samplers import RandomPixelSampler

__all__ = [
    'BranchedASPPHead',
    'BranchedDepthwiseSeparableASPPHead',
    'BranchedFCNHead',
    'BranchedFPNHead',
    'BranchedOCRHead',
    'BranchedPSPHead',
    'BranchedSegformerHead',
    'BranchedUPerHead',
    'CenterCollapseBranch',
    'DenseBranch',
    'DenseBranchMixin',
    'GPaCoBranch',
    'LovaszSoftmaxLoss',
    'RandomPixelSampler',
    'RegionBiasDepthwiseSeparableASPPHead',
    'RegionBiasFCNHead',
    'RegionBiasMixin',
    'RegionBiasOCRHead',
    'RegionBiasUPerHead',
    'RegionRebalanceBranch',
    'mark_void',
    'pixel_paco_loss',
    'region_loss',
    'region_means',
    'shrink_labels',
    'simplex_etf',
    'with_branches',
    'with_region_bias',
]
