# Everything happens in .venv (and .venv-peers for the benchmark's other contestants).
PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
PIP_OPTIONS ?= --quiet --disable-pip-version-check

.PHONY: help reproduce quick test test-slow check format bench bench-exact clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

reproduce: $(VENV)/.run  ## train every experiment, judge every claim, write tegum-report/
	$(BIN)/tegum reproduce

quick: $(VENV)/.run  ## the same with fewer models, in seconds
	$(BIN)/tegum reproduce --quick

test: $(VENV)/.dev  ## the tests, without the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

test-slow: $(VENV)/.dev  ## the slow statistical checks and whole experiments
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.dev  ## format, lint, strict types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

format: $(VENV)/.dev  ## put the sources in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.run $(PEERS)/.done  ## time tegum and its peers; writes benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

bench-exact: $(VENV)/.run $(PEERS)/.done  ## time the exact engine; writes benchmarks/EXACT.md
	$(BIN)/python benchmarks/time_to_loss.py

clean:  ## remove the environments
	rm -rf $(VENV) $(PEERS)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(PEERS)/.done: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install $(PIP_OPTIONS) --requirement benchmarks/peers/requirements.txt
	@touch $@
