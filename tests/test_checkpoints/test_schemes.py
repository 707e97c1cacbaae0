"""To import ltcl changes nothing of mmengine; to make a part of ours, or to read by it, keeps code in files outside."""

import subprocess
import sys

import pytest
import torch
from hostile import in_checkpoint, in_zip, touch
from mmengine.runner.checkpoint import CheckpointLoader

from ltcl.checkpoints.schemes import LOADERS, install_safe_loaders, load_checkpoint
from ltcl.errors import UserError

# Each makes one thing of ours, by a config or by hand.
ACTS = {
    'runner': 'with contextlib.suppress(TypeError): ltcl.engine.Runner()',
    'classifier': "from ltcl.models import Classifier; Classifier(dict(type='ltcl.CifarResNet', depth=8))",
    'backbone': 'from ltcl.models import CifarResNet; CifarResNet(depth=8)',
    'without a constructor of its own': 'from ltcl.models import ResNet200; ResNet200(200)',
    'loss': 'from ltcl.models import BalancedSoftmaxLoss; BalancedSoftmaxLoss(3)',
    'part of a config': "from mmengine.registry import MODELS; MODELS.build(dict(type='ltcl.CifarResNet', depth=8))",
    'segmentation': 'from ltcl.models.decode_heads import LovaszSoftmaxLoss; LovaszSoftmaxLoss()',
    'hook': "from mmengine.registry import HOOKS; HOOKS.build(dict(type='ltcl.StrictLoadHook'))",
    'read': "with contextlib.suppress(ValueError): ltcl.checkpoints.schemes.load_checkpoint('.')",
}
CODE = """
import ltcl.models, ltcl.engine, ltcl.datasets, ltcl.launch, ltcl.checkpoints.schemes, ltcl.models.decode_heads
import contextlib, sys
from mmengine.runner.checkpoint import CheckpointLoader as Loader
def readers(): return {each.__module__.partition('.')[0] for each in Loader._schemes.values()}
before = dict(Loader._schemes)
assert readers() == {'mmengine'}, readers()
for act in sys.argv[1:]:
    Loader._schemes = dict(before)
    exec(act)
    assert readers() == {'ltcl'}, act
"""


def test_no_import_but_every_act_has_our_readers():
    done = subprocess.run([sys.executable, '-c', CODE, *ACTS.values()], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_scheme_of_mmengine_has_a_reader_of_ours():
    install_safe_loaders()
    assert CheckpointLoader._schemes.keys() == {prefix for prefixes in LOADERS for prefix in prefixes}
    readers = {loader.__module__ for loader in CheckpointLoader._schemes.values()}
    assert readers == {'ltcl.checkpoints.schemes', 'ltcl.checkpoints.reading'}


def test_reading_by_any_name(tmp_path, monkeypatch):
    marker, path = tmp_path / 'code_was_run', tmp_path / 'model.pth'
    monkeypatch.setattr('mmengine.runner.checkpoint.get_external_models', lambda: dict(own=str(path)))
    torch.save({'state_dict': {'w': torch.ones(2)}}, path)
    for source in (str(path), 'open-mmlab://own'):
        assert load_checkpoint(source)['state_dict']['w'].tolist() == [1, 1]
    path.write_bytes(in_zip(in_checkpoint(touch(str(marker)))))
    for source in (str(path), 'open-mmlab://own'):
        with pytest.raises(UserError, match=r'model\.pth is refused'):
            load_checkpoint(source)
    assert not marker.exists()
