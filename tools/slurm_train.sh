#!/usr/bin/env bash
# Train on a Slurm cluster.
set -euo pipefail
if [ $# -lt 3 ]; then
  echo "usage: [GPUS=8] $0 PARTITION JOB_NAME CONFIG [options of tools/train.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/launchers/srun.sh" "$1" "$2" train.py "$3" "${@:4}"
