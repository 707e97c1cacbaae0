"""GPaCo's branch of a segmentation head: against the plain masked form, and a whole step against a stock one.

The branch is measured as it stands in training: features of a 512x512 crop at a quarter of the size, projector, 8192
drawn pixels an image, loss, gradients. The plain form differs in the loss alone. A step is preprocessing, forward of
backbone and both heads, losses, backward and optimizer step, in float32. Its crops are of 256x256, all of whose 4,096
positions are drawn: stock step, projector and loss have a quarter of the work each that they have with 512x512 and
8,192 drawn, which --full measures.
"""

import argparse
import functools
import statistics
import sys
import warnings

import torch
from common import ROOT, Figure, compare, median_ratio, on_all_devices, run, time_interleaved
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ltcl.models.decode_heads import GPaCoBranch, pixel_paco_loss

sys.path.insert(0, str(ROOT / 'tests'))
from oracles.seg import masked_pixel_paco_loss

LOSSES = {'GPaCo branch': pixel_paco_loss, 'masked form': masked_pixel_paco_loss}
BN = dict(type='BN')


def draw_inputs(
    num_images: int, size: int, channels: int, num_classes: int, num_samples: int, device: str
) -> tuple[nn.Module, dict[str, Tensor]]:
    """The projector of a branch, and random features, logits, labels and positions.

    Args:
        num_images: Images of the batch.
        size: Height and width of the crop; the features have a quarter of it.
        channels: Channels of the features.
        num_classes: Number of classes.
        num_samples: Pixels that are drawn of each image.
        device: ``'cpu'`` or ``'cuda'``.
    """
    torch.manual_seed(0)
    branch = GPaCoBranch(
        in_channels=channels,
        num_classes=num_classes,
        norm_cfg=BN,
        act_cfg=dict(type='ReLU'),
        sampler=dict(type='ltcl.RandomPixelSampler', num_samples=num_samples),
    )
    shape = (size // 4, size // 4)
    inputs = dict(
        feats=torch.rand(num_images, channels, *shape),
        seg_logits=torch.randn(num_images, num_classes, *shape),
        labels=torch.randint(num_classes + 1, (num_images, 1, *shape)),
        index=branch.sampler(num_images, shape[0] * shape[1]),
    )
    inputs = {name: tensor.to(device) for name, tensor in inputs.items()}
    for name in ('feats', 'seg_logits'):
        inputs[name].requires_grad_()
    return branch.projector.to(device), inputs


def gradients(loss_name: str, projector: nn.Module, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """One forward and backward pass; the gradients of features, logits and projector."""
    maps = (projector(inputs['feats']), inputs['seg_logits'], inputs['labels'])
    loss = LOSSES[loss_name](*maps, inputs['index'], alpha=0.01, temperature=0.07)
    return torch.autograd.grad(loss, (inputs['feats'], inputs['seg_logits'], *projector.parameters()))


def measure_branch(
    device: str,
    num_images: int = 1,
    size: int = 512,
    channels: int = 512,
    num_classes: int = 150,
    num_samples: int = 8192,
    rounds: int = 7,
) -> list[Figure]:
    """Time and extra peak memory of the branch with both losses; the sizes are those of :func:`draw_inputs`."""
    projector, inputs = draw_inputs(num_images, size, channels, num_classes, num_samples, device)
    forms = {name: functools.partial(gradients, name, projector, inputs) for name in LOSSES}
    return compare(forms, device, rounds, speed_goal=2.0, memory_goal=0.4)


def segmentor(with_branch: bool, num_classes: int = 150) -> nn.Module:
    """DeepLabV3+ with ResNet-50 and the auxiliary head of the recipes, its head a stock one or one with GPaCo."""
    common = dict(num_classes=num_classes, norm_cfg=BN, dropout_ratio=0.1)
    decode_head = dict(
        type='DepthwiseSeparableASPPHead',
        in_channels=2048,
        in_index=3,
        channels=512,
        dilations=(1, 12, 24, 36),
        c1_in_channels=256,
        c1_channels=48,
        **common,
    )
    if with_branch:
        decode_head['type'] = 'ltcl.BranchedDepthwiseSeparableASPPHead'
        decode_head['branches'] = dict(gpaco=dict(type='ltcl.GPaCoBranch'))
    init_default_scope('mmseg')
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # mmseg's remark on its own default
        return MODELS.build(
            dict(
                type='EncoderDecoder',
                data_preprocessor=dict(type='SegDataPreProcessor', mean=[120.0] * 3, std=[60.0] * 3, size_divisor=32),
                backbone=dict(
                    type='ResNetV1c',
                    depth=50,
                    strides=(1, 2, 1, 1),
                    dilations=(1, 1, 2, 4),
                    contract_dilation=True,
                    norm_cfg=BN,
                ),
                decode_head=decode_head,
                auxiliary_head=dict(
                    type='FCNHead',
                    in_channels=1024,
                    in_index=2,
                    channels=256,
                    num_convs=1,
                    concat_input=False,
                    **common,
                ),
                train_cfg=dict(),
                test_cfg=dict(mode='whole'),
            )
        )


def measure_step(device: str, num_images: int = 2, size: int = 256, rounds: int = 3) -> list[Figure]:
    """Time of a training step with the branch against a stock one, and the work of inference.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        num_images: Images of a step, at least 2 (the head normalises one pooled row an image).
        size: Height and width of the crop.
        rounds: Timed steps of both.
    """
    data = dict(
        inputs=[torch.randint(256, (3, size, size), dtype=torch.uint8) for _ in range(num_images)],
        data_samples=[
            SegDataSample(gt_sem_seg=PixelData(data=torch.randint(150, (1, size, size)))) for _ in range(num_images)
        ],
    )
    models = {name: segmentor(name == 'with branch').to(device).train() for name in ('stock', 'with branch')}
    steps, flops = {}, {}
    for name, model in models.items():
        optim_wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9))
        steps[name] = functools.partial(model.train_step, data, optim_wrapper)
    seconds = time_interleaved(steps, rounds, device)
    for name, model in models.items():
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model.eval()(torch.zeros(1, 3, 64, 64, device=device))
        flops[name] = counter.get_total_flops()
    setting, extra = f'DeepLabV3+ R50, {num_images} crops of {size}x{size}, {device}', 'against the stock head'
    step_ratio = median_ratio(seconds['with branch'], seconds['stock'])
    inference_ratio = flops['with branch'] / flops['stock']
    return [
        *(Figure(f'step {name}, {setting}: time', statistics.median(each), 's') for name, each in seconds.items()),
        Figure.at_most(f'step with branch, {setting}: time {extra}', step_ratio, 'x', 1.10),
        Figure.at_most(f'inference, {setting}: operations {extra}', inference_ratio, 'x', 1.0),
    ]


def measure(args: argparse.Namespace) -> list[Figure]:
    """Figures of every device."""
    step = functools.partial(measure_step, size=512 if args.full else 256)
    return on_all_devices(measure_branch) + on_all_devices(step)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The longer form."""
    parser.add_argument('--full', action='store_true', help='steps of 512x512 crops')


if __name__ == '__main__':
    run('segmentation with GPaCo', measure, add_options)
