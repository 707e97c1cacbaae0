"""Reading image files, broken ones included."""

import io
import pickle
from multiprocessing.reduction import ForkingPickler
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.fileio import LocalBackend, register_backend
from mmengine.registry import DATASETS, TRANSFORMS
from natural_picture import draw_picture
from PIL import ExifTags, Image, ImageOps
from torch.utils.data import DataLoader, Subset

from ltcl.datasets import ImageListDataset
from ltcl.datasets.transforms import LoadImage, decode_rgb, load_image
from ltcl.datasets.transforms.decoding import reducible_size
from ltcl.datasets.transforms.skipped_images import MAX_WARNINGS, SkippedImages
from ltcl.engine.hooks import SkippedImagesHook
from ltcl.engine.hooks.skipped_images_hook import find_skipped
from ltcl.errors import UserError


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(draw_picture(41, 55))


@pytest.mark.parametrize(
    ('mode', 'kind'),
    [
        ('RGB', 'PNG'),
        ('L', 'PNG'),
        ('P', 'PNG'),
        ('1', 'PNG'),
        ('LA', 'PNG'),
        ('RGBA', 'PNG'),
        ('CMYK', 'JPEG'),
        ('CMYK', 'TIFF'),
        ('L', 'JPEG'),
        ('RGB', 'JPEG'),
        ('YCbCr', 'JPEG'),
        ('P', 'GIF'),
        ('RGB', 'WEBP'),
        ('RGB', 'BMP'),
    ],
)
def test_every_kind_of_file_becomes_rgb(picture, mode, kind):
    content = encode(picture.convert(mode), kind)
    image = decode_rgb(content)
    assert (image.shape, image.dtype) == ((41, 55, 3), np.uint8)
    expected = Image.open(io.BytesIO(content)).convert('RGB')
    np.testing.assert_array_equal(image, np.asarray(expected))
    assert image.flags.writeable


@pytest.mark.parametrize('quality', [30, 75, 90, 100])
@pytest.mark.parametrize('options', [dict(subsampling=0), dict(subsampling=1), dict(subsampling=2, progressive=True)])
def test_jpeg_has_the_pixels_of_pillow(picture, quality, options):
    for mode in ('RGB', 'L'):
        content = encode(picture.convert(mode), 'JPEG', quality=quality, **options)
        expected = np.asarray(Image.open(io.BytesIO(content)).convert('RGB'))
        np.testing.assert_array_equal(decode_rgb(content), expected)


@pytest.mark.parametrize('kind', ['PNG', 'TIFF'])
def test_16_bit_grey_is_scaled(kind):
    values = np.array([[0, 128, 257, 12850, 65535, 65406]], np.uint16)
    image = decode_rgb(encode(Image.fromarray(values), kind))
    np.testing.assert_array_equal(image[0], np.repeat([[0], [0], [1], [50], [255], [254]], 3, axis=1))


def test_16_bit_colours_are_scaled():
    values = np.full((4, 5, 3), (0, 32896, 65535), np.uint16)
    _, content = cv2.imencode('.png', values)
    np.testing.assert_array_equal(decode_rgb(content.tobytes())[0, 0], [255, 128, 0])  # OpenCV writes BGR


@pytest.mark.parametrize('values', [np.full((3, 4), 70000, np.int32), np.full((3, 4), 0.5, np.float32)])
def test_values_without_a_range_are_refused(values):
    with pytest.raises(ValueError, match=r'do not fit into 16 bits|no known range'):
        decode_rgb(encode(Image.fromarray(values), 'TIFF'))


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'TIFF'])
def test_turned_as_a_viewer_does(picture, kind):
    for value in range(1, 9):
        exif, file = Image.Exif(), io.BytesIO()
        exif[ExifTags.Base.Orientation] = value
        picture.save(file, kind, exif=exif)
        expected = ImageOps.exif_transpose(Image.open(file)).convert('RGB')
        np.testing.assert_array_equal(decode_rgb(file.getvalue(), upright=True), np.array(expected))
        is_reducible = kind == 'JPEG' and value == 1
        assert (reducible_size(file.getvalue(), upright=True) is not None) is is_reducible


def test_a_transparent_array_lies_on_the_background():
    array = np.zeros((2, 3, 4), np.uint8)
    array[0, 0, 3] = 255
    white = LoadImage(background=(255, 255, 255)).take(array, 'rgb')
    assert white[0, 0].tolist() == [0, 0, 0]
    assert (white.reshape(-1, 3)[1:] == 255).all()


