#!/usr/bin/env bash
# Make .venv, with Python 3.11 to 3.13 and every locked dependency, and install this clone into it.
#
# PORTEVOIX_PYTHON names the interpreter; otherwise python3 is used where its version fits, and
# then python3.13, python3.12 and python3.11. Nothing is done where nothing has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly stamp=.venv/.portevoix-setup

# What the environment was made from: the clone's place, because scripts in a venv name it, and the
# text of everything that says what to install.
state() {
  echo "$PWD"
  cat pyproject.toml requirements/dev.txt setup/environment.sh | sha256sum
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in ${PORTEVOIX_PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if fits "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

need_python() {
  find_python && return
  [[ -z ${PORTEVOIX_PYTHON:-} ]] || die "PORTEVOIX_PYTHON=$PORTEVOIX_PYTHON is not a Python 3.11 to 3.13"
  install_packages python3 python3-venv >&2 && find_python && return
  die "no Python 3.11, 3.12 or 3.13 here" \
    "Install one (Debian 12 and later, Ubuntu 24.04: apt-get install python3 python3-venv)," \
    "or set PORTEVOIX_PYTHON to the path of one."
}

# Debian and Ubuntu keep ensurepip in a package of its own.
need_venv() {
  local python=$1 package
  "$python" -c 'import ensurepip, venv' 2>/dev/null && return
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  install_packages "$package" && "$python" -c 'import ensurepip, venv' 2>/dev/null && return
  die "$python cannot make virtual environments" \
    "Run as root: apt-get install $package" \
    "or set PORTEVOIX_PYTHON to a Python 3.11 to 3.13 that can."
}

usable() {
  [[ -x .venv/bin/python ]] && fits .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1 &&
    { [[ ! -f $stamp ]] || [[ $(head -n 1 "$stamp") == "$PWD" ]]; }
}

make_venv() {
  local python
  python=$(need_python)
  need_venv "$python"
  say "Making .venv with $("$python" --version) ($python)"
  rm -rf .venv
  "$python" -m venv .venv
}

install_locked() {
  say "Installing the locked dependencies into .venv"
  rm -f "$stamp"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --no-deps --require-hashes -r requirements/dev.txt ||
    die "the dependencies could not be installed: pip's own words are above" \
      "Without a network, or behind a proxy or a mirror, tell pip so (pip config, PIP_INDEX_URL)."
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation -e .
  state >"$stamp"
}

if [[ -f $stamp && -x .venv/bin/python && $(state) == "$(cat "$stamp")" ]]; then exit 0; fi
usable || make_venv
install_locked
