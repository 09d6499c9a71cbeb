#!/usr/bin/env bash
# Install the wheel in dist/ with its locked dependencies, outside the clone, and run its doctor.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

clone=$PWD
wheel=$(compgen -G 'dist/portevoix-*.whl') || die "there is no wheel in dist/" "Run: make wheel"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

say "Installing $wheel in a fresh environment outside the clone"
.venv/bin/python -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check \
  --no-deps --require-hashes -r requirements/runtime.txt
"$place/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$clone/$wheel"
mkdir "$place/elsewhere"
cd "$place/elsewhere"
# A home of its own, which the unprivileged user of the PBX can enter.
chmod 755 "$place"
"$place/venv/bin/portevoix" --home "$place/home" doctor
