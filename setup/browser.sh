#!/usr/bin/env bash
# Run the browser test: the dashboard of a real installation in a real Chromium, judged by axe.
#
# PORTEVOIX_CHROMIUM names the browser; otherwise Debian's is used, and installed where that can be
# done. Screenshots are left in build/screenshots/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly stamp=.venv/.portevoix-browser

find_chromium() {
  local candidate
  for candidate in ${PORTEVOIX_CHROMIUM:-chromium chromium-browser google-chrome}; do
    if have "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

need_chromium() {
  find_chromium && return
  [[ -z ${PORTEVOIX_CHROMIUM:-} ]] || die "PORTEVOIX_CHROMIUM=$PORTEVOIX_CHROMIUM is no program here"
  install_packages chromium >&2 && find_chromium && return
  die "no Chromium here, which this test drives" \
    "Install one (Debian: apt-get install chromium), or set PORTEVOIX_CHROMIUM to the path of one."
}

chromium=$(need_chromium)
if [[ ! -f $stamp || $(cat "$stamp") != "$(sha256sum <requirements/browser.txt)" ]]; then
  say "Installing what drives the browser into .venv"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --no-deps --require-hashes -r requirements/browser.txt ||
    die "it could not be installed: pip's own words are above"
  sha256sum <requirements/browser.txt >"$stamp"
fi
say "Browser: $("$chromium" --version 2>/dev/null)"
PORTEVOIX_TEST_CHROMIUM=$chromium .venv/bin/python -m pytest -q tests/acceptance/test_browser.py "$@"
say "Screenshots: build/screenshots/"
