"""Images and masks are found in the layouts that people have, and told from images in class folders."""

import unicodedata

import numpy as np
import pytest
from own_scenes import labels_of, touch
from PIL import Image

from ltcl.errors import UserError
from ltcl.own_scenes import find_scenes, is_scene_folder
from ltcl.own_scenes.layout import masks_below
from ltcl.own_scenes.without_masks import without_masks

# Files, and the pairs of each part.
LAYOUTS = {
    'plain': (['images/1.jpg', 'masks/1.png'], {'all': [('images/1.jpg', 'masks/1.png')]}),
    'alone in a folder': (
        ['mine/images/1.jpg', 'mine/labels/1.png'],
        {'all': [('mine/images/1.jpg', 'mine/labels/1.png')]},
    ),
    'parts below': (
        [
            'images/training/1.jpg',
            'images/validation/2.jpg',
            'annotations/training/1.png',
            'annotations/validation/2.png',
        ],
        {
            'train': [('images/training/1.jpg', 'annotations/training/1.png')],
            'val': [('images/validation/2.jpg', 'annotations/validation/2.png')],
        },
    ),
    'parts above': (
        ['train/images/1.jpg', 'train/masks/1.png', 'valid/images/1.jpg', 'valid/masks/1.png'],
        {'train': [('train/images/1.jpg', 'train/masks/1.png')], 'val': [('valid/images/1.jpg', 'valid/masks/1.png')]},
    ),
    'parts in one word': (
        ['train/1.png', 'trainannot/1.png', 'test/1.png', 'testannot/1.png'],
        {'train': [('train/1.png', 'trainannot/1.png')], 'test': [('test/1.png', 'testannot/1.png')]},
    ),
    'a part beside undivided images': (
        ['images/1.jpg', 'masks/1.png', 'val/images/2.jpg', 'val/masks/2.png'],
        {'val': [('val/images/2.jpg', 'val/masks/2.png')], 'all': [('images/1.jpg', 'masks/1.png')]},
    ),
    'part of the masks only': (
        ['images/1.jpg', 'masks/train/1.png'],
        {'train': [('images/1.jpg', 'masks/train/1.png')]},
    ),
    'cities': (
        [
            'leftImg8bit/train/a/a_1_leftImg8bit.png',
            'gtFine/train/a/a_1_gtFine_color.png',
            'gtFine/train/a/a_1_gtFine_instanceIds.png',
            'gtFine/train/a/a_1_gtFine_labelIds.png',
        ],
        {'train': [('leftImg8bit/train/a/a_1_leftImg8bit.png', 'gtFine/train/a/a_1_gtFine_labelIds.png')]},
    ),
    'masks of objects beside': (
        ['JPEGImages/1.jpg', 'SegmentationClass/1.png', 'SegmentationObject/1.png'],
        {'all': [('JPEGImages/1.jpg', 'SegmentationClass/1.png')]},
    ),
    'words in front': (['img/img_1.jpg', 'gt/gt_1.png'], {'all': [('img/img_1.jpg', 'gt/gt_1.png')]}),
    'an ending of their own': (
        ['images/a.jpg', 'images/b.jpg', 'masks/a-hand.png', 'masks/b-hand.png'],
        {'all': [('images/a.jpg', 'masks/a-hand.png'), ('images/b.jpg', 'masks/b-hand.png')]},
    ),
    'short words': (['img/1.jpg', 'msk/1.png'], {'all': [('img/1.jpg', 'msk/1.png')]}),
    'words of their own': (
        ['images/1.jpg', 'crack_masks/1.png', 'crackPreviews/1.png'],
        {'all': [('images/1.jpg', 'crack_masks/1.png')]},
    ),
    'words of their own on both sides': (
        ['train_crack_images/a/1.jpg', 'train_crack_masks/a/1.png', 'val-images/1.jpg', 'masks_machine_val/1.png'],
        {
            'train': [('train_crack_images/a/1.jpg', 'train_crack_masks/a/1.png')],
            'val': [('val-images/1.jpg', 'masks_machine_val/1.png')],
        },
    ),
    'masks with a word beside others': (
        ['images/1.jpg', 'masks/1.png', 'masks_coloured/1.png'],
        {'all': [('images/1.jpg', 'masks/1.png')]},
    ),
    'images in both names': (['images/1.jpg', 'ImageMasks/1.png'], {'all': [('images/1.jpg', 'ImageMasks/1.png')]}),
    'one folder': (
        ['1.jpg', '1_mask.png', '2.jpg', '2_mask.png'],
        {'all': [('1.jpg', '1_mask.png'), ('2.jpg', '2_mask.png')]},
    ),
    'one folder, same names': (['1.jpg', '1.png'], {'all': [('1.jpg', '1.png')]}),
    'one folder a part': (
        ['train/1_sat.jpg', 'train/1_mask.png', 'val/2_sat.jpg', 'val/2_mask.png'],
        {'train': [('train/1_sat.jpg', 'train/1_mask.png')], 'val': [('val/2_sat.jpg', 'val/2_mask.png')]},
    ),
}


