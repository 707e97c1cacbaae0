"""Images per second of a whole training step of every method, and its share of the bare encoder's rate.

A step is momentum update, preprocessing, forward of all views, loss, backward and optimizer step. The bare encoder is
forward and backward of backbone and pooling for the same views (key views without gradient), in the same precision and
layout: no preprocessing, projector, classifier, loss, momentum update or optimizer step.

Models and optimizers are those of the shipped configs: of the demo (ResNet-20, 28 px, batch 128), and of ImageNet-LT
with ResNet-18 (224 px as usual, batch 32) and ResNet-50 (224 px, batch 16). TSC is in its phase with targets.

    python benchmarks/step.py                       all on the small networks, PaCo on ResNet-50
    python benchmarks/step.py --full                all on all, more rounds
    python benchmarks/step.py --networks resnet50 --methods paco bcl --data data/birds --workers 4

With --data, a folder of class folders of images, steps are also fed by the recipe's own loader, and the share of the
time in which the device waits for data is reported.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from common import Figure, devices, extra_peak_memory, positive, ratio_figures, run, time_interleaved
from networks import PRECISIONS, RECIPES, TrainingStep, demo_config, image_loader, imagenet_config
from torch.profiler import ProfilerActivity, profile

from ltcl.errors import UserError

LAUNCHES = ('cudaLaunch', 'cuLaunch', 'cudaGraphLaunch', 'cuGraphLaunch')


class Network(NamedTuple):
    """A network to measure; ``goal`` is the share of the bare encoder's rate, ``quick`` the methods without --full."""

    name: str
    goal: float
    rounds: int
    depth: int | None = None
    batch_size: int = 128
    quick: tuple[str, ...] = tuple(RECIPES)


NETWORKS = {
    'demo': Network('demo network', 0.90, 7),
    'resnet18': Network('ResNet-18 224 px', 0.93, 2, depth=18, batch_size=32),
    'resnet50': Network('ResNet-50 224 px', 0.95, 3, depth=50, batch_size=16, quick=('paco',)),
}


def config_of(network: Network, method: str, precision: str, channels_last: bool, batch_size: int | None) -> dict:
    """Arguments of :class:`~networks.TrainingStep` for a method on a network; the others as in ``add_options``."""
    if network.depth is None:
        config = demo_config(method, precision, channels_last)
        return config if batch_size is None else dict(config, shape=(batch_size, *config['shape'][1:]))
    layout = dict(precision=precision, channels_last=channels_last)
    return imagenet_config(method, network.depth, batch_size or network.batch_size, **layout)


def measure_step(name: str, config: dict, device: str, rounds: int, goal: float) -> list[Figure]:
    """Rates of one network, its memory, and on CUDA the kernels that a step launches.

    Args:
        name: Name of method and network.
        config: Arguments of :class:`~networks.TrainingStep` without the device.
        device: ``'cpu'`` or ``'cuda'``.
        rounds: Timed rounds of both candidates.
        goal: Share of the bare encoder's rate to reach.
    """
    step = TrainingStep(**config, device=device)
    memory = extra_peak_memory(step, device)  # two steps, which warm up as well
    bare_encoder = step.bare_encoder()
    bare_encoder()
    seconds = time_interleaved({'step': step, 'bare encoder': bare_encoder}, rounds, device, warm_up=0)
    batch_size = config['shape'][0]
    figures = [
        Figure(f'{name}, {device}: {part}', batch_size / statistics.median(each), 'images/s')
        for part, each in seconds.items()
    ]
    share = f"{name}, {device}: share of the bare encoder's rate"
    figures += ratio_figures(share, seconds['bare encoder'], seconds['step'], goal)
    figures.append(Figure(f'{name}, {device}: extra peak memory of a step', memory / 2**20, 'MiB'))
    if device == 'cuda':
        figures.append(Figure(f'{name}, {device}: kernel launches of a step', kernel_launches(step), ''))
    return figures


def kernel_launches(step: Callable[[], object]) -> int:
    """How often a step tells the GPU to do something, a recorded graph counting once."""
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        step()
        torch.cuda.synchronize()
    return sum(event.name.startswith(LAUNCHES) for event in profiler.events())


