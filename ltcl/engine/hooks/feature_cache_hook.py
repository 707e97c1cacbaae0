"""Features of a frozen encoder, before anybody asks for them."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ltcl.datasets.cached_features import find_cached
from ltcl.feature_cache import fill_features
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped


@HOOKS.register_module()
class FeatureCacheHook(Hook):
    """Brings every ``ltcl.CachedFeatures`` of a run its features, from the cache or through the encoder."""

    priority = 'HIGH'  # after the look for broken images

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
