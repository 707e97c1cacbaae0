"""What a test of a segmentation keeps."""

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from saved_runs import answered_scenes
from sklearn.metrics import confusion_matrix

from ltcl.evaluation.metrics import SaveScenes
from ltcl.evaluation.metrics.save_scenes import MOST_AREAS
from ltcl.evaluation.metrics.wrong_areas import SIDE, cut_out
from ltcl.predictions.calibration import NUM_BINS
from ltcl.predictions.saved_scenes import load_scenes


def sample_of(truth, answer, path='', logits=None):
    fields = {name: {'data': torch.as_tensor(labels)[None]} for name, labels in (('gt', truth), ('pred', answer))}
    sure = {} if logits is None else {'seg_logits': {'data': logits}}
    return {'gt_sem_seg': fields['gt'], 'pred_sem_seg': fields['pred'], 'img_path': path, **sure}


def saved_by(metric, truth, answer, paths):
    metric.dataset_meta = dict(classes=[f'class {index}' for index in range(8)])
    metric.set_class_counts(range(8))
    for each in zip(truth, answer, paths, strict=True):
        metric.process(None, [sample_of(*each)])
    metric.evaluate(len(truth))
    return load_scenes(metric.path)


def test_pixels_and_largest_areas(tmp_path):
    truth, answer = answered_scenes(num_images=200)
    truth[:, :3], given = 255, [f'{image}.png' for image in range(200)]
    metric = SaveScenes(str(tmp_path / 'a.npz'), split='val', checkpoint='run')
    scenes = saved_by(metric, truth, answer, given)
    known = truth != 255
    sums = np.zeros((8, 8), int)
    np.add.at(sums, tuple(scenes.entries[:, 1:3].T), scenes.entries[:, 3])
    np.testing.assert_array_equal(sums, confusion_matrix(truth[known], answer[known]))
    assert (scenes.split, scenes.checkpoint, scenes.paths.tolist()) == ('val', 'run', given)
    assert scenes.class_counts.tolist() == list(range(8))
    assert len(scenes.area_entries) == MOST_AREAS
    pixels = scenes.area_entries[:, 3].tolist()
    assert pixels == sorted(pixels, reverse=True)
    image, true, predicted, number = scenes.area_entries[0]
    assert ((truth[image] == true) & (answer[image] == predicted)).sum() == number


@pytest.mark.parametrize('num_logits', [3, 1])
def test_how_sure_it_was(tmp_path, num_logits):
    random = torch.Generator().manual_seed(0)
    metric = SaveScenes(str(tmp_path / 'a.npz'))
    metric.dataset_meta = dict(classes=['a', 'b', 'c'])
    sums = np.zeros((3, 3, NUM_BINS))
    for _ in range(2):
        logits = 2 * torch.randn(num_logits, 6, 5, generator=random)
        truth = torch.randint(3, (6, 5), generator=random)
        truth[0] = 255
        both = torch.cat([torch.zeros_like(logits), logits]) if num_logits == 1 else logits
        answer = (logits[0].sigmoid() > 0.3).long() if num_logits == 1 else logits.argmax(0)
        given = logits.sigmoid() if num_logits == 1 else logits  # as mmseg's `postprocess_result` leaves it
        metric.process(None, [sample_of(truth, answer, logits=given)])
        for true, given, probability in zip(truth.ravel(), answer.ravel(), both.softmax(0).flatten(1).T, strict=True):
            if true != 255:
                place = int(np.ceil(probability[given].item() * NUM_BINS)) - 1
                sums[true, :, place] += 1, true == given, probability[given].item()
    metric.evaluate(2)
    np.testing.assert_allclose(load_scenes(metric.path).confidence, sums, rtol=1e-6)


def test_an_area_is_cut_out_where_it_is_wrong(tmp_path):
    truth, answer = np.zeros((2, 100, 200), int)
    answer[40:60, 150:170] = 1
    picture = np.zeros((200, 400, 3), np.uint8)  # twice the size of the labels
    picture[80:120, 300:340] = 200
    Image.fromarray(picture).save(tmp_path / 'a.png')
    area = cut_out(str(tmp_path / 'a.png'), truth, answer, 0, 1)
    assert (area.pixels, area.answer.shape) == (400, (SIDE, SIDE))
    is_wrong = area.answer == 1
    assert 0.15 < is_wrong.mean() < 0.25  # 20 of 44 pixels in each direction
    assert area.picture[is_wrong].mean() > 180
    assert area.picture[~is_wrong].mean() < 20
    assert set(np.unique(area.truth)) == {0}
    assert not cut_out('absent.png', truth, answer, 0, 1).picture.any()


def test_an_area_is_cut_out_of_the_picture_as_it_is_seen(tmp_path):
    """A camera that was held on its side: the network saw the picture turned."""
    truth, answer = np.zeros((2, 200, 100), int)
    answer[150:170, 40:60] = 1
    seen = np.zeros((200, 100, 3), np.uint8)
    seen[150:170, 40:60] = 200
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(np.rot90(seen)).save(tmp_path / 'a.png', exif=exif)
    area = cut_out(str(tmp_path / 'a.png'), truth, answer, 0, 1)
    is_wrong = area.answer == 1
    assert area.picture[is_wrong].mean() > 150
    assert area.picture[~is_wrong].mean() < 20
