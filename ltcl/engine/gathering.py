"""How the processes of a run gather what they found out about their images."""

from collections.abc import Iterable
from typing import Any


def gather_by_messages(metrics: Iterable[Any]) -> None:
    """Let processes send each other their results, where mmengine writes files into the current folder.

    That folder may be unwritable, or another one on each machine. A metric with a ``collect_dir`` keeps to it.

    Args:
        metrics: Metrics, changed in place.
    """
    for metric in metrics:
        if getattr(metric, 'collect_device', None) == 'cpu' and metric.collect_dir is None:
            metric.collect_device = 'gpu'  # what mmengine calls messages, on a CPU as well
