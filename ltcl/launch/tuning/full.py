"""``--tune full``: the whole network at rates that keep what it has learned."""

from mmengine.config import Config

from ..rate_checks import LAYER_DECAY, RATES
from .wrapping import CONSTRUCTOR, encoder_of

ENCODER_RATE = 0.1
"""Rate of a pretrained convolutional network, by that of the head."""
DECAY = 0.75
"""Rate of a transformer's layer, by that of the next one."""


def train_all(cfg: Config) -> None:
    """Train the whole network.

    The head and the projector have the rate of the config. A vision transformer that tells its layers has
    :data:`DECAY` of it in the last block, and from layer to layer as much of that of the next; another network
    :data:`ENCODER_RATE` of it, and so has one of whose parts the config names a rate. Rates that the config names for
    layers or parts stay.

    Args:
        cfg: The config, changed in place.
    """
    encoder = encoder_of(cfg)
    cfg.model.backbone = encoder
    wrapper = cfg.get('optim_wrapper')
    if not wrapper:
        return
    rates = dict(wrapper.get('paramwise_cfg') or {})
    by_layers = 'LearningRateDecay' in str(wrapper.get('constructor'))
    custom_keys = rates.get('custom_keys') or {}
    names_rates = any(RATES & set(settings) for settings in custom_keys.values())
    if by_layers or (not names_rates and _tells_layers(encoder)):
        wrapper.constructor = wrapper.constructor if by_layers else LAYER_DECAY
        rates.setdefault('layer_decay_rate', DECAY)
    else:
        wrapper.constructor = CONSTRUCTOR
        rates['custom_keys'] = {'backbone': dict(lr_mult=ENCODER_RATE)} | custom_keys
    wrapper.paramwise_cfg = rates


def _tells_layers(encoder: dict) -> bool:
    """Whether a backbone is a transformer that knows the depth of its parameters."""
    from ..building import import_mmpretrain

    import_mmpretrain()
    from mmpretrain.registry import MODELS

    from ltcl.models.adapters.places import has_attention

    kind = MODELS.get(encoder['type'])
    return hasattr(kind, 'get_layer_depth') and has_attention(MODELS.build({**encoder, 'init_cfg': None}))
