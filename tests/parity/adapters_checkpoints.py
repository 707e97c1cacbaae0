"""Names and shapes of the files that PaCo and GPaCo publish."""

import numpy as np
import torch
from harness import Case, adapter
from mmengine.registry import MODELS

from ltcl.checkpoints.converting import to_ours, to_theirs

STAGES = {(3, 4, 6, 3): 50, (3, 4, 23, 3): 101, (3, 8, 36, 3): 152}
# A momentum copy of the classifier, which ltcl does not keep.
DROPPED = 'module.linear_k.'


def random_tensor(name: str, shape: list[int]) -> torch.Tensor:
    """Random values of the kind that the original stores under a name."""
    if name.endswith(('queue_l', 'queue_ptr', 'num_batches_tracked')):
        return torch.randint(10, shape)
    return torch.rand(shape)


def blocks_of(names: list[str]) -> tuple[int, ...]:
    """Blocks of each stage of the trained encoder."""
    blocks = {tuple(name.split('.')[2:4]) for name in names if name.startswith('module.encoder_q.layer')}
    stages = [stage for stage, _ in blocks]
    return tuple(stages.count(stage) for stage in sorted(set(stages)))


def cnn_backbone(shapes: dict[str, list[int]]) -> dict:
    """Config of the backbone, read from the shapes alone."""
    stages = blocks_of(list(shapes))
    if len(stages) == 3:
        return dict(type='ltcl.CifarResNet', num_blocks=stages)
    is_cifar = shapes['module.encoder_q.conv1.weight'][-1] == 3
    width, group_width = shapes['module.encoder_q.layer1.0.conv2.weight'][:2]
    if width != group_width:
        return dict(type='ResNeXt', depth=STAGES[stages], groups=width // group_width, width_per_group=group_width)
    if stages not in STAGES:
        return dict(type='ltcl.ResNet200')
    return dict(type='ResNet_CIFAR' if is_cifar else 'ResNet', depth=STAGES[stages])


def vit_backbone(shapes: dict[str, list[int]]) -> dict:
    """Config of the ViT, read from the shapes alone."""
    width, patch = shapes['patch_embed.proj.weight'][0], shapes['patch_embed.proj.weight'][-1]
    depth = len({name.split('.')[1] for name in shapes if name.startswith('blocks.')})
    arch = dict(
        embed_dims=width,
        num_layers=depth,
        num_heads=width // 64,
        feedforward_channels=shapes['blocks.0.mlp.fc1.weight'][0],
    )
    size = patch * round((shapes['pos_embed'][1] - 1) ** 0.5)
    options = dict(img_size=size, patch_size=patch, out_type='avg_featmap', final_norm=False)
    return dict(type='VisionTransformer', arch=arch, **options)


def our_model(shapes: dict[str, list[int]]) -> dict:
    """Config of the method that has these tensors."""
    is_vit = 'cls_token' in shapes
    prefix = '' if is_vit else 'module.'
    num_classes, width = shapes['head.weight' if is_vit else 'module.linear.weight']
    queue_len, dim = shapes[f'{prefix}queue']
    has_key = any(name.startswith('module.encoder_k.') for name in shapes)
    projector = dict(norm_cfg=dict(type='BN1d')) if has_key else dict(num_layers=3)
    return dict(
        type='ltcl.ContrastiveClassifier',
        backbone=vit_backbone(shapes) if is_vit else cnn_backbone(shapes),
        neck=None if is_vit else dict(type='GlobalAveragePooling'),
        projector=dict(type='ltcl.Projector', in_channels=width, out_channels=dim, **projector),
        head=dict(type='ltcl.PaCoHead', num_classes=num_classes, in_channels=width, feat_dim=dim, queue_len=queue_len),
        online_views=(0,) if has_key else (0, 1),
        key_views=(1,) if has_key else (),
    )


@adapter('paco', 'ckpt_keys')
def checkpoint_keys(case: Case) -> None:
    shapes, container = case['tensors'], case['weights_under']
    theirs = {name: random_tensor(name, shape) for name, shape in shapes.items()}
    checkpoint = {key: np.float64(57.0) for key in case['container_keys']} | {container: theirs}
    source = 'paco' if any(name.startswith('module.encoder_k.') for name in shapes) else 'gpaco'
    result = to_ours(checkpoint, source)
    model = MODELS.build(our_model(shapes))
    ours = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    assert {name: tuple(value.shape) for name, value in result.state_dict.items()} == ours
    model.load_state_dict(result.state_dict, strict=True, assign=True)
    assert set(result.left_out) == set(case['container_keys']) - {container} | {
        name.removeprefix('module.') for name in shapes if name.startswith(DROPPED)
    }
    back = to_theirs(model.state_dict(), source)
    assert back.layout.container == container
    assert back.state_dict.keys() == {name for name in shapes if not name.startswith(DROPPED)}
    for name, value in back.state_dict.items():
        assert torch.equal(value, theirs[name]), name
        assert value.dtype == theirs[name].dtype
