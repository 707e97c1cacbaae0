"""The page: what is known of some runs, put into one file."""

import base64
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ltcl.analysis.run_report import group_rules, how_tested
from ltcl.files import write_atomic
from ltcl.launch.drawn_anew import DRAWN_ANEW
from ltcl.neutral_text import visible
from ltcl.predictions.calibration import binned_error
from ltcl.predictions.saved_scenes import SavedScenes

from .charts import curves, groups_of, reliability_diagram, tail
from .class_rows import ClassRow, are_counts_known, class_rows
from .class_table import class_csv, figure_columns
from .comparing import compared_tails, differences, have_same_classes, headline, methods_of
from .diagnosis import diagnose, diagnose_scenes
from .feature_section import feature_section
from .matrix import build_matrix, confusion_csv, draw_matrix
from .recipe_difference import recipe_difference
from .run_files import RunFiles, is_of_report
from .same_images import same_images
from .scene_figures import scene_confusions
from .thumbnails import wrong_images
from .wrong_areas import wrong_areas

PAGE_FILE = 'report.html'
MAX_VALUE = 300


def write_page(runs: Sequence[RunFiles], path: Path) -> None:
    """Write a page about one run, or one that compares several."""
    write_atomic(path, build_page(runs))


def build_page(runs: Sequence[RunFiles]) -> str:
    """The page as HTML, with everything that it shows."""
    rows = [class_rows(run) for run in runs]
    methods = methods_of(runs, rows)
    score = runs[0].report['score']
    page: dict[str, Any] = dict(
        title=methods[0].name if len(methods) == 1 else 'Comparison of ' + ', '.join(each.name for each in methods),
        methods=[(each.name, len(each.runs), {t: (m, s) for t, m, s in headline(each)}) for each in methods],
        runs=[about_run(run) for run in runs],
        run=None,
        differences=differences(runs, rows),
        tails=Markup(''),
    )
    page['figures'] = list(dict.fromkeys(title for *_, figures in page['methods'] for title in figures))
    if len(runs) == 1:
        page['run'] = describe(runs[0], rows[0])
    elif have_same_classes(methods) and rows[0]:
        page['tails'] = compared_tails(methods, score)
    return environment().get_template('report.html.j2').render(page)


def environment() -> Environment:
    """Templates that escape whatever is no markup of ours."""
    loader = PackageLoader('ltcl.report')
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters['number'] = lambda value: '' if value is None else f'{value:.1f}'
    found.filters['code'] = code
    return found


def code(text: str) -> Markup:
    """A sentence with what stands between backticks as code."""
    return Markup(re.sub('`([^`]+)`', r'<code>\1</code>', str(escape(text))))


def describe(run: RunFiles, rows: list[ClassRow]) -> dict[str, Any]:
    """Everything about one run that its page shows."""
    report, tested = run.report, [row for row in rows if row.figures['recall'] is not None]
    worst = min(tested, key=lambda row: (row.figures['recall'], row.index), default=None)
    equals = sum(row.figures['recall'] == worst.figures['recall'] for row in tested) if worst else 0
    found: dict[str, Any] = dict(
        images=run.images,
        number=sum(row.test for row in rows),
        score=report['score'],
        counted=report['counted'],
        worst=worst,
        equals=equals,
        rows=rows,
        rules=group_rules(report['bounds'], report['counted']),
        sizes={group: sum(row.group == group for row in rows) for group in ('many', 'medium', 'few')},
        tail=tail(rows, report['score'], report['counted']),
        has_counts=are_counts_known(rows),
        curves=run_curves(run),
        features=feature_section(run.folder, environment()),
        class_csv=data_uri(class_csv(rows, report['score'])),
        columns=figure_columns(rows, report['score']),
        is_of_report=is_of_report(run),
        is_test_old=run.is_test_old,
        left_out=visible(run.left_out),
        calibration=report.get('calibration'),
        how=how_tested(report),
        findings=[],
        matrix=None,
        wrong=[],
        areas=[],
        reliability=[],
    )
    if run.answers is not None:
        found |= describe_answers(run, rows)
    if run.scenes is not None:
        found |= describe_scenes(run, run.scenes, rows)
    return found


def describe_answers(run: RunFiles, rows: list[ClassRow]) -> dict[str, Any]:
    """What only saved predictions can tell."""
    answers, saved = run.answers, run.saved
    assert answers is not None
    assert saved is not None
    matrix, names = build_matrix(answers.confusions, rows), {row.index: row.name for row in rows}
    wrong = wrong_images(run, matrix)
    return dict(
        findings=diagnose(answers, rows, saved.class_counts, run.images, same_images(run), saved.frequency_power),
        matrix=draw_matrix(matrix),
        is_grouped=matrix.is_grouped,
        confusion_csv=data_uri(confusion_csv(answers.confusions, rows)),
        wrong=[(each, names[each.true], names[each.predicted]) for each in wrong],
        num_wrong=int((~answers.is_right).sum()),
        with_pictures=any(each.picture for each in wrong),
        reliability=reliability_diagrams(answers.bin_sums, rows, 'answers', 'all images'),
    )


