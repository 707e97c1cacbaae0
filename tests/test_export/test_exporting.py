"""ltcl export: files that answer as the model does, with and without this package."""

import copy
import csv
import json
import logging
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from natural_picture import draw_picture
from PIL import Image
from toy import CLASS_COUNTS, METHODS, toy_config, write_images

from ltcl import LongTailClassifier
from ltcl.checkpoints.whole_files import save_whole
from ltcl.cli import main as cli
from ltcl.engine import Runner
from ltcl.errors import UserError
from ltcl.export import check
from ltcl.export.exporting import SCRIPT, Exported, check_target
from ltcl.export.facts import facts_of
from ltcl.export.graph import ImagesToProbabilities, log_prior
from ltcl.launch.backbone_option import set_backbone

# Runs a script in a Python that has neither torch nor this package.
WITHOUT_TORCH = """
import runpy, sys
sys.modules.update(dict.fromkeys(('torch', 'torchvision', 'mmengine', 'mmcv', 'cv2', 'ltcl')))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""
VIEW = [dict(type='LoadImageFromFile'), dict(type='ltcl.EvalView', resize=20, size=16), dict(type='PackInputs')]


@pytest.fixture(scope='module', autouse=True)
def without_traces():
    """Keep what torch logs of its tracing, many thousand lines, from what pytest catches."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(logging.getLogger('torch.__trace'), 'propagate', False)
        yield


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Images in folders, one of a name that a CSV file must quote."""
    root = write_images(tmp_path_factory.mktemp('data'))
    (root / 'class_2').rename(root / '=1+1, "x"')
    return root


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    """Pictures of several sizes, and a file that is none."""
    folder = tmp_path_factory.mktemp('photos')
    for number, size in enumerate([(60, 80), (90, 31), (16, 16), (9, 50)]):
        Image.fromarray(draw_picture(*size, number)).save(folder / f'{number}.png')
    (folder / 'broken.jpg').write_text('no image')
    return folder


def train(data, folder, method, **changes):
    init_default_scope('mmpretrain')
    Runner.from_cfg(toy_config(data, folder, method, train_cfg__max_epochs=1, **changes)).train()
    return folder


@pytest.fixture(scope='module')
def run(data, tmp_path_factory):
    pipelines = dict(test_dataloader__dataset__pipeline=VIEW, val_dataloader__dataset__pipeline=VIEW)
    return train(data, tmp_path_factory.mktemp('run'), 'paco', train_cfg__val_interval=1, **pipelines)


@pytest.fixture(scope='module')
def exported(run, tmp_path_factory):
    """A model, its ONNX file for the natural mix, and what was said of it."""
    model = LongTailClassifier.load(run, 'cpu')
    return model, model.export(tmp_path_factory.mktemp('onnx') / 'model.onnx', prior='natural')


def call(monkeypatch, capsys, *words):
    """Runs ``ltcl``; gives status, standard output and errors."""
    monkeypatch.setattr('sys.argv', ['ltcl', *map(str, words)])
    status = 0
    try:
        cli.main()
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def script(path, *words):
    command = [sys.executable, '-c', WITHOUT_TORCH, str(path), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def answers(model, images, prior=None):
    """Probabilities in the order of the classes, shape (N, num_classes)."""
    predictions = model.predict(images, len(model.classes), prior)
    found = [dict(zip(each.classes, each.probabilities, strict=True)) for each in predictions]
    return np.array([[row[name] for name in model.classes] for row in found])


def test_the_file_answers_for_images_of_any_size(exported):
    model, (path, agreement, _) = exported
    assert agreement.difference <= 1e-6
    assert (agreement.number, agreement.source) == (8, 'images of the test set')
    session = onnxruntime.InferenceSession(path)
    default = np.array(json.loads(session.get_modelmeta().custom_metadata_map['log_priors'])['balanced'], np.float32)
    for size in [(60, 80), (301, 40), (16, 16), (9, 5)]:
        batch = np.stack([draw_picture(*size, seed) for seed in range(3)])
        for prior, inputs in (('natural', {}), ('balanced', dict(log_prior=default))):
            [found] = session.run(None, dict(images=batch, **inputs))
            assert found == pytest.approx(answers(model, list(batch), prior), abs=1e-6)


def test_the_metadata_tells_of_the_model(exported, run):
    model, (path, *_) = exported
    facts = {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}
    assert facts['classes'] == ['=1+1, "x"', 'class_0', 'class_1']
    assert facts['class_counts'] == [4, 24, 12]
    assert facts['prior'] == 'natural'
    assert np.exp(facts['log_priors']['natural']).tolist() == pytest.approx([0.1, 0.6, 0.3])
    assert facts['config']['model']['head']['type'] == 'ltcl.PaCoHead'
    assert facts['config']['test_pipeline'] == VIEW
    assert facts['model'] == f'{run.name}/{model.run.path.stem}'


def test_without_torch_the_table_is_that_of_ltcl_predict(exported, run, photos, tmp_path, monkeypatch, capsys):
    _, (path, _, placed) = exported
    assert placed.read_bytes() == SCRIPT.read_bytes()
    ours, theirs = tmp_path / 'ours.csv', tmp_path / 'theirs.csv'
    words = [photos, '--top', 9, '--prior', 'balanced', '--out']
    assert call(monkeypatch, capsys, 'predict', run, *words, ours)[0] == 4
    done = script(placed, path, *words, theirs)
    assert (done.returncode, done.stdout) == (4, '')
    assert f'cannot read {photos}/broken.jpg' in done.stderr
    tables = [list(csv.reader(file.read_text().splitlines())) for file in (ours, theirs)]
    assert tables[0][0] == tables[1][0]
    for row, other in zip(*tables, strict=True):
        assert row[::2][0] == other[::2][0]
        assert row[1::2] == other[1::2]
        if row[1] and row is not tables[0][0]:
            assert [float(each) for each in row[2::2]] == pytest.approx([float(each) for each in other[2::2]], abs=1e-6)


def test_the_script_says_what_is_wrong(exported, photos, tmp_path):
    _, (path, _, placed) = exported
    model = onnx.load(path)
    model.opset_import[0].version = 99
    onnx.save(model, tmp_path / 'new.onnx')
    for words, message in (
        ([tmp_path / 'new.onnx', photos], 'export with a lower --opset'),
        ([photos / '0.png', photos], 'it is damaged'),
        ([tmp_path / 'none.onnx', photos], 'there is no file'),
        ([path, photos / 'broken.jpg'], 'none of the 1 images can be read'),
        ([path, photos / 'none.jpg'], 'does not exist'),
        ([path, photos, '--prior', 'naturel'], 'is none of natural, balanced, nor a CSV'),
    ):
        done = script(placed, *words)
        assert (done.returncode, done.stdout) == (1, '')
        [line] = done.stderr.splitlines()
        assert line.startswith('error: ')
        assert message in line


@torch.no_grad()
def test_torch_export_holds_the_class_mix_as_a_buffer(data, photos, tmp_path, monkeypatch, capsys):
    model = untrained(data, tmp_path, 'balpoe')
    out = tmp_path / 'model.pt2'
    words = [model.run.path, '--out', out, '--check-images', photos]
    status, printed, errors = call(monkeypatch, capsys, 'export', *words)
    assert status == 0, errors
    assert 'on 4 of the images given' in printed
    facts = dict(classes='', prior='')
    module = torch.export.load(out, extra_files=facts).module()
    assert json.loads(facts['prior']) == 'as trained'
    for size in ((50, 70), (16, 16), (9, 5)):
        images = torch.from_numpy(draw_picture(*size))[None]
        module.log_prior.copy_(log_prior(model, None))
        assert module(images).numpy() == pytest.approx(answers(model, [images[0].numpy()]), abs=1e-6)
        module.log_prior.copy_(log_prior(model, 'natural'))
        assert module(images).numpy() == pytest.approx(answers(model, [images[0].numpy()], 'natural'), abs=1e-6)


def test_a_file_that_answers_otherwise_is_refused(exported, monkeypatch):
    model, (path, *_) = exported
    session = onnxruntime.InferenceSession(path)

    def answer(images):
        [found] = session.run(None, dict(images=images))
        return found + np.array([[2e-4, 0, 0]], np.float32)

    with pytest.raises(UserError, match=r'differs by 0.0002 on images of the test set, more than 0.0001; nothing was'):
        check.compare(answer, model, 'natural')
    with pytest.raises(UserError, match=r'fails on an image of 16 x 16 pixels \(.*\); nothing was written'):
        check.compare(lambda images: session.run(None, {}), model, 'natural')
    with pytest.raises(UserError, match='differs by nan'):
        check.compare(lambda images: np.full((1, 3), np.nan), model, 'natural')


def test_arrays_of_any_kind_check_a_file(exported):
    model, (path, *_) = exported
    session = onnxruntime.InferenceSession(path)

    def answer(images):
        return session.run(None, dict(images=images, log_prior=log_prior(model, None).numpy()))[0]

    picture = draw_picture(40, 30)
    deep, wide, grey = picture.astype(np.uint16) * 257, picture.astype(np.int64), picture[..., 0]
    for given, number in ((picture, 1), (Image.fromarray(picture), 1), ([deep, wide, grey], 3), ((), 8)):
        agreement = check.compare(answer, model, None, given)
        assert agreement.number == number
        assert agreement.difference <= 1e-6


def test_without_a_test_set_pictures_are_drawn(exported, photos):
    model, _ = exported
    away = copy.copy(model)
    away.run = model.run._replace(config=copy.deepcopy(model.run.config))
    away.run.config.test_dataloader.dataset.data_prefix = 'nowhere'
    images, source = check.find_check_images(away, None)
    assert source == 'generated pictures'
    assert len({image.shape for image in images}) == len(images)
    with pytest.raises(UserError, match='none of the images to check'):
        check.compare(lambda images: images, model, None, [photos / 'broken.jpg'])


MISTAKES = [
    (['export', 'RUN', '--out', 'a.pth'], 2, 'a.pth must end in .onnx or .pt2'),
    (['export', 'RUN', '--format', 'torch', '--out', 'a.onnx'], 2, 'a.onnx must end in .pt2'),
    (['export', 'RUN', '--out', 'no/folder/a.onnx'], 2, 'there is no folder'),
    (['export', 'RUN', '--opset', '99'], 1, 'opset 99 is not known here: choose one of 18 to'),
    (['export', 'RUN', '--opset', '9'], 1, 'opset 9 is not known here'),
    (['export', 'RUN', '--opset', '18', '--format', 'torch'], 2, '--opset is for ONNX'),
    (['export', 'RUN', '--prior', 'estimate'], 1, 'estimate is found from images, of which an export has none: give'),
    (['export', 'RUN', '--out', 'FOLDER.onnx'], 1, 'cannot write .*it is a folder'),
    (['export', 'RUN', '--check-images', 'nowhere.jpg', '--out', 'OUT.pt2'], 1, 'nowhere.jpg does not exist'),
    (['export', 'nowhere'], 1, 'nowhere does not exist'),
]


@pytest.mark.parametrize(('words', 'status', 'message'), MISTAKES)
def test_mistakes_are_one_line(run, tmp_path, monkeypatch, capsys, words, status, message):
    (tmp_path / 'folder.onnx').mkdir()
    places = {'RUN': run, 'FOLDER.onnx': tmp_path / 'folder.onnx', 'OUT.pt2': tmp_path / 'out.pt2'}
    if 'nowhere.jpg' in words:
        monkeypatch.setattr('ltcl.export.exporting.torch_file.to_torch', lambda *_: b'')
        monkeypatch.setattr('ltcl.export.exporting.torch_file.run_torch', lambda *_: None)
    found, _, errors = call(monkeypatch, capsys, *[places.get(word, word) for word in words])
    assert found == status
    [line] = errors.splitlines()
    assert line.startswith('error: ')
    assert re.search(message, line), line
    assert not (tmp_path / 'out.pt2').exists()


def test_a_missing_package_is_named(run, monkeypatch, capsys):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None if name == 'onnxscript' else name)
    status, _, errors = call(monkeypatch, capsys, 'export', run)
    assert status == 1
    assert errors == "error: ONNX needs onnxscript: pip install 'ltcl[export]', or take --format torch\n"


def test_the_next_command_can_be_pasted(run, tmp_path, monkeypatch, capsys):
    path = tmp_path / "it's a model.onnx"
    path.touch()
    exported = Exported(path, check.Agreement(0.0, 1, 'of the images given'), tmp_path / 'my scripts/predict_onnx.py')
    monkeypatch.setattr(LongTailClassifier, 'export', lambda *_, **__: exported)
    status, printed, errors = call(monkeypatch, capsys, 'export', run)
    assert status == 0, errors
    words = shlex.split(printed.splitlines()[-1].removeprefix('without torch: '))
    assert words == ['python', str(exported.script), str(path), 'PATH...', '--out', 'predictions.csv']


def test_a_folder_that_cannot_be_written_to():
    with pytest.raises(UserError, match=r'cannot write /proc/a.onnx \(.+\): choose another place'):
        check_target(Path('/proc/a.onnx'), None)


def test_a_model_that_is_not_on_a_cpu(run, tmp_path):
    model = LongTailClassifier.load(run, 'cpu')
    model.model.to('meta')
    with pytest.raises(UserError, match="the model is on meta: load it with device='cpu'"):
        model.export(tmp_path / 'a.onnx')


def untrained(data, folder, method, **changes):
    """A model of a method with random weights."""
    return as_trained(toy_config(data, folder, method, **changes), data, folder)


def as_trained(cfg, data, folder):
    """The model of a config, from a checkpoint as a training writes it."""
    model = MODELS.build(cfg.model)
    classes = sorted(path.name for path in data.iterdir())
    meta = dict(config=cfg.to_dict(), dataset_meta=dict(classes=classes), class_counts=list(CLASS_COUNTS))
    save_whole(folder / 'epoch_1.pth', dict(state_dict=model.state_dict(), meta=meta))
    return LongTailClassifier.load(folder / 'epoch_1.pth', 'cpu')


HEADS = dict(
    cosine=dict(type='ltcl.CosineClsHead'),
    tau=dict(type='ltcl.TauNormHead', tau=0.7),
    scaled=dict(type='ltcl.LWSHead'),
    class_means=dict(type='ltcl.NearestClassMeanHead'),
    cosine_experts=dict(type='ltcl.BalPoEHead', cosine_scale=8.0),
)
CLASSIFIERS = {name: {} for name, method in METHODS.items() if method.has_classifier}
CLASSIFIERS |= {
    name: dict(model__head=dict(_delete_=True, num_classes=3, in_channels=16, **head)) for name, head in HEADS.items()
}


def of_any_head(data, folder, name):
    return untrained(data, folder, name if name in METHODS else 'cross_entropy', **CLASSIFIERS[name])


@pytest.mark.parametrize('name', CLASSIFIERS)
@torch.no_grad()
def test_every_head_answers_alike_in_a_graph(data, tmp_path, name):
    model = of_any_head(data, tmp_path, name)
    graph, images = ImagesToProbabilities(model), np.stack([draw_picture(20, 30, seed) for seed in range(2)])
    for prior in (None, 'natural', 'balanced'):
        found = graph(torch.from_numpy(images), log_prior(model, prior)).numpy()
        assert found == pytest.approx(answers(model, list(images), prior), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize('name', CLASSIFIERS)
@pytest.mark.parametrize('suffix', ['onnx', 'pt2'])
def test_every_head_is_exported(data, tmp_path, name, suffix):
    exported = of_any_head(data, tmp_path, name).export(tmp_path / f'model.{suffix}', prior='natural')
    assert exported.agreement.difference <= 1e-6


BACKBONES = {
    'resnet18': dict(resize=72, size=64),
    'tf_efficientnet_lite0': dict(resize=72, size=64, interpolation='bicubic'),
    'vit_tiny_patch16_224': dict(resize=64, size=64, interpolation='bicubic'),
}


@pytest.mark.slow
@pytest.mark.parametrize('name', BACKBONES)
@pytest.mark.parametrize('suffix', ['onnx', 'pt2'])
def test_backbones_are_exported(data, tmp_path, name, suffix):
    pipeline = [dict(type='ltcl.LoadImage'), dict(type='ltcl.EvalView', **BACKBONES[name]), dict(type='PackInputs')]
    changes = dict(test_dataloader__dataset__pipeline=pipeline, model__data_preprocessor__to_rgb=False)
    cfg = toy_config(data, tmp_path, 'gpaco', **changes)
    set_backbone(cfg, name, scratch=True, image_size=64)
    exported = as_trained(cfg, data, tmp_path).export(tmp_path / f'model.{suffix}')
    assert exported.agreement.difference <= 1e-5


@pytest.mark.parametrize('name', [name for name, method in METHODS.items() if not method.has_classifier])
def test_a_head_without_classifier_is_refused(data, tmp_path, name):
    model = untrained(data, tmp_path, name)
    with pytest.raises(UserError, match='has no classifier: train one on the encoder'):
        model.export(tmp_path / 'model.onnx')


def test_a_class_without_images_and_an_unknown_mix(data, tmp_path):
    model = untrained(data, tmp_path, 'cross_entropy')
    model.mixes.class_counts = torch.tensor([5, 0, 15])
    assert log_prior(model, 'natural').exp().tolist() == pytest.approx([0.25, 0.25, 0.75])  # left as trained
    model.mixes.power = 0
    assert log_prior(model, 'natural').exp().tolist() == pytest.approx([0.25, 0, 0.75])
    model.mixes.power = None
    assert log_prior(model, None).tolist() == [0, 0, 0]
    assert json.loads(facts_of(model, 'as trained')['log_priors']) == {}
    with pytest.raises(UserError, match='is not known: leave prior out'):
        log_prior(model, 'natural')


def test_a_step_that_cannot_be_exported_is_named(data, tmp_path):
    pipeline = [dict(type='LoadImageFromFile'), dict(type='ResizeEdge', scale=20), dict(type='PackInputs')]
    model = untrained(data, tmp_path, 'cross_entropy', test_dataloader__dataset__pipeline=pipeline)
    with pytest.raises(UserError, match='the step ResizeEdge of the test pipeline cannot be exported'):
        model.export(tmp_path / 'model.onnx')


@torch.no_grad()
def test_grey_images_of_a_set_in_memory(data, tmp_path):
    grey = dict(mean=[72.9], std=[90.0], to_rgb=False)
    changes = dict(
        model__backbone__in_channels=1,
        model__data_preprocessor=dict(_delete_=True, type='ltcl.MultiViewDataPreprocessor', **grey),
        test_dataloader__dataset__pipeline=[dict(type='PackInputs')],
    )
    model = untrained(data, tmp_path, 'cross_entropy', **changes)
    images = draw_picture(28, 28)[None]
    found = ImagesToProbabilities(model)(torch.from_numpy(images), log_prior(model, None)).numpy()
    assert found == pytest.approx(answers(model, list(images)), abs=1e-6)
