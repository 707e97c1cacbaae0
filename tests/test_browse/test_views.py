"""The views of the sheet are, pixel for pixel, what pipeline and data preprocessor of the config make."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, MODELS, DefaultScope
from own_scenes import write_scenes
from PIL import Image
from toy import METHODS, model_config, toy_config, write_images
from toy_frozen import encoder_file, frozen_config

from ltcl.browse.pixels import preprocessor_of, to_pixels
from ltcl.browse.sheet import sheet
from ltcl.browse.sources import open_source
from ltcl.browse.views import _drawn, names_of_views, views_of
from ltcl.data_stats.class_colours import laid_over
from ltcl.datasets.samplers.seeded import seed_generators
from ltcl.launch import load_config

PLACES = [3, 25, 38, 0]


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('toy') / 'images')


def shown_of(cfg, places=PLACES, seed=5, part='train'):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        source = open_source(cfg, part)
        return source, list(views_of(source, places, preprocessor_of(cfg), seed))


@pytest.mark.parametrize('method', METHODS)
def test_views_of_every_method(images, tmp_path, method):
    cfg = toy_config(images, tmp_path, method)
    _, shown = shown_of(cfg)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
    for each, place in zip(shown, PLACES, strict=True):
        seed_generators(_drawn(5, place, 0))
        inputs = dataset[place]['inputs']
        views = inputs if isinstance(inputs, list) else [inputs]
        assert len(each.views) == len(each.names) == METHODS[method].num_views
        for view, pixels in zip(views, each.views, strict=True):
            np.testing.assert_array_equal(pixels, view.flip(0).permute(1, 2, 0).numpy())  # files are read as BGR
        assert each.path == dataset.get_data_info(place)['img_path']
        assert each.shares == [(dataset.get_data_info(place)['gt_label'], 1.0)]
    keys = [i for i, name in enumerate(shown[0].names) if 'momentum' in name]
    assert keys == list((METHODS[method].model or {}).get('key_views', ()))


@pytest.mark.parametrize('method', ['paco', 'cross_entropy'])
def test_the_preprocessor_is_that_of_the_model(images, tmp_path, method):
    cfg = toy_config(images, tmp_path, method, model__train_cfg=dict(augments=dict(type='Mixup', alpha=1.0)))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        ours, theirs = preprocessor_of(cfg), MODELS.build(cfg.model).data_preprocessor
    assert type(ours) is type(theirs)
    assert vars(ours)['batch_augments'].augments[0].alpha == theirs.batch_augments.augments[0].alpha
    plain = model_config(METHODS[method])
    assert plain['data_preprocessor'].keys() == {'type', 'mean', 'std', 'to_rgb'}  # building leaves the config alone
    for name in ('mean', 'std'):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))


def test_mixed_images_and_their_labels(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'cross_entropy')
    cfg.model.train_cfg = dict(augments=dict(type='Mixup', alpha=1.0))
    cfg.model.data_preprocessor.num_classes = 3
    _, plain = shown_of(toy_config(images, tmp_path, 'cross_entropy'), [3, 38])
    _, mixed = shown_of(cfg, [3, 38])
    share = mixed[0].shares[0][1] if mixed[0].shares[0][0] == 0 else mixed[0].shares[1][1]
    assert sum(part for _, part in mixed[0].shares) == pytest.approx(1)
    blend = share * plain[0].views[0].astype(float) + (1 - share) * plain[1].views[0]
    assert abs(mixed[0].views[0] - blend).max() <= 0.51  # rounded to a grey level
    page = sheet('t', [], {'a': mixed}, ['a', 'b', 'c'])
    assert f'a {100 * share:.3g} %' in page


def test_the_page_holds_every_pixel_and_the_same_seed_gives_the_same_page(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'gpaco')
    pages = {}
    for seed in (0, 0, 1):
        source, shown = shown_of(cfg, seed=seed)
        page = sheet('title', ['remark'], {'heading': shown}, source.classes)
        assert pages.setdefault(seed, page) == page
        found = [decoded(uri) for uri in re.findall('<img src="(data:[^"]*)"', page)]
        expected = [view for each in shown for view in each.views]
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    assert pages[0] != pages[1]


def test_an_image_has_the_same_views_whoever_is_beside_it(images, tmp_path):
    cfg = toy_config(images, tmp_path, 'bcl')
    _, one = shown_of(cfg, [38])
    _, other = shown_of(cfg, [0, 3, 38])
    for first, second in zip(one[0].views, other[2].views, strict=True):
        np.testing.assert_array_equal(first, second)


def test_views_of_a_frozen_encoder_are_those_that_it_encodes(images, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    cfg = frozen_config(images, tmp_path, encoder_file(tmp_path), 'gpaco', views=2)
    source, shown = shown_of(cfg)
    assert shown[0].names == ['view of a test', 'its mirror image', 'random view 1']
    for each in shown:
        stored = np.asarray(Image.open(each.path))
        np.testing.assert_array_equal(each.views[0], stored)
        np.testing.assert_array_equal(each.views[1], stored[:, ::-1])
        assert not np.array_equal(each.views[2], stored)
    assert [each.shares[0][0] for each in shown] == source.dataset.get_gt_labels()[PLACES].tolist()


def test_validation_is_not_augmented(images, tmp_path):
    _, shown = shown_of(toy_config(images, tmp_path, 'gpaco'), part='val')
    for each in shown:
        assert each.names == ['view']
        np.testing.assert_array_equal(each.views[0], np.asarray(Image.open(each.path)))


def test_colours_are_shown_in_the_order_that_the_network_takes():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        bgr = MODELS.build(
            dict(type='ltcl.MultiViewDataPreprocessor', channel_order='bgr', mean=[1.0] * 3, std=[2.0] * 3)
        )
    red_as_bgr = torch.tensor([0.0, 0.0, 201.0]).view(3, 1, 1)
    assert to_pixels(bgr(dict(inputs=red_as_bgr[None]))['inputs'], bgr).tolist() == [[[[201, 0, 0]]]]
    grey = to_pixels(torch.full((1, 1, 2, 2), 7.0), torch.nn.Identity())
    assert grey.shape == (1, 2, 2, 3)
    assert (grey == 7).all()


def test_names_of_views():
    assert names_of_views({}, 1) == ['view']
    assert names_of_views(dict(key_views=(1,)), 2) == ['view 1, encoder', 'view 2, momentum encoder']


def test_masks_are_laid_over_what_the_network_gets(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    root = write_scenes(tmp_path / 'scenes', 8)
    path = 'ltcl::seg/custom/cross-entropy_deeplabv3plus-r18_1xb8-4k_own-scenes.py'
    cfg = load_config(path, {'data_root': str(root), 'image_size': 32})
    with DefaultScope.overwrite_default_scope('mmseg'):
        source = open_source(cfg, 'train')
        preprocessor = preprocessor_of(cfg)
        shown = list(views_of(source, [0, 1, 2], preprocessor, 3))
        samples = []
        for place in range(3):
            seed_generators(_drawn(3, place, 0))
            samples.append(source.dataset[place])
    batch = preprocessor(source.collate(samples), True)
    for each, sample, inputs in zip(shown, batch['data_samples'], batch['inputs'], strict=True):
        np.testing.assert_array_equal(each.labels, sample.gt_sem_seg.data[0].numpy())
        pixels = (inputs * preprocessor.std + preprocessor.mean).round().permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(each.views[0], pixels)
    page = sheet('t', [], {'a': shown}, source.classes)
    first, masked = [decoded(uri) for uri in re.findall('<img src="(data:[^"]*)"', page)][:2]
    np.testing.assert_array_equal(masked, laid_over(first, shown[0].labels, 3))
    assert source.pixels.shape == (len(source.dataset), 3)
    assert [len(each) for each in source.members] == (source.pixels > 0).sum(0).tolist()


def decoded(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(',')[2]))))
