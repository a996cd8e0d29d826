# The two commands of the README are `make serve` and `make test`; both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: serve build test lint bench soak clean

serve: $(STAMP)
	$(BIN)/mercato serve

build: $(STAMP)
	$(BIN)/mercato build

test: $(STAMP) lint
	$(BIN)/python -m pytest -m "not soak and not bench"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	STRICT_CLOCK=1 $(BIN)/python -m pytest -s -k runaway tests/test_sandbox.py tests/test_production.py
	$(BIN)/python -m pytest -m bench -s tests/bench

soak: $(STAMP)
	$(BIN)/python -m pytest -m soak

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
