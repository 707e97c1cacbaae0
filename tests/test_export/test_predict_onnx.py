"""The script that runs an ONNX file: it reads images and prior files as the package does, without it."""

import csv
import io
import resource
import sys
from types import SimpleNamespace

import image_contents as contents
import numpy as np
import pytest
import torch
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from ltcl.datasets import folder_names
from ltcl.datasets.folder_walk import all_images
from ltcl.datasets.transforms import LoadImage
from ltcl.evaluation import class_mixes
from ltcl.evaluation.class_mixes import Mixes
from ltcl.evaluation.functional import estimate_shares, log_ratio
from ltcl.export import predict_onnx
from ltcl.export.preparation import decoding_of
from ltcl.inference.images import find_images
from ltcl.neutral_text import csv_text, from_csv_cell
from ltcl.work_dir import POINTER

PLAIN = dict(exif=False, background=None, value_range=None, max_pixels=None)
GREY_16 = np.arange(64 * 32, dtype=np.uint16).reshape(32, 64) * 30


def turned():
    exif = Image.Exif()
    exif[274] = 6
    return contents.encode(contents.COLOURS, 'JPEG', exif=exif)


def see_through():
    alpha = np.dstack([contents.COLOURS, contents.RAMP])
    return contents.encode(alpha, 'PNG')


def palette():
    return contents.encode(Image.fromarray(contents.COLOURS).quantize(16), 'PNG', transparency=3)


