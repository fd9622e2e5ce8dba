# Everything here works in a fresh clone with python3 (3.11 or later, with venv) and make.

PYTHON ?= python3

# Tests of real processes wait more than they compute: two processors do three at once.
JOBS ?= 3

VENV := .venv
BIN := $(VENV)/bin

EXTRA_demo :=
EXTRA_test := [test]
EXTRA_check := [dev]
EXTRA_docs := [docs]
EXTRA_package := [package]

.PHONY: help demo test lint types check docs bench package clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    start a registry and five peers, and try them"
	@echo "make test    run the quick tests"
	@echo "make lint    check style and the import contracts"
	@echo "make types   check types"
	@echo "make check   run everything that a change must pass"
	@echo "make docs    build the documentation's site, and check its links"
	@echo "make bench   measure, beside what rivals are found; RIVALS=DIR looks there, too"
	@echo "make package make the sdist, the wheel and the zipapp in dist/, and check them"
	@echo "make clean   remove $(VENV) and all caches"

demo: $(VENV)/.for-demo
	@if [ -t 0 ]; then $(BIN)/p2p up; else $(BIN)/p2p up --script docs/demo.p2p; fi

test: $(VENV)/.for-test
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

lint: $(VENV)/.for-check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.for-check
	$(BIN)/mypy

check: lint types
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

docs: $(VENV)/.for-docs
	$(BIN)/sphinx-build -c docs --fresh-env --fail-on-warning --keep-going --quiet . build/docs
	@echo "The site begins at build/docs/index.html"

bench: $(VENV)/.for-demo
	$(BIN)/python -m benchmarks $(if $(RIVALS),--rivals $(RIVALS)) $(if $(DIRECTORY),--directory $(DIRECTORY))

package: $(VENV)/.for-package
	PATH="$(abspath $(BIN)):$$PATH" packaging/make

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis \
	    .import_linter_cache
	find p2p_twisted tests twisted benchmarks docs -name __pycache__ -exec rm -rf {} +

# A stamp per purpose: each is stale once what the package needs may have changed.
$(VENV)/.for-%: $(VENV)/pyvenv.cfg setup.cfg pyproject.toml
	@echo "Installing p2p_twisted and what 'make $*' needs into $(VENV)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable ".$(EXTRA_$*)"
	@touch $@

# Where the python that it was made with is gone, so is all that it is good for.
$(shell $(BIN)/python -c pass 2>/dev/null || rm -rf $(VENV))

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "p2p_twisted needs Python 3.11 or later; '$(PYTHON)' is not." >&2; \
	    echo "If there is another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	    echo "'$(PYTHON)' cannot make virtual environments." >&2; \
	    echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
