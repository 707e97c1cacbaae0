"""Where a config has images of a batch mixed with each other, as mixup and CutMix do."""

from collections.abc import Mapping
from typing import Any

PREPROCESSOR = 'data_preprocessor'


def mixing_entry(entries: Mapping[str, Any]) -> str | None:
    """The dotted key of the entry that mixes images; None where none does.

    Args:
        entries: A config with a model. Its preprocessor stands in the model, else beside it.
    """
    model = entries['model']
    owner, prefix = (model, 'model.') if model.get(PREPROCESSOR) else (entries, '')
    for each, place, name in ((model, 'train_cfg', 'augments'), (owner, PREPROCESSOR, 'batch_augments')):
        if (each.get(place) or {}).get(name):
            return f'{"model." if each is model else prefix}{place}.{name}'
    return None
