"""The shell scripts hand their words on in the right order; a stand-in for srun shows what a cluster would be asked."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'


def run(script, *words, folder, **environment):
    stand_in = folder / 'srun'
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)
    environment = {**os.environ, **environment, 'PATH': f'{folder}:{os.environ["PATH"]}', 'PYTHON': str(stand_in)}
    return subprocess.run(
        ['bash', TOOLS / script, *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ('script', 'words', 'tool'),
    [
        ('slurm_train.sh', ['part', 'job', 'config.py', '--amp'], ['train.py', 'config.py', '--amp']),
        ('slurm_test.sh', ['part', 'job', 'config.py', 'a.pth'], ['test.py', 'config.py', 'a.pth']),
        (
            'slurm_test.sh',
            ['part', 'job', 'a.py', 'a.pth', 'b.py', 'b.pth', '--out', 'c.npz'],
            ['test.py', 'a.py', 'a.pth', 'b.py', 'b.pth', '--out', 'c.npz'],
        ),
    ],
)
def test_slurm(tmp_path, script, words, tool):
    asked = run(script, *words, folder=tmp_path, GPUS='16', SRUN_ARGS='--qos high --time 10').stdout.split('\n')
    assert {'--partition=part', '--job-name=job', '--ntasks=16', '--gres=gpu:8', '--kill-on-bad-exit=1'} <= set(asked)
    assert asked[asked.index('--qos') : asked.index('--qos') + 4] == ['--qos', 'high', '--time', '10']
    started = [Path(word).name for word in asked[asked.index('-u') + 1 : -1]]
    assert started == [*tool, '--launcher', 'slurm']


@pytest.mark.parametrize(
    ('script', 'words', 'tool'),
    [
        ('dist_train.sh', ['config.py', '4', '--resume'], ['train.py', 'config.py', '--resume']),
        ('dist_test.sh', ['config.py', 'a.pth', '4'], ['test.py', 'config.py', 'a.pth']),
        (
            'dist_test.sh',
            ['a.py', 'a.pth', 'b.py', 'b.pth', '4', '--out', 'c.npz'],
            ['test.py', 'a.py', 'a.pth', 'b.py', 'b.pth', '--out', 'c.npz'],
        ),
    ],
)
def test_torchrun(tmp_path, script, words, tool):
    asked = run(script, *words, folder=tmp_path, MASTER_PORT='29501', NNODES='2').stdout.split('\n')
    assert {'--nnodes=2', '--nproc-per-node=4', '--master-port=29501'} <= set(asked)
    started = [Path(word).name for word in asked[asked.index('--nproc-per-node=4') + 1 : -1]]
    assert started == [*tool, '--launcher', 'pytorch']


@pytest.mark.parametrize(
    ('script', 'words'),
    [
        *((script, ['one']) for script in ('dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh')),
        ('dist_test.sh', ['config.py', 'a.pth']),
        ('dist_test.sh', ['config.py', '4']),
        ('dist_train.sh', ['2', 'config.py']),
    ],
)
def test_too_few_words_show_the_usage(tmp_path, script, words):
    result = run(script, *words, folder=tmp_path)
    assert result.returncode == 2
    assert 'usage:' in result.stderr


def test_slurm_job_of_the_documentation_is_queued_again(tmp_path):
    """Stand-ins for srun, which saves when it is told and goes on for a while, and for scontrol."""
    page = (TOOLS.parent / 'docs' / 'clusters.md').read_text()
    (script,) = re.findall(r'```bash\n(#!/bin/bash\n.*?)```', page, re.DOTALL)
    stand_ins = {
        'srun': 'trap "sleep 0.5; exit 138" USR1; touch started; for _ in $(seq 100); do sleep 0.1; done',
        'scontrol': 'echo "$@" > asked',
    }
    for name, lines in stand_ins.items():
        (tmp_path / name).write_text(f'#!/bin/bash\n{lines}\n')
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, 'PATH': f'{tmp_path}:{os.environ["PATH"]}', 'SLURM_JOB_ID': '7'}
    job = subprocess.Popen(['bash', '-c', script], cwd=tmp_path, env=environment)
    deadline = time.monotonic() + 30
    while not (tmp_path / 'started').exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    job.send_signal(signal.SIGUSR1)
    assert job.wait(30) == 138
    assert (tmp_path / 'asked').read_text() == 'requeue 7\n'
