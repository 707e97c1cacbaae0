"""A file, its pixels and its picture become the same input, whatever reads files in the pipeline."""

import numpy as np
import pytest
import torch
from image_contents import damage, encode
from mmengine.registry import init_default_scope
from natural_picture import draw_picture
from PIL import ExifTags, Image, ImageOps

from ltcl.errors import UserError
from ltcl.export.preparation import decoding_of
from ltcl.inference.images import find_images
from ltcl.inference.reading import ImageSources, Reader

PIPELINES = {
    'rgb': ['ltcl.LoadImage', 'PackInputs'],
    'bgr': ['LoadImageFromFile', 'PackInputs'],
    'memory': ['PackInputs'],
}


@pytest.fixture
def path(tmp_path):
    init_default_scope('mmpretrain')
    path = tmp_path / 'picture.png'
    Image.fromarray(draw_picture(20, 24, 3).astype(np.uint8)).save(path)
    return path


def read(kind, given, is_grey=False):
    reader = Reader([dict(type=name) for name in PIPELINES[kind]], is_grey)
    [source] = find_images(given)
    return reader(source, 0)['inputs']


@pytest.mark.parametrize('kind', PIPELINES)
def test_files_arrays_and_pictures_are_alike(path, kind):
    picture = Image.open(path)
    pixels = np.array(picture)
    expected = torch.from_numpy(pixels[..., ::-1].copy() if kind == 'bgr' else pixels).permute(2, 0, 1)
    for given in (path, str(path), pixels, pixels.astype(np.int64), picture, picture.convert('RGBA')):
        assert torch.equal(read(kind, given), expected)


def test_grey_pixels_and_palettes(path):
    grey = Image.open(path).convert('L')
    expected = torch.from_numpy(np.array(grey)).expand(3, -1, -1)
    for given in (grey, np.array(grey), grey.convert('P'), grey.convert('I')):
        assert torch.equal(read('rgb', given), expected)


@pytest.mark.parametrize('kind', PIPELINES)
@pytest.mark.parametrize(
    'given', [np.full((4, 5, 3), 256), np.full((4, 5), 0.5), *(Image.new(mode, (5, 4), 256) for mode in 'IF')]
)
def test_values_without_a_range_are_no_answer(path, kind, given):
    reader = Reader([dict(type=name) for name in PIPELINES[kind]], is_grey=False)
    _, reason = ImageSources(find_images([given]), reader)[0]
    assert reason.startswith('its values, ')
    assert 'have no known range: give uint8, 0 to 255' in reason


@pytest.mark.parametrize(
    'loader',
    [
        dict(type='ltcl.LoadImage', upright=True),
        dict(type='LoadImageFromFile'),
        dict(type='LoadImageFromFile', color_type='grayscale'),
    ],
)
def test_a_turned_picture_is_read_as_its_file(path, loader):
    exif, turned = Image.Exif(), path.with_suffix('.jpg')
    exif[ExifTags.Base.Orientation] = 6
    Image.open(path).save(turned, exif=exif)
    reader = Reader([loader, dict(type='PackInputs')], is_grey=False)
    [file], [picture] = find_images(turned), find_images(Image.open(turned))
    inputs = [reader(given, 0)['inputs'] for given in (file, picture)]
    assert inputs[0].shape[1:] == (24, 20)
    assert (inputs[0].int() - inputs[1].int()).abs().max() <= 5  # OpenCV has a way of its own to grey
    assert decoding_of(reader)['exif']
    looked_at = np.array(ImageOps.exif_transpose(Image.open(turned)).convert('L').convert('RGB')).astype(int)
    shown = np.array(Image.fromarray(reader.picture(file)).convert('L').convert('RGB'))
    assert np.abs(shown - looked_at).max() <= 5


def test_a_set_of_grey_images_in_memory_gets_grey_ones(path):
    expected = torch.from_numpy(np.array(Image.open(path).convert('L')))[None]
    assert torch.equal(read('memory', path, is_grey=True), expected)