FILES = {
    'jpeg': lambda: contents.encode(contents.COLOURS, 'JPEG'),
    'grey jpeg': lambda: contents.encode(contents.RAMP, 'JPEG'),
    'cmyk': lambda: contents.encode(Image.fromarray(contents.COLOURS).convert('CMYK'), 'JPEG'),
    'turned by exif': turned,
    'transparent': see_through,
    'palette': palette,
    'bilevel': lambda: contents.encode(Image.fromarray(contents.RAMP).convert('1'), 'PNG'),
    'grey and alpha': lambda: contents.encode(Image.fromarray(contents.COLOURS).convert('LA'), 'PNG'),
    'gif': lambda: contents.encode(contents.RAMP, 'GIF'),
    'bmp': lambda: contents.encode(contents.COLOURS, 'BMP'),
    '16 bits': lambda: contents.png_of_16_bits(GREY_16),
    '12 of 16 bits': lambda: contents.png_of_16_bits(GREY_16 // 16, sBIT=b'\x0c'),
    '16 bits tiff': lambda: contents.encode(Image.fromarray(GREY_16), 'TIFF'),
}


@pytest.mark.parametrize('name', ['16 bits', '16 bits tiff', '12 of 16 bits tiff'])
def test_16_bits_are_read_as_by_opencv(tmp_path, name):
    """Which knows nothing of the largest value that a file states."""
    path = tmp_path / 'file.tiff'
    stated = dict(tiffinfo={281: 4095})
    twelve = contents.encode(Image.fromarray(GREY_16 // 16), 'TIFF', **stated)
    path.write_bytes(twelve if name == '12 of 16 bits tiff' else FILES[name]())
    reader = SimpleNamespace(loader=LoadImageFromFile(), turns=False)
    expected = reader.loader(dict(img_path=str(path)))['img'][..., ::-1]
    assert np.array_equal(predict_onnx.read_image(str(path), decoding_of(reader)), expected)


@pytest.mark.parametrize('name', FILES)
@pytest.mark.parametrize('options', [{}, dict(background=(250, 240, 30)), dict(value_range='auto')])
def test_files_are_read_as_by_the_package(tmp_path, name, options):
    path = tmp_path / 'file'
    path.write_bytes(FILES[name]())
    expected = LoadImage(**options).read(str(path))
    assert np.array_equal(predict_onnx.read_image(str(path), {**PLAIN, **options}), expected)


def test_exif_turns_where_the_training_did(tmp_path):
    path = tmp_path / 'a.jpg'
    path.write_bytes(turned())
    assert predict_onnx.read_image(str(path), {**PLAIN, 'exif': True}).shape == (64, 32, 3)


def with_tag(kind, turn):
    exif = Image.Exif()
    exif[274] = turn
    if kind == 'PNG of 16 bits':
        return contents.png_of_16_bits(GREY_16, eXIf=exif.tobytes().removeprefix(b'Exif\0\0'))
    if kind == 'TIFF of 16 bits':
        return contents.encode(Image.fromarray(GREY_16), 'TIFF', exif=exif)
    if kind == 'grey TIFF':
        return contents.encode(contents.RAMP, 'TIFF', exif=exif)
    return contents.encode(contents.COLOURS, kind, exif=exif)


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'TIFF', 'grey TIFF', 'PNG of 16 bits', 'TIFF of 16 bits'])
@pytest.mark.parametrize('turn', [*range(1, 9), 9])
def test_turned_files_are_read_as_by_the_package(tmp_path, kind, turn):
    path = tmp_path / 'file'
    path.write_bytes(with_tag(kind, turn))
    expected = LoadImage(upright=True).read(str(path))
    assert expected.shape == ((64, 32, 3) if 5 <= turn <= 8 else (32, 64, 3))
    assert np.array_equal(predict_onnx.read_image(str(path), {**PLAIN, 'exif': True}), expected)
    assert np.array_equal(predict_onnx.read_image(str(path), PLAIN), LoadImage().read(str(path)))


def test_a_damaged_tag_turns_nothing(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(contents.png_of_16_bits(GREY_16, eXIf=b'MM\0*\xff'))
    expected = LoadImage(upright=True).read(str(path))
    assert np.array_equal(predict_onnx.read_image(str(path), {**PLAIN, 'exif': True}), expected)


@pytest.mark.parametrize(
    ('content', 'options', 'message'),
    [
        (lambda: b'no image', {}, 'it is no image that can be read here'),
        (lambda: contents.encode(contents.COLOURS, 'JPEG')[:-80], {}, 'truncated'),
        (lambda: contents.encode(contents.COLOURS, 'PNG'), dict(max_pixels=100), 'too many'),
        (lambda: contents.png_of_16_bits(np.dstack([GREY_16] * 3)), {}, 'more than 8 bits'),
        (lambda: contents.encode(Image.fromarray(GREY_16.astype(np.float32)), 'TIFF'), {}, 'save it with 8 or 16 bits'),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, content, options, message):
    path = tmp_path / 'file'
    path.write_bytes(content())
    with pytest.raises(OSError, match=message):
        predict_onnx.read_image(str(path), {**PLAIN, **options})


def test_tables_are_those_of_ltcl_predict():
    names = ['plain', '=1+1, "x"', "'=quoted", 'two\nlines', '\x1b[31mred', 'latin\udce9', 'caf\udcc3\udca9', 'a\ud800']
    rows = [[name, name, 0.25, name, float(str(np.float32(1 / 3)))] for name in names]
    header = ['path', 'class', 'probability', 'class_2', 'probability_2']
    assert predict_onnx.table(rows, 2) == csv_text(header, rows)
    for name in names[:4]:
        [[cell]] = csv.reader(io.StringIO(csv_text([name], [])))
        assert predict_onnx.plain(cell) == from_csv_cell(cell) == name


def facts(**changes):
    return dict(classes=['a', '=b'], log_priors=dict(natural=[-1.0, -2.0], balanced=[-0.7, -0.7]), **changes)


@pytest.mark.parametrize(
    ('classes', 'written'),
    [
        (['001', '02', '3'], ['1', '2', '03']),
        (['caf\u00e9', 'x'], ['cafe\u0301', 'x']),
        (['a\rb\x1b', 'x\ny', '=1'], ['a\\rb\\x1b', 'x\ny', "'=1"]),
        (['1', 'b'], ['1', 'b']),
    ],
)
def test_names_are_found_in_a_file_as_by_the_package(tmp_path, classes, written):
    shares = [*range(1, len(classes) + 1)]
    path = tmp_path / 'shares.csv'
    with path.open('w', encoding='utf-8', newline='') as file:
        csv.writer(file).writerows([['class', 'share'], *zip(written, shares, strict=True)])
    expected = Mixes(classes, None, 0, 'AnyHead').shares(path)
    assert expected.tolist() == pytest.approx(np.array(shares) / sum(shares))
    told = dict(classes=classes, log_priors=dict(balanced=[0.0] * len(classes)))
    assert np.exp(predict_onnx.log_prior(str(path), told)).tolist() == pytest.approx(expected.tolist())


def test_priors_by_name_and_by_file(tmp_path):
    assert predict_onnx.log_prior('natural', facts()).tolist() == [-1, -2]
    (tmp_path / 'shares.csv').write_text("class,share\n'=b,3\na,1\n")
    logs = predict_onnx.log_prior(str(tmp_path / 'shares.csv'), facts())
    assert np.exp(logs).tolist() == pytest.approx([0.25, 0.75])
    (tmp_path / 'shares.csv').write_text("class,share\na,1\n'=b,0\n")
    assert predict_onnx.log_prior(str(tmp_path / 'shares.csv'), facts()).tolist() == [0, -1e4]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('class,share\na,1\n', '=b is not in both'),
        ('name,share\na,1\n=b,1\n', 'must have the columns'),
        ('class,share\na,1\n=b,-1\n', 'numbers from 0'),
        ('class,share\na,x\n=b,1\n', 'nor a CSV file'),
        ('class,share\na,9\n=b,1\na,1\n', 'has the class a twice: keep one line'),
        ('class,share\na,9\n=b,1\n\x1b[31m,1\n', '\\x1b[31m is not in both'),
        (f'class,share\na,9\n=b,{"1" * 200_000}\n', 'nor a CSV file'),
    ],
)
def test_wrong_priors_are_one_line(tmp_path, capsys, text, message):
    (tmp_path / 'shares.csv').write_text(text)
    with pytest.raises(SystemExit) as stopped:
        predict_onnx.log_prior(str(tmp_path / 'shares.csv'), facts())
    assert stopped.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ')
    assert message in line


def test_answers_that_are_not_sure_enough_have_no_class():
    told = facts(prior='as calibrated', thresholds=[0.9, None])
    assert predict_onnx.least_probabilities('0.5', None, told).tolist() == [0.5, 0.5]
    least = predict_onnx.least_probabilities('stored', None, told)
    assert least.tolist() == [0.9, np.inf]
    for probabilities, name in (([0.95, 0.05], 'a'), ([0.85, 0.15], None), ([0.01, 0.99], None)):
        row = predict_onnx.ranked(np.array(probabilities, np.float32), ['a', '=b'], 1, least)
        assert row == [name, pytest.approx(max(probabilities))]


@pytest.mark.parametrize(
    ('reject', 'prior', 'changes', 'message'),
    [
        ('1.5', None, {}, 'neither a probability'),
        ('much', None, {}, 'neither a probability'),
        ('stored', None, {}, 'no thresholds are stored'),
        ('stored', 'balanced', dict(thresholds=[0, 0]), 'omit --prior'),
        ('stored', None, dict(thresholds=[0, 0], prior='natural'), 'and at the export'),
    ],
)
def test_wrong_thresholds_are_one_line(capsys, reject, prior, changes, message):
    with pytest.raises(SystemExit):
        predict_onnx.least_probabilities(reject, prior, facts(**{'prior': 'as trained', **changes}))
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ')
    assert message in line


def test_folders_are_walked_as_by_the_package(tmp_path):
    root, linked = tmp_path / 'root', tmp_path / 'linked'
    images = ('a.JPG', 'b/1.jpeg', 'b/2.png', 'b/no_suffix', 'b/photo.jpg_large')
    for name in (*images, '.hidden/3.png', 'b/.4.png', 'notes.txt', 'c.jpg.part', 'd.png~', '../linked/e.png'):
        (root / name).parent.mkdir(exist_ok=True, parents=True)
        (root / name).write_bytes(contents.encode(contents.RAMP, 'PNG'))
    (root / 'text').write_text('no image')
    (root / 'z').symlink_to(linked)
    (linked / 'loop').symlink_to(root)
    found = predict_onnx.find_images([str(root)])
    assert found == [str(root / name) for name in (*images, 'z/e.png')]
    assert found == sorted(all_images(str(root)))


def test_what_systems_and_trainings_left_is_passed_over_as_by_the_package(tmp_path, capsys):
    taken = ('1.png', 'a/2.png', 'a/runs/3.png', 'b/4.png')
    of_runs = ('Runs/5.png', 'b/mine/6.png', 'b/mine/vis/7.png', 'wandb/8.png')
    for name in (*taken, *of_runs, '__MACOSX/9.png', 'a/@eaDir/10.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(contents.encode(contents.RAMP, 'PNG'))
    for run in (tmp_path, tmp_path / 'b' / 'mine'):  # a folder that is asked for is looked at, whatever it is
        (run / predict_onnx.OF_A_RUN).write_text('epoch_1.pth')
    found = predict_onnx.find_images([str(tmp_path)])
    assert found == [str(tmp_path / name) for name in taken]
    assert found == [source.path for source in find_images(str(tmp_path))]
    left_out = ', '.join(str(tmp_path / name) for name in ('Runs', 'b/mine', 'wandb'))
    assert f'warning: {tmp_path}: left out, since trainings leave such folders: {left_out}\n' in capsys.readouterr().err


def test_the_names_of_such_folders_are_those_of_the_package():
    assert predict_onnx.SYSTEM_FOLDERS == folder_names.SYSTEM_FOLDERS
    assert predict_onnx.TOOL_FOLDERS == folder_names.TOOL_FOLDERS
    assert predict_onnx.OF_A_RUN == POINTER


def test_of_few_images_the_package_says_the_same():
    assert predict_onnx.of_few(3, 5) == class_mixes.of_few(3, 5)
    assert predict_onnx.ENOUGH == class_mixes.ENOUGH


def test_the_mix_of_the_images_is_estimated_as_by_the_package():
    logits = 2 * torch.randn(30, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    source = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    shift = log_ratio(source, estimate_shares(logits, source))
    expected = torch.softmax(logits + shift, 1).numpy()
    balanced = torch.softmax(logits - source.log(), 1).float().numpy()
    found = predict_onnx.for_their_mix([('broken.jpg', None), *((str(i), row) for i, row in enumerate(balanced))])
    assert found[0] == ('broken.jpg', None)
    assert np.array([row for _, row in found[1:]]) == pytest.approx(expected, abs=1e-6)


class Answering:
    """Takes the place of an onnxruntime session; Ctrl-C comes at the third image."""

    number = 0

    def run(self, outputs, inputs):
        self.number += 1
        if self.number == 3:
            raise KeyboardInterrupt
        if 'labels' in outputs:
            size = inputs['images'].shape[1:3]
            return [np.full((1, 2, *size), 0.5, np.float32), np.zeros((1, *size), np.uint8)]
        return [np.array([[0.25, 0.75]], np.float32)]


def test_ctrl_c_keeps_the_masks_that_are_made(tmp_path, monkeypatch, capsys):
    for i in range(4):
        Image.fromarray(contents.COLOURS).save(tmp_path / f'{i}.png')
    facts = dict(classes=['a', 'b'], decoding=PLAIN, log_priors={}, masks=dict(values=[0, 1, 255], palette=None))
    monkeypatch.setattr(predict_onnx, 'load', lambda _: (Answering(), facts))
    out = tmp_path / 'masks'
    monkeypatch.setattr('sys.argv', ['predict_onnx.py', 'm.onnx', str(tmp_path), '--out', str(out)])
    with pytest.raises(SystemExit) as stop:
        predict_onnx.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == f'stopped: 2 of 4 images have their mask in {out}\n'
    assert sorted(path.name for path in out.iterdir()) == ['0.png', '1.png', 'predictions.csv']


@pytest.mark.parametrize(
    ('out', 'message'),
    [
        ('table.json', 'table.json must end in .csv'),
        ('no/table.csv', 'table.csv (No such file or directory)'),
        ('folder.csv', 'folder.csv (it is a folder)'),
    ],
)
def test_a_table_that_cannot_be_written_is_told_before_the_first_image(tmp_path, monkeypatch, capsys, out, message):
    Image.fromarray(contents.COLOURS).save(tmp_path / '0.png')
    (tmp_path / 'folder.csv').mkdir()
    session, facts = Answering(), dict(classes=['a', 'b'], decoding=PLAIN, log_priors={}, prior='as trained')
    monkeypatch.setattr(predict_onnx, 'load', lambda _: (session, facts))
    monkeypatch.setattr('sys.argv', ['predict_onnx.py', 'm.onnx', str(tmp_path), '--out', str(tmp_path / out)])
    with pytest.raises(SystemExit) as stop:
        predict_onnx.main()
    assert (stop.value.code, session.number) == (1, 0)
    assert message in capsys.readouterr().err


def test_ctrl_c_keeps_what_is_done(tmp_path, monkeypatch, capsys):
    for i in range(4):
        Image.fromarray(contents.COLOURS).save(tmp_path / f'{i}.png')
    (tmp_path / '0.png').write_text('broken')
    (tmp_path / 'out.csv').write_text('of another run')
    facts = dict(classes=['a', 'b'], decoding=PLAIN, log_priors={}, prior='as trained')
    monkeypatch.setattr(predict_onnx, 'load', lambda _: (Answering(), facts))
    monkeypatch.setattr('sys.argv', ['predict_onnx.py', 'm.onnx', str(tmp_path), '--out', str(tmp_path / 'out.csv')])
    with pytest.raises(SystemExit) as stop:
        predict_onnx.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err.splitlines()[-1] == 'stopped: 3 of 4 images are answered'
    rows = list(csv.reader((tmp_path / 'out.partial.csv').read_text().splitlines()))
    assert [row[1:] for row in rows[1:]] == [['', ''], ['b', '0.75'], ['b', '0.75']]
    assert (tmp_path / 'out.csv').read_text() == 'of another run'


class Blind(io.TextIOWrapper):
    """A terminal of ASCII."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding='ascii', write_through=True)


def test_any_name_is_printed_and_counted_once(tmp_path, monkeypatch):
    for name in ('caf\u00e9.png', 'two\nlines.png', '\x1b[31m.jpg'):
        Image.fromarray(contents.COLOURS).save(tmp_path / name)
    (tmp_path / '\x1b[31m.jpg').write_text('broken')
    facts = dict(classes=['\u00e4', '\u00f6'], decoding=PLAIN, log_priors={}, prior='as trained')
    monkeypatch.setattr(predict_onnx, 'load', lambda _: (Answering(), facts))
    monkeypatch.setattr('sys.stdout', Blind())
    monkeypatch.setattr('sys.stderr', Blind())
    for out in ([], ['--out', str(tmp_path / 'out.csv')]):
        monkeypatch.setattr('sys.argv', ['predict_onnx.py', 'm.onnx', str(tmp_path), *out])
        with pytest.raises(SystemExit) as stop:
            predict_onnx.main()
        assert stop.value.code == 4
    assert b'caf\\xe9.png","\\xf6",0.75\n' in sys.stdout.buffer.getvalue()
    broken = f'cannot read {tmp_path}/\\x1b[31m.jpg (it is no image that can be read here)'
    written = f'3 images in {tmp_path}/out.csv'
    assert sys.stderr.buffer.getvalue().decode().splitlines() == [broken, written, broken]


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path, capsys):
    path = tmp_path / 'out.csv'
    path.write_text('old')
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
    try:
        with pytest.raises(SystemExit) as stop:
            predict_onnx.write(str(path), 'path,class,probability', 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert stop.value.code == 1
    assert f'cannot write {path} (File too large)' in capsys.readouterr().err
    assert path.read_text() == 'old'
    assert [each.name for each in tmp_path.iterdir()] == ['out.csv']
