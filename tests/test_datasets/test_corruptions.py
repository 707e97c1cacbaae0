"""The 15 corruptions: shape, reproducibility, strength, and the parts that are written anew."""

from math import ceil

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ltcl.datasets.corruptions import FUNCTIONS, SEVERITIES, corrupt, frost_photos, profile_of
from ltcl.datasets.corruptions.blur import glass_blur, smear, zoom
from ltcl.datasets.corruptions.digital import brightness, elastic_transform
from ltcl.datasets.corruptions.weather import ice, plasma
from ltcl.datasets.corruptions.writer import CorruptionWriter, seed_of
from ltcl.errors import UserError
from ltcl.evaluation.functional import CORRUPTIONS

# The published severities of these are not in the order of the distance between pixels: frost takes more of the image
# away instead of adding more ice, glass blur blurs its noise, the affine part of the elastic transform gets weaker, fog
# becomes finer before it becomes thicker, snow falls closer together (AlexNet's errors drop from 2 to 3 as well).
NOT_ORDERED = {'small': {'frost', 'glass_blur', 'elastic_transform'}}
NOT_ORDERED['large'] = NOT_ORDERED['small'] | {'fog', 'snow'}


def scene(height, width, seed):
    """Colour clouds at several scales behind a dark rectangle, uint8."""
    rng = np.random.default_rng(seed)
    noise = rng.random((height, width, 3))
    scales = [ndimage.gaussian_filter(noise, (sigma, sigma, 0), mode='wrap') for sigma in (1, 3, height / 8)]
    image = sum((scale - scale.mean()) / scale.std() for scale in scales)
    image = (image - image.min()) / (image.max() - image.min())
    top, left = rng.integers(height // 2), rng.integers(width // 2)
    image[top : top + height // 3, left : left + width // 4] *= 0.3
    return (255 * image).astype(np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_names_are_those_of_the_figures():
    assert tuple(FUNCTIONS) == CORRUPTIONS
    assert all(tuple(levels) == CORRUPTIONS for levels in SEVERITIES.values())
    assert {len(levels) for profile in SEVERITIES.values() for levels in profile.values()} == {5}


@pytest.mark.parametrize('corruption', CORRUPTIONS)
@pytest.mark.parametrize('shape', [(28, 28), (32, 32, 3), (20, 37, 3), (96, 70, 3), (81, 100)])
def test_every_size_and_colour(corruption, shape):
    image = scene(*shape[:2], seed=1)
    image = image if len(shape) == 3 else image[..., 0]
    before = image.copy()
    for severity in (1, 5):
        corrupted = corrupt(image, corruption, severity, rng(2))
        assert corrupted.shape == shape
        assert corrupted.dtype == np.uint8
        np.testing.assert_array_equal(corrupt(image, corruption, severity, rng(2)), corrupted)
        np.testing.assert_array_equal(image, before)
    assert (corrupted != image).any()


@pytest.mark.parametrize('profile', ['small', 'large'])
def test_a_higher_severity_is_further_from_the_clean_image(profile):
    side, count = (32, 40) if profile == 'small' else (112, 6)
    images = [scene(side, side, seed) for seed in range(count)]
    for corruption in set(CORRUPTIONS) - NOT_ORDERED[profile]:
        distances = [
            np.mean(
                [
                    np.square(corrupt(image, corruption, severity, rng(seed), profile) - image.astype(float)).mean()
                    for seed, image in enumerate(images)
                ]
            )
            for severity in range(1, 6)
        ]
        assert (np.diff(distances) >= 0).all(), (corruption, distances)


@pytest.mark.parametrize('profile', ['small', 'large'])
def test_elastic_transform_without_its_affine_part_grows_within_its_kinds(profile):
    # Severities 1 and 2 of the large profile are wide waves, 3 to 5 narrow ones.
    levels = SEVERITIES[profile]['elastic_transform'][1 if profile == 'small' else 2 :]
    images = [scene(48, 48, seed).astype(np.float32) / 255 for seed in range(10)]
    distances = [
        np.mean([np.abs(elastic_transform(image, rng(3), strength, sigma, 0) - image).mean() for image in images])
        for strength, sigma, _ in levels
    ]
    assert (np.diff(distances) > 0).all(), distances


def test_no_corruption_where_there_is_nothing_to_corrupt():
    flat = np.full((40, 40, 3), 128, np.uint8)
    for corruption in ('defocus_blur', 'glass_blur', 'motion_blur', 'zoom_blur', 'pixelate', 'contrast'):
        assert np.abs(corrupt(flat, corruption, 5, rng()).astype(int) - 128).max() <= 1, corruption


def test_noise_has_the_published_strength():
    grey = np.full((200, 200, 3), 128, np.uint8)
    for severity, std in enumerate((0.04, 0.06, 0.08, 0.09, 0.1), 1):
        noisy = corrupt(grey, 'gaussian_noise', severity, rng(), 'small').astype(float) / 255
        assert noisy.std() == pytest.approx(std, rel=0.02)
    shot = corrupt(grey, 'shot_noise', 1, rng(), 'large').astype(float) / 255
    assert shot.std() == pytest.approx(np.sqrt(128 / 255 / 60), rel=0.03)
    impulse = corrupt(grey, 'impulse_noise', 5, rng(), 'large')
    assert (impulse == 0).mean() == pytest.approx(0.135, abs=0.01)
    assert (impulse == 255).mean() == pytest.approx(0.135, abs=0.01)


def test_brightness_keeps_hue_and_saturation():
    image = scene(16, 16, 3).astype(np.float32) / 255
    image[0, 0] = 0
    before, after = (cv2.cvtColor(each, cv2.COLOR_RGB2HSV) for each in (image, brightness(image, rng(), 0.2)))
    np.testing.assert_allclose(after[..., 2], np.minimum(before[..., 2] + 0.2, 1), atol=1e-6)
    np.testing.assert_allclose(after[..., 1], before[..., 1], atol=1e-5)
    saturated = before[..., 1] > 0.05
    assert np.abs(after[..., 0] - before[..., 0])[saturated].max() < 0.1  # degrees


@pytest.mark.parametrize('shape', [(28, 28, 1), (40, 61, 3)])
@pytest.mark.parametrize('factor', [1, 1.01, 1.25, 2.25, 4.5])
def test_zoom_is_a_crop_of_scipys(shape, factor):
    image = rng().random(shape)
    (height, width), (rows, columns) = shape[:2], (ceil(side / factor) for side in shape[:2])
    top, left = (height - rows) // 2, (width - columns) // 2
    expected = ndimage.zoom(image[top : top + rows, left : left + columns], (factor, factor, 1), order=1)
    top, left = (expected.shape[0] - height) // 2, (expected.shape[1] - width) // 2
    expected = expected[top : top + height, left : left + width]
    np.testing.assert_allclose(zoom(image, factor), expected, atol=1e-12)


@pytest.mark.parametrize(('degrees', 'direction'), [(0, (0, -1)), (-90, (-1, 0)), (90, (1, 0)), (45, (1, -1))])
def test_smear_is_one_sided_along_its_direction(degrees, direction):
    image = np.zeros((41, 41, 1), np.float32)
    image[20, 20] = 1
    smeared = smear(image, radius=3, sigma=2.0, degrees=degrees)[..., 0]
    weights = np.exp(-(np.arange(7) ** 2) / 8)
    length = np.hypot(*direction)
    place = [[20 + round(step * part / length) for part in direction] for step in range(7)]
    expected = np.zeros((41, 41))
    for (row, column), weight in zip(place, weights / weights.sum(), strict=True):
        expected[row, column] += weight
    np.testing.assert_allclose(smeared, expected, atol=1e-6)


def test_glass_blur_copies_pixel_after_pixel_as_the_published_loop_does():
    image = rng().random((30, 24, 3), dtype=np.float32)
    moved = glass_blur(image, rng(5), sigma=0, reach=2, rounds=2)
    draws, expected = rng(5), image.copy()
    for _ in range(2):
        down, right = draws.integers(-2, 2, (2, 26, 20))
        for i, row in enumerate(range(28, 2, -1)):
            for j, column in enumerate(range(22, 2, -1)):
                expected[row, column] = expected[row + down[i, j], column + right[i, j]]
    np.testing.assert_array_equal(moved, expected)
    assert (moved != image).any()


def test_clouds_fill_their_range_and_differ_from_draw_to_draw():
    clouds = plasma((30, 50), 2, rng(1))
    assert clouds.shape == (30, 50)
    assert plasma((32, 32), 2, rng(1)).min() == 0
    assert plasma((32, 32), 2, rng(1)).max() == 1
    assert (plasma((30, 50), 2, rng(2)) != clouds).any()
    rough, smooth = (np.abs(np.diff(plasma((64, 64), decay, rng(3)))).mean() for decay in (1.3, 3))
    assert rough > 2 * smooth


def test_frost_is_drawn_bluish_or_cropped_from_photographs():
    texture = ice((64, 64), rng())
    assert (texture[..., 2] >= texture[..., 0]).all()
    assert texture.std() > 0.05
    photo = np.full((50, 50, 3), 0.5, np.float32)
    black = np.zeros((32, 32, 3), np.uint8)
    frosted = corrupt(black, 'frost', 1, rng(), frost_photos=[photo])
    np.testing.assert_array_equal(frosted, int(255 * 0.2 * 0.5))
    with pytest.raises(UserError, match='50x50 pixels, fewer than an image with its 60x60'):
        corrupt(np.zeros((60, 60), np.uint8), 'frost', 1, rng(), frost_photos=[photo])


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(corruption='rain'), "no corruption 'rain': the 15 are gaussian_noise, "),
        (dict(severity=6), 'severity 6 of fog must be 1, 2, 3, 4 or 5'),
        (dict(profile='huge'), "no profile 'huge' of severities: use small or large"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = dict(image=np.zeros((8, 8), np.uint8), corruption='fog', severity=1, rng=rng())
    with pytest.raises(UserError, match=message):
        corrupt(**{**arguments, **changes})


def test_profile_follows_the_shorter_side():
    assert profile_of(64, 500) == 'small'
    assert profile_of(65, 65) == 'large'


def written(out, **options):
    return CorruptionWriter(out=out, **{**dict(corruptions=['fog', 'snow'], profile='small', crop=False), **options})


def test_files_do_not_depend_on_the_order_and_are_not_written_twice(tmp_path):
    items = [(f'{label}/{index}', scene(28, 28, index)[..., 0]) for index, label in enumerate('aab')]
    first, second = written(tmp_path / '1'), written(tmp_path / '2')
    assert [first(item) for item in items] == [10, 10, 10]
    kept = tmp_path / '2/fog/3/a/1.png'
    second(items[1])
    kept.write_bytes(b'kept')
    (tmp_path / '2/snow/1/a/1.png').unlink()
    assert [second(item) for item in reversed(items)] == [10, 1, 10]
    assert kept.read_bytes() == b'kept'
    files = sorted(path.relative_to(tmp_path / '1') for path in (tmp_path / '1').rglob('*.png'))
    assert len(files) == 30
    assert files == sorted(path.relative_to(tmp_path / '2') for path in (tmp_path / '2').rglob('*.*'))
    for file in set(files) - {kept.relative_to(tmp_path / '2')}:
        assert (tmp_path / '1' / file).read_bytes() == (tmp_path / '2' / file).read_bytes()
    assert seed_of(0, 'fog', 1, 'a/1') != seed_of(1, 'fog', 1, 'a/1')


def test_seed_of_a_name_is_that_of_its_bytes():
    assert seed_of(0, 'fog', 1, 'th\udcc3\udca9') == seed_of(0, 'fog', 1, 'thé')
    assert seed_of(0, 'fog', 1, 'th\udce9') != seed_of(0, 'fog', 1, 'th')


def test_large_images_are_cut_as_those_of_imagenet_c(tmp_path):
    path = tmp_path / 'clean.jpg'
    Image.fromarray(scene(120, 90, 0)).save(path)
    written(tmp_path / 'out', corruptions=['contrast'], profile='large', crop=True)(('a/clean', str(path)))
    with Image.open(tmp_path / 'out/contrast/5/a/clean.JPEG') as image:
        assert image.size == (224, 224)
    with pytest.raises(UserError, match=r'cannot read the image .*missing\.jpg'):
        written(tmp_path / 'out')(('a/missing', str(tmp_path / 'missing.jpg')))


def test_frost_photographs_of_a_folder(tmp_path):
    with pytest.raises(UserError, match='has no photographs of frost'):
        written(tmp_path / 'out', frost_images=tmp_path)
    Image.new('RGB', (300, 200), (0, 0, 255)).save(tmp_path / 'frost.png')
    writer = written(tmp_path / 'out', corruptions=['frost'], frost_images=tmp_path)
    assert [photo.shape for photo in writer.frost_photos] == [(40, 60, 3)]
    writer(('a/1', np.zeros((32, 32, 3), np.uint8)))
    pixels = np.asarray(Image.open(tmp_path / 'out/frost/5/a/1.png'))
    np.testing.assert_array_equal(pixels[0, 0], [0, 0, int(255 * 0.45)])


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with six photographs of one colour each, whose code must not run."""
    site = tmp_path / 'site'
    info = site / 'imagecorruptions_imaug-1.1.5.dist-info'
    (site / 'imagecorruptions/frost').mkdir(parents=True)
    info.mkdir()
    (site / 'imagecorruptions/__init__.py').write_text('raise RuntimeError')
    files = [f'imagecorruptions/frost/frost{i}.{"png" if i < 4 else "jpg"}' for i in range(1, 7)]
    for i, file in enumerate(files, 1):
        Image.new('RGB', (200, 150), (40 * i, 40 * i, 40 * i)).save(site / file, quality=100)
    info.joinpath('METADATA').write_text('Metadata-Version: 2.1\nName: imagecorruptions-imaug\nVersion: 1.1.5\n')
    info.joinpath('RECORD').write_text(''.join(f'{file},,\n' for file in [*files, 'imagecorruptions/__init__.py']))
    monkeypatch.syspath_prepend(str(site))
    return site


def test_frost_photographs_of_imagenet_c(package, tmp_path):
    assert [path.name for path in frost_photos.published_photos()] == list(frost_photos.PUBLISHED)
    photos = frost_photos.read_frost(frost_photos.PACKAGE, 'large')
    assert [round(255 * photo.mean()) for photo in photos] == [40, 80, 120, 160, 200]
    writer = written(tmp_path / 'out', corruptions=['frost'], frost_images=frost_photos.PACKAGE)
    assert {photo.shape for photo in writer.frost_photos} == {(30, 40, 3)}
    writer(('a/1', np.zeros((64, 48, 3), np.uint8)))  # larger than the photographs
    pixels = np.asarray(Image.open(tmp_path / 'out/frost/5/a/1.png'))
    assert pixels.shape == (64, 48, 3)
    assert pixels.max() - pixels.min() <= 1
    assert pixels[0, 0, 0] in {int(0.45 * 40 * i + error) for i in range(1, 6) for error in (0, 0.5)}
    (package / 'imagecorruptions/frost/frost2.png').unlink()
    with pytest.raises(UserError, match='is missing: pip install imagecorruptions-imaug'):
        frost_photos.read_frost(frost_photos.PACKAGE, 'large')


def test_photographs_that_cover_the_image_are_left_as_they_are():
    small, large = np.zeros((10, 40, 3), np.float32), np.zeros((100, 100, 3), np.float32)
    enlarged = frost_photos.covering([small, large], 20, 60)
    assert [photo.shape for photo in enlarged] == [(20, 80, 3), (100, 100, 3)]
    assert enlarged[1] is large
