#!/bin/sh
# All that is to be known of one GPU, in at most eight minutes on a bare machine, without a network.
#
#     benchmarks/gpu.sh --out FOLDER              (or the variable OUT in place of --out)
#     benchmarks/gpu.sh --device cpu --quick      the same stages at tiny sizes, in a minute or two on a CPU
#     benchmarks/gpu.sh --stages steps trainings  some of them
#
# Stages, each with a time limit of its own: tests, steps, compiled, segmentation, trainings. Every figure is in
# FOLDER/STAGE.json as soon as it is measured, so that nothing is lost when the machine goes; a table of all stands at
# the end. Status 1: something failed; 3: a stage ran out of its time, and what it had measured is there.
#
# Python is $PYTHON, else that of .venv, else python3; it has a torch for the GPU. What else is needed (torchvision,
# mmengine, mmcv, mmpretrain, mmseg, rich, SciPy, pytest ...) is in that Python, or in a folder of wheels beside this
# repository's setup.py, or elsewhere by the variable WHEELS. A machine with a network fills it:
#     pip download --only-binary :all: -d wheels -c constraints.txt '.[dev]' && rm wheels/torch-* wheels/nvidia_*
# Fashion-MNIST is in data/fashion_mnist, as `ltcl data fashion-mnist` leaves it.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${PYTHON:-}" ]; then
  PYTHON=python3
  [ ! -x "$root/.venv/bin/python" ] || PYTHON=$root/.venv/bin/python
fi
WHEELS=${WHEELS:-$root/wheels}
export PYTHONPATH="$root:$root/benchmarks${PYTHONPATH:+:$PYTHONPATH}"

missing() {
  "$PYTHON" - <<'END'
from importlib.util import find_spec

names = 'torch torchvision mmengine mmcv mmpretrain scipy rich'.split()
print(' '.join(name for name in names if find_spec(name) is None))
END
}

lacks=$(missing) || { echo "error: $PYTHON does not run; name another with PYTHON=..." >&2; exit 1; }
if [ -n "$lacks" ] && [ -d "$WHEELS" ]; then
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  "$PYTHON" -m pip install --quiet --no-index --no-deps --target "$unpacked" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$unpacked"
  lacks=$(missing)
fi
if [ -n "$lacks" ]; then
  echo "error: $PYTHON lacks $lacks: install them, or lay their wheels into $WHEELS (how: the head of $0)" >&2
  exit 1
fi
"$PYTHON" "$root/benchmarks/gpu/run.py" "$@"
