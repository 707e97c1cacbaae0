"""Lists as people export them: under any name, with any headings, beside images in any folder."""

import os
import unicodedata

import pytest
from own_folders import counts, images, read, touch, write

from ltcl.datasets import own_images, own_sources
from ltcl.errors import UserError

NUMBERS = [f'{i:03d}' for i in range(12)]
NAMES = ('rose', 'tulip', 'lily')
LABELS = [NAMES[i % 3] for i in range(12)]
ROWS = [(f'images/{number}.png', label) for number, label in zip(NUMBERS, LABELS, strict=True)]
TRUTH = dict(ROWS)


@pytest.fixture
def root(tmp_path):
    """Twelve images in a folder that is no class."""
    return touch(tmp_path / 'flowers', *images('images', 12))


def table(*columns, head='', sep=','):
    lines = [head.replace(',', sep)] if head else []
    return ''.join(f'{line}\n' for line in (*lines, *(sep.join(map(str, row)) for row in zip(*columns, strict=True))))


PATHS = list(TRUTH)
FORMS = {
    'ids': ('train.csv', table(NUMBERS, LABELS, head='id,breed')),
    'file names': ('train.csv', table([f'{number}.png' for number in NUMBERS], LABELS, head='filename,class')),
    'other headings': ('train.csv', table(PATHS, LABELS, head='picture of it,what it is')),
    'index': ('train.csv', table(range(12), PATHS, LABELS, head=',path,label')),
    'index, other headings': ('train.csv', table(range(12), PATHS, LABELS, head='Unnamed: 0,image,species')),
    'label first': ('train.csv', table(LABELS, PATHS, head='class,file_name')),
    'label first without headings': ('train.csv', table(LABELS, PATHS)),
    'many columns': ('train.csv', table(PATHS, LABELS, range(12), head='Image Path,Species,width')),
    'numbers and names': (
        'train.csv',
        table(NUMBERS, [0, 1, 2] * 4, LABELS, head='img_id,class_id,class'),
    ),
    'numbers under label, and names': (
        'train.csv',
        table(PATHS, [0, 1, 2] * 4, LABELS, head='path,label,class_name'),
    ),
    'numbers, and names under a heading of their own': (
        'labels.csv',
        table(
            PATHS, [0, 1, 2] * 4, [f'{i}.png' for i in range(12)], LABELS, head='path,category_id,old name,Common name'
        ),
    ),
    'empty column': ('train.csv', table(PATHS, LABELS, [''] * 12)),
    'semicolons': ('train.csv', '\ufeff' + table(PATHS, LABELS, head='path,label', sep=';').replace('\n', '\r\n')),
    'bars': ('train.csv', table(PATHS, LABELS, head='path,label', sep='|')),
    'tabs': ('train.csv', table(PATHS, LABELS, head='path,label', sep='\t')),
    'tsv': ('train.tsv', table(PATHS, LABELS, head='path,label', sep='\t')),
    'tabs in a text': ('train.txt', table(PATHS, LABELS, sep='\t')),
    'commas and spaces in a text': ('train.txt', table(PATHS, [f' {label}' for label in LABELS])),
    'headings, semicolons and spaces in a text': (
        'train.txt',
        table(PATHS, [f' {label}' for label in LABELS], head='image, label', sep=';'),
    ),
    'headings of a text': ('train.txt', table(PATHS, LABELS, head='image,label', sep=' ')),
    'old line ends': ('train.csv', table(PATHS, LABELS, head='path,label').replace('\n', '\r')),
    'backslashes': ('train.csv', table([path.replace('/', '\\') for path in PATHS], LABELS)),
    'dots': ('train.csv', table([f'./images/../{path}' for path in PATHS], LABELS)),
    'from the root': ('train.csv', table([f'/{path}' for path in PATHS], LABELS)),
    'one column a class': (
        'train.csv',
        table(
            NUMBERS,
            *[[f'{int(label == name)}.0' for label in LABELS] for name in NAMES],
            head=f'image,{",".join(NAMES)}',
        ),
    ),
    'labels': ('labels.csv', table(PATHS, LABELS, head='path,label')),
    'train labels': ('trainLabels.csv', table(NUMBERS, LABELS, head='id,label')),
    'any name': ('Flowers of 2024.csv', table(NUMBERS, LABELS, head='id,label')),
    'a folder of its own': ('annotations/train.csv', table(NUMBERS, LABELS, head='id,label')),
    'beside the images': ('images/metadata.csv', table([f'{n}.png' for n in NUMBERS], LABELS, head='file_name,label')),
}


