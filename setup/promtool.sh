#!/usr/bin/env bash
# Say where a promtool is: on PATH, or unpacked without root from Debian's package prometheus into the
# user's cache. Fails with a plain line where there can be none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly ours=${PORTEVOIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portevoix}/promtool

fetch() {
  local work status=0
  have apt-get && have dpkg-deb || return 1
  work=$(mktemp -d)
  unpack "$work" || status=1
  rm -rf "$work"
  return "$status"
}

# As a function called in a condition runs without `set -e`, each step says what follows a failure.
unpack() {
  local work=$1
  chmod 755 "$work"
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User= prometheus) >/dev/null 2>&1 || return 1
  dpkg-deb -x "$work"/prometheus_*.deb "$work/tree" || return 1
  "$work/tree/usr/bin/promtool" --version >/dev/null 2>&1 || return 1
  mkdir -p "$(dirname "$ours")" && cp "$work/tree/usr/bin/promtool" "$ours.new" && mv "$ours.new" "$ours"
}

if have promtool; then command -v promtool; exit 0; fi
[[ -x $ours ]] || fetch || die "no promtool here, and Debian's package prometheus cannot be fetched"
echo "$ours"
