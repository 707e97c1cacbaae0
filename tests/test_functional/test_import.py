"""The losses need torch alone, wherever in ltcl they are imported from."""

import subprocess
import sys

CODE = """
import sys
import torch
before = set(sys.modules)
from ltcl.functional import paco_loss
labels = torch.tensor([0, 1])
paco_loss(torch.eye(2), labels, torch.eye(2), labels, logits=torch.eye(2))
added = {name for name in sys.modules if name not in before}
foreign = {name for name in added if name.partition('.')[0] not in {'ltcl', 'torch', *sys.stdlib_module_names}}
assert not foreign, f'the losses import {foreign}'
rooms = {name.split('.')[1] for name in added if name.startswith('ltcl.')}
assert not rooms & {'registry', 'models', 'datasets', 'engine', 'launch'}, f'the losses import {rooms}'
"""


def test_the_losses_need_torch_alone():
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
