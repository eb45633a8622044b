VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= python3

.PHONY: demo test check bench format clean
.DEFAULT_GOAL := demo

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,browser,check]'
	touch $(READY)

demo: $(READY)
	$(BIN)/kloof solve instances/world-2026 --out runs/demo

test: $(READY)
	$(BIN)/python -m pytest -n auto

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python tests/benchmarks/bench.py
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.convex --write
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.batch $(BATCH)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) runs build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
