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
test: environment pbx assets ## every test, those against a real Asterisk included
	@.venv/bin/pytest -q -n 2 --dist loadscope

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

# docs/benchmarks.md says how each figure is made, and what BENCH, DAY, PARIS and IMPORT can say.
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

.PHONY: bench-import
bench-import: environment ## a list of six million people, imported while another wants to write
	@.venv/bin/python -m bench.importing_list $(IMPORT)

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

.PHONY: wheel
wheel: environment assets ## build the wheel into dist/
	@rm -rf dist
	@.venv/bin/python -m build --no-isolation --wheel

.PHONY: wheel-check
wheel-check: wheel pbx ## install the wheel outside the clone and run its doctor
	@setup/wheel-check.sh

.PHONY: clean
clean: ## remove what was built here (not var/, which holds data, nor the shared PBX)
	@rm -rf .venv node_modules build dist api/dashboard/static/vendor
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
