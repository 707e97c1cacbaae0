"""Learning-rate schedules, run as the configs run them: through mmengine's schedulers."""

from pathlib import Path

import rates
from harness import Case, adapter, close
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from tiny_vit import tiny_classifier

CONFIGS = Path(__file__).parents[2] / 'configs'
SCHEDULES = CONFIGS / '_base_' / 'schedules'


def learning_rates(base_lr: float, schedulers: list[dict], num_epochs: int) -> list[float]:
    optimizer = rates.sgd(base_lr)
    built = [PARAM_SCHEDULERS.build({**cfg, 'optimizer': optimizer}) for cfg in schedulers]
    return rates.learning_rates(optimizer, built, num_epochs)


@adapter('paco', 'lr_cosine')
def lr_cosine(case: Case) -> None:
    epochs, warmup = int(case['epochs']), int(case['warmup_epochs'])
    scheduler = Config.fromfile(SCHEDULES / 'cosine-400e.py').param_scheduler
    scheduler.update(warmup_epochs=warmup, max_epochs=epochs)
    close(learning_rates(float(case['base_lr']), [scheduler], epochs), case['lr'])


@adapter('paco', 'lr_step')
def lr_step(case: Case) -> None:
    scheduler = Config.fromfile(SCHEDULES / 'cifar-400e.py').param_scheduler
    scheduler.warmup_epochs = int(case['warmup_epochs'])
    close(learning_rates(float(case['base_lr']), [scheduler], int(case['epochs'])), case['lr'])


@adapter('paco', 'lr_vit')
def lr_vit(case: Case) -> None:
    epochs, iters, base_lr = int(case['epochs']), int(case['iters_per_epoch']), float(case['base_lr'])
    scheduler = dict(
        type='ltcl.IterCosineLR',
        max_epochs=epochs,
        warmup_epochs=int(case['warmup_epochs']),
        min_factor=float(case['min_lr']) / base_lr,
        convert_to_iter_based=True,
        epoch_length=iters,
    )
    close(learning_rates(base_lr, [scheduler], epochs * iters), case['lr'])


@adapter('paco', 'layer_decay')
def layer_decay(case: Case) -> None:
    depth = int(case['depth'])
    cfg = Config.fromfile(CONFIGS / '_base_' / 'schedules' / 'vit-100e.py').optim_wrapper
    cfg.paramwise_cfg.layer_decay_rate = float(case['decay'])
    model = tiny_classifier(num_layers=depth)
    groups = build_optim_wrapper(model, cfg).optimizer.param_groups
    scales = {group['layer_id']: group['lr'] / cfg.optimizer.lr for group in groups}
    close([scales[layer_id] for layer_id in range(depth + 2)], case['scales'])
    last = {group['param_name'].rpartition('.')[0] for group in groups if group['layer_id'] == depth + 1}
    assert last == {'backbone.ln2', 'projector.layers.0', 'projector.layers.2', 'projector.layers.4', 'head.fc'}


@adapter('bcl', 'lr_schedule')
def lr_schedule(case: Case) -> None:
    for prefix in [name.removesuffix('lr') for name in case if name.endswith('_lr') and not name.endswith('_base_lr')]:
        epochs, warmup = int(case[f'{prefix}epochs']), int(case[f'{prefix}warmup_epochs'])
        if case[f'{prefix}cosine']:
            case.skip(f'{prefix}milestones')
            scheduler = dict(type='ltcl.WarmupCosineLR', max_epochs=epochs, warmup_epochs=warmup)
        else:
            scheduler = Config.fromfile(
                CONFIGS / 'bcl' / 'bcl_resnet32_1xb256-200e_cifar100-lt-if100.py'
            ).param_scheduler
            scheduler.warmup_epochs = warmup
            # Recorded as the first epoch at the lower rate, ours as the last one before.
            scheduler.milestones = [int(milestone) - 1 for milestone in case[f'{prefix}milestones']]
        close(learning_rates(float(case[f'{prefix}base_lr']), [scheduler], epochs), case[f'{prefix}lr'])
