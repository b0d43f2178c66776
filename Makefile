# Two commands do everything: `make run` and `make test`. The others are their parts.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
PYTEST_FLAGS ?=
ONLY ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LIVE := flask_lback example_app tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help run test check lint docs axe pytest bench matrix controls screenshots theme wheel messages clean env

help:
	@echo "make run | test | lint | docs | bench | matrix | controls | screenshots | theme | wheel | messages | clean"

# --- environment: installed once, and again only when pyproject.toml has changed ---------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "flask_lback needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "== environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.example: pyproject.toml | $(BIN)/python
	@echo "== install with the example"
	@$(PIP) install -e '.[example]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "== install with all tools"
	@$(PIP) install -e '.[dev]'
	@touch $@ $(VENV)/.example

env: $(VENV)/.dev

# --- the example -------------------------------------------------------------------------------

run: $(VENV)/.example
	@$(BIN)/python -m example_app.serve

# --- checks: in this order, stopping at the first that fails; pytest's closing line comes last --

test: lint docs axe
	@$(MAKE) --no-print-directory pytest

lint: $(VENV)/.dev
	@echo "== ruff"
	@$(BIN)/ruff check --quiet .
	@echo "== ruff format"
	@$(BIN)/ruff format --quiet --check . \
	  || { echo "run: $(BIN)/ruff format ." >&2; exit 1; }
	@echo "== mypy"
	@$(BIN)/mypy --no-error-summary
	@echo "== import-linter"
	@$(BIN)/lint-imports --no-logo --no-cache > $(VENV)/.floors 2>&1 || { cat $(VENV)/.floors; exit 1; }
	@echo "== bandit"
	@$(BIN)/bandit --quiet -c pyproject.toml -r flask_lback example_app

docs: $(VENV)/.dev
	@echo "== documentation"
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

# The accessibility test wants axe-core from theme/; without npm it skips and says so.
axe:
	@if command -v npm > /dev/null && [ -f theme/package.json ] \
	    && [ ! -f theme/node_modules/axe-core/axe.min.js ]; then \
	  echo "== axe-core"; \
	  $(NPM_INSTALL) || echo "npm could not install axe-core: its test will skip" >&2; \
	fi

pytest: $(VENV)/.dev
	@echo "== pytest"
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term-missing:skip-covered $(PYTEST_FLAGS)

# --- the rest ----------------------------------------------------------------------------------

# The peers have an environment of their own, so that no tool and no test sees them.
bench: $(VENV)/bench/.done
	@$(VENV)/bench/bin/python -m benchmarks

$(VENV)/bench/.done: pyproject.toml | $(BIN)/python
	@echo "== environment of the benchmarks in $(VENV)/bench"
	@$(PYTHON) -m venv $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip --disable-pip-version-check --quiet install -e '.[bench]'
	@touch $@

matrix: $(VENV)/.dev
	@$(BIN)/python -m tests.matrix

controls: $(VENV)/.dev
	@$(BIN)/python -m tests.attacks.switching --workers $(WORKERS) $(ONLY)

screenshots: $(VENV)/.dev
	@$(BIN)/python -m tests.browser.screenshots

# The versions in package.json are exact: another compiler would write another style sheet.
NPM_INSTALL = cd theme && npm install --silent --no-audit --no-fund

theme:
	@command -v npm > /dev/null || { echo "make theme needs npm (Node.js)" >&2; exit 1; }
	@($(NPM_INSTALL))
	@cd theme && npm run --silent build

wheel: $(VENV)/.dev
	@rm -rf build
	@$(BIN)/python -m build --wheel --outdir dist .

messages: $(VENV)/.dev
	@mkdir -p flask_lback/translations
	@$(BIN)/pybabel extract -F setup.cfg -k lazy_gettext -k _l -o flask_lback/translations/messages.pot .

clean:
	@rm -rf build dist htmlcov docs/_build .coverage .coverage.* \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	@find $(wildcard $(LIVE)) -name __pycache__ -type d -prune -exec rm -rf {} +
