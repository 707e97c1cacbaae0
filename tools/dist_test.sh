#!/usr/bin/env bash
# Test with several processes of one machine, one per GPU or per share of the CPU cores; several pairs are an ensemble.
set -euo pipefail
members=()
while [ $# -gt 0 ] && [[ ! $1 =~ ^[0-9]+$ ]]; do
  members+=("$1")
  shift
done
if [ ${#members[@]} -lt 2 ] || [ $# -lt 1 ]; then
  echo "usage: $0 CONFIG CHECKPOINT [CONFIG CHECKPOINT ...] NPROC [options of tools/test.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/launchers/torchrun.sh" "$1" test.py "${members[@]}" "${@:2}"
