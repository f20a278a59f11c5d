# One command does everything, set-up included, on a machine with git, make and Python >= 3.11.
.DELETE_ON_ERROR:
.PHONY: help run test check chaos week bench reports e2e format clean

UV := $(shell command -v uv || echo .uv/bin/uv)
BIN = .venv/bin
CODE = bot handlers services ports adapters engines sandbox migrations benchmarks tests
PYTEST = $(BIN)/pytest
# one more than there are processors: a scenario waits for much of its time
JOBS = $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
# a machine may be told to keep no bytecode: then every process would compile every module again
unexport PYTHONDONTWRITEBYTECODE
ONLY =
LOCKED =
ROUNDS = 500
WEEKS = 4
SEED = 1

help:
	@echo 'make run      start the desk; without a Telegram token, the sandbox and its chat page'
	@echo 'make test     everything that must hold: style, types, import contracts, tests, coverage'
	@echo 'make e2e      the browser tests (installs Chromium if it is absent)'
	@echo 'make chaos    kill the order road on the wire 500 times; make chaos ROUNDS=1 SEED=7 for one again'
	@echo 'make week     the same over seven market days, four times; make week WEEKS=1 SEED=7 for one again'
	@echo 'make bench    the benchmarks, one JSON object a line; make bench ONLY=chart for one family'
	@echo 'make check    style, types and import contracts alone'
	@echo 'make reports  a short backtest on made-up markets: its artefacts are in reports/short'
	@echo 'make format   write the code in the one style'
	@echo 'make clean    forget everything that can be made again'

run: .venv/.runtime
	@exec $(BIN)/perpetuum run

test: check
	$(PYTEST) -n $(JOBS) --maxprocesses 8 --dist worksteal --cov --cov-report term --cov-report json:.coverage.json
	@$(BIN)/python .ci/badge .coverage.json docs/badges/coverage.svg

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

e2e: .venv/.e2e
	@.ci/need chromium chromium fonts-dejavu-core fonts-noto-color-emoji
	$(PYTEST) -n 2 tests/browser

chaos: .venv/.dev
	@$(BIN)/python -m tests.build.chaos --rounds $(ROUNDS) --seed $(SEED) $(if $(LOCKED),--locked)

week: .venv/.dev
	@$(BIN)/python -m tests.build.chaos --rounds $(WEEKS) --seed $(SEED) --stages 14

bench: .venv/.bench
	@$(BIN)/python -m benchmarks $(ONLY)

reports: .venv/.dev
	@rm -rf reports/short
	@NUMBA_CACHE_DIR=.cache/kernels $(BIN)/python -m tests.build.short_backtest reports/short

format: .venv/.dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .uv .mypy_cache .ruff_cache .import_linter_cache .hypothesis .cache .coverage* htmlcov dist artefacts reports/short
	find $(CODE) -name __pycache__ -prune -exec rm -rf {} +

# Stamps: a set-up is repeated only when what it was made from has changed. --inexact leaves alone
# what a richer set-up has installed; --locked refuses a lock that no longer fits the project file.
.venv/.runtime: pyproject.toml uv.lock
	@test -x $(UV) || .ci/bootstrap-uv
	$(UV) sync --quiet --locked --inexact --no-dev --extra postgres
	@touch $@

.venv/.dev: pyproject.toml uv.lock
	@test -x $(UV) || .ci/bootstrap-uv
	$(UV) sync --quiet --locked --inexact --all-extras
	@touch .venv/.runtime $@

.venv/.bench: pyproject.toml uv.lock
	@test -x $(UV) || .ci/bootstrap-uv
	$(UV) sync --quiet --locked --inexact --all-extras --group bench
	@touch .venv/.runtime .venv/.dev $@

.venv/.e2e: pyproject.toml uv.lock
	@test -x $(UV) || .ci/bootstrap-uv
	$(UV) sync --quiet --locked --inexact --all-extras --group e2e
	@touch .venv/.runtime .venv/.dev $@
