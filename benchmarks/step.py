"""Images per second of a whole training step, and its share of the bare encoder's rate.

A step is momentum update, preprocessing, forward of all views, loss, backward and optimizer step. The bare encoder is
forward and backward of backbone and pooling for the same views (key views without gradient), in the same precision and
layout: no preprocessing, projector, classifier, loss, momentum update or optimizer step.
"""

import statistics

from common import Figure, devices, median_ratio, run, time_interleaved
from networks import TrainingStep, demo_config, resnet50_config


def measure_step(name: str, config: dict, device: str, rounds: int, goal: float) -> list[Figure]:
    """Rates of one network.

    Args:
        name: Name of method and network.
        config: Arguments of :class:`~networks.TrainingStep` without the device.
        device: ``'cpu'`` or ``'cuda'``.
        rounds: Timed rounds of both candidates.
        goal: Share of the bare encoder's rate to reach.
    """
    step = TrainingStep(**config, device=device)
    seconds = time_interleaved({'step': step, 'bare encoder': step.bare_encoder()}, rounds, device, warm_up=2)
    batch_size = config['shape'][0]
    share = median_ratio(seconds['bare encoder'], seconds['step'])
    return [
        *(
            Figure(f'{name}, {device}: {part}', batch_size / statistics.median(seconds[part]), 'images/s')
            for part in seconds
        ),
        Figure.at_least(f"{name}, {device}: share of the bare encoder's rate", share, 'x', goal),
    ]


def measure() -> list[Figure]:
    """Figures of every network on every device."""
    figures = []
    for device in devices():
        figures += measure_step('PaCo, demo network', demo_config('paco'), device, 15, 0.8)
        figures += measure_step('GPaCo, demo network', demo_config('gpaco'), device, 15, 0.8)
        figures += measure_step('PaCo, ResNet-50', resnet50_config(), device, 5, 0.9)
    return figures


if __name__ == '__main__':
    run('whole training step', measure)
