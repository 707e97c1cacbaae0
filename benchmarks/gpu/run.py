"""Runs the stages of `benchmarks/gpu.sh` one after the other, each in a process and within a time of its own."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import torch
from results import Figure, read

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import print_table

FOLDER = Path(__file__).resolve().parent
FAILED, CUT = 1, 3


class Stage(NamedTuple):
    """A script of this folder, its words, and its seconds; they add up to less than eight minutes."""

    script: str
    seconds: int
    words: tuple[str, ...] = ()


STAGES = {
    'tests': Stage('device_tests.py', 70),
    'steps': Stage('steps.py', 120),
    'compiled': Stage('steps.py', 75, ('--compile',)),
    'segmentation': Stage('swin.py', 40),
    'trainings': Stage('trainings.py', 155),
}


def run_stage(name: str, args: argparse.Namespace) -> str:
    """Run a stage; what became of it: ``'done'``, ``'cut'`` or ``'failed'``."""
    stage, out = STAGES[name], args.out / f'{name}.json'
    out.unlink(missing_ok=True)
    words = [sys.executable, str(FOLDER / stage.script), '--device', args.device, '--out', str(out), *stage.words]
    process = subprocess.Popen([*words, *['--quick'] * args.quick], start_new_session=True)
    try:
        status = process.wait(stage.seconds * args.patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with all that it started
        process.wait()
        return 'cut' if read(out)[0] else 'failed'
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    figures, failures = read(out)
    return 'failed' if status or failures or not figures else 'done'


def machine(device: str) -> dict[str, str]:
    """Card and versions."""
    card = torch.cuda.get_device_name() if device == 'cuda' else platform.processor() or platform.machine()
    return dict(
        card=card, cores=str(os.cpu_count()), python=platform.python_version(), torch=torch.__version__,
        cuda=str(torch.version.cuda),
    )  # fmt: skip


def arguments() -> argparse.Namespace:
    """Those of the command line."""
    parser = argparse.ArgumentParser(prog='benchmarks/gpu.sh', description='Measures a GPU in at most eight minutes.')
    parser.add_argument('--out', type=Path, default=os.environ.get('OUT'), help='folder of the results; or $OUT')
    parser.add_argument('--device', choices=('cuda', 'cpu'), default='cuda')
    parser.add_argument('--quick', action='store_true', help='tiny sizes: does every stage run?')
    parser.add_argument('--stages', nargs='+', choices=STAGES, default=list(STAGES), metavar='STAGE')
    parser.add_argument('--patience', type=float, default=1.0, metavar='FACTOR', help="factor on each stage's seconds")
    args = parser.parse_args()
    if args.out is None:
        parser.error('--out FOLDER, or the variable OUT, says where the results go')
    if args.device == 'cuda' and not torch.cuda.is_available():
        parser.error(f'torch {torch.__version__} sees no GPU; --device cpu --quick tries the stages on the CPU')
    args.out = Path(args.out)
    return args


def main() -> int:
    """Run the stages and print a table; the exit status."""
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    facts = machine(args.device)
    (args.out / 'machine.json').write_text(json.dumps(facts, indent=2) + '\n')
    print(', '.join(f'{name} {value}' for name, value in facts.items()), flush=True)
    ends, figures = {}, []
    for name in args.stages:
        start = time.monotonic()
        ends[name] = run_stage(name, args)
        seconds = time.monotonic() - start
        print(f'{name}: {ends[name]} after {seconds:.0f} s', flush=True)
        figures += [*read(args.out / f'{name}.json')[0], Figure(f'stage {name}', seconds, 's')]
        (args.out / 'summary.json').write_text(json.dumps(ends, indent=2) + '\n')
    print_table(f'{facts["card"]}, torch {facts["torch"]}', figures)
    for name, end in ends.items():
        for failure in read(args.out / f'{name}.json')[1]:
            print(f'failed: {name}: {failure}')
        if end != 'done':
            print(f'{name} was {"cut by its time limit" if end == "cut" else "not finished: it failed"}')
    return FAILED if 'failed' in ends.values() else CUT if 'cut' in ends.values() else 0


if __name__ == '__main__':
    sys.exit(main())
