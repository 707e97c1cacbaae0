"""Readers of ImageNet-C, -R, -Sketch and of corrupted folders, on folders in their layouts."""

import json

import numpy as np
import pytest
from PIL import Image

from ltcl.datasets.class_folders import scan_class_folders
from ltcl.errors import UserError
from ltcl.registry import DATASETS

WNIDS = ('n01440764', 'n01443537', 'n01484850')


def put(*paths, color=(10, 20, 30)):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (4, 3), color).save(path, 'PNG')


def build(name, **options):
    return DATASETS.build(dict(type=f'ltcl.{name}', **options))


def listing(dataset):
    return [
        (info['img_path'].split('/')[-1], info['gt_label']) for info in map(dataset.get_data_info, range(len(dataset)))
    ]


def test_class_folders_are_sorted_and_searched_at_any_depth(tmp_path):
    put(tmp_path / 'b/2.JPEG', tmp_path / 'b/1.png', tmp_path / 'a/deep/x.jpg', tmp_path / '.cache/y.jpg')
    (tmp_path / 'a/notes.txt').touch()
    (tmp_path / 'a/._x.jpg').touch()
    (tmp_path / 'list.txt').touch()
    paths, labels, names = scan_class_folders(tmp_path)
    assert paths == [f'{tmp_path}/a/deep/x.jpg', f'{tmp_path}/b/1.png', f'{tmp_path}/b/2.JPEG']
    assert labels.tolist() == [0, 1, 1]
    assert labels.dtype == np.int64
    assert names == ['a', 'b']
    paths, labels, names = scan_class_folders(tmp_path, classes=['b'])
    assert (len(paths), labels.tolist(), names) == (2, [0, 0], ['b'])


def test_class_folders_that_cannot_be_used(tmp_path):
    with pytest.raises(UserError, match=r'cannot read the image folder .*missing \(No such file'):
        scan_class_folders(tmp_path / 'missing')
    with pytest.raises(UserError, match='has no class folders'):
        scan_class_folders(tmp_path)
    put(tmp_path / 'a/1.png')
    (tmp_path / 'b').mkdir()
    with pytest.raises(UserError, match='has class folders without an image b: add images'):
        scan_class_folders(tmp_path)
    with pytest.raises(UserError, match='lacks the class folders c, d, e, f, g and 1 more'):
        scan_class_folders(tmp_path, classes=list('acdefgh'))


@pytest.mark.parametrize('group', ['', 'blur'])
def test_imagenet_c_with_and_without_the_folders_of_the_archives(tmp_path, group):
    for severity in (1, 2):
        folder = tmp_path / group / 'defocus_blur' / str(severity)
        put(*(folder / wnid / f'ILSVRC2012_val_0000000{severity}.JPEG' for wnid in WNIDS))
    dataset = build('ImageNetC', data_root=str(tmp_path), corruption='defocus_blur', severity=2, num_classes=3)
    assert listing(dataset) == [('ILSVRC2012_val_00000002.JPEG', label) for label in range(3)]
    assert dataset.metainfo['classes'] == WNIDS
    with pytest.raises(UserError, match='lacks the corruption folder fog/3: unpack or make all of them'):
        build('ImageNetC', data_root=str(tmp_path), corruption='fog', severity=3)
    with pytest.raises(UserError, match='has 3 class folders, but num_classes is 1000'):
        build('ImageNetC', data_root=str(tmp_path), corruption='defocus_blur', severity=1)


def test_imagenet_r_has_200_classes(tmp_path):
    put(*(tmp_path / f'n{index:08}' / 'art_0.jpg' for index in range(200)))
    dataset = build('ImageNetR', data_root=str(tmp_path))
    assert [label for _, label in listing(dataset)] == list(range(200))
    with pytest.raises(UserError, match='has 200 class folders, but num_classes is 199'):
        build('ImageNetR', data_root=str(tmp_path), num_classes=199)


@pytest.mark.parametrize('inner', ['', 'sketch'])
def test_imagenet_sketch_with_and_without_the_inner_folder(tmp_path, inner):
    put(*(tmp_path / inner / wnid / 'sketch_0.JPEG' for wnid in WNIDS))
    dataset = build('ImageNetSketch', data_root=str(tmp_path), num_classes=3)
    assert listing(dataset) == [('sketch_0.JPEG', label) for label in range(3)]


def test_labels_count_classes_without_images(tmp_path):
    put(tmp_path / 'fog/1/coat/1.png', tmp_path / 'fog/1/boot/2.png')
    options = dict(data_root=str(tmp_path), corruption='fog', severity=1)
    assert listing(build('CorruptedImages', **options)) == [('2.png', 0), ('1.png', 1)]
    (tmp_path / 'corruptions.json').write_text(json.dumps(dict(classes=['shirt', 'coat', 'boot'])))
    dataset = build('CorruptedImages', **options)
    assert listing(dataset) == [('2.png', 2), ('1.png', 1)]
    assert dataset.metainfo['classes'] == ('shirt', 'coat', 'boot')
    with pytest.raises(UserError, match='has a folder boot, which is not one of its classes'):
        build('CorruptedImages', **options, classes=['coat'])
    (tmp_path / 'corruptions.json').write_text('{"classes"')
    with pytest.raises(UserError, match=r'corruptions\.json is damaged'):
        build('CorruptedImages', **options)


def test_images_are_decoded_for_pipelines_that_cannot(tmp_path):
    put(tmp_path / 'fog/1/a/1.png', color=(200, 100, 50))
    options = dict(data_root=str(tmp_path), corruption='fog', severity=1, pipeline=[dict(type='PackInputs')])
    assert build('CorruptedImages', **options, color='rgb')[0]['inputs'].shape == (3, 3, 4)
    grey = build('CorruptedImages', **options, color='grey')
    assert grey[0]['inputs'].shape == (1, 3, 4)
    assert grey[0]['inputs'].unique().tolist() == [124]  # 0.299 R + 0.587 G + 0.114 B
    (tmp_path / 'fog/1/a/1.png').write_bytes(b'no image')
    with pytest.raises(UserError, match=r'cannot read the image .*1\.png'):
        grey[0]
    with pytest.raises(UserError, match="color of CorruptedImages must be rgb or grey or None, got 'blue'"):
        build('CorruptedImages', **options, color='blue')
