"""A resumed run compares configs as data, if at all: the text in a checkpoint is never run."""

import copy

import pytest
from mmengine.hooks import Hook
from toy import toy_config

from ltcl.checkpoints.reading import read_checkpoint
from ltcl.engine import Runner

TEXTS = {
    'statement': 'open({marker!r}, "w").close()\n',
    'import': 'import pathlib\npathlib.Path({marker!r}).touch()\n',
    'value': 'gpu_ids = [open({marker!r}, "w").close()]\n',
    'base': '_base_ = [{hostile!r}]\n',
    'custom_imports': 'custom_imports = dict(imports=["hostile_config"])\n',
    'lazy': 'from mmengine.config import read_base\nwith read_base():\n    from .hostile_config import *\n',
}


class Foist(Hook):
    """Puts an entry into the meta data of the checkpoints of a run."""

    def __init__(self, key, text):
        self.entry = {key: text}

    def before_save_checkpoint(self, runner, checkpoint):
        checkpoint['meta'].update(self.entry)


@pytest.mark.parametrize('key', ['config', 'cfg'])
@pytest.mark.parametrize('kind', TEXTS)
def test_text_of_a_config_is_not_run(kind, key, images, tmp_path, monkeypatch):
    marker, module = tmp_path / 'code_was_run', tmp_path / 'hostile_config.py'
    module.write_text(f'open({str(marker)!r}, "w").close()\n')
    monkeypatch.syspath_prepend(tmp_path)
    cfg = toy_config(images, tmp_path / 'run', 'cross_entropy', default_hooks__checkpoint__max_keep_ckpts=-1)
    first = Runner.from_cfg(copy.deepcopy(cfg))
    first.register_hook(Foist(key, TEXTS[kind].format(marker=str(marker), hostile=str(module))))
    first.train()
    assert read_checkpoint(tmp_path / 'run' / 'epoch_2.pth')['meta'][key]
    cfg.resume, cfg.load_from = True, str(tmp_path / 'run' / 'epoch_2.pth')
    resumed = Runner.from_cfg(cfg)
    resumed.train()
    assert not marker.exists()
    assert resumed.epoch == 4