def describe_scenes(run: RunFiles, scenes: SavedScenes, rows: list[ClassRow]) -> dict[str, Any]:
    """What only saved answers of a segmentation can tell."""
    confusions, names = scene_confusions(scenes), {row.index: row.name for row in rows}
    matrix = build_matrix(confusions, rows)
    areas = wrong_areas(scenes, matrix)
    return dict(
        number=len(scenes.paths),
        findings=diagnose_scenes(confusions, scenes.confidence, rows, run.images),
        reliability=reliability_diagrams(scenes.confidence, rows, 'pixels', 'all pixels'),
        matrix=draw_matrix(matrix),
        is_grouped=matrix.is_grouped,
        confusion_csv=data_uri(confusion_csv(confusions, rows)),
        areas=[(each, names[each.true], names[each.predicted]) for each in areas],
        legend=[(row.name, Markup('rgb({},{},{})').format(*scenes.palette[row.index].tolist())) for row in rows],
        share_wrong=100 * (1 - confusions.hits.sum() / max(confusions.totals.sum(), 1)),
    )


def reliability_diagrams(
    sums: np.ndarray, rows: list[ClassRow], answers: str, every: str
) -> list[tuple[str, float, Markup]]:
    """Name, ECE in percent and diagram of all answers and of each shot group.

    Args:
        sums: :func:`ltcl.predictions.calibration.bin_sums` of each true class, shape (num_classes, 3, num_bins).
        rows: The classes.
        answers: What is counted.
        every: All of them, in words.
    """
    members: dict[str, np.ndarray] = {every: np.arange(len(sums))}
    if len(groups := groups_of(rows)) > 1:
        members |= groups
    found = []
    for name, labels in members.items():
        total = sums[labels].sum(0)
        if total.any():
            ece = 100 * binned_error(total)
            found.append((name, ece, reliability_diagram(total, f'{name}: ECE {ece:.1f} %', answers)))
    return found


def run_curves(run: RunFiles) -> list[Markup]:
    """Losses and learning rate over iterations, figures over epochs."""
    found, names = [], sorted({name for entry in run.curves for name in entry if name.startswith('loss')})
    by_epoch = run.training.get('unit') == 'epoch' and all('epoch' in entry for entry in run.curves)
    unit = 'epoch' if by_epoch else 'iter'
    losses = {
        name: [(entry[unit] if by_epoch else entry['step'], entry[name]) for entry in run.curves if name in entry]
        for name in names
    }
    losses = {name: points for name, points in losses.items() if all(is_number(y) for _, y in points)}
    if losses:
        found.append(curves(losses, 'training loss', unit))
    history, prefix = run.training.get('history', []), run.training.get('shot_prefix')
    figures: dict[str, list[tuple[float, float]]] = {}
    for name in (run.training.get('overall', 'all'), 'macro', 'many', 'medium', 'few'):
        points = [(e[unit], e['metrics'][f'{prefix}/{name}']) for e in history if f'{prefix}/{name}' in e['metrics']]
        if points:
            figures[name] = points
    if len(history) > 1 and figures:
        found.append(curves(figures, f'{run.report["score"]} on validation images (%)', unit, percent=True))
    return found


def is_number(value: object) -> bool:
    """Whether a logged value can be drawn."""
    return isinstance(value, int | float) and bool(np.isfinite(value))


def about_run(run: RunFiles) -> dict[str, Any]:
    """How a run was made."""
    report = run.report
    versions = ', '.join(f'{name} {version}' for name, version in report.get('versions', {}).items())
    commit = report.get('commit')
    changed = ', with uncommitted changes' if report.get('uncommitted_changes') else ''
    sets = {**(run.training.get('data') or {}), **(report.get('data') or {})}
    facts = {
        'folder': run.folder,
        'command': (run.training or report).get('command'),
        'test command': report.get('command') if run.training and report['unit'] == 'test' else None,
        'config': report.get('config_file'),
        'checkpoint': Path(report['checkpoint']).name if report.get('checkpoint') else None,
        'seed': report.get('seed'),
        **{f'{part} data': described_data(each) for part, each in sets.items()},
        'versions': versions,
        'commit': f'{commit}{changed}' if commit else None,
        'training time': f'{run.training["seconds"]["training"] / 60:.1f} minutes' if run.training else None,
    }
    # The config of the training: that of a test lacks it in part.
    source = run.training or report
    difference = recipe_difference(source.get('config_file'), source.get('config', ''))
    changes = [(key, shown(old), shown(new)) for key, old, new in difference[1]] if difference else []
    return dict(
        facts=[(name, visible(value, width=MAX_VALUE)) for name, value in facts.items() if value not in (None, '')],
        recipe=difference[0] if difference else None,
        changes=changes,
        config=visible(source.get('config', ''), keep='\n'),
    )


def described_data(found: dict[str, Any]) -> str:
    """Number and fingerprint of a set of images."""
    anew = ', drawn anew when the run was resumed: it had trained on some' if found.get(DRAWN_ANEW) else ''
    return f'{found["images"]:,} images, fingerprint {found["fingerprint"]}{anew}'


def shown(value: object) -> str:
    """A value of a config, in one line."""
    return visible(value if isinstance(value, str) else json.dumps(value, default=str), width=MAX_VALUE)


def data_uri(text: str) -> Markup:
    """A CSV file as an address inside of the page."""
    encoded = base64.b64encode(text.encode('utf-8', 'backslashreplace')).decode()
    return Markup(f'data:text/csv;charset=utf-8;base64,{encoded}')
