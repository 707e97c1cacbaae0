"""Files with the names, shapes and containers of the originals, of random weights, and our models of the same size."""

import argparse
import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

CONFIGS = Path(__file__).parents[1] / 'configs'
NUM_CLASSES, WIDTH, DIM, QUEUE, SLOTS = 6, 64, 16, 24, 3
GENERATOR = torch.Generator().manual_seed(0)


def random_like(value: Tensor) -> Tensor:
    """Other values of the same kind; positive ones, so that they can be variances."""
    if value.is_floating_point():
        return torch.rand(value.shape, generator=GENERATOR, dtype=value.dtype) * 0.2 + 0.05
    return torch.randint(5, value.shape, generator=GENERATOR, dtype=value.dtype)


def randomise(net: nn.Module) -> nn.Module:
    """Give norms and biases values that no initialisation has."""
    for name, value in net.state_dict().items():
        if value.ndim < 2 and not name.endswith('ptr'):
            value.copy_(random_like(value))
    return net.eval()


def two_layers(width: int, norm: bool) -> nn.Sequential:
    """Projector of two linear layers."""
    return nn.Sequential(nn.Linear(width, width), *[nn.BatchNorm1d(width)] * norm, nn.ReLU(), nn.Linear(width, DIM))


def net_of(**parts: nn.Module | Tensor) -> nn.Module:
    """A module with the given parts and buffers."""
    net = nn.Module()
    for name, part in parts.items():
        net.register_buffer(name, part) if isinstance(part, Tensor) else net.add_module(name, part)
    return randomise(net)


class NarrowResNet(ResNet):
    """torchvision's ResNet-18 with an eighth of the channels after the stem."""

    def __init__(self) -> None:
        super().__init__(BasicBlock, [2, 2, 2, 2])

    def _make_layer(self, block: type, planes: int, *args: object, **kwargs: object) -> nn.Sequential:
        return super()._make_layer(block, planes // 8, *args, **kwargs)


def resnet(head: nn.Module | None = None) -> nn.Module:
    """The narrow network with another last layer."""
    net = NarrowResNet()
    net.fc = nn.Identity() if head is None else head
    return net


def cifar_resnet(num_blocks: tuple[int, ...] = (1, 1, 1)) -> nn.Module:
    """Names of the ResNet-32 of the CIFAR recipes, in small."""
    net, channels = nn.Module(), 3
    net.conv1, net.bn1 = nn.Conv2d(3, 16, 3, bias=False), nn.BatchNorm2d(16)
    channels = 16
    for stage, number in enumerate(num_blocks):
        blocks = []
        for _ in range(number):
            width = 16 * 2**stage
            block = nn.Module()
            block.conv1, block.bn1 = nn.Conv2d(channels, width, 3, bias=False), nn.BatchNorm2d(width)
            block.conv2, block.bn2 = nn.Conv2d(width, width, 3, bias=False), nn.BatchNorm2d(width)
            blocks.append(block)
            channels = width
        net.add_module(f'layer{stage + 1}', nn.Sequential(*blocks))
    return net


class TimmViT(nn.Module):
    """ViT with the names of timm 0.3.2, computed plainly; the classifier sees the normalised mean of the patches."""

    def __init__(self, width: int = 32, depth: int = 3, side: int = 2, patch: int = 16, **others: nn.Module) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, side**2 + 1, width))
        self.patch_embed = nn.ModuleDict({'proj': nn.Conv2d(3, width, patch, patch)})
        norm = dict(normalized_shape=width, eps=1e-6)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    'norm1': nn.LayerNorm(**norm),
                    'attn': nn.ModuleDict({'qkv': nn.Linear(width, 3 * width), 'proj': nn.Linear(width, width)}),
                    'norm2': nn.LayerNorm(**norm),
                    'mlp': nn.ModuleDict({'fc1': nn.Linear(width, 4 * width), 'fc2': nn.Linear(4 * width, width)}),
                }
            )
            for _ in range(depth)
        )
        for name, module in others.items():
            self.register_buffer(name, module) if isinstance(module, Tensor) else self.add_module(name, module)

    def forward(self, images: Tensor, num_heads: int = 2) -> Tensor:
        """Images to logits."""
        x = self.patch_embed['proj'](images).flatten(2).mT
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        for block in self.blocks:
            q, k, v = block['attn']['qkv'](block['norm1'](x)).unflatten(-1, (3, num_heads, -1)).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = x + block['attn']['proj'](mixed)
            x = x + block['mlp']['fc2'](F.gelu(block['mlp']['fc1'](block['norm2'](x))))
        return self.head(self.fc_norm(x[:, 1:].mean(1)))