def test_exif_does_not_turn(picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    turned = encode(picture, 'JPEG', exif=exif, quality=95)
    np.testing.assert_array_equal(decode_rgb(turned), decode_rgb(encode(picture, 'JPEG', quality=95)))


def broken_files(folder, picture) -> dict[str, str]:
    whole = encode(picture, 'JPEG')
    contents = {
        'truncated.jpg': whole[: len(whole) // 2],
        'end.jpg': whole[:-20],
        'truncated.png': encode(picture, 'PNG')[:400],
        'empty.jpg': b'',
        'text.jpg': b'<html>not found</html>',
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in [*contents, 'missing.jpg']}


def test_broken_file_fails_with_its_path(tmp_path, picture):
    load = TRANSFORMS.build(dict(type='ltcl.LoadImage'))
    for name, path in broken_files(tmp_path, picture).items():
        with pytest.raises(UserError, match=rf'cannot read the image .*{name} \(.+\): mend or remove it') as caught:
            load(dict(img_path=path))
        assert '\n' not in str(caught.value)


def test_broken_file_is_skipped_and_counted(tmp_path, picture, monkeypatch):
    lines = []
    monkeypatch.setattr(load_image, 'print_log', lambda message, *_: lines.append(message))
    load = LoadImage(broken='skip')
    paths = broken_files(tmp_path, picture)
    for _ in range(3):
        assert [load(dict(img_path=path)) for path in paths.values()] == [None] * len(paths)
    assert load.skipped.total == 3 * len(paths)
    assert len(lines) == len(paths)
    assert all(path in line for path, line in zip(paths.values(), lines, strict=True))


def test_broken_file_whose_name_is_no_utf8_is_skipped():
    assert SkippedImages().add('th\udce9.jpg')


def test_warnings_are_limited():
    skipped = SkippedImages()
    assert sum(skipped.add(f'{number}.jpg') for number in range(3 * MAX_WARNINGS)) == MAX_WARNINGS
    assert skipped.total == 3 * MAX_WARNINGS


def test_count_is_shared_with_spawned_workers():
    ours = SkippedImages()
    theirs = pickle.loads(ForkingPickler.dumps(ours))
    assert theirs.add('a.jpg')
    assert not ours.add('a.jpg')
    assert (ours.total, theirs.total) == (2, 2)


def test_what_is_read(tmp_path, picture):
    (tmp_path / 'a.png').write_bytes(encode(picture, 'PNG'))
    results = LoadImage()(dict(img_path=str(tmp_path / 'a.png'), gt_label=3))
    np.testing.assert_array_equal(results['img'], np.asarray(picture))
    assert (results['img_shape'], results['ori_shape'], results['gt_label']) == ((41, 55), (41, 55), 3)


BGR = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
RGB = BGR[..., ::-1]


@pytest.mark.parametrize(
    ('array', 'options', 'expected'),
    [
        (BGR, {}, RGB),
        (RGB, dict(array_order='rgb'), RGB),
        (np.dstack([BGR, BGR[..., 0]]), {}, RGB),
        (BGR[..., 0], {}, np.repeat(BGR[..., :1], 3, 2)),
        (BGR[..., :1], {}, np.repeat(BGR[..., :1], 3, 2)),
        (BGR.astype(np.uint16) * 257, {}, RGB),
        ((BGR.astype(np.uint16) * 257).astype('>u2'), {}, RGB),
        (BGR.astype(np.int64), {}, RGB),
        (BGR[..., 0].astype(np.int32), {}, np.repeat(BGR[..., :1], 3, 2)),
        (BGR.astype(np.int64) * 16, dict(value_range=(0, 4080)), RGB),
        (BGR.astype(np.uint16) * 16, dict(value_range=(0, 4080)), RGB),
        (BGR / 255, dict(value_range=(0, 1)), RGB),
    ],
)
def test_an_array_is_taken(array, options, expected):
    results = LoadImage(**options)(dict(img=array, ori_shape=(1, 1)))
    np.testing.assert_array_equal(results['img'], expected)
    assert results['img'].flags.c_contiguous
    assert (results['img'].dtype, results['ori_shape'], results['img_path']) == (np.uint8, (4, 5), None)
    assert results['channel_order'] == 'rgb'
    # Taken again, it is RGB already.
    np.testing.assert_array_equal(LoadImage(**options)(dict(results))['img'], expected)


def test_what_gives_an_array_may_tell_its_order_and_path():
    results = LoadImage()(dict(img=RGB, channel_order='rgb', img_path='a.png'))
    np.testing.assert_array_equal(results['img'], RGB)
    assert results['img_path'] == 'a.png'


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (dict(img=BGR / 255), r'values, floats from 0\.\d* to 0\.\d*, have no known range: give uint8, 0 to 255'),
        (dict(img=np.full((4, 5), 256)), r'whole numbers from 256 to 256, have no known range: give uint8, 0 to 255'),
        (dict(img=np.full((4, 5), -1)), r'whole numbers from -1 to -1, have no known range: give uint8, 0 to 255'),
        (dict(img=np.zeros((4, 5, 2), np.uint8)), r'takes an array \(H, W\), .* not uint8 \(4, 5, 2\)'),
        (dict(img=np.zeros((0, 5, 3), np.uint8)), r'not uint8 \(0, 5, 3\)'),
        (dict(img=np.zeros((4, 5), bool)), 'not bool'),
        (dict(img=[1, 2]), 'not list'),
        (dict(img=BGR, channel_order='hsv'), 'channel_order of ltcl.LoadImage must be one of bgr, rgb'),
        ({}, 'needs the path of an image, img_path, or an array, img'),
        (dict(img_path=None), 'needs the path of an image'),
    ],
)
def test_what_is_no_image(given, message):
    with pytest.raises(UserError, match=message):
        LoadImage()(given)


