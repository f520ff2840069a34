# make demo and make test are the two commands; both set everything up by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# Node from the machine, or the one that web/build.sh puts into the virtual environment.
NPM := PATH="$(abspath $(BIN)):$$PATH" npm --prefix web
WEB := $(shell find web -path web/node_modules -prune -o -type f -print)
ROOMS := command facility ingest rules cases api simulators tests bench xiuhua.py

.PHONY: demo test check setup lock clean

demo: setup
	$(BIN)/xiuhua up --demo --data-dir data/demo

test: setup
	$(NPM) run --silent test
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

check: setup
	$(BIN)/ruff check $(ROOMS)
	$(BIN)/ruff format --check $(ROOMS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run --silent check

setup: $(VENV)/.ready api/static/index.html

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

api/static/index.html: $(VENV)/.ready $(WEB)
	BIN=$(abspath $(BIN)) sh web/build.sh

lock:
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) api/static web/node_modules
