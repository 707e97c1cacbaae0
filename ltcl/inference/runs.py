"""A trained model as its run left it: found, read and built, from the checkpoint alone."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS, MODELS, DefaultScope, Registry
from mmpretrain.models import ClsHead, ImageClassifier
from torch import Tensor, nn

from ltcl.calibration import Calibration
from ltcl.checkpoints.choosing import checkpoint_of
from ltcl.checkpoints.class_names import trained_classes
from ltcl.checkpoints.run_state import meta_of
from ltcl.checkpoints.schemes import load_checkpoint
from ltcl.checkpoints.stored_config import stored_config
from ltcl.engine.finite import not_finite_by_design, refuse_not_finite
from ltcl.engine.hooks.feature_bank_hook import extract_features, loader_in_order, training_images
from ltcl.engine.hooks.strict_load_hook import absent_counts, compare_tensors, tensors_of
from ltcl.errors import UserError
from ltcl.launch.building import import_custom_modules, import_scope
from ltcl.launch.config_values import OWN_IMAGES, fill_num_classes, images_of, use_plain_norms
from ltcl.launch.configs import load_config
from ltcl.launch.hook_names import hooks_of
from ltcl.work_dir import name_of_checkpoint

SCOPE, SEGMENTATION = 'mmpretrain', 'mmseg'
# What a model of each scope is taken for, by whom.
TAKERS = {
    SCOPE: 'a checkpoint of a classifier of images: LongTailClassifier.load takes it',
    SEGMENTATION: 'a checkpoint of segmentation: LongTailSegmenter.load, `ltcl predict`, `ltcl export` and `ltcl test` '
    'take it',
}


class SavedRun(NamedTuple):
    """What is known of a trained model.

    Args:
        path: The checkpoint.
        checkpoint: What it holds.
        config: The config of its training, or the one that was named for it.
        classes: Names of the classes, in the order of the labels.
        class_counts: Training images per class; None where the checkpoint does not tell them.
    """

    path: Path
    checkpoint: dict
    config: Config
    classes: list[str]
    class_counts: list[int] | None

    @property
    def scope(self) -> str:
        """Scope of the model's parts: ``SCOPE`` of classifiers, ``SEGMENTATION`` of networks that segment."""
        return _scope_of(self.config)

    @property
    def test_dataloader(self) -> Mapping:
        """Config of the dataloader whose images the model is tested on."""
        return self.config.get('test_dataloader') or self.config.val_dataloader

    @property
    def name(self) -> str:
        """Name of the model, for files that it writes: work dir and checkpoint."""
        return name_of_checkpoint(self.path)


def read_run(run: str | Path, config: str | Path | None = None, scope: str | None = SCOPE) -> SavedRun:
    """Find and read a run.

    Args:
        run: A work dir or a checkpoint, see :func:`~ltcl.checkpoints.choosing.checkpoint_of`.
        config: A config to use in the place of the checkpoint's own.
        scope: What the model must be, ``SCOPE`` or ``SEGMENTATION``; None takes both.

    Raises:
        UserError: There is no checkpoint, it cannot be read, it carries no config and none is named, or it is one of
            another scope.
    """
    path = checkpoint_of(run)
    checkpoint = load_checkpoint(str(path))
    cfg = stored_config(checkpoint, path) if config is None else load_config(config)
    if scope not in (None, _scope_of(cfg)):
        raise UserError(f'{path} is {TAKERS[_scope_of(cfg)]}')
    if not (cfg.get('test_dataloader') or cfg.get('val_dataloader')):
        raise UserError(f'the config of {path} has no test_dataloader, whose pipeline prepares the images: set it')
    import_scope(_scope_of(cfg))
    if _scope_of(cfg) == SEGMENTATION:
        import_custom_modules(cfg)
    fill_num_classes(cfg, str(path))
    counts = meta_of(checkpoint).get('class_counts')
    classes = trained_classes(checkpoint, path) or _known_classes(cfg)
    return SavedRun(path, checkpoint, cfg, classes, counts if isinstance(counts, list) else None)


def _scope_of(cfg: Config) -> str:
    return SEGMENTATION if cfg.get('default_scope') == SEGMENTATION or 'decode_head' in cfg.model else SCOPE


def calibration_of(run: SavedRun) -> Calibration | None:
    """What ``ltcl calibrate`` stored in a run's checkpoint; None if there is nothing.

    Raises:
        UserError: It is none that this version writes.
    """
    return Calibration.from_meta(meta_of(run.checkpoint), len(run.classes), run.path)


