"""Small decode heads of mmseg, features and labels for them."""

import torch
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

NUM_CLASSES = 5
CHANNELS = 8
IN_CHANNELS = (6, 8, 10, 12)
COUNTS = [40, 20, 10, 2, 1]
PYRAMID = dict(in_channels=list(IN_CHANNELS), in_index=[0, 1, 2, 3])
TOP = dict(in_channels=IN_CHANNELS[-1], in_index=3)
# Arguments of the stock heads beside those that all share.
HEADS = {
    'UPerHead': PYRAMID,
    'DepthwiseSeparableASPPHead': dict(TOP, c1_in_channels=IN_CHANNELS[0], c1_channels=4, dilations=(1, 2)),
    'FCNHead': dict(TOP, num_convs=1),
    'PSPHead': dict(TOP, pool_scales=(1, 2)),
    'ASPPHead': dict(TOP, dilations=(1, 2)),
    'SegformerHead': PYRAMID,
    'FPNHead': dict(PYRAMID, feature_strides=[4, 8, 16, 32]),
    'OCRHead': dict(TOP, ocr_channels=6),
}
# Heads without a registered form; these need nothing but the mixin.
OTHER_HEADS = {
    'ANNHead': dict(in_channels=IN_CHANNELS[2:], in_index=[2, 3], project_channels=4),
    'APCHead': dict(TOP, pool_scales=(1, 2)),
    'DAHead': dict(TOP, pam_channels=4),
    'DMHead': dict(TOP, filter_sizes=(1, 3)),
    'DNLHead': TOP,
    'DepthwiseSeparableFCNHead': TOP,
    'EMAHead': dict(TOP, ema_channels=8, num_bases=4, num_stages=2),
    'GCHead': TOP,
    'ISAHead': dict(TOP, isa_channels=4, down_factor=(2, 2)),
    'LightHamHead': dict(PYRAMID, ham_channels=8),
    'NLHead': TOP,
    'SETRUPHead': dict(TOP, num_convs=1),
}
GPACO = dict(type='ltcl.GPaCoBranch', embed_channels=6, sampler=dict(type='ltcl.RandomPixelSampler', num_samples=20))
REGION = dict(class_counts=COUNTS, reduce_channels=4, hidden_channels=7)
RR = dict(type='ltcl.RegionRebalanceBranch', **REGION)
CECO = dict(type='ltcl.CenterCollapseBranch', **REGION)


def build_head(name: str, prefix: str = 'ltcl.Branched', **kwargs: object) -> nn.Module:
    """A head by the name of its stock form."""
    common = dict(channels=CHANNELS, num_classes=NUM_CLASSES, norm_cfg=dict(type='BN'))
    return MODELS.build({'type': prefix + name, **common, **HEADS[name], **kwargs})


def draw_feats(size: tuple[int, int] = (8, 8), num_images: int = 2) -> tuple[Tensor, ...]:
    """Features of four levels of a backbone; the deepest has half the size, so that no norm sees one position."""
    height, width = size
    sizes = [size, *[((height + 1) // 2, (width + 1) // 2)] * 3]
    return tuple(
        torch.randn(num_images, channels, *shape, requires_grad=True)
        for channels, shape in zip(IN_CHANNELS, sizes, strict=True)
    )


def draw_labels(size: tuple[int, int] = (32, 32), num_images: int = 2) -> Tensor:
    """Label maps (B, 1, H, W) with all classes and some void pixels."""
    labels = torch.randint(NUM_CLASSES + 1, (num_images, 1, *size))
    return labels.masked_fill(labels == NUM_CLASSES, 255)


def samples(labels: Tensor) -> list[SegDataSample]:
    """Samples that hold the label maps."""
    return [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]


def loss_args(name: str, feats: tuple[Tensor, ...], labels: Tensor) -> tuple:
    """Arguments of a head's ``loss``: a cascade head also takes what the head before it said."""
    previous = (torch.randn(len(labels), NUM_CLASSES, *feats[-1].shape[2:]),) if name == 'OCRHead' else ()
    return (feats, *previous, samples(labels), None)


def total(losses: dict[str, Tensor]) -> Tensor:
    """What mmengine trains on."""
    return sum(value.mean() for name, value in losses.items() if 'loss' in name)
