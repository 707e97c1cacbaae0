"""Networks whose heads go over an image one after the other: the last one answers."""

import numpy as np
import pytest
import torch
from own_scenes import write_scenes
from trained_scenes import train

from ltcl import LongTailSegmenter
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.whole_files import save_whole
from ltcl.export.check import draw_picture
from ltcl.export.graph import log_prior
from ltcl.export.seg_graph import ImagesToMasks
from ltcl.inference.pixel_mix import pixel_power

COMMON = dict(in_channels=64, in_index=3, channels=8, num_classes=3, norm_cfg=dict(type='BN'))
FIRST = dict(COMMON, type='FCNHead', num_convs=1, concat_input=False, loss_decode=dict(type='CrossEntropyLoss'))
LAST = dict(COMMON, type='ltcl.BranchedOCRHead', ocr_channels=8, loss_decode=dict(type='CrossEntropyLoss'))


@pytest.fixture(scope='module')
def cascade(tmp_path_factory):
    """A work dir of two steps of training."""
    scenes = write_scenes(tmp_path_factory.mktemp('scenes'), 5)
    parts = {'type': 'CascadeEncoderDecoder', 'num_stages': 2, 'decode_head': [FIRST, LAST]}
    return train(scenes, tmp_path_factory.mktemp('run'), **{f'model.{key}': each for key, each in parts.items()})


def test_the_last_head_answers_and_its_graph_alike(cascade):
    model, image = LongTailSegmenter.load(cascade, 'cpu'), draw_picture(60, 81)
    assert (model.threshold, model.classes) == (None, ['class_0', 'class_1', 'class_2'])
    assert pixel_power(model.model.decode_head[-1]) == 1
    [(expected, _)] = model.probabilities(image, 'balanced')
    with torch.no_grad():
        [found], [labels] = ImagesToMasks(model)(torch.from_numpy(image)[None], log_prior(model, 'balanced'))
    assert found.numpy() == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(labels.numpy(), model.predict(image, 'balanced')[0].labels)


def test_a_checkpoint_without_names_has_the_classes_of_the_last_head(cascade, tmp_path):
    checkpoint = load_from_local(str(next(cascade.glob('best_*.pth'))), 'cpu')
    del checkpoint['meta']['dataset_meta']
    save_whole(tmp_path / 'nameless.pth', checkpoint)
    assert LongTailSegmenter.load(tmp_path / 'nameless.pth', 'cpu').classes == ['0', '1', '2']
