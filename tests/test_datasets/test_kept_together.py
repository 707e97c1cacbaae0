"""What stays on one side of a division: copies and images of one origin; and the fingerprints that are kept."""

import numpy as np
import pytest
from own_folders import images, read, touch, write
from PIL import Image

from ltcl.datasets import fingerprint_cache, folder_cache, origins
from ltcl.datasets.fingerprint_cache import fingerprints_of
from ltcl.datasets.kept_together import kept_together, picture_numbers
from ltcl.datasets.origins import origins as find_origins
from ltcl.errors import UserError
from ltcl.files import cache_folder

PATHS = ['a/p1_x.png', 'a/p1_y.png', 'a/p2_x.png', 'b/p1_z.png', 'b/none.png']


@pytest.fixture
def notes(monkeypatch):
    messages = []
    for module in (origins, fingerprint_cache, folder_cache):
        monkeypatch.setattr(module, 'print_log', lambda message, *_, **__: messages.append(message))
    return messages


def test_origin_in_the_path(tmp_path, notes):
    assert find_origins(PATHS, r'(p\d)_', tmp_path).tolist() == [0, 0, 1, 0, 2]
    assert find_origins(PATHS, r'/(?:p\d_)?([a-z])', tmp_path).tolist() == [0, 1, 0, 2, 3]
    assert notes == [
        r'groups (p\d)_ does not tell the origin of 1 of 5 images, such as b/none.png: each of them counts as one of '
        'its own'
    ]


@pytest.mark.parametrize('name', ['groups.csv', 'groups.txt'])
def test_origin_in_a_list(tmp_path, name, notes):
    touch(tmp_path, *PATHS)
    mark = ',' if name.endswith('.csv') else ' '
    lines = ['path,group'] if mark == ',' else []
    lines += [f'{path}{mark}{group}' for path, group in zip(PATHS, ('q', 'r', 'q', 'r'), strict=False)]
    source = write(tmp_path / name, '\n'.join(lines))
    assert find_origins(PATHS, str(source), tmp_path).tolist() == [0, 1, 0, 1, 2]
    assert find_origins(PATHS, name, tmp_path).tolist() == [0, 1, 0, 1, 2]  # beside the images
    assert len(notes) == 2


def test_origin_in_a_table_of_more_columns(tmp_path):
    touch(tmp_path, *PATHS)
    rows = zip(PATHS, 'aabbb', 'qrqrs', '11122', strict=True)
    lines = [','.join(row) for row in rows]
    for heads in ('path,label,patient,width', 'path,camera,group,patient'):
        write(tmp_path / 'table.csv', '\n'.join([heads, *lines]))
        assert find_origins(PATHS, 'table.csv', tmp_path).tolist() == [0, 1, 0, 1, 2]
    for heads, named in (('path,camera,patient,width', 'patient, camera'), ('path,a,b,c', 'a, b, c')):
        write(tmp_path / 'table.csv', '\n'.join([heads, *lines]))
        with pytest.raises(UserError, match=rf'line 1: it is not clear which column .* \({named}\): head it "group"'):
            find_origins(PATHS, 'table.csv', tmp_path)


