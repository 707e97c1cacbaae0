"""The files of segmentation: pre-trained Swins, and the segmentors of the originals."""

from typing import Any

from .parts import Layout, Part, batch_norm, layout_of, linear


def _swin(title: str, source: str, encoder: str, **others: Any) -> Layout:
    """Swin pre-trained as a classifier."""
    return layout_of(
        Part('', 'backbone.', encoder),
        title=title,
        sources=(source,),
        unused={
            r'head\.(weight|bias)': 'classifier of the pre-training',
            r'norm\.(weight|bias)': 'norm before that classifier',
            r'layers\.\d+\.blocks\.\d+\.attn_mask': 'made anew for each size of image',
        },
        prefix='',
        **others,
    )


SWIN = _swin('a Swin of its authors', 'swin', 'swin', container='model')
TORCHVISION_SWIN = _swin("torchvision's Swin", 'torchvision', 'torchvision_swin', container=None)


def _segmentor(title: str, source: str, *branch: Part | list[Part], **unused: str) -> Layout:
    """A segmentor of mmsegmentation 0.x whose decode head has more than the stock one."""
    return layout_of(
        *branch,
        Part('decode_head.', 'decode_head.', 'decoder'),
        Part('auxiliary_head.', 'auxiliary_head.', 'decoder'),
        Part('backbone.', 'backbone.', 'openmmlab'),
        title=title,
        sources=(source,),
        unused={rf'decode_head\.{name}': reason for name, reason in unused.items()},
        prefix='',
    )


_PIXELS, _REGIONS = 'decode_head.branches.gpaco.projector', 'decode_head.branches.region'
_FREQUENCIES = 'class frequencies: the branch takes them from class_counts of the config'
GPACO_SEG = _segmentor(
    'GPaCo for segmentation',
    'gpaco-seg',
    *(Part(f'decode_head.mlp.{i}.conv.weight', f'{_PIXELS}.{i}.conv.weight') for i in (0, 1)),
    *(batch_norm(f'decode_head.mlp.{i}.bn', f'{_PIXELS}.{i}.bn') for i in (0, 1)),
    linear('decode_head.mlp.2', f'{_PIXELS}.2'),
)
_REGION_PARTS = [
    Part('decode_head.reduce.0.weight', f'{_REGIONS}.reduce.0.weight'),
    *batch_norm('decode_head.reduce.1', f'{_REGIONS}.reduce.1'),
    *linear('decode_head.gain.0', f'{_REGIONS}.expand.0'),
]
RR_SEG = _segmentor(
    'Region Rebalance',
    'rr-seg',
    _REGION_PARTS,
    linear('decode_head.img_cls.1', f'{_REGIONS}.classifier'),
    weight=_FREQUENCIES,
)
CECO_SEG = _segmentor(
    'CeCo',
    'ceco-seg',
    _REGION_PARTS,
    Part('decode_head.img_cls.1.weight', f'{_REGIONS}.classifier.weight', form='simplex'),
    weight=_FREQUENCIES,
    **{r'img_cls\.1\.bias': 'zero: the simplex has no bias'},
)
SEG_LAYOUTS = (SWIN, TORCHVISION_SWIN, GPACO_SEG, RR_SEG, CECO_SEG)
