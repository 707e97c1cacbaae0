"""mmengine's runner with a console that a person can follow, and with checkpoints that are data."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config
from mmengine.dist import is_main_process, master_only
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.model import BaseModule
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner as MMEngineRunner
from mmengine.runner.checkpoint import CheckpointLoader, _load_checkpoint_to_model
from mmengine.visualization import Visualizer
from torch import nn

from ltcl.checkpoints.run_state import CALIBRATION_KEY, check_resumable, meta_of
from ltcl.checkpoints.schemes import install_safe_loaders
from ltcl.functional.compiling import told_of_translation
from ltcl.launch.compile_option import compile_options
from ltcl.launch.formatted_config import FormattedConfig
from ltcl.launch.hook_names import MMENGINE_HOOKS
from ltcl.launch.unread_output import outlive_readers
from ltcl.models.utils.weight_layout import lay_out_weights
from ltcl.neutral_text import neutralise
from ltcl.notices import note
from ltcl.registry import RUNNERS
from ltcl.work_dir import locked

from .compiling import compile_training
from .gathering import gather_by_messages
from .optimizers.custom_keys import check_custom_keys
from .optimizers.fused import with_fused
from .resuming import resume_run
from .run_logs import go_on_without
from .saving import join_writing, write_run
from .sharded import FullyShardedModel, refuse_unfit
from .starting import require_shared, start_of_run
from .unwrapped import unwrapped

# As mmengine writes it.
TIMESTAMP = '%Y%m%d_%H%M%S'
# These fill several screens before the first iteration; the log file has them.
LOG_FILE_ONLY = (
    '\n----',
    'Config:',
    'Hooks will be executed',
    'Distributed training is not used',
    'Exp name:',
    'Saving checkpoint at',
    'Loads checkpoint by',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a log record belongs on the console as well as in the log file."""
    return not record.getMessage().startswith(LOG_FILE_ONLY)


def frugal(metric: Any) -> Any:
    """Config of a metric, with our ``Accuracy`` in the place of mmpretrain's."""
    is_plain = isinstance(metric, Mapping) and metric.get('type') == 'Accuracy'
    return {**metric, 'type': 'ltcl.TopKAccuracy'} if is_plain else metric