@pytest.mark.parametrize('form', FORMS)
def test_forms(root, form):
    name, text = FORMS[form]
    write(root / name, text)
    assert read(root, 'all') == TRUTH
    assert set(read(root, 'train').items()) < set(TRUTH.items())


@pytest.mark.parametrize(
    ('names', 'labels', 'sep'),
    [
        ('my {}.png', ('red rose', 'lily'), ','),
        ('my {}.png', ('rose', 'lily'), '|'),
        ('a,{}.png', ('rose', 'lily'), ' '),
        ('{}.png', ('rose,red', 'lily,white'), ' '),
    ],
)
def test_marks_and_spaces_of_a_text(tmp_path, names, labels, sep):
    truth = {names.format(number): labels[number % 2] for number in range(6)}
    touch(tmp_path, *truth)
    write(tmp_path / 'train.txt', table(truth.keys(), truth.values(), sep=sep))
    assert read(tmp_path, 'all') == truth


def test_unicode_text_of_a_spreadsheet(root):
    write(root / 'train.csv', table(PATHS, LABELS, head='path,label', sep='\t'), 'utf-16')
    assert read(root, 'all') == TRUTH


def test_absolute_paths_are_those_below_the_root(root):
    write(root / 'train.csv', table([root / path for path in PATHS], LABELS))
    write(root / 'val.csv', table(PATHS[:2], LABELS[:2]))
    assert read(root) == TRUTH


@pytest.mark.parametrize(
    ('labels', 'classes'),
    [
        ([f'{i % 11}.0' for i in range(12)], map(str, range(11))),
        ([1 + i % 3 for i in range(12)], '123'),
        ([(101, 204, 99)[i % 3] for i in range(12)], ('99', '101', '204')),
        ([f'0{1 + i % 3}' for i in range(12)], ('01', '02', '03')),
        ([(0, 3)[i % 2] for i in range(12)], '0123'),
    ],
)
def test_numbers_as_labels(root, labels, classes):
    write(root / 'train.csv', table(PATHS, labels))
    assert own_images.OwnImages(str(root)).metainfo['classes'] == tuple(classes)
    truth = {path: int(float(label)) for path, label in zip(PATHS, labels, strict=True)}
    assert {path: int(name) for path, name in read(root, 'all').items()} == truth


def with_first(label):
    return table(PATHS, [label, *LABELS[1:]], head='path,label')


MISTAKES = [
    (with_first('nan'), "line 2: the label 'nan' of images/000.png stands for an empty cell .1 such lines.: correct"),
    (with_first(''), r"line 2: expected .relative/path,label., got 'images/000.png,'"),
    (with_first('Tulip'), "has the classes 'Tulip' and 'tulip', which look like one"),
    (table(PATHS, [i % 3 - 1 for i in range(12)]), "line 1: the label '-1' of images/000.png is below 0 .4 such"),
    (table(PATHS, [f'0.{i}' for i in range(12)]), "line 2: the label '0.1' of images/001.png has a fraction"),
    (table(PATHS, ['rose'] * 12), 'has images of one class only, rose'),
    (table(PATHS, [1] * 12, [0, 1] * 6, head='path,a,b'), 'line 3: 2 of the columns a, b have a 1'),
    (table(PATHS, LABELS, range(12), head='path,species,category'), 'the columns category, species divide the images'),
    (table(PATHS, head='path'), 'names images, but no label'),
    (table(NUMBERS, range(12), head='id,width'), 'names images, but no label|got 2 columns'),
    (table([*PATHS[:-1], 'images/gone.png'], LABELS), 'line 12: the image .*/images/gone.png does not exist'),
    (table([*NUMBERS[:-1], 'gone'], LABELS), 'line 12: no image below .* is called gone'),
    (table([f'C:\\x\\{number}.png' for number in NUMBERS], LABELS), 'line 1: the image .*000.png does not exist'),
    (table([str(int(number)) for number in NUMBERS], LABELS), 'line 1: the image .*/0 does not exist'),
    (table(PATHS, LABELS).replace('images', 'bild\xe9').encode('cp1252'), 'cannot read the list .*UTF-8'),
    (b'PK\x03\x04\x00\x00', 'cannot read the list .*it is no text'),
    (table([path.replace('png', 'heic') for path in PATHS], LABELS), 'no image that can be read here, only 12 .heic'),
]


