"""Images per second of forward and backward of an encoder by precision and memory layout."""

import functools
import statistics

import torch
from common import Figure, devices, run, time_interleaved
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from ltcl.models.utils.weight_layout import to_channels_last
from ltcl.registry import MODELS

LAYOUTS = ('contiguous', 'channels-last images', 'channels-last images and weights')
NETWORKS = {
    'demo network': (dict(type='ltcl.CifarResNet', depth=20, in_channels=1), (128, 1, 28, 28), 5),
    'ResNet-50': (dict(type='ResNet', depth=50), (4, 3, 224, 224), 2),
}


def train_step(network: nn.Module, images: Tensor, dtype: torch.dtype) -> None:
    """Forward and backward of one batch, under autocast unless ``dtype`` is float32."""
    network.zero_grad()
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=dtype != torch.float32):
        feats = network(images)[-1].mean((2, 3))
    feats.backward(torch.full_like(feats, 1e-3))


def measure_network(name: str, backbone: dict, shape: tuple[int, ...], rounds: int, device: str) -> list[Figure]:
    """Rates of one network in every precision and layout.

    Args:
        name: Name of the network.
        backbone: Its config.
        shape: Batch size, channels, height and width.
        rounds: Timed rounds of all combinations.
        device: ``'cpu'`` or ``'cuda'``.
    """
    init_default_scope('mmpretrain')
    images = torch.randn(shape, device=device)
    steps = {}
    for dtype in (torch.float32, torch.bfloat16):
        for layout in LAYOUTS:
            network = MODELS.build(backbone).to(device)
            network.train()
            if layout == LAYOUTS[2]:
                network.to(memory_format=torch.channels_last)
            laid_out = images if layout == LAYOUTS[0] else to_channels_last(images)
            label = f'{name}, {device}: {str(dtype).removeprefix("torch.")}, {layout}'
            steps[label] = functools.partial(train_step, network, laid_out, dtype)
    seconds = time_interleaved(steps, rounds, device)
    return [Figure(label, shape[0] / statistics.median(times), 'images/s') for label, times in seconds.items()]


def measure() -> list[Figure]:
    """Figures of every network on every device."""
    return [
        figure
        for device in devices()
        for name, args in NETWORKS.items()
        for figure in measure_network(name, *args, device)
    ]


if __name__ == '__main__':
    run('precision and memory layout', measure)
