"""Names in figures: drawn as they are written, in a font that has them, or as numbers with a note."""

import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from odd_names import ODD_NAMES

from ltcl.analysis import comparison
from ltcl.analysis.figure_names import figure_names
from ltcl.analysis.per_class_figure import MAX_BARS, per_class_figure
from ltcl.analysis.prediction_figure import Prediction, prediction_figure
from ltcl.neutral_text import visible

UNKNOWN = '\U00018800'  # Tangut


@pytest.fixture(autouse=True)
def no_warning():
    """A sign that the font lacks is a warning of matplotlib."""
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        yield


@pytest.fixture
def tangut_font(tmp_path):
    """A font with one sign, installed while the test runs."""
    pen = TTGlyphPen(None)
    for move, point in zip((pen.moveTo, pen.lineTo, pen.lineTo), ((0, 0), (500, 700), (900, 0)), strict=True):
        move(point)
    pen.closePath()
    font = FontBuilder(1000)
    font.setupGlyphOrder(['.notdef', 'sign'])
    font.setupCharacterMap({ord(UNKNOWN): 'sign'})
    font.setupGlyf({'.notdef': TTGlyphPen(None).glyph(), 'sign': pen.glyph()})
    font.setupHorizontalMetrics({'.notdef': (1000, 0), 'sign': (1000, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({'familyName': 'One Sign', 'styleName': 'Regular'})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / 'one.ttf')
    known = list(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(tmp_path / 'one.ttf')
    yield 'One Sign'
    font_manager.fontManager.ttflist = known


def texts(figure: Figure, tmp_path) -> list[str]:
    """What is written in a figure once it is drawn."""
    figure.savefig(tmp_path / 'figure.png')
    shown = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert not any(text.get_parse_math() for text in shown if text.get_text() in ODD_NAMES)
    return [text.get_text() for text in shown]


def columns(names: list[str]) -> dict[str, list]:
    counts = list(range(len(names), 0, -1))
    return {'class_name': names, 'train_count': counts, 'accuracy': [50.0] * len(names), 'group': ['few'] * len(names)}


def test_names_are_literal_and_short():
    names = figure_names(['$a$ ^_{\\frac', '\x1b[1m\n', 'n' * 300], range(3))
    assert names.labels[:2] == ['$a$ ^_{\\frac', '\\x1b[1m\\n']
    assert names.labels[2].count('n') == 29
    assert names.note == ''


def test_legend_of_long_names_has_fewer_columns():
    assert figure_names(['a'] * 9, range(9)).legend_columns(8.4, font_size=8) == 6
    assert figure_names(['a' * 300] * 9, range(9)).legend_columns(8.4, font_size=8) == 3
    assert figure_names([], []).legend_columns(0.1, font_size=8) == 1


def test_name_that_no_font_has_is_its_number():
    names = figure_names(['tea', f'{UNKNOWN} tea', '', ' ', 'Кошка'], [4, 3, 2, 1, 0])
    assert names.labels == ['tea', 'class 3', 'class 2', 'class 1', 'Кошка']
    assert 'class_index in per_class.csv' in names.note


def test_font_that_has_the_sign_is_taken(tangut_font, tmp_path):
    names = figure_names([UNKNOWN, 'tea'], range(2))
    assert names.labels == [UNKNOWN, 'tea']
    assert names.note == ''
    assert names.style['font.family'] == [*matplotlib.rcParams['font.family'], tangut_font]
    assert UNKNOWN in texts(per_class_figure(columns([UNKNOWN, 'tea']), (20, 100)), tmp_path)


def test_figure_of_classes_takes_every_name(tmp_path):
    shown = texts(per_class_figure(columns(ODD_NAMES), (20, 100)), tmp_path)
    assert {'$1 to $5 bill', '[red]x', '\\x1b[31mred', 'عربى', 'th\\xe9', '_under'} <= set(shown)
    assert f'class {ODD_NAMES.index("猫 と 犬")}' in shown or '猫 と 犬' in shown


def test_of_many_classes_only_the_names_of_the_worst_are_looked_at(tmp_path):
    many = columns(['tea'] * 5 + [UNKNOWN * 300] * (MAX_BARS - 4))
    assert not [text for text in texts(per_class_figure(many, (20, 100)), tmp_path) if 'font' in text]


def test_legend_of_predictions_takes_every_name(tmp_path):
    labels = np.arange(len(ODD_NAMES)).reshape(1, -1).repeat(8, axis=0)
    image = np.zeros((*labels.shape, 3), np.uint8)
    figure = prediction_figure([Prediction(image, labels, labels)], ODD_NAMES, [[9, 9, 9]] * len(ODD_NAMES))
    shown = texts(figure, tmp_path)
    assert {'$1 to $5 bill', '_under', '\\ttab'} <= set(shown)


def test_comparison_takes_every_name(tmp_path):
    runs = pd.DataFrame({'method': ODD_NAMES, 'seed': 0, 'all': 50.0, 'best_all': -1.0, 'few': None, 'minutes': 1.0})
    table = comparison.summarise(runs.drop(columns='few'))
    assert {'$1 to $5 bill', '_under', '\\ttab'} <= set(texts(comparison.comparison_figure(table), tmp_path))
    lines = comparison.to_markdown(table).splitlines()
    assert len(lines) == 2 + len(ODD_NAMES)
    assert {line.replace('\\|', '').count('|') for line in lines} == {6}
    (tmp_path / 'runs.csv').write_text(comparison.to_csv(runs), encoding='utf-8')
    read = pd.read_csv(tmp_path / 'runs.csv')
    assert read['all'].tolist() == runs['all'].tolist()
    assert read['few'].isna().all()
    assert read['method'][3].startswith("'=HYPERLINK")
    assert visible(ODD_NAMES[0]) == read['method'][0]
