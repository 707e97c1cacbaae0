"""The launcher hands signals on, returns what the processes return, and prints the first failure last and once.

The tool is a few lines that do what they are told, one word for each process, and import nothing heavy.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

import pytest

from ltcl.errors import UserError
from ltcl.launch.launcher import of_this_command, parse_args, start_copies

TOOL = """
import os, signal, sys, time
from pathlib import Path
from ltcl.launch.failure import Failure

def stop(number, frame):
    time.sleep(0.3)  # saves
    Path(os.environ['STATE'] + f'.saved{rank}').touch()
    os._exit(128 + number)

rank = int(os.environ['RANK'])
for word in sys.argv[1 + rank].split(','):
    if word == 'listen':
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, stop)
    elif word == 'deaf':
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
    elif word == 'say':
        os.write(1, b'ready\\n')
    elif word.startswith('fail'):
        Failure(f'{word} happened', 1, rank).report()
        os._exit(1)
    elif word.startswith('lost'):
        Failure('rank 7 ended without a word', 1, is_guess=True).report()
        os._exit(1)
    elif word.startswith('exit'):
        os._exit(int(word[4:]))
    elif word.startswith('SIG'):
        os.kill(os.getpid(), getattr(signal, word))
    elif word == 'environment':
        names = ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'LOCAL_WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')
        os.write(1, ' '.join(os.environ[name] for name in names).encode() + b'\\n')
    elif word == 'threads':
        names = ('OMP_NUM_THREADS', 'LTCL_DEFAULT_THREADS')
        os.write(1, ' '.join(os.environ.get(name, '-') for name in names).encode() + b'\\n')
    else:
        time.sleep(float(word))
