#!/usr/bin/env bash
# Starts a tool with several processes of one machine: torchrun.sh NPROC TOOL.py ARGUMENTS...
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and MASTER_PORT on each.
# In place of torchrun itself stands ltcl.launch.launcher, which lets a stopped run save; docs/clusters.md compares them.
set -euo pipefail
source "$(dirname "$0")/python.sh"
exec "$PYTHON" -m ltcl.launch.launcher \
  --nnodes="${NNODES:-1}" \
  --node-rank="${NODE_RANK:-0}" \
  --master-addr="${MASTER_ADDR:-127.0.0.1}" \
  --master-port="${MASTER_PORT:-0}" \
  --nproc-per-node="$1" \
  "$(dirname "$0")/../$2" "${@:3}" --launcher pytorch