@pytest.mark.parametrize(
    ('heading', 'names'),
    [
        ('class_name', ['a', 'b', 'c', 'a'] * 3),  # not those of the numbers
        ('name', [f'flower {i}' for i in range(12)]),  # of the images
        ('label_name', ['a', 'b', ''] * 4),
        ('colour', ['red', 'blue', 'white'] * 4),
    ],
)
def test_numbers_stay_the_label_beside_what_does_not_name_them(root, heading, names):
    numbers = [0, 1, 2] * 4
    write(root / 'labels.csv', table(PATHS, numbers, names, head=f'path,label,{heading}'))
    assert read(root, 'all') == {path: str(number) for path, number in zip(PATHS, numbers, strict=True)}


@pytest.mark.parametrize(('text', 'message'), MISTAKES)
def test_mistakes_are_one_line(root, text, message):
    (root / 'train.csv').write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=message) as caught:
        read(root)
    assert '\n' not in str(caught.value)


def test_names_of_doubtful_classes_are_settled_by_a_file(root):
    write(root / 'train.csv', with_first('nan'))
    write(root / 'classes.txt', 'tulip\nrose\nlily\nnan\n')
    assert read(root, 'all') == TRUTH | {PATHS[0]: 'nan'}


def test_labels_from_1_with_names(root):
    write(root / 'train.csv', table(PATHS, [1 + i % 3 for i in range(12)]))
    write(root / 'classes.txt', 'rose\ntulip\nlily\n')
    with pytest.raises(UserError, match=r'line 3: label 3 of images/002.png is outside .* .the first class is 0'):
        read(root)


def test_id_of_two_images(tmp_path):
    touch(tmp_path, *images('train', 4), *images('test', 4))
    write(tmp_path / 'trainLabels.csv', table(NUMBERS[:4], LABELS[:4], head='id,label'))
    assert list(read(tmp_path, 'all')) == [f'train/{number}.png' for number in ('002', '000', '003', '001')]
    os.rename(tmp_path / 'trainLabels.csv', tmp_path / 'labels.csv')
    with pytest.raises(UserError, match=r'000 could be .*train/000.png or .*test/000.png: write its whole path'):
        read(tmp_path)


def test_column_of_the_parts(root):
    parts = ['train'] * 6 + ['valid'] * 3 + ['test'] * 3
    write(root / 'birds.csv', table(PATHS, LABELS, parts, head='filepaths,labels,data set'))
    assert [list(read(root, split).values()) for split in ('train', 'val', 'test')] == [
        sorted(LABELS[start:end]) for start, end in ((0, 6), (6, 9), (9, 12))
    ]


def test_words_of_a_competition_for_the_parts(root):
    parts = ['Training'] * 6 + ['PublicTest'] * 3 + ['PrivateTest'] * 3
    write(root / 'faces.csv', table(PATHS, LABELS, parts, head='path,label,Usage'))
    assert {split: len(read(root, split)) for split in ('train', 'val', 'test')} == {'train': 6, 'val': 3, 'test': 3}


YES, NO = [True, False] * 6, [False, True] * 6
FLAGS = [
    ('path,label,is_valid', (LABELS, YES), {'train': 1, 'val': 0}),
    ('path,label,Is Valid', (LABELS, ['0', '1'] * 6), {'train': 0, 'val': 1}),
    ('path,label,is_test', (LABELS, ['yes', 'NO'] * 6), {'train': 1, 'test': 0}),
    ('path,label,is_training_image', (LABELS, [1, 0] * 6), {'train': 0, 'val': 1}),
    ('path,label,train,valid', (LABELS, YES, NO), {'train': 0, 'val': 1}),
    ('path,label,train,test', (LABELS, NO, [0] * 12), {'train': 1, 'val': 0}),
    (f'path,{",".join(NAMES)},is_valid', (*([int(each == name) for each in LABELS] for name in NAMES), NO), None),
]


@pytest.mark.parametrize(('head', 'columns', 'first'), FLAGS)
def test_columns_that_say_yes_or_no_tell_the_parts(root, head, columns, first):
    write(root / 'labels.csv', table(PATHS, *columns, head=head))
    for split, place in (first or {'train': 0, 'val': 1}).items():
        assert read(root, split) == {path: TRUTH[path] for path in PATHS[place::2]}


def test_columns_of_two_parts_are_refused(root):
    write(root / 'labels.csv', table(PATHS, LABELS, NO, YES[:2] * 2 + NO[4:], head='path,label,is_valid,is_test'))
    with pytest.raises(UserError, match=r'line 7: 2 of the columns that tell test, val say yes .4 such lines.: '):
        read(root)


