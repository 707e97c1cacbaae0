"""Where the figures of a training go besides its files: TensorBoard, W&B, MLflow and others."""

import argparse
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from ltcl.errors import UserError


class Tracker(NamedTuple):
    """A service or program that follows trainings.

    Args:
        backend: Type of the back end in ``visualizer.vis_backends``.
        modules: Modules that it needs.
        package: What to install.
        settings: Its arguments in a run of this name.
    """

    backend: str
    modules: tuple[str, ...]
    package: str
    settings: dict[str, Any] = {}


# {name} stands for the name of the work dir.
TRACKERS = {
    'tensorboard': Tracker('ltcl.TensorboardVisBackend', ('tensorboard',), "'ltcl[tensorboard]'"),
    'wandb': Tracker('WandbVisBackend', ('wandb',), 'wandb', dict(init_kwargs=dict(project='ltcl', name='{name}'))),
    'mlflow': Tracker('ltcl.MLflowVisBackend', ('mlflow',), 'mlflow', dict(exp_name='ltcl', run_name='{name}')),
    'clearml': Tracker(
        'ClearMLVisBackend',
        ('clearml',),
        'clearml',
        # By itself it empties an earlier run of this name, and writes there.
        dict(init_kwargs=dict(project_name='ltcl', task_name='{name}', reuse_last_task_id=False)),
    ),
    # Without arguments mmengine asks it to be offline, whatever the environment says.
    'neptune': Tracker('NeptuneVisBackend', ('neptune',), 'neptune', dict(init_kwargs=dict(name='{name}'))),
    'dvclive': Tracker('DVCLiveVisBackend', ('dvclive', 'pygit2'), 'dvclive pygit2'),
    'aim': Tracker('AimVisBackend', ('aim',), 'aim', dict(init_kwargs=dict(experiment='{name}'))),
}


def track_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names trackers."""
    parser.add_argument(
        '--track',
        action='append',
        choices=[*TRACKERS],
        help='follow the training there as well (docs/tracking.md); may be given several times',
    )


def require_trackers(names: Iterable[str] | None) -> None:
    """Look for the packages of trackers.

    Args:
        names: Keys of :data:`TRACKERS`; None are none.

    Raises:
        UserError: One is not installed.
    """
    for name in names or ():
        _require(TRACKERS[name], f'--track {name}')


def add_trackers(cfg: Config, names: Iterable[str] | None, run: str) -> None:
    """Let a training be followed by trackers as well.

    Args:
        cfg: The config, changed in place.
        names: Keys of :data:`TRACKERS`; one that the config has already stays as it is. None are none.
        run: What the run is called there: the name of its work dir.
    """
    if not names:
        return
    name = Path(run).resolve().name
    cfg.setdefault('visualizer', dict(type='UniversalVisualizer', vis_backends=[]))
    backends = [*(cfg.visualizer.get('vis_backends') or [])]
    for tracker in (TRACKERS[each] for each in names):
        if tracker.backend.rpartition('.')[2] not in (each['type'].rpartition('.')[2] for each in backends):
            backends.append(dict(type=tracker.backend, **_filled(tracker.settings, name)))
    cfg.visualizer.vis_backends = backends


def check_trackers(cfg: Config) -> None:
    """Look for the packages of a config's back ends before any data are read.

    Raises:
        UserError: One is not installed.
    """
    for backend in _backends(cfg):
        kind = str(backend.get('type')).rpartition('.')[2]
        tracker = next((each for each in TRACKERS.values() if each.backend.rpartition('.')[2] == kind), None)
        if tracker is None or backend.get('optional'):
            continue
        _require(tracker, f'{kind} in vis_backends')


def missing_modules(tracker: Tracker) -> list[str]:
    """What a tracker needs and is not installed."""
    return [module for module in tracker.modules if importlib.util.find_spec(module) is None]


def _require(tracker: Tracker, what: str) -> None:
    if missing := missing_modules(tracker):
        names = ' and '.join(missing)
        raise UserError(f'{what} needs {names}: run `pip install {tracker.package}`, or train without it')


def _backends(cfg: Config) -> Iterator[Mapping]:
    visualizer = cfg.get('visualizer') or {}
    for backend in (*(visualizer.get('vis_backends') or ()), *(cfg.get('vis_backends') or ())):
        if isinstance(backend, Mapping):
            yield backend


def _filled(settings: Any, name: str) -> Any:
    if isinstance(settings, dict):
        return {key: _filled(value, name) for key, value in settings.items()}
    return settings.replace('{name}', name) if isinstance(settings, str) else settings