def test_remote_files(picture):
    class InMemory(LocalBackend):
        def get(self, filepath: str) -> bytes:
            return encode(picture, 'PNG') if filepath == 'memory://a.png' else super().get(filepath)

    register_backend('memory', InMemory, prefixes='memory', force=True)
    for options in ({}, dict(backend_args=dict(backend='memory'))):
        results = LoadImage(**options)(dict(img_path='memory://a.png'))
        np.testing.assert_array_equal(results['img'], np.asarray(picture))


def test_unknown_order():
    with pytest.raises(UserError, match=r"array_order of ltcl.LoadImage must be one of bgr, rgb, got 'hsv'"):
        LoadImage(array_order='hsv')


def test_unknown_policy():
    with pytest.raises(UserError, match=r"broken of ltcl.LoadImage must be one of fail, skip, got 'ignore'"):
        LoadImage(broken='ignore')


@pytest.fixture
def image_list(tmp_path, picture):
    """A list of 12 images of which 3 are broken."""
    for number in range(12):
        content = encode(picture, 'JPEG')
        (tmp_path / f'{number}.jpg').write_bytes(content[:300] if number % 4 == 1 else content)
    (tmp_path / 'list.txt').write_text(''.join(f'{number}.jpg {number % 3}\n' for number in range(12)))
    return dict(type='ltcl.ImageListDataset', data_root=str(tmp_path), ann_file='list.txt')


def build(image_list: dict, **options: object) -> ImageListDataset:
    return DATASETS.build(dict(**image_list, pipeline=[dict(type='ltcl.LoadImage', broken='skip')], **options))


class Log:
    def __init__(self) -> None:
        self.lines = []

    def warning(self, line: str) -> None:
        self.lines.append(line)


def test_workers_replace_broken_images_and_the_hook_counts_them(image_list):
    dataset = build(image_list)
    loader = DataLoader(Subset(dataset, range(12)), batch_size=4, num_workers=2, collate_fn=list)
    log, hook = Log(), SkippedImagesHook()
    runner = SimpleNamespace(train_dataloader=loader, logger=log)
    samples = [sample for batch in loader for sample in batch]
    assert len(samples) == 12
    assert not {sample['sample_idx'] for sample in samples} & {1, 5, 9}
    total = dataset.pipeline.transforms[0].skipped.total
    assert total >= 3
    hook.after_train_epoch(runner)
    hook.after_train_epoch(runner)  # nothing new
    assert log.lines == [
        f'skipped {total} broken images in this epoch, {total} since the start; others took their places'
    ]


def test_hook_leaves_runs_alone_that_do_not_skip(image_list):
    log = Log()
    dataset = DATASETS.build(dict(**image_list, pipeline=[dict(type='ltcl.LoadImage')]))
    runner = SimpleNamespace(train_dataloader=DataLoader(dataset), val_loop=None, logger=log)
    hook = SkippedImagesHook()
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    assert not log.lines


def test_hook_finds_joined_sets(image_list):
    first, second = build(image_list), build(image_list)
    joined = SimpleNamespace(datasets=[first, Subset(second, [0])])
    assert len(list(find_skipped(joined))) == 2


def test_a_test_set_may_not_skip(image_list):
    loader = DataLoader(build(image_list, test_mode=True))
    hook = SkippedImagesHook()
    with pytest.raises(UserError, match=r"val_dataloader skips broken images.*set broken='fail'"):
        hook.before_train(SimpleNamespace(val_loop=object(), val_dataloader=loader))
    with pytest.raises(UserError, match='test_dataloader skips'):
        hook.before_test(SimpleNamespace(test_dataloader=loader))
