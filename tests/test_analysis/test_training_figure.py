"""What the picture of a training shows: lines, axes and legends, read off the figure."""

import numpy as np
import pytest
from pictures import entries, lines

from ltcl.analysis.figure_style import COLOURS, PART_COLOURS
from ltcl.analysis.training_figure import TrainingCurves, training_figure

MANY, FEW = (COLOURS[name].lower() for name in ('many', 'few'))


def curves(iters_per_epoch: int | None = 5, **values: list[float]) -> TrainingCurves:
    return TrainingCurves({name: np.array(each) for name, each in values.items()}, 10, iters_per_epoch)


def validation(iteration: int, **metrics: float) -> dict:
    scores = {f'shot/{name}': value for name, value in metrics.items()}
    return {'epoch': iteration // 5, 'iter': iteration, 'metrics': scores}


HISTORY = [validation(5, all=40.0, many=60.0, few=10.0), validation(10, all=50.0, many=70.0, few=20.0)]


def test_legends_of_the_curves_cover_no_line():
    figure = training_figure(curves(loss=[1.0] * 10, loss_a=[1.0] * 10, loss_b=[1.0] * 10), HISTORY, 'shot')
    figure.draw_without_rendering()
    for axes in (figure.axes[0], figure.axes[2]):
        assert axes.get_legend().get_window_extent().x0 >= axes.get_window_extent().x1
        assert axes.get_legend().get_window_extent().x1 <= figure.bbox.x1


def test_losses_and_their_parts():
    loss, parts = [2.0 - i / 10 for i in range(10)], dict(loss_cls=[1.0] * 10, loss_con=[0.5] * 10)
    figure = training_figure(curves(loss=loss, **parts, lr=[0.1] * 10), HISTORY, 'shot')
    loss_axes, lr_axes, _ = figure.axes
    middles = [(i + 0.5) / 5 for i in range(10)]
    drawn = lines(loss_axes)
    assert drawn == {'loss': (middles, pytest.approx(loss)), 'cls': (middles, [1.0] * 10), 'con': (middles, [0.5] * 10)}
    colours = {name: each.lower() for name, each in zip(('cls', 'con'), PART_COLOURS, strict=False)}
    assert entries(loss_axes.get_legend()) == {'loss': COLOURS['all'].lower()} | colours
    assert loss_axes.get_ylim()[0] == 0
    assert 2.0 < loss_axes.get_ylim()[1] < 2.2
    assert (loss_axes.get_title(loc='left'), loss_axes.get_ylabel()) == ('Training loss', 'loss')
    (rate,) = lr_axes.lines
    assert (list(rate.get_xdata()), list(rate.get_ydata())) == (middles, pytest.approx([0.1] * 10))
    assert (lr_axes.get_ylabel(), lr_axes.get_xlabel()) == ('learning rate', 'epoch')


def test_a_single_part_is_the_loss_itself():
    loss_axes = training_figure(curves(loss=[1.0] * 10, loss_paco=[1.0] * 10), HISTORY, 'shot').axes[0]
    assert list(lines(loss_axes)) == ['loss']
    assert loss_axes.get_legend() is None


def test_a_negative_loss_is_seen_whole():
    loss_axes = training_figure(curves(loss=[-1.0, 1.0] * 5), HISTORY, 'shot').axes[0]
    low, high = loss_axes.get_ylim()
    assert low < -1
    assert high > 1


def test_scores_at_each_validation():
    axes = training_figure(curves(loss=[1.0] * 10), HISTORY, 'shot').axes[2]
    assert lines(axes) == {
        'all: 50.0': ([1, 2], [40.0, 50.0]),
        'many: 70.0': ([1, 2], [60.0, 70.0]),
        'few: 20.0': ([1, 2], [10.0, 20.0]),
    }
    colours = {'all: 50.0': COLOURS['all'].lower(), 'many: 70.0': MANY, 'few: 20.0': FEW}
    assert entries(axes.get_legend()) == colours
    assert axes.get_legend().get_title().get_text() == 'last validation (%)'
    assert (axes.get_title(loc='left'), axes.get_ylim()) == ('Accuracy at validation', (0, 100))


def test_a_run_in_iterations_has_another_score_and_axis():
    history = [{'epoch': 0, 'iter': 4, 'metrics': {'seg/mIoU': 30.0}}, {'epoch': 0, 'iter': 8, 'metrics': {}}]
    figure = training_figure(curves(None, loss=[1.0] * 10, lr=[0.1] * 10), history, 'seg', score='IoU', overall='mIoU')
    loss_axes, lr_axes, axes = figure.axes
    assert lines(loss_axes)['loss'][0] == [i + 0.5 for i in range(10)]
    assert lines(axes) == {'mIoU: 30.0': ([4], [30.0])}
    assert (axes.get_ylabel(), axes.get_xlabel(), lr_axes.get_xlabel()) == ('IoU (%)', 'iteration', 'iteration')
    assert axes.get_title(loc='left') == 'IoU at validation'


def test_a_run_without_validation_says_so():
    axes = training_figure(curves(loss=[1.0] * 10), [], 'shot').axes[2]
    assert lines(axes) == {}
    assert [text.get_text() for text in axes.texts] == ['no validation by shot group']
