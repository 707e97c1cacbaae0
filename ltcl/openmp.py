"""How threads wait for each other, which must be said before torch is imported.

After each parallel operation, threads that are done wait for the others. Those of GNU's OpenMP, which torch brings, do
so by counting for about a millisecond, on a core that another program or the last thread itself may need: with others
on the machine, a step then takes several times as long (``docs/performance.md``). Threads that sleep leave the core
alone.
"""

from collections.abc import MutableMapping

POLICY = 'OMP_WAIT_POLICY'
# Any of them says it: the standard's own, GNU's, and that of Intel's and LLVM's OpenMP.
NAMES = (POLICY, 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME')


def let_threads_sleep(environment: MutableMapping[str, str]) -> None:
    """Have waiting threads of this process and of its children sleep, unless the environment says how they wait.

    Args:
        environment: ``os.environ``.
    """
    if not any(name in environment for name in NAMES):
        environment[POLICY] = 'PASSIVE'
