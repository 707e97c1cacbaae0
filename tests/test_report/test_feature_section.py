"""The section of the page on the feature space: what stands in it, and that no class name can change the page."""

import json

import pytest
from jinja2 import Environment
from saved_runs import answers, saved, write_run

from ltcl.feature_space.files import FORMAT, JSON_FILE, read_features
from ltcl.report.feature_section import feature_section
from ltcl.report.page import build_page, environment
from ltcl.report.run_files import read_run

EVIL = '<script>alert(1)</script>"\x1b'


def looked(num_classes: int) -> dict:
    """What ``ltcl features`` would have found."""
    groups = ['many', 'medium', 'few']
    rows = [
        dict(class_index=i, class_name=EVIL, train_count=3000 // (i + 1) + 1, group=groups[3 * i // num_classes])
        | dict(alignment=1.0, variability=None if i else 2.0, nearest_angle=80.0, mean_length=2.0 + i)
        for i in range(num_classes)
    ]
    figures = dict(classes=num_classes, alignment=1.25, nc1=0.5, simplex_angle=90.5, mean_length_by_count=-1.0)
    angles = [0] * 60 + [3] * 60 + [0] * 60
    labels = list(range(num_classes)) * 2
    return dict(
        format=FORMAT,
        checkpoint='birds/epoch_9',
        split='val',
        images=9000,
        space='features',
        spaces=dict(features=dict(figures=figures, classes=rows, angles=angles)),
        course=[dict(epoch=e, iter=e, features=dict(nc1=1 / e, nc3=None)) for e in (1, 2, 3)],
        tsne=dict(space='features', most=7, labels=labels, places=[[i % 50, i // 50] for i in range(len(labels))]),
    )


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / 'birds', saved(*answers(3)))


def write(folder, found):
    (folder / JSON_FILE).write_text(json.dumps(found))


def test_without_features_there_is_no_section(folder):
    assert feature_section(folder, environment()) == ''
    assert 'id="features"' not in build_page([read_run(folder)])
    write(folder, dict(looked(3), format=99))
    assert read_features(folder) is None


def test_figures_map_and_course(folder):
    write(folder, looked(3))
    page = build_page([read_run(folder)])
    assert page.count('<section id="features">') == 1
    assert '<a href="#features">' in page
    section = page[page.index('<section id="features">') :]
    assert 'Features of 9,000 validation images, 3 classes, birds/epoch_9' in section
    assert 't-SNE of the features of 6 of 9,000 validation images, at most 7 of a class' in section
    assert '<td>1.25</td>' in section
    assert 'Length of class means, rank correlation -1.00' in section
    assert 'NC1: variability within classes' in section
    assert '<i class="g-many"></i>many (1 class)' in section
    assert section.count('1 of 3 classes have two images or more') == 1  # NC1, of which one class has a figure
    assert 'NC3: classifier against class means' not in section


@pytest.mark.parametrize('num_classes', [3, 8142])
def test_names_are_text_and_many_classes_are_few_elements(folder, num_classes):
    write(folder, looked(num_classes))
    section = feature_section(folder, environment())
    assert isinstance(environment(), Environment)
    assert '<script' not in section
    assert '\x1b' not in section
    assert '&lt;script&gt;' in section
    assert section.count('<') < 1500
    assert len(section) < 1_500_000