def rows(*shape: int) -> Tensor:
    """Random floats."""
    return torch.randn(shape, generator=GENERATOR)


def ints(*shape: int) -> Tensor:
    """Random class ids."""
    return torch.randint(NUM_CLASSES, shape, generator=GENERATOR)


def labelled_queue() -> dict[str, Tensor]:
    """Buffers of PaCo and GPaCo."""
    return dict(queue=rows(QUEUE, DIM), queue_l=ints(QUEUE), queue_ptr=torch.tensor([5]))


def paco() -> nn.Module:
    """PaCo on ImageNet-LT."""
    heads = [nn.Linear(WIDTH, NUM_CLASSES) for _ in range(2)]
    encoders = [resnet(two_layers(WIDTH, norm=True)) for _ in range(2)]
    return net_of(**labelled_queue(), encoder_q=encoders[0], encoder_k=encoders[1], linear=heads[0], linear_k=heads[1])


def gpaco() -> nn.Module:
    """GPaCo on ImageNet-LT."""
    mlp = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, DIM))
    return net_of(**labelled_queue(), encoder_q=resnet(mlp), linear=nn.Linear(WIDTH, NUM_CLASSES))


def gpaco_vit() -> nn.Module:
    """GPaCo on ViT."""
    mlp = nn.Sequential(nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, DIM))
    return randomise(
        TimmViT(**labelled_queue(), fc_norm=nn.LayerNorm(32, eps=1e-6), mlp=mlp, head=nn.Linear(32, NUM_CLASSES))
    )


def bcl() -> nn.Module:
    """BCL; the classifier's weight is (Df, C)."""
    fc = nn.Module()
    fc.weight = nn.Parameter(rows(WIDTH, NUM_CLASSES))
    return net_of(encoder=resnet(), head=two_layers(WIDTH, norm=True), head_fc=two_layers(WIDTH, norm=True), fc=fc)


def proco(with_bias: bool = False) -> nn.Module:
    """ProCo; the weight of a cosine classifier is (Df, C)."""
    fc = nn.Linear(WIDTH, NUM_CLASSES)
    if not with_bias:
        fc = nn.Module()
        fc.weight = nn.Parameter(rows(WIDTH, NUM_CLASSES))
    return net_of(encoder=resnet(), head=two_layers(WIDTH, norm=True), fc=fc)


def resco() -> nn.Module:
    """ResCo on ImageNet-LT."""
    return net_of(
        encoder=resnet(),
        mlp=two_layers(WIDTH, norm=True),
        linear=nn.Linear(WIDTH, NUM_CLASSES),
        pos_queue_list=rows(DIM, SLOTS * NUM_CLASSES),
        pos_queue_ptr=ints(NUM_CLASSES) % SLOTS,
        neg_queue_list=rows(DIM, 2 * NUM_CLASSES),
        neg_queue_ptr=ints(NUM_CLASSES) % 2,
    )


def rescom(encoder: nn.Module, width: int) -> nn.Module:
    """ResCom."""
    return net_of(
        encoder=encoder,
        mlp=two_layers(width, norm=True),
        linear=nn.Linear(width, NUM_CLASSES),
        queue_list=rows(DIM, SLOTS * NUM_CLASSES),
        queue_ptr=ints(NUM_CLASSES) % SLOTS,
        queue_label=ints(SLOTS * NUM_CLASSES),
        pos_index=ints(NUM_CLASSES, SLOTS),
        neg_index=ints(NUM_CLASSES, SLOTS * (NUM_CLASSES - 1)),
        ids=torch.arange(8),
    )