@pytest.mark.parametrize(
    ('head', 'columns'),
    [
        ('path,train,test', ([0, 1] * 6, [1, 0] * 6)),  # classes of trains and of tests
        ('path,is_valid', (['0', '1'] * 6,)),
    ],
)
def test_classes_that_are_called_as_parts(root, head, columns):
    write(root / 'labels.csv', table(PATHS, *columns, head=head))
    names = ('test', 'train') if len(columns) == 2 else ('0', '1')
    assert read(root, 'all') == {path: names[place % 2] for place, path in enumerate(PATHS)}


@pytest.mark.parametrize(('heading', 'said'), [('fold', [0, 1, 2]), ('is_valid', ['', 1, 0])])
def test_columns_that_are_not_read_are_told(root, monkeypatch, heading, said):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    write(root / 'labels.csv', table(PATHS, LABELS, said * 4, head=f'path,label,{heading}'))
    assert read(root, 'all') == TRUTH
    told = f'{root}/labels.csv: its column {heading.replace("_", "")} is not read, since it says'
    assert any(note.startswith(told) for note in notes)


@pytest.mark.parametrize('folders', [False, True])
@pytest.mark.parametrize('cell', ['tset', ''])
def test_part_that_is_none_is_refused(root, cell, folders):
    if folders:
        touch(root, *images('rose', 3, start=20), *images('tulip', 3, start=30))
    parts = ['train'] * 6 + ['val'] * 3 + ['test', cell, cell]
    write(root / 'labels.csv', table(PATHS, LABELS, parts, head='path,label,split'))
    with pytest.raises(UserError, match=rf"labels.csv, line 12: the column split says '{cell}' .* \(2 such lines\): "):
        read(root)


