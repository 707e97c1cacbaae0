"""Step schedule of the CIFAR-LT recipes."""

from collections.abc import Sequence

from mmengine.optim.scheduler.param_scheduler import _ParamScheduler

from ltcl.registry import PARAM_SCHEDULERS


def warmup_step_factor(
    epoch: int, warmup_epochs: int, milestones: Sequence[int], gamma: float = 0.1, overshoot: bool = True
) -> float:
    """Factor on the base learning rate during an epoch, counted from 0.

    Args:
        epoch: Epoch, from 0.
        warmup_epochs: W. Epoch e < W has the factor (e + 1) / W; 0 has no warm-up.
        milestones: After each of these epochs the factor is multiplied by ``gamma``.
        gamma: Decay at a milestone.
        overshoot: Warm up in epoch W as well, to (W + 1) / W, as published.

    Returns:
        The factor.
    """
    if warmup_epochs and epoch < warmup_epochs + overshoot:
        return (epoch + 1) / warmup_epochs
    return gamma ** sum(epoch > milestone for milestone in milestones)


@PARAM_SCHEDULERS.register_module()
class WarmupStepLR(_ParamScheduler):
    """Linear warm-up and decay at milestones, a closed form of the epoch.

    Args:
        optimizer: The optimizer or its wrapper.
        warmup_epochs: Epochs of warm-up.
        milestones: Epochs, from 0, after which the rate decays.
        gamma: Decay at a milestone.
        overshoot: Keep the published extra step of warm-up, 10 % above the base rate for 10 warm-up epochs.
        **kwargs: Arguments of mmengine's schedulers, such as ``by_epoch``.

    Differs from the original: ``overshoot=False`` leaves the extra step out.
    """

    def __init__(
        self,
        optimizer: object,
        warmup_epochs: int,
        milestones: Sequence[int],
        gamma: float = 0.1,
        overshoot: bool = True,
        **kwargs: object,
    ) -> None:
        self.warmup_epochs = warmup_epochs
        self.milestones = tuple(milestones)
        self.gamma = gamma
        self.overshoot = overshoot
        super().__init__(optimizer, param_name='lr', **kwargs)

    def _get_value(self) -> list[float]:
        factor = warmup_step_factor(self.last_step, self.warmup_epochs, self.milestones, self.gamma, self.overshoot)
        return [base_lr * factor for base_lr in self.base_values]
