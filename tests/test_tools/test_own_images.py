"""From a folder of images to a tested network without code, and the tool that divides a folder."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from layouts import write_own_folder
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.registry import DATASETS, MODELS
from own_folders import images, touch
from PIL import Image

from ltcl.cli import data_split
from ltcl.datasets import OwnImages, division_files
from ltcl.launch.config_values import fill_num_classes, hand_down

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / 'configs' / 'custom').glob('*.py'))
SIZE = 32
COUNTS = (9, 6, 0, 3, 1)
SERIAL = dict(batch_size=4, num_workers=0, persistent_workers=False)
TINY = {
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'train_dataloader.dataset.pipeline.1.size': SIZE,
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Class folders, one of them without an image."""
    root = tmp_path_factory.mktemp('own')
    write_own_folder(root, COUNTS)
    (root / 'coat').mkdir()
    return root


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_takes_its_classes_from_the_folder_and_one_of_them_may_be_empty(path, folder):
    cfg = Config.fromfile(path)
    hand_down(cfg, 'data_root', str(folder))
    fill_num_classes(cfg)
    head = cfg.model.head
    cfg.merge_from_dict(TINY)
    assert head.num_classes == cfg.data_preprocessor.num_classes == 5
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    model = MODELS.build({**cfg.model, 'data_preprocessor': cfg.data_preprocessor})
    counts = np.bincount(dataset.get_gt_labels(), minlength=5)
    assert counts.tolist() == [5, 7, 0, 2, 1]
    for module in model.modules():
        if hasattr(module, 'set_class_counts'):
            module.set_class_counts(counts)
    batch = default_collate([dataset[i] for i in range(0, len(dataset), 2)])
    loss, _ = model.parse_losses(model(**model.data_preprocessor(batch, training=True), mode='loss'))
    loss.backward()
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    assert loss.isfinite()
    assert gradients
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_one_command_trains_and_one_tests_other_images(folder, tmp_path, call):
    images = [path for path in sorted(folder.glob('*/*')) if path.is_file()]
    for part, members in (('train', images), ('test', images[::3])):
        rows = [f'{os.path.relpath(path, tmp_path / part)},{path.parent.name}\n' for path in members]
        (tmp_path / part).mkdir()
        (tmp_path / part / f'{part}.csv').write_text('file,garment\n' + ''.join(rows))
    tiny = {
        **TINY,
        'val_dataloader.dataset.pipeline.1.size': SIZE,
        'test_dataloader.dataset.pipeline.1.size': SIZE,
        **{f'{loader}_dataloader.{key}': value for loader in ('train', 'val', 'test') for key, value in SERIAL.items()},
    }
    options = [f'{key}={value}' for key, value in tiny.items()]
    config = ROOT / 'configs' / 'custom' / 'balanced-softmax_resnet50_1xb32-100e_own-images.py'
    work_dir = tmp_path / 'run'

    def start(*words: object) -> str:
        done = call(*words, '--work-dir', work_dir, '--cfg-options', *options)
        assert done.status == 0, done.out + done.err
        return done.out

    options += [f'data_root={tmp_path}/train', 'max_epochs=1', 'train_cfg.val_interval=1']
    printed = start('train', config)
    assert 'train.csv without 20 % of each class (drawn with seed 0): 15 images of 4 classes' in printed
    report = json.loads((work_dir / 'metrics.json').read_text())
    assert [row['train_count'] for row in report['per_class']] == [5, 7, 2, 1]
    options[-3] = f'data_root={tmp_path}/test'
    printed = start('test', config, work_dir / 'epoch_1.pth')
    assert 'test.csv: 7 images of 4 classes' in printed
    assert (work_dir / 'test_metrics.json').is_file()


