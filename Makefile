# `make help` lists the targets. Everything lands in .venv, node_modules and var, inside this folder.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo check setup setup-tests test lint tests coverage deep bench lock format hooks clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: setup ## set up what is missing, then run the demonstration and print its address
	$(BIN)/varco demo

check: setup ## play the scenario steps against the running demonstration
	$(BIN)/varco demo --check

setup: ## create .venv and fetch what the demonstration needs
	@$(PYTHON) tools/setup.py runtime

setup-tests: ## the same, and what the checks and the tests need (Debian packages too, as root)
	@$(PYTHON) tools/setup.py tests

test: setup-tests lint tests ## everything: set up, check, run all tests

lint: ## ruff, mypy, import contracts, dependencies, requirement report
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m tools.requirements_report --check

tests: ## all tests, on two processes
	$(BIN)/python -m pytest -n 2 --dist loadgroup

coverage: ## all tests in one process, with branch coverage
	$(BIN)/coverage run --branch --source conventions,policies,adapters,broker -m pytest
	$(BIN)/coverage report --skip-covered --show-missing

deep: ## long property tests; by hand and before a release
	$(BIN)/python -m pytest -n 2 --dist loadgroup --hypothesis-profile=deep --timeout=3600

bench: ## measure; both sides in one run, nothing else running
	$(BIN)/python -m tests.benchmarks

lock: ## resolve the dependencies anew into requirements/*.txt
	$(BIN)/uv pip compile pyproject.toml requirements/build.in -o requirements/runtime.txt $(LOCK)
	$(BIN)/uv pip compile pyproject.toml requirements/build.in requirements/dev.in -c requirements/runtime.txt \
	  -o requirements/dev.txt $(LOCK)
LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --quiet

format: ## let ruff format and fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

hooks: setup-tests ## let git run the checks before each commit
	$(BIN)/pre-commit install

clean: ## remove the demonstration's data and every cache; .venv and node_modules stay
	rm -rf var build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
