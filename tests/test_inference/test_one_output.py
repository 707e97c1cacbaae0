"""Heads with one output for two classes: their answers are those of mmseg."""

import csv

import numpy as np
import pytest
import torch
from own_scenes import labels_of, write_scenes
from PIL import Image
from trained_scenes import rows_of, train

from ltcl import LongTailSegmenter
from ltcl.export.check import draw_picture
from ltcl.export.graph import log_prior
from ltcl.export.seg_graph import ImagesToMasks
from ltcl.inference.images import Source

THRESHOLD = 0.3


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp('scenes'), 5, change=lambda labels: np.minimum(labels, 1))


@pytest.fixture(scope='module')
def trained(scenes, tmp_path_factory):
    """A work dir of two steps of training with the binary cross entropy."""
    # Of mmseg, since branches need an output for each class.
    head = dict(type='DepthwiseSeparableASPPHead', out_channels=1, threshold=THRESHOLD)
    head['loss_decode'] = dict(type='CrossEntropyLoss', use_sigmoid=True)
    return train(scenes, tmp_path_factory.mktemp('run'), **{'model.decode_head': head})


@pytest.fixture(scope='module')
def binary(trained, scenes):
    """Its model, moved so that it answers with both classes."""
    model = LongTailSegmenter.load(trained, 'cpu')
    layer = model.model.decode_head.conv_seg
    logits = torch.cat([_of_mmseg(model, path)[1].logit().ravel() for path in (scenes / 'images').iterdir()])
    with torch.no_grad():
        layer.weight /= logits.std()
        layer.bias.copy_((layer.bias - logits.mean()) / logits.std() - 0.4)
    return model


def _of_mmseg(model, path):
    """Label and probability of class 1 of each pixel, by mmseg's own inference."""
    packed = model.reader(Source(str(path)), 0)
    with torch.no_grad():
        [sample] = model.model.test_step(dict(inputs=[packed['inputs']], data_samples=[packed['data_samples']]))
    return sample.pred_sem_seg.data[0], sample.seg_logits.data[0]


def test_answers_are_those_of_mmseg(binary, scenes):
    paths = sorted(str(path) for path in (scenes / 'images').iterdir())
    seen = set()
    for path, found in zip(paths, binary.predict(paths), strict=True):
        labels, second = _of_mmseg(binary, path)
        assert np.array_equal(found.labels, labels.numpy())
        [(probabilities, _)] = binary.probabilities(path)
        assert probabilities[1] == pytest.approx(second.numpy(), abs=1e-6)
        assert probabilities.sum(0) == pytest.approx(np.ones(labels.shape), abs=1e-6)
        chosen = np.where(found.labels == 1, probabilities[1], probabilities[0])
        assert found.confidence == pytest.approx(chosen, abs=1e-6)
        assert np.array_equal(found.mask, found.labels)
        seen |= {*zip((second > THRESHOLD).ravel().tolist(), (second > 0.5).ravel().tolist(), strict=True)}
    assert seen == {(False, False), (True, False), (True, True)}  # the threshold is not that of the likelier class


@pytest.mark.parametrize('prior', ['balanced', {'class_0': 0.2, 'class_1': 0.8}])
def test_the_class_mix_moves_the_probability(binary, scenes, prior):
    """Binary cross entropy answers for the natural mix; the threshold stays one of the probability."""
    image = scenes / 'images' / '1.png'
    pixels = sum((np.minimum(labels_of(number), 1) == 1).mean() for number in range(5)) / 5
    counts = np.array(binary.pixel_counts) / sum(binary.pixel_counts)
    assert counts[1] == pytest.approx(pixels, abs=0.05)
    wanted = np.array([0.5, 0.5] if prior == 'balanced' else [0.2, 0.8])
    [(before, _)], [(after, _)] = binary.probabilities(image), binary.probabilities(image, prior)
    expected = before * (wanted / counts)[:, None, None]
    assert after == pytest.approx(expected / expected.sum(0), abs=1e-5)
    assert np.array_equal(binary.predict(image, prior)[0].labels, after[1] > THRESHOLD)
    assert np.array_equal(next(binary.probabilities(image, 'natural'))[0], before)


def test_the_graph_answers_as_the_model(binary):
    graph = ImagesToMasks(binary)
    image = draw_picture(60, 81)
    for prior in (None, 'balanced'):
        with torch.no_grad():
            [found], [labels] = graph(torch.from_numpy(image)[None], log_prior(binary, prior))
        [(expected, _)] = binary.probabilities(image, prior)
        assert found.numpy() == pytest.approx(expected, abs=1e-5)
        assert np.array_equal(labels.numpy(), binary.predict(image, prior)[0].labels)


def test_the_commands_take_it(call, trained, scenes, tmp_path):
    assert call('predict', trained, scenes / 'images', '--out', tmp_path / 'masks').status == 0
    model = LongTailSegmenter.load(trained, 'cpu')
    for row in rows_of(tmp_path / 'masks'):
        labels, _ = _of_mmseg(model, row['path'])
        assert np.array_equal(np.array(Image.open(tmp_path / 'masks' / row['mask'])), labels.numpy())
        assert float(row['share_class_1']) == pytest.approx(float((labels == 1).float().mean()), abs=1e-6)
    with (tmp_path / 'masks' / 'predictions.csv').open() as file:
        assert next(csv.reader(file)) == ['path', 'mask', 'confidence', 'share_class_0', 'share_class_1']
