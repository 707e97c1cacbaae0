"""The class stands in ``ltcl``, and costs nothing until it is asked for."""

import subprocess
import sys

CODE = """
import sys
import ltcl
assert 'torch' not in sys.modules
from ltcl import LongTailClassifier
assert LongTailClassifier.__module__ == 'ltcl.inference.classifier'
from ltcl import LongTailSegmenter
assert LongTailSegmenter.__module__ == 'ltcl.inference.segmenter'
assert 'mmseg' not in sys.modules
try:
    LongTailClassifier('work_dirs/birds')
except ltcl.errors.UserError as error:
    assert str(error).endswith("a run is read by LongTailClassifier.load('work_dirs/birds')")
else:
    raise AssertionError
try:
    ltcl.LongtailClassifier
except AttributeError as error:
    assert str(error) == "module 'ltcl' has no attribute 'LongtailClassifier'"
else:
    raise AssertionError
"""


def test_the_class_is_imported_when_it_is_asked_for():
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ''), done.stderr
