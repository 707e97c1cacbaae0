"""Learning-rate schedules, run as the configs run them: through mmengine's schedulers."""

from pathlib import Path

import rates
from harness import Case, adapter, close
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

CONFIGS = Path(__file__).parents[2] / 'configs'
SCHEDULES = CONFIGS / '_base_' / 'schedules'


def learning_rates(base_lr: float, schedulers: list[dict], num_epochs: int) -> list[float]:
    optimizer = rates.sgd(base_lr)
    built = [PARAM_SCHEDULERS.build({**cfg, 'optimizer': optimizer}) for cfg in schedulers]
    return rates.learning_rates(optimizer, built, num_epochs)


@adapter('paco', 'lr_cosine')
def lr_cosine(case: Case) -> None:
    epochs, warmup = int(case['epochs']), int(case['warmup_epochs'])
    schedulers = Config.fromfile(SCHEDULES / 'cosine-400e.py').param_scheduler
    linear, cosine = schedulers
    linear.start_factor, linear.end = 1 / warmup, warmup
    cosine.begin, cosine.end, cosine.T_max = warmup - 1, epochs, epochs - warmup + 1
    close(learning_rates(float(case['base_lr']), schedulers, epochs), case['lr'])


@adapter('paco', 'lr_step')
def lr_step(case: Case) -> None:
    scheduler = Config.fromfile(SCHEDULES / 'cifar-400e.py').param_scheduler
    scheduler.warmup_epochs = int(case['warmup_epochs'])
    close(learning_rates(float(case['base_lr']), [scheduler], int(case['epochs'])), case['lr'])


@adapter('bcl', 'lr_schedule')
def lr_schedule(case: Case) -> None:
    for prefix in [name.removesuffix('lr') for name in case if name.endswith('_lr') and not name.endswith('_base_lr')]:
        epochs, warmup = int(case[f'{prefix}epochs']), int(case[f'{prefix}warmup_epochs'])
        if case[f'{prefix}cosine']:
            scheduler = dict(type='ltcl.WarmupCosineLR', max_epochs=epochs, warmup_epochs=warmup)
        else:
            scheduler = Config.fromfile(
                CONFIGS / 'bcl' / 'bcl_resnet32_1xb256-200e_cifar100-lt-if100.py'
            ).param_scheduler
            scheduler.warmup_epochs = warmup
            # Recorded as the first epoch at the lower rate, ours as the last one before.
            scheduler.milestones = [int(milestone) - 1 for milestone in case[f'{prefix}milestones']]
        close(learning_rates(float(case[f'{prefix}base_lr']), [scheduler], epochs), case[f'{prefix}lr'])
