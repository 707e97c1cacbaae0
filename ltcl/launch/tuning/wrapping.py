"""``--tune lora`` and ``--tune last N``: a backbone of which a part is trained."""

from mmengine.config import Config

WRAPPERS = ('ltcl.AdaptedBackbone', 'ltcl.LastBlocks')
CONSTRUCTOR = 'ltcl.TrainedOnly'
# In full, so that a config shows what can be changed.
LORA = dict(type='ltcl.LoRA', rank=8, alpha=16, layers=['qkv', 'proj'])


def adapt(cfg: Config, adapter: dict | None = None) -> None:
    """Train adapters in the blocks of a frozen vision transformer, and the head.

    Args:
        cfg: The config, changed in place. The encoder is taken from its ``load_from``, if it has one.
        adapter: Config of the adapters; None is :data:`LORA`.
    """
    encoder = encoder_of(cfg)
    if cfg.get('load_from') and not cfg.get('resume'):  # which has no adapters
        encoder['init_cfg'] = dict(type='Pretrained', checkpoint=cfg.load_from, prefix='backbone.')
        cfg.load_from = None
    cfg.model.backbone = dict(type='ltcl.AdaptedBackbone', encoder=encoder, adapter=dict(adapter or LORA))
    _optimize_trained(cfg)


def train_last(cfg: Config, blocks: int) -> None:
    """Train the last blocks of the backbone, what follows them, and the head.

    Args:
        cfg: The config, changed in place.
        blocks: How many.
    """
    cfg.model.backbone = dict(type='ltcl.LastBlocks', encoder=encoder_of(cfg), blocks=blocks)
    _optimize_trained(cfg)


def encoder_of(cfg: Config) -> dict:
    """Config of the whole network, without what another way of tuning has put around it; nothing else freezes it."""
    backbone = cfg.model.backbone
    encoder = backbone.encoder if backbone.type in WRAPPERS else backbone
    if cfg.model.get('frozen'):
        cfg.model.frozen = ()
    found = encoder.to_dict()
    found.pop('frozen_stages', None)
    return found


def _optimize_trained(cfg: Config) -> None:
    wrapper = cfg.get('optim_wrapper')
    if wrapper and 'LearningRateDecay' not in str(wrapper.get('constructor')):  # which leaves frozen ones out as well
        wrapper.constructor = CONSTRUCTOR