def _known_classes(cfg: Config) -> list[str]:
    """Names of a folder's classes, or those that a kind of test set has of itself, such as CIFAR; else numbers."""
    dataset = images_of((cfg.get('test_dataloader') or cfg.val_dataloader)['dataset'])
    head = cfg.model.get('head') or answering_head(cfg.model.get('decode_head'))
    num_classes = (head or {}).get('num_classes') or 0
    with DATASETS.switch_scope_and_registry(_scope_of(cfg)) as registry:
        names = getattr(registry.get(dataset['type']), 'METAINFO', {}).get('classes')
        if dataset['type'] == OWN_IMAGES:
            names = _names_in_folder(registry, dataset)
            names = names if len(names) == num_classes else None
    return list(names) if names else [str(label) for label in range(num_classes)]


def answering_head(head: Any) -> Any:
    """A decode head, or the last one of a cascade, whose logits are the answer; of their configs likewise."""
    return head[-1] if isinstance(head, list | nn.ModuleList) else head


def _names_in_folder(registry: Registry, dataset: Mapping) -> Sequence[str]:
    """Names of its classes; none where the folder is gone or has other images now."""
    try:
        return registry.build({**dataset, 'pipeline': [], 'lazy_init': True}).metainfo['classes']
    except UserError:
        return ()


def build_model(run: SavedRun, device: str | int | torch.device | None = None) -> Any:
    """The model in eval mode, exactly as it was saved.

    Args:
        run: The run.
        device: Where it computes; None is the first GPU, if there is one.

    Raises:
        UserError: The weights are not those of the config's model or not finite, there is no such device, or the model
            neither classifies nor segments images.
    """
    cfg = run.config
    use_plain_norms(cfg)
    parts = dict(cfg.model)
    if cfg.get('data_preprocessor') is not None:
        parts.setdefault('data_preprocessor', cfg.data_preprocessor)
    with DefaultScope.overwrite_default_scope(run.scope):
        model = MODELS.build(ConfigDict(_without_downloads(parts)))
        if not isinstance(model, ImageClassifier) and not hasattr(model, 'encode_decode'):
            raise UserError(f'{run.path} holds a {type(model).__name__}, which does not classify images')
        _load_weights(model, run)
        model = _moved(model, device).eval()
        _fill_feature_bank(model, cfg)
    return model


def classifies(head: nn.Module | None) -> bool:
    """Whether a head answers with classes, not with features only."""
    return isinstance(head, ClsHead) and getattr(head, 'has_classifier', True)


def _without_downloads(node: object) -> object:
    """A model's config that fetches no pretrained weights: the checkpoint has them all."""
    if isinstance(node, Mapping):
        return {key: False if key == 'pretrained' else _without_downloads(each) for key, each in node.items()}
    return [_without_downloads(each) for each in node] if isinstance(node, list) else node


def _load_weights(model: nn.Module, run: SavedRun) -> None:
    patterns = [] if run.config.get('train_cfg') else _ignored_names(run.config)

    def kept(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: value for name, value in tensors.items() if not any(re.search(each, name) for each in patterns)}

    ours, theirs = kept(model.state_dict()), kept(tensors_of(run.checkpoint, str(run.path)))
    theirs |= absent_counts(ours, run.checkpoint, theirs)
    compare_tensors(ours, theirs, str(run.path))
    refuse_not_finite(theirs, not_finite_by_design(model), str(run.path))
    model.load_state_dict(theirs, strict=False)


def _ignored_names(cfg: Config) -> list[str]:
    """What a config that is only tested does not take from the checkpoint of another one."""
    hooks = [hook for _, hook in hooks_of(cfg) if hook.get('type') == 'ltcl.StrictLoadHook']
    return [pattern for hook in hooks for pattern in hook.get('ignore', ())]


def _moved(model: nn.Module, device: str | int | torch.device | None) -> nn.Module:
    try:
        chosen = ('cuda' if torch.cuda.is_available() else 'cpu') if device is None else device
        return model.to(torch.device(chosen))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split('\n')[0]
        raise UserError(f'device {device} cannot be used ({reason}): name another, such as cpu') from error


def _fill_feature_bank(model: nn.Module, cfg: Config) -> None:
    """Bring the training features to a head that compares images with them."""
    takers: list[Any] = [part for part in model.modules() if hasattr(part, 'set_feature_bank')]
    if not takers:
        return
    hooks = [hook for _, hook in hooks_of(cfg) if hook.get('type') == 'ltcl.FeatureBankHook']
    named = next((hook['dataloader'] for hook in hooks if hook.get('dataloader')), None)
    config = named or training_images(cfg.get('train_dataloader'), cfg.test_dataloader)
    features, labels = extract_features(model, loader_in_order(model, config))
    for taker in takers:
        taker.set_feature_bank(features, labels)
