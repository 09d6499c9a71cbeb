#!/usr/bin/env bash
# Make .venv-tools, with what builds the documentation and the bill of materials: locked with hashes
# like everything else, and apart from .venv, so that no test runs on what only a release needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly stamp=.venv-tools/.portevoix-setup

state() { cat requirements/tools.txt setup/tools.sh | sha256sum; }

if [[ -f $stamp && $(state) == "$(cat "$stamp")" ]]; then exit 0; fi
say "Installing the locked tools into .venv-tools"
rm -rf .venv-tools
.venv/bin/python -m venv .venv-tools
.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check \
  --no-deps --require-hashes -r requirements/tools.txt ||
  die "the tools could not be installed: pip's own words are above" \
    "Without a network, or behind a proxy or a mirror, tell pip so (pip config, PIP_INDEX_URL)."
state >"$stamp"
