"""Images per second of every method's step against the published one, in three forms, and the share of the machine.

The published step is its plain re-statement in `benchmarks/plain`, in float32 and the plain layout, on images that are
normalised before. Ours is the step of a run, preprocessing included. Forms take turns within one run. The share of the
peak is the step's operations a second against those of a large matrix product in the same precision.

    python benchmarks/published.py           PaCo (batch 16) and BCL (8) on ResNet-50, 224 px; all on the demo network
    python benchmarks/published.py --full    all methods on both, more rounds
    python benchmarks/published.py --networks resnet50 --methods bcl --compile
"""

import argparse
import statistics
import sys
from functools import partial
from typing import Any, NamedTuple

import torch
from common import Figure, devices, median_ratio, positive, ratio_figures, run, time_interleaved
from networks import RECIPES, TrainingStep, demo_config, imagenet_config
from plain.from_ours import plain_form
from plain.parts import train_step
from torch.utils.flop_counter import FlopCounterMode


class Form(NamedTuple):
    """How ours is run, and how many times faster than the published step it should be."""

    precision: str
    channels_last: bool
    goal: float
    compiled: bool = False


FORMS = {
    'float32': Form('float32', False, 1.0),
    'float32 channels-last': Form('float32', True, 1.3),
    'bfloat16 channels-last': Form('bfloat16', True, 3.0),
    'float32 channels-last compiled': Form('float32', True, 1.3, compiled=True),
    'bfloat16 channels-last compiled': Form('bfloat16', True, 3.0, compiled=True),
}
NETWORKS = {'demo': 'demo network', 'resnet50': 'ResNet-50 224 px'}
ROUNDS = {'demo': 8, 'resnet50': 3}
QUICK = {'demo': tuple(RECIPES), 'resnet50': ('paco', 'bcl')}
SMALLER_BATCH = {'bcl': 8}
PRODUCT_SIZE = 2048


class PublishedStep:
    """The published form of one of our steps, with weights, images and optimizer of its own.

    Args:
        method: A key of ``networks.RECIPES``.
        step: Ours, in float32 and the plain layout.
    """

    def __init__(self, method: str, step: TrainingStep) -> None:
        self.model = plain_form(method, step.model)
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        settings = step.optim_wrapper.optimizer.defaults
        self.optimizer = torch.optim.SGD(
            trained, settings['lr'], momentum=settings['momentum'], weight_decay=settings['weight_decay']
        )
        self.views = [view.contiguous().clone() for view in step.preprocessed()]
        self.labels = torch.cat([sample.gt_label for sample in step.data_samples]).to(self.views[0].device)

    def __call__(self) -> torch.Tensor:
        """One step; the loss."""
        return train_step(self.model, self.optimizer, self.views, self.labels)


def network_config(network: str, method: str, form: Form) -> dict:
    """Arguments of :class:`~networks.TrainingStep` for a method on a network in a form."""
    if network == 'demo':
        config = demo_config(method, form.precision, form.channels_last)
    else:
        batch_size = SMALLER_BATCH.get(method, 16)
        config = imagenet_config(method, 50, batch_size, precision=form.precision, channels_last=form.channels_last)
    return dict(config, compiled=form.compiled)


def matrix_product(precision: str, device: str) -> partial:
    """A call that multiplies two large square matrices."""
    matrix = torch.randn(PRODUCT_SIZE, PRODUCT_SIZE, device=device).to(getattr(torch, precision))
    return partial(torch.mm, matrix, matrix)


def operations(step: PublishedStep) -> int:
    """Multiplications and additions of products and convolutions in one step."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def measure_method(name: str, configs: dict[str, dict], method: str, device: str, rounds: int) -> list[Figure]:
    """Rates of the published step and of ours in each form.

    Args:
        name: Name of method and network.
        configs: Arguments of :class:`~networks.TrainingStep` by form; the first is float32 in the plain layout.
        method: A key of ``networks.RECIPES``.
        device: ``'cpu'`` or ``'cuda'``.
        rounds: Timed rounds of all forms.
    """
    ours = {form: TrainingStep(**config, device=device) for form, config in configs.items()}
    published = PublishedStep(method, next(iter(ours.values())))
    products = {f'product in {each}': matrix_product(each, device) for each in ('float32', 'bfloat16')}
    steps: dict[str, Any] = {'published': published, **ours, **products}
    work, batch_size = operations(published), len(published.labels)
    seconds = time_interleaved(steps, rounds, device)
    figures = []
    for form in ('published', *ours):
        each = seconds[form]
        label = f'{name}, {device}: {form}'
        figures.append(Figure(label, batch_size / statistics.median(each), 'images/s'))
        if form in FORMS:
            goal = FORMS[form].goal
            figures += ratio_figures(f'{label} against the published step', seconds['published'], each, goal)
        precision = FORMS[form].precision if form in FORMS else 'float32'
        share = work / (2 * PRODUCT_SIZE**3) * median_ratio(seconds[f'product in {precision}'], each)
        figures.append(Figure(f'{label}, share of the peak', share, 'x'))
    return figures


def measure(args: argparse.Namespace) -> list[Figure]:
    """Figures of every method and network that was asked for, on every device."""
    figures = []
    forms = {name: form for name, form in FORMS.items() if args.compile or not form.compiled}
    for device in devices(args.devices):
        for network in args.networks:
            for method in args.methods or (tuple(RECIPES) if args.full else QUICK[network]):
                configs = {form: network_config(network, method, settings) for form, settings in forms.items()}
                name = f'{RECIPES[method].name}, {NETWORKS[network]} batch {configs["float32"]["shape"][0]}'
                print(f'{name}, {device}', file=sys.stderr, flush=True)
                rounds = args.rounds or ROUNDS[network] * (3 if args.full else 1)
                figures += measure_method(name, configs, method, device, rounds)
    return figures


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is measured."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('--full', action='store_true', help='all methods on all networks, three times the rounds')
    parser.add_argument('--methods', nargs='+', choices=RECIPES, metavar='METHOD', help=', '.join(RECIPES))
    parser.add_argument(
        '--networks', nargs='+', choices=NETWORKS, default=list(NETWORKS), metavar='NETWORK', help=', '.join(NETWORKS)
    )
    parser.add_argument('--devices', nargs='+', choices=('cpu', 'cuda'), help='all that there are')
    parser.add_argument('--compile', action='store_true', help='also with compile=True of the config')
    parser.add_argument('--rounds', type=positive, metavar='N', help='timed rounds of all forms')


if __name__ == '__main__':
    run('against the published steps', measure, add_options)
