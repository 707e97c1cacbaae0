"""A run whose folder of images was moved, and images that it was trained on."""

import json
import shutil

import pytest

from ltcl.datasets.same_files import is_among
from ltcl.predictions import load_predictions


@pytest.fixture
def moved(copied, data):
    """The run, the folder where its images were, and the one where they are."""
    now = data.with_name('moved')
    data.rename(now)
    yield copied, data, now
    now.rename(data)


@pytest.mark.parametrize(
    ('words', 'advice'),
    [
        (['test', 'RUN'], "`ltcl test '{RUN}' DATA`"),
        (['test', 'RUN', '--split', 'val'], "`ltcl test '{RUN}' DATA`"),
        (['browse', 'RUN'], "`ltcl browse '{RUN}' DATA`"),
        (['calibrate', 'RUN'], "`ltcl calibrate '{RUN}/"),
        (['features', 'RUN'], "`ltcl features '{RUN}' --data-root DATA`"),
    ],
)
def test_the_folder_and_the_command_are_named(call, moved, capsys, words, advice):
    run, was, _ = moved
    capsys.readouterr()
    assert call(*[run if word == 'RUN' else word for word in words]) == 1
    [line] = [line for line in capsys.readouterr().err.splitlines() if line]
    assert line.startswith(f'error: the images of {run}')
    assert f'were in {was}, which is not there any more' in line
    assert advice.format(RUN=run) in line


def test_the_report_says_why_it_has_no_pictures(call, moved, capsys):
    run, was, _ = moved
    assert call('report', run) == 0
    out = capsys.readouterr().out
    assert f'were in {was}, which is not there any more' in out
    assert f"`ltcl test '{run}' DATA --out '{run}/predictions.npz'`" in out


def test_a_test_of_the_moved_folder_is_that_of_the_training(call, moved, tmp_path):
    run, was, now = moved
    assert call('test', run, now, '--out', tmp_path / 'out.npz', '--work-dir', tmp_path) == 0
    saved, before = load_predictions(tmp_path / 'out.npz'), load_predictions(run / 'predictions.npz')
    assert [path.replace(str(now), str(was)) for path in saved.paths] == before.paths.tolist()
    assert saved.scores.tolist() == before.scores.tolist()
    assert saved.split == 'val'
    assert call('test', run, now, '--split', 'val', '--work-dir', tmp_path) == 0
    told = json.loads((run / 'metrics.json').read_text())['data']['val']
    assert json.loads((tmp_path / 'val_metrics.json').read_text())['data']['test'] == told


def test_training_images_in_a_test_are_told(call, data, copied, tmp_path, capsys):
    shutil.copytree(data, tmp_path / 'copies')
    assert call('test', copied, tmp_path / 'copies') == 0  # the very images: their validation part
    assert 'are training images' not in capsys.readouterr().err
    (next((tmp_path / 'copies' / 'class_0').iterdir())).unlink()
    assert call('test', copied, tmp_path / 'copies') == 0
    captured = capsys.readouterr()
    assert f'images of {tmp_path}/copies are training images of this run, such as ' in captured.out + captured.err


def test_browse_and_calibrate_take_the_moved_folder(call, moved, tmp_path, capsys):
    run, _, now = moved
    assert call('browse', run, now, '--out', tmp_path / 'sheet.html') == 0
    assert call('calibrate', run, now, '--dry-run') == 1
    assert 'tell no temperature' in capsys.readouterr().err


def test_training_images_are_known_by_path_and_content(tmp_path):
    for name, text in dict(a='one', b='two', c='one', d='three', e='owt').items():
        (tmp_path / name).write_text(text)
    (tmp_path / 'link').symlink_to(tmp_path / 'b')
    names = ['a', 'b', 'c', 'd', 'e', 'link', 'none']
    known = is_among([str(tmp_path / name) for name in names], [str(tmp_path / 'a'), str(tmp_path / 'b')])
    assert known.tolist() == [True, True, True, False, False, True, False]
