"""What `ltcl train` says to folders and options that cannot be."""

import pytest
import torch
from own_folders import images, touch
from own_scenes import write_scenes
from own_training import OPTIONS

from ltcl.checkpoints import timm_files
from ltcl.errors import UserError
from ltcl.files import cache_folder


@pytest.fixture
def places(data, work_dir, tmp_path):
    (tmp_path / 'EMPTY').mkdir()
    touch(tmp_path / 'FLAT', *images('.', 5))
    touch(tmp_path / 'ONE', *images('only', 5))
    touch(tmp_path / 'PAIRS', *images('photos', 5), *images('traced', 4))
    touch(tmp_path / 'CITY', *images('plots', 5), *images('gt', 4))
    touch(tmp_path, 'a.jpg', 'list.csv', 'birds.zip')
    named = {
        name: tmp_path / name for name in ('EMPTY', 'FLAT', 'ONE', 'PAIRS', 'CITY', 'a.jpg', 'list.csv', 'birds.zip')
    }
    named['NEAR'] = tmp_path / 'flatt'
    return dict(named, DATA=data, RUN=work_dir, CONFIG='cross-entropy_resnet50_1xb32-100e_own-images')


@pytest.mark.parametrize(
    ('words', 'status', 'message'),
    [
        (['EMPTY'], 1, 'has no images in a form that is known'),
        (['FLAT'], 1, 'has images in FLAT/, but nothing tells their classes'),
        (['ONE'], 1, 'has images of one class only, only'),
        (
            ['PAIRS'],
            1,
            '{PAIRS} looks like images and masks, since photos and traced have files of the same names: call',
        ),
        (['CITY'], 1, '{CITY} looks like images and masks, since gt and plots have files of the same names: call'),
        (['RUN'], 1, 'is the work dir of a run: name the folder of its images'),
        (['a.jpg'], 1, 'is a single image: name a folder'),
        (['list.csv'], 1, 'is a list: name the folder it lies in'),
        (['birds.zip'], 1, 'is packed: unpack it'),
        (['no/where'], 1, 'no/where does not exist: name a folder of images, or a config'),
        (['nowhere.csv'], 1, 'the list nowhere.csv does not exist, and what is named is the folder that it lies in'),
        (['NEAR'], 1, 'did you mean {FLAT}?'),
        (['NEAR', '--epochs', '3'], 1, 'did you mean {FLAT}?'),
        (['DATA', '--from', 'NEAR'], 1, 'did you mean {FLAT}?'),
        (['DATA', '--method', 'balanced'], 1, '--method balanced: there is balanced-softmax, cross-entropy'),
        (['DATA', '--method', 'kcl', '--resume', 'a.pth'], 1, 'has two trainings, each with its checkpoints'),
        (['DATA', '--method', 'ncm', '--views', '3'], 1, 'its classes are means of features: leave --views out'),
        (['DATA', '--method', 'ncm', '--batch-size', '7'], 1, 'are means of features: leave --batch-size out'),
        (['DATA', '--processes', '2'], 1, '--processes is for a config'),
        (['DATA', '--fit-recipe'], 1, 'it is always done'),
        (['DATA', '--backbone', 'resnet1', '--scratch'], 1, 'there is no backbone of this name'),
        (['nowhere', '--epochs', '3'], 1, 'nowhere does not exist: name a folder of images, or a config'),
        (['DATA', '--image-size', '0'], 2, '0 is no whole number from 1 on'),
        (['DATA', '--epochs', '0'], 2, '0 is no whole number of at least 1'),
        (['DATA', '--val-share', '1'], 2, '1 is no number of at least 0.01 and less than 1'),
        (['DATA', '--epochs', '2', '--cfg-options', 'max_epochs=3'], 1, 'is set by an option of its own as well'),
        (
            ['DATA', '--lr', '0.1', '--cfg-options', 'optim_wrapper.optimizer=dict(lr=0.2)'],
            1,
            'optim_wrapper.optimizer.lr is set by an option of its own as well',
        ),
        (
            ['DATA', *OPTIONS, '--cfg-options', 'train_dataloader=dict(batch_size=64)'],
            1,
            'a batch of 64 images is more than the 16 of the training',
        ),
        (['DATA', '--cfg-options', 'val_dataloader=None'], 1, 'val_dataloader is None: training on a folder needs it'),
        (['DATA', '--cfg-options', 'test_evaluator=None'], 1, 'test_evaluator has no ltcl.ShotAccuracy, and the table'),
        (['DATA', '--cfg-options', "test_evaluator=[dict(type='Accuracy')]"], 1, 'test_evaluator has no ltcl.ShotAccu'),
        (
            [
                'DATA',
                '--cfg-options',
                "test_evaluator=[dict(type='ltcl.ShotAccuracy'), dict(type='ltcl.ShotAccuracy')]",
            ],
            1,
            'test_evaluator has 2 ltcl.ShotAccuracy, and the table of a folder of images is made of one',
        ),
        (['DATA', '--from', 'RUN', '--backbone', 'resnet18'], 1, 'goes on with its own model: leave --backbone out'),
        (['DATA', '--from', 'RUN', '--image-size', '64'], 1, 'goes on with its own model: leave --image-size out'),
        (['DATA', '--tune', 'frozen', '--cache-images'], 1, '--tune frozen reads an image once: leave it out'),
        (['DATA', *OPTIONS, '--batch-size', '64'], 1, 'a batch of 64 images is more than the 16 of the training'),
        (['DATA', '--from', 'EMPTY'], 1, 'has no checkpoint: name the work dir'),
        (['CONFIG', '--epochs', '3'], 1, '--epochs is for a folder of images'),
        (['CONFIG', '--from', 'RUN'], 1, '--cfg-options load_from=CHECKPOINT'),
        (['CONFIG', '--cache-images'], 1, 'custom_hooks="[dict(type=\'ltcl.SharedImagesHook\')]"'),
        (['CONFIG', '--dry-run'], 1, '--dry-run is for a folder of images'),
    ],
)
def test_mistakes_are_told_at_once(call, places, capsys, tmp_path, words, status, message):
    capsys.readouterr()
    words = [places.get(word, word) for word in words]
    assert call('train', words[0], '--work-dir', tmp_path / 'run', *words[1:]) == status
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 3
    assert lines[0].startswith('error: ')
    assert message.format_map(places) in lines[0], lines
    assert not (tmp_path / 'run').exists()


