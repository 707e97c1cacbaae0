"""Figures that a validation reports, and the hooks that compare them."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine import registry as root
from mmengine.config import Config

from ltcl.errors import UserError

from .config_names import similar_names
from .hook_names import hooks_of
from .registered import registered

# Figures that metrics of other packages report, after their prefix.
IOU_FIGURES = ('aAcc', 'mIoU', 'mAcc', 'mDice', 'mFscore', 'mPrecision', 'mRecall')
FIGURES = {'SingleLabelMetric': ('precision', 'recall', 'f1-score', 'support'), 'IoUMetric': IOU_FIGURES}


def check_figures(cfg: Config, scope: str) -> None:
    """The figures that hooks compare are among those that the validation reports.

    Raises:
        UserError: Names the hook's option and the figures.
    """
    metrics = cfg.get('val_evaluator')
    metrics = metrics if isinstance(metrics, list | tuple) else [metrics]
    if not all(isinstance(metric, Mapping) for metric in metrics):
        return
    reported = [figures_of(metric, scope) for metric in metrics]
    if None in reported:
        return
    known = [figure for figures in reported for figure in figures or ()]
    for key, value in _compared(cfg):
        for figure in [value] if isinstance(value, str) else value or ():
            if figure not in (*known, 'auto'):
                hint = similar_names(figure, known) or f'it reports {", ".join(known)}'
                raise UserError(f'{key}={figure!r} is no figure of val_evaluator: {hint}')


def _compared(cfg: Config) -> Iterator[tuple[str, Any]]:
    for key, hook in hooks_of(cfg):
        for name in ('save_best', 'monitor', 'best_by'):
            yield f'{key}.{name}', hook.get(name)


def figures_of(metric: Mapping, scope: str) -> list[str] | None:
    """Figures that a metric reports, with prefix; None where only the metric itself knows."""
    built: Any = registered(root.METRICS, str(metric.get('type')), scope)
    names = getattr(built, 'figures', None) or FIGURES.get(getattr(built, '__name__', ''))
    if getattr(built, '__name__', None) == 'Accuracy' and metric.get('thrs') is None:
        topk = metric.get('topk', (1,))
        names = [f'top{k}' for k in ([topk] if isinstance(topk, int) else topk)]
    if names is None:
        return None
    prefix = metric.get('prefix') or built.default_prefix
    return [f'{prefix}/{name}' if prefix else name for name in names]
