# Everything happens in .venv (and .venv-peers, .venv-saes for the libraries of others).
PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
SAES := .venv-saes
BIN := $(VENV)/bin
DIST := dist
PIP_OPTIONS ?= --quiet --disable-pip-version-check
# The explorer's page, built by Vite, and what it is built from.
PAGE := src/tegum/explorer/static/index.html
PAGE_SOURCES := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --durations=10 -m "not slow"

# How long `make fuzz` looks, and where its random numbers begin.
SECONDS ?= 3600
SEED ?= 0

.DELETE_ON_ERROR:
.PHONY: help reproduce quick explore page page-if-possible chromium test test-slow test-torch \
        test-saes test-cluster test-faults test-docs test-dist fuzz check format docs wheel dist \
        kernels bench bench-first bench-exact bench-products bench-dictionaries bench-monosemanticity \
        bench-cluster bench-browser clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

reproduce: $(VENV)/.run page-if-possible  ## train every experiment, judge every claim, write tegum-report/
	$(BIN)/tegum reproduce

quick: $(VENV)/.run  ## the same with fewer models, in two to seven minutes
	$(BIN)/tegum reproduce --quick

explore: $(VENV)/.run page  ## open the live page in the browser
	$(BIN)/tegum explore

test: $(VENV)/.dev page chromium kernels  ## the tests, browser and all, without the slow ones
	cd web && npm run --silent check && npm run --silent test
	$(PYTEST)

test-slow: $(VENV)/.dev page chromium kernels  ## the slow statistical checks and whole experiments
	$(BIN)/python -m pytest -m slow

test-faults: $(VENV)/.dev  ## kills, changed bytes, full disks; writes benchmarks/FAULTS.md
	$(BIN)/python tests/faults/run.py

test-torch: $(VENV)/.torch  ## what needs PyTorch, which it installs: its engine, optimisers beside its own
	$(BIN)/python -m pytest tests/with_torch

test-saes: $(SAES)/.done  ## dictionaries to and from SAELens and dictionary_learning
	$(SAES)/bin/python -m pytest -W default tests/with_saes

test-cluster: $(VENV)/.cluster  ## trainings by Ray and SLURM on this machine
	$(BIN)/python -m pytest tests/with_clusters

fuzz: $(VENV)/.dev  ## random inputs for every surface, an hour of them or SECONDS=…
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED)

check: $(VENV)/.dev page chromium kernels  ## format, lint, strict types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd web && npm run --silent check && npm run --silent test
	$(PYTEST)

format: $(VENV)/.dev  ## put the sources in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.docs page  ## the documentation, whose code it runs: build/docs/html/index.html
	timeout 1800 $(BIN)/python -m sphinx --quiet --fail-on-warning -b html -d build/docs/trees docs build/docs/html
	$(BIN)/python docs/machinery/check.py build/docs/html

test-docs: $(VENV)/.dev docs page chromium  ## the documentation in Chromium: axe, a phone, search
	$(BIN)/python docs/machinery/look.py build/docs/html

wheel: $(VENV)/.dev page  ## a wheel with the page and with kernels for this Python and numba
	$(BIN)/python -m tegum.engines.kernels --ship
	$(BIN)/python -m pip wheel $(PIP_OPTIONS) --no-deps --wheel-dir $(DIST) .
	rm -rf src/tegum/engines/shipped

dist: wheel  ## the wheel, and the source archive beside it
	$(BIN)/python -m build --sdist --outdir $(DIST) .

test-dist: dist  ## both files, each installed where nothing else is: the page, a report, the examples
	TEGUM_DIST=$(DIST) PIP_OPTIONS="$(PIP_OPTIONS)" $(BIN)/python -m pytest tests/with_dist

kernels: $(VENV)/.dev  # compiled once, on all cores, so that no test waits for another's
	@$(BIN)/python -m tegum.engines.kernels

bench: $(VENV)/.run $(PEERS)/.done  ## time tegum and its peers; writes benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

bench-first: $(VENV)/.run  ## first calls, kernels, a quick report, bytes; writes benchmarks/FIRST.md
	$(BIN)/python benchmarks/first_use.py --kernels --report

bench-exact: $(VENV)/.run $(PEERS)/.done  ## time the exact engine; writes benchmarks/EXACT.md
	$(BIN)/python benchmarks/time_to_loss.py

bench-products: $(VENV)/.run  ## matrix products against OpenBLAS; writes benchmarks/PRODUCTS.md
	$(BIN)/python benchmarks/products.py

bench-dictionaries: $(SAES)/.done  ## dictionaries against PyTorch and SAELens; writes benchmarks/DICTIONARIES.md
	$(SAES)/bin/python benchmarks/dictionaries.py

bench-monosemanticity: $(VENV)/.torch  ## decoders against a PyTorch loop; writes benchmarks/MONOSEMANTICITY.md
	$(BIN)/python benchmarks/monosemanticity.py

bench-cluster: $(VENV)/.run  ## what workers elsewhere cost; writes benchmarks/CLUSTER.md
	$(BIN)/python benchmarks/cluster.py

bench-browser: $(VENV)/.dev page chromium  ## time training in the browser; writes benchmarks/BROWSER.md
	$(BIN)/python benchmarks/browser.py

clean:  ## remove the environments and the built page
	rm -rf $(VENV) $(PEERS) web/node_modules src/tegum/explorer/static

page: $(PAGE)  ## build the explorer's page (needs Node.js 20 or newer)

page-if-possible:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory page; \
	else echo "npm is not there: tegum explore will have no page (it needs Node.js 20 or newer)"; fi

$(PAGE): $(PAGE_SOURCES)
	@command -v npm >/dev/null || \
	{ echo "the explorer's page needs npm: install Node.js 20 or newer" >&2; exit 1; }
	cd web && npm ci --silent --no-audit --no-fund && npm run --silent build

chromium:  # the browser of the browser tests
	@tests/browser/chromium.sh >/dev/null

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable '.[baselines]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable '.[docs]'
	@touch $@ $(VENV)/.run

$(VENV)/.torch: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable '.[dev,torch]'
	@touch $@ $(VENV)/.dev $(VENV)/.run

# In an environment of their own: they want other versions of much.
$(SAES)/.done: pyproject.toml
	$(PYTHON) -m venv $(SAES)
	$(SAES)/bin/pip install $(PIP_OPTIONS) --editable '.[torch]' pytest hypothesis beartype \
	    einops sae-lens==6.54.12
	$(SAES)/bin/pip install $(PIP_OPTIONS) --no-deps dictionary-learning==0.1.0
	@touch $@

$(VENV)/.cluster: pyproject.toml | $(BIN)/python
	$(BIN)/pip install $(PIP_OPTIONS) --editable '.[dev,ray]'
	@touch $@ $(VENV)/.dev $(VENV)/.run

$(PEERS)/.done: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install $(PIP_OPTIONS) --requirement benchmarks/peers/requirements.txt
	@touch $@
