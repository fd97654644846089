# The verbs of this project. `make` alone lists them.
PYTHON ?= python3
HOST   ?= 127.0.0.1
PORT   ?= 8501

VENV   := .venv
PY     := $(VENV)/bin/python
DEMO   := data/demo.db
STORE  := sqlite:///$(abspath $(DEMO))
SERVE  := $(VENV)/bin/streamlit run dashboard.py --server.headless true --server.address $(HOST) --server.port $(PORT)

.DEFAULT_GOAL := help
.PHONY: help demo run test check setup bench

help: ## this list
	@echo "Usage: make VERB"
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/runtime ## fill a demonstration ward relative to now, and serve it (PORT=8501, HOST=127.0.0.1)
	@rm -f $(DEMO) $(DEMO)-wal $(DEMO)-shm
	@$(PY) -m monitoring demo --db $(STORE)
	@echo "Demonstration ward, synthetic patients: http://$(HOST):$(PORT)  (stop with Ctrl+C)"
	@MONITORING_DATABASE_URL=$(STORE) MONITORING_DEMONSTRATION=1 MONITORING_URL=http://$(HOST):$(PORT) exec $(SERVE)

run: $(VENV)/runtime ## serve the ward's own store (MONITORING_DATABASE_URL, else data/monitoring.db)
	@echo "Ward: http://$(HOST):$(PORT)  (stop with Ctrl+C)"
	@MONITORING_URL=$${MONITORING_URL:-http://$(HOST):$(PORT)} exec $(SERVE)

test: $(VENV)/development ## everything: lint, format, types, tests; all run even when one fails
	@.ci/system-packages
	@status=0; \
	$(MAKE) --no-print-directory check || status=1; \
	$(PY) -m pytest -n 2 --dist loadscope -rs || status=1; \
	exit $$status

check: $(VENV)/development ## lint, format, types, secrets, known vulnerabilities of what is installed
	@status=0; \
	for tool in "-m ruff check ." "-m ruff format --check ." "-m mypy --strict" \
	    ".ci/scan_secrets.py" ".ci/scan_dependencies.py"; do \
	  echo "$$tool"; $(PY) $$tool || status=1; \
	done; exit $$status

setup: $(VENV)/development ## create .venv with everything, for working on the code; commits are scanned for secrets
	@git config core.hooksPath >/dev/null || git config core.hooksPath .ci/hooks

bench: $(VENV)/development ## measure a cohort, a ward of 30 patients and one more value beside peer-style baselines
	$(PY) -m tests.benchmarks.cohort
	$(PY) -m tests.benchmarks.ward
	$(PY) -m tests.benchmarks.live
	$(PY) -m tests.benchmarks.intake --durable
	$(PY) -m tests.benchmarks.fhir
	$(PY) -m tests.benchmarks.hl7v2
	$(PY) -m tests.benchmarks.hearing
	$(PY) -m tests.benchmarks.grown
	$(PY) -m tests.benchmarks.load --minutes 3

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv --without-pip $(VENV)

# Each stamp is the moment its list was last installed; pip runs again only when a list is newer.
$(VENV)/runtime: $(PY) requirements.txt requirements-lock.txt
	$(PYTHON) -m pip --python $(PY) install --quiet -r requirements.txt
	@touch $@

$(VENV)/development: $(PY) requirements-dev.txt requirements.txt requirements-lock.txt
	$(PYTHON) -m pip --python $(PY) install --quiet -r requirements-dev.txt
	@touch $@ $(VENV)/runtime