@pytest.mark.parametrize('name', LAYOUTS)
def test_pairs_are_found(name, tmp_path):
    files, expected = LAYOUTS[name]
    scenes = find_scenes(touch(tmp_path, files))
    assert {part: [tuple(pair) for pair in found.pairs] for part, found in scenes.parts.items()} == expected
    assert not any(part.without_mask or part.without_image for part in scenes.parts.values())
    assert is_scene_folder(tmp_path)


@pytest.mark.parametrize(
    'files',
    [
        ['cats/1.jpg', 'dogs/1.jpg'],
        ['cats/1.jpg', 'dogs/2.jpg', 'masks/3.jpg'],
        ['face_mask/1.jpg', 'no_mask/1.jpg'],
        ['photo_frames/1.jpg', 'label_makers/2.jpg'],
        ['train/cats/1.jpg', 'train/dogs/1.jpg', 'train/dogs/1.png'],
        ['images/1.jpg', 'images/2.jpg', 'labels.csv'],
        ['images/1.jpg', 'labels/1.txt'],
        ['1.jpg', '2.jpg'],
        ['notes.txt'],
    ],
)
def test_images_for_classification_are_none(files, tmp_path):
    assert not is_scene_folder(touch(tmp_path, files))
    assert not is_scene_folder(tmp_path / files[0])
    assert not is_scene_folder(tmp_path / 'absent')


def test_a_word_among_others_needs_images_beside(tmp_path):
    scenes = find_scenes(touch(tmp_path, ['face_mask_data/1.jpg', 'face_mask_data/1_mask.png']))
    assert scenes.pairs == [('face_mask_data/1.jpg', 'face_mask_data/1_mask.png')]


def test_a_test_part_without_masks_is_told_and_left_out(tmp_path):
    scenes = find_scenes(touch(tmp_path, ['train_images/1.jpg', 'train_masks/1.png', 'test_images/7.jpg']))
    assert list(scenes.parts) == ['train']
    assert 'no masks: 1 images such as test_images/7.jpg' in scenes.notes[0]


def test_eval_is_the_test_or_validation_beside_one(tmp_path):
    files = ['train/images/1.jpg', 'train/masks/1.png', 'eval/images/2.jpg', 'eval/masks/2.png']
    assert list(find_scenes(touch(tmp_path, files)).parts) == ['train', 'test']
    assert list(find_scenes(touch(tmp_path, ['test/images/3.jpg', 'test/masks/3.png'])).parts) == [
        'train',
        'val',
        'test',
    ]
    touch(tmp_path, ['validation/images/4.jpg', 'validation/masks/4.png'])
    with pytest.raises(UserError, match='has val and eval, which both mean val: join them, or take one away'):
        find_scenes(tmp_path)


def test_undivided_images_beside_a_part_for_training_are_told(tmp_path):
    files = ['train/images/1.jpg', 'train/masks/1.png', 'extra/images/2.jpg', 'extra/masks/2.png']
    scenes = find_scenes(touch(tmp_path, files))
    assert list(scenes.parts) == ['train', 'all']
    assert scenes.notes == [
        f'{tmp_path}: not trained on, since they lie in no part, but beside train: 1 images with masks such as '
        'extra/images/2.jpg'
    ]


def test_what_stands_alone_is_kept(tmp_path):
    part = find_scenes(touch(tmp_path, ['images/1.jpg', 'images/3.jpg', 'masks/1.png', 'masks/4.png'])).parts['all']
    assert (part.without_mask, part.without_image) == (['images/3.jpg'], ['masks/4.png'])