@pytest.fixture
def split(monkeypatch):
    """Runs the tool."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # it sets it itself; after the test it is as before

    def run(*args: object) -> None:
        monkeypatch.setattr('sys.argv', ['ltcl data split', *map(str, args)])
        data_split.main()

    return run


def images_of(root: Path, part: str) -> set[tuple[Path, int]]:
    dataset = OwnImages(str(root), part, serialize_data=False)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    return {(Path(info['img_path']).resolve(), info['gt_label']) for info in infos}


def test_written_division_is_that_of_the_configs(split, folder, tmp_path, capsys):
    split(folder, '--out', tmp_path / 'lists')
    for part in ('train', 'val'):
        assert images_of(tmp_path / 'lists', part) == images_of(folder, part)
    assert OwnImages(str(tmp_path / 'lists')).metainfo['classes'] == OwnImages(str(folder)).metainfo['classes']
    printed = capsys.readouterr().out
    table = [line.split() for line in printed.splitlines()[1:3]]
    assert table[0] == ['train', '15', '4', '7', '(ankle', 'boot)', '0', '(coat)', '7', '0', '0', '4']
    assert table[1][:3] == ['val', '4', '3']


def test_test_set_is_drawn_first_and_stays_apart(split, folder, tmp_path):
    split(folder, '--out', tmp_path, '--test-share', '0.4', '--val-share', '0.2', '--seed', '5')
    train, val, test = (images_of(tmp_path, part) for part in ('train', 'val', 'test'))
    assert len(train) + len(val) + len(test) == len(train | val | test) == sum(COUNTS)
    assert np.bincount([label for _, label in test]).tolist() == [2, 4, 0, 1]


def test_both_shares_are_of_the_whole_class(split, tmp_path):
    write_own_folder(tmp_path / 'data', (50, 10))
    split(tmp_path / 'data', '--out', tmp_path / 'lists', '--test-share', '0.2', '--val-share', '0.2')
    counts = [np.bincount([label for _, label in images_of(tmp_path / 'lists', part)]) for part in ('val', 'test')]
    assert [each.tolist() for each in counts] == [[2, 10], [2, 10]]


@pytest.mark.parametrize(
    ('parts', 'args', 'message'),
    [
        ({'train', 'val'}, (), '/val is there already: give --val-share 0 to keep it'),
        ({'train'}, ('--val-share', '0.01'), '--val-share 0.01 draws no image'),
        ({'train'}, ('--test-share', '0.5', '--val-share', '0.5'), 'leave no image for training: lower one'),
        ({'train'}, ('--test-share', '1'), 'must be at least 0 and less than 1, got 1.0'),
        ({'test'}, (), 'has no training images'),
    ],
)
def test_mistakes_are_one_line(split, tmp_path, capsys, parts, args, message):
    for part in parts:
        write_own_folder(tmp_path / part, (3, 2))
    (tmp_path / 'classes.txt').write_text('ankle boot\nBag\n')
    with pytest.raises(SystemExit):
        split(tmp_path, *args)
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.glob('t*.txt'))


def test_lists_are_not_overwritten(split, tmp_path, capsys):
    write_own_folder(tmp_path, (5, 2))
    split(tmp_path)
    with pytest.raises(SystemExit):
        split(tmp_path)
    assert 'val.txt is there already' in capsys.readouterr().err
    (tmp_path / 'val.txt').unlink()
    with pytest.raises(SystemExit):
        split(tmp_path)
    assert 'train.txt would be overwritten' in capsys.readouterr().err


def test_lists_are_not_written_beside_others_of_their_part(split, tmp_path, capsys):
    paths = [*images('a', 5), *images('b', 5)]
    touch(tmp_path, *paths)
    (tmp_path / 'Train.csv').write_text(''.join(f'{path},{path[0]}\n' for path in paths))
    with pytest.raises(SystemExit):
        split(tmp_path)
    assert f'{tmp_path}/Train.csv is the list of a part, as train.txt would be' in capsys.readouterr().err
    assert not list(tmp_path.glob('*.txt'))
    split(tmp_path, '--out', tmp_path / 'lists')
    assert len(images_of(tmp_path / 'lists', 'train') | images_of(tmp_path / 'lists', 'val')) == 10


def draw(path: Path, seed: int, side: int = 48) -> None:
    """Write soft shapes in colour, other ones for another seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8))
    small.resize((96, 96), Image.Resampling.BICUBIC).resize((side, side), Image.Resampling.BOX).save(path)