def stage1(with_mlp: bool = True) -> nn.Module:
    """Queue-based KCL or TSC."""
    heads = [two_layers(WIDTH, norm=False) if with_mlp else nn.Linear(WIDTH, DIM) for _ in range(2)]
    unique = F.normalize(rows(DIM, NUM_CLASSES), dim=0)
    return net_of(
        encoder_q=resnet(heads[0]),
        encoder_k=resnet(heads[1]),
        queue=rows(DIM, QUEUE),
        queue_labels=ints(1, QUEUE),
        queue_ptr=torch.tensor([7]),
        class_centroid=F.normalize(rows(NUM_CLASSES, DIM), dim=1),
        optimal_target=unique.T.repeat_interleave(2, 0),
        optimal_target_unique=unique,
        target_labels=ints(2 * NUM_CLASSES, 1),
    )


def in_batch() -> nn.Module:
    """KCL or TSC on CIFAR."""
    encoder = cifar_resnet()
    encoder.fc = nn.Linear(64, 10)
    return net_of(encoder=encoder, head=two_layers(64, norm=False))


def mae() -> nn.Module:
    """MAE's whole pre-training network."""
    others = dict(
        norm=nn.LayerNorm(32), decoder_embed=nn.Linear(32, 8), decoder_blocks=nn.ModuleList([nn.LayerNorm(8)])
    )
    net = TimmViT(**others, decoder_pos_embed=rows(1, 5, 8))
    net.mask_token = nn.Parameter(rows(1, 1, 8))
    return randomise(net)


def fine_tuned_mae() -> nn.Module:
    """MAE fine-tuned with cross entropy."""
    return randomise(TimmViT(fc_norm=nn.LayerNorm(32, eps=1e-6), head=nn.Linear(32, NUM_CLASSES)))


# What the originals store beside the weights.
TRAINING = dict(epoch=400, arch='resnet18', optimizer=dict(state={}, param_groups=[dict(lr=0.1, params=[0])]))
OPTIONS = argparse.Namespace(lr=1e-3, lr_decay_epochs=[160, 180], dist_url='env://', cosine=True)


def in_state_dict(net: nn.Module, **others: object) -> dict:
    """File of a CNN, saved from a parallel wrapper."""
    state = {f'module.{name}': value for name, value in net.state_dict().items()}
    return dict(copy.deepcopy(TRAINING), state_dict=state, **others)


def in_model(net: nn.Module, **others: object) -> dict:
    """File of a ViT or of the CIFAR scripts."""
    return dict(model=dict(net.state_dict()), epoch=99, **others)


def alternative_stage2(net: nn.Module) -> dict:
    """The alternative pipeline of KCL and TSC: encoder and classifier apart."""
    named = {f'module.{name}': value for name, value in net.state_dict().items()}
    is_head = {name: name.startswith('module.fc.') for name in named}
    parts = [{name: value for name, value in named.items() if is_head[name] == wanted} for wanted in (False, True)]
    return dict(state_dict_best=dict(feat_model=parts[0], classifier=parts[1]), best_acc=np.float64(0.5))


def several_gpus(net: nn.Module) -> dict:
    """A CIFAR file of several GPUs: only the encoder is wrapped."""
    state = {name.replace('encoder.', 'encoder.module.'): value for name, value in net.state_dict().items()}
    return dict(model=state, opt=OPTIONS, optimizer={}, epoch=3)


