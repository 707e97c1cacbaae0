"""Ranks, sizes and the address of rank 0, from what each launcher sets."""

import os

import pytest

from ltcl.errors import UserError
from ltcl.launch.ranks import name_ranks, tasks_of_node

SLURM = dict(SLURM_PROCID='5', SLURM_NTASKS='8', SLURM_LOCALID='1', SLURM_NODEID='1', MASTER_ADDR='node1')
TORCH = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')


@pytest.fixture
def environment(monkeypatch):
    """An environment in which no launcher has set anything; forgotten at the end of the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(('SLURM_', 'OMPI_', 'LTCL_'))}
    monkeypatch.setattr(os, 'environ', {name: value for name, value in kept.items() if name not in TORCH})
    return os.environ


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
    environment.update(SLURM, **sizes)
    name_ranks('slurm')
    assert [environment.get(name) for name in TORCH[:4]] == ['5', '8', '1', local]


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
