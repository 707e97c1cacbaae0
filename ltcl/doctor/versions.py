"""Installed packages against what they state to need of each other."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires

from packaging.requirements import Requirement

from ltcl.environment import check_environment, installed_version
from ltcl.errors import UserError

from .finding import Finding, State

PACKAGE = 'ltcl'
DEVELOPMENT = 'dev'


def check_versions() -> list[Finding]:
    """Python, the packages that ltcl needs, what these need of each other, and the optional ones."""
    found = [Finding(State.OK, 'python', platform.python_version())]
    try:
        needed = list(_requirements(PACKAGE))
    except PackageNotFoundError:
        advice = 'run `pip install -e .` in the clone, which states the versions that it needs'
        return [*found, Finding(State.WARNING, PACKAGE, 'is not installed', advice)]
    found += [_state_of(PACKAGE, each) for each in needed]
    for each in needed:
        if installed_version(each.name):
            among = {other.name for other in needed if installed_version(other.name)}
            pairs = [_state_of(each.name, other) for other in _requirements(each.name) if other.name in among]
            found += [pair for pair in pairs if pair.state is not State.OK]
    try:
        check_environment()
    except UserError as error:
        found.append(Finding(State.BROKEN, 'conflict', str(error)))
    return found + _extras()


def _requirements(name: str, extra: str = '') -> Iterator[Requirement]:
    """What an installed distribution needs on this machine; with an extra, what that adds."""
    for text in requires(name) or ():
        requirement = Requirement(text)
        marker = requirement.marker
        always, with_extra = (marker is None or marker.evaluate({'extra': name}) for name in ('', extra))
        if always != bool(extra) and with_extra:
            yield requirement


def _state_of(who: str, requirement: Requirement) -> Finding:
    name, version = requirement.name, installed_version(requirement.name)
    wanted = f'{name}{requirement.specifier}'
    advice = f"run `pip install '{wanted}'`"
    if version is None:
        return Finding(State.BROKEN, name, f'is not installed, and {who} needs it', advice)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(State.BROKEN, name, f'{version} is installed, and {who} needs {wanted}', advice)
    return Finding(State.OK, name, version)


def _extras() -> list[Finding]:
    """One line for each extra: whether all of its packages are there."""
    found = []
    for extra in metadata(PACKAGE).get_all('Provides-Extra') or ():
        if extra == DEVELOPMENT:
            continue
        parts = list(_requirements(PACKAGE, extra))
        install = f"`pip install 'ltcl[{extra}]'`"
        missing = [part.name for part in parts if installed_version(part.name) is None]
        wrong = [state for part in parts if (state := _state_of(PACKAGE, part)).state is State.BROKEN]
        if missing:
            found.append(Finding(State.NOTE, f'ltcl[{extra}]', f'lacks {", ".join(missing)}', f'{install} adds it'))
        elif wrong:
            text = ', '.join(f'{each.topic} {each.text}' for each in wrong)
            found.append(Finding(State.WARNING, f'ltcl[{extra}]', text, f'run {install}'))
        else:
            versions = ', '.join(f'{part.name} {installed_version(part.name)}' for part in parts)
            found.append(Finding(State.OK, f'ltcl[{extra}]', versions))
    return found