@RUNNERS.register_module()
class Runner(MMEngineRunner):
    """mmengine's runner, but for its console and its checkpoints.

    Differs from it: environment, config and hook list go to the log file only. The checkpoint hook is ours, unless a
    config names another in full; any entry of ``default_hooks`` may be None. A training locks its work dir and keeps
    the files of an earlier run there apart. Checkpoints are written whole or not at all and hold plain data; nothing in
    them is run, also not the text of their config. A resumed run may have another batch size, number of processes or
    training set, see :func:`.resuming.resume_run`. Where images are laid out channels-last, weights are, too. SGD is
    fused on a CPU. ``compile`` translates encoders and losses, see :func:`.compiling.compile_training`.
    """

    _resume: bool | str
    _load_from: str | None
    _timestamp: str
    _used_timestamps: ClassVar[set[str]] = set()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        install_safe_loaders()
        if isinstance(kwargs.get('cfg'), Config):
            kwargs['cfg'] = FormattedConfig.of(kwargs['cfg'])
        super().__init__(*args, **kwargs)

    def setup_env(self, env_cfg: dict) -> None:
        """As mmengine's, with a timestamp that no other run of this process has.

        mmengine names a run by the second of its start, and keeps log and figures by that name: of two starting within
        a second, the later one would write into the log of the first, and go on with its figures.

        Args:
            env_cfg: What to set.
        """
        super().setup_env(env_cfg)
        moment = datetime.strptime(self._timestamp, TIMESTAMP)
        while self._timestamp in self._used_timestamps:
            moment += timedelta(seconds=1)
            self._timestamp = moment.strftime(TIMESTAMP)
        self._used_timestamps.add(self._timestamp)

    def build_logger(self, *args: object, **kwargs: object) -> MMLogger:
        """The logger, its console handlers without the dumps; that nobody reads the console any more ends no run."""
        outlive_readers()
        logger = super().build_logger(*args, **kwargs)
        neutralise(logger)
        for handler in logger.handlers:
            if type(handler) is logging.StreamHandler:
                handler.addFilter(is_news)
                go_on_without(handler, 'the log on the console')
            if isinstance(handler, logging.FileHandler):
                go_on_without(handler, f'the log {handler.baseFilename}')
        return logger

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """mmengine's default hooks with ``ltcl.CheckpointHook``; ``mmengine.CheckpointHook`` names that of mmengine.

        Args:
            hooks: Further hooks and changes of mmengine's by name. None takes the hook of any name away.
        """
        hooks = {name: hook for name, hook in (hooks or {}).items() if hook is not None or name in MMENGINE_HOOKS}
        checkpoint = hooks.get('checkpoint', dict(type='CheckpointHook', interval=1))
        if isinstance(checkpoint, dict) and checkpoint.get('type') == 'CheckpointHook':
            checkpoint = {**checkpoint, 'type': 'ltcl.CheckpointHook'}
        super().register_default_hooks({**hooks, 'checkpoint': checkpoint})

    def build_evaluator(self, evaluator: Evaluator | dict | list) -> Evaluator:
        """mmengine's evaluator with ``ltcl.TopKAccuracy``; ``mmpretrain.Accuracy`` names that of mmpretrain.

        Several processes gather without files, but for metrics with a ``collect_dir``.

        Args:
            evaluator: Configs of metrics, or an evaluator.
        """
        if isinstance(evaluator, list):
            evaluator = [frugal(each) for each in evaluator]
        elif isinstance(evaluator, dict):
            evaluator = frugal(evaluator)
        built = super().build_evaluator(evaluator)
        gather_by_messages(getattr(built, 'metrics', ()))
        return built

    def build_visualizer(self, visualizer: Visualizer | dict | None = None) -> Visualizer:
        """mmengine's visualizer; that of mmpretrain makes its figure when something is drawn.

        Args:
            visualizer: Config of a visualizer, or one.
        """
        if isinstance(visualizer, dict) and visualizer.get('type') == 'UniversalVisualizer':
            from .visualizer import LateVisualizer  # mmpretrain, which segmentation need not have

            visualizer = {**visualizer, 'type': LateVisualizer}
        return super().build_visualizer(visualizer)

    def dump_config(self) -> None:
        """Nothing: mmengine writes as soon as it is built, also over the config of a training that goes on there."""

    @master_only
    def _write_config(self, prefix: str = '') -> None:
        """Write the config into the work dir, unless it was read from that very file, which may have comments."""
        name = self.cfg.filename or f'{self.timestamp}.py'
        path = Path(self.work_dir, f'{prefix}{Path(name).name}')
        if path.resolve() != Path(name).resolve():
            self.cfg.dump(path)

    def train(self) -> nn.Module:
        """Train, alone in the work dir.

        Returns:
            The trained model.

        Raises:
            UserError: Another training writes there, processes have different ones, or there is no checkpoint to
                resume from.
        """
        with locked(self.work_dir):
            return self._train()

    def _train(self) -> nn.Module:
        require_shared(self.work_dir)
        start = start_of_run(self.work_dir, self._resume, self._load_from, self.timestamp)
        self._resume, self._load_from = start.is_resumed, start.checkpoint
        self._write_config()
        with told_of_translation('the training step'):
            return super().train()

    def test(self) -> dict[str, float]:
        """Test; the config is written beside that of the training, which it is not.

        Returns:
            The figures.
        """
        self._write_config('test_')
        return super().test()

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Lay out the weights as the images are, then put the model on its device and into the wrapper of DDP."""
        if getattr(getattr(model, 'data_preprocessor', None), 'channels_last', False):
            lay_out_weights(model)
        return super().wrap_model(model_wrapper_cfg, model)

    def build_optim_wrapper(self, optim_wrapper: Any) -> OptimWrapper | OptimWrapperDict:
        """As mmengine's, of an optimizer that takes each parameter in one pass where that changes no number.

        A model that is to be sharded is so before, as an optimizer keeps the parameters it gets.

        Raises:
            UserError: A rate is for layers that the model does not have.
        """
        check_custom_keys(optim_wrapper, unwrapped(self.model))
        if isinstance(self.model, FullyShardedModel):
            if not self.model.is_sharded:
                refuse_unfit(self.hooks, optim_wrapper)
                self._init_model_weights()
                self.model.shard()
            return super().build_optim_wrapper(optim_wrapper)
        return super().build_optim_wrapper(with_fused(optim_wrapper, self.model))

    def _maybe_compile(self, target: str) -> None:
        """Translate encoders and losses, in the place of the whole training step that mmengine would translate."""
        options = compile_options(self.cfg)
        if options is not None:
            parts = compile_training(unwrapped(self.model), options)
            self.logger.info(f'compiled: {", ".join(parts)} and losses; the first iterations take longer')

    def _init_model_weights(self) -> None:
        """As mmengine's; a run that goes on does not read again what it started from."""
        if getattr(self.model, 'is_sharded', False):
            return
        modules: list[Any] = [*unwrapped(self.model).modules()] if self._resume else []
        for module in (module for module in modules if isinstance(module, BaseModule)):
            if isinstance(module.init_cfg, dict) and module.init_cfg['type'] == 'Pretrained':
                module.init_cfg = None
        super()._init_model_weights()

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        file_client_args: dict | None = None,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: dict | None = None,
        by_epoch: bool = True,
        backend_args: dict | None = None,
    ) -> None:
        """Save a checkpoint on the main process, as mmengine's hooks ask for it; see :func:`.saving.write_run`."""
        if is_main_process():
            step = (
                dict(epoch=self.epoch + 1, iter=self.iter) if by_epoch else dict(epoch=self.epoch, iter=self.iter + 1)
            )
            write_run(self, Path(out_dir, filename), {**step, **(meta or {})}, weights_only=not save_optimizer)
        else:
            join_writing(self, weights_only=not save_optimizer)

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | Callable = 'cpu',
        strict: bool = False,
        revise_keys: list = [(r'^module.', '')],  # noqa: B006 (mmengine's signature)
    ) -> dict:
        """Load weights; what is to be resumed is checked before anything is copied."""
        checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, logger='current')
        if self._resume:
            check_resumable(checkpoint, filename)
        if isinstance(checkpoint, Mapping):
            checkpoint = {**checkpoint, 'meta': meta_of(checkpoint)}
            if CALIBRATION_KEY in checkpoint['meta'] and not isinstance(self._train_loop, dict | None):
                note(f'The calibration of {filename} is not that of a model trained on: `ltcl calibrate` fits one anew')
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        model = unwrapped(self.model)
        _load_checkpoint_to_model(model, checkpoint, strict, revise_keys=revise_keys)
        self._has_loaded = True
        self.logger.info(f'Load checkpoint from {filename}')
        return checkpoint

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: str | Callable = 'default',
    ) -> None:
        """Go on from a checkpoint; see :func:`.resuming.resume_run`."""
        resume_run(self, filename, map_location)
        self._has_loaded = True
