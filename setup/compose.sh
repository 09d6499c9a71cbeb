#!/usr/bin/env bash
# Bring docker-compose.yml up on a real Docker engine, run a rehearsal in it and judge it.
#
#   setup/compose.sh               what `make test-compose` runs
#
# Uses the engine that runs here. Where none does, root gets one for the time of the test, in a
# directory of its own, from the docker.io package. BASE_IMAGE names the image to build on. Where
# the usual one cannot be pulled, one is made of this machine's own Debian mirror, with its
# certificate authorities and its pip index, which the build needs just as this machine does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly OLDEST_COMPOSE=2.20
readonly MADE=portevoix-test-base:13
cache=${PORTEVOIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portevoix}
work=$(mktemp -d)
engine=

clean_up() {
  if [[ -n $engine ]]; then
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
  else
    docker image rm --force portevoix-test portevoix-test-{database,prometheus} >/dev/null 2>&1 || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

engine_answers() { docker info >/dev/null 2>&1; }

# An engine of our own, with its own socket and its own store, stopped at the end.
start_engine() {
  local left=60
  ((EUID == 0)) || return 1
  have dockerd || install_packages docker.io || return 1
  engine_answers && return
  say "Starting a Docker engine for the test"
  export DOCKER_HOST=unix://$work/docker.sock
  dockerd --host "$DOCKER_HOST" --data-root "$work/docker" --exec-root "$work/run" \
    --pidfile "$work/docker.pid" >"$work/dockerd.log" 2>&1 &
  engine=$!
  until engine_answers; do
    kill -0 "$engine" 2>/dev/null && ((left-- > 0)) || return 1
    sleep 0.5
  done
}

need_engine() {
  engine_answers && return
  start_engine && return
  if [[ -s $work/dockerd.log ]]; then tail -n 5 "$work/dockerd.log" >&2; fi
  die "no Docker engine runs here and none could be started: nothing was tested" \
    "Start one (as root: apt-get install docker.io; systemctl start docker)," \
    "or let this user use it: usermod --append --groups docker $(id -un)"
}

recent_compose() {
  local version
  version=$("$@" version --short 2>/dev/null) || return 1
  [[ $(printf '%s\n' "$OLDEST_COMPOSE" "${version#v}" | sort -V | head -n 1) == "$OLDEST_COMPOSE" ]]
}

# Debian 12 carries Compose 1.29 only: unpack the one of Debian testing into the cache.
fetch_compose() {
  local target=$1 uri keys=/usr/share/keyrings/debian-archive-keyring.gpg
  uri=$(debian_mirror) && [[ -f $keys ]] && have dpkg-deb || return 1
  say "Fetching Docker Compose from Debian testing" >&2
  mkdir -p "$work"/apt/{lists/partial,archives/partial} "$cache"
  echo "deb [signed-by=$keys] $uri testing main" >"$work/apt/sources.list"
  : >"$work/apt/status"
  local options=(-qq -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State=$work/apt" -o "Dir::State::status=$work/apt/status" -o "Dir::Cache=$work/apt"
    -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=)
  apt-get "${options[@]}" update >&2 || return 1
  (cd "$work/apt" && apt-get "${options[@]}" download docker-compose >&2) || return 1
  dpkg-deb -x "$work"/apt/docker-compose_*.deb "$work/apt/tree" || return 1
  cp "$work/apt/tree/usr/libexec/docker/cli-plugins/docker-compose" "$target.new" &&
    mv "$target.new" "$target"
}

debian_mirror() {
  if [[ -n ${PORTEVOIX_DEBIAN_MIRROR:-} ]]; then echo "$PORTEVOIX_DEBIAN_MIRROR"; return; fi
  # shellcheck disable=SC2016  # apt, not the shell, fills these in
  apt-get indextargets --no-release-info --format '$(REPO_URI) $(LABEL)$(COMPONENT)' \
    'Created-By: Packages' 'Component: main' 2>/dev/null | awk '!/security/ {print $1; found = 1; exit} END {exit !found}'
}

find_compose() {
  local ours=$cache/docker-compose
  if recent_compose docker compose; then echo docker compose; return; fi
  if recent_compose docker-compose; then echo docker-compose; return; fi
  if recent_compose "$ours"; then echo "$ours"; return; fi
  fetch_compose "$ours" && recent_compose "$ours" && echo "$ours"
}

# The image to build on: the one named or the usual one where it is to be had, else one made here.
choose_base() {
  local usual=${BASE_IMAGE:-debian:13-slim}
  if docker image inspect "$usual" >/dev/null 2>&1 || docker pull --quiet "$usual" >/dev/null 2>&1; then
    echo "$usual"
    return
  fi
  [[ -z ${BASE_IMAGE:-} ]] || die "the base image $BASE_IMAGE is not here and cannot be pulled"
  docker image inspect "$MADE" >/dev/null 2>&1 || make_base >&2 || return 1
  echo "$MADE"
}

make_base() {
  local uri index
  uri=$(debian_mirror) || return 1
  have mmdebstrap || install_packages mmdebstrap || return 1
  say "No image can be pulled: making a base image of Debian 13 from this machine's mirror"
  mkdir "$work/base"
  mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
    --include=ca-certificates trixie "$work/base/root.tar" "$uri" || return 1
  mkdir "$work/base/authorities"
  cp /usr/local/share/ca-certificates/*.crt "$work/base/authorities/" 2>/dev/null || true
  index=$(.venv/bin/pip config get global.index-url 2>/dev/null || echo "${PIP_INDEX_URL:-}")
  printf '[global]\n%s\n' "${index:+index-url = $index}" >"$work/base/pip.conf"
  cat >"$work/base/Dockerfile" <<'DOCKERFILE'
FROM scratch
ADD root.tar /
COPY authorities /usr/local/share/ca-certificates/
COPY pip.conf /etc/pip.conf
RUN update-ca-certificates
DOCKERFILE
  docker build --quiet --tag "$MADE" "$work/base" >"$work/base.log" 2>&1 || { cat "$work/base.log"; return 1; }
}

main() {
  local compose base
  have docker || ((EUID != 0)) || install_packages docker.io || true
  have docker || die "Docker is not installed: nothing was tested" "As root: apt-get install docker.io"
  need_engine
  compose=$(find_compose) || die "no Docker Compose $OLDEST_COMPOSE or later here: nothing was tested" \
    "Install the package docker-compose-v2, docker-compose-plugin or docker-compose of your distribution."
  base=$(choose_base) || die "no base image can be pulled or made here: nothing was tested" \
    "Name one that is here: BASE_IMAGE=... make test-compose"
  say "Docker $(docker version --format '{{.Server.Version}}'), Compose $($compose version --short), base image $base"
  BASE_IMAGE=$base PORTEVOIX_TEST_COMPOSE=$compose DOCKER_BUILDKIT=1 \
    .venv/bin/pytest -q -s tests/acceptance/test_compose.py
}

main
