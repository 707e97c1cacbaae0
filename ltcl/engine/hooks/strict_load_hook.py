"""A checkpoint that does not fit the model is an error, not a line in the log."""

import re
from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ltcl.errors import UserError
from ltcl.registry import HOOKS

SHOWN = 6


@HOOKS.register_module()
class StrictLoadHook(Hook):
    """Refuses a checkpoint whose tensors are not exactly those of the model, before any is copied.

    MMEngine loads what matches and only logs the rest, so a file of another architecture trains or tests a network that
    is partly random. To start from parts of another model use ``init_cfg=dict(type='Pretrained', ...)``.

    Args:
        ignore: Regular expressions; names in which one is found may be missing, superfluous or of another shape.
    """

    def __init__(self, ignore: Sequence[str] = ()) -> None:
        self.ignore = [re.compile(pattern) for pattern in ignore]

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the checkpoint's names and shapes with the model's.

        Raises:
            UserError: Lists what is missing, superfluous or of another shape.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        source = runner._load_from or 'to resume from'
        if 'state_dict' not in checkpoint:
            raise UserError(
                f'the checkpoint {source} has no state_dict, only {", ".join(map(str, list(checkpoint)[:SHOWN]))}: '
                'it was not written by ltcl'
            )
        if runner._resume and 'optimizer' not in checkpoint:
            raise UserError(
                f'the checkpoint {source} has weights only, so no run can be resumed from it: '
                'start from its weights with --cfg-options load_from=... instead of --resume'
            )
        ours = model.state_dict()
        theirs = {name.removeprefix('module.'): value for name, value in checkpoint['state_dict'].items()}
        problems = {name: f'missing {name}' for name in ours.keys() - theirs.keys()}
        problems |= {name: f'unknown {name}' for name in theirs.keys() - ours.keys()}
        problems |= {
            name: f'{name} has shape {tuple(theirs[name].shape)}, not {tuple(ours[name].shape)}'
            for name in ours.keys() & theirs.keys()
            if theirs[name].shape != ours[name].shape
        }
        found = sorted(text for name, text in problems.items() if not any(p.search(name) for p in self.ignore))
        if found:
            more = f' and {len(found) - SHOWN} more' if len(found) > SHOWN else ''
            raise UserError(
                f'the checkpoint {source} is of another architecture than the config: '
                f'{"; ".join(found[:SHOWN])}{more}. Use the config it was trained with'
            )
