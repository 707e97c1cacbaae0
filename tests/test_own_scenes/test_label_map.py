"""Values of masks become labels by a file or by a rule, and where neither does, the lines to write are told."""

import pytest

from ltcl.errors import UserError
from ltcl.own_scenes.class_file import parse_class_lines
from ltcl.own_scenes.label_map import VOID, find_label_map
from ltcl.own_scenes.mask_facts import GREY, MaskFacts

RED, BLACK = 0x800000, 0


def facts(*codes):
    return MaskFacts((1, len(codes)), tuple(codes), (1,) * len(codes))


def mapped(root, codes, **kwargs):
    return find_label_map(str(root), ['masks/1.png'], [facts(*codes)], **kwargs)


def values(*numbers):
    return [number * GREY for number in numbers]


@pytest.mark.parametrize(
    ('names', 'seen', 'labels'),
    [
        ('a b c', (0, 1, 2), {0: 0, 1: 1, 2: 2}),
        ('a b c', (0, 2, 255), {0: 0, 2: 2, 255: VOID}),
        ('a b c', (1, 2, 3), {1: 0, 2: 1, 3: 2}),
        ('a b', (0, 255), {0: 0, 255: 1}),
        ('a b c', (0, 128, 255), {0: 0, 128: 1, 255: 2}),
        ('a b', (100, 200, 255), {100: 0, 200: 1, 255: VOID}),
        ('ground Void void ignore', (0, 1, 2, 3, 255), {0: 0, 1: 1, 2: 2, 3: 3, 255: VOID}),
        (None, (0, 1, 2, 255), {0: 0, 1: 1, 2: 2, 255: VOID}),
        (None, (1, 2), {1: 0, 2: 1}),
    ],
)
def test_what_is_clear_is_found(names, seen, labels, tmp_path):
    if names:
        (tmp_path / 'classes.txt').write_text(names.replace(' ', '\n'))
    found = mapped(tmp_path, values(*seen))
    assert {value: found.labels[value * GREY] for value in seen} == labels
    expected = names.split() if names else [f'class_{value}' for value in seen if value != 255]
    assert found.names == expected
    assert found.is_identity == all(value == label for value, label in labels.items())
    again = mapped(tmp_path / 'elsewhere', values(*seen), classes=found.names, lines=found.lines)
    assert (again.names, {each: again.labels[each] for each in values(*seen)}) == (
        expected,
        {value * GREY: label for value, label in labels.items()},
    )


@pytest.mark.parametrize(
    ('names', 'codes', 'words'),
    [
        (None, values(0, 255), r'the masks hold 0, 255, .*classes\.csv .*: 0,background \| 255,class_1$'),
        (None, values(0, 1, 3), r'hold 0, 1, 3, .*0,background \| 1,class_1 \| 3,class_2$'),
        (None, [BLACK, RED], r'hold 2 colours, .*0,background \| 128,0,0,class_1$'),
        ('a b c', values(1, 2, 255), r'names, and the masks hold 1, 2, 255, .*: 0,a \| 1,b \| 2,c \| 255,void$'),
        ('a b', values(3, 4, 5, 255), r'hold 3, 4, 5, 255, .*: 3,a \| 4,b \| 5,class_2 \| 255,void$'),
        (None, values(0, 128, 255), r'hold 0, 128, 255, .*: 0,background \| 128,class_1 \| 255,void$'),
        (None, [BLACK, RED, 255 * GREY], r'hold 3 colours, .*\| 128,0,0,class_1 \| 255,class_2$'),
        (None, values(5, 6, 7), r'the masks hold 5, 6, 7, and nothing tells'),
        (None, values(7), 'all masks hold the value 7 and nothing else'),
        ('crack', values(255), 'all masks hold the value 255 and nothing else'),
        (
            'a b c',
            values(0, 1, 2, 3),
            r'classes\.txt has 3 names, and the masks hold 0, 1, 2, 3, .*0,a \| 1,b \| 2,c \| 3,cl',
        ),
        (None, values(*range(0, 80, 2)), r'\| 30,class_15 \| \.\.\. \(40 lines\)$'),
    ],
)
def test_what_is_open_is_asked_for(names, codes, words, tmp_path):
    if names:
        (tmp_path / 'classes.txt').write_text(names.replace(' ', '\n'))
    with pytest.raises(UserError, match=words) as caught:
        mapped(tmp_path, codes)
    assert '\n' not in str(caught.value)


def test_the_proposed_lines_are_a_file(tmp_path):
    with pytest.raises(UserError) as caught:
        mapped(tmp_path, [BLACK, RED])
    lines = str(caught.value).split('such as: ')[1].split(' | ')
    (tmp_path / 'classes.csv').write_text('\n'.join(lines))
    found = mapped(tmp_path, [BLACK, RED])
    assert (found.names, found.labels, found.palette) == (
        ['background', 'class_1'],
        {BLACK: 0, RED: 1},
        [[0, 0, 0], [128, 0, 0]],
    )


