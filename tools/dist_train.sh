#!/usr/bin/env bash
# Train with several processes of one machine, one per GPU or per share of the CPU cores.
set -euo pipefail
if [ $# -lt 2 ] || [[ ! $2 =~ ^[0-9]+$ ]]; then
  echo "usage: $0 CONFIG NPROC [options of tools/train.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/launchers/torchrun.sh" "$2" train.py "$1" "${@:3}"