@pytest.mark.parametrize('mask', ['masks/{}/{}.png', 'masks/{}/{}_mask.png', 'masks/{}/{}-hand.png'])
def test_an_accent_has_two_spellings(tmp_path, mask):
    image = 'images/Spät/Röhre.jpg'
    files = [unicodedata.normalize('NFC', image), unicodedata.normalize('NFD', mask.format('Spät', 'Röhre'))]
    assert files[1] != mask.format('Spät', 'Röhre')
    assert find_scenes(touch(tmp_path, files)).pairs == [tuple(files)]


def test_a_mask_of_another_folder_is_none(tmp_path):
    files = [f'{kind}/{folder}/2.png' for kind in ('images', 'masks') for folder in ('a', 'b')]
    scenes = find_scenes(touch(tmp_path, [*files, 'images/a/1.png', 'masks/b/1.png', 'images/c/3.png', 'masks/3.png']))
    assert [pair.image for pair in scenes.parts['all'].pairs] == ['images/a/2.png', 'images/b/2.png', 'images/c/3.png']
    assert scenes.parts['all'].without_mask == ['images/a/1.png']
    assert scenes.parts['all'].without_image == ['masks/b/1.png']


@pytest.mark.parametrize(
    ('files', 'words'),
    [
        ([], 'holds no image: put images and masks there'),
        (['images/1.jpg'], 'holds 1 images and no masks'),
        (['masks/1.png'], 'holds 1 masks and no images'),
        (['images/1.jpg', 'masks/2.png'], r'images/1\.jpg, has the name of one of the 1 masks, such as masks/2\.png'),
        (['images/1.jpg', 'masks/1_left.png', 'masks/1.bmp', 'masks/1.png'], r'images/1\.jpg has several masks'),
    ],
)
def test_what_cannot_be_paired(files, words, tmp_path):
    touch(tmp_path, files)
    with pytest.raises(UserError, match=words):
        find_scenes(tmp_path)
    with pytest.raises(UserError, match='does not exist: name yours'):
        find_scenes(tmp_path / 'absent')


def voc(root, **lists):
    """A folder as of Pascal VOC: four images, three of them with masks."""
    touch(root, [f'JPEGImages/{i}.jpg' for i in range(1, 5)] + [f'SegmentationClass/{i}.png' for i in range(1, 4)])
    for name, text in lists.items():
        path = root / 'ImageSets/Segmentation' / f'{name}.txt'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_lists_of_voc_divide_the_images(tmp_path):
    voc(tmp_path / 'VOC2012', train='1\n', val='2\n', trainval='1\n2\n', test='4\n')
    found = find_scenes(tmp_path)
    assert {name: [pair.image for pair in part.pairs] for name, part in found.parts.items()} == {
        'train': ['VOC2012/JPEGImages/1.jpg'],
        'val': ['VOC2012/JPEGImages/2.jpg'],
    }
    assert not any(part.without_mask for part in found.parts.values())  # nobody asks for the mask of 4
    assert found.notes == [
        f'{tmp_path}/VOC2012/ImageSets/Segmentation/test.txt: not read, since it names no image with a mask',
        f'{tmp_path}: not read, since no list in {tmp_path}/VOC2012/ImageSets/Segmentation names them: 1 images such '
        'as VOC2012/JPEGImages/3.jpg',
    ]


def in_folders(root, **lists):
    """Images of one name in two folders, and one with a space and a dot in its name."""
    names = 'a/0', 'b/0', 'a/crack 1.5 m'
    for name in names:
        touch(root, [f'JPEGImages/{name}.jpg', f'SegmentationClass/{name}.png'])
    return voc(root, **lists)


