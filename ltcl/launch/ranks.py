"""Who a process is among several: what each launcher says of it, under the names that torch reads."""

import os
import re
import subprocess

from ltcl.errors import UserError

from .failure import LAUNCHER_VARIABLE
from .meeting import DEFAULT_PORT

# Names that each launcher has for those that torch's own sets.
RANKS = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')
RANKS_OF = {
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    'mpi': tuple(f'OMPI_COMM_WORLD_{name}' for name in ('RANK', 'SIZE', 'LOCAL_RANK')),
}
# Theirs for LOCAL_WORLD_SIZE. The first that is set counts: a step may have fewer tasks than its job.
LOCAL_SIZES_OF = {
    'slurm': ('SLURM_STEP_TASKS_PER_NODE', 'SLURM_TASKS_PER_NODE', 'SLURM_NTASKS_PER_NODE'),
    'mpi': ('OMPI_COMM_WORLD_LOCAL_SIZE',),
}
# What tells a run from others, and what all its processes know.
NAMES_OF_RUN = {
    'pytorch': ('TORCHELASTIC_RUN_ID', 'TORCHELASTIC_RESTART_COUNT'),
    'slurm': ('SLURM_JOB_ID', 'SLURM_STEP_ID'),
    'mpi': ('PMIX_NAMESPACE',),
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
    if launcher != 'pytorch' and not os.environ.get('MASTER_PORT'):
        os.environ['MASTER_PORT'] = str(_port(launcher))
    missing = [name for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT') if not os.environ.get(name)]
    if missing:
        start = {'slurm': 'srun', 'mpi': 'mpirun'}.get(launcher, '--processes N in place of --launcher')
        raise UserError(
            f'--launcher {launcher}: {" and ".join(missing)} not set in the environment; start with {start}'
        )


def fit_local_rank(launcher: str, gpus: int) -> None:
    """Have ``LOCAL_RANK`` name a GPU that this process sees, as mmengine takes the one of this number.

    Args:
        launcher: Who started the process, of which :func:`name_ranks` has been told.
        gpus: How many it sees.

    Raises:
        UserError: There are fewer than processes.
    """
    local_rank = int(os.environ.get('LOCAL_RANK', 0))
    if local_rank < gpus:
        return
    has_own = 'SLURM_GPUS_PER_TASK' in os.environ or 'gpu' in os.environ.get('SLURM_TRES_PER_TASK', '')
    if launcher != 'slurm' or not has_own:
        processes = os.environ.get('LOCAL_WORLD_SIZE', local_rank + 1)
        raise UserError(
            f'{processes} processes on a machine with {gpus} GPU{"s" if gpus > 1 else ""} that they see: start one for '
            'each GPU; under Slurm, --gpus-per-task=1 gives each its own'
        )
    os.environ.update(LOCAL_RANK='0', SLURM_LOCALID='0')


def name_of_run(launcher: str) -> str:
    """A name that all processes of a run know, and those of another run at the same address and port do not.

    Args:
        launcher: Who started the process, of which :func:`name_ranks` has been told.
    """
    names = ['WORLD_SIZE', *NAMES_OF_RUN[launcher]]
    if os.environ['WORLD_SIZE'] == os.environ.get('LOCAL_WORLD_SIZE'):
        names.append(LAUNCHER_VARIABLE)  # that of each machine is another one
    return '.'.join(os.environ.get(name, '') for name in names)


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


def _port(launcher: str) -> int:
    """A port that all processes find, and hardly those of another job on the machine or of another step of the job."""
    if 'SLURM_JOB_ID' not in os.environ:
        return DEFAULT_PORT
    # mpirun has a step of its own on each machine.
    step = os.environ.get('SLURM_STEP_ID', 0) if launcher == 'slurm' else 0
    return 20000 + (int(os.environ['SLURM_JOB_ID']) * 31 + int(step)) % 20000


def _first_host(nodes: str) -> str:
    """The first machine of a list in Slurm's words, such as ``node[3-4]``."""
    command = ['scontrol', 'show', 'hostname', nodes]
    try:
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        reason = 'no name'
    except (OSError, subprocess.CalledProcessError) as error:
        names = []
        reason = ' '.join((getattr(error, 'stderr', None) or str(error)).split())
    if names:
        return names[0]
    raise UserError(
        f'--launcher slurm: `{" ".join(command)}` does not answer ({reason}): set MASTER_ADDR to the first host of '
        'SLURM_NODELIST'
    )


def _first_set(*names: str) -> str | None:
    """The value of the first variable that the environment has."""
    return next((os.environ[name] for name in names if os.environ.get(name)), None)