@pytest.mark.parametrize(
    'lines',
    [
        ['value,name', '0,ground', '255,crack', '9,void', '8,crack'],
        ['ground;0', 'crack;255', 'crack;8', ';9'],
        ['0\tground', '255\tcrack', '8\tcrack', '9\tignore'],
    ],
)
def test_lines_of_values(lines):
    found = dict(parse_class_lines(lines, 'file'))
    assert found == {0: 'ground', 255 * GREY: 'crack', 8 * GREY: 'crack', 9 * GREY: None}


@pytest.mark.parametrize(
    'lines',
    [
        ['name,r,g,b', 'ground,0,0,0', 'crack,128,0,0'],
        ['#000000,ground', '#800000,crack'],
        ['0 0 0,ground', '128 0 0,crack'],
    ],
)
def test_lines_of_colours(lines):
    assert dict(parse_class_lines(lines, 'file')) == {BLACK: 'ground', RED: 'crack'}


@pytest.mark.parametrize(
    ('lines', 'words'),
    [
        ([], 'names no class'),
        (['0,a', 'b,c'], 'line 2: "b,c" is no class'),
        (['0,a', '300,b'], 'line 2: "300,b" is no class'),
        (['0,a', '0,b'], 'has the value 0 twice'),
        (['0,a'], 'names 1 class, and a segmentation needs two'),
        (['0,a', '1,b'], r'masks/1\.png holds the value 2, which is none of the 2 classes of .*classes\.csv'),
    ],
)
def test_a_wrong_file(lines, words, tmp_path):
    (tmp_path / 'classes.csv').write_text('\n'.join(lines))
    with pytest.raises(UserError, match=words):
        mapped(tmp_path, values(0, 1, 2))


def test_a_class_that_the_training_did_not_know(tmp_path):
    (tmp_path / '_classes.csv').write_text('Pixel Value, Class\n0, ground\n1, root\n')
    assert mapped(tmp_path, values(0, 1), classes=['root', 'ground']).labels[0] == 1
    with pytest.raises(UserError, match='names root, which the training did not know'):
        mapped(tmp_path, values(0, 1), classes=['ground', 'crack'])


def test_names_of_a_folder_in_another_order_than_those_of_the_training(tmp_path):
    training = mapped(tmp_path / 'elsewhere', values(0, 1, 2), classes=['ground', 'crack', 'hole'])
    (tmp_path / 'classes.txt').write_text('crack\nground\nhole\n')
    for lines in (training.lines, None):
        found = mapped(tmp_path, values(0, 1, 2, 255), classes=training.names, lines=lines)
        assert found.names == training.names
        assert found.labels == dict(zip(values(0, 1, 2, 255), (1, 0, 2, VOID), strict=True))
    (tmp_path / 'classes.txt').write_text('crack\nground\nstain\n')
    with pytest.raises(UserError, match=r'^classes\.txt of .* names stain, which .*: ground, crack, hole; correct it'):
        mapped(tmp_path, values(0, 1, 2), classes=training.names, lines=training.lines)


def test_the_same_names_go_by_the_values_of_the_training(tmp_path):
    (tmp_path / 'classes.txt').write_text('crack\nhole\n')
    training = mapped(tmp_path, values(1, 2))
    assert mapped(tmp_path, values(1), classes=training.names, lines=training.lines).labels == training.labels


def test_names_hold_what_separates_values(tmp_path):
    names = ['road; street; way; path; lane', 'a "wide", deep; crack', 'gap\tor; not']
    (tmp_path / 'classes.txt').write_text('\n'.join(names))
    found = mapped(tmp_path, values(0, 1, 2))
    assert found.names == names
    assert mapped(tmp_path / 'elsewhere', values(0, 1, 2), classes=names, lines=found.lines).labels == found.labels


def test_a_class_of_the_training_may_be_called_void(tmp_path):
    (tmp_path / 'classes.csv').write_text('0,ground\n1,Void\n2,ignore\n')
    assert mapped(tmp_path, values(0, 1), classes=['ground', 'Void']).labels == dict(
        zip(values(0, 1, 2, 255), (0, 1, VOID, VOID), strict=True)
    )


def test_the_label_map_of_cvat(tmp_path):
    (tmp_path / 'labelmap.txt').write_text(
        '# label:color_rgb:parts:actions\nbackground:0,0,0::\nroot, deep:128,0,0::\nignore:9,9,8::\n\n'
    )
    found = mapped(tmp_path, [BLACK, RED])
    assert found.names == ['background', 'root, deep']
    assert (found.labels[BLACK], found.labels[RED], found.labels[0x090908]) == (0, 1, VOID)
    (tmp_path / 'labelmap.txt').write_text('background 0,0,0\n')
    with pytest.raises(UserError, match=r'labelmap\.txt, line 1: .* is no class'):
        mapped(tmp_path, [BLACK])
