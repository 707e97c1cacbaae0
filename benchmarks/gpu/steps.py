"""A training step of every method with ResNet-50 and ViT-B at 224 px, batch 128, in bfloat16 and float16."""

import argparse
import gc
import itertools
import statistics

import torch
from common import extra_peak_memory, median_ratio, time_interleaved
from networks import RECIPES, TrainingStep, imagenet_config, read_config, step_config
from results import Figure, Results
from stage import start

VIT = dict(type='VisionTransformer', img_size=224, patch_size=16, arch='base', out_type='avg_featmap', final_norm=False)
TINY = dict(embed_dims=32, num_layers=1, num_heads=2, feedforward_channels=64)
NETWORKS = ('ResNet-50', 'ViT-B')
# Of a compilation, which takes a minute, the encoders are what differs.
COMPILED = ('gpaco', 'bcl', 'cross-entropy', 'paco')


def vit_config(method: str, batch_size: int, size: int, precision: str, arch: str | dict = 'base') -> dict:
    """As :func:`~networks.imagenet_config`, with a vision transformer, which pools itself."""
    cfg = read_config(RECIPES[method].imagenet)
    cfg.model.backbone = dict(VIT, arch=arch, img_size=size)
    cfg.model.neck = None
    cfg.merge_from_dict(dict(model=dict(head=dict(num_classes=1000)), data_preprocessor=dict(num_classes=1000)))
    return step_config(cfg, (batch_size, 3, size, size), precision, channels_last=False)


def configs(method: str, network: str, precision: str, quick: bool) -> dict:
    """Arguments of :class:`~networks.TrainingStep`."""
    batch_size, size = (4, 32) if quick else (128, 224)
    if network == 'ViT-B':
        return vit_config(method, batch_size, size, precision, TINY if quick else 'base')
    return imagenet_config(method, 18 if quick else 50, batch_size, size, precision)


def measure_step(name: str, config: dict, args: argparse.Namespace) -> list[Figure]:
    """Rate and memory of a step; of a ResNet its share of the bare encoder's rate as well."""
    rounds, batch_size = 1 if args.quick else 8, config['shape'][0]
    if args.device == 'cuda':
        torch.cuda.reset_peak_memory_stats()
    step = TrainingStep(**config, device=args.device)
    memory = extra_peak_memory(step, args.device)
    candidates = dict(step=step)
    if step.model.with_neck and not args.compile:
        candidates['bare encoder'] = step.bare_encoder()
    seconds = time_interleaved(candidates, rounds, args.device)
    figures = [
        Figure(f'{name}: {part}', batch_size / statistics.median(each), 'images/s') for part, each in seconds.items()
    ]
    if 'bare encoder' in seconds:
        share = median_ratio(seconds['bare encoder'], seconds['step'])
        figures.append(Figure(f"{name}: share of the bare encoder's rate", share, 'x'))
    figures.append(Figure(f'{name}: extra peak memory of a step', memory / 2**20, 'MiB'))
    if args.device == 'cuda':
        figures.append(Figure(f'{name}: peak memory', torch.cuda.max_memory_allocated() / 2**20, 'MiB'))
    return figures


def measure(args: argparse.Namespace, results: Results) -> None:
    """All of them; the first are those that are wanted most, as the stage may be cut."""
    networks = NETWORKS
    precisions = ('bfloat16', 'float16') if args.device == 'cuda' else ('bfloat16', 'float32')
    methods = COMPILED if args.compile else tuple(RECIPES)
    if args.quick:
        precisions = precisions[:1]
        if args.compile:
            networks, methods = networks[:1], methods[:1]
    suffix = ', compiled' * args.compile + ', tiny' * args.quick
    for precision, network, method in itertools.product(precisions, networks, methods):
        name = f'{RECIPES[method].name}, {network}, {precision}{suffix}'
        try:
            config = configs(method, network, precision, args.quick)
            if args.compile:
                config['compiled'] = dict(backend='aot_eager') if args.quick else True
            results.add(*measure_step(name, config, args))
        except Exception as error:  # the others can be measured nevertheless, such as after too little memory
            results.fail(name, f'{type(error).__name__}: {error}')
        gc.collect()
        torch.compiler.reset()
        if args.device == 'cuda':
            torch.cuda.empty_cache()


if __name__ == '__main__':
    start(measure, lambda parser: parser.add_argument('--compile', action='store_true'))