@pytest.mark.parametrize('heads', ['path,group\n', 'path,patient\n', 'path,camera\n', ''])
@pytest.mark.parametrize('folders', [True, False])
def test_list_of_origins_lies_in_the_data_root(tmp_path, monkeypatch, heads, folders):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    paths = [*images('a', 10), *images('b', 10)] if folders else images('images', 20)
    for number, path in enumerate(paths):
        save(tmp_path / path, number)
    write(tmp_path / 'groups.csv', heads + ''.join(f'{path},p{i % 10 // 2}\n' for i, path in enumerate(paths)))
    if not folders:
        write(tmp_path / 'labels.csv', 'path,label\n' + ''.join(f'{path},{i // 10}\n' for i, path in enumerate(paths)))
    monkeypatch.chdir(tmp_path.parent)
    for groups in ('groups.csv', str(tmp_path / 'groups.csv')):
        parts = [read(tmp_path.name, part, groups=groups) for part in ('train', 'val')]
        assert sorted([*parts[0], *parts[1]]) == sorted(paths)
        owners = [{paths.index(path) % 10 // 2 for path in part} for part in parts]
        assert not owners[0] & owners[1]
    assert not any('groups.csv' in note for note in notes)


@pytest.mark.parametrize(
    ('source', 'message'),
    [
        ('(', 'is no list and no regular expression'),
        ('p1', 'has 0 pairs of brackets'),
        ('(p)(1)', 'has 2 pairs of brackets'),
        ('(q)', 'tells the origin of none of the 5 images, such as a/p1_x.png'),
        ('none.csv', 'cannot read the list none.csv'),
        ('twice.csv', 'line 2: a/p1_x.png is of two groups, 1 and 2'),
    ],
)
def test_mistakes_of_origins(tmp_path, source, message):
    touch(tmp_path, *PATHS)
    write(tmp_path / 'twice.csv', 'path,group\na/p1_x.png,1\na/p1_x.png,2\n')
    with pytest.raises(UserError, match=message.replace('(', r'\(')):
        find_origins(PATHS, source, tmp_path)


def test_copies_and_origins_are_chained(tmp_path):
    pictures = np.array([0, 1, 2, 2, 3])  # the third and the fourth image are copies
    numbers = kept_together(pictures, PATHS, tmp_path, r'(p\d)_')
    assert len({*numbers[:4]}) == 1
    assert numbers[4] != numbers[0]
    assert kept_together(pictures, PATHS, tmp_path) is pictures


def save(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)).save(path)


def test_only_new_and_changed_images_are_read(tmp_path, monkeypatch, notes):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    for i in range(4):
        save(tmp_path / f'a/{i}.png', i % 3)
    read_files = []
    decode = fingerprint_cache.fingerprints_of_files
    monkeypatch.setattr(
        fingerprint_cache, 'fingerprints_of_files', lambda paths: read_files.append(len(paths)) or decode(paths)
    )
    paths = [f'a/{i}.png' for i in range(4)]

    def look():
        return picture_numbers(paths, tmp_path).pixels.tolist()

    assert look() == look() == [0, 1, 2, 0]
    assert read_files == [4]
    save(tmp_path / 'a/3.png', 7)
    assert look() == [0, 1, 2, 3]
    assert read_files == [4, 1]
    place = next((cache_folder() / 'fingerprints').glob('*.npz'))
    assert not notes
    place.write_bytes(place.read_bytes()[:-100])
    assert look() == look() == [0, 1, 2, 3]
    assert read_files == [4, 1, 4]
    assert [note.split(' is ')[1] for note in notes] == ['damaged, so the images are looked at anew']


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch, notes):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    touch(tmp_path, 'file')
    save(tmp_path / '0.png', 0)
    assert fingerprints_of([str(tmp_path / '0.png')], tmp_path)[0].aspect == 0
    assert notes[0].startswith('fingerprints of images are not kept')


def test_the_draw_of_own_images_keeps_origins_together(tmp_path):
    touch(tmp_path, *(f'{name}/s{i // 4}_{i}.png' for name in 'ab' for i in range(40)))
    parts = [read(tmp_path, part, groups='(./s[0-9]+)_') for part in ('train', 'val')]
    origin = [{path.rsplit('_', 1)[0] for path in part} for part in parts]
    assert [len(part) for part in parts] == [64, 16]
    assert not origin[0] & origin[1]


def test_no_validation_since_all_belongs_together(tmp_path):
    touch(tmp_path, *images('a', 10), *images('b', 9))
    with pytest.raises(UserError, match='the largest class has 10 and all belong to 2 groups: raise val_share'):
        read(tmp_path, 'val', groups='(.)/')
