# make setup    create .venv with everything (again: a no-op until setup.py or constraints.txt change)
# make train    train a config, by default GPaCo on Fashion-MNIST-LT; CONFIG=... and ARGS="..." choose another run
# make test     unit tests, recorded cases, two-process tests; JOBS=n of them at a time
# make lint     style, spelling and types
# make bench    every benchmark, one table
# make docs     build the documentation site, docs/_build/index.html; a warning is an error
# make test-lowest  the tests with the oldest versions that setup.py allows, in a .venv-lowest of Python 3.10

PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
JOBS ?= 2
CONSTRAINTS ?= constraints.txt
LOWEST_PYTHON ?= python3.10
CONFIG ?= configs/gpaco/gpaco_resnet20_1xb128-100e_fashion-mnist-lt-small.py
ARGS ?=
BIN := $(VENV)/bin

.PHONY: setup train test test-lowest lint bench docs

setup: $(VENV)/.installed

$(VENV)/.installed: setup.py $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
	  { echo "error: $(PYTHON) is not Python 3.10 to 3.13; name one with make setup PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "error: Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c $(CONSTRAINTS) -e '.[dev]'
	@# yapf, which formats configs, writes a cache at its first import; of two tests one would read it half-written.
	@$(BIN)/python -c 'import yapf.yapflib.yapf_api'
	@touch $@

train: setup
	$(if $(findstring fashion-,$(CONFIG)),@$(BIN)/python tools/dataset_converters/fashion_mnist.py)
	$(if $(findstring fashion-scenes,$(CONFIG)),@$(BIN)/python tools/dataset_converters/fashion_scenes.py)
	@$(BIN)/python tools/train.py $(CONFIG) $(ARGS)

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-lowest:
	$(MAKE) test VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt PYTHON='$(LOWEST_PYTHON)' JOBS=$(JOBS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/run_all.py

docs: setup
	$(BIN)/python -m sphinx -W --keep-going -q docs docs/_build
	@echo 'the site: docs/_build/index.html'
