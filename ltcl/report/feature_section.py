"""The section of a page on the feature space, from the `features.json` that `ltcl features` wrote."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from ltcl.analysis.run_report import GROUPS
from ltcl.feature_space.files import read_features
from ltcl.feature_space.words import (
    CLASS_PANELS,
    COURSE_PANELS,
    FIGURES,
    ClassPanel,
    about_images,
    about_map,
    group_names,
    shown_space,
)
from ltcl.neutral_text import visible

from .charts import curves
from .svg import Box, label, line, picture, rect, tag

Point = tuple[float, float]
Places = Sequence[tuple[float, float, str]]
"""x, y, and what is shown when one points at it."""
MAX_TIPS = 200
MAX_NAMED = 40
MAX_NAME = 40
KINDS = {'many': 's-many', 'medium': 's-medium', 'few': 's-few'}


def feature_section(folder: Path, environment: Environment) -> Markup:
    """The section; empty where no features were looked at.

    Args:
        folder: Work dir of the run.
        environment: Of the page's templates.
    """
    found = read_features(folder)
    if found is None:
        return Markup('')
    names = list(found['spaces'])
    rows = [
        (title.strip(), title != title.strip(), [found['spaces'][name]['figures'].get(key) for name in names])
        for key, title in FIGURES.items()
    ]
    unit = 'epoch' if all(entry['epoch'] is not None for entry in found['course']) else 'iter'
    course = [(panel.title, panel.lines(found, unit)) for panel in COURSE_PANELS]
    page = dict(
        about=about_images(found),
        spaces=names,
        groups=group_names(found),
        figures=[row for row in rows if any(value is not None for value in row[2])],
        map=feature_map(found),
        angles=angle_diagram(found['spaces'][shown_space(found)]),
        panels=[class_diagram(panel, found) for panel in CLASS_PANELS if panel.is_known(found)],
        course=[curves(lines, title, unit) for title, lines in course if lines] if len(found['course']) > 1 else [],
    )
    return Markup(environment.get_template('features.html.j2').render(page))


def feature_map(found: Mapping[str, Any]) -> Markup:
    """The t-SNE, coloured by shot group; up to 40 classes have their name at the middle of their images."""
    tsne = found['tsne']
    rows, places = found['spaces'][tsne['space']]['classes'], np.array(tsne['places'])
    labels, low, high = np.array(tsne['labels']), places.min(0), places.max(0)
    height = float(np.clip(620 * (high[1] - low[1]) / ((high[0] - low[0]) or 1), 240, 620))
    box = Box(8, 30, 624, height, (low[0], high[0]), (low[1], high[1]))
    groups = np.array([rows[label]['group'] or '' for label in labels])
    width = 5.0 if len(labels) <= 1000 else 3.4 if len(labels) <= 4000 else 2.4
    parts = [label(about_map(found), 4, 14, class_='axis')]
    for group in ('', *GROUPS):
        points = [(box.x(x), box.y(y)) for x, y in places[groups == group].tolist()]
        parts += [dots(points, KINDS.get(group, 'k4'), width)] if points else []
    present = np.unique(labels).tolist()
    for index in present if len(present) <= MAX_NAMED else ():
        x, y = np.median(places[labels == index], axis=0).tolist()
        name = visible(rows[index]['class_name'], width=24)
        parts.append(label(name, box.x(x), box.y(y) + 4, 'middle', class_='tick halo'))
    return picture(640, height + 40, about_map(found), parts, 'wide')


def angle_diagram(space: Mapping[str, Any]) -> Markup:
    """How many pairs of class means are at which angle, and where all would be in a simplex."""
    pairs, simplex = np.array(space['angles']), space['figures'].get('simplex_angle')
    if not pairs.sum():
        return Markup('')
    known = np.flatnonzero(pairs)
    first, last = int(max(0, known[0] - 5)), int(min(180, max(known[-1] + 6, simplex + 6)))
    step = 3 if (pairs > 0).sum() < 60 else 1
    edges = range(first, last, step)
    shares = [100 * pairs[start : start + step].sum() / pairs.sum() for start in edges]
    box = Box(40, 24, 260, 170, (first, first + step * len(shares)), (0, max(shares) * 1.1))
    ticks = np.linspace(0, box.y_range[1], 5).tolist()
    parts = box.grid([(value, f'{value:.3g}') for value in ticks])
    for start, share in zip(edges, shares, strict=True):
        x, y = box.x(start), box.y(share)
        tip = f'{start}° to {start + step}°: {share:.1f} % of the pairs'
        parts.append(rect(x, y, box.x(start + step) - x - 0.5, box.y(0) - y, 'soft', tip))
    parts += [line(box.x(simplex), 24, box.x(simplex), 194, 's-few')]
    parts += [label(f'simplex {simplex:.1f}°', box.x(simplex) + 4, 36, 'start', class_='tick g-few')]
    parts += [label(f'{value:g}', box.x(value), 208, 'middle', class_='tick') for value in (first, edges[-1] + step)]
    parts += [
        label('angles of class means (% of pairs)', 4, 11, class_='axis'),
        label('degrees', 170, 222, 'middle', class_='tick'),
    ]
    return picture(310, 228, 'Angles between class means', parts, 'small')


def class_diagram(panel: ClassPanel, found: Mapping[str, Any]) -> Markup:
    """A figure of the classes over their training images, on a logarithmic axis."""
    rows = panel.rows(found)
    powers = [math.log10(row['train_count']) for row in rows]
    values = [row[panel.column] for row in rows]
    highest = math.ceil(max(powers)) or 1
    box = Box(48, 24, 252, 170, (min(0, *powers) - 0.1, highest), (min(0.0, *values), max([*values, 1e-9]) * 1.08))
    ticks = np.linspace(*box.y_range, 5).tolist()
    parts = box.grid([(value, f'{value:.3g}') for value in ticks])
    width = 7.0 if len(rows) <= 100 else 4.0 if len(rows) <= 1000 else 2.0
    for group in GROUPS:
        members = [place for place, row in enumerate(rows) if row['group'] == group]
        points = [(box.x(powers[place]), box.y(values[place])) for place in members]
        if len(rows) > MAX_TIPS:
            parts += [dots(points, KINDS[group], width)] if points else []
            continue
        for (x, y), place in zip(points, members, strict=True):
            name = visible(rows[place]['class_name'], width=MAX_NAME)
            tip = tag('title', f'{name}: {values[place]:.3g}, {rows[place]["train_count"]:,} training images')
            parts.append(tag('circle', tip, cx=x, cy=y, r=width / 2, class_=f'g-{group}'))
    parts += [
        label(f'{10**power:,}', box.x(power), 208, 'end' if power == highest else 'middle', class_='tick')
        for power in range(highest + 1)
    ]
    parts += [
        label(panel.title(found), 4, 13, class_='axis'),
        label('training images (log)', 170, 222, 'middle', class_='tick'),
        label(panel.missing(found), 174, 236, 'middle', class_='tick'),
    ]
    return picture(310, 242, panel.title(found), parts, 'small')


def dots(points: Sequence[Point], kind: str, width: float) -> Markup:
    """Points as one element, since thousands of elements make a page slow."""
    places = ''.join(f'M{x:.1f} {y:.1f}h0' for x, y in points)
    return tag('path', d=places, class_=kind, fill='none', stroke_linecap='round', stroke_width=width, opacity='0.7')
