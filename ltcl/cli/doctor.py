"""Look at this machine: does ltcl work here, and what is in its way?

Packages and their versions, device, threads, memory, disk, caches, data sets, network, and a training of two steps that
takes at most 20 seconds. One line for each, with what to do. Status 1 if something is broken, 0 with warnings.

examples:
  ltcl doctor
  ltcl doctor --work-dir /scratch/runs --no-self-test
"""

import argparse
import sys
from pathlib import Path

from .parser import ArgumentParser


def options(parser: ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs'), help='where runs are to be written')
    parser.add_argument('--no-self-test', action='store_true', help='only look, train nothing')


def main() -> None:
    """Print each finding when it is there, then the verdict."""
    parser = ArgumentParser(__doc__ or '')
    options(parser)
    examine(parser.parse_args())


def examine(args: argparse.Namespace) -> None:
    """Look at everything; unlike other commands without ``ltcl.launch``, whose packages may be what is missing."""
    from ltcl.doctor.finding import Finding, State, verdict
    from ltcl.doctor.versions import check_versions

    findings: list[Finding] = []

    def tell(more: list[Finding]) -> None:
        print(*more, sep='\n', flush=True)
        findings.extend(more)

    tell(check_versions())
    if not any(each.state is State.BROKEN for each in findings):
        from ltcl.doctor.machine import check_machine
        from ltcl.doctor.network import check_network
        from ltcl.doctor.places import check_places
        from ltcl.doctor.self_test import self_test

        tell(check_machine())
        tell(check_places(args.work_dir))
        tell(check_network())
        if not args.no_self_test:
            tell([self_test()])
    final = verdict(findings)
    print(final)
    if final.state is State.BROKEN:
        sys.exit(1)
