"""A trained segmentation in use: ltcl predict, LongTailSegmenter, ltcl export."""

import json
import logging
import re
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from trained_scenes import NAMES, VALUES, VOID, rows_of

from ltcl.checkpoints.reading import load_from_local
from ltcl.errors import UserError
from ltcl.export.check import draw_picture
from ltcl.export.exporting import SCRIPT
from ltcl.export.graph import log_prior
from ltcl.export.seg_graph import ImagesToMasks
from ltcl.inference.images import find_images
from ltcl.inference.mask_files import open_masks
from ltcl.inference.mask_record import RECORD

# Runs a script in a Python that has neither torch nor this package.
WITHOUT_TORCH = """
import runpy, sys
sys.modules.update(dict.fromkeys(('torch', 'torchvision', 'mmengine', 'mmcv', 'cv2', 'ltcl')))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def test_masks_and_table(call, run, root, model, tmp_path):
    out = tmp_path / 'masks'
    status, printed, errors = call('predict', run, root / 'images', '--out', out)
    assert (status, printed) == (0, '')
    assert f'masks of 10 images and predictions.csv in {out}' in errors
    rows = rows_of(out)
    assert list(rows[0]) == ['path', 'mask', 'confidence', *(f'share_{name}' for name in NAMES)]
    assert '"share_hole, deep"' in (out / 'predictions.csv').read_text()
    found = model.predict(root / 'images')
    assert np.unique(np.stack([each.labels for each in found])).tolist() == [0, 1, 2]
    for row, each in zip(rows, found, strict=True):
        picture = Image.open(out / row['mask'])
        assert (picture.mode, picture.size, row['path']) == ('P', Image.open(each.path).size, each.path)
        assert np.array_equal(np.array(picture), each.mask)
        assert np.array_equal(each.mask, np.array(VALUES, np.uint8)[each.labels])
        assert float(row['confidence']) == pytest.approx(each.confidence.mean(), abs=1e-5)
        shares = [(each.labels == label).mean() for label in range(3)]
        assert [float(row[f'share_{name}']) for name in NAMES] == pytest.approx(shares, abs=1e-6)
        assert each.shares() == pytest.approx(dict(zip(NAMES, shares, strict=True)))


def test_masks_have_the_figures_of_the_test(call, run, root, tmp_path):
    """Masks of images in files give the mIoU that ``ltcl test`` finds, to its last digit."""
    assert call('predict', run, root / 'images', '--out', tmp_path / 'masks').status == 0
    words = '--work-dir', tmp_path / 'test', '--cfg-options', 'test_dataloader.dataset.split=all'
    done = call('test', run, *words)
    assert done.status == 0, done.err
    given, true = (
        np.stack([np.array(Image.open(folder / f'{number}.png')) for number in range(10)])
        for folder in (tmp_path / 'masks', root / 'masks')
    )
    ious = [((given == each) & (true == each)).sum() / ((given == each) | (true == each)).sum() for each in VALUES]
    assert f'seg/mIoU: {100 * np.mean(ious):.2f}' in done.out + done.err
    assert 1 < 100 * np.mean(ious) < 99


@pytest.mark.parametrize('prior', ['balanced', 'shares.csv'])
def test_class_mix_of_pixels(run, root, model, tmp_path, prior):
    counts = np.array(load_from_local(str(run / 'iter_2.pth'), 'cpu')['meta']['pixel_counts'])
    mixes = {'balanced': np.ones(3) / 3, 'shares.csv': np.array([0.2, 0.7, 0.1])}
    rows = [f'"{name}",{share}' for name, share in zip(NAMES, mixes[prior], strict=True)]
    (tmp_path / 'shares.csv').write_text('\n'.join(['class,share', *rows]))
    image = root / 'images' / '3.png'
    [(natural, _)], [(found, _)] = (
        list(model.probabilities(image, each)) for each in (None, prior if prior == 'balanced' else tmp_path / prior)
    )
    expected = natural * (mixes[prior] / (counts / counts.sum()))[:, None, None]
    assert found == pytest.approx(expected / expected.sum(0), abs=1e-5)
    assert np.array_equal(next(iter(model.probabilities(image, 'natural')))[0], natural)


def test_pixels_that_are_not_sure_are_void(call, run, root, model, tmp_path):
    image = root / 'images' / '3.png'
    least = float(np.median(model.predict(image)[0].confidence))
    status, _, errors = call('predict', run, image, '--out', tmp_path / 'masks', '--reject', least)
    assert status == 0
    assert f'pixels below --reject have the value {VOID}' in errors
    [found] = model.predict(np.array(Image.open(image)), reject=least)
    assert found.path is None
    assert np.array_equal(found.mask == VOID, found.confidence < least)
    assert np.array_equal(np.array(Image.open(tmp_path / 'masks' / '3.png')), found.mask)
    [row] = rows_of(tmp_path / 'masks')
    assert float(row['rejected']) == pytest.approx((found.mask == VOID).mean(), abs=1e-6)
    assert 0 < float(row['rejected']) < 1


def test_an_unreadable_image_is_listed_and_the_others_are_segmented(call, run, root, tmp_path):
    image = tmp_path / 'broken.png'
    image.write_bytes((root / 'images' / '1.png').read_bytes()[:-300])  # OpenCV would fill up the rest
    status, _, errors = call('predict', run, image, root / 'images' / '0.png', '--out', tmp_path / 'masks')
    assert status == 4
    assert f'cannot read {image}' in errors
    broken, good = rows_of(tmp_path / 'masks')
    assert (broken['mask'], broken['confidence'], good['mask'] != '') == ('', '', True)
    mistake = call('predict', run, image, '--out', tmp_path / 'none').mistake
    assert mistake.startswith('error: none of the 1 images can be read')


def test_an_image_that_opencv_does_not_read_says_what_to_do(model, root, tmp_path):
    picture = Image.open(root / 'images' / '0.png')
    picture.save(tmp_path / 'a.tga')
    picture.convert('F').save(tmp_path / 'b.tif')
    found = model.predict(tmp_path)
    assert [each.error for each in found] == ['OpenCV cannot read it: mend it, or save it as PNG'] * 2


def test_a_run_that_is_stopped_leaves_what_it_has(model, root, tmp_path):
    images = [str(source.path) for source in find_images(root / 'images')]

    def stopped():
        yield from model.predict(images[:2])
        raise KeyboardInterrupt

    masks = open_masks(tmp_path / 'masks', [str(root / 'images')], images, model)
    with pytest.raises(KeyboardInterrupt, match='the masks of 2 of 10 images are kept'):
        masks.fill(stopped())
    assert [row['mask'] for row in rows_of(tmp_path / 'masks')] == ['0.png', '1.png']
    assert sorted(path.name for path in (tmp_path / 'masks').iterdir()) == [RECORD, '0.png', '1.png', 'predictions.csv']


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['IMAGES'], 'is a segmentation, which writes a mask of each image: name a folder, --out FOLDER'),
        (['IMAGES', '--out', 'OUT.csv'], 'name a folder, --out FOLDER'),
        (['IMAGES', '--out', 'IMAGES'], 'the mask would take the place of the image .*0.png: name another folder'),
        (['IMAGES', '--out', 'MASKS'], '0.png is there, and no predictions.csv says that it is a prediction'),
        (['IMAGES', '--out', 'IMAGES/0.png/'], '0.png/: it is a file: name a folder'),
        (['IMAGES', '--out', 'OUT/deep'], 'there is no folder .*OUT: make it'),
        (['IMAGES', '--out', 'OUT', '--top', '2'], '--top 2: a mask has the likeliest class of each pixel alone'),
        (['IMAGES', '--out', 'OUT', '--reject', 'stored'], '--reject stored: `ltcl calibrate` is for classifiers'),
        (['IMAGES', '--out', 'OUT', '--prior', 'estimate'], 'the class mix of pixels is not estimated'),
        (['EMPTY', '--out', 'OUT'], 'has no image that can be read here'),
    ],
)
def test_mistakes_are_one_line(call, run, root, tmp_path, words, message):
    (tmp_path / 'EMPTY').mkdir()
    places = dict(IMAGES=root / 'images', MASKS=root / 'masks', OUT=tmp_path / 'OUT', EMPTY=tmp_path / 'EMPTY')
    before = {path: path.read_bytes() for path in root.glob('*/*')}
    words = [re.sub('^[A-Z]{3,}', lambda name: str(places[name[0]]), word) for word in words]
    assert re.search(message, call('predict', run, *words).mistake)
    assert {path: path.read_bytes() for path in root.glob('*/*')} == before
    assert not (tmp_path / 'OUT').exists()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(batch_size=0), 'batch_size=0 must be a whole number of at least 1'),
        (dict(num_workers=-1), 'num_workers=-1 must be a whole number of at least 0'),
        (dict(reject=1.5), 'reject=1.5 must be a number of at least 0 and at most 1'),
        (dict(reject=None), 'reject=None must be a number'),
        (dict(prior=[0.2] * 3), 'a dict of shares by class, not list'),
        (dict(prior=np.full(3, 0.2)), 'a dict of shares by class, not ndarray'),
    ],
)
def test_options_that_are_none(model, root, options, message):
    for ask in (model.predict, model.stream):
        with pytest.raises(UserError, match=message):
            ask(root / 'images', **options)


def test_the_graph_answers_as_the_model(model):
    graph = ImagesToMasks(model)
    for size in [(24, 24), (60, 81), (97, 33), (130, 21)]:
        image = draw_picture(*size)
        for prior in (None, 'balanced'):
            with torch.no_grad():
                [found], [labels] = graph(torch.from_numpy(image)[None], log_prior(model, prior))
            [(expected, _)] = model.probabilities(image, prior)
            assert found.numpy() == pytest.approx(expected, abs=1e-5)
            assert np.array_equal(labels.numpy(), model.predict(image, prior)[0].labels)


def test_what_is_not_exported_says_so(model, monkeypatch):
    monkeypatch.setattr(model.model.data_preprocessor, 'test_cfg', dict(size_divisor=32))
    with pytest.raises(UserError, match='test_cfg pads images, which is not exported'):
        ImagesToMasks(model)
    monkeypatch.setattr(model.model, 'test_cfg', dict(mode='slide'))
    with pytest.raises(UserError, match="mode='slide' looks at an image in parts"):
        ImagesToMasks(model)


@pytest.mark.slow
@pytest.mark.parametrize('suffix', ['onnx', 'pt2'])
def test_exported_files_answer_as_the_model(call, run, root, model, tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(logging.getLogger('torch.__trace'), 'propagate', False)
    path = tmp_path / f'scenes.{suffix}'
    done = call('export', run, '--out', path)
    assert (done.status, '3 classes' in done.out) == (0, True)
    assert float(re.search(r'difference .*: (\S+)', done.out)[1]) <= 1e-4
    if suffix == 'pt2':
        return
    session = onnxruntime.InferenceSession(path)
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts['classes']) == NAMES
    assert json.loads(facts['masks'])['values'] == [*VALUES, VOID]
    for size in [(24, 24), (60, 81), (130, 21)]:
        image = draw_picture(*size)
        [labels] = session.run(['labels'], dict(images=image[None]))
        assert np.array_equal(labels[0], model.predict(image)[0].labels)
    assert call('predict', run, root / 'images', '--out', tmp_path / 'model', '--reject', 0.5).status == 0
    words = [str(path), str(root / 'images'), '--out', str(tmp_path / 'script'), '--reject', '0.5']
    command = [sys.executable, '-c', WITHOUT_TORCH, str(tmp_path / SCRIPT.name), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for row, other in zip(rows_of(tmp_path / 'model'), rows_of(tmp_path / 'script'), strict=True):
        assert (tmp_path / 'model' / row['mask']).read_bytes() == (tmp_path / 'script' / other['mask']).read_bytes()
        assert {key: row[key] for key in row if key != 'confidence'} == {
            key: other[key] for key in other if key != 'confidence'
        }
        assert float(row['confidence']) == pytest.approx(float(other['confidence']), abs=1e-5)
