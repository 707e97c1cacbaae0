#!/usr/bin/env bash
# Starts a tool on a Slurm cluster, one task per GPU: srun.sh PARTITION JOB_NAME TOOL.py ARGUMENTS...
# GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and SRUN_ARGS (further options of srun) come from the environment.
set -euo pipefail
source "$(dirname "$0")/python.sh"
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-$((GPUS < 8 ? GPUS : 8))}
# SRUN_ARGS is a list of options and splits at spaces on purpose. A task that fails ends the others, which would wait.
# shellcheck disable=SC2086
exec srun --partition="$1" --job-name="$2" \
  --gres="gpu:$GPUS_PER_NODE" --ntasks="$GPUS" --ntasks-per-node="$GPUS_PER_NODE" \
  --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
  "$PYTHON" -u "$(dirname "$0")/../$3" "${@:4}" --launcher slurm
