"""Masks in a folder: what a stopped run keeps, overlays, the table as JSON."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from trained_scenes import NAMES, rows_of

from ltcl import LongTailSegmenter
from ltcl.checkpoints.reading import load_from_local
from ltcl.checkpoints.whole_files import save_whole
from ltcl.inference.images import find_images
from ltcl.inference.mask_files import open_masks
from ltcl.inference.mask_record import RECORD
from ltcl.inference.overlays import LEGEND, OVERLAYS


@pytest.fixture
def photos(root, tmp_path):
    """Four images in two folders."""
    for number in range(4):
        place = tmp_path / 'photos' / ('a' if number < 2 else 'b') / f'{number}.png'
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / 'images' / f'{number}.png', place)
    return tmp_path / 'photos'


@pytest.fixture
def asked(monkeypatch):
    """The images that are segmented, by name."""
    found, stream = [], LongTailSegmenter.stream

    def counted(self, images, *args, **options):
        found.append([source.path.rsplit('/', 1)[-1] for source in find_images(images)])
        return stream(self, images, *args, **options)

    monkeypatch.setattr(LongTailSegmenter, 'stream', counted)
    return found


def stop_after(monkeypatch, number):
    """Ctrl-C after some images."""
    stream = LongTailSegmenter.stream

    def stopped(self, *args, **options):
        for place, each in enumerate(stream(self, *args, **options)):
            if place == number:
                raise KeyboardInterrupt
            yield each

    monkeypatch.setattr(LongTailSegmenter, 'stream', stopped)


def files_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_a_stopped_run_goes_on(call, run, photos, tmp_path, asked, monkeypatch):
    words = 'predict', run, photos, '--reject', 0.4, '--table', tmp_path / 'table.json', '--out'
    assert call(*words, tmp_path / 'whole').status == 0
    whole, table = files_of(tmp_path / 'whole'), (tmp_path / 'table.json').read_text()
    (tmp_path / 'table.json').unlink()
    with monkeypatch.context() as patched:
        stop_after(patched, 3)
        done = call(*words, tmp_path / 'masks')
    assert done.status == 130
    assert 'stopped: the masks of 3 of 4 images are kept, and the same command goes on from there' in done.err
    assert len(rows_of(tmp_path / 'masks')) == 3
    assert not (tmp_path / 'table.json').exists()
    (tmp_path / 'masks' / 'a' / '1.png').write_bytes(whole['a/1.png'][:-40])  # as a power cut may leave it
    (tmp_path / 'masks' / 'a' / f'.{"0a" * 8}.partial').touch()
    with (tmp_path / 'masks' / RECORD).open('a') as file:
        file.write('["b/3.png", "')
    asked.clear()
    done = call(*words, tmp_path / 'masks')
    assert done.status == 0
    assert '2 of 4 images have their mask, which is kept' in done.err
    assert asked == [['1.png', '3.png']]
    found = files_of(tmp_path / 'masks')
    assert {**found, RECORD: b''} == {**whole, RECORD: b''}
    assert (tmp_path / 'table.json').read_text() == table
    assert 'masks of 4 images' in call(*words, tmp_path / 'masks').err
    assert asked == [['1.png', '3.png']]  # nothing is left to do


def test_masks_of_changed_images_are_made_anew(call, run, photos, tmp_path, asked):
    words = 'predict', run, photos, '--out', tmp_path / 'masks'
    assert call(*words).status == 0
    shutil.copyfile(photos / 'a' / '0.png', photos / 'b' / '2.png')
    shutil.copyfile(photos / 'a' / '0.png', photos / 'b' / '4.png')
    assert call(*words).status == 0
    assert asked[1:] == [['2.png', '4.png']]
    first, _, third, _, last = rows_of(tmp_path / 'masks')
    assert first['confidence'] == third['confidence'] == last['confidence']


def test_masks_of_another_model_are_none(call, run, photos, tmp_path, asked, monkeypatch):
    """Neither are those of other options; a run that is stopped leaves no mixture."""
    other = tmp_path / 'other' / run.name
    shutil.copytree(run, other)
    [best] = other.glob('best_*.pth')
    checkpoint = load_from_local(str(best), 'cpu')
    checkpoint['state_dict']['decode_head.conv_seg.bias'][2] += 100  # everything is of the last class
    save_whole(best, checkpoint)
    assert call('predict', run, photos, '--out', tmp_path / 'masks').status == 0
    with monkeypatch.context() as patched:
        stop_after(patched, 1)
        done = call('predict', other, photos, '--out', tmp_path / 'masks')
    assert f'the masks in {tmp_path / "masks"} are of another checkpoint: they are made anew' in done.err
    assert [path.name for path in (tmp_path / 'masks').rglob('*.png')] == ['0.png']
    assert [row['share_hole, deep'] for row in rows_of(tmp_path / 'masks')] == ['1.0']
    done = call('predict', other, photos, '--out', tmp_path / 'masks', '--prior', 'balanced', '--reject', 0.1)
    assert 'are of another --prior, --reject: they are made anew' in done.err
    assert (len(asked[-1]), {row['share_hole, deep'] for row in rows_of(tmp_path / 'masks')}) == (4, {'1.0'})


def test_masks_of_other_options_go_also_where_fewer_images_are_asked_for(call, run, photos, tmp_path):
    """But for one that somebody has changed."""
    masks = tmp_path / 'masks'
    assert call('predict', run, photos, '--out', masks, '--overlay').status == 0
    (masks / 'b' / '3.png').write_bytes(b'mine')
    shutil.rmtree(photos / 'b')
    assert call('predict', run, photos, '--out', masks, '--reject', 0.4).status == 0
    assert sorted(files_of(masks)) == [
        RECORD,
        'a/0.png',
        'a/1.png',
        'b/3.png',
        f'{OVERLAYS}/b/3.png',
        f'{OVERLAYS}/{LEGEND}',
        'predictions.csv',
    ]
    (photos / 'b').mkdir()
    shutil.copyfile(photos / 'a' / '0.png', photos / 'b' / '2.png')
    assert call('predict', run, photos, '--out', masks).status == 0


def test_the_same_checkpoint_elsewhere_is_the_same_model(run, model, photos, tmp_path):
    folder = open_masks(tmp_path / 'masks', [str(photos)], [str(photos / 'a' / '0.png')], model)
    folder.fill(model.stream(folder.left))
    shutil.copytree(run, tmp_path / 'copy')
    same = LongTailSegmenter.load(tmp_path / 'copy', 'cpu')
    again = open_masks(tmp_path / 'masks', [str(photos)], [str(photos / 'a' / '0.png')], same)
    assert (again.left, again.changes) == ([], [])


def test_overlays(call, run, model, photos, tmp_path, asked):
    words = 'predict', run, photos, '--out', tmp_path / 'masks', '--reject', 0.4
    assert call(*words).status == 0
    assert call(*words, '--overlay').status == 0  # of masks that are there as well
    assert [len(images) for images in asked] == [4, 4]
    assert call(*words, '--overlay').status == 0
    assert len(asked) == 2
    folder = tmp_path / 'masks' / OVERLAYS
    assert sorted(files_of(folder)) == ['a/0.png', 'a/1.png', 'b/2.png', 'b/3.png', LEGEND]
    image, mask, over = (np.array(Image.open(place / 'b' / '3.png')) for place in (photos, tmp_path / 'masks', folder))
    colours = np.array(model.values.palette)[mask]
    assert np.array_equal(over, np.rint((image + colours.astype(float)) / 2).astype(np.uint8))
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) > 1
    drawn = (folder / LEGEND).read_text()
    for name, colour in zip(NAMES, model.values.colours, strict=False):
        assert f'<!-- {name} -->' in drawn
        assert '#{:02x}{:02x}{:02x}'.format(*colour) in drawn


def test_the_table_as_json_has_what_the_csv_has(call, run, photos, tmp_path):
    (photos / '=broken.png').write_bytes(b'no image')
    words = '--out', tmp_path / 'masks', '--reject', 0.4, '--table'
    assert call('predict', run, photos, *words, tmp_path / 'a.json').status == 4
    assert call('predict', run, photos, *words, tmp_path / 'a.csv').status == 4
    assert (tmp_path / 'a.csv').read_text() == (tmp_path / 'masks' / 'predictions.csv').read_text()
    entries, rows = json.loads((tmp_path / 'a.json').read_text()), rows_of(tmp_path / 'masks')
    assert [entry['path'] for entry in entries] == [row['path'] for row in rows]
    for entry, row in zip(entries, rows, strict=True):
        assert list(entry) == ['path', 'mask', 'confidence', 'rejected', 'shares', 'error']
        if entry['path'].endswith('broken.png'):
            assert (entry['mask'], entry['shares'], row['mask']) == (None, None, '')
            assert 'no image' in entry['error']
            continue
        assert entry['error'] is None
        cells = entry['mask'], entry['confidence'], entry['rejected'], *entry['shares'].values()
        assert [str(cell) for cell in cells] == list(row.values())[1:]
        assert list(entry['shares']) == NAMES


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--overlay'], 'images lie in overlays, the folder of --overlay: give it another name'),
        (['--table', 'none/a.json'], 'there is no folder'),
    ],
)
def test_mistakes_are_one_line(call, run, photos, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (photos / 'a').rename(photos / OVERLAYS)
    done = call('predict', run, photos, '--out', 'masks', *words)
    assert done.status in (1, 2)
    assert message in done.err
    assert not (tmp_path / 'masks').exists()


def test_masks_below_the_images_are_no_images(call, run, photos, monkeypatch):
    """The folder of the images itself takes none: the next run would segment them."""
    monkeypatch.chdir(photos)
    for _ in range(2):
        assert 'masks of 4 images' in call('predict', run, '.', '--out', 'masks').err
    (photos / 'c').mkdir()
    Image.open(photos / 'a' / '0.png').save(photos / 'c' / '0.bmp')
    done = call('predict', run, 'c', '--out', 'c')
    assert 'it is the folder of the images, and a mask would be one of them' in done.err
    assert [path.name for path in (photos / 'c').iterdir()] == ['0.bmp']


def test_a_folder_of_images_and_masks_gives_its_images(call, run, root, tmp_path):
    done = call('predict', run, root, root / 'masks' / '3.png', '--out', tmp_path / 'masks')
    assert 'left out: 9 masks that lie among the images' in done.err
    assert 'masks of 11 images' in done.err  # one mask was named itself


def test_a_table_of_others_does_not_give_their_files_away(call, run, root, tmp_path):
    """A file of a mask's name stays unless the table names it: there may be a table of a classifier."""
    (tmp_path / '0.png').write_bytes(b'mine')
    (tmp_path / 'predictions.csv').write_text('"path","class","probability"\n"0.png","a",0.5\n')
    done = call('predict', run, root / 'images' / '0.png', '--out', tmp_path)
    assert 'no predictions.csv says that it is a prediction' in done.err
    assert (tmp_path / '0.png').read_bytes() == b'mine'