def waiting_share(step: Callable[[dict], object], batches: Iterator[dict], steps: int, device: str) -> float:
    """Share of the time in which the device has nothing to do because the next batch is not there.

    Args:
        step: Trains on a batch.
        batches: Of a loader; the first is not counted, since the workers start with it.
        steps: Steps that are counted.
        device: ``'cuda'`` waits for the GPU after each step.
    """
    step(next(batches))
    waiting, start = 0.0, time.perf_counter()
    for _ in range(steps):
        asked = time.perf_counter()
        batch = next(batches)
        waiting += time.perf_counter() - asked
        step(batch)
        if device == 'cuda':
            torch.cuda.synchronize()
    return waiting / (time.perf_counter() - start)


def measure_loader(name: str, method: str, config: dict, device: str, args: argparse.Namespace) -> list[Figure]:
    """Share of the time that a step waits for the loader of its recipe.

    Args:
        name: Name of method and network.
        method: A key of ``networks.RECIPES``.
        config: Arguments of :class:`~networks.TrainingStep` without the device.
        device: ``'cpu'`` or ``'cuda'``.
        args: What ``add_options`` adds.
    """
    step = TrainingStep(**config, device=device)
    loader = image_loader(method, args.data, config['shape'][0], args.workers)
    share = waiting_share(step.train, iter(loader), args.steps, device)
    return [Figure(f'{name}, {device}: share of the time that waits for data, {args.workers} workers', share, 'x')]


def measure(args: argparse.Namespace) -> list[Figure]:
    """Figures of every network and method that was asked for, on every device."""
    figures = []
    for device in _checked_devices(args):
        for network in (NETWORKS[key] for key in args.networks):
            for method in args.methods or (tuple(RECIPES) if args.full else network.quick):
                config = config_of(network, method, args.precision, args.layout == 'channels-last', args.batch_size)
                config['compiled'] = args.compile
                name = f'{RECIPES[method].name}, {network.name} batch {config["shape"][0]}'
                print(f'{name}, {device}', file=sys.stderr, flush=True)
                rounds = args.rounds or network.rounds * (3 if args.full else 1)
                figures += measure_step(name, config, device, rounds, network.goal)
                if args.data and network.depth is not None:
                    figures += measure_loader(name, method, config, device, args)
    return figures


def _checked_devices(args: argparse.Namespace) -> list[str]:
    """The devices, if all that was asked for can be done on them."""
    chosen = devices(args.devices)
    if args.precision == 'float16' and 'cpu' in chosen:
        raise UserError('--precision float16 is for GPUs: add --devices cuda, or take bfloat16')
    if args.data and not Path(args.data).is_dir():
        raise UserError(f'--data {args.data}: there is no such folder')
    if args.data and args.networks == ['demo']:
        raise UserError('--data feeds the networks for 224 px: take --networks resnet18 or resnet50')
    return chosen


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is measured."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('--full', action='store_true', help='all methods on all networks, three times the rounds')
    parser.add_argument('--methods', nargs='+', choices=RECIPES, metavar='METHOD', help=', '.join(RECIPES))
    parser.add_argument(
        '--networks', nargs='+', choices=NETWORKS, default=list(NETWORKS), metavar='NETWORK', help=', '.join(NETWORKS)
    )
    parser.add_argument('--devices', nargs='+', choices=('cpu', 'cuda'), help='all that there are')
    parser.add_argument('--precision', choices=PRECISIONS[:3], default='bfloat16')
    parser.add_argument('--layout', choices=('contiguous', 'channels-last'), default='channels-last')
    parser.add_argument('--batch-size', type=positive, metavar='N', help='instead of the one named with each network')
    parser.add_argument('--rounds', type=positive, metavar='N', help='timed rounds of step and bare encoder')
    parser.add_argument('--compile', action='store_true', help="with the config's compile=True")
    parser.add_argument('--data', metavar='FOLDER', help='folder of class folders; adds the share that waits for data')
    parser.add_argument('--workers', type=int, default=4, metavar='N', help='processes of the loader of --data')
    parser.add_argument(
        '--steps', type=positive, default=20, metavar='N', help='steps that are fed by the loader of --data'
    )


if __name__ == '__main__':
    run('whole training step', measure, add_options)
