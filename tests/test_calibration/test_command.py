"""ltcl calibrate: what it stores, and that predict, test, export and a training treat it as such."""

import json
import math
import re
import shutil

import numpy as np
import onnxruntime
import pytest
import torch
from mmengine.registry import init_default_scope
from page_tables import table_of
from PIL import Image
from scipy.special import softmax
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score
from toy import toy_config, write_images

from ltcl import LongTailClassifier
from ltcl.calibration import Calibration
from ltcl.calibration.calibrating import applied
from ltcl.calibration.storing import store
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.whole_files import is_whole, save_whole
from ltcl.engine import Runner
from ltcl.export.graph import ImagesToProbabilities, log_prior
from ltcl.predictions import load_predictions
from ltcl.predictions.figures import accuracy_figures


def write_doubtful(root, counts, seed):
    """Images as of ``toy`` whose classes overlap."""
    generator = np.random.default_rng(seed)
    for label, count in enumerate(counts):
        (root / f'class_{label}').mkdir(parents=True)
        for number in range(count):
            level = generator.normal(60 + 60 * label, 45)
            image = generator.normal(level, 10, (16, 16, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(image).save(root / f'class_{label}' / f'{number}.png')
    return root


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    """Images for training, validation and test."""
    root = tmp_path_factory.mktemp('images')
    write_images(root / 'train')
    for seed, name in enumerate(('val', 'test')):
        write_doubtful(root / name, (100, 60, 30), seed)
    return root


@pytest.fixture(scope='module')
def trained(folders, tmp_path_factory):
    """A run, and the config of it."""
    init_default_scope('mmpretrain')
    work_dir = tmp_path_factory.mktemp('run')
    changes = {f'{name}_dataloader__dataset__data_prefix': str(folders / name) for name in ('val', 'test')}
    changes |= dict(train_cfg__max_epochs=8, train_cfg__val_interval=8, param_scheduler__T_max=8)
    cfg = toy_config(folders / 'train', work_dir, 'balpoe', **changes)
    Runner.from_cfg(cfg).train()
    return work_dir, cfg


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the run, to be calibrated."""
    return shutil.copytree(trained[0], tmp_path / 'run')


def best(run):
    [path] = run.glob('best_*.pth')
    return path


def stored(run):
    return load_from_local(best(run))['meta'].get('calibration')


def answered(call, run, tmp_path, *words):
    """Predictions and figures of a test, whose page says the same."""
    report = "default_hooks.run_report=dict(_delete_=True,type='ltcl.RunReportHook')"
    done = call(
        'test', run, '--work-dir', tmp_path / 'tested', '--out', tmp_path / 'out.npz', *words, '--cfg-options', report
    )
    assert done.status == 0, done.err
    metrics = json.loads((tmp_path / 'tested' / 'test_metrics.json').read_text())['last']['metrics']
    saved = load_predictions(tmp_path / 'out.npz')
    check_page(tmp_path / 'tested', saved)
    return saved, metrics, done.out + done.err


def check_page(work_dir, saved):
    """Page, ``test_metrics.json`` and scikit-learn on the predictions agree on every class."""
    report = json.loads((work_dir / 'test_metrics.json').read_text())
    probabilities = softmax(saved.scores.astype(np.float64), axis=1)
    answers, every = probabilities.argmax(1), range(len(saved.classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        saved.labels, answers, labels=every, zero_division=np.nan
    )
    areas = roc_auc_score(saved.labels, probabilities, multi_class='ovr', average=None)
    assert report['last']['metrics']['shot/all'] == pytest.approx(100 * accuracy_score(saved.labels, answers))
    page = (work_dir / 'report.html').read_text()
    rows = {row[0]: row[3:] for row in table_of(page)}
    assert sorted(rows) == sorted(saved.classes.tolist())
    for label, entry in enumerate(report['per_class']):
        images, score, _, *others = rows[entry['class_name']][:7]
        assert (int(images), score) == (support[label], f'{entry["accuracy"]:.1f}')
        assert entry['accuracy'] == pytest.approx(100 * recall[label])
        confidence = probabilities.max(1)[saved.labels == label].mean()
        truth = [precision[label], f1[label], areas[label], confidence]
        shown = [float(cell) if cell else np.nan for cell in others]
        assert shown == pytest.approx([100 * value for value in truth], abs=0.051, nan_ok=True)


def test_a_page_has_no_answers_from_before_a_calibration(call, run, tmp_path):
    options = ('--cfg-options', "default_hooks.run_report=dict(_delete_=True,type='ltcl.RunReportHook')")
    assert call('test', run, *options).status == 0
    assert call('report', run).status == 0
    assert 'id="confidence"' in (run / 'report.html').read_text()
    assert call('calibrate', run).status == 0
    assert call('test', run, '--out', tmp_path / 'out.npz', *options).status == 0
    assert 'The answers are calibrated' in (run / 'report.html').read_text()
    done = call('report', run)
    assert f'the newest one wrote {tmp_path}/out.npz: `--predictions` names it' in done.out
    assert 'id="confidence"' not in (run / 'report.html').read_text()
    assert call('report', run, '--predictions', tmp_path / 'out.npz').status == 0
    assert 'The answers are calibrated' in (run / 'report.html').read_text()


def test_it_stores_what_test_predict_and_export_use(call, run, folders, tmp_path):
    before, figures, _ = answered(call, run, tmp_path)
    weights = load_from_local(best(run))
    done = call('calibrate', run, '--precision', 0.6, '--prior', 'validation')
    assert done.status == 0, done.err
    assert f'stored in {best(run)}' in done.out
    assert 'fitted on 190 images (val)' in done.out
    calibration = Calibration.from_meta(load_from_local(best(run))['meta'], 3, run)
    assert (calibration.images, calibration.precision, calibration.bounds) == (190, 0.6, (5, 20))
    assert calibration.prior_power == pytest.approx(0.65, abs=0.1)  # 100, 60 and 30 images of 24, 12 and 4
    # All else in the file is as it was.
    after = load_from_local(best(run))
    assert is_whole(best(run))
    assert {**after['meta'], 'calibration': None} == {**weights['meta'], 'calibration': None}
    assert all((after['state_dict'][name] == value).all() for name, value in weights['state_dict'].items())
    # A test answers as the calibration says, and says so.
    expected = applied(before, calibration)
    saved, new, said = answered(call, run, tmp_path, '--reject', 'stored')
    assert saved.scores == pytest.approx(np.log(expected.probabilities), abs=2e-5)
    assert saved.checkpoint == f'{before.checkpoint} calibrated'
    assert saved.frequency_power == pytest.approx(calibration.prior_power)
    assert said.count(f'The answers are {calibration}') == 1
    assert new['shot/all'] == pytest.approx(100 * accuracy_figures(expected)['all'])
    # What it says of other class mixes is of the calibrated scores.
    balanced, _, _ = answered(call, run, tmp_path, '--prior', 'balanced')
    assert new['shot/macro_balanced'] == pytest.approx(100 * accuracy_figures(balanced)['macro'])
    # Thresholds give as many answers as they should.
    least = calibration.threshold_of([24, 12, 4], 3).numpy()
    probabilities = saved.probabilities
    given = probabilities.max(1) >= least[probabilities.argmax(1)]
    assert new['answered/coverage'] == pytest.approx(100 * given.mean())
    right = (probabilities.argmax(1) == saved.labels)[given]
    assert new['answered/accuracy'] == pytest.approx(100 * right.mean())
    # So does a model in use, one of its own process, and one without this package.
    model = LongTailClassifier.load(run, 'cpu')
    paths = saved.paths.tolist()
    predictions = model.predict(paths, 3)
    assert [each.probabilities[0] for each in predictions] == pytest.approx(probabilities.max(1).tolist(), abs=1e-5)
    labels = [each.label(model.thresholds) for each in predictions]
    assert [label is not None for label in labels] == given.tolist()
    images = torch.from_numpy(np.stack([np.array(Image.open(path)) for path in paths[::9]]))
    with torch.no_grad():
        rows = ImagesToProbabilities(model)(images, log_prior(model, None)).numpy()
    assert rows == pytest.approx(probabilities[::9], abs=1e-5)
    # As trained again.
    plain = answered(call, run, tmp_path, '--uncalibrated')
    assert (plain[0].scores == before.scores).all()
    assert plain[1] == figures
    assert call('calibrate', run, '--undo').out == f'{best(run)} answers as it was trained to\n'
    assert stored(run) is None
    assert (answered(call, run, tmp_path)[0].scores == before.scores).all()
    assert 'has no calibration to take out' in call('calibrate', run, '--undo').mistake


def test_predict_says_once_that_it_is_calibrated(call, run, folders):
    thresholds = dict(many=1.0, medium=0.0, few=0.4)
    store(best(run), Calibration(dict(many=2.0, medium=1.5, few=1.0), (5, 20), thresholds=thresholds, images=190))
    image = folders / 'test' / 'class_0'
    done = call('predict', run, image, '--reject', 'stored')
    assert done.err.count('calibrated on 190 images (val): temperature many 2, medium 1.5, few 1') == 1
    model = LongTailClassifier.load(run)
    assert model.thresholds == dict(class_0=1.0, class_1=0.0, class_2=0.4)
    empty = sum(each.label(model.thresholds) is None for each in model.predict(image))
    assert done.out.count(',"",') == empty > 0
    plain = call('predict', run, image, '--uncalibrated')
    assert 'calibrated on' not in plain.err
    assert plain.out != done.out
    for words in (['--prior', 'natural'], ['--uncalibrated']):
        for command in (['predict', run, image], ['test', run]):
            mistake = call(*command, '--reject', 'stored', *words).mistake
            assert '--reject stored was chosen for the calibrated answers' in mistake
    store(best(run), Calibration({'all': 2.0}, images=190))
    assert 'no thresholds are stored' in call('predict', run, image, '--reject', 'stored').mistake
    assert 'no thresholds are stored' in call('test', run, '--reject', 'stored').mistake


def test_what_is_chosen_depends_on_validation_images_only(call, run, trained, folders, tmp_path):
    said = call('calibrate', run).out
    assert re.search(r'val: no answer is another one, all [\d.]+, macro [\d.]+; ECE [\d.]+ → [\d.]+', said)
    first = stored(run)
    assert first['prior'] is None
    checkpoint = load_from_local(best(run))
    config = checkpoint['meta']['config']
    config['test_dataloader']['dataset']['data_prefix'] = str(folders / 'train')
    save_whole(best(run), checkpoint)
    assert 'test, all' in call('calibrate', run).out
    assert stored(run) == first
    # On other images it is another one, and a dry run stores nothing.
    done = call('calibrate', run, folders / 'test', '--dry-run')
    assert done.out.endswith('nothing is stored\n')
    name = f'{folders.name}/test'
    assert f'fitted on 190 images ({name})' in done.out
    assert f'{name}, all' in done.out
    assert re.search('^ *test, all', done.out, re.MULTILINE)
    assert 'there are no test images of their own' not in done.out
    assert stored(run) == first


def test_test_images_among_others_choose_nothing(call, run, folders, tmp_path):
    more = write_doubtful(tmp_path / 'more', (100, 60, 30), 5)
    alone = call('calibrate', run, more)
    first = stored(run)
    for label in range(3):
        for number in range(20):
            test = folders / 'test' / f'class_{label}' / f'{number}.png'
            shutil.copy(test, more / f'class_{label}' / f'copy_{number}.png')
    mixed = call('calibrate', run, more)
    said = r'of the 250 images of \S+ are test images of this run, such as \S+.png, which check what is fitted'
    assert re.search(said, mixed.out + mixed.err)
    assert stored(run)['temperatures'] == pytest.approx(first['temperatures'], rel=1e-6)
    fitted = r'fitted on \d+ images'
    assert re.search(fitted, mixed.out)[0] == re.search(fitted, alone.out)[0]
    shutil.copytree(folders / 'test' / 'class_2', tmp_path / 'part' / 'class_2')
    assert 'all 30 images of' in call('calibrate', run, tmp_path / 'part').mistake


def test_validation_images_that_are_those_of_the_test(call, run):
    checkpoint = load_from_local(best(run))
    config = checkpoint['meta']['config']
    config['test_dataloader'] = config['val_dataloader']
    save_whole(best(run), checkpoint)
    assert (
        'its test images, and a test on images that were fitted would be none: --halves'
        in call('calibrate', run).mistake
    )
    done = call('calibrate', run, '--halves')
    assert 'fitted on 95 images (half of val)' in done.out
    assert 'rest, all' in done.out
    config['val_dataloader'] = None
    save_whole(best(run), checkpoint)
    assert 'has no validation images, which a calibration is fitted on: name a folder' in call('calibrate', run).mistake


def test_a_folder_without_a_test_part_has_no_check(call, run, folders, tmp_path):
    root = tmp_path / 'own'
    root.mkdir()
    for part in ('train', 'val'):
        (root / part).symlink_to(folders / part)
    checkpoint = load_from_local(best(run))
    config = checkpoint['meta']['config']
    for part in ('val', 'test'):
        loader = config[f'{part}_dataloader']
        loader['dataset'] = dict(
            type='ltcl.OwnImages', data_root=str(root), split=part, pipeline=loader['dataset']['pipeline']
        )
    config['test_dataloader']['batch_size'] = 1  # whose scores differ in the last digits
    save_whole(best(run), checkpoint)
    write_doubtful(tmp_path / 'others', (100, 60, 30), 5)
    for words in ([], [tmp_path / 'others']):
        done = call('calibrate', run, *words, '--dry-run')
        assert done.status == 0, done.err
        assert 'there are no test images of their own' in done.out
        assert not re.search('^ *test, all', done.out, re.MULTILINE)


@pytest.mark.parametrize(
    ('words', 'status', 'message'),
    [
        (['nowhere'], 1, 'nowhere does not exist: name the work dir'),
        (['RUN', 'nowhere'], 1, 'nowhere does not exist: name a folder of images'),
        (['RUN', '--prior', 'naturel'], 2, 'naturel is none of keep, validation, natural, balanced, nor a CSV'),
        (['RUN', '--precision', '1.5'], 2, '1.5 is no share of right answers'),
        (['RUN', '--precision', '0.9', '--prior', 'natural'], 2, '--precision counts right answers'),
        (['RUN', '--bounds', '9', '3'], 2, 'the smaller one first'),
        (['SEG'], 1, 'is a checkpoint of segmentation: only classifiers of images'),
        (['RUN', 'FEW'], 1, '40 images with .* wrong answers tell no temperature'),
        (['RUN', 'TRAIN'], 1, 'all 40 images of .* are training images of this run, such as .*class_0/0.png'),
    ],
)
def test_mistakes_are_one_line(call, run, folders, tmp_path, words, status, message):
    checkpoint = load_from_local(best(run))
    places = dict(RUN=run, TRAIN=folders / 'train', FEW=tmp_path / 'few')
    if 'FEW' in words:
        write_doubtful(places['FEW'], (20, 12, 8), 2)
    if 'SEG' in words:
        meta = checkpoint['meta']
        config = dict(meta['config'], default_scope='mmseg', model=dict(type='EncoderDecoder', decode_head={}))
        places['SEG'] = tmp_path / 'SEG.pth'
        save_whole(places['SEG'], {**checkpoint, 'meta': {**meta, 'config': config}})
    done = call('calibrate', *[places.get(word, word) for word in words])
    assert done.status == status
    [line] = [line for line in done.err.splitlines() if line]
    assert line.startswith('error: ')
    assert re.search(message, line), line
    assert stored(run) is None


def test_a_model_that_is_trained_on_is_not_calibrated(run, trained, tmp_path):
    """Neither what resumes from a calibrated checkpoint nor what starts from one keeps the calibration."""
    for path in run.glob('*.pth'):
        store(path, Calibration({'all': 2.0}, images=190))
    cfg = trained[1].copy()
    cfg.work_dir, cfg.resume, cfg.train_cfg.max_epochs, cfg.train_cfg.val_interval = str(run), True, 9, 9
    Runner.from_cfg(cfg).train()
    assert 'calibration' not in load_from_local(run / 'epoch_9.pth')['meta']
    assert 'calibration' in load_from_local(run / 'epoch_8.pth')['meta']  # it still is that of these weights
    [log] = max(run.glob('*/'), key=lambda path: path.name).glob('*.log')
    assert 'is not that of a model trained on: `ltcl calibrate` fits one anew' in log.read_text()
    other = trained[1].copy()
    other.work_dir, other.load_from = str(tmp_path / 'other'), str(run / 'epoch_8.pth')
    other.train_cfg.max_epochs = other.train_cfg.val_interval = 1
    Runner.from_cfg(other).train()
    assert all('calibration' not in load_from_local(path)['meta'] for path in (tmp_path / 'other').glob('*.pth'))


def test_a_head_without_classifier(call, folders, tmp_path):
    cfg = toy_config(folders / 'train', tmp_path, 'kcl', train_cfg__max_epochs=1, train_cfg__val_interval=1)
    cfg.val_dataloader.dataset.data_prefix = str(folders / 'val')
    Runner.from_cfg(cfg).train()
    assert 'gives no image one class of all' in call('calibrate', tmp_path).mistake


@pytest.mark.slow
def test_an_ensemble_leaves_calibrations_out(call, run, trained, tmp_path):
    store(best(run), Calibration({'all': 2.0}, images=190))
    [config] = trained[0].glob('*.py')
    words = ['test', config, best(run), config, best(trained[0]), '--work-dir', tmp_path / 'both']
    done = call(*words, '--out', tmp_path / 'both.npz')
    assert done.status == 0, done.err
    assert done.out.count('no calibration of theirs is used') == 1
    assert '--reject is for one classifier of images' in call(*words, '--reject', 0.5).mistake


@pytest.mark.slow
@pytest.mark.parametrize('suffix', ['onnx', 'pt2'])
def test_an_exported_file_is_calibrated(call, run, folders, tmp_path, suffix):
    mix = dict(
        power=0.3, prior=[0.5, 0.3, 0.2], prior_name='mix.csv', thresholds=dict(many=0.5, medium=1.0, few=math.inf)
    )
    store(best(run), Calibration(dict(many=2.0, medium=1.5, few=1.0), (5, 20), images=190, **mix))
    out = tmp_path / f'model.{suffix}'
    done = call('export', run, '--out', out, '--check-images', folders / 'test')  # which compares its answers
    assert done.status == 0, done.err
    assert done.err.count('calibrated on 190 images') == 1
    image = np.array(Image.open(folders / 'test' / 'class_1' / '0.png'))
    if suffix == 'onnx':
        session = onnxruntime.InferenceSession(out)
        facts = {name: json.loads(text) for name, text in session.get_modelmeta().custom_metadata_map.items()}
        [[row]] = session.run(None, dict(images=image[None]))
        assert facts['thresholds'] == [0.5, 1.0, None]
        assert facts['calibration']['temperatures'] == dict(many=2.0, medium=1.5, few=1.0)
        assert facts['prior'] == 'as calibrated'
    else:
        [row] = torch.export.load(out).module()(torch.from_numpy(image)[None]).detach().numpy()
    [prediction] = LongTailClassifier.load(run, 'cpu').predict(image, 3)
    assert sorted(row, reverse=True) == pytest.approx(prediction.probabilities, abs=1e-6)
