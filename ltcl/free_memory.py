"""How much memory is left on this machine, or in this container."""

from pathlib import Path

NO_LIMIT = 'max'


def free_and_total(proc: Path = Path('/proc'), cgroup: Path = Path('/sys/fs/cgroup')) -> tuple[int, int] | None:
    """Bytes that are free and bytes in all, those that a container may take; None where Linux does not tell.

    Args:
        proc: Where Linux tells the memory of the machine.
        cgroup: Where it tells the limits of a container.
    """
    try:
        lines = (line.split() for line in (proc / 'meminfo').read_text(encoding='utf-8').splitlines())
        sizes = {words[0].rstrip(':'): int(words[1]) * 1024 for words in lines}
    except OSError:
        return None
    total, free = sizes['MemTotal'], sizes['MemAvailable']
    limit, used = (_number(cgroup / name) for name in ('memory.max', 'memory.current'))
    if limit is not None and limit < total:
        total, free = limit, min(free, max(0, limit - (used or 0)))
    return free, total


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding='utf-8').strip()
    except OSError:
        return None
    return None if text == NO_LIMIT else int(text)
