"""The page of a run: what it says, what it holds, and that no name in it does anything."""

import html
import html.parser
import json
import re
import time

import numpy as np
import pytest
import torch
from odd_names import ODD_NAMES
from page_tables import table_of
from PIL import Image
from saved_runs import answers, report_of, saved, tail_counts, write_run
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
    recall_score,
    roc_auc_score,
)
from torchmetrics.functional.classification import multiclass_calibration_error

from ltcl.analysis.run_report import images_of
from ltcl.errors import UserError
from ltcl.predictions import save_predictions
from ltcl.report.page import build_page, code
from ltcl.report.run_files import is_of_report, read_curves, read_run

HOSTILE = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '</style></script><b>',
    '{{ 7*7 }}',
]


class Tags(html.parser.HTMLParser):
    """Tags of a page with their attributes, and the cells of its tables."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.text.append('')

    def handle_data(self, data):
        if self.text:
            self.text[-1] += data

    def all(self, tag, **wanted):
        return [
            (attrs, text)
            for (name, attrs), text in zip(self.tags, self.text, strict=True)
            if name == tag and all(attrs.get(key) == value for key, value in wanted.items())
        ]


@pytest.fixture(scope='module')
def hundred(tmp_path_factory):
    """A run of 100 classes, half of its wrong images at hand."""
    folder = tmp_path_factory.mktemp('hundred')
    rng = np.random.default_rng(0)
    for name in range(20):
        Image.fromarray(rng.integers(0, 255, (200, 260, 3), dtype=np.uint8)).save(folder / f'{name}.jpg')
    scores, labels = answers(100, per_class=20, margin=2.5)
    paths = [str(folder / f'{place % 40}.jpg') for place in range(len(labels))]
    predictions = saved(scores, labels, paths=paths)
    write_run(folder, predictions)
    start = time.process_time()
    page = build_page([read_run(folder)])
    assert time.process_time() - start < 10
    return folder, predictions, page


def test_headline_is_that_of_the_report_and_of_scikit_learn(hundred):
    folder, predictions, page = hundred
    told = json.loads((folder / 'test_metrics.json').read_text())['last']['metrics']
    shown = dict(
        re.findall(r'<span>([^<]*)</span></div>', page)
        and [(title, float(value)) for value, title in re.findall(r'<b>([\d.]+)</b><span>([^<]*)</span>', page)]
    )
    preds = predictions.scores.argmax(1)
    assert (
        shown['all images'] == round(told['shot/all'], 2) == round(100 * accuracy_score(predictions.labels, preds), 2)
    )
    macro = recall_score(predictions.labels, preds, average='macro')
    assert shown['macro (mean over classes)'] == round(told['shot/macro'], 2) == round(100 * macro, 2)
    assert shown['worst class'] == round(told['shot/worst_class'], 2)
    for group in ('many', 'medium', 'few'):
        assert shown[f'{group}-shot classes'] == round(told[f'shot/{group}'], 2)


def test_every_column_is_that_of_metrics_json_and_of_scikit_learn(hundred):
    folder, predictions, page = hundred
    told = json.loads((folder / 'test_metrics.json').read_text())['per_class']
    labels, preds = predictions.labels, predictions.scores.argmax(1)
    probabilities = softmax(predictions.scores.astype(np.float64), axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(labels, preds, zero_division=np.nan)
    areas = roc_auc_score(labels, probabilities, multi_class='ovr', average=None)
    matrix = confusion_matrix(labels, preds)
    off = matrix - np.diag(matrix.diagonal())
    rows = table_of(page)
    assert len(rows) == 100
    for row in rows:
        name, group, train, images, score, interval, *others = row
        entry = next(each for each in told if each['class_name'] == name)
        index = entry['class_index']
        assert (group, train, images) == (entry['group'], f'{entry["train_count"]:,}', str(entry['test_count']))
        assert int(images) == support[index]
        assert score == f'{entry["accuracy"]:.1f}' == f'{100 * recall[index]:.1f}'
        hits = int(matrix[index, index])
        low, high = binomtest(hits, int(support[index])).proportion_ci(method='wilson')
        assert interval == f'{100 * low:.0f}–{100 * high:.0f}'
        confidence = probabilities.max(1)[labels == index].mean()
        truth = [100 * precision[index], 100 * f1[index], 100 * areas[index], 100 * confidence]
        assert others[:4] == ['' if np.isnan(value) else f'{value:.1f}' for value in truth]
        most = off[index].max()
        assert others[4] in [f'class {other} ({most})' for other in np.flatnonzero(off[index] == most)]


def test_ece_is_that_of_torchmetrics(hundred):
    _, predictions, page = hundred
    probabilities = softmax(predictions.scores.astype(np.float64), axis=1)
    counts = predictions.class_counts
    groups = {'many': counts > 100, 'medium': (counts >= 20) & (counts <= 100), 'few': counts < 20}
    for name, mask in {'all images': counts > 0, **groups}.items():
        member = mask[predictions.labels]
        truth = calibration_of(probabilities[member], predictions.labels[member])
        assert f'{name}: ECE {100 * truth:.1f} %' in page


def calibration_of(probabilities, labels):
    tensors = torch.from_numpy(probabilities), torch.from_numpy(labels)
    return multiclass_calibration_error(*tensors, num_classes=probabilities.shape[1], n_bins=15).item()


def test_page_is_small_and_asks_nothing_of_a_network(hundred):
    page = hundred[2]
    assert len(page.encode()) < 3_000_000
    addresses = [value for _, attrs in Tags(page).tags for key, value in attrs.items() if key in ('src', 'href')]
    assert all(address.startswith(('#', 'data:')) for address in addresses)
    assert '@import' not in page
    assert 'url(' not in page


def test_table_has_every_class_and_the_matrix_is_grouped(hundred):
    page = Tags(hundred[2])
    assert len(page.all('th', scope='row')) == 100
    cells = page.all('rect', role='button')
    assert {int(attrs['data-true']) for attrs, _ in cells} == set(range(20))
    figures = page.all('figure')
    pictured = page.all('img')
    assert 0 < len(pictured) < len(figures) <= 160
    confidence = [float(text.split()[0]) for text in re.findall(r'</b> (\d+) %<br>', hundred[2])]
    assert confidence == sorted(confidence, reverse=True)


def test_cells_and_pictures_name_each_other(hundred):
    page = Tags(hundred[2])
    cells = {(attrs['data-true'], attrs['data-pred']) for attrs, _ in page.all('rect', role='button')}
    assert {(attrs['data-true'], attrs['data-pred']) for attrs, _ in page.all('figure')} <= cells


def test_no_name_does_anything(tmp_path):
    names = HOSTILE + ODD_NAMES
    scores, labels = answers(len(names), per_class=4, margin=1.0)
    paths = [f'<img src=x onerror=alert({place})>.jpg' for place in range(len(labels))]
    predictions = saved(scores, labels, paths=paths, classes=[name.replace('\udce9', '') for name in names])
    page = build_page(
        [read_run(write_run(tmp_path / '"><script>x', predictions, command=HOSTILE[0], config=HOSTILE[3]))]
    )
    tags = Tags(page).tags
    assert sum(tag == 'script' for tag, _ in tags) == 1
    assert not [attrs for _, attrs in tags if any(key.startswith('on') for key in attrs)]
    assert not {'b', 'img'} & {tag for tag, attrs in tags if attrs.get('src') == 'x' or attrs.get('onerror')}
    assert not re.search('[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]', page)
    assert '49' not in Tags(page).all('h1')[0][1]


def test_what_stands_between_backticks_is_code_and_nothing_else_is_markup():
    assert code('take `a<b` or <i>') == 'take <code>a&lt;b</code> or &lt;i&gt;'


def test_without_predictions_it_says_how_to_get_them(tmp_path):
    scores, labels = answers(3)
    page = build_page([read_run(write_run(tmp_path, saved(scores, labels), with_predictions=False))])
    assert 'ltcl test RUN --out RUN/predictions.npz' in page
    assert 'id="diagnosis"' not in page
    assert len(Tags(page).all('th', scope='row')) == 3


def test_other_predictions_are_told(tmp_path):
    scores, labels = answers(5)
    folder = write_run(tmp_path, saved(scores, labels))
    assert 'not those of the report' not in build_page([read_run(folder)])
    report = json.loads((folder / 'test_metrics.json').read_text())
    report['last']['metrics']['shot/all'] -= 3
    (folder / 'test_metrics.json').write_text(json.dumps(report))
    assert 'not those of the report' in build_page([read_run(folder)])


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (lambda path: save_predictions(path, saved(*answers(7))), 'is of 7 classes, but'),
        (lambda path: save_predictions(path, saved(*answers(5), classes=list('abcde'))), 'such as a for class 0'),
        (lambda path: path.write_bytes(b'PK'), 'is no .npz file of predictions'),
    ],
)
def test_predictions_that_an_earlier_run_left_cost_no_page(call, tmp_path, change, reason):
    folder = write_run(tmp_path / 'run', saved(*answers(5)))
    change(folder / 'predictions.npz')
    done = call('report', folder)
    assert done.status == 0
    assert 'The predictions in the folder are left out' in done.out
    assert reason in done.out
    page = (folder / 'report.html').read_text()
    assert reason in html.unescape(re.sub('<[^>]+>', '', page))
    assert 'id="diagnosis"' not in page
    # Who names them means them.
    assert reason in call('report', folder, '--predictions', folder / 'predictions.npz').mistake


def test_a_page_takes_the_place_of_no_other_file(call, tmp_path):
    folder = write_run(tmp_path / 'run', saved(*answers(5)))
    before = (folder / 'predictions.npz').read_bytes()
    for out, reason in (
        (folder / 'predictions.npz', 'must end in .html'),
        (tmp_path / 'none' / 'page.html', f'there is no folder {tmp_path}/none'),
    ):
        done = call('report', folder, '--out', out)
        assert done.status == 2
        assert reason in done.err
    assert (folder / 'predictions.npz').read_bytes() == before
    assert call('report', folder, '--out', tmp_path / 'page.html').status == 0
    assert (tmp_path / 'page.html').read_text().startswith('<!')


@pytest.mark.parametrize('is_right', [True, False])
@pytest.mark.filterwarnings('error')
def test_a_single_image(tmp_path, is_right):
    scores, labels = answers(5)
    row = scores[:1] if is_right else scores[:1, ::-1]
    page = build_page([read_run(write_run(tmp_path, saved(row, labels[:1])))])
    assert '5 of 5 classes have too few test images' in page
    assert 'Nothing is known of class 1, class 2, class 3' in page
    assert 'nan' not in re.sub('<[^>]+>', '', page)


def test_a_name_that_cannot_be_seen_is_told_by_its_index(tmp_path):
    page = build_page([read_run(write_run(tmp_path, saved(*answers(3), classes=['', ' ', 'c'])))])
    assert [row[0] for row in table_of(page)] == ['class 0, of blank name', 'class 1, of blank name', 'c']


def test_seeds_are_averaged_and_methods_stand_side_by_side(tmp_path):
    runs, told = [], []
    for seed in (0, 1):
        scores, labels = answers(5, margin=1.5, seed=seed)
        predictions = saved(scores, labels)
        runs.append(
            write_run(tmp_path / f'seed{seed}', predictions, config=f'a = 1\nseed = {seed}\n', config_file='bcl.py')
        )
        told.append(report_of(predictions)['last']['metrics']['shot/all'])
    one = build_page([read_run(run) for run in runs])
    assert f'<b>{np.mean(told):.2f}</b> <i>± {np.std(told, ddof=1):.2f}</i>' in one
    scores, labels = answers(5, margin=4.0)
    runs.append(write_run(tmp_path / 'other', saved(scores, labels), config='a = 2\n', config_file='paco.py'))
    both = build_page([read_run(run) for run in runs])
    assert '<th>bcl<br><small>2 runs</small></th><th>paco<br><small>1 run</small></th>' in both
    assert f'<td>{np.mean(told):.2f} ± {np.std(told, ddof=1):.2f}</td>' in both
    assert 'id="tail"' in both


def test_runs_of_other_data_are_no_seeds_and_are_told(tmp_path):
    def run(name, train, val='v', test='t', **more):
        sets = {
            part: {'images': 9, 'fingerprint': each} for part, each in dict(train=train, val=val, test=test).items()
        }
        return read_run(write_run(tmp_path / name, saved(*answers(5)), config='a = 1\n', data=sets, **more))

    alike = build_page([run('a', 'x'), run('b', 'x')])
    assert 'standard deviation of 2 runs' in alike
    assert 'different' not in alike
    other = build_page([run('a', 'x'), run('b', 'y')])
    assert 'trained on different images' in other
    assert 'standard deviation' not in other
    assert 'measured on different images' in build_page([run('a', 'x'), run('b', 'x', test='u')])
    assert 'fingerprint x' in build_page([run('a', 'x')])
    (tmp_path / 'b' / 'test_metrics.json').unlink()
    assert 'others on validation images' in build_page([read_run(tmp_path / name) for name in 'ab'])
    report = json.loads((tmp_path / 'b' / 'metrics.json').read_text())
    (tmp_path / 'b' / 'metrics.json').write_text(json.dumps({**report, 'score': 'IoU'}))
    (tmp_path / 'b' / 'predictions.npz').unlink()
    with pytest.raises(UserError, match='some runs segment and some classify'):
        build_page([read_run(tmp_path / name) for name in 'ab'])


def test_a_run_that_is_not_finished_is_told(tmp_path):
    folders = [write_run(tmp_path / name, saved(*answers(5)), config='a = 1\n') for name in 'abc']
    assert 'lengths of training' not in build_page([read_run(folder) for folder in folders])
    report = json.loads((folders[1] / 'metrics.json').read_text())
    report['last'] = report['history'][0]
    (folders[1] / 'metrics.json').write_text(json.dumps(report))
    page = build_page([read_run(folder) for folder in folders])
    assert 'measured after different lengths of training: epoch 3 (a, c); epoch 1 (b).' in page


@pytest.mark.parametrize(('before', 'now'), [(9, 4), (4, 9)])
def test_curves_go_on_with_epochs_of_another_length(tmp_path, before, now):
    for name, epochs, length in (('1', (1, 2, 3), before), ('2', (3, 4), now)):
        lines = [{'loss': 1.0, 'epoch': epoch, 'step': length * epoch} for epoch in epochs]
        (tmp_path / name / 'vis_data').mkdir(parents=True)
        (tmp_path / name / 'vis_data' / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    steps = {entry['epoch']: entry['step'] for entry in read_curves(tmp_path)}
    assert steps == {1: before, 2: 2 * before, 3: 3 * now, 4: 4 * now}


def test_a_folder_that_is_named_twice_counts_once(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / 'run', saved(*answers(5)))
    assert call('report', 'run', tmp_path / 'run').out.startswith('Report in ')
    assert not (tmp_path / 'comparison.html').exists()
    assert 'standard deviation of' not in (tmp_path / 'run' / 'report.html').read_text()


@pytest.mark.parametrize(
    ('starts', 'runs'),
    [
        (('/weights/clip.pth', '/weights/dino.pth'), 1),
        (('/weights/clip.pth', None), 1),
        (('/weights/clip.pth', '/weights/clip.pth'), 2),
        (('/first/kcl_0/epoch_8.pth', '/first/kcl_1/epoch_8.pth'), 2),
        (('{here}/a/stage1/epoch_8.pth', '{here}/b/stage1/epoch_8.pth'), 2),
        (('{here}/first/kcl.pth', '{here}/first/tsc.pth'), 1),
    ],
)
def test_runs_of_other_weights_are_no_seeds(tmp_path, starts, runs):
    folders = []
    for name, start in zip('ab', starts, strict=True):
        start = start and start.format(here=tmp_path)
        config = f'a = 1\nload_from = {start!r}\n'
        folders.append(write_run(tmp_path / name, saved(*answers(5)), config=config))
    page = build_page([read_run(folder) for folder in folders])
    assert ('standard deviation of 2 runs' in page) == (runs == 2)


def test_a_seed_that_was_resumed_from_a_checkpoint_is_one(tmp_path):
    ends = ('load_from = None\nresume = False\n', f"load_from = '{tmp_path}/b/epoch_3.pth'\nresume = True\n")
    runs = [
        read_run(write_run(tmp_path / name, saved(*answers(5)), config=f'a = 1\n{end}'))
        for name, end in zip('ab', ends, strict=True)
    ]
    assert 'standard deviation of 2 runs' in build_page(runs)


def test_tests_for_other_class_mixes_are_no_seeds_and_are_told(tmp_path):
    def run(name, **how):
        folder = write_run(tmp_path / name, saved(*answers(5)), config='a = 1\n', command='ltcl train a.py')
        report = json.loads((folder / 'test_metrics.json').read_text()) | {'command': f'ltcl test {name}', **how}
        (folder / 'test_metrics.json').write_text(json.dumps(report))
        return read_run(folder)

    alike = build_page([run('a', prior='natural'), run('b', prior='natural')])
    assert 'standard deviation of 2 runs' in alike
    assert 'different ways' not in alike
    other = build_page([run('a', prior='natural'), run('b', tta=True)])
    assert 'standard deviation' not in other
    assert 'tested in different ways: for the class mix natural; with --tta.' in other
    calibrated = build_page([run('a'), run('b', calibrated_prior='validation')])
    assert 'tested in different ways: without options; for the class mix validation.' in calibrated
    page = build_page([run('a', prior='natural', tta=True)])
    assert 'test images, for the class mix natural, with --tta, 5 classes' in page
    assert '<dt>command</dt><dd>ltcl train a.py</dd><dt>test command</dt><dd>ltcl test a</dd>' in page


def test_the_newer_of_test_and_training_is_shown(tmp_path):
    scores, labels = answers(5)
    folder = write_run(tmp_path, saved(scores, labels))
    run = read_run(folder)
    assert (run.report['unit'], run.is_test_old, run.images) == ('test', False, 'test images')
    report = json.loads((folder / 'metrics.json').read_text())
    (folder / 'metrics.json').write_text(json.dumps({**report, 'written': '2999-01-01T00:00:00+00:00'}))
    run = read_run(folder)
    assert (run.report['unit'], run.is_test_old, run.images) == ('epoch', True, 'validation images')
    assert run.answers is None
    assert 'test of an earlier state of this training' in build_page([run])
    assert read_run(folder, folder / 'predictions.npz').answers is not None


def test_answers_of_the_validation_are_not_those_of_a_later_test(tmp_path):
    validated, tested = (
        saved(*answers(5, margin=margin), split=split) for margin, split in ((1.5, 'val'), (4.0, 'test'))
    )
    folder = write_run(tmp_path, validated)
    (folder / 'test_metrics.json').write_text(json.dumps(report_of(tested)))
    run = read_run(folder)
    assert (run.images, run.answers) == ('test images', None)
    assert 'is of validation images, and the newest figures are of test images: write them anew' in run.left_out
    named = read_run(folder, folder / 'predictions.npz')
    assert (named.images, named.report['unit'], is_of_report(named)) == ('validation images', 'epoch', True)


@pytest.mark.parametrize(
    ('saved_as', 'told', 'is_told'),
    [
        ('birds/best_epoch_2', dict(checkpoint='old/best_epoch_2.pth'), True),
        ('birds/best_epoch_2', dict(checkpoint='old/epoch_3.pth'), False),
        ('birds/best_epoch_2', dict(checkpoint='old/best_epoch_2.pth', calibration='calibrated on val'), False),
        ('birds/best_epoch_2 calibrated', dict(checkpoint='old/best_epoch_2.pth', calibration='on val'), True),
        ('birds/best_epoch_2 calibrated', dict(checkpoint='old/best_epoch_2.pth'), False),
        ('ensemble', {}, True),
    ],
)
def test_predictions_of_another_model_with_the_same_accuracy_are_told(tmp_path, saved_as, told, is_told):
    folder = write_run(tmp_path, saved(*answers(5), checkpoint=saved_as), **told)
    assert is_of_report(read_run(folder)) is is_told
    page = build_page([read_run(folder)])
    assert ('not those of the report' in page) is not is_told
    assert ('The answers are' in page) is (is_told and 'calibration' in told)


def test_predictions_of_the_last_validation_are_of_its_weights(tmp_path):
    for epoch, is_last in ((3, True), (2, False)):
        folder = write_run(tmp_path, saved(*answers(5), split='val', checkpoint=f'birds/epoch_{epoch}'))
        (folder / 'test_metrics.json').unlink()
        assert is_of_report(read_run(folder)) is is_last


@pytest.mark.parametrize(
    ('place', 'reason'),
    [('../out.npz', 'the newest one wrote .*/out.npz: `--predictions`'), (None, 'the newest one kept no predictions')],
)
def test_predictions_of_an_earlier_test_are_left_out(tmp_path, place, reason):
    folder = write_run(tmp_path / 'run', saved(*answers(5)), predictions_file='predictions.npz')
    assert read_run(folder).answers is not None
    write_run(folder, saved(*answers(5)), predictions_file=place)
    run = read_run(folder)
    assert run.answers is None
    assert re.search(reason, run.left_out)
    assert read_run(folder, folder / 'predictions.npz').answers is not None


def test_predictions_that_are_named_go_with_the_figures_of_their_images(tmp_path):
    folder = write_run(tmp_path, saved(*answers(5)))
    for split, margin in (('val', 4.0), ('more/test', 2.0)):
        of_others = saved(*answers(5, margin=margin), split=split)
        save_predictions(tmp_path / 'others.npz', of_others)
        told = report_of(of_others, split=split)
        (folder / f'{split.replace("/", "-")}_metrics.json').write_text(json.dumps(told))
        run = read_run(folder, tmp_path / 'others.npz')
        assert run.report['last'] == told['last']
        assert (run.images, is_of_report(run)) == (images_of(split), True)
        assert read_run(folder, tested=split).report['last'] == told['last']
    assert read_run(folder).images == 'test images'
    (folder / 'more-test_metrics.json').unlink()
    with pytest.raises(UserError, match=r'is of images of test, and .* has no figures of these: .* DATA --out'):
        read_run(folder, tmp_path / 'others.npz')
    for name in ('metrics.json', 'test_metrics.json'):
        (folder / name).unlink()
    with pytest.raises(UserError, match=r'has figures of other images alone, val_metrics\.json'):
        read_run(folder)


def test_runs_of_other_classes_have_no_common_tail(tmp_path):
    runs = [write_run(tmp_path / str(n), saved(*answers(n)), config=f'a = {n}\n') for n in (3, 4)]
    assert 'no common tail' in build_page([read_run(run) for run in runs])


@pytest.mark.parametrize(('num_classes', 'spans'), [(5, []), (60, ['class 0 to class 2 (3)'])])
def test_unknown_training_images(tmp_path, num_classes, spans):
    predictions = saved(*answers(num_classes))._replace(class_counts=np.full(num_classes, -1))
    folder = write_run(tmp_path, predictions)
    for name in ('metrics.json', 'test_metrics.json'):
        report = json.loads((folder / name).read_text())
        rows = [row | {'train_count': None, 'group': None} for row in report['per_class']]
        (folder / name).write_text(json.dumps(report | {'per_class': rows}))
    page = build_page([read_run(folder)])
    assert 'are not known, so there are no shot groups and no tail' in page
    assert 'id="tail"' not in page
    assert 'Classes in the order of their labels' in page
    assert [row[:3] for row in table_of(page)] == [[f'class {index}', '', ''] for index in range(num_classes)]
    assert all(span in page for span in spans)
    assert 'no common tail' in build_page([read_run(folder), read_run(folder)])
    for name in ('metrics.json', 'test_metrics.json'):  # a run whose metrics measured no classes
        report = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(report | {'per_class': []}))
    assert table_of(build_page([read_run(folder)]))[0][:3] == ['class 0', '', '']


def test_what_is_no_run_is_one_error(tmp_path):
    with pytest.raises(UserError, match='is no work dir of a run'):
        read_run(tmp_path / 'absent')
    with pytest.raises(UserError, match=r'has no metrics.json'):
        read_run(tmp_path)
    (tmp_path / 'metrics.json').write_text('{')
    with pytest.raises(UserError, match='is no report of a run'):
        read_run(tmp_path)
    folder = write_run(tmp_path / 'run', saved(*answers(3)))
    other = write_run(tmp_path / 'other', saved(*answers(4)))
    with pytest.raises(UserError, match='is of 4 classes, but'):
        read_run(folder, other / 'predictions.npz')


@pytest.mark.slow
def test_as_many_classes_as_inaturalist(tmp_path):
    scores, labels = answers(8142, per_class=1, margin=4.0)
    start = time.process_time()
    page = build_page([read_run(write_run(tmp_path, saved(scores, labels, tail_counts(8142))))])
    assert time.process_time() - start < 120
    assert len(page.encode()) < 6_000_000
    assert len(table_of(page)) == 8142
    assert len(re.findall('<circle', page)) == 200


def test_many_classes(tmp_path):
    scores, labels = answers(500, per_class=2)
    page = build_page([read_run(write_run(tmp_path, saved(scores, labels, tail_counts(500))))])
    assert len(re.findall('<circle', page)) == 200
    assert 'Printed are 200 classes' in page
