"""`ltcl train DATA` of images and masks: what it says before it starts."""

from unittest.mock import Mock

import numpy as np
from image_contents import damage, encode
from own_scenes import write_scenes

from ltcl.errors import UserError
from ltcl.launch import load_config


def test_dry_run_tells_the_time_and_writes_a_config_that_can_be_trained(call, capsys, tmp_path):
    data, run = write_scenes(tmp_path / 'scenes', 8), tmp_path / 'run'
    words = ('--image-size', '32', '--scratch', '--backbone', 'resnet18', '--batch-size', '2', '--patience', '4')
    assert call('train', data, '--work-dir', run, *words, '--dry-run') == 0
    printed = capsys.readouterr().out
    assert 'expected on this machine' in printed
    assert {path.name for path in run.iterdir()} <= {'config.py', '.lock'}
    cfg = load_config(run / 'config.py')
    assert (cfg.train_dataloader.dataset.data_root, cfg.model.decode_head.num_classes) == (str(data), 3)
    assert [hook.type for hook in cfg.custom_hooks] == ['ltcl.PatienceHook']


def test_who_resumes_is_told_that_images_have_changed(call, capsys, tmp_path, monkeypatch):
    data, run = tmp_path / 'scenes', tmp_path / 'run'
    write_scenes(data, 2, 'val/images/{}.png', 'val/masks/{}.png', start=20)
    words = ('--work-dir', run, '--image-size', '32', '--scratch', '--backbone', 'resnet18', '--batch-size', '2')
    monkeypatch.setattr('ltcl.own_folder.scenes.expected_time', lambda *_: '')
    monkeypatch.setattr('ltcl.own_folder.scenes.build_runner', Mock(side_effect=UserError('it would train')))
    warned = []
    for number, resume in ((8, ()), (8, ('--resume',)), (9, ('--resume',))):
        write_scenes(data, number, 'train/images/{}.png', 'train/masks/{}.png')
        assert call('train', data, *words, *resume) == 1
        printed = capsys.readouterr()
        assert f'config: {run}/config.py' in printed.out
        assert 'it would train' in printed.err
        warned.append(f'the images of {data} have changed since this run began' in printed.err)
    assert warned == [False, False, True]


def test_images_damaged_in_the_middle_are_told_before_the_training(call, capsys, tmp_path):
    data, run = write_scenes(tmp_path / 'scenes', 8, image='images/{}.jpg'), tmp_path / 'run'
    pixels = np.random.default_rng(0).integers(256, size=(24, 24, 3)).astype(np.uint8)
    (data / 'images' / '3.jpg').write_bytes(damage(encode(pixels, 'jpeg', quality=95), bytes(100), 0.6))
    words = ('--image-size', '32', '--scratch', '--backbone', 'resnet18', '--batch-size', '2')
    assert call('train', data, '--work-dir', run, *words) == 1
    error = capsys.readouterr().err
    assert '1 of 8 images cannot be read, such as' in error
    assert 'damaged in the middle' in error
    assert 'take them away with their masks' in error
    assert (run / 'broken_images.txt').read_text().startswith(f'{data}/images/3.jpg\tdamaged in the middle')
