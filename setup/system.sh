# shellcheck shell=bash
# Sourced by the other scripts here: plain words for the person at the terminal, and system packages.

say() { printf '%s\n' "$*"; }

# Say what is missing and how to mend it, one line per argument, and stop.
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  if (($#)); then printf '       %s\n' "$@" >&2; fi
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

can_be_root() { ((EUID == 0)) || { have sudo && sudo -n true 2>/dev/null; }; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

# Install Debian or Ubuntu packages; fails, without a word, where that is impossible.
install_packages() {
  have apt-get && can_be_root || return 1
  say "Installing system packages: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || return 1
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
