#!/usr/bin/env bash
# Train with several processes of one machine, one per GPU (or per share of the CPU cores where there is no GPU):
#   tools/dist_train.sh CONFIG NPROC [options of tools/train.py]
# Several machines: set NNODES, NODE_RANK, MASTER_ADDR and MASTER_PORT on each.
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: $0 CONFIG NPROC [options of tools/train.py]" >&2
  exit 2
fi
CONFIG=$1
NPROC=${2}
exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes="${NNODES:-1}" \
  --node-rank="${NODE_RANK:-0}" \
  --master-addr="${MASTER_ADDR:-127.0.0.1}" \
  --master-port="${MASTER_PORT:-$((20000 + RANDOM % 20000))}" \
  --nproc-per-node="$NPROC" \
  "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "${@:3}"