def test_masks_that_no_training_reads_are_masks(tmp_path):
    """Of objects, of images that no list names, of another kind, too many: whoever segments a folder wants none."""
    touch(tmp_path, ['SegmentationObject/1.png', 'SegmentationObject/9.png', 'thumbs/1.png'])
    images = {f'JPEGImages/{i}.jpg' for i in range(1, 5)}
    masks = {'SegmentationObject/1.png', 'SegmentationObject/9.png', *(f'SegmentationClass/{i}.png' for i in (1, 2, 3))}
    assert masks_below(voc(tmp_path, train='1\n', val='2\n')) == masks
    assert without_masks([str(tmp_path / each) for each in sorted(masks | images)], [str(tmp_path)]) == [
        str(tmp_path / each) for each in sorted(images)
    ]
    city = LAYOUTS['cities'][0]
    assert masks_below(touch(tmp_path / 'city', city)) == set(city[1:])
    two = ['images/1.jpg', 'masks/1_mask.png', 'masks/1_mask.bmp']
    with pytest.raises(UserError):
        find_scenes(touch(tmp_path / 'two', two))
    assert masks_below(tmp_path / 'two') == set(two[1:])
    assert masks_below(touch(tmp_path / 'one', ['1.jpg', '1_mask.png', '1_color.png'])) == {'1_mask.png', '1_color.png'}


def test_photographs_of_one_name_are_no_masks_of_each_other(tmp_path):
    """Nor is a picture whose name says that it is one."""
    photograph = np.random.default_rng(0).integers(256, size=(24, 24, 3)).astype(np.uint8)
    names = ['1.jpg', '1.tif', '2.jpg', '2.tif', '3.jpg', '3_color.jpg', '4.jpg']
    for name in names:
        Image.fromarray(photograph[..., 0] if name == '2.tif' else photograph).save(tmp_path / name)
    Image.fromarray(labels_of(0)).save(tmp_path / '4_mask.png')
    paths = [str(tmp_path / each) for each in names]
    assert is_scene_folder(tmp_path)
    assert without_masks([*paths, str(tmp_path / '4_mask.png')], [str(tmp_path)]) == paths


def test_photographs_of_one_name_and_no_masks(tmp_path):
    names = ['1.jpg', '1.tif', '2.jpg', '2.tif']
    for number, name in enumerate(names):
        noise = np.random.default_rng(number).integers(256, size=(24, 24)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / name)
    paths = [str(tmp_path / each) for each in names]
    assert without_masks(paths, [str(tmp_path)]) == paths


@pytest.mark.parametrize(
    'name', ['a/crack 1.5 m', 'crack 1.5 m', 'JPEGImages/a/crack 1.5 m.jpg', '/a/crack 1.5 m.jpg', './x/crack 1.5 m']
)
def test_names_in_lists_have_spaces_and_folders(tmp_path, name):
    root = in_folders(tmp_path, train='a/0\n1 1\nJPEGImages/2.jpg SegmentationClass/2.png\n\n', val='b/0\n', test=name)
    found = find_scenes(root)
    assert {part: [pair.image for pair in each.pairs] for part, each in found.parts.items()} == {
        'train': ['JPEGImages/1.jpg', 'JPEGImages/2.jpg', 'JPEGImages/a/0.jpg'],
        'val': ['JPEGImages/b/0.jpg'],
        'test': ['JPEGImages/a/crack 1.5 m.jpg'],
    }
    [note] = found.notes
    assert note.endswith('1 images such as JPEGImages/3.jpg')


def test_an_accent_has_two_spellings_in_a_list(tmp_path):
    files = [unicodedata.normalize('NFD', name) for name in ('JPEGImages/Röhre.jpg', 'SegmentationClass/Röhre.png')]
    found = find_scenes(voc(touch(tmp_path, files), train='Röhre\n'))
    assert [pair.image for pair in found.parts['train'].pairs] == files[:1]


def test_a_name_of_two_images_in_a_list(tmp_path):
    words = 'train.txt names 0, which JPEGImages/a/0.jpg and JPEGImages/b/0.jpg are: write the folder before the name'
    with pytest.raises(UserError, match=words):
        find_scenes(in_folders(tmp_path, train='0\n'))


def test_lists_that_name_no_part_divide_nothing(tmp_path):
    assert find_scenes(voc(tmp_path, default='1\n2\n')).parts.keys() == {'all'}


@pytest.mark.parametrize(
    ('lists', 'message'),
    [
        (dict(train='1\n7\n'), 'train.txt names 7, of which there is no image with a mask'),
        (dict(train='1\n', val='JPEGImages/1.jpg\n'), 'names JPEGImages/1.jpg, which is in train.txt as well'),
        (dict(train='1\n', training='2\n'), 'has both train.txt and training.txt'),
    ],
)
def test_lists_that_cannot_be(tmp_path, lists, message):
    with pytest.raises(UserError, match=message):
        find_scenes(voc(tmp_path, **lists))
