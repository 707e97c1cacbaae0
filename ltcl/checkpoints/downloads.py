"""Files from the web, kept by their whole URL and compared with the hash that the URL tells."""

import hashlib
import http.client
import queue
import re
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote
from urllib.request import Request, urlopen

import torch.hub

from ltcl.errors import UserError
from ltcl.file_locks import file_lock
from ltcl.files import CHUNK, atomic_file, cache_folder, received, remove_partials
from ltcl.notices import note

TIMEOUT = 60  # seconds without a byte
# A host that took longer than LONG not to answer is asked again after MEMORY, in seconds.
LONG, MEMORY = 2.0, 300.0
# When that was, and how it failed.
UNREACHED: dict[str, tuple[float, OSError]] = {}
HASH_IN_NAME = re.compile(r'-([0-9a-f]{8,64})(?=\.)')
DATE_OR_STEP = re.compile(r'(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])|0\d+')  # names end in them as well


def download(url: str, patience: float = TIMEOUT) -> Path:
    """A file of the web on this machine.

    It is kept in the cache folder by its whole URL, so that files of one name do not mix. Of several processes that
    need it one downloads and the others wait. What a broken connection leaves is never taken for the file.

    Args:
        url: Begins with ``http://`` or ``https://``. The SHA-256 of the file, or its beginning, may follow as
            ``#sha256=...``; without it, the hash in a name such as ``resnet50-0676ba61.pth`` is compared.
        patience: Seconds in which the server has to begin its answer.

    Returns:
        The file, in the cache; or the copy that ``torch.hub`` keeps, if its hash is the one wanted.

    Raises:
        UserError: The file cannot be fetched or kept, or its hash is another.
    """
    address, wanted, path, _ = _places(url)
    try:
        kept = kept_copy(url)
        if kept is not None:
            return kept
        _download(address, path, wanted, patience)
    except UserError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UserError(
            f'{address} cannot be downloaded ({reason_of(error)}): get the file in another way and give its path'
        ) from error
    return path


def kept_copy(url: str) -> Path | None:
    """The copy of a file of the web that :func:`download` would take without the network; None if there is none.

    Args:
        url: As of :func:`download`.
    """
    _, wanted, path, hub = _places(url)
    if wanted and _is_whole(hub, wanted):
        return hub
    return path if _is_whole(path, wanted) else None


def _places(url: str) -> tuple[str, str, Path, Path]:
    """Address and hash of a file, where it is kept, and where ``torch.hub`` keeps it."""
    address, _, fragment = url.partition('#')
    name = file_name(address)
    folder = cache_folder() / 'downloads' / hashlib.sha256(address.encode()).hexdigest()[:16]
    return address, wanted_hash(name, fragment), folder / name, Path(torch.hub.get_dir(), 'checkpoints', name)


def file_name(address: str) -> str:
    """Last part of a URL's path, safe as a file name."""
    name = re.sub(r'[^\w.-]', '_', unquote(address.partition('?')[0]).rpartition('/')[2])
    return name.lstrip('.')[-100:] or 'checkpoint'


def wanted_hash(name: str, fragment: str = '') -> str:
    """Beginning of the SHA-256 that a file must have, empty if nothing tells it.

    Args:
        name: Of the file.
        fragment: What follows ``#`` in the URL.

    Raises:
        UserError: The fragment is something else than a hash.
    """
    if fragment:
        given = re.fullmatch(r'sha256=([0-9a-fA-F]{8,64})', fragment)
        if not given:
            raise UserError(f'#{fragment} at the end of a URL is no hash: write #sha256= and 8 to 64 hex digits')
        return given[1].lower()
    found = HASH_IN_NAME.findall(name)
    return found[-1] if found and not DATE_OR_STEP.fullmatch(found[-1]) else ''


def _is_whole(path: Path, wanted: str) -> bool:
    """Whether the file is there, and is the one wanted."""
    if not path.is_file():
        return False
    if not wanted:
        return True
    with path.open('rb') as file:
        digest = hashlib.sha256()
        for chunk in iter(lambda: file.read(CHUNK), b''):
            digest.update(chunk)
    return digest.hexdigest().startswith(wanted)


def _download(address: str, path: Path, wanted: str, patience: float) -> None:
    """Download, alone where the file system has locks; without them each process brings a whole file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(f'{path}.lock') as is_alone:
        if is_alone:
            remove_partials(path.parent)
        if not _is_whole(path, wanted):  # another process may have brought it meanwhile
            _fetch(address, path, wanted, patience)


def _fetch(address: str, path: Path, wanted: str, patience: float) -> None:
    """Download next to the place, and move there what is whole."""
    request = Request(address, headers={'User-Agent': 'ltcl'})
    with _answer(request, patience) as response, atomic_file(path) as file:
        note(f'Downloading {address} to {path}')
        length = response.length  # of what is still to come; None where the server does not tell
        for chunk in received(response, 'download'):
            file.write(chunk)
        file.flush()
        if length is not None and file.tell() != length:
            raise UserError(f'{address} broke off after {file.tell()} of {length} bytes: start again')
        if not _is_whole(Path(file.name), wanted):
            raise UserError(
                f'{address} brought another file: its SHA-256 does not begin with {wanted}. '
                'If the file is right, add its hash to the URL: #sha256=...'
            )


def _answer(request: Request, patience: float) -> Any:
    """What a server answers.

    ``urlopen`` has a limit for each address of a host, and none for the search of its name: behind a wall that lets
    nothing through, these are minutes for every file.

    Raises:
        OSError: It does not, within ``patience``, or has not a short time ago.
    """
    host, start = request.host, time.monotonic()
    if host in UNREACHED and start - UNREACHED[host][0] < MEMORY:
        raise UNREACHED[host][1]
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urlopen(request, timeout=TIMEOUT))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty:
        answer = TimeoutError(f'no answer within {patience:g} seconds')
    if isinstance(answer, OSError) and not isinstance(answer, HTTPError) and time.monotonic() - start >= LONG:
        UNREACHED[host] = time.monotonic(), answer
    if isinstance(answer, Exception):
        raise answer
    return answer


def reason_of(error: Exception) -> str:
    """Why a download failed, in a few words.

    Args:
        error: What it raised; of a :class:`~ltcl.errors.UserError`, its cause counts.
    """
    cause = error.__cause__ if isinstance(error, UserError) and isinstance(error.__cause__, Exception) else error
    if isinstance(cause, HTTPError):
        return f'HTTP {cause.code} {cause.reason}'
    return str(getattr(cause, 'reason', None) or cause) or type(cause).__name__
