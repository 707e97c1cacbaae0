#!/usr/bin/env bash
# Test on a Slurm cluster; several pairs of config and checkpoint are an ensemble.
set -euo pipefail
if [ $# -lt 4 ]; then
  echo "usage: [GPUS=8] $0 PARTITION JOB_NAME CONFIG CHECKPOINT [CONFIG CHECKPOINT ...] [options of tools/test.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/launchers/srun.sh" "$1" "$2" test.py "$3" "$4" "${@:5}"
