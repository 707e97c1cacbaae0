"""Every Fashion-MNIST-LT `small` config by the public commands: train, resume, test; one process and two. By hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from ltcl.fashion_mnist.long_tailed import FashionMNISTLT

ROOT = Path(__file__).parents[2]
DATA = ROOT / 'data' / 'fashion_mnist'
CONFIGS = sorted(
    path for path in (ROOT / 'configs').glob('*/*fashion-mnist-lt-small.py') if path.parent.name != '_base_'
)
ENVIRONMENT = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHON': sys.executable}
COMMANDS = {
    1: {'train': [sys.executable, 'tools/train.py'], 'test': [sys.executable, 'tools/test.py']},
    2: {'train': ['tools/dist_train.sh'], 'test': ['tools/dist_test.sh']},
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not list(DATA.glob('**/train-images*')), reason='needs the files of Fashion-MNIST'),
]


def run(*command: object) -> None:
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def train(config: Path, folder: Path, num_processes: int, epochs: int, *options: str, load_from: Path | None = None):
    changes = [f'train_cfg.max_epochs={epochs}', 'default_hooks.checkpoint.interval=1']
    changes += [f'load_from={load_from}'] if load_from else []
    processes = [num_processes] if num_processes > 1 else []
    command = [*COMMANDS[num_processes]['train'], config, *processes, '--work-dir', folder]
    run(*command, *options, '--cfg-options', *changes)
    return folder / f'epoch_{epochs}.pth'


@pytest.fixture(scope='session')
def first_stage(tmp_path_factory):
    """A checkpoint of one epoch of the config that another one starts from."""
    made = {}

    def make(config: str) -> Path:
        if config not in made:
            folder = tmp_path_factory.mktemp(Path(config).stem)
            made[config] = train(ROOT / config, folder, 1, 1)
        return made[config]

    return make


@pytest.mark.parametrize('num_processes', COMMANDS)
@pytest.mark.parametrize('path', CONFIGS, ids=[path.stem for path in CONFIGS])
def test_trains_resumes_and_tests(path, num_processes, first_stage, tmp_path):
    cfg = Config.fromfile(path)
    start = first_stage(cfg.stage1_config) if 'stage1_config' in cfg else None
    checkpoint = start
    if cfg.train_cfg is not None:
        train(path, tmp_path, num_processes, 1, load_from=start)
        checkpoint = train(path, tmp_path, num_processes, 2, '--resume')
    processes = [num_processes] if num_processes > 1 else []
    run(*COMMANDS[num_processes]['test'], path, checkpoint, *processes, '--work-dir', tmp_path)
    report = json.loads((tmp_path / 'test_metrics.json').read_text())
    metrics = report['last']['metrics']
    assert 0 <= metrics[f'{report["shot_prefix"]}/all'] <= 100
    assert sum(row['test_count'] for row in report['per_class']) == 10_000
    assert len(report['per_class']) == len(FashionMNISTLT.METAINFO['classes'])
