# `make check` is everything a change must pass; the other targets are for longer runs.
PYTHON ?= python
WORKERS ?= 2
# The seeds of `make fuzz`, from the first to before the last.
SEEDS ?= 100000:120000

# The seeds of `make corrupt`: each damages one file.
FILES ?= 0:20000

# A checkout of data-apis/array-api-tests with its submodule, for `make array-api`.
SUITE ?= ../array-api-tests
EXAMPLES ?= 20

.PHONY: check format lint types stubs layers test whole house fuzz corrupt interruptions bench oracle accuracy array-api \
	optax-suite coverage site

check: lint types layers test

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

# What type checkers know of names that are made when the package is imported.
stubs:
	$(PYTHON) -m tests.stubs

layers:
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

test:
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal -m "not fuzz"

# All cases of the tests of which `make test` runs a sample.
whole:
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal -m "not fuzz" --whole

fuzz:
	$(PYTHON) -m tests.fuzz $(subst :, ,$(SEEDS))
	$(PYTHON) -m tests.fuzz.ways $(subst :, ,$(SEEDS))
	$(PYTHON) -m tests.fuzz.modules 0 200

# Ctrl-C at random moments, so many times in each phase of a fit.
TRIALS ?= 50

interruptions:
	$(PYTHON) -m tests.interruptions $(TRIALS)

bench:
	$(PYTHON) -m benchmarks

corrupt:
	$(PYTHON) -m tests.corrupt $(subst :, ,$(FILES))

# The documentation as pages, in site/; `pip install -e '.[docs]'` brings what it needs.
site:
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

# Sizes, cycles and names in figures.
house:
	$(PYTHON) -m tests.house

oracle:
	$(PYTHON) -m tests.oracle report
	$(PYTHON) -m tests.oracle names

# Errors of the native functions, in units of the last place.
accuracy:
	$(PYTHON) -m tests.accuracy

# How often intervals cover the truth, in 2,000 simulated data sets: `docs/coverage.md`.
coverage:
	$(PYTHON) -m benchmarks.coverage

array-api:
	cd $(SUITE) && PYTHONPATH=$(CURDIR) ARRAY_API_TESTS_MODULE=thalweg \
		ARRAY_API_TESTS_VERSION=2024.12 \
		$(PYTHON) -m pytest array_api_tests --max-examples $(EXAMPLES) \
		--hypothesis-disable-deadline -W ignore -p no:cacheprovider \
		--xfails-file $(CURDIR)/docs/array-api-exceptions.txt

# Optax's own tests, of its wheel, on thalweg.optim: `OPTAX_FILES="_src/alias_test.py"` for some of them.
# Two of them want `pip install flax`.
optax-suite:
	$(PYTHON) -m tests.optax_suite $(OPTAX_FILES)
