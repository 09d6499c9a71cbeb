#!/usr/bin/env bash
# Obtain a real Asterisk (20 or later; 22 is the reference) and SIPp, and say where they are.
#
# In this order: PORTEVOIX_PBX_TREE; an Asterisk 22 or later on PATH; a private tree, shared by every
# clone of this user; an older Asterisk on PATH; the distribution's packages, where root or sudo
# allows. What is already there is only checked, which takes less than a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

# Where Asterisk is, and where an unprivileged user's PATH does not lead.
PATH=$PATH:/usr/local/sbin:/usr/sbin
readonly OLDEST=20 REFERENCE=22
cache=${PORTEVOIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/portevoix}
readonly tree=$cache/pbx-tree
# Root's home is closed to the unprivileged user Asterisk runs as, so root's tree lives here and the
# cache links to it; where root made it, everyone's does. PORTEVOIX_CACHE overrides both.
readonly system_tree=/var/cache/portevoix/pbx-tree

major_on_path() {
  { asterisk -V 2>/dev/null || true; } | sed -nE 's/^Asterisk (certified\/)?([0-9]+).*/\2/p'
}

# An Asterisk of at least version $1, and a SIPp, on PATH.
on_path() {
  local major
  have asterisk && have sipp || return 1
  major=$(major_on_path)
  [[ -n $major ]] && ((major >= $1))
}

report_path() {
  say "PBX: $(command -v asterisk) ($(asterisk -V 2>/dev/null)), SIPp: $(command -v sipp)"
}

report_tree() {
  local versions
  versions=$(setup/pbx-probe.sh "$1" 2>/dev/null) || return 1
  say "PBX: $1 ($versions)"
}

given_tree() {
  setup/pbx-probe.sh "$PORTEVOIX_PBX_TREE" >/dev/null ||
    die "PORTEVOIX_PBX_TREE=$PORTEVOIX_PBX_TREE is not a tree with a working Asterisk and SIPp" \
      "Correct it, or unset it to have one made."
  report_tree "$PORTEVOIX_PBX_TREE"
}

# Where a new tree is made: the cache, or for root, unless told otherwise, the system's.
place() {
  if ((EUID == 0)) && [[ -z ${PORTEVOIX_CACHE:-} ]]; then
    echo "$system_tree"
  else
    echo "$tree"
  fi
}

# Make the tree unless another clone made it while this one waited.
make_tree() {
  local target=$1 lock started=$SECONDS
  mkdir -p "$(dirname "$target")" || return 1
  exec {lock}>"$target.lock"
  if ! flock --nonblock "$lock"; then
    say "Another set-up is making $target: waiting for it"
    flock --wait 900 "$lock" || die "another set-up has held $target.lock for 15 minutes"
  fi
  report_tree "$target" && return
  # Left by a set-up that was killed: no other runs while the lock is held.
  rm -rf "$target".??????
  say "Making a private Asterisk in $target: about 100 MB to download, 200 MB on disk"
  setup/pbx-tree.sh "$target" && report_tree "$target" || return 1
  say "Made in $((SECONDS - started)) s, $(du -sh "$target" | cut -f 1)"
}

link_cache() {
  [[ $1 == "$tree" ]] && return
  mkdir -p "$cache"
  rm -rf "$tree"
  ln -s "$1" "$tree"
}

private_tree() {
  local target
  report_tree "$tree" && return
  if [[ -z ${PORTEVOIX_CACHE:-} ]] && report_tree "$system_tree"; then
    link_cache "$system_tree"
    return
  fi
  target=$(place)
  make_tree "$target" || return 1
  link_cache "$target"
}

distribution_packages() {
  install_packages asterisk sip-tester || return 1
  # The package starts a PBX of its own, which would hold the SIP port.
  as_root systemctl disable --now asterisk >/dev/null 2>&1 || true
  on_path "$OLDEST" && report_path
}

main() {
  if [[ -n ${PORTEVOIX_PBX_TREE:-} ]]; then given_tree; return; fi
  if on_path "$REFERENCE"; then report_path; return; fi
  private_tree && return
  if on_path "$OLDEST"; then report_path; return; fi
  distribution_packages && return
  die "no Asterisk $OLDEST or later with SIPp could be had on this machine" \
    "Any one of these mends it:" \
    "  - the packages asterisk (20 or later) and sip-tester (SIPp), if this system has them;" \
    "  - PORTEVOIX_DEBIAN_MIRROR=<a Debian mirror's address> make pbx, on a machine with apt;" \
    "  - PORTEVOIX_PBX_TREE=<a directory holding an unpacked Asterisk and SIPp>;" \
    "  - Docker: docker compose up (docker-compose.yml brings its own Asterisk)."
}

main
