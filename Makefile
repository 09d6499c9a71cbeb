# Every target sets up what it needs: .venv, the PBX and the browser assets. What is there already
# costs nothing. `make help` lists the targets.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: environment
environment:
	@setup/environment.sh

.PHONY: pbx
pbx: ## obtain a real Asterisk and SIPp, without root where possible, and say where they are
	@setup/pbx.sh

.PHONY: assets
assets: environment
	@setup/assets.sh

.PHONY: demo
demo: environment pbx assets ## 1,000 calls through Asterisk to a simulated telephone network
	@.venv/bin/portevoix demo

.PHONY: serve
serve: environment pbx assets ## run the API, the dashboard and the dialer
	@.venv/bin/portevoix serve

.PHONY: test
test: environment pbx assets tools ## every test, those against a real Asterisk included
	@.venv/bin/pytest -q -n 4 --dist loadscope --no-loadscope-reorder

.PHONY: test-postgresql
test-postgresql: environment pbx assets tools ## the tests again, with PostgreSQL where they would have SQLite
	@.venv/bin/python -m pytest -q -n 4 --dist loadscope --no-loadscope-reorder --on postgresql

.PHONY: check
check: environment ## formatting, lint, types, layers, and no package registry named in any file
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	setup/no-registry-hosts.sh

.PHONY: bench-ami
bench-ami: environment ## events through the AMI adapter, against the plain library
	@.venv/bin/python bench/ami.py

# docs/benchmarks.md says how each figure is made, and what BENCH, DAY, PARIS, MACHINES, IMPORT, HEARD,
# KEYS, CLUSTER, EXPORT and ASKED can say.
.PHONY: bench
bench: environment pbx ## engine against the raw AMI loop, limits, opt-outs, claims, memory
	@.venv/bin/python -m bench $(BENCH)

.PHONY: bench-day
bench-day: environment pbx ## half a million people called, stopped in the middle and resumed
	@.venv/bin/python -m bench.day $(DAY)

.PHONY: bench-paris
bench-paris: environment pbx ## 18 calls a second with a message of 30 s, for 30 minutes
	@.venv/bin/python -m bench.paris $(PARIS)

.PHONY: bench-audio
bench-audio: environment ## what the telephone makes of a recording: aliases, loudness, speed
	@.venv/bin/python -m bench.recordings

.PHONY: bench-machines
bench-machines: environment pbx ## answering machines and people, told apart through real calls
	@.venv/bin/python -m bench.machines $(MACHINES)

.PHONY: bench-heard
bench-heard: environment pbx ## what 1,000 phones heard of the message, and how soon
	@.venv/bin/python -m bench.heard $(HEARD)

.PHONY: bench-keys
bench-keys: environment pbx ## 10,000 keys at random instants, each acted on once
	@.venv/bin/python -m bench.keys $(KEYS)

.PHONY: bench-import
bench-import: environment ## a list of six million people, imported while another wants to write
	@.venv/bin/python -m bench.importing_list $(IMPORT)

.PHONY: bench-export
bench-export: environment pbx ## 1,000,000 attempts as CSV and XLSX while the dialer calls
	@.venv/bin/python -m bench.exporting $(EXPORT)

.PHONY: bench-cluster
bench-cluster: environment pbx ## three dialers with three Asterisks on one PostgreSQL, killed at random
	@.venv/bin/python -m bench.cluster $(CLUSTER)

.PHONY: bench-api
bench-api: environment pbx ## the API asked by many while the dialer calls, and what it costs either
	@.venv/bin/python -m bench.api $(ASKED)

.PHONY: fuzz-api
fuzz-api: environment ## a hundred random requests to every operation of the API
	@PORTEVOIX_FUZZ=100 .venv/bin/pytest -q --timeout 1800 tests/unit/api/test_api_fuzz.py

.PHONY: webhooks
webhooks: environment ## a receiver that is down for ten minutes at 100 events a second
	@PORTEVOIX_EVENTS=100 .venv/bin/pytest -q --timeout 1800 tests/unit/operations/test_receiver_down.py

.PHONY: api-schema
api-schema: environment ## write the API's examples and its schema anew, after something was added
	@PYTHONPATH=tests .venv/bin/python tests/unit/api/api_walk.py

# docs/faults.md shows what CHAOS="..." can say.
.PHONY: chaos
chaos: environment pbx ## a campaign while dialer, PBX, link and database fail, judged at its end
	@.venv/bin/python -m bench.chaos $(CHAOS)

.PHONY: test-browser
test-browser: environment pbx assets ## the dashboard in a real Chromium: a new user's whole way, axe on every page
	@setup/browser.sh

.PHONY: test-compose
test-compose: environment ## docker-compose.yml on a real Docker engine: a rehearsal, down and up again
	@setup/compose.sh

.PHONY: tools
tools: environment
	@setup/tools.sh

.PHONY: docs
docs: tools ## build the documentation site into build/docs; every warning is an error
	@.venv-tools/bin/sphinx-build --builder html --fresh-env --write-all --fail-on-warning --keep-going --quiet docs build/docs
	@echo build/docs/index.html

.PHONY: sbom
sbom: tools ## the bill of materials, CycloneDX, into build/sbom.json
	@mkdir -p build
	@PYTHONWARNINGS=ignore .venv-tools/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file build/sbom.json requirements/runtime.txt
	@echo build/sbom.json

.PHONY: licences
licences: environment ## hold the licence of everything that is installed against those we allow
	@.venv/bin/python setup/licences.py

.PHONY: wheel
wheel: environment assets ## build the wheel into dist/
	@rm -rf dist
	@.venv/bin/python -m build --no-isolation --wheel

.PHONY: wheel-check
wheel-check: wheel pbx ## install the wheel outside the clone and run its doctor
	@setup/wheel-check.sh

.PHONY: clean
clean: ## remove what was built here (not var/, which holds data, nor the shared PBX)
	@rm -rf .venv .venv-tools node_modules build dist api/dashboard/static/vendor
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
