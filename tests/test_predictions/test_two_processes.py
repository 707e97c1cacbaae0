"""ltcl test --out in several processes: the file is that of one."""

import subprocess
import sys

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from toy import toy_config, write_images

from ltcl.calibration import Calibration
from ltcl.calibration.storing import store
from ltcl.checkpoints.choosing import checkpoint_of
from ltcl.engine import Runner
from ltcl.predictions import load_predictions


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A trained model, tested on 37 images: neither the batches nor the processes share them evenly."""
    init_default_scope('mmpretrain')
    root = tmp_path_factory.mktemp('two_processes')
    write_images(root / 'images')
    write_images(root / 'others', (19, 11, 7))
    changes = dict(train_cfg__max_epochs=1, train_cfg__val_interval=1)
    changes['test_dataloader__dataset__data_prefix'] = str(root / 'others')
    Runner.from_cfg(toy_config(root / 'images', root / 'run', 'cross_entropy', **changes)).train()
    return root / 'run'


@pytest.mark.slow
@pytest.mark.parametrize('calibrated', [False, True])
def test_the_file_is_that_of_one_process(call, run, tmp_path, calibrated):
    if calibrated:
        mix = dict(power=1.0, prior=[0.2, 0.3, 0.5], prior_name='mix.csv')
        store(checkpoint_of(run), Calibration({'all': 2.0}, images=99, **mix))
    assert call('test', run, '--work-dir', tmp_path, '--out', tmp_path / 'one.npz').status == 0
    words = ['test', run, '--work-dir', tmp_path, '--processes', 2, '--out', tmp_path / 'two.npz']
    done = subprocess.run([sys.executable, '-m', 'ltcl', *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    one, two = (load_predictions(tmp_path / name) for name in ('one.npz', 'two.npz'))
    assert len(one.labels) == 37
    np.testing.assert_allclose(two.scores, one.scores, atol=1e-5)  # batches are others
    for name in ('labels', 'paths', 'classes', 'class_counts'):
        np.testing.assert_array_equal(getattr(two, name), getattr(one, name))
    assert two[5:] == pytest.approx(one[5:], nan_ok=True) if not calibrated else two[5:7] == one[5:7]
    assert one.checkpoint.endswith(' calibrated') == calibrated
