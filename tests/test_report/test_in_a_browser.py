"""The page in a browser: what a click does, and how it looks on a phone and in the dark."""

import numpy as np
import pytest
from browser import DARK, drive
from PIL import Image
from saved_runs import answers, saved, tail_counts, write_run

from ltcl.report.page import build_page
from ltcl.report.run_files import read_run

# Sorts by training images, by name and by interval; finds classes; shows the images of a cell, by mouse and by key.
SCRIPT = """
const head = (title) => $$('#table thead button').find((each) => each.textContent === title);
const column = (place) => $$('#table tbody tr').map((row) => row.cells[place].textContent.trim());
const sorted = (title, place) => { head(title).click(); return column(place); };
const shown = () => $$('.gallery figure').filter((each) => !each.hidden && each.offsetHeight > 0);
const found = {};
found.once = [sorted('train', 2), head('train').parentElement.ariaSort];
found.twice = [sorted('train', 2), head('train').parentElement.ariaSort];
found.names = sorted('class', 0);
found.recalls = sorted('recall', 4);
found.none = head('class').parentElement.ariaSort;
const field = $('#filter');
field.value = 'CLASS 7';
field.dispatchEvent(new Event('input'));
found.filtered = $$('#table tbody tr').filter((row) => !row.hidden).map((row) => row.cells[0].textContent);
found.all = shown().length;
const cell = $$('.cell').find((each) => each.dataset.true !== each.dataset.pred);
cell.dispatchEvent(new Event('click', {bubbles: true}));
found.cell = [cell.dataset.true, cell.dataset.pred];
found.pairs = shown().map((each) => [each.dataset.true, each.dataset.pred]);
found.told = [$('#chosen').textContent === cell.querySelector('title').textContent, $('#chosen').hidden];
$('#all').click();
found.again = [shown().length, $('#chosen').hidden];
const other = $$('.cell').filter((each) => each.dataset.true !== each.dataset.pred).at(-1);
other.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
found.by_key = [other.classList.contains('on'), cell.classList.contains('on')];
found.pictures = $$('.gallery img').every((each) => each.complete && each.naturalWidth > 0);
found.wide = document.documentElement.scrollWidth - innerWidth;
return found;
"""
LOOKS = """
const colour = (found, name) => getComputedStyle(found)[name].match(/[0-9]+/g).slice(0, 3).map(Number);
const outside = $$('main *').filter((each) => each.getBoundingClientRect().right > innerWidth + 1
    && !each.closest('.scroll'));
return {width: innerWidth, wide: document.documentElement.scrollWidth - innerWidth,
    outside: outside.map((each) => each.outerHTML.slice(0, 80)),
    back: colour(document.body, 'backgroundColor'), ink: colour(document.body, 'color'),
    text: colour($('svg text.tick'), 'fill'), font: parseFloat(getComputedStyle(document.body).fontSize)};
"""


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp('run')
    Image.fromarray(np.full((40, 60, 3), 99, np.uint8)).save(folder / 'a.jpg')
    scores, labels = answers(12, per_class=30, margin=1.8)
    predictions = saved(scores, labels, tail_counts(12), paths=['a.jpg'] * len(labels))
    return build_page([read_run(write_run(folder, predictions))])


def test_sort_matrix_and_pictures(page, tmp_path):
    found = drive(page, SCRIPT, tmp_path)
    assert 'error' not in found
    rising = [f'{count:,}' for count in sorted(tail_counts(12).tolist())]
    assert found['once'] == [rising[::-1], 'descending']
    assert found['twice'] == [rising, 'ascending']
    assert found['names'] == sorted(found['names'])
    recalls = [float(value) for value in found['recalls']]
    assert recalls == sorted(recalls, reverse=True)
    assert found['none'] is None
    assert found['filtered'] == ['class 7']
    assert found['all'] > 20
    assert found['pairs']
    assert all(pair == found['cell'] for pair in found['pairs'])
    assert found['told'] == [True, False]
    assert found['again'] == [found['all'], True]
    assert found['by_key'] == [True, False]
    assert found['pictures']
    assert found['wide'] <= 0


@pytest.mark.slow
@pytest.mark.parametrize('is_dark', [False, True])
def test_phone_and_dark(page, tmp_path, is_dark):
    found = drive(page, LOOKS, tmp_path, *([DARK] if is_dark else []), width=500)
    assert found['wide'] <= 0
    assert found['outside'] == []
    assert (max(found['back']) < 60) == is_dark
    assert (min(found['ink']) > 180) == is_dark
    assert found['font'] >= 15


@pytest.mark.slow
def test_names_run_nothing(tmp_path):
    names = [
        '</script><script>document.title = "x"</script>',
        '"><img src=x onerror=document.title="x">',
        "'\x1b`{{1}}",
    ]
    scores, labels = answers(3, per_class=9, margin=1.0)
    predictions = saved(scores, labels, classes=names, paths=[f'{names[0]}.jpg'] * len(labels))
    page = build_page([read_run(write_run(tmp_path / 'run', predictions))])
    found = drive(page, 'return [document.title, $$("script").length, $$("#table th[scope=row]").length]', tmp_path)
    assert found == ['run', 2, 3]  # the second one asks
