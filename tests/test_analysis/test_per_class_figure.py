"""What the picture of the classes shows: bars, points, lines, axes and legends, read off the figure."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from pictures import bar_colours, bars, entries, levels, lines, notes, ticks

from ltcl.analysis.figure_style import COLOURS
from ltcl.analysis.per_class_figure import per_class_figure

MANY, MEDIUM, FEW = (COLOURS[name].lower() for name in ('many', 'medium', 'few'))


def group_of(count: int) -> str:
    return 'many' if count > 100 else 'few' if count < 20 else 'medium'


def columns(counts: list[int | None], scores: list[float | None]) -> dict[str, list]:
    return {
        'class_name': [f'c{label}' for label in range(len(counts))],
        'train_count': counts,
        'accuracy': scores,
        'group': [None if count is None else group_of(count) for count in counts],
    }


def test_bars_are_sorted_by_the_number_of_images():
    figure = per_class_figure(columns([50, 400, 5, 120], [60.0, 90.0, None, 80.0]), bounds=(20, 100))
    above, below = figure.axes
    assert bars(above) == {0: 90.0, 1: 80.0, 2: 60.0}  # the class without test images has no bar
    assert bars(below) == {0: 400, 1: 120, 2: 50, 3: 5}
    assert bar_colours(above) == [MANY, MANY, MEDIUM]
    assert bar_colours(below) == [MANY, MANY, MEDIUM, FEW]
    assert notes(above) == ['90.0', '80.0', '60.0']
    assert notes(below) == ['400', '120', '50', '5']
    assert ticks(below) == ['c1', 'c3', 'c0', 'c2']
    assert levels(below) == [20, 100]


def test_axes_and_legend_of_the_classes():
    figure = per_class_figure(columns([50, 400, 5, 120], [60.0, 90.0, 10.0, 80.0]), bounds=(20, 100))
    above, below = figure.axes
    assert (above.get_ylabel(), above.get_ylim()) == ('accuracy (%)', (0, 105))
    assert (below.get_ylabel(), below.get_yscale()) == ('training images (log)', 'log')
    assert below.get_ylim() == (0.7, 800)
    assert below.get_xlim() == above.get_xlim() == (-0.7, 3.7)
    (legend,) = figure.legends
    assert entries(legend) == {
        'many (> 100 images): 85.0 %': MANY,
        'medium (20-100 images): 60.0 %': MEDIUM,
        'few (< 20 images): 10.0 %': FEW,
    }


def test_another_score_has_its_name():
    per_class = {**columns([50, 400], [60.0, 90.0]), 'IoU': [1.0, 2.0]}
    figure = per_class_figure(per_class, bounds=(20, 100), score='IoU')
    assert bars(figure.axes[0]) == {0: 2.0, 1: 1.0}
    assert figure.axes[0].get_ylabel() == 'IoU (%)'


def test_unknown_counts_leave_scores_in_the_order_of_the_classes():
    figure = per_class_figure(columns([None, None, None], [10.0, 30.0, 20.0]), bounds=(20, 100))
    (axes,) = figure.axes
    assert bars(axes) == {0: 10.0, 1: 30.0, 2: 20.0}
    assert set(bar_colours(axes)) == {COLOURS[None].lower()}
    assert ticks(axes) == ['c0', 'c1', 'c2']
    assert figure.legends == []


def test_a_class_without_images_has_a_place_on_the_logarithmic_axis():
    below = per_class_figure(columns([10, 0], [1.0, 2.0]), bounds=(20, 100)).axes[1]
    assert bars(below) == {0: 10, 1: 0}
    assert notes(below) == ['10', '0']


@pytest.mark.parametrize('num_classes', [21, 40])
def test_more_bars_have_names_and_no_values(num_classes):
    figure = per_class_figure(columns([30] * num_classes, [50.0] * num_classes), bounds=(20, 100))
    assert [len(bars(axes)) for axes in figure.axes] == [num_classes] * 2
    assert [notes(axes) for axes in figure.axes] == [[], []]
    assert len(ticks(figure.axes[1])) == num_classes
    assert lines(figure.axes[0]) == {}


def test_many_classes_are_points_and_a_running_mean():
    counts = [max(1, int(1000 * 0.005 ** (i / 125))) for i in range(125)]
    scores = [None if i == 7 else max(0.0, 100.0 - i) for i in range(125)]
    above, below = (figure := per_class_figure(columns(counts, scores), bounds=(20, 100))).axes
    points = np.concatenate([np.asarray(each.get_offsets()) for each in above.collections])
    assert points.tolist() == [[i, max(0.0, 100.0 - i)] for i in range(125) if i != 7]
    x, mean = lines(above)['mean of 5 neighbours']
    assert x == list(range(125))
    assert mean[50] == pytest.approx(np.mean(scores[48:53]))
    assert mean[7] == pytest.approx(np.mean([scores[i] for i in (5, 6, 8, 9)]))
    # The sizes are areas, one for each group, as high as the classes are large.
    assert [to_hex(area.get_facecolor()[0]) for area in below.collections] == [MANY, MEDIUM, FEW]
    largest = [area.get_paths()[0].vertices[:, 1].max() for area in below.collections]
    assert largest == [max(c for c in counts if group_of(c) == name) for name in ('many', 'medium', 'few')]
    assert below.get_xlabel().splitlines() == [
        '125 classes, most training images first; 25 of 124 tested classes at 0 %',
        'lowest: c100 0.0, c101 0.0, c102 0.0, c103 0.0, c104 0.0',
    ]
    assert 'mean of 5 neighbours' in entries(figure.legends[0])


def test_a_hundred_bars_have_names_in_small_letters():
    figure = per_class_figure(columns([30] * 98, [50.0] * 98), bounds=(20, 100), images='4,900 test images')
    above, below = figure.axes
    assert len(bars(above)) == len(bars(below)) == len(ticks(below)) == 98
    assert {(label.get_rotation(), label.get_fontsize()) for label in below.get_xticklabels()} == {(90.0, 6.0)}
    assert above.get_title(loc='left') == 'Accuracy of each class on 4,900 test images'
