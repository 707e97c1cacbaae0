#!/usr/bin/env bash
# Starts a tool with several processes of one machine: torchrun.sh NPROC TOOL.py ARGUMENTS...
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and MASTER_PORT on each.
set -euo pipefail
source "$(dirname "$0")/python.sh"
exec "$PYTHON" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" \
  --node-rank="${NODE_RANK:-0}" \
  --master-addr="${MASTER_ADDR:-127.0.0.1}" \
  --master-port="${MASTER_PORT:-$((20000 + RANDOM % 20000))}" \
  --nproc-per-node="$1" \
  "$(dirname "$0")/../$2" "${@:3}" --launcher pytorch
