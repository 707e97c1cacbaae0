"""Features of a frozen encoder, before anybody asks for them."""

import re
from collections.abc import Mapping

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ltcl.datasets.cached_features import find_cached
from ltcl.feature_cache import fill_features
from ltcl.models.backbones import FrozenBackbone
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped

OUTER, INNER = 'backbone.', 'backbone.encoder.'


@HOOKS.register_module()
class FeatureCacheHook(Hook):
    """Brings every ``ltcl.CachedFeatures`` of a run its features, from the cache or through the encoder.

    A checkpoint of a model whose backbone is not wrapped in ``ltcl.FrozenBackbone``, such as that of a first stage,
    brings that wrapped one its weights.
    """

    priority = 'HIGH'  # after the look for broken images, before weights are compared

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Name the weights of a backbone as those of the frozen encoder."""
        state, backbone = checkpoint.get('state_dict'), getattr(unwrapped(runner.model), 'backbone', None)
        if not isinstance(backbone, FrozenBackbone) or not isinstance(state, Mapping):
            return
        if not any(name.startswith(INNER) for name in state):
            checkpoint['state_dict'] = {re.sub(f'^{OUTER}', INNER, name): each for name, each in state.items()}

    def before_train(self, runner: Runner) -> None:
        """Fill training and validation."""
        _fill(runner, runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            self.before_val(runner)

    def before_val(self, runner: Runner) -> None:
        """Fill the validation."""
        _fill(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Fill the test."""
        _fill(runner, runner.test_dataloader.dataset)


def _fill(runner: Runner, dataset: Dataset) -> None:
    cached = find_cached(dataset)
    if cached is not None:
        fill_features(unwrapped(runner.model), cached)
