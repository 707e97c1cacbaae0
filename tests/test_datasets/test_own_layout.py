"""What the folders below a data root mean: parts, classes, litter."""

import pytest
from own_folders import counts, images, read, touch, write

from ltcl.datasets import own_images
from ltcl.errors import UserError


@pytest.fixture
def notes(monkeypatch):
    """What a training set logs."""
    messages = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: messages.append(message))
    return messages


def make_parts(root, *parts):
    """Parts of 6, 4 and 2 cats, 3, 2 and 1 dogs."""
    for part, size in zip(parts, (3, 2, 1), strict=False):
        touch(root, *images(f'{part}/cats', 2 * size), *images(f'{part}/dogs', size))
    return root


@pytest.mark.parametrize(
    'parts',
    [
        ('train', 'val', 'test'),
        ('Train', 'Validation', 'Test'),
        ('TRAINING', 'valid', 'testing'),
        ('trn', 'dev', 'tst'),
        ('train', 'val', 'eval'),
        ('train', 'eval', 'test'),
        ('training_set', 'validation-set', 'Test Set'),
        ('train2017', 'val2017', 'test2017'),
        ('images/train', 'images/val', 'images/test'),
        ('birds/birds/train', 'birds/birds/valid', 'birds/birds/test'),
        ('seg_train/seg_train', 'seg_val/seg_val', 'seg_test/seg_test'),
    ],
)
def test_parts_under_other_names(tmp_path, parts):
    make_parts(tmp_path, *parts)
    touch(tmp_path, '__MACOSX/._train', 'README.md')
    for part, split, size in zip(parts, ('train', 'val', 'test'), (3, 2, 1), strict=True):
        found = read(tmp_path, split)
        assert {path.rsplit('/', 2)[0] for path in found} == {part}
        assert counts(tmp_path, split) == {'cats': 2 * size, 'dogs': size}


@pytest.mark.parametrize(
    ('paths', 'message'),
    [
        ([*images('val/a', 1), *images('valid/a', 1), *images('train/a', 2)], 'has val and valid, which both mean val'),
        ([*images('Train/a', 1), *images('train/a', 1)], 'has Train and train, which both mean train'),
        ([*images('train', 3), *images('test', 2)], 'has images in test/, train/, but nothing tells their classes'),
        ([*images('fold1/a', 3), *images('fold2/a', 2)], 'has images in fold1/, fold2/, but nothing tells'),
        (images('images', 3), 'of a segmentation, masks/ beside images/, with files of the same names'),
        ([*images('images', 3), *images('masks', 3)], 'has images in images/, masks/, but nothing tells'),
        ([*images('images/train', 3), 'labels/train/000.txt'], 'images has images in train/, but nothing tells'),
        ([*images('train/a', 1), *images('train/b', 1), *images('car', 2)], 'if these are classes, rename train'),
        (
            [f'{name}/{part}/1.jpg' for name in 'ab' for part in ('train', 'test')],
            'a is divided into test, train, and so its parts would be mixed: .*/train/a',
        ),
        (images('birds', 3), 'images of one class only, birds'),
        (['a/1.jpg', 'a/2.jpg', 'b/notes.txt'], 'images of one class only, a'),
        ([f'{i}.jpg' for i in range(3)], 'but nothing tells their classes'),
        (['1.jpg', 'labels.xlsx', 'labels.json'], 'labels.json, labels.xlsx: save as CSV'),
    ],
)
def test_folders_that_tell_no_classes(tmp_path, paths, message):
    touch(tmp_path, *paths)
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path)
    assert str(caught.value).count('\n') < 3


def test_one_class_with_images_is_too_few_for_training(tmp_path):
    touch(tmp_path, *images('cat', 5))
    (tmp_path / 'dog').mkdir()
    with pytest.raises(UserError, match='all 4 training images are of one class, cat'):
        read(tmp_path)


def test_what_no_class_is(tmp_path, notes):
    touch(tmp_path, *images('cats', 5), *images('dogs', 5, suffix='.JPG'), '7.jpg', 'cats/Thumbs.db')
    litter = (
        '.ipynb_checkpoints',
        '__MACOSX',
        '@eaDir',
        '$RECYCLE.BIN',
        'System Volume Information',
        'cats/@eaDir/1.jpg',
    )
    for folder in (*litter, 'runs', 'work_dirs/x', 'wandb'):
        touch(tmp_path, f'{folder}/1.jpg')
    touch(tmp_path, 'meta/classes.txt', 'annotations/1.xml')
    for folder in ('lost+found', 'labels', 'birds'):
        (tmp_path / folder).mkdir()
    assert counts(tmp_path) == {'cats': 4, 'dogs': 4}
    assert own_images.OwnImages(str(tmp_path)).metainfo['classes'] == ('birds', 'cats', 'dogs')
    others = 'annotations, labels, meta, runs, wandb, work_dirs'
    assert f'{tmp_path}: no classes, since they hold no image or what trainings write: {others}' in notes
    assert f'{tmp_path}: not read, since they are in no class folder: the images in it' in notes


def test_what_is_named_is_a_class(tmp_path):
    touch(tmp_path, *images('runs', 5), *images('test', 5))
    assert counts(tmp_path, classes=['test', 'runs']) == {'runs': 4, 'test': 4}
    write(tmp_path / 'classes.txt', 'runs\ntest\n')
    assert counts(tmp_path) == {'runs': 4, 'test': 4}


def test_folders_beside_the_parts_are_told(tmp_path, notes):
    make_parts(tmp_path, 'train')
    touch(tmp_path, *images('test', 3), *images('unlabeled', 2))
    assert counts(tmp_path) == {'cats': 5, 'dogs': 2}
    assert f'{tmp_path}: not read, since nothing tells its classes: test, unlabeled' in notes


def test_part_without_an_image_is_told(tmp_path, notes):
    make_parts(tmp_path, 'train')
    (tmp_path / 'val').mkdir()
    assert counts(tmp_path) == {'cats': 5, 'dogs': 2}
    assert f'{tmp_path}: no classes, since they hold no image or what trainings write: val' in notes
    for name in ('cats', 'dogs'):
        (tmp_path / 'val' / name).mkdir()
    assert counts(tmp_path) == {'cats': 6, 'dogs': 3}
    with pytest.raises(UserError, match=r'the class folders of .*/val hold no image'):
        read(tmp_path, 'val')


def test_same_folders_in_all_classes_are_told(tmp_path, notes):
    make_parts(tmp_path, 'north', 'south')
    assert counts(tmp_path) == {'north': 7, 'south': 5}
    assert any('all its class folders hold folders of the same names, cats, dogs' in note for note in notes)


def test_numbers_are_in_their_order(tmp_path):
    touch(tmp_path, *(f'{number}/{i}.png' for number in range(1, 13) for i in range(5)))
    assert own_images.OwnImages(str(tmp_path)).metainfo['classes'] == tuple(map(str, range(1, 13)))


def test_data_root_that_is_a_file(tmp_path):
    with pytest.raises(UserError, match=r'the folder of images .*x.zip is no folder: --cfg-options data_root'):
        read(touch(tmp_path, 'x.zip') / 'x.zip')