def test_column_without_parts_is_told(root, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    write(root / 'labels.csv', table(PATHS, LABELS, [0, 1] * 6, head='path,label,split'))
    assert read(root, 'all') == TRUTH
    assert f'{root}/labels.csv: its column split is not read, since it says 0, 1, not train, val and test' in notes


def test_table_divides_class_folders(tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    paths = [*images('a', 6), *images('b', 6)]
    touch(tmp_path, *paths, *images('b', 2, start=6))
    parts = ['train', 'train', 'train', 'val', 'test', 'test'] * 2
    labels = [path[0] for path in paths]
    write(tmp_path / 'labels.csv', table(paths, labels, parts, head='path,label,split'))
    for split in ('train', 'val', 'test'):
        assert read(tmp_path, split) == {
            path: label for path, label, part in zip(paths, labels, parts, strict=True) if part == split
        }
    rest = 'not read, since labels.csv does not name them: 2 of 14 images, such as b/006.png'
    assert f'{tmp_path}: {rest}' in notes
    assert not any('name the classes' in note for note in notes)
    numbers = ['ab'.index(name) for name in labels]
    write(tmp_path / 'labels.csv', table(paths, numbers, parts, head='path,label,split'))
    read(tmp_path)
    assert f'{tmp_path}/labels.csv: its labels name the classes, such as 0 for a' in notes
    write(tmp_path / 'labels.csv', table(paths, labels, head='path,label'))
    assert len(read(tmp_path, 'all')) == 14
    read(tmp_path)
    assert f'{tmp_path}/labels.csv: not read, since the folders tell the classes' in notes


def test_tables_that_both_divide_class_folders(tmp_path):
    paths = [*images('a', 6), *images('b', 6)]
    touch(tmp_path, *paths)
    for name in ('one.csv', 'two.csv'):
        write(tmp_path / name, table(paths, [path[0] for path in paths], ['train', 'val'] * 6, head='path,label,split'))
    with pytest.raises(UserError, match=r'has several lists of images, one.csv, two.csv'):
        read(tmp_path)


def test_column_of_the_parts_beside_a_list_of_one(root, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    touch(root, *images('other', 2))
    parts = ['train'] * 6 + ['val'] * 5 + ['test']
    write(root / 'train.csv', table(PATHS, LABELS, parts, head='path,label,split'))
    write(root / 'test.csv', table(images('other', 2), NAMES[:2], head='path,label'))
    assert set(read(root)) == set(PATHS[:6])
    assert set(read(root, 'val')) == set(PATHS[6:11])
    assert set(read(root, 'test')) == set(images('other', 2))
    lost = 'its lines for test (1) are not read, since test.csv names the images of that part'
    assert f'{root}/train.csv: {lost}' in notes


def test_list_in_the_folder_of_each_part(tmp_path):
    for part, size in (('train', 4), ('valid', 2), ('test', 2)):
        touch(tmp_path, *images(part, size))
        marks = [[i % 2 for i in range(size)], [1 - i % 2 for i in range(size)]]
        names = [f'{number}.png' for number in NUMBERS[:size]]
        write(tmp_path / part / '_classes.csv', table(names, *marks, head='filename, cat, dog'))
    assert read(tmp_path) == {f'train/{i:03d}.png': ('dog', 'cat')[i % 2] for i in (1, 3, 0, 2)}
    assert counts(tmp_path, 'val') == counts(tmp_path, 'test') == {'cat': 1, 'dog': 1}


def test_list_and_folders_that_disagree(tmp_path):
    touch(tmp_path, *images('north', 3), *images('south', 3, start=3))
    paths = [*images('north', 3), *images('south', 3, start=3)]
    write(tmp_path / 'labels.csv', table(paths, LABELS[:6]))
    with pytest.raises(UserError, match=r'divides the images .* into other classes than the folders: call it train'):
        read(tmp_path)
    write(tmp_path / 'labels.csv', table(paths, ['N'] * 3 + ['S'] * 3))
    assert counts(tmp_path, 'all') == {'north': 3, 'south': 3}


def test_table_that_lists_no_images_is_told(tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    touch(tmp_path, *images('0', 4), *images('1', 4))
    write(tmp_path / 'labels.csv', 'ClassId,Name\n0,Stop\n1,Go\n')
    assert counts(tmp_path, 'all') == {'0': 4, '1': 4}
    read(tmp_path)
    assert any('labels.csv names no image that is there' in note for note in notes)


def test_several_lists(root):
    for name in ('a.csv', 'b.csv'):
        write(root / name, table(PATHS, LABELS))
    with pytest.raises(UserError, match=r'has several lists of images, a.csv, b.csv: call them train.csv'):
        read(root)


def test_two_lists_of_one_part(root):
    for name in ('train_labels.csv', 'trainLabels.tsv'):
        write(root / name, table(PATHS, LABELS))
    with pytest.raises(UserError, match=r'has both train_labels.csv and trainLabels.tsv: remove one'):
        read(root)


def test_unlabelled_test_set_is_told_and_stops_nothing(root, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    touch(root, *images('test', 3))
    write(root / 'train.csv', table(PATHS, LABELS, head='path,label'))
    write(root / 'test.csv', table(NUMBERS[:3], head='id'))
    write(root / 'sample_submission.csv', table(NUMBERS[:3], ['rose'] * 3, head='id,label'))
    assert counts(root) == dict.fromkeys(NAMES, 3)
    assert counts(root, 'test') == dict.fromkeys(NAMES, 1)
    assert any(note.startswith(f'{root}/test.csv: not read, since it has no labels') for note in notes)
    assert f'{root}: not read, since no list names an image in it: test' in notes
    (root / 'train.csv').unlink()
    with pytest.raises(UserError, match=r'test.csv names images, but no label'):
        read(root, 'test', classes=list(NAMES))


@pytest.mark.parametrize('classes', [[str(i) for i in range(1, 13)], sorted(map(str, range(1, 13)))])
@pytest.mark.parametrize('number', [11, 12])
def test_numbers_that_are_names_of_classes(root, classes, number):
    truth = {path: str(i + 1) for i, path in enumerate(PATHS[:number])}
    write(root / 'test.csv', table(truth, truth.values(), head='path,label'))
    assert read(root, 'test', classes=classes) == truth


def test_numbers_that_may_be_names_or_indices(root):
    classes = [str(i) for i in range(1, 13)]
    write(root / 'test.csv', table(PATHS, range(12)))
    with pytest.raises(UserError, match=r'the labels 1, 2, .* are names of classes and 0 not, .* numeric_labels of'):
        read(root, 'test', classes=classes)
    assert list(read(root, 'test', classes=classes, numeric_labels='indices').values()) == classes
    with pytest.raises(UserError, match=r"label '0' of images/000.png is none of the 12 classes"):
        read(root, 'test', classes=classes, numeric_labels='names')
    assert counts(root, 'test', classes=[f'no. {i}' for i in range(12)]) == {f'no. {i}': 1 for i in range(12)}
    with pytest.raises(UserError, match="numeric_labels must be one of auto, names, indices, got 'both'"):
        read(root, 'test', numeric_labels='both')


def test_images_outside_of_the_root_are_read_and_told_once(root, monkeypatch):
    messages = []
    monkeypatch.setattr(own_sources, 'note', messages.append)
    touch(root.parent, *images('elsewhere', 2))
    elsewhere = ['../elsewhere/000.png', str(root.parent / 'elsewhere/001.png')]
    write(root / 'train.csv', table(PATHS + elsewhere, [*LABELS, 'rose', 'lily']))
    assert read(root, 'all') == {**TRUTH, elsewhere[0]: 'rose', '../elsewhere/001.png': 'lily'}
    messages.clear()
    for split in ('train', 'val', 'test'):
        read(root, split)
    assert messages == [
        f'{root}/train.csv: 2 of 14 images lie outside of {root}, such as {root.parent}/elsewhere/000.png'
    ]


def test_spellings_of_an_accent_are_one_class(tmp_path):
    one, other = (unicodedata.normalize(form, 'café') for form in ('NFC', 'NFD'))
    touch(tmp_path, *images(f'{other}', 3), *images(f'{one}', 3, start=3), *images('tea', 3))
    assert counts(tmp_path, 'all') == {one: 6, 'tea': 3}
    for classes in ([one, 'tea'], [other, 'tea']):
        assert sorted(counts(tmp_path, 'all', classes=classes).values()) == [3, 6]
    write(tmp_path / 'classes.txt', f'tea\n{other}\n')
    assert counts(tmp_path, 'all') == {one: 6, 'tea': 3}
    paths = [*images(one, 3), *images(other, 3, start=3), *images('tea', 3)]  # the other spelling than on the disk
    write(tmp_path / 'train.csv', table(paths, [one, other] * 3 + ['tea'] * 3))
    assert counts(tmp_path, 'all', check_files='all') == {one: 6, 'tea': 3}


@pytest.mark.parametrize(('text', 'message'), [('a\nb\na\n', 'names a twice'), ('\n', 'names no class')])
def test_wrong_files_of_names(root, text, message):
    write(root / 'train.csv', table(PATHS, LABELS))
    write(root / 'classes.txt', text)
    with pytest.raises(UserError, match=f'classes.txt {message}'):
        read(root)


def test_log_of_a_training_is_no_list(tmp_path, monkeypatch):
    notes = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: notes.append(message))
    touch(tmp_path, *images('cat', 5), *images('dog', 5))
    write(tmp_path / 'training_log.csv', 'epoch,loss\n1,0.5\n2,0.4\n')
    assert counts(tmp_path) == {'cat': 4, 'dog': 4}
    assert any('training_log.csv names no image that is there' in note for note in notes)


def test_list_of_a_like_name_must_agree_with_folders_that_tell(tmp_path):
    paths = [*images('train/a', 4), *images('train/b', 4)]
    touch(tmp_path, *paths, *images('val/a', 2), *images('val/b', 2))
    write(tmp_path / 'train_labels.csv', table(paths, ['A'] * 4 + ['B'] * 4))
    assert counts(tmp_path) == {'a': 4, 'b': 4}
    write(tmp_path / 'train_labels.csv', table(paths, [f'{i} 1 2' for i in range(8)]))
    with pytest.raises(UserError, match=r'train_labels.* other classes than the folders'):
        read(tmp_path)
    os.rename(tmp_path / 'train_labels.csv', tmp_path / 'train.csv')
    assert len(counts(tmp_path)) == 8


def test_part_that_cannot_be_read_is_told_at_the_training(tmp_path, monkeypatch):
    messages = []
    monkeypatch.setattr('ltcl.notices.print_log', lambda message, **_: messages.append(message))
    touch(tmp_path, *images('train/a', 4), *images('train/b', 4), *images('test/a', 2), *images('test/c', 2))
    read(tmp_path)
    assert any(message.startswith('the part test cannot be read: ') and ': c (' in message for message in messages)


def test_relative_data_roots(tmp_path, monkeypatch):
    touch(tmp_path, *images('birds/train/a', 4), *images('birds/train/b', 4))
    whole = read(tmp_path / 'birds', 'all')
    for folder, root in (('birds', '.'), ('.', 'birds/'), ('birds/train', '../../birds')):
        monkeypatch.chdir(tmp_path / folder)
        assert read(root, 'all') == whole
    write(tmp_path / 'birds/train.csv', table(whole, whole.values()))
    for folder, root in (('birds', '.'), ('.', 'birds/'), ('birds/train', '../../birds')):
        monkeypatch.chdir(tmp_path / folder)
        assert read(root, 'all') == whole
