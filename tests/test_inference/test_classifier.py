"""A trained model by itself gives the answers of a test, for every method, and features."""

import math
import multiprocessing

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.registry import init_default_scope
from PIL import Image
from toy import CLASS_COUNTS, METHODS, toy_config
from toy_stage2 import stage2_config

from ltcl import LongTailClassifier
from ltcl.engine import Runner
from ltcl.engine.hooks.feature_bank_hook import extract_features
from ltcl.errors import UserError

CLASSES = ['class_0', 'class_1', 'class_2']
# The others answer by the code of these.
QUICK = ('cross_entropy', 'paco', 'bcl', 'proco', 'balpoe')
WITH_CLASSIFIER = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name, method in METHODS.items()
    if method.has_classifier
]
BALANCED = {'paco', 'gpaco', 'multi_task', 'bcl', 'proco', 'resco', 'rescom', 'balpoe'}


class Scores(BaseMetric):
    """Keeps the probabilities of each file."""

    def process(self, data_batch, data_samples):
        self.results += [(each['img_path'], each['pred_score'].tolist()) for each in data_samples]

    def compute_metrics(self, results):
        return {'scores': dict(results)}


def scores_of_test(cfg):
    """Probabilities of each image by a test of a config, in the order of the test."""
    runner = Runner.from_cfg(cfg)
    metric = Scores()
    metric.dataset_meta = {}
    runner.test_loop.evaluator.metrics.append(metric)
    return runner.test()['scores']


def config_under_test(cfg, checkpoint):
    """The config of a training, for a test."""
    cfg = cfg.copy()
    cfg.load_from = str(checkpoint)
    cfg.default_hooks.run_report = None
    return cfg


@pytest.fixture(scope='module')
def trained(images, tmp_path_factory):
    """Config and work dir of a run of each method, of one epoch."""
    init_default_scope('mmpretrain')
    root, made = tmp_path_factory.mktemp('runs'), {}

    def run(method):
        if method not in made:
            cfg = toy_config(images, root / method, method, train_cfg__max_epochs=1, train_cfg__val_interval=1)
            Runner.from_cfg(cfg).train()
            made[method] = cfg, root / method
        return made[method]

    return run


def best(folder):
    [path] = folder.glob('best_*.pth')
    return path


@pytest.mark.parametrize('method', WITH_CLASSIFIER)
def test_predictions_are_those_of_the_test(trained, images, method):
    cfg, folder = trained(method)
    expected = scores_of_test(config_under_test(cfg, best(folder)))
    model = LongTailClassifier.load(folder, device='cpu')
    predictions = model.predict(images)
    assert [each.path for each in predictions] == list(expected)
    for each in predictions:
        scores = expected[each.path]
        order = sorted(range(3), key=lambda label: -scores[label])
        assert each.classes == tuple(CLASSES[label] for label in order)
        assert each.probabilities == tuple(scores[label] for label in order)  # to the last digit
    assert model.mixes.power == (0 if method in BALANCED else 1)
    assert model.run.class_counts == list(CLASS_COUNTS)


@pytest.mark.parametrize('head', ['linear', 'ncm', 'tau_norm'])
def test_second_stages_answer_as_their_test(trained, images, tmp_path, head):
    stage1 = best(trained('kcl' if head != 'tau_norm' else 'cross_entropy')[1])
    cfg = stage2_config(images, tmp_path / 'run', stage1, head, train_cfg__max_epochs=1)
    if head == 'linear':
        Runner.from_cfg(cfg).train()
        stage1 = best(tmp_path / 'run')
    cfg.dump(tmp_path / f'{head}.py')
    expected = scores_of_test(config_under_test(cfg, stage1))
    model = LongTailClassifier.load(stage1, 'cpu', config=None if head == 'linear' else tmp_path / f'{head}.py')
    for each in model.predict(images, top=3):
        assert dict(zip(each.classes, each.probabilities, strict=True)) == dict(
            zip(CLASSES, expected[each.path], strict=True)
        )


def test_weights_that_are_not_finite_answer_nothing(trained, tmp_path):
    path = tmp_path / 'diverged.pth'
    checkpoint = torch.load(best(trained('cross_entropy')[1]), weights_only=False)
    checkpoint['state_dict']['head.fc.bias'][0] = torch.nan
    torch.save(checkpoint, path)
    with pytest.raises(UserError, match=r'diverged\.pth holds a number that is not finite, in head\.fc\.bias: '):
        LongTailClassifier.load(path, device='cpu')


