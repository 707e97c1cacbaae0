"""The page of a segmentation: figures, diagnoses, wrong areas."""

import csv
import io
import json

import numpy as np
import pytest
from saved_runs import answered_scenes, saved_scenes, write_scene_run
from sklearn.metrics import confusion_matrix, jaccard_score, precision_score, recall_score

from ltcl.predictions.calibration import class_bin_sums
from ltcl.report.class_rows import class_rows
from ltcl.report.class_table import class_csv
from ltcl.report.diagnosis import diagnose_scenes
from ltcl.report.page import build_page
from ltcl.report.run_files import read_run
from ltcl.report.scene_figures import scene_confusions


def found(truth, answer, folder, **more):
    scenes = saved_scenes(truth, answer, **more)
    rows = class_rows(read_run(write_scene_run(folder, truth, answer, scenes)))
    return {
        each.kind: each for each in diagnose_scenes(scene_confusions(scenes), scenes.confidence, rows, 'test images')
    }


@pytest.fixture(scope='module')
def maps():
    truth, answer = answered_scenes()
    truth[:, :2] = -1
    return truth, answer


@pytest.fixture(scope='module')
def folder(maps, tmp_path_factory):
    return write_scene_run(tmp_path_factory.mktemp('scenes'), *maps, saved_scenes(*maps))


def test_figures_are_those_of_the_report_and_of_scikit_learn(maps, folder):
    truth, answer = (each[maps[0] >= 0] for each in maps)
    rows = class_rows(read_run(folder))
    told = json.loads((folder / 'test_metrics.json').read_text())
    shown = {name: [row.figures[name] for row in rows] for name in ('recall', 'accuracy', 'precision')}
    np.testing.assert_allclose(shown['recall'], [row['IoU'] for row in told['per_class']], rtol=1e-9)
    np.testing.assert_allclose(shown['recall'], 100 * jaccard_score(truth, answer, average=None), rtol=1e-9)
    np.testing.assert_allclose(shown['accuracy'], [row['accuracy'] for row in told['per_class']], rtol=1e-9)
    np.testing.assert_allclose(shown['accuracy'], 100 * recall_score(truth, answer, average=None), rtol=1e-9)
    np.testing.assert_allclose(shown['precision'], 100 * precision_score(truth, answer, average=None), rtol=1e-9)
    assert [row.test for row in rows] == [row['test_count'] for row in told['per_class']]
    matrix = confusion_matrix(truth, answer)
    assert scene_confusions(read_run(folder).scenes).pairs == {
        tuple(map(int, at)): matrix[tuple(at)] for at in np.argwhere(matrix)
    }
    off = matrix - np.diag(matrix.diagonal())
    assert [row.confusion[1] for row in rows] == off.max(1).tolist()
    assert [row.given for row in rows] == matrix.sum(0).tolist()


def test_interval_holds_the_figure_and_shrinks_with_images(tmp_path):
    widths = []
    for number in (10, 160):
        truth, answer = answered_scenes(num_images=number)
        rows = class_rows(read_run(write_scene_run(tmp_path / str(number), truth, answer, saved_scenes(truth, answer))))
        assert all(row.figures['low'] <= row.figures['recall'] <= row.figures['high'] for row in rows)
        widths.append(np.mean([row.figures['high'] - row.figures['low'] for row in rows]))
    assert 3 < widths[0] / widths[1] < 5  # a quarter for sixteen times as many


def test_page_has_the_sections_of_a_segmentation(maps, folder):
    run = read_run(folder)
    page = build_page([run])
    for name in ('diagnosis', 'tail', 'classes', 'confusions', 'wrong'):
        assert f'<section id="{name}">' in page
    assert 'id="confidence"' not in page
    assert 'on 30 test images' in page
    wrong = 100 * (maps[0] != maps[1])[maps[0] >= 0].mean()
    assert f'{wrong:.1f} % of all pixels are wrong' in page
    assert page.count('data:image/png') == 2 * page.count('data:image/jpeg') == 60
    assert 'not those of the report' not in page
    lines = list(csv.DictReader(io.StringIO(class_csv(class_rows(run), 'IoU'))))
    assert float(lines[0]['IoU']) == pytest.approx(run.per_class[0]['IoU'], abs=1e-3)
    assert 'auroc' in lines[0]


def test_no_name_of_a_scene_does_anything(tmp_path):
    truth, answer = answered_scenes(num_classes=4, num_images=6)
    name = '"><script>alert(1)</script>\x1b'
    scenes = saved_scenes(truth, answer, classes=[name] * 4, paths=[name] * 6)
    page = build_page([read_run(write_scene_run(tmp_path, truth, answer, scenes))])
    assert page.count('<script') == 1
    assert '\x1b' not in page


def test_a_healthy_segmentation_has_no_illness(tmp_path):
    kinds = {'big_classes', 'swallowed', 'never_predicted', 'few_images'}
    healthy = found(*answered_scenes(), tmp_path)
    assert {kind: each.is_ill for kind, each in healthy.items()} == dict.fromkeys(kinds, False)


def test_it_predicts_the_big_classes(tmp_path):
    truth, answer = answered_scenes()
    answer[(truth >= 6) & (np.random.default_rng(0).random(truth.shape) < 0.6)] = 0
    ill = found(truth, answer, tmp_path)
    assert ill['big_classes'].is_ill
    assert 'of the pixels and' in ill['big_classes'].text


def test_swallowed_and_never_predicted(tmp_path):
    truth, answer = answered_scenes()
    answer[answer == 5] = 2
    ill = found(truth, answer, tmp_path)
    assert ill['swallowed'].is_ill
    assert 'class 2 takes' in ill['swallowed'].text
    assert 'pixels of class 5' in ill['swallowed'].text
    assert ill['never_predicted'].text.startswith('class 5: never the answer, though 29 images')


@pytest.mark.parametrize(('sure', 'is_ill'), [(0.9, False), (0.55, True)])
def test_confidence_of_pixels(tmp_path, sure, is_ill):
    truth, answer = answered_scenes()
    is_right = truth == answer  # nine tenths of the pixels
    sums = class_bin_sums(truth.ravel(), np.full(truth.size, sure), is_right.ravel(), 8)
    finding = found(truth, answer, tmp_path / 'a', confidence=sums)['confidence']
    assert finding.is_ill == is_ill
    if is_ill:
        assert 'it is not sure enough: 55 % sure' in finding.text
        assert 'calibrate' not in finding.text  # that is for classifiers
    page = build_page(
        [read_run(write_scene_run(tmp_path / 'b', truth, answer, saved_scenes(truth, answer, confidence=sums)))]
    )
    assert 'id="confidence"' in page
    ece = 100 * abs(is_right.mean() - sure)
    assert f'all pixels: ECE {ece:.1f} %' in page


def test_too_few_images(tmp_path):
    ill = found(*answered_scenes(num_images=4), tmp_path)['few_images']
    assert ill.is_ill
    assert ill.title == '8 of 8 classes have too few test images'
    assert 'the IoU of a class is known only within' in ill.text
