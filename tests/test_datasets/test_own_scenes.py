"""Own images and masks as a data set: divided, counted, labelled, refused."""

from functools import partial

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from own_scenes import SIDE, labels_of, write_scenes
from PIL import ExifTags, Image

from ltcl.datasets.own_scenes import OwnScenes
from ltcl.errors import UserError

PIPELINE = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='ltcl.MapOwnLabels')]
COLOURS = np.array([[0, 0, 0], [128, 0, 0], [0, 64, 200]], np.uint8)


@pytest.fixture(autouse=True)
def _scope(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    init_default_scope('mmseg')


@pytest.fixture
def root(tmp_path):
    return tmp_path / 'data'


def build(root, split='train', **kwargs):
    return OwnScenes(data_root=str(root), split=split, pipeline=PIPELINE, **kwargs)


def names(dataset):
    return [dataset.get_data_info(i)['img_path'].rsplit('/', 1)[1] for i in range(len(dataset))]


def test_a_share_of_the_images_of_each_rarest_class_is_drawn(root):
    write_scenes(root, 30)
    train, val, test = (build(root, split) for split in ('train', 'val', 'test'))
    assert (len(train), len(val)) == (24, 6)
    assert names(test) == names(val)
    assert not set(names(train)) & set(names(val))
    assert [sum(f'{i}.png' in names(val) for i in range(0, 30, 3)), *val.class_counts.image] == [2, 6, 6, 2]
    assert names(build(root, 'val', split_seed=1)) != names(val)
    assert len(build(root, 'all')) == 30


def test_counts_are_those_of_the_training_masks(root):
    write_scenes(root, 5, 'train/images/{}.png', 'train/masks/{}.png')
    write_scenes(root, 2, 'val/images/{}.png', 'val/masks/{}.png', start=7)
    counts = build(root).class_counts
    expected = sum(np.bincount(labels_of(i).ravel(), minlength=3) for i in range(5))
    assert counts.pixel == expected.tolist()
    assert (counts.image, counts.num_images, len(build(root, 'val'))) == ([5, 5, 2], 5, 2)


def test_nothing_is_drawn_beside_a_part_for_validation(root):
    write_scenes(root, 10)
    write_scenes(root, 2, 'val/images/{}.png', 'val/masks/{}.png', start=10)
    train, val = build(root), build(root, 'val')
    assert (len(train), names(val)) == (10, ['10.png', '11.png'])
    assert names(build(root, 'test')) == names(val)


def test_copies_stay_on_one_side(root):
    write_scenes(root, 12)
    for i in range(12):
        for part in ('images', 'masks'):
            (root / part / f'copy-{i}.png').write_bytes((root / part / f'{i}.png').read_bytes())
    train, val = names(build(root)), names(build(root, 'val'))
    assert len(val) == 6
    assert {f'copy-{name}' for name in val if '-' not in name} <= set(val)
    assert len(train) == 18


@pytest.mark.parametrize(
    ('change', 'lines'),
    [
        (lambda labels: labels, None),
        (lambda labels: np.dstack([labels] * 3), None),
        (lambda labels: np.dstack([labels, np.full_like(labels, 255)]), None),
        (lambda labels: np.dstack([labels] * 3 + [np.full_like(labels, 255)]), None),
        (lambda labels: np.where(labels == 2, 255, labels * 100).astype(np.uint8), '0,a\n100,b\n255,c'),
        (lambda labels: COLOURS[labels], '0,0,0,a\n128,0,0,b\n0,64,200,c'),
        (lambda labels: labels + 1, None),
        (lambda labels: (2 * labels + (labels_of(0) > 1)).astype(np.uint8), '0,a\n1,a\n2,b\n3,b\n4,c\n5,c'),
    ],
)
def test_masks_become_labels(change, lines, root):
    write_scenes(root, 4, change=change)
    if lines:
        (root / 'classes.csv').write_text(lines)
    dataset = build(root, 'all')
    for i in range(4):
        assert (dataset[i]['gt_seg_map'] == labels_of(i)).all()
    is_coloured = lines is not None and lines.startswith('0,0,0')
    assert (dataset.metainfo['palette'] == COLOURS.tolist()) == is_coloured


def test_void_is_255(root):
    write_scenes(root, 4)
    (root / 'classes.csv').write_text('0,void\n1,a\n2,b')
    dataset = build(root, 'all')
    assert (dataset[0]['gt_seg_map'] == (labels_of(0).astype(int) - 1) % 256).all()
    assert dataset.class_counts.image == [4, 2]


def cut(path, share=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def resized(path):
    Image.open(path).resize((SIDE, 2 * SIDE), Image.Resampling.NEAREST).save(path)


def as_jpeg(path):
    Image.open(path).save(path.with_suffix('.jpg'), quality=95)
    path.unlink()


def turned(root, value, side):
    """All images as a camera writes them that is held on its side or on its head; the masks are left."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    for kind in ('images', 'masks'):
        for path in (root / kind).iterdir():
            more = dict(exif=exif) if kind == 'images' else {}
            Image.open(path).resize((side, SIDE), Image.Resampling.NEAREST).save(path, **more)


def with_tag(path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.open(path).save(path, exif=exif)


def as_tga(path):
    Image.open(path).save(path.with_suffix('.tga'))
    path.unlink()


@pytest.fixture
def warned(monkeypatch):
    """Warnings."""
    found = []
    monkeypatch.setattr('ltcl.datasets.own_scenes.warn', found.append)
    return found


@pytest.mark.parametrize(('value', 'side'), [(3, 30), (2, 30), (6, SIDE)])
def test_turned_images_whose_size_does_not_tell_it_are_told(root, warned, value, side):
    turned(write_scenes(root), value, side)
    build(root, 'all')
    [remark] = warned
    assert 'the EXIF tag of 6 images turns them, such as images/0.png: their masks must lie as viewers' in remark


def test_masks_of_turned_images_lie_as_these_are_seen(root, warned):
    turned(write_scenes(root), 6, 30)
    for path in (root / 'masks').iterdir():
        Image.open(path).transpose(Image.Transpose.ROTATE_270).save(path)
    sample = build(root, 'all')[0]
    assert sample['img'].shape[:2] == sample['gt_seg_map'].shape == (30, SIDE)
    assert not warned


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda root: turned(root, 6, 30), 'masks/0.png has 30x24 pixels, but its image .* has 24x30; one is turned'),
        (lambda root: with_tag(root / 'masks/1.png'), 'masks/1.png has an EXIF tag that turns it'),
        (lambda root: as_tga(root / 'images/1.png'), 'OpenCV does not read the TGA image .*images/1.tga'),
        (
            lambda root: (root / 'masks/1.png').unlink(),
            r'5 images have a mask, but 1 images have no mask: images/1\.png',
        ),
        (lambda root: (root / 'images/1.png').unlink(), r'1 masks have no image: masks/1\.png: .*unpaired=skip'),
        (
            lambda root: resized(root / 'masks/1.png'),
            r'masks/1\.png has 24x48 pixels, but its image .*images/1\.png has 24x24',
        ),
        (lambda root: as_jpeg(root / 'masks/1.png'), r'masks/1\.jpg is a JPEG file.*\(1 of 6 masks cannot be used\)'),
        (lambda root: cut(root / 'masks/1.png'), r'masks/1\.png is damaged'),
        (lambda root: cut(root / 'images/1.png'), r'cannot read the image .*images/1\.png'),
        (lambda root: (root / 'classes.csv').write_text('0,a\n1,b'), r'masks/0\.png holds the value 2, which is none'),
        (lambda root: (root / 'classes.csv').write_text('0,a\n1,void\n2,void\n3,b'), 'show one class only, a: a seg'),
    ],
)
def test_bad_folders_are_one_line(change, words, root):
    change(write_scenes(root))
    with pytest.raises(UserError, match=words) as caught:
        build(root)
    assert '\n' not in str(caught.value)


def test_what_stands_alone_can_be_skipped(root):
    write_scenes(root)
    (root / 'masks/1.png').unlink()
    assert len(build(root, 'all', unpaired='skip')) == 5
    with pytest.raises(UserError, match='unpaired'):
        build(root, unpaired='skipp')


def test_an_empty_root_and_a_share_of_nothing(root):
    root.mkdir()
    with pytest.raises(UserError, match='holds no image'):
        build(root)
    write_scenes(root, 2)
    with pytest.raises(UserError, match=r'val_share=0\.0 leaves none of the 2 images'):
        build(root, 'val', val_share=0.0)
    write_scenes(root / 'other', 2, 'val/images/{}.png', 'val/masks/{}.png')
    with pytest.raises(UserError, match='has no images for train, only for val'):
        build(root / 'other')


def test_it_is_built_for_its_classes_alone(root):
    write_scenes(root)
    lazy = partial(build, root, lazy_init=True)
    assert list(lazy().metainfo['classes']) == ['class_0', 'class_1', 'class_2']
    assert list(lazy(classes=['x', 'y', 'z']).metainfo['classes']) == ['x', 'y', 'z']


@pytest.mark.parametrize(('largest', 'number'), [(3000, 1), (65535, 0)])
def test_images_of_which_8_bits_hold_nothing_are_told(root, warned, largest, number):
    write_scenes(root, 5)
    for i in range(5):
        values = np.random.default_rng(i).integers(largest + 1, size=(SIDE, SIDE)).astype(np.uint16)
        Image.fromarray(values).save(root / f'images/{i}.png')
    assert len(build(root)) == 4
    assert len(warned) == number
    assert all('nearly black or flat are all 4 training images' in each for each in warned)
    assert all('(levels 0 to 11 of 255): of 16 bits the upper 8 are read' in each for each in warned)