def test_features_are_those_of_the_encoder(trained, images):
    _, folder = trained('kcl')
    model = LongTailClassifier.load(folder, device='cpu')
    embedded = model.embed(images)
    loader = Runner.build_dataloader(model.run.test_dataloader)
    features, _ = extract_features(model.model, loader)
    assert torch.equal(torch.from_numpy(embedded.features), features)
    assert embedded.paths == [loader.dataset.get_data_info(i)['img_path'] for i in range(len(features))]
    assert not embedded.unreadable
    with pytest.raises(UserError, match=r'KCLHead of .* has no classifier: train one'):
        model.predict(images)


@pytest.fixture(scope='module')
def model(trained):
    return LongTailClassifier.load(trained('paco')[1], device='cpu')


def test_arrays_and_pictures_are_answered_as_their_files(model, images):
    path = images / 'class_1' / '3.png'
    expected = model.predict(path)[0]
    picture = Image.open(path)
    for given in (picture, np.array(picture), picture.convert('RGBA'), picture.convert('RGB').convert('CMYK')):
        [answer] = model.predict(given)
        assert answer.path is None
        if not isinstance(given, Image.Image) or given.mode != 'CMYK':  # which loses a little
            assert answer[1:] == expected[1:]
    [answer, again] = model.predict([np.array(picture), str(path)], top=1)
    assert answer.classes == again.classes == expected.classes[:1]
    assert expected.path == str(path)
    assert expected.label() == expected.classes[0]
    assert expected.label(reject={expected.classes[0]: math.inf}) is None
    for reject in (90, -0.1, math.nan):
        with pytest.raises(UserError, match=r'reject=.* must be a number of at least 0 and at most 1, or such'):
            expected.label(reject)
    with pytest.raises(UserError, match=f"no least probability of '{expected.classes[0]}': give one for each class"):
        expected.label({'another': 0.5})


def test_unreadable_images_are_told_and_the_others_answered(model, images, tmp_path):
    good = images / 'class_0' / '0.png'
    (tmp_path / 'cut.png').write_bytes(good.read_bytes()[:60])
    (tmp_path / 'text.txt').write_text('no image')
    Image.effect_noise((64, 64), 50).convert('RGB').save(tmp_path / 'late.png')
    (tmp_path / 'late.png').write_bytes((tmp_path / 'late.png').read_bytes()[:3000])
    given = [tmp_path / 'cut.png', good, tmp_path / 'text.txt', np.zeros((4, 4, 7), np.uint8)]
    for workers in (0, 1):
        answers = model.predict(given, num_workers=workers, batch_size=2)
        assert [bool(each.error) for each in answers] == [True, False, True, True]
        assert answers[0].classes == ()
        assert answers[0].label() is None
        assert answers[2].error == 'OpenCV cannot read it: mend it, or save it as PNG'
        assert '(4, 4, 7)' in answers[3].error
    # Pillow reads a file when its pixels are asked for.
    lazy = model.predict([Image.open(good), Image.open(tmp_path / 'late.png'), Image.new('La', (4, 4))])
    assert [each.error for each in lazy] == [None, 'image file is truncated', 'conversion from La to L not supported']
    embedded = model.embed(given)
    assert embedded.paths == [str(good)]
    assert set(embedded.unreadable) == {*map(str, given[:1] + given[2:3]), '3'}


def test_images_of_several_sizes_and_workers(model, tmp_path):
    sizes = [(16, 16), (16, 16), (20, 18), (16, 16)]
    for number, size in enumerate(sizes):
        Image.fromarray(np.full((*size, 3), 60 * number, np.uint8)).save(tmp_path / f'{number}.png')
    seen = []
    together = model.predict(tmp_path, num_workers=2, batch_size=3, listener=lambda *done: seen.append(done))
    assert sum(done for done, _ in seen) == 4
    assert {total for _, total in seen} == {4}
    alone = [model.predict(tmp_path / f'{number}.png')[0] for number in range(4)]
    for first, second in zip(together, alone, strict=True):
        assert first.classes == second.classes
        np.testing.assert_allclose(first.probabilities, second.probabilities, rtol=1e-4)


