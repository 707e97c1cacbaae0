"""Ranks, sizes and the address of rank 0, from what each launcher sets."""

import os

import pytest

from ltcl.errors import UserError
from ltcl.launch.ranks import fit_local_rank, name_of_run, name_ranks, tasks_of_node

SLURM = dict(SLURM_PROCID='5', SLURM_NTASKS='8', SLURM_LOCALID='1', SLURM_NODEID='1', SLURM_NODELIST='node[1-2]')
TORCH = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')


@pytest.fixture
def environment(monkeypatch):
    """An environment in which no launcher has set anything; forgotten at the end of the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(('SLURM_', 'OMPI_', 'LTCL_'))}
    monkeypatch.setattr(os, 'environ', {name: value for name, value in kept.items() if name not in TORCH})
    return os.environ


@pytest.fixture
def scontrol(environment, tmp_path):
    """Have ``scontrol`` run a line of a shell."""
    environment['PATH'] = f'{tmp_path}:{environment["PATH"]}'

    def answer(line):
        (tmp_path / 'scontrol').write_text(f'#!/bin/sh\n{line}\n')
        (tmp_path / 'scontrol').chmod(0o755)

    return answer


@pytest.mark.parametrize(
    ('counts', 'node', 'tasks'),
    [('8', 0, 8), ('4(x2)', 1, 4), ('4(x2),3', 0, 4), ('4(x2),3', 2, 3), ('2,1(x3)', 3, 1), ('4', 1, 4)],
)
def test_tasks_of_a_machine(counts, node, tasks):
    assert tasks_of_node(counts, node) == tasks


@pytest.mark.parametrize(
    ('sizes', 'local'),
    [
        (dict(SLURM_TASKS_PER_NODE='5,3'), '3'),
        (dict(SLURM_STEP_TASKS_PER_NODE='4(x2)', SLURM_TASKS_PER_NODE='8(x2)'), '4'),
        (dict(SLURM_NTASKS_PER_NODE='4'), '4'),
        ({}, None),
    ],
)
def test_names_of_slurm(environment, sizes, local):
    environment.update(SLURM, MASTER_ADDR='node1', **sizes)
    name_ranks('slurm')
    assert [environment.get(name) for name in TORCH[:4]] == ['5', '8', '1', local]


@pytest.mark.parametrize(
    ('variables', 'address'),
    [
        ({}, 'first-of-node[1-2]'),
        (
            dict(SLURM_NNODES='2', SLURM_STEP_NODELIST='node[3-4]'),
            'first-of-node[3-4]',
        ),  # a step on some nodes of a job
        (dict(SLURM_NNODES='1'), '127.0.0.1'),
        (dict(SLURM_NNODES='2', SLURM_STEP_NUM_NODES='1', SLURM_STEP_NODELIST='node2'), '127.0.0.1'),
        (dict(SLURM_NNODES='1', MASTER_ADDR='mine'), 'mine'),
    ],
)
def test_address_under_slurm(environment, scontrol, variables, address):
    scontrol('echo "first-of-$3"; echo another')
    environment.update(SLURM, **variables)
    name_ranks('slurm')
    assert environment['MASTER_ADDR'] == address


def test_scontrol_that_does_not_answer(environment, scontrol):
    environment.update(SLURM)
    scontrol('echo "Unable to contact slurm controller" >&2; exit 1')
    with pytest.raises(
        UserError, match=r'node\[1-2\]` does not answer \(Unable to contact slurm controller\): set MASTER'
    ):
        name_ranks('slurm')
    scontrol('true')
    with pytest.raises(UserError, match=r'node\[1-2\]` does not answer \(no name\): set MASTER_ADDR'):
        name_ranks('slurm')
    environment['PATH'] = ''
    with pytest.raises(
        UserError, match=r"No such file or directory: 'scontrol'\): set MASTER_ADDR to the first host of"
    ):
        name_ranks('slurm')


def of_open_mpi(local_size):
    values = dict(RANK='1', SIZE='2', LOCAL_RANK='0', LOCAL_SIZE=local_size)
    return {f'OMPI_COMM_WORLD_{name}': value for name, value in values.items()}


def test_open_mpi_on_one_machine_needs_no_address(environment):
    environment.update(of_open_mpi('2'))
    name_ranks('mpi')
    assert [environment[name] for name in TORCH] == ['1', '2', '0', '2', '127.0.0.1', '29500']


def test_open_mpi_on_several_machines_does(environment):
    environment.update(of_open_mpi('1'), MASTER_ADDR='')
    with pytest.raises(UserError, match=r'set MASTER_ADDR to the one of rank 0: mpirun -x MASTER_ADDR=HOST'):
        name_ranks('mpi')
    environment['MASTER_ADDR'] = 'node0'
    name_ranks('mpi')
    assert environment['MASTER_ADDR'] == 'node0'


def port_of(environment, launcher, **variables):
    environment.pop('MASTER_PORT', None)
    environment.update(variables)
    name_ranks(launcher)
    return environment['MASTER_PORT']


def test_jobs_and_steps_have_ports_of_their_own(environment):
    environment.update(SLURM, MASTER_ADDR='node1')
    jobs = [(100, 0), (100, 1), (101, 0), (102, 0), (7654321, 30)]
    ports = [port_of(environment, 'slurm', SLURM_JOB_ID=str(job), SLURM_STEP_ID=str(step)) for job, step in jobs]
    assert ports == ['23100', '23101', '23131', '23162', '23981']
    assert port_of(environment, 'slurm', MASTER_PORT='29400') == '29400'


def test_step_of_mpirun_on_another_machine_changes_no_port(environment):
    environment.update(of_open_mpi('2'), SLURM_JOB_ID='100')
    assert port_of(environment, 'mpi') == port_of(environment, 'mpi', SLURM_STEP_ID='3') == '23100'


@pytest.mark.parametrize(
    ('launcher', 'variables', 'name'),
    [
        ('slurm', dict(SLURM_JOB_ID='100', SLURM_STEP_ID='1', LOCAL_WORLD_SIZE='4'), '8.100.1'),
        ('mpi', dict(PMIX_NAMESPACE='77'), '8.77'),
        (
            'pytorch',
            dict(TORCHELASTIC_RUN_ID='none', TORCHELASTIC_RESTART_COUNT='2', LOCAL_WORLD_SIZE='8'),
            '8.none.2.',
        ),
        ('pytorch', dict(LTCL_LAUNCHER='4711', LOCAL_WORLD_SIZE='8'), '8...4711'),
        # Each of two machines has a launcher and perhaps a job of its own.
        ('pytorch', dict(LTCL_LAUNCHER='4711', LOCAL_WORLD_SIZE='4', SLURM_JOB_ID='100'), '8..'),
    ],
)
def test_name_of_a_run(environment, launcher, variables, name):
    environment.update(WORLD_SIZE='8', **variables)
    assert name_of_run(launcher) == name


def test_each_process_has_a_gpu(environment):
    environment.update(LOCAL_RANK='2', LOCAL_WORLD_SIZE='3')
    fit_local_rank('pytorch', gpus=3)
    assert environment['LOCAL_RANK'] == '2'
    for launcher, gpus, words in [
        ('pytorch', 2, '3 processes on a machine with 2 GPUs'),
        ('slurm', 1, '.* 1 GPU that'),
    ]:
        with pytest.raises(UserError, match=words):
            fit_local_rank(launcher, gpus)


@pytest.mark.parametrize('asked', [dict(SLURM_GPUS_PER_TASK='1'), dict(SLURM_TRES_PER_TASK='cpu=4,gres/gpu=1')])
def test_each_process_sees_a_gpu_of_its_own(environment, asked):
    environment.update(LOCAL_RANK='2', SLURM_LOCALID='2', **asked)
    fit_local_rank('slurm', gpus=1)
    assert (environment['LOCAL_RANK'], environment['SLURM_LOCALID']) == ('0', '0')
