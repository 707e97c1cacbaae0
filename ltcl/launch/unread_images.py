"""The images of a config, to count them or to look at their files, without a transform that opens them."""

from collections.abc import Mapping
from typing import Any

# What caches, repeats or mixes images holds no others than the data set in it.
WRAPPERS = ('CachedFeatures', 'ClassBalancedDataset', 'MultiImageMixDataset', 'RepeatDataset')


def unread_images(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Config of the images of a data set, each once, with what chooses them, such as ``ltcl.LongTailedDataset``.

    Args:
        dataset: Config of a data set.

    Returns:
        Config of one that gives the same infos and opens no image.
    """
    while str(dataset['type']).rpartition('.')[2] in WRAPPERS:
        dataset = dataset['dataset']
    parts = dict(dataset)
    if isinstance(parts.get('dataset'), Mapping):
        parts['dataset'] = unread_images(parts['dataset'])
    if 'datasets' in parts:
        parts['datasets'] = [unread_images(each) for each in parts['datasets']]
    return parts | {'pipeline': []} if 'pipeline' in parts else parts