RESNET = dict(
    backbone=dict(type='ResNet', depth=18, stem_channels=64, base_channels=8, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
)
SMALL_CIFAR = dict(backbone=dict(type='ltcl.CifarResNet', num_blocks=(1, 1, 1)), neck=dict(type='GlobalAveragePooling'))
VIT_ARCH = dict(embed_dims=32, num_layers=3, num_heads=2, feedforward_channels=128)
VIT = dict(
    backbone=dict(
        type='VisionTransformer', arch=VIT_ARCH, img_size=32, patch_size=16, out_type='avg_featmap', final_norm=False
    )
)
CLASSES = dict(num_classes=NUM_CLASSES, in_channels=WIDTH)
MOMENTUM = dict(online_views=(0,), key_views=(1,))
BATCH_NORM = dict(norm_cfg=dict(type='BN1d'))


def classifier(parts: dict, width: int = WIDTH) -> dict:
    """Config of a plain classifier."""
    head = dict(type='LinearClsHead', num_classes=NUM_CLASSES, in_channels=width)
    return dict(type='ImageClassifier', **parts, head=head)


def contrastive(parts: dict, head: dict, width: int = WIDTH, projector: dict | None = None, **others: object) -> dict:
    """Config of a contrastive classifier."""
    mlp = dict(type='ltcl.Projector', in_channels=width, out_channels=DIM, **projector or {})
    return dict(type='ltcl.ContrastiveClassifier', **parts, projector=mlp, head=head, **others)


def paco_head(width: int = WIDTH) -> dict:
    """Head of PaCo and GPaCo."""
    return dict(type='ltcl.PaCoHead', num_classes=NUM_CLASSES, in_channels=width, feat_dim=DIM, queue_len=QUEUE)


KCL_HEAD = dict(type='ltcl.KCLHead', num_classes=NUM_CLASSES, feat_dim=DIM, queue_len=QUEUE)
TSC_HEAD = KCL_HEAD | dict(type='ltcl.TSCHead', target_repeat=2)
RESCOM_HEAD = dict(
    type='ltcl.ResComHead', num_classes=NUM_CLASSES, feat_dim=DIM, queue_per_class=SLOTS, num_hard_negatives=4
)
PROCO_HEAD = dict(type='ltcl.ProCoHead', **CLASSES, feat_dim=DIM)
THREE_VIEWS = dict(online_views=(0, 1, 2), joint_forward=True)
RESCO_HEAD = dict(type='ltcl.ResCoHead', **CLASSES, feat_dim=DIM, positives_per_class=SLOTS, negatives_per_class=2)


@dataclass(frozen=True)
class Original:
    """A file of an original.

    Args:
        source: What the converter calls it.
        network: Makes the network whose weights it holds.
        pack: Puts them into a file.
        model: Config of our model of the same shape.
        dropped: Beginnings of the names that are left out, prefix removed.
    """

    source: str
    network: Callable[[], nn.Module]
    pack: Callable[[nn.Module], dict]
    model: dict
    dropped: tuple[str, ...] = ()

    @property
    def config(self) -> Config:
        """A config with nothing but the model."""
        return Config(dict(default_scope='mmpretrain', model=self.model))


ORIGINALS = {
    'paco': Original(
        'paco',
        paco,
        lambda net: in_state_dict(net, acc=torch.tensor(57.0)),
        contrastive(RESNET, paco_head(), projector=BATCH_NORM, **MOMENTUM),
        dropped=('linear_k.',),
    ),
    'gpaco': Original(
        'gpaco',
        gpaco,
        lambda net: in_state_dict(net, best_acc=np.float64(58.5)),
        contrastive(RESNET, paco_head(), projector=dict(num_layers=3), online_views=(0, 1)),
    ),
    'gpaco_vit': Original(
        'gpaco',
        gpaco_vit,
        lambda net: in_model(net, args=OPTIONS, scaler={}),
        contrastive(VIT, paco_head(32), width=32, projector=dict(num_layers=3, act='GELU'), online_views=(0, 1)),
    ),
    'bcl': Original(
        'bcl',
        bcl,
        lambda net: in_state_dict(net, best_acc1=torch.tensor(57.0)),
        contrastive(RESNET, dict(type='ltcl.BCLHead', **CLASSES, feat_dim=DIM), projector=BATCH_NORM, **THREE_VIEWS),
    ),
    'proco': Original(
        'proco',
        proco,
        lambda net: in_state_dict(net, best_acc1=torch.tensor(57.3)),
        contrastive(RESNET, PROCO_HEAD, projector=BATCH_NORM, **THREE_VIEWS),
    ),
    'proco_linear': Original(
        'proco',
        lambda: proco(with_bias=True),
        in_state_dict,
        contrastive(RESNET, PROCO_HEAD | dict(cosine_scale=None), projector=BATCH_NORM, **THREE_VIEWS),
    ),
    'resco': Original(
        'resco',
        resco,
        in_state_dict,
        contrastive(RESNET, RESCO_HEAD, projector=BATCH_NORM, online_views=(0, 1)),
    ),
    'rescom': Original(
        'rescom',
        lambda: rescom(resnet(), WIDTH),
        in_state_dict,
        contrastive(RESNET, RESCOM_HEAD | dict(in_channels=WIDTH), projector=BATCH_NORM, online_views=(0, 1)),
        dropped=('queue_label', 'pos_index', 'neg_index', 'ids'),
    ),
    'rescom_cifar': Original(
        'rescom',
        lambda: rescom(cifar_resnet(), 64),
        in_state_dict,
        contrastive(
            SMALL_CIFAR, RESCOM_HEAD | dict(in_channels=64), width=64, projector=BATCH_NORM, online_views=(0, 1)
        ),
        dropped=('queue_label', 'pos_index', 'neg_index', 'ids'),
    ),
    'kcl': Original(
        'kcl',
        stage1,
        in_state_dict,
        contrastive(RESNET, KCL_HEAD, **MOMENTUM),
        dropped=('class_centroid', 'optimal_target', 'target_labels'),
    ),
    'kcl_linear': Original(
        'kcl',
        lambda: stage1(with_mlp=False),
        in_state_dict,
        contrastive(RESNET, KCL_HEAD, projector=dict(num_layers=1), **MOMENTUM),
        dropped=('class_centroid', 'optimal_target', 'target_labels'),
    ),
    'tsc': Original(
        'tsc',
        stage1,
        in_state_dict,
        contrastive(RESNET, TSC_HEAD, **MOMENTUM),
        dropped=('optimal_target', 'target_labels'),
    ),
    'kcl_cifar': Original(
        'kcl',
        in_batch,
        lambda net: in_model(net, opt=OPTIONS, optimizer={}),
        contrastive(
            SMALL_CIFAR, dict(type='ltcl.InBatchKCLHead', num_classes=NUM_CLASSES), width=64, online_views=(0, 1)
        ),
        dropped=('encoder.fc.',),
    ),
    'tsc_cifar': Original(
        'tsc',
        in_batch,
        several_gpus,
        contrastive(
            SMALL_CIFAR,
            dict(type='ltcl.InBatchTSCHead', num_classes=NUM_CLASSES, feat_dim=DIM),
            width=64,
            online_views=(0, 1),
        ),
        dropped=('encoder.fc.',),
    ),
    'stage2': Original(
        'stage2', lambda: randomise(resnet(nn.Linear(WIDTH, NUM_CLASSES))), in_state_dict, classifier(RESNET)
    ),
    'stage2_alternative': Original(
        'stage2', lambda: randomise(resnet(nn.Linear(WIDTH, NUM_CLASSES))), alternative_stage2, classifier(RESNET)
    ),
    'torchvision': Original(
        'torchvision',
        lambda: randomise(resnet(nn.Linear(WIDTH, NUM_CLASSES))),
        lambda net: dict(net.state_dict()),
        classifier(RESNET),
    ),
    'mae_fine_tuned': Original(
        'mae', fine_tuned_mae, lambda net: in_model(net, args=OPTIONS), classifier(VIT, width=32)
    ),
    'mae': Original(
        'mae',
        mae,
        lambda net: in_model(net),
        classifier(VIT, width=32),
        dropped=('norm.', 'mask_token', 'decoder_'),
    ),
}
