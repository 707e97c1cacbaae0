"""An encoder on a CPU, with freed memory kept for the next operation and with glibc's own way, in processes in turns.

What ``ltcl`` sets for its commands (``ltcl/heap.py``) is the former.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import torch
from common import Figure, median_ratio, run

from ltcl.heap import NAMES, keep_freed_memory

# Batch and pixels of features that are extracted, and of training.
EVALUATED = ('tf_efficientnet_lite0', 64, 224)
TRAINED = ('resnet50', 16, 224)
SECONDS = 4.0


def rate_here(name: str, batch: int, pixels: int, trains: bool, keeps: bool) -> tuple[float, float]:
    """Images in a second and the largest memory of this process in MB; float32, channels-last."""
    if keeps:
        keep_freed_memory({})
    import timm

    model = timm.create_model(name).to(memory_format=torch.channels_last).train(trains)
    images = torch.randn(batch, 3, pixels, pixels).to(memory_format=torch.channels_last)

    def step() -> None:
        with torch.set_grad_enabled(trains):
            answer = model(images)
            if trains:
                answer.square().mean().backward()

    step()
    start, steps = time.perf_counter(), 0
    while steps < 2 or time.perf_counter() - start < SECONDS:
        step()
        steps += 1
    rate = steps * batch / (time.perf_counter() - start)
    return rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rate(network: tuple, trains: bool, keeps: bool) -> tuple[float, float]:
    """:func:`rate_here` in a process of its own, with the threads of this one."""
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    environment['OMP_NUM_THREADS'] = str(torch.get_num_threads())
    command = [sys.executable, __file__, '--in-this-process', json.dumps([*network, trains, keeps])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    images_per_second, megabytes = json.loads(done.stdout.splitlines()[-1])
    return images_per_second, megabytes


def measure(options: argparse.Namespace) -> list[Figure]:
    """Ratio of rates and of memory, without and with gradients."""
    if options.in_this_process:
        print(json.dumps(rate_here(*json.loads(options.in_this_process))))
        sys.exit()
    figures = []
    for title, network, trains in (('features', EVALUATED, False), ('training', TRAINED, True)):
        pairs = [(rate(network, trains, True), rate(network, trains, False)) for _ in range(options.rounds)]
        kept, given_back = zip(*pairs, strict=True)
        name = f'{title}, {network[0]} at {network[2]} px, batch {network[1]}'
        speed = median_ratio([each[0] for each in kept], [each[0] for each in given_back])
        memory = median_ratio([each[1] for each in kept], [each[1] for each in given_back])
        figures += [
            Figure.at_least(f'{name}: rate with memory kept, against given back', speed, 'x', 1.0),
            Figure(f'{name}: largest memory of the process, the same', memory, 'x'),
        ]
    return figures


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what only this benchmark has."""
    parser.add_argument('--rounds', type=int, default=1, help='processes of each kind (default: %(default)s)')
    parser.add_argument('--in-this-process', help=argparse.SUPPRESS)


if __name__ == '__main__':
    run('freed memory', measure, add_options)
