# `make check` is everything a change must pass; the other targets are for longer runs.
PYTHON ?= python
WORKERS ?= 2
# The seeds of `make fuzz`, from the first to before the last.
SEEDS ?= 100000:120000

.PHONY: check format lint types layers test fuzz bench oracle

check: lint types layers test

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

layers:
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

test:
	$(PYTHON) -m pytest -n $(WORKERS) -m "not fuzz"

fuzz:
	$(PYTHON) -m tests.fuzz $(subst :, ,$(SEEDS))

bench:
	$(PYTHON) -m benchmarks

oracle:
	$(PYTHON) -m tests.oracle report
