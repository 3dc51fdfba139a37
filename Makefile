# Two commands matter on a fresh machine: `make demo` and `make test`. Both need Python >= 3.11 only.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SCENARIO ?= compliant
RUNS ?= 1000000
# Programs of Debian that the kinds of probe meet, one a line; tests/debian.py knows their packages.
SERVERS := \
	7zz bsdtar unzip \
	apache2 catalina.sh \
	check_http check_procs systemctl systemd-analyze \
	haproxy \
	ip nft \
	mariadbd \
	named \
	nginx \
	postfix \
	Orthanc storescp \
	slapd \
	sshd \
	unbound
STAMP  := $(VENV)/.locked
UV     := VIRTUAL_ENV=$(VENV) UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 $(BIN)/uv

export PYTHONDONTWRITEBYTECODE ?=

.DEFAULT_GOAL := help
.PHONY: docs help venv demo test test-demo test-store test-store-timescale timescale test-metrics test-servers test-browser test-pdf test-pythons test-kill fuzz bench check ci ci-long test-wheel format format-check lint types imports clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 30

venv: $(STAMP) ## the virtual environment, with the locked dependencies

$(STAMP): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Constat needs Python 3.11 or later; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -qq uv
	@$(UV) sync --quiet --frozen
	@touch $@

# An unforeseen verdict is exit code 1: 3 and 4 are what their scenarios are named for.
demo: $(STAMP) ## a real upgrade, measured; SCENARIO=breach, short-notice, inconclusive, maintenance-page
	@$(BIN)/constat demo --scenario $(SCENARIO); code=$$?; case $$code in 3|4) ;; *) exit $$code ;; esac

test: $(STAMP) ## every test that needs neither root nor a large download
	@$(BIN)/python -m pytest -q -n 3 -m "not servers and not chromium" --cov --cov-report=term tests

timescale: $(STAMP) ## a real TimescaleDB in .timescale/, for the next target (root only)
	@$(BIN)/python -m tests.timescale bootstrap

test-store-timescale: $(STAMP) ## the tests of the store on that TimescaleDB
	@$(BIN)/python -m tests.timescale run $(BIN)/python -m pytest -q tests/collector/store

test-store: $(STAMP) ## the tests of the store on any server: make test-store DSN=postgresql://…
	@test -n "$(DSN)" || { echo "make test-store: say which server, with DSN=postgresql://user@host/database" >&2; exit 2; }
	@CONSTAT_TEST_DSN="$(DSN)" $(BIN)/python -m pytest -q tests/collector/store

test-metrics: $(STAMP) ## promtool reads the metrics of an agent and of a collector (installs it, as root)
	@$(BIN)/python -m tests.debian promtool -- $(BIN)/python -m pytest -q -m metrics tests/agent tests/collector

test-servers: $(STAMP) ## the kinds of probe meet the real servers (installs them, as root)
	@$(BIN)/python -m tests.debian $(SERVERS) -- $(BIN)/python -m pytest -q -m servers tests

test-browser: $(STAMP) ## log in through a real Chromium (installs it, as root)
	@$(BIN)/python -m tests.debian chromium certutil -- $(BIN)/python -m pytest -q -m chromium tests/probes

test-pdf: $(STAMP) ## a second checker of accessible PDF judges the reports, in an environment of its own
	@UV_PROJECT_ENVIRONMENT=.pdf $(UV) sync --quiet --frozen --no-default-groups --group pdf --no-install-project
	@$(BIN)/python -m pytest -q -m pdf tests/collector/report

test-pythons: $(STAMP) ## the same inputs give the same bytes under every version of Python there is
	@UV_PYTHON_DOWNLOADS=never $(BIN)/python -m tests.same_bytes compare

test-kill: $(STAMP) ## kill agents, collector and database for minutes, and audit what is left
	@$(BIN)/python -m tests.end_to_end.kill --full

fuzz: $(STAMP) ## fuzz every reader, guided by what is reached; RUNS=1000000 of each, TARGET=archive for one
	@UV_PROJECT_ENVIRONMENT=.fuzz $(UV) sync --quiet --frozen --no-default-groups --extra collector --group fuzz
	@.fuzz/bin/python -m tests.fuzz --runs $(RUNS) $(TARGET)

bench: $(STAMP) ## what things cost, as ratios to something measured in the same run; BENCH=agent for one
	@$(BIN)/python -m tests.bench $(BENCH)

test-demo: $(STAMP) ## every demonstration from end to end, about five minutes
	@CONSTAT_TEST_DEMOS=all $(BIN)/python -m pytest -q tests/end_to_end/test_demo.py

check: format-check lint types imports test ## what must pass before a commit

ci: test-metrics test-servers test-browser test-pdf test-pythons check test-wheel test-store-timescale test-demo ## all that CI runs

ci-long: ci fuzz ## all that CI runs, and the long runs of the fuzzers

test-wheel: $(STAMP) ## build the wheel and use it in empty environments
	@$(BIN)/python -m tests.from_wheel

format: $(STAMP) ## rewrite the sources in the project's style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet .

format-check: $(STAMP)
	@$(BIN)/ruff format --check --quiet .

lint: $(STAMP)
	@$(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/mypy

imports: $(STAMP)
	@$(BIN)/lint-imports --no-cache

docs: $(STAMP) ## run the commands of the README again and keep what they print, and what is true
	@$(BIN)/python -m tests.docs.console
	@$(BIN)/python -m tests.probes.corpus.truth

clean: ## remove everything that was built, the virtual environment too
	rm -rf $(VENV) .fuzz .pdf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build
