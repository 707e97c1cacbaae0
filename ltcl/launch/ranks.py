"""Who a process is among several: what each launcher says of it, under the names that torch reads."""

import os
import re
import subprocess

from ltcl.errors import UserError

# Names that each launcher has for RANK, WORLD_SIZE and LOCAL_RANK, which torch's own sets; then LOCAL_WORLD_SIZE.
RANKS = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')
RANKS_OF = {
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    'mpi': tuple(f'OMPI_COMM_WORLD_{name}' for name in ('RANK', 'SIZE', 'LOCAL_RANK')),
}
# The first that is set counts: those of a job may be of more tasks than its step has.
LOCAL_SIZES_OF = {
    'slurm': ('SLURM_STEP_TASKS_PER_NODE', 'SLURM_TASKS_PER_NODE', 'SLURM_NTASKS_PER_NODE'),
    'mpi': ('OMPI_COMM_WORLD_LOCAL_SIZE',),
}


def name_ranks(launcher: str) -> None:
    """Set the variables that torch reads from those of another launcher.

    Raises:
        UserError: The environment lacks what the launcher should set.
    """
    for ours, theirs in zip(RANKS, RANKS_OF.get(launcher, ()), strict=False):
        if theirs in os.environ:
            os.environ[ours] = os.environ[theirs]
    counts = _first_set(*LOCAL_SIZES_OF.get(launcher, ()))
    if counts:
        os.environ['LOCAL_WORLD_SIZE'] = str(tasks_of_node(counts, int(os.environ.get('SLURM_NODEID', 0))))
    address = os.environ.get('MASTER_ADDR') or _address(launcher)
    if address:
        os.environ['MASTER_ADDR'] = address
    if launcher != 'pytorch':
        # Two jobs may share a node, and two steps a job.
        job = int(os.environ.get('SLURM_JOB_ID', 9500)) + int(os.environ.get('SLURM_STEP_ID', 0))
        os.environ.setdefault('MASTER_PORT', str(20000 + job % 20000))
    missing = [name for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT') if not os.environ.get(name)]
    if missing:
        start = {'slurm': 'srun', 'mpi': 'mpirun'}.get(launcher, '--processes N in place of --launcher')
        raise UserError(
            f'--launcher {launcher}: {" and ".join(missing)} not set in the environment; start with {start}'
        )


def tasks_of_node(counts: str, node: int) -> int:
    """How many processes a machine has.

    Args:
        counts: Those of all machines in Slurm's words: ``'8'``, ``'4(x2)'`` or ``'4(x2),3'``.
        node: Number of the machine, from 0.

    Returns:
        The number; of a machine behind the last one that is named, that of the last one.
    """
    runs = re.findall(r'(\d+)(?:\(x(\d+)\))?', counts)
    each = [int(count) for count, times in runs for _ in range(int(times or 1))]
    return each[min(node, len(each) - 1)]


def _address(launcher: str) -> str | None:
    """Where rank 0 is, if the launcher tells."""
    if launcher == 'mpi' and 'OMPI_COMM_WORLD_SIZE' in os.environ:
        if os.environ['OMPI_COMM_WORLD_SIZE'] == os.environ.get('OMPI_COMM_WORLD_LOCAL_SIZE'):
            return '127.0.0.1'
        raise UserError(
            '--launcher mpi on several machines: set MASTER_ADDR to the one of rank 0: mpirun -x MASTER_ADDR=HOST ...'
        )
    nodes = _first_set('SLURM_STEP_NODELIST', 'SLURM_NODELIST') if launcher == 'slurm' else None
    if nodes and _first_set('SLURM_STEP_NUM_NODES', 'SLURM_NNODES') == '1':
        return '127.0.0.1'
    return _first_host(nodes) if nodes else None


def _first_host(nodes: str) -> str:
    """The first machine of a list in Slurm's words, such as ``node[3-4]``."""
    command = ['scontrol', 'show', 'hostname', nodes]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]
    except (OSError, subprocess.CalledProcessError) as error:
        reason = ' '.join((getattr(error, 'stderr', None) or str(error)).split())
        raise UserError(
            f'--launcher slurm: `{" ".join(command)}` does not answer ({reason}): set MASTER_ADDR to the first host of '
            'SLURM_NODELIST'
        ) from error


def _first_set(*names: str) -> str | None:
    """The value of the first variable that the environment has."""
    return next((os.environ[name] for name in names if os.environ.get(name)), None)
