"""The benchmark of the losses' growth at small sizes, and the bound on their memory."""

import types

import pytest
from loss_checks import set_tiles

LOSSES = ('PaCo', 'multi-task', 'KCL', 'TSC', 'ResCo', 'ResCom')


@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize(('classes', 'queue', 'batch'), [(20, 2048, 64), (512, 1024, 32), (20, 2048, 512)])
def test_no_loss_takes_two_copies_of_the_logits(load, monkeypatch, name, classes, queue, batch):
    scaling = load('scaling')
    set_tiles(monkeypatch, 2**13, least_rows=8)  # in proportion to the matrix, as at the sizes of a training
    copies = scaling.copies(scaling.LOSSES[name], scaling.Size(classes, queue, batch))
    assert 0 < copies <= scaling.MOST_COPIES


def test_a_whole_matrix_would_take_more(load):
    scaling = load('scaling')
    size = scaling.Size(20, 2048, 64)

    def step(drawn):
        logits = drawn['anchors'] @ drawn['rows'].T
        return logits.exp() * logits.sigmoid()

    assert scaling.copies(scaling.Loss(step, lambda size: size.queue), size) > 2.9


def test_figures_and_picture(load, monkeypatch, tmp_path):
    scaling = load('scaling')
    monkeypatch.setattr(scaling, 'AXES', scaling.Size((4, 8), (32, 64), (3, 6)))
    monkeypatch.setattr(scaling, 'MIDDLE', scaling.Size(4, 32, 6))
    monkeypatch.setattr(scaling, 'NUM_HARD', dict(num_positives=1, num_negatives=2))
    picture = tmp_path / 'scaling.svg'
    figures = scaling.measure(types.SimpleNamespace(full=False, rounds=1, picture=picture))
    assert len(figures) == 8 * len(LOSSES) * len(scaling.devices())
    assert {figure.goal for figure in figures} == {None, scaling.MOST_SLOPE, scaling.MOST_COPIES}
    assert all(name in picture.read_text() for name in ('<svg', ['anchors', 'B'][0]))
    assert len(scaling.sizes_of(is_full=True)) == 8
    assert len(scaling.sizes_of(is_full=False)) == 4


def test_slope_is_the_exponent(load):
    scaling = load('scaling')
    measured = {size: (size.batch**2 * 1e-3, size.queue) for size in scaling.sizes_of(is_full=True)}
    assert scaling.slope(measured, 'batch', 0) == pytest.approx(2)
    assert scaling.slope(measured, 'queue', 1) == pytest.approx(1)
    assert scaling.slope(measured, 'classes', 1) == pytest.approx(0)