"""


@pytest.fixture
def start(tmp_path):
    """Start the launcher; the words are what each process does. It is killed at the end of the test."""
    (tmp_path / 'tool.py').write_text(TOOL)
    started = []

    def start(*words, options=(), before=()):
        command = [*before, sys.executable, '-m', 'ltcl.launch.launcher', f'--nproc-per-node={len(words)}', *options]
        process = subprocess.Popen(
            [*command, tmp_path / 'tool.py', *words],
            env={**os.environ, 'STATE': str(tmp_path / 'state')},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def wait_until_ready(process):
    assert [process.stdout.readline() for _ in range(2)] == ['ready\n'] * 2


def finish(process):
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


@pytest.mark.parametrize(
    ('words', 'status', 'error'),
    [
        (('0', '0.1'), 0, ''),
        (('20', 'fail'), 1, 'error: fail happened (rank 1)'),
        (('0.5,failsecond', 'failfirst'), 1, 'error: failfirst happened (rank 1)'),
        (('failfirst', '0.5,failsecond'), 1, 'error: failfirst happened (rank 0)'),
        (('0.8,lost', 'deaf,1.4,fail'), 1, 'error: fail happened (rank 1)'),
        (('20', 'SIGKILL'), 137, 'error: rank 1 was ended by SIGKILL: was the memory used up?'),
        (('listen,0.5,lost', 'SIGKILL'), 137, 'error: rank 1 was ended by SIGKILL: was the memory used up?'),
        (('20', 'SIGSEGV'), 139, 'error: rank 1 was ended by SIGSEGV'),
        (('lost', 'lost'), 1, 'error: rank 7 ended without a word'),
        (('20', 'exit1'), 1, 'error: rank 1 ended with exit status 1; it says why above'),
        (('exit3', 'exit3'), 3, ''),
        (('exit2', 'exit2'), 2, ''),
        (('exit138', 'exit138'), 138, ''),
    ],
)
def test_status_and_last_line(start, words, status, error):
    started = time.monotonic()
    assert finish(start(*words)) == (status, '', error + '\n' if error else '')
    assert time.monotonic() - started < 15


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_processes_have_time_to_save(start, tmp_path, number):
    process = start('listen,say,20', 'listen,say,20')
    wait_until_ready(process)
    process.send_signal(number)
    assert finish(process) == (128 + number, '', '')
    assert {path.name for path in tmp_path.glob('state.saved*')} == {'state.saved0', 'state.saved1'}


def test_ctrl_c_that_arrives_twice_counts_once(start, tmp_path):
    process = start('listen,say,20', 'listen,say,20')
    wait_until_ready(process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 130
    assert (tmp_path / 'state.saved0').exists()


def test_second_signal_ends_processes_that_hang(start):
    process = start('deaf,say,60', 'deaf,say,60')
    wait_until_ready(process)
    process.send_signal(signal.SIGTERM)
    time.sleep(1.2)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 137
    assert time.monotonic() - started < 10


def test_signal_that_nohup_ignores_stays_ignored(start):
    process = start('listen,say,0.5', 'listen,say,0.5', before=['nohup'])
    wait_until_ready(process)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0


def test_stopped_process_does_not_outlive_a_stall(start):
    process = start('exit124', 'SIGSTOP')
    started = time.monotonic()
    assert process.wait(60) == 124
    assert time.monotonic() - started < 15


def test_machines_share_the_ranks(start):
    lines = sorted(finish(start('environment', 'environment'))[1].splitlines())
    (first, port), (second, same_port) = (line.rsplit(maxsplit=1) for line in lines)
    assert (first, second, port) == ('0 0 2 2 127.0.0.1', '1 1 2 2 127.0.0.1', same_port)
    options = ['--nnodes=2', '--node-rank=1', '--master-addr=node0', '--master-port=29400']
    machine = start('0', '0', 'environment', 'environment', options=['--nproc-per-node=2', *options])
    assert sorted(finish(machine)[1].splitlines()) == ['2 0 4 2 node0 29400', '3 1 4 2 node0 29400']


@pytest.mark.parametrize(('said', 'told'), [(None, '1 1\n'), ('2', '2 -\n')])
def test_number_of_threads_that_nobody_said_is_marked(start, monkeypatch, said, told):
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.delenv('LTCL_DEFAULT_THREADS', raising=False)
    if said is not None:
        monkeypatch.setenv('OMP_NUM_THREADS', said)
    assert finish(start('threads'))[1] == told


@pytest.mark.parametrize(
    ('words', 'cause'),
    [
        (['--nproc-per-node=0', 'tool.py'], 'at least one process'),
        (['--nproc-per-node=2', '--nnodes=2', '--node-rank=2', 'tool.py'], 'machines count from 0'),
        (['--nproc-per-node=2', '--nnodes=2', '--node-rank=1', 'tool.py'], 'set MASTER_ADDR'),
        (['--nproc-per-node=two', 'tool.py'], "the number of processes must be a whole number, got 'two'"),
        (['--nproc-per-node=2', '--nnodes=abc', 'tool.py'], "NNODES must be a whole number, got 'abc'"),
        (['--nproc-per-node=2', '--node-rank=-1', 'tool.py'], 'NODE_RANK must be'),
        (['--nproc-per-node=2', '--master-port=99999', 'tool.py'], 'MASTER_PORT must be a whole number of at most'),
    ],
)
def test_wrong_numbers(words, cause):
    with pytest.raises(UserError, match=cause):
        parse_args(words)


def test_two_machines_meet_at_one_port():
    assert parse_args(['--nproc-per-node=2', '--nnodes=2', 'tool.py']).master_port == 29500


def test_processes_run_the_command_of_this_process(monkeypatch):
    monkeypatch.setattr('sys.orig_argv', ['python', '-m', 'ltcl', 'train', 'x.py', '--processes', '3'])
    for name, value in dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='node0', MASTER_PORT='').items():
        monkeypatch.setenv(name, value)
    args = of_this_command(3)
    words = ['-m', 'ltcl', 'train', 'x.py', '--processes', '3', '--launcher', 'pytorch']
    assert args.command == [sys.executable, '-u', *words]
    assert (args.nproc_per_node, args.nnodes, args.node_rank, args.master_addr) == (3, 2, 1, 'node0')
    assert args.master_port == 29500
    with pytest.raises(UserError, match='at least one process'):
        of_this_command(0)


def test_copies_are_started_once():
    code = (
        'import argparse, os, sys\nfrom ltcl.launch.launcher import start_copies\n'
        'launcher = "pytorch" if "--launcher" in sys.argv else "none"\n'
        'start_copies(argparse.Namespace(processes=2, launcher=launcher))\n'
        'os.write(1, os.environ["RANK"].encode() + b"\\n")\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, sorted(done.stdout.split()), done.stderr) == (0, ['0', '1'], '')


@pytest.mark.parametrize(('launcher', 'started'), [('pytorch', '1'), ('pytorch', None), ('slurm', None)])
def test_copies_and_processes_of_another_launcher_are_refused(monkeypatch, launcher, started):
    monkeypatch.delenv('LOCAL_WORLD_SIZE', raising=False)
    if started is not None:
        monkeypatch.setenv('LOCAL_WORLD_SIZE', started)
    with pytest.raises(UserError, match=f'--processes 4 starts processes, --launcher {launcher} joins those'):
        start_copies(argparse.Namespace(processes=4, launcher=launcher))
    start_copies(argparse.Namespace(processes=None, launcher=launcher))
