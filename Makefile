# Everything needed is set up by the targets themselves: only Python and make are asked for.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP_FLAGS := --quiet --disable-pip-version-check
# uv installs in seconds what takes pip more than a minute; pip where uv cannot reach an index
UV_FLAGS := --quiet --compile-bytecode --python $(BIN)/python
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-strip-extras --no-header
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: refresh test faults dev check bench format lock clean
.DELETE_ON_ERROR:

refresh: $(READY)  ## the nightly refresh on the sandbox province
	@$(BIN)/ioc sandbox run --profile hung_yen $(BIN)/ioc refresh --profile hung_yen

test: $(READY)  ## every test
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

faults: $(READY)  ## the long fault suite: kills, full disks, bad sources, hostile files
	@IOC_TESTS_MUST_KILL=1 $(BIN)/pytest tests/faults -m "" -n 2 --dist loadfile --no-loadscope-reorder

dev: $(READY)  ## sandbox systems and the Dagster UI on 127.0.0.1:3000
	@$(BIN)/ioc sandbox run $(BIN)/ioc dev

check: $(READY)  ## format, lint, types, import rules, generated files fresh
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/sqlfmt --check --quiet dbt_project/models dbt_project/macros dbt_project/tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/ioc contracts check

bench: $(READY)  ## the benchmarks, as ratios against peers in the same run; writes docs/benchmarks.md
	@$(BIN)/python -m scripts.bench

format: $(READY)  ## write the format that `check` asks for
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/sqlfmt --quiet dbt_project/models dbt_project/macros dbt_project/tests

lock: $(READY)  ## resolve the lock files anew
	@$(COMPILE) --extra dev pyproject.toml -o requirements.lock.txt
	@$(COMPILE) requirements.uv.in -o requirements.uv.txt

wheelhouse: $(READY)  ## all that a machine without network is installed from, proved
	@scripts/deploy/wheelhouse.sh $(WHEELHOUSE)

clean:  ## remove the environment; data in var/ stays
	@rm -rf $(VENV) *.egg-info dbt_project/target

$(READY): requirements.lock.txt requirements.uv.txt pyproject.toml
	@echo "Setting up $(VENV): about a minute, once" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --requirement requirements.uv.txt $(PIP_FLAGS) --require-hashes
	@$(BIN)/uv pip install --requirement requirements.lock.txt $(UV_FLAGS) --require-hashes \
	  || $(BIN)/pip install --requirement requirements.lock.txt $(PIP_FLAGS) --require-hashes
	@$(BIN)/pip install --editable . $(PIP_FLAGS) --no-deps --no-build-isolation
	@$(BIN)/python -m ioc_pipelines.orchestration.dbt
	@touch $@
