"""A training that starts from weights is that of what their file holds."""

from types import SimpleNamespace

import pytest
from mmengine.config import Config
from own_training import OPTIONS

from ltcl.checkpoints.choosing import checkpoint_of
from ltcl.checkpoints.reading import load_from_local, write_checkpoint
from ltcl.own_folder.config_file import WEIGHTS, is_same
from ltcl.own_folder.resumed import check_resumed
from ltcl.own_folder.starting_weights import fingerprint_of_weights


def started(load_from=None, weights=None):
    encoder = dict(type='ltcl.TimmBackbone', init_cfg=weights and dict(type='Pretrained', checkpoint=str(weights)))
    return Config(dict(load_from=load_from and str(load_from), model=dict(backbone=dict(encoder=encoder))))


def test_the_content_of_each_file_tells(tmp_path):
    first, second = tmp_path / 'first.pth', tmp_path / 'second.pth'
    first.write_bytes(b'one')
    second.write_bytes(b'two')
    found = [fingerprint_of_weights(cfg) for cfg in (started(first), started(weights=second), started(first, second))]
    assert len({*found, ''}) == 4
    first.write_bytes(b'two')
    assert fingerprint_of_weights(started(first)) == found[1]


@pytest.mark.parametrize('weights', [None, 'timm://resnet18.a1_in1k', 'https://example.org/a.pth'])
def test_where_no_file_is_there_nothing_is_told(weights):
    assert fingerprint_of_weights(started(weights=weights)) == ''


def test_a_run_that_was_trained_anew_is_another_start(call, data, copied, tmp_path, capsys):
    words = ('train', data, '--from', copied, '--work-dir', tmp_path / 'run', '--epochs', '1', '--dry-run')
    assert call(*words) == 0
    path = tmp_path / 'run' / 'config.py'
    text = path.read_text()
    assert call(*words) == 0
    assert is_same(path, text)
    checkpoint = load_from_local(checkpoint_of(str(copied)))
    checkpoint['state_dict']['head.fc.weight'] += 1
    write_checkpoint(checkpoint_of(str(copied)), checkpoint)
    assert call(*words) == 0
    assert not is_same(path, text)
    args = SimpleNamespace(resume='auto', work_dir=str(tmp_path / 'run'), config=str(data))
    capsys.readouterr()
    check_resumed(args, path.read_text())
    assert not capsys.readouterr().err
    check_resumed(args, text)
    [warning] = capsys.readouterr().err.splitlines()
    assert 'the weights that this run started from are others now' in warning


@pytest.mark.slow
def test_a_classifier_on_an_encoder_that_was_trained_anew_is_trained_anew(call, data, tmp_path, capsys):
    words = ('train', data, '--work-dir', tmp_path, '--method', 'lws', *OPTIONS)
    fingerprints = []
    for rate in ('0.02', '0.03', '0.03'):
        assert call(*words, '--lr', rate) == 0
        lines = (tmp_path / 'config.py').read_text().splitlines()
        fingerprints += [line for line in lines if line.startswith(WEIGHTS)]
        is_shown = 'here is its result' in capsys.readouterr().out
        assert is_shown == (len(fingerprints) == 3)
    first, second, again = fingerprints
    assert first != second == again
    assert (tmp_path / 'previous_1' / 'result.json').is_file()
