#!/usr/bin/env bash
# Test with several processes of one machine, one per GPU or per share of the CPU cores.
set -euo pipefail
if [ $# -lt 3 ]; then
  echo "usage: $0 CONFIG CHECKPOINT NPROC [options of tools/test.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/launchers/torchrun.sh" "$3" test.py "$1" "$2" "${@:4}"