@pytest.fixture
def copies(tmp_path) -> Path:
    """Two classes of 20 images, every second a smaller copy of the one before; one picture is in both classes."""
    root = tmp_path / 'copies'
    for label, name in enumerate('ab'):
        for i in range(20):
            draw(root / name / f'{name}{i:02d}.png', 100 * label + i // 2, 96 if i % 2 else 48)
    draw(root / 'a/x.png', 999)
    draw(root / 'b/x.tif', 999)
    draw(root / 'b/y.png', 999, 96)
    return root


@pytest.mark.parametrize('choice', ['keep', 'drop'])
def test_copies_stay_together_and_contradictions_are_listed(split, copies, tmp_path, capsys, choice):
    split(copies, '--out', tmp_path / 'lists', '--test-share', '0.3', '--contradicting', choice)
    parts = [{path.name for path, _ in images_of(tmp_path / 'lists', part)} for part in ('train', 'val', 'test')]
    assert sum(map(len, parts)) == 43 - 2 * (choice == 'drop')
    for part in parts:
        pairs = {(name[0], int(name[1:3]) // 2) for name in part if name[0] in 'ab'}
        assert len(part - {'x.png', 'x.tif', 'y.png'}) == 2 * len(pairs)
    assert len([part for part in parts if part & {'x.png', 'x.tif', 'y.png'}]) == 1
    rows = (tmp_path / 'lists/contradictions.csv').read_text().splitlines()
    assert rows[0] == '"path","class","picture","likeness"'
    assert sorted(rows[1:]) == [
        '"a/x.png","a",1,"same pixels"',
        '"b/x.tif","b",1,"same pixels"',
        '"b/y.png","b",1,"nearly the same"',
    ]
    printed = capsys.readouterr().out
    assert '1 pictures are in two classes or more, in 3 images, such as a/x.png (a) and ' in printed
    assert ('2 with the same pixels are left out' if choice == 'drop' else 'all are kept') in printed


def test_copies_in_a_test_that_was_there_are_listed(split, tmp_path, capsys):
    root = tmp_path / 'birds'
    for label, name in enumerate('ab'):
        for i in range(8):
            draw(root / f'train/{name}/{i}.png', 100 * label + i)
        draw(root / f'test/{name}/0.png', 500 + label)
    split(root, '--out', tmp_path / 'before')
    assert 'are copies' not in capsys.readouterr().out
    draw(root / 'test/a/3.jpg', 3, 96)
    draw(root / 'test/b/x.png', 102)
    split(root, '--out', tmp_path / 'lists')
    assert (tmp_path / 'lists/shared.csv').read_text().splitlines() == [
        '"path","copy","part"',
        '"train/a/3.png","test/a/3.jpg","test"',
        '"train/b/2.png","test/b/x.png","test"',
    ]
    assert '2 images are copies of images in a part that was there before' in capsys.readouterr().out
    assert images_of(tmp_path / 'lists', 'val') == images_of(tmp_path / 'before', 'val')


def test_no_list_is_left_of_a_division_that_cannot_be_written(split, tmp_path, monkeypatch, capsys):
    write_own_folder(tmp_path, (5, 2))
    write = division_files.write_atomic

    def until_it_is_full(path, text):
        if path.name == 'val.txt':
            raise OSError(errno.ENOSPC, 'No space left on device', str(path))
        write(path, text)

    monkeypatch.setattr(division_files, 'write_atomic', until_it_is_full)
    with pytest.raises(SystemExit):
        split(tmp_path)
    assert f'{tmp_path}/val.txt cannot be written (No space left on device)' in capsys.readouterr().err
    assert not list(tmp_path.glob('*.txt'))


def test_origins_stay_together(split, folder, tmp_path):
    split(folder, '--out', tmp_path, '--groups', r'/([^/]*)\.')
    names = [{path.stem for path, _ in images_of(tmp_path, part)} for part in ('train', 'val')]
    assert all(names)
    assert not names[0] & names[1]
    with pytest.raises(SystemExit):
        split(folder, '--out', tmp_path / 'no', '--groups', 'none')


def test_numbers_of_classes_are_written_as_names(split, tmp_path):
    for number in range(1, 13):
        folder = tmp_path / 'birds' / str(number)
        folder.mkdir(parents=True)
        for i in range(5):
            (folder / f'{number}_{i}.png').touch()
    split(tmp_path / 'birds', '--out', tmp_path / 'lists')
    assert (tmp_path / 'lists/classes.txt').read_text().split() == [str(number) for number in range(1, 13)]
    for part in ('train', 'val'):
        images = images_of(tmp_path / 'lists', part)
        assert images == images_of(tmp_path / 'birds', part)
        assert all(int(path.parent.name) == label + 1 for path, label in images)


def test_some_classes_are_called_by_numbers(split, tmp_path, capsys):
    for name in ('1', '2', 'cat'):
        touch(tmp_path, *images(f'animals/{name}', 5))
    split(tmp_path / 'animals', '--out', tmp_path / 'lists')
    for part in ('train', 'val'):
        assert images_of(tmp_path / 'lists', part) == images_of(tmp_path / 'animals', part)
    os.rename(tmp_path / 'animals/cat', tmp_path / 'animals/big cat')
    with pytest.raises(SystemExit):
        split(tmp_path / 'animals', '--out', tmp_path / 'others')
    assert 'the class "1" could be taken for a place' in capsys.readouterr().err
    assert not (tmp_path / 'others').exists()


@pytest.mark.parametrize('name', ['a\nb.png', 'a\\b.png', os.fsdecode(b'caf\xe9.png')])
def test_names_that_no_list_can_hold(split, tmp_path, capsys, name):
    write_own_folder(tmp_path, (5, 2))
    (tmp_path / 'Bag' / name).touch()
    with pytest.raises(SystemExit):
        split(tmp_path)
    assert 'cannot stand in a list' in capsys.readouterr().err
    assert not list(tmp_path.glob('*.txt'))