def test_pictures_of_runs_are_left_out(path, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    folder = path.parent
    for name in ('work_dirs/birds/per_class.png', 'mine/wrong/0.png', 'deep/runs/1.png'):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(path.read_bytes())
    (folder / 'mine' / 'last_checkpoint').write_text('epoch_1.pth')
    monkeypatch.chdir(folder)
    for given, found in (
        (str(folder), [str(folder / 'deep/runs/1.png'), str(path)]),
        ('.', ['./deep/runs/1.png', './picture.png']),
        ('work_dirs', ['work_dirs/birds/per_class.png']),  # it is named
    ):
        assert [source.path for source in find_images(given)] == found
    told = f'{folder}: left out, since trainings leave such pictures: 2 such as {folder}/mine/wrong/0.png'
    assert told in notes


def test_folders_are_walked_and_sorted(path):
    folder = path.parent
    for name in ('b/2.png', 'b/1.png', 'a/3.png', '.hidden/4.png'):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(path.read_bytes())
    (folder / 'notes.txt').write_text('notes')
    (folder / 'a' / 'loop').symlink_to(folder)
    names = [source.path for source in find_images([folder, folder / 'b' / '2.png'])]
    assert names == [str(folder / name) for name in ('a/3.png', 'b/1.png', 'b/2.png', 'picture.png', 'b/2.png')]


@pytest.mark.parametrize('dtype', [np.str_, object, np.dtypes.StringDType()])
def test_an_array_of_paths_holds_several(path, dtype):
    given = np.array([str(path), str(path.parent)], dtype)
    assert [source.path for source in find_images(given)] == [str(path)] * 2
    assert [source.path for source in find_images(given[0])] == [str(path)]
    assert [source.path for source in find_images(np.array(str(path), dtype))] == [str(path)]
    with pytest.raises(UserError, match='not bytes'):
        find_images(np.array([b'a.png']))


def test_an_array_of_pictures_holds_several(path):
    given = np.empty((2, 1), object)
    given[0, 0], given[1, 0] = Image.open(path), path
    assert [source.path for source in find_images(given)] == [None, str(path)]


@pytest.mark.parametrize('loader', [dict(type='ltcl.LoadImage', upright=True), dict(type='LoadImageFromFile')])
@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (np.zeros((0, 3, 3)), 'not float64 (0, 3, 3)'),
        (np.zeros(3), 'not float64 (3,)'),
        (np.array(3), 'not int64 ()'),
        (np.zeros((2, 4, 5, 3), np.uint8), 'not uint8 (2, 4, 5, 3): give the images one by one'),
    ],
)
def test_arrays_that_are_no_image(path, loader, given, message):
    reader = Reader([loader, dict(type='PackInputs')], is_grey=False)
    _, reason = ImageSources(find_images(given), reader)[0]
    assert reason.startswith('ltcl.LoadImage takes an array (H, W), ')
    assert reason.endswith(message)


@pytest.mark.parametrize('shape', [(4, 5), (4, 5, 3), (4, 5, 4)])
def test_a_mirrored_array_is_taken(path, shape):
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    for kind in PIPELINES:
        assert torch.equal(read(kind, pixels[::-1, ::-1]), read(kind, pixels[::-1, ::-1].copy()))


@pytest.mark.parametrize('kind', ['jpeg', 'png'])
def test_half_a_picture_is_no_answer(path, kind):
    whole = encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), kind)
    path.write_bytes(damage(whole, bytes(512)))
    reader = Reader([dict(type=name) for name in PIPELINES['rgb']], is_grey=False)
    _, reason = ImageSources(find_images(path), reader)[0]
    assert isinstance(reason, str)
    if kind == 'jpeg':  # of which libjpeg makes a picture
        assert reason.startswith('damaged in the middle: ')


def test_a_file_without_a_range_says_what_to_do_once(path):
    file = path.with_suffix('.tif')
    Image.fromarray(np.full((4, 5), 0.5, np.float32)).save(file)
    reader = Reader([dict(type=name) for name in PIPELINES['rgb']], is_grey=False)
    _, reason = ImageSources(find_images(file), reader)[0]
    assert reason.startswith('its values, floats from 0.5 to 0.5, have no known range: set ')
    assert reason.endswith(' or save the image with 8 or 16 bits')
