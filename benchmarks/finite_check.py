"""What `ltcl.FiniteCheckHook` costs, as a share of a training step.

The hook looks at the loss and most gradients in every iteration, and at all gradients, weights and buffers in every
tenth. Both looks are timed right after the step whose numbers they are at; the step is the same with and without the
hook.
"""

import statistics
from types import SimpleNamespace

from common import Figure, on_all_devices, run, time_interleaved
from networks import TrainingStep, demo_config, resnet50_config
from torch import Tensor

from ltcl.engine.hooks import FiniteCheckHook

GOAL = 0.005


class CheckedStep:
    """A training step with a runner around it that has what the hook asks for.

    Args:
        config: Arguments of :class:`~networks.TrainingStep` without the device.
        device: ``'cpu'`` or ``'cuda'``.
    """

    def __init__(self, config: dict, device: str) -> None:
        self.step = TrainingStep(**config, device=device)
        self.runner = SimpleNamespace(
            model=self.step.model,
            optim_wrapper=self.step.optim_wrapper,
            train_dataloader=SimpleNamespace(dataset=None),
            iter=0,
            max_iters=10**6,
            hooks=[],
        )
        self.hook = FiniteCheckHook()
        self.hook.before_train(self.runner)
        self.batch = dict(inputs=self.step.views, data_samples=self.step.data_samples)
        self.outputs: dict[str, Tensor] = {}
        self.gradients: dict[str, Tensor] = {}

    def train(self) -> None:
        """The step, the optimizer's call of the hook included."""
        if self.step.model.key_views:
            self.step.model.update_momentum_encoder(0.999)
        self.outputs = self.step.model.train_step(self.batch, self.step.optim_wrapper)
        # Their memory is given back in the next step, as it is without the hook, and not while the look is timed.
        self.gradients = self.hook._gradients

    def look(self) -> None:
        """What the hook does after every step."""
        self.runner.iter = 0
        self.hook.after_train_iter(self.runner, 0, self.batch, self.outputs)

    def look_at_weights(self) -> None:
        """What it does beside in some iterations; by then it has let go of the gradients."""
        self.runner.iter = self.hook.interval - 1
        self.hook.after_train_iter(self.runner, 0, self.batch, self.outputs)


def measure_network(name: str, config: dict, device: str, rounds: int) -> list[Figure]:
    """Time of the step and of both looks, and their ratio.

    Args:
        name: Name of method and network.
        config: Arguments of :class:`~networks.TrainingStep` without the device.
        device: ``'cpu'`` or ``'cuda'``.
        rounds: Timed steps.
    """
    checked = CheckedStep(config, device)
    candidates = dict(step=checked.train, look=checked.look, weights=checked.look_at_weights)
    seconds = time_interleaved(candidates, rounds, device)
    step, look, weights = (statistics.median(each) for each in seconds.values())
    check = look + weights / checked.hook.interval
    return [
        Figure(f'{name}, {device}: training step', 1e3 * step, 'ms'),
        Figure(f'{name}, {device}: check', 1e3 * check, 'ms'),
        Figure.at_most(f'{name}, {device}: share of the check', check / step, 'x', GOAL),
    ]


def measure_device(device: str) -> list[Figure]:
    """Figures of every network."""
    return [
        *measure_network('PaCo, demo network', demo_config('paco'), device, rounds=15),
        *measure_network('PaCo, ResNet-50', resnet50_config(), device, rounds=5),
    ]


def measure() -> list[Figure]:
    """Figures of every network on every device."""
    return on_all_devices(measure_device)


if __name__ == '__main__':
    run('check for numbers that are not finite', measure)