def test_a_worker_of_a_pool_starts_none_itself(model, images, monkeypatch):
    monkeypatch.setattr(model, 'num_workers', 2)
    monkeypatch.setitem(multiprocessing.current_process()._config, 'daemon', True)
    assert len(model.predict([images / 'class_0' / '0.png'] * 3, batch_size=1)) == 3


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ('nowhere.jpg', 'nowhere.jpg does not exist'),
        ([], 'there is no image to look at'),
        (7, 'not iterable'),
        ([torch.zeros(3, 4, 4)], 'an image is a path, an array .* not Tensor'),
    ],
)
def test_what_is_no_image(model, given, message):
    with pytest.raises((UserError, TypeError), match=message):
        model.predict(given)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(batch_size=0), 'batch_size=0 must be a whole number of at least 1'),
        (dict(batch_size=-1), 'batch_size=-1 must be a whole number of at least 1'),
        (dict(batch_size=2.0), 'batch_size=2.0 must be a whole number'),
        (dict(num_workers=-1), 'num_workers=-1 must be a whole number of at least 0'),
        (dict(top=0), 'top=0 must be a whole number of at least 1'),
        (dict(top=-1), 'top=-1 must be'),
        (dict(top=np.int64(0)), 'top=0 must be'),
        (dict(top=None), 'top=None must be'),
        (dict(prior=[0.2] * 3), 'a dict of shares by class, not list'),
        (dict(prior=np.full(3, 0.2)), 'a dict of shares by class, not ndarray'),
    ],
)
def test_options_that_are_none(model, images, options, message):
    for ask in (model.predict, *([] if {'top', 'prior'} & set(options) else [model.embed])):
        with pytest.raises(UserError, match=message):
            ask(images, **options)
    if 'prior' in options:
        with pytest.raises(UserError, match=message):
            model.class_mix(**options)
        with pytest.raises(UserError, match=message):
            model.export('no.onnx', **options)


def test_options_of_numpy(model, images):
    options = dict(top=np.int64(1), batch_size=np.int32(2), num_workers=np.uint8(0))
    assert model.predict(images, **options) == model.predict(images, top=1, batch_size=2, num_workers=0)


def test_empty_folder(model, tmp_path):
    with pytest.raises(UserError, match='has no image that can be read here'):
        model.predict(tmp_path)


def test_no_such_device(trained):
    with pytest.raises(UserError, match='device toaster cannot be used'):
        LongTailClassifier.load(trained('paco')[1], device='toaster')
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match='device 0 cannot be used'):
            LongTailClassifier.load(trained('paco')[1], device=0)


def test_priors(model, images):
    plain = {each.path: dict(zip(each.classes, each.probabilities, strict=True)) for each in model.predict(images)}
    shares = np.array(CLASS_COUNTS) / sum(CLASS_COUNTS)
    for each in model.predict(images, prior='natural'):
        expected = np.array([plain[each.path][name] for name in CLASSES]) * shares
        found = dict(zip(each.classes, each.probabilities, strict=True))
        np.testing.assert_allclose([found[name] for name in CLASSES], expected / expected.sum(), rtol=1e-4)
    assert model.predict(images, prior='balanced') == model.predict(images) == model.predict(images, prior=None)
    by_class = dict(zip(CLASSES, map(float, CLASS_COUNTS), strict=True))
    assert model.predict(images, prior=by_class) == model.predict(images, prior='natural')
    assert list(model.class_mix('natural').values()) == pytest.approx(shares)
    assert list(model.class_mix().values()) == pytest.approx([1 / 3] * 3)
    [first, *_] = model.predict(images, prior=dict(class_0=0, class_1=1, class_2=1))
    assert first.probabilities[-1] == 0
    assert first.classes[-1] == 'class_0'


def test_an_estimate_that_cannot_be_made_is_refused_before_the_first_image(trained, images):
    model, read = LongTailClassifier.load(trained('cross_entropy')[1], 'cpu'), []
    model.mixes.class_counts = None
    with pytest.raises(UserError, match='its mix is not known: leave prior out'):
        model.predict(images, prior='estimate', listener=lambda number, total: read.append(number))
    assert read == []
