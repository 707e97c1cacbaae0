"""A run whose folder has other images than at its training, so that its validation is drawn anew."""

from argparse import Namespace

import pytest
from own_training import OPTIONS

from ltcl.feature_space.measuring import Look
from ltcl.launch.moved_images import training_files
from ltcl.launch.run_config import config_of_run

WARNING = 'the validation is drawn anew, and {run} was trained on some of its images: figures are too good'


@pytest.fixture
def changed(copied, data):
    """The run, after a training image of its folder got another name."""
    before = data / 'class_0' / '0.png'
    after = before.rename(before.with_name('zero.png'))
    yield copied
    after.rename(before)


@pytest.mark.parametrize('words', [[], ['--split', 'val'], ['DATA'], ['DATA', '--split', 'val']])
def test_a_test_on_images_that_were_trained_on_is_told(call, changed, data, tmp_path, capsys, words):
    words = [data if word == 'DATA' else word for word in words]
    assert call('test', changed, *words, '--work-dir', tmp_path) == 0
    assert WARNING.format(run=changed) in ''.join(capsys.readouterr())


@pytest.mark.parametrize('words', [['test'], ['robustness', '--clean']])
def test_with_a_config_it_may_be_so(call, changed, tmp_path, capsys, words):
    command, *options = words
    [checkpoint] = changed.glob('best_*.pth')
    assert call(command, changed / 'config.py', checkpoint, *options, '--work-dir', tmp_path) == 0
    told = ''.join(capsys.readouterr())
    assert f'the validation is drawn anew, and {checkpoint} may have been trained on some of its images' in told


def test_a_test_on_the_images_that_were_left_out_says_nothing(call, copied, data, tmp_path, capsys):
    assert call('test', copied, '--work-dir', tmp_path) == 0
    assert 'drawn anew' not in ''.join(capsys.readouterr())


@pytest.mark.parametrize('run', ['copied', 'changed'])
def test_a_resumed_run_tells_that_it_has_trained_on_them(call, request, run, data, tmp_path, capsys):
    folder = request.getfixturevalue(run)
    for epochs in (3, 4):
        assert call('train', data, '--resume', '--work-dir', folder, *OPTIONS[:2], '--epochs', epochs) == 0
        capsys.readouterr()
        assert call('test', folder, '--work-dir', tmp_path / str(epochs)) == 0
        assert (WARNING.format(run=folder) in ''.join(capsys.readouterr())) == (run == 'changed')
    assert call('report', folder) == 0
    page = (folder / 'report.html').read_text()
    assert ('drawn anew when the run was resumed' in page) == (run == 'changed')


def test_a_calibration_on_such_images_is_refused(call, changed, data, capsys):
    for words in ([], [data], ['--halves']):
        assert call('calibrate', changed, *words) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert 'are drawn anew, since their folder has changed, and it was trained on some of them: name a f' in line


def test_the_feature_space_of_such_images_is_told(changed, capsys):
    Look('train', 'cpu').at(changed)
    assert 'was trained on' not in ''.join(capsys.readouterr())
    Look('test', 'cpu').at(changed)
    assert 'was trained on some of its images' in ''.join(capsys.readouterr())


def test_each_image_may_have_been_trained_on(changed, data):
    words = dict(checkpoint=None, work_dir=None, cfg_options={}, launcher='none', processes=None)
    cfg = config_of_run(Namespace(config=changed, **words), str(changed), None)
    assert sorted(training_files(cfg)) == sorted(map(str, data.glob('*/*.png')))


def test_without_a_report_nothing_is_known(call, changed, tmp_path, capsys):
    (changed / 'metrics.json').unlink()
    assert call('test', changed, '--work-dir', tmp_path) == 0
    assert 'drawn anew' not in ''.join(capsys.readouterr())
