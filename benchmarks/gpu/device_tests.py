"""The part of the test suite that needs a GPU; without one its tests are skipped."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from common import ROOT
from results import Figure, Results
from stage import start


def measure(args: argparse.Namespace, results: Results) -> None:
    """Numbers of tests that passed, failed and were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, 'report.xml')
        words = ['-m', 'pytest', 'tests/test_cuda', '-m', 'cuda', '-p', 'no:cacheprovider', f'--junitxml={report}']
        status = subprocess.run([sys.executable, *words], cwd=ROOT).returncode
        if not report.exists():
            results.fail('tests', f'pytest ended with status {status}')
            return
        suite = next(ElementTree.parse(report).iter('testsuite'))
    numbers = {name: int(suite.get(name, 0)) for name in ('tests', 'failures', 'errors', 'skipped')}
    numbers['passed'] = numbers.pop('tests') - sum(numbers.values())
    results.add(*(Figure(f'tests on the device: {name}', number, '') for name, number in numbers.items()))
    for case in suite.iter('testcase'):
        if case.find('failure') is not None or case.find('error') is not None:
            results.fail(case.get('name', ''), 'see the output above')


if __name__ == '__main__':
    start(measure)