def test_images_with_masks_are_for_segmentation(call, capsys, tmp_path):
    write_scenes(tmp_path / 'scenes')
    words = ('train', tmp_path / 'scenes', '--work-dir', tmp_path / 'run')
    assert call(*words, '--tune', 'full') == 1
    assert '--tune is for images in class folders' in capsys.readouterr().err


@pytest.fixture
def no_network(monkeypatch):
    def refuse(url, patience):
        raise UserError(f'{url} cannot be downloaded') from OSError('Network is unreachable')

    timm_files.find_weights.cache_clear()
    monkeypatch.setattr(timm_files, 'download', refuse)
    yield
    timm_files.find_weights.cache_clear()


@pytest.mark.usefixtures('no_network')
def test_without_network_every_source_is_named(call, data, tmp_path, capsys):
    pytest.importorskip('timm')
    assert call('train', data, '--work-dir', tmp_path / 'run', '--backbone', 'test_convnext', '--tune', 'full') == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: no weights of test_convnext.r160_in1k: they are not in the caches of ')
    for source in (str(cache_folder()), 'timm/test_convnext.r160_in1k', 'Network is unreachable'):
        assert source in line
    assert line.endswith('Give a file, --weights FILE, or train from random weights, --scratch')
    assert not (tmp_path / 'run').exists()


def test_weights_of_another_network_end_the_run(call, data, tmp_path, capsys):
    timm = pytest.importorskip('timm')
    torch.save(timm.create_model('test_vit').state_dict(), tmp_path / 'vit.pth')
    words = ('--backbone', 'timm/test_resnet', '--weights', tmp_path / 'vit.pth', '--tune', 'full', *OPTIONS)
    assert call('train', data, '--work-dir', tmp_path / 'run', *words) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f'error: {tmp_path}/vit.pth does not fit ')
    assert 'of its' in line
    assert not list((tmp_path / 'run').glob('*.pth'))
