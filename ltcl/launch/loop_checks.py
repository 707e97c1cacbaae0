"""Whether what is told by epochs or iterations counts as the training loop does."""

from collections.abc import Mapping

from ltcl.errors import UserError

from .run_length import length_of, unit_of

# Parts that would see nothing but the one epoch of an iteration loop, with the entry by which they count iterations.
COUNTERS = (
    ('default_hooks', 'checkpoint', 'CheckpointHook', 'by_epoch'),
    ('default_hooks', 'logger', 'LoggerHook', 'log_metric_by_epoch'),
    ('', 'log_processor', 'LogProcessor', 'by_epoch'),
)


def check_counters(entries: Mapping) -> None:
    """What saves and logs a run of iterations counts them.

    Args:
        entries: Top-level entries of a config.

    Raises:
        UserError: Names every entry to set.
    """
    if unit_of(entries) != 'max_iters':
        return
    wrong = []
    for section, name, kind, entry in COUNTERS:
        part = ((entries.get(section) or {}) if section else entries).get(name, {})
        if isinstance(part, Mapping) and kind in str(part.get('type', kind)) and part.get(entry, True):
            wrong.append(f'{section}.{name}.{entry}'.lstrip('.'))
    if wrong:
        settings = ', '.join(f'{key}=False' for key in wrong)
        saving = ', and default_hooks.checkpoint.interval to iterations' if 'checkpoint' in wrong[0] else ''
        raise UserError(f'{wrong[0]} is True, and the run counts iterations: set {settings}{saving}')


def check_sampler(entries: Mapping) -> None:
    """The training images are drawn for as long as the loop counts.

    Args:
        entries: Top-level entries of a config.

    Raises:
        UserError: Names the sampler and what to set.
    """
    length = length_of(entries, 'max_epochs')
    sampler = (entries.get('train_dataloader') or {}).get('sampler')
    if not isinstance(sampler, Mapping) or unit_of(entries) != 'max_epochs':
        return
    name = str(sampler.get('type'))
    if name.rpartition('.')[2] == 'InfiniteSampler':
        raise UserError(
            f"train_dataloader.sampler: {name} has no end, and the run counts epochs: set type='DefaultSampler' there, "
            "or train_cfg.type='ltcl.ResumableIterTrainLoop' with max_iters"
        )
    if name.startswith('ltcl.') and sampler.get('max_epochs') not in (None, length):
        raise UserError(
            f'train_dataloader.sampler.max_epochs={sampler["max_epochs"]} is not the length of the run, '
            f'max_epochs={length}: set it to that'
        )
