"""What `compile` gains: training steps as they are written against steps whose encoders and losses are compiled.

    python benchmarks/compile.py          ResNet-18 at 64 px
    python benchmarks/compile.py --full   and ResNet-50 at 224 px, bfloat16, whose compilation alone takes minutes

The compiled step is that of ``ltcl train --compile``. The time until its first step is done stands beside the gain: the
first training on a machine has to pay it, later ones find most of it in the cache of torch.compile. Then what SGD gains
by being fused, and its share of a step.
"""

import argparse
import functools
import statistics
import time
from typing import NamedTuple

import torch
from common import Figure, devices, run, speed_figures, time_interleaved
from networks import TrainingStep
from torch._inductor.utils import fresh_inductor_cache

from ltcl.engine.compiling import compile_training
from ltcl.models.utils.weight_layout import lay_out_weights


class Network(NamedTuple):
    """A ResNet that PaCo trains, 1,000 classes, images channels-last."""

    depth: int
    size: int
    batch_size: int
    precision: str

    def __str__(self) -> str:
        return f'ResNet-{self.depth} at {self.size} px, batch {self.batch_size}, {self.precision}'

    def step(self, device: str) -> TrainingStep:
        """A step, its weights laid out as those of a training are."""
        width = 2048 if self.depth >= 50 else 512
        preprocessor = dict(num_classes=1000, mean=[127.0] * 3, std=[64.0] * 3, channels_last=True)
        model = dict(
            type='ltcl.ContrastiveClassifier',
            data_preprocessor=dict(type='ltcl.MultiViewDataPreprocessor', **preprocessor),
            backbone=dict(type='ResNet', depth=self.depth, zero_init_residual=False),
            neck=dict(type='GlobalAveragePooling'),
            projector=dict(type='ltcl.Projector', in_channels=width, norm_cfg=dict(type='BN1d')),
            head=dict(type='ltcl.PaCoHead', num_classes=1000, in_channels=width, feat_dim=128, queue_len=8192),
            key_views=(1,),
        )
        wrapper = 'ltcl.Bfloat16OptimWrapper' if self.precision == 'bfloat16' else 'OptimWrapper'
        optim_wrapper = dict(type=wrapper, optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=5e-4))
        shape = (self.batch_size, 3, self.size, self.size)
        step = TrainingStep(model=model, optim_wrapper=optim_wrapper, shape=shape, device=device)
        lay_out_weights(step.model)
        return step


NETWORKS = (Network(18, 64, 32, 'float32'), Network(50, 224, 16, 'bfloat16'))


def measure_compile(network: Network, device: str, rounds: int) -> list[Figure]:
    """Time of a step as written and compiled, and of the compilation with its first step."""
    written, compiled = network.step(device), network.step(device)
    compile_training(compiled.model, {})
    with fresh_inductor_cache():
        start = time.perf_counter()
        compiled()
        seconds = time.perf_counter() - start
        timed = time_interleaved({'compiled step': compiled, 'written one': written}, rounds, device, warm_up=2)
    setting = f'{network}, {device}'
    return [*speed_figures(timed, setting, None), Figure(f'compilation, {setting}: time', seconds, 's')]


def measure_optimizer(network: Network, device: str, rounds: int) -> list[Figure]:
    """Time of SGD as a loop over parameters and fused, and the share that the loop has of a step."""
    step = network.step(device)
    step()
    parameters = [parameter for parameter in step.model.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, 1e-6)
    sgd = functools.partial(torch.optim.SGD, parameters, lr=1e-6, momentum=0.9, weight_decay=5e-4)
    forms = {'fused SGD': sgd(fused=True).step, 'loop over parameters': sgd(foreach=False).step}
    timed = time_interleaved(forms, rounds, device, warm_up=2)
    whole = time_interleaved({'step': step}, 2, device)['step']
    share = statistics.median(timed['loop over parameters']) / statistics.median(whole)
    setting = f'{network}, {device}'
    return [
        *speed_figures(timed, setting, 1.5 if device == 'cpu' else None),
        Figure(f'loop over parameters, {setting}: share of a step', share, 'x'),
    ]


def measure(args: argparse.Namespace) -> list[Figure]:
    """Figures of the networks on every device."""
    figures = []
    for device in devices():
        for network in NETWORKS if args.full else NETWORKS[:1]:
            figures += measure_compile(network, device, rounds=7)
            figures += measure_optimizer(network, device, rounds=9)
    return figures


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    parser.add_argument('--full', action='store_true', help='with ResNet-50')


if __name__ == '__main__':
    run('compiled steps', measure, add_options)
