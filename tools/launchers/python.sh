# Sets PYTHON, unless the caller did: the active environment's, else the one that `make setup` made.
if [ -z "${PYTHON:-}" ]; then
  venv="$(dirname "${BASH_SOURCE[0]}")/../../.venv/bin/python"
  if [ -z "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ] && [ -x "$venv" ]; then PYTHON=$venv; else PYTHON=python; fi
fi
