# Two commands on a fresh machine: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CUSTOMERS ?= 20000

.PHONY: demo test quick lint notebooks lock clean

demo: $(VENV)/runtime ## the main job: simulate -> train -> promote -> score -> list
	$(BIN)/reveil demo --customers $(CUSTOMERS) --out demo

test: $(VENV)/dev ## every test that this machine can run
	$(BIN)/python -m pytest

quick: $(VENV)/dev ## the tests that take less than ten seconds each
	$(BIN)/python -m pytest -m "not long"

lint: $(VENV)/dev ## style, types, the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(VENV)/dev ## execute every notebook
	$(BIN)/python -m pytest tests/notebooks

lock: $(VENV)/dev ## resolve the dependencies again
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra spark --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --quiet --output-file requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --quiet \
	  --constraint requirements-dev.lock --output-file requirements.lock

clean:
	rm -rf $(VENV) demo runs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "reveil needs Python 3.11 or later: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
