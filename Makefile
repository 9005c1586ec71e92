# Targets for people; `make` lists them. Each sets up what it needs by itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := hub/web
HOST ?= 127.0.0.1
PORT ?= 8080
UV := $(shell command -v uv 2>/dev/null)

NPM = PATH="$(CURDIR)/$(BIN):$$PATH" "$$(cat $(CURDIR)/$(VENV)/.node)"

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format pages bench faults lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# --- setting up -------------------------------------------------------------------------------------------------

$(VENV)/.made:
ifdef UV
	uv venv --quiet --python $(PYTHON) $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif
	@touch $@

INSTALL = $(if $(UV),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

# The locks name no addresses: the packages come from whatever index the machine is set up for.
$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.dev $(WEB)/dist/.built ## install everything that development needs

# Node.js of the machine if it is new enough, else the one that comes as a Python package.
$(VENV)/.node: $(VENV)/.made requirements-pages.lock
	@if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null && npm --version >/dev/null 2>&1; \
	then command -v npm > $@; \
	else $(INSTALL) --require-hashes -r requirements-pages.lock && echo "$(CURDIR)/$(BIN)/npm" > $@; fi

$(WEB)/node_modules/.installed: $(VENV)/.node $(WEB)/package-lock.json
	cd $(WEB) && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

PAGE_SOURCES := $(shell find $(WEB) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

$(WEB)/dist/.built: $(WEB)/node_modules/.installed $(PAGE_SOURCES)
	cd $(WEB) && $(NPM) run --silent build
	@touch $@

pages: $(WEB)/dist/.built ## build the pages

# --- using it ---------------------------------------------------------------------------------------------------

demo: $(VENV)/.runtime $(WEB)/dist/.built ## run the hub with a fan and a creator to try it as
	@$(BIN)/hub demo --host $(HOST) --port $(PORT)

test: $(VENV)/.dev $(WEB)/dist/.built ## run every test (starts its own PostgreSQL)
	cd $(WEB) && $(NPM) run --silent test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev $(WEB)/node_modules/.installed ## check style, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(WEB) && $(NPM) run --silent typecheck

format: $(VENV)/.dev ## format the Python code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## measure the hub beside Node, stock python-socketio and procrastinate, and print ratios
	$(BIN)/python -m loadtests bench $(ARGS)

faults: $(VENV)/.dev ## break every part of a cluster under load, and check that nothing is lost
	$(BIN)/python -m loadtests run loadtests/scenarios/faults.yaml $(ARGS)

lock: ## renew the locks (needs uv; the index is the machine's)
	uv export --quiet --no-emit-project --no-dev --format requirements.txt -o requirements.lock
	uv export --quiet --no-emit-project --format requirements.txt -o requirements-dev.lock
	uv export --quiet --no-emit-project --only-group pages --format requirements.txt -o requirements-pages.lock

clean: ## remove what was built and installed
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
