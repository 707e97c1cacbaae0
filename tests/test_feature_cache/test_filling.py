"""Features of a data set: those of the model, computed once, of the images as they are."""

import errno
import multiprocessing
import os
import shutil

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, MODELS, DefaultScope, init_default_scope
from PIL import Image
from processes import run_processes
from toy import write_images
from toy_frozen import encoder_file, frozen_config

from ltcl.cli.cache import remove
from ltcl.datasets.samplers import SeededIndex
from ltcl.errors import UserError
from ltcl.feature_cache import contents, extraction, fill_features, filling, identity, store
from ltcl.feature_cache.identity import digest_of_encoder

CROPS = 3


@pytest.fixture
def images(tmp_path):
    """Images of its own, which a test may change."""
    return write_images(tmp_path / 'images', (5, 3, 2))


@pytest.fixture
def setting(images, tmp_path, monkeypatch):
    """A config and its model, with an empty cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    cfg = frozen_config(images, tmp_path, encoder_file(tmp_path), 'gpaco', views=CROPS)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    model.init_weights()
    return cfg, model


@pytest.fixture
def encoded(monkeypatch):
    """How many views went through the encoder, in each batch."""
    sizes, encode = [], extraction.encode

    def counted(model, views):
        sizes.append(len(views))
        return encode(model, views)

    monkeypatch.setattr(extraction, 'encode', counted)
    return sizes


def filled(setting, name='train', **changes):
    cfg, model = setting
    dataset = DATASETS.build({**cfg[f'{name}_dataloader'].dataset, **changes})
    fill_features(model, dataset)
    return dataset


def test_features_are_those_of_images_through_the_model(setting, encoded):
    cfg, model = setting
    dataset = filled(setting, 'val')
    plain = DATASETS.build(cfg.val_dataloader.dataset.dataset)
    inputs = torch.stack([plain[index]['inputs'] for index in range(len(plain))])
    model.eval()
    with torch.inference_mode():
        batch = model.data_preprocessor(dict(inputs=inputs))['inputs']
        through_model = model.backbone(batch)[0]
        torch.testing.assert_close(dataset.features[0], through_model, rtol=1e-6, atol=1e-6)
        features = torch.stack([dataset[index]['inputs'] for index in range(len(dataset))])
        torch.testing.assert_close(model(features), model(batch), rtol=1e-5, atol=1e-5)
    mirrored = filled(setting).features[1]
    with torch.inference_mode():
        batch = model.data_preprocessor(dict(inputs=inputs.flip(-1)))['inputs']
        torch.testing.assert_close(mirrored, model.backbone(batch)[0], rtol=1e-6, atol=1e-6)
    assert sum(encoded) == 10 + 10 * CROPS  # the view of a test is known from the validation


def test_a_full_cache_needs_no_encoder(setting, encoded):
    first = filled(setting)
    assert first.features.shape == (CROPS + 1, 10, 16)
    encoded.clear()
    assert torch.equal(filled(setting).features, first.features)
    assert encoded == []
    filled(setting, seed=1)
    assert sum(encoded) == 2 * 10  # other crops; the view of a test and its mirror image are the same


def test_random_views_follow_from_image_and_seed(setting, tmp_path, monkeypatch):
    first = filled(setting)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'other'))
    torch.manual_seed(7)
    state = torch.get_rng_state()
    assert torch.equal(filled(setting).features, first.features)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(first.features[2], first.features[3])


def test_changed_images_are_computed_anew(setting, images, encoded):
    before = filled(setting, 'val').features
    path = images / 'class_1' / '1.png'
    Image.fromarray(np.full((16, 16, 3), 77, np.uint8)).save(path)
    encoded.clear()
    after = filled(setting, 'val').features
    assert encoded == [1]
    assert (after != before).any(-1).nonzero().tolist() == [[0, 6]]
    shutil.move(images / 'class_0' / '0.png', images / 'class_0' / 'renamed.png')
    filled(setting, 'val')
    assert encoded == [1]  # a row belongs to the content


def test_other_weights_or_another_preparation_have_other_features(setting, encoded):
    cfg, model = setting
    filled(setting, 'val')
    encoded.clear()
    model.backbone.encoder.conv1.weight.data[0] += 1
    filled(setting, 'val')
    model.data_preprocessor.mean += 1
    filled(setting, 'val')
    filled(
        setting,
        'val',
        pipeline=[
            cfg.val_dataloader.dataset.pipeline[0],
            dict(type='Resize', scale=12),
            *cfg.val_dataloader.dataset.pipeline[1:],
        ],
    )
    assert encoded == [10, 10, 10]


def test_another_version_of_the_decoder_has_other_features(setting, encoded, monkeypatch):
    filled(setting, 'val')
    encoded.clear()
    filled(setting, 'val')
    assert not encoded
    monkeypatch.setattr(identity, 'DECODERS', ('0.1', '0.2'))
    filled(setting, 'val')
    assert encoded == [10]


def test_an_interruption_keeps_what_is_done(setting, encoded, monkeypatch):
    monkeypatch.setattr(filling, 'PIECE', 2)
    encode, left = extraction.encode, iter(range(2))

    def interrupted(*args):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return encode(*args)

    monkeypatch.setattr(extraction, 'encode', interrupted)
    with pytest.raises(KeyboardInterrupt):
        filled(setting, 'val', batch_size=3)
    monkeypatch.setattr(extraction, 'encode', encode)
    encoded.clear()
    filled(setting, 'val')
    assert encoded == [4]


def test_a_damaged_piece_is_computed_anew(setting, tmp_path, encoded):
    before = filled(setting, 'val').features
    [piece] = (tmp_path / 'cache' / 'ltcl' / 'features').glob('*/*.npz')
    piece.write_bytes(piece.read_bytes()[:-30])
    assert torch.equal(filled(setting, 'val').features, before)
    assert encoded == [10, 10]


def test_a_disk_that_fills_up_costs_the_rest_of_the_cache_alone(setting, encoded, monkeypatch):
    expected = filled(setting, 'val').features
    remove(store.features_folder())
    monkeypatch.setattr(filling, 'PIECE', 2)
    written, write = [], store.write_atomic

    def on_a_full_disk(path, content):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, content)
        written.append(path)

    told = []
    monkeypatch.setattr(store, 'warn', told.append)
    with monkeypatch.context() as patch:
        patch.setattr(store, 'write_atomic', on_a_full_disk)
        assert torch.equal(filled(setting, 'val').features, expected)
    assert len(told) == 1
    assert 'No space left on device' in told[0]
    encoded.clear()
    assert torch.equal(filled(setting, 'val').features, expected)
    assert sum(encoded) == 10 - 2 * len([path for path in written if 'contents' not in path.parts])


def test_what_is_removed_under_a_run_is_computed_anew(setting, encoded, monkeypatch):
    """The cache goes while a run that has read it is at work, and while another one lists it."""
    expected = filled(setting, 'val').features
    piece = store._piece

    def gone(path, *args):
        remove(store.features_folder())
        return piece(path, *args)

    with monkeypatch.context() as patch:
        patch.setattr(store, '_piece', gone)
        assert torch.equal(filled(setting, 'val').features, expected)
    encoded.clear()
    assert torch.equal(filled(setting, 'val').features, expected)
    assert encoded == []


def test_a_training_draws_one_of_the_kept_views(setting):
    dataset = filled(setting)
    indices = [SeededIndex(index, seed) for index, seed in zip([0, 3, 9] * 40, range(120), strict=True)]
    drawn = dataset.__getitems__(indices)
    assert [len(each['inputs']) for each in drawn] == [2] * 120
    assert [int(each['data_samples'].gt_label) for each in drawn[:3]] == [0, 0, 2]
    for index, each in zip(indices, drawn, strict=True):
        for view in each['inputs']:
            assert (dataset.features[:, index] == view).all(1).any()
    views = torch.stack([each['inputs'][0] for each in drawn[::3]])
    assert len(views.unique(dim=0)) == CROPS + 1
    again = dataset.__getitems__(indices)
    assert all(
        torch.equal(*pair)
        for a, b in zip(drawn, again, strict=True)
        for pair in zip(a['inputs'], b['inputs'], strict=True)
    )


def test_an_image_that_cannot_be_read_is_left_out_of_a_training_that_skips(setting, images):
    cfg, _ = setting
    (images / 'class_0' / '3.png').write_bytes(b'no image')
    for name in ('train', 'val'):
        dataset = cfg[f'{name}_dataloader'].dataset
        dataset.pipeline[0] = dataset.dataset.pipeline[0] = dict(type='ltcl.LoadImage')
        with pytest.raises(UserError, match=r'cannot read the image .*3\.png'):
            filled(setting, name)
    cfg.train_dataloader.dataset.dataset.pipeline[0] = dict(type='ltcl.LoadImage', broken='skip')
    training = filled(setting)
    assert len(training) == 10
    assert torch.equal(training.features[0, training._places[3]], training.features[0, 0])
    (images / 'class_1' / '0.png').unlink()
    assert len(filled(setting, dataset=training.dataset)) == 10
    with pytest.raises(UserError, match='cannot read the image'):
        filled(setting, 'val', dataset=training.dataset)


def test_a_file_is_read_once(setting, images, monkeypatch):
    monkeypatch.setattr(contents, 'YOUNG', -1)
    path = images / 'class_1' / '1.png'
    Image.fromarray(np.full((16, 16, 3), 77, np.uint8)).save(path, format='BMP')
    first = filled(setting, 'val')
    reads, digest_of = [], contents._digest_of
    monkeypatch.setattr(contents, '_digest_of', lambda info: reads.append(info['img_path']) or digest_of(info))
    assert torch.equal(filled(setting, 'val').features, first.features)
    assert reads == []
    status = path.stat()
    Image.fromarray(np.full((16, 16, 3), 78, np.uint8)).save(path, format='BMP')
    assert path.stat().st_size == status.st_size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    filled(setting, 'val')
    assert reads == [str(path)]  # same size and time, but another content


def test_only_a_frozen_backbone_has_features(setting):
    cfg, model = setting
    model.backbone = model.backbone.encoder
    with pytest.raises(UserError, match='the model has CifarResNet'):
        filled((cfg, model))


def share(rank, cfg, model, expected):
    from mmengine.registry import init_default_scope

    from ltcl.launch import import_mmpretrain

    import_mmpretrain()
    init_default_scope('mmpretrain')
    sizes, encode = [], extraction.encode
    extraction.encode = lambda model, views: sizes.append(len(views)) or encode(model, views)
    dataset = filled((cfg, model))
    torch.testing.assert_close(dataset.features, expected, rtol=1e-6, atol=1e-6)
    assert sum(sizes) == 5 * (CROPS + 1)


@pytest.mark.slow
def test_two_processes_share_the_work(setting, tmp_path, monkeypatch):
    expected = filled(setting).features
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'other'))
    run_processes(share, 2, cfg=setting[0], model=setting[1], expected=expected)


def test_a_resumed_run_finds_the_features_of_the_first(setting):
    _, model = setting
    before = digest_of_encoder(model.backbone, model.data_preprocessor)
    model.backbone.encoder.init_cfg = None  # as a run that goes on has it
    assert digest_of_encoder(model.backbone, model.data_preprocessor) == before
    next(model.backbone.parameters()).data.add_(1)
    assert digest_of_encoder(model.backbone, model.data_preprocessor) != before


def features_of(setting):
    init_default_scope('mmpretrain')
    return filled(setting).features.numpy()


@pytest.mark.slow
def test_two_runs_that_fill_it_at_a_time_both_have_all(setting, encoded):
    with multiprocessing.get_context('fork').Pool(2) as pool:
        one, other = pool.map(features_of, [setting] * 2, chunksize=1)
    assert np.array_equal(one, other)
    assert np.array_equal(filled(setting).features.numpy(), one)
    assert encoded == []  # both have left whole pieces
