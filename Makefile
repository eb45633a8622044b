VENV := .venv
BIN := $(VENV)/bin
# Kloof itself is all that the demo needs; what tests and checks take is several times as large.
READY := $(VENV)/.ready
TOOLS := $(VENV)/.ready-with-tools
PYTHON ?= python3

.PHONY: demo test check bench format clean
.DEFAULT_GOAL := demo

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -m compileall -q models optimizer
	touch $(READY)

$(TOOLS): $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,browser,check]'
	touch $(TOOLS)

demo: $(READY)
	$(BIN)/kloof solve instances/world-2026 --out runs/demo

# Tests start many commands: where the environment forbids bytecode, each would compile all of the sources. Halves of
# the list, not pieces of it: what tests of a module share is made once.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(TOOLS)
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(TOOLS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(TOOLS)
	$(BIN)/python tests/benchmarks/bench.py
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.staged --tricks
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.convex --write
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.batch $(BATCH)

format: $(TOOLS)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) runs build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
