"""Whether anybody reads what a config says of the rates of single layers."""

from collections.abc import Mapping

from ltcl.errors import UserError

from .config_names import similar_names

LAYER_DECAY = 'LearningRateDecayOptimWrapperConstructor'
DECAYS = frozenset({'bias_decay_mult', 'norm_decay_mult', 'flat_decay_mult', 'custom_keys'})
PLAIN = DECAYS | {'bias_lr_mult', 'dcn_offset_lr_mult', 'dwconv_decay_mult', 'bypass_duplicate'}
# Entries of paramwise_cfg that each constructor reads; that of another package may read others.
READ = {
    'DefaultOptimWrapperConstructor': PLAIN,
    'TrainedOnly': PLAIN,
    LAYER_DECAY: DECAYS | {'layer_decay_rate'},
}
RATES = frozenset({'lr_mult', 'lr'})
# What a custom key can set: the multipliers, and entries of a group of parameters of an optimizer.
SETTINGS = RATES | {'decay_mult', 'weight_decay', 'momentum', 'dampening', 'nesterov', 'betas', 'eps'}


def check_rates(entries: Mapping) -> None:
    """The entries of ``optim_wrapper.paramwise_cfg`` and of its ``custom_keys`` have an effect.

    Args:
        entries: Top-level entries of a config.

    Raises:
        UserError: Names the first that has none, and what to write.
    """
    wrapper = entries.get('optim_wrapper') or {}
    paramwise = wrapper.get('paramwise_cfg') or {}
    constructor = str(wrapper.get('constructor') or 'DefaultOptimWrapperConstructor').rpartition('.')[2]
    if constructor not in READ:
        return
    for name in paramwise:
        _require('optim_wrapper.paramwise_cfg', name, constructor, READ[constructor])
    settings = SETTINGS - RATES if constructor == LAYER_DECAY else SETTINGS
    for key, values in (paramwise.get('custom_keys') or {}).items():
        path = f'optim_wrapper.paramwise_cfg.custom_keys[{key!r}]'
        if not isinstance(values, Mapping):
            raise UserError(f'{path}={values!r:.80} must be a dict, such as dict(lr_mult=0.1)')
        for name in values:
            _require(path, name, constructor, settings)


def _require(path: str, name: str, constructor: str, known: frozenset[str]) -> None:
    if name in known:
        return
    hint = similar_names(name, known) or f'it reads {", ".join(sorted(known))}'
    if name == 'layer_decay_rate':
        hint = f"set optim_wrapper.constructor='{LAYER_DECAY}'"
    raise UserError(f'{path}: {constructor} does not read {name}: {hint}')
