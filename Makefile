# What can be done here; every target sets up what it needs. `make` alone lists them.
PYTHON ?= python3
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"$$/\1/p' benison/__init__.py)
BIN := .venv/bin

# What the shell says of other projects' Pythons is not meant for this one.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help setup run test check style types layers budget freshness compile docs locks clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## make .venv with the lock that fits this machine; done already where nothing changed
	@$(PYTHON) requirements/setup_environment.py

run: setup ## the example project: span 1 makes the first champion, span 2 a challenger
	@$(BIN)/benison run examples/census --span 1 --span 2

test: setup ## the tests; make test ARGS="-k gate"
	@$(BIN)/python -m pytest -m "not slow" $(ARGS)

check: style types layers budget freshness ## lint, types, layers, sizes, and that what is generated is fresh

style: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy
	@$(BIN)/mypy requirements/setup_environment.py checks

layers: setup
	@$(BIN)/lint-imports --no-logo

budget: setup
	@$(BIN)/python -m checks.size_budget

freshness: setup
	@$(BIN)/python -m checks.contracts
	@$(BIN)/python -m checks.compiled

compile: setup ## write pipelines/compiled/ anew
	@$(BIN)/python -m checks.compiled --write

docs: setup ## write the component tables in the READMEs anew
	@$(BIN)/python -m checks.contracts --write

clean: ## remove what was set up, built or cached; runs and registries stay
	rm -rf .venv .uv build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
