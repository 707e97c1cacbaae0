"""The script for a GPU: its stages on a CPU, what it says without a GPU or package, and what is left of a cut stage."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'gpu.sh'
STAGES = ['tests', 'steps', 'compiled', 'segmentation', 'trainings']


def run(*words: object, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, 'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1', **variables}
    environment.pop('OUT', None)
    return subprocess.run([SCRIPT, *map(str, words)], env=environment, capture_output=True, text=True)


@pytest.fixture
def gpu(load, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent / 'gpu'))
    return load


@pytest.mark.slow
def test_every_stage_on_a_cpu(tmp_path):
    done = run('--device', 'cpu', '--quick', '--patience', 10, '--out', tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / 'summary.json').read_text()) == dict.fromkeys(STAGES, 'done')
    names = [
        record['name'] for stage in STAGES for record in json.loads((tmp_path / f'{stage}.json').read_text())['figures']
    ]
    for expected in (
        'tests on the device: passed',
        'PaCo, ResNet-50, bfloat16, tiny: step',
        'cross entropy, ViT-B, bfloat16, tiny: extra peak memory of a step',
        'GPaCo, ResNet-50, bfloat16, compiled, tiny: step',
        'UPerNet Swin-T, 64 px: step with GPaCo against the stock head',
        'gpaco, Fashion-MNIST-LT full, seed 0: accuracy',
        'kcl, Fashion-MNIST-LT full, seed 0: accuracy',
    ):
        assert expected in names
    assert 'stage trainings' in done.stdout
    assert json.loads((tmp_path / 'machine.json').read_text())['torch']


def test_a_python_without_torch_is_told_of(tmp_path):
    python = tmp_path / 'python'
    python.write_text('#!/bin/sh\ncat > /dev/null\necho torch mmengine\n')
    python.chmod(0o755)
    done = run('--out', tmp_path, PYTHON=str(python), WHEELS='/nowhere')
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f'error: {python} lacks torch mmengine: install them, or lay their wheels into /nowhere (how: the head of '
        f'{SCRIPT})'
    ]


def arguments(run_module, folder: Path, **changes: object):
    words = dict(out=folder, device='cpu', quick=True, patience=1.0) | changes
    return run_module.argparse.Namespace(**words)


def stage_script(folder: Path, body: str) -> str:
    path = folder / 'stage_of_test.py'
    path.write_text(
        'import sys, time, json\nout = sys.argv[sys.argv.index("--out") + 1]\n'
        'def write(failures=()):\n'
        '    figure = dict(name="a", value=1.0, unit="x", goal=None, met=None)\n'
        '    json.dump(dict(figures=[figure], failures=list(failures)), open(out, "w"))\n' + body
    )
    return str(path)


@pytest.mark.parametrize(
    ('body', 'end'),
    [
        ('write()', 'done'),
        ('write(["b: too large"])', 'failed'),
        ('sys.exit(2)', 'failed'),
        ('write(); time.sleep(60)', 'cut'),
        ('time.sleep(60)', 'failed'),
    ],
)
def test_end_of_a_stage(gpu, monkeypatch, tmp_path, body, end):
    module = gpu('run')
    monkeypatch.setitem(module.STAGES, 'steps', module.Stage(stage_script(tmp_path, body), 4))
    assert module.run_stage('steps', arguments(module, tmp_path)) == end
    assert len(module.read(tmp_path / 'steps.json')[0]) == ('write' in body)


def test_the_stages_fit_into_eight_minutes(gpu):
    assert list(gpu('run').STAGES) == STAGES
    assert sum(stage.seconds for stage in gpu('run').STAGES.values()) <= 465


def test_all_methods_are_trained(gpu):
    trained = {path.parent.name for path in gpu('trainings').CONFIGS}
    assert {'paco', 'gpaco', 'bcl', 'kcl', 'tsc', 'resco', 'multi_task', 'cross_entropy'} <= trained
