"""Features of the training images, for whatever compares test images with them."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from mmengine.dataset import BaseDataset
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import BaseLoop, Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ltcl.datasets.cached_features import find_cached
from ltcl.errors import UserError
from ltcl.feature_cache import fill_features
from ltcl.launch.progress import PROGRESS
from ltcl.models.utils import gather
from ltcl.notices import note_progress
from ltcl.progress_bars import tracked
from ltcl.registry import HOOKS

from ..unwrapped import unwrapped


@HOOKS.register_module()
class FeatureBankHook(Hook):
    """Extracts the training features before each validation and test and hands them to who has ``set_feature_bank``.

    That are metrics, such as ``ltcl.KNNAccuracy``, and parts of the model, such as ``ltcl.NearestClassMeanHead``. The
    encoder runs in eval mode; several processes share the images. Nothing is extracted where nobody asks.

    Args:
        dataloader: Config of a dataloader with the training images and the test pipeline. None: the training set of
            the run, read as its validation or test set is, by the same pipeline and in batches of the same size.
            Whatever the sampler, each image is read once and the bank is in the order of the data set.
    """

    # After EMAHook, which swaps the averaged weights in at the same moment.
    priority = 'LOW'

    def __init__(self, dataloader: dict | None = None) -> None:
        self.dataloader = dataloader
        self._loader: DataLoader | None = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Fill the bank for a validation."""
        self._fill(runner, runner.val_loop, runner.cfg.get('val_dataloader'))

    def before_test_epoch(self, runner: Runner) -> None:
        """Fill the bank for a test."""
        self._fill(runner, runner.test_loop, runner.cfg.get('test_dataloader'))

    def _fill(self, runner: Runner, loop: BaseLoop, evaluated: dict) -> None:
        model = unwrapped(runner.model)
        takers = [part for part in (*model.modules(), *loop.evaluator.metrics) if hasattr(part, 'set_feature_bank')]
        if not takers:
            return
        if self._loader is None:
            config = self.dataloader or training_images(runner.cfg.get('train_dataloader'), evaluated)
            self._loader = loader_in_order(model, config, runner.seed)
        features, labels = extract_features(model, self._loader)
        for taker in takers:
            taker.set_feature_bank(features, labels)


def bank_of_training(runner: Runner) -> tuple[Tensor, Tensor]:
    """Features and labels of the training images as the model is now, prepared as those of validation or test.

    Args:
        runner: The runner, in ``before_train``.

    Returns:
        As :func:`extract_features`.

    Raises:
        UserError: The run has no pipeline of a validation or test.
    """
    evaluated = runner.cfg.get('val_dataloader') or runner.cfg.get('test_dataloader')
    if evaluated is None:
        raise UserError('the config has neither val_dataloader nor test_dataloader, whose pipeline prepares the images')
    model, config = unwrapped(runner.model), training_images(runner.cfg.get('train_dataloader'), evaluated)
    return extract_features(model, loader_in_order(model, config, runner.seed))


def loader_in_order(model: nn.Module, config: dict, seed: int = 0) -> DataLoader:
    """A data loader that gives each image once, in the order of the data set; cached features are there.

    Args:
        model: Whose features they are.
        config: Config of the dataloader.
        seed: Of its workers.
    """
    loader = Runner.build_dataloader(in_order(config), seed=seed)
    cached = find_cached(loader.dataset)
    if cached is not None:
        fill_features(model, cached)
    return loader


def training_images(train_dataloader: Mapping | None, evaluated: Mapping) -> dict:
    """Config of a dataloader of the training images that is in all else like that of the validation or test set.

    Raises:
        UserError: The run has no training set.
    """
    if train_dataloader is None:
        raise UserError('the config has no train_dataloader: name the training images in FeatureBankHook(dataloader=)')
    dataset = with_pipeline(train_dataloader['dataset'], evaluated['dataset']['pipeline'])
    dataset.pop('num_views', None)  # cached features are then those of a test
    return {**evaluated, 'dataset': dataset}


def with_pipeline(dataset: dict, pipeline: list[dict]) -> dict:
    """Config of a data set, or of those that it wraps or joins, with another pipeline."""
    if 'datasets' in dataset:
        return {**dataset, 'datasets': [with_pipeline(each, pipeline) for each in dataset['datasets']]}
    if 'dataset' in dataset and 'pipeline' not in dataset:
        return {**dataset, 'dataset': with_pipeline(dataset['dataset'], pipeline)}
    return {**dataset, 'pipeline': pipeline}


def in_order(dataloader: dict) -> dict:
    """Config of a dataloader that gives each image once, in the order of the data set."""
    sampler = dict(type='DefaultSampler', shuffle=False, round_up=True)
    return {**dataloader, 'sampler': sampler, 'drop_last': False}


@torch.no_grad()
def extract_features(
    model: nn.Module, loader: DataLoader, title: str = 'features of the training images'
) -> tuple[Tensor, Tensor]:
    """Pooled features and labels of a data set, the same on every process.

    Args:
        model: A classifier of mmpretrain; its train or eval mode is the same afterwards.
        loader: Gives each process every ``world_size``-th image, as mmengine's ``DefaultSampler`` without shuffling.
        title: What a bar says of it.

    Returns:
        Features (M, C) and labels (M,), int64, in the order of the data set, on the model's device.

    Raises:
        UserError: The features are maps, not vectors.
    """
    was_training = model.training
    model.eval()
    batches = (encode(model, batch) for batch in tracked(loader, title, unit='batches', say=note_progress))
    sampler: Any = loader.sampler  # mmengine's have a length
    features, labels = joined(batches, len(sampler))
    model.train(was_training)
    dataset: BaseDataset = loader.dataset
    size = len(dataset)
    return _in_dataset_order(features, size), _in_dataset_order(labels, size)


def joined(batches: Iterable[tuple[Tensor, Tensor]], num_rows: int) -> tuple[Tensor, Tensor]:
    """Features and labels of all batches, written where they stay: joining a list of them takes the memory twice."""
    features = labels = torch.empty(0)
    filled = 0
    for some, some_labels in batches:
        if not filled:
            features, labels = some.new_empty(num_rows, some.shape[1]), some_labels.new_empty(num_rows)
        features[filled : filled + len(some)] = some
        labels[filled : filled + len(some)] = some_labels
        filled += len(some)
    return features[:filled], labels[:filled]


def encode(model: BaseModel, batch: dict) -> tuple[Tensor, Tensor]:
    """Pooled features (N, C) and labels (N,) of a batch of a data loader.

    Raises:
        UserError: The features are maps, not vectors.
    """
    PROGRESS.step()
    data = model.data_preprocessor(batch, False)
    features = model.extract_feat(data['inputs'])[-1]
    if features.ndim != 2:
        raise UserError(
            f'the features have shape {tuple(features.shape)}, FeatureBankHook needs (N, C): '
            "give the model neck=dict(type='GlobalAveragePooling')"
        )
    return features, torch.cat([sample.gt_label for sample in data['data_samples']])


def _in_dataset_order(rows: Tensor, size: int) -> Tensor:
    """Rows of all processes, dealt out in turn, without those that fill up the last turn."""
    return gather(rows).unflatten(0, (get_world_size(), -1)).transpose(0, 1).flatten(0, 1)[:size]
