"""A test of several checkpoints as one classifier: its config, and the loading of the members."""

import copy
from collections.abc import Sequence

from mmengine.config import Config
from mmengine.runner import Runner

from ltcl.checkpoints.class_names import trained_classes
from ltcl.checkpoints.run_state import CALIBRATION_KEY
from ltcl.checkpoints.schemes import load_checkpoint
from ltcl.errors import UserError
from ltcl.launch.config_values import images_of
from ltcl.notices import note

from .finite import not_finite_by_design, refuse_not_finite
from .hooks.strict_load_hook import compare_tensors, tensors_of
from .unwrapped import unwrapped


def ensemble_config(configs: Sequence[Config]) -> Config:
    """The first config with an ``ltcl.EnsembleClassifier`` of the models of all.

    Args:
        configs: One config for each member. Test set, metrics and everything else are those of the first.

    Returns:
        A new config; it loads no checkpoint by itself, see :func:`load_members`.
    """
    cfg = copy.deepcopy(configs[0])
    cfg.model = dict(type='ltcl.EnsembleClassifier', members=[_member(each) for each in configs])
    cfg.data_preprocessor = cfg.load_from = None
    cfg.test_dataloader.dataset = images_of(cfg.test_dataloader.dataset)  # features are those of one member
    return cfg


def load_members(runner: Runner, paths: Sequence[str]) -> None:
    """Load a checkpoint into each member of the runner's ensemble, and nothing later on.

    Args:
        runner: Built from :func:`ensemble_config`.
        paths: A checkpoint for each member; the first one's class counts define the shot groups.

    Raises:
        UserError: A checkpoint does not fit its member or is not finite, or two were trained on classes of other names.
    """
    model = unwrapped(runner.model)
    metas, names = [], []
    for member, path in zip(model.members, paths, strict=True):
        checkpoint = load_checkpoint(path)
        tensors = tensors_of(checkpoint, path)
        compare_tensors(member.state_dict(), tensors, path)
        refuse_not_finite(tensors, not_finite_by_design(member), path)
        member.load_state_dict(tensors)
        metas.append(checkpoint.get('meta', {}))
        names.append(trained_classes(checkpoint, path))
    if any(CALIBRATION_KEY in (meta or {}) for meta in metas):
        note('An ensemble sums the scores of its members as they were trained: no calibration of theirs is used')
    _check_classes(names, paths)
    runner.call_hook('after_load_checkpoint', checkpoint=dict(state_dict=model.state_dict(), meta=metas[0]))
    runner._has_loaded, runner._load_from = True, ' + '.join(paths)  # for the report; the runner loads nothing more


def _member(cfg: Config) -> dict:
    preprocessor = cfg.get('data_preprocessor')
    return {**({} if preprocessor is None else {'data_preprocessor': preprocessor}), **cfg.model}


def _check_classes(names: Sequence[list[str] | None], paths: Sequence[str]) -> None:
    """Compare the class names that the checkpoints were trained with; a converted one tells none."""
    known = [(path, classes) for path, classes in zip(paths, names, strict=True) if classes]
    for path, classes in known[1:]:
        if classes != known[0][1]:
            raise UserError(
                f'{known[0][0]} and {path} were trained on classes of different names or another order: '
                'their logits cannot be summed'
            )
