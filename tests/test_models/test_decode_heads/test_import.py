"""Only segmentation pays for mmseg."""

import subprocess
import sys

CODE = """
import sys
import ltcl
import ltcl.datasets, ltcl.engine, ltcl.evaluation, ltcl.models, ltcl.launch
import ltcl.analysis.seg_class_stats
from ltcl.functional import dense_paco_loss
from ltcl.registry import MODELS, TASK_UTILS
MODELS.build(dict(type='ltcl.PaCoHead', num_classes=3, in_channels=4, feat_dim=4))
assert MODELS.get('ltcl.BranchedUPerHead') is None
assert not any(name.partition('.')[0] == 'mmseg' for name in sys.modules), 'classification imports mmseg'
import ltcl.models.decode_heads
assert 'mmseg' in sys.modules
assert MODELS.get('ltcl.BranchedUPerHead') is not None
assert 'mmcv.ops' not in sys.modules
"""


def test_classification_does_not_import_mmseg():
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
