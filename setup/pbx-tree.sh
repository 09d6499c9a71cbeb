#!/usr/bin/env bash
# Unpack a private Asterisk and SIPp into a directory of their own, without root and without
# touching the system.
#
#   setup/pbx-tree.sh DIRECTORY
#
# Debian's stable releases carry no Asterisk and its testing does, so the packages come from testing,
# through apt with lists, status and cache of its own, and from the mirror this machine already uses
# (or PORTEVOIX_DEBIAN_MIRROR). Where the machine knows no Debian mirror, its own releases are tried.
# The result runs through its own dynamic loader, so it depends on no library of the machine.
set -euo pipefail
umask 022
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

readonly WANTED=(asterisk sip-tester)
# Of what those two depend on, only libraries are used: nothing is configured, no script is run.
readonly NEEDED='^(asterisk|asterisk-modules|asterisk-config|sip-tester|zlib1g|lib.+)$'
readonly UNUSED='^(libperl|libpython|libpam-|libsemanage|libdebconf|libc-gconv|libgpgme|libapt)'
readonly DEBIAN_RELEASES='^(oldoldstable|oldstable|stable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)$'

# The Debian mirror in the machine's apt sources, and where in them it stands.
mirror() {
  local uri release entry
  if [[ -n ${PORTEVOIX_DEBIAN_MIRROR:-} ]]; then
    echo "$PORTEVOIX_DEBIAN_MIRROR"
    return
  fi
  # Without --no-release-info, apt keeps silent until its lists have been fetched.
  # shellcheck disable=SC2016  # apt, not the shell, fills these in
  while IFS='|' read -r uri release entry; do
    [[ $release =~ $DEBIAN_RELEASES ]] || continue
    echo "$uri $entry"
    return
  done < <(apt-get indextargets --no-release-info --format '$(REPO_URI)|$(RELEASE)|$(SOURCESENTRY)' \
    'Created-By: Packages' 'Component: main' 2>/dev/null)
  return 1
}

# The keyring which a source, given as FILE:LINE, names for itself.
signed_by() {
  local file=${1%:*} line=${1##*:} lines='1,$'
  [[ -f $file ]] || return 1
  [[ $file == *.list ]] && lines=$line
  sed -nE "$lines"'s/^[^#]*signed-by[=:] *(\/[^], ]+).*/\1/Ip' "$file" | head -n 1
}

# Debian's keys: this machine's, or those its own distribution publishes as a package.
keyring() {
  local work=$1 found
  found=$(compgen -G '/usr/share/keyrings/debian-archive-keyring.*' | head -n 1) || true
  if [[ -z $found ]]; then
    private_apt "$work" '' && apt-get update -qq || return 1
    (cd "$work/debs" && apt-get download -qq debian-archive-keyring) || return 1
    dpkg-deb -x "$work"/debs/*.deb "$work/keys" || return 1
    found=$(compgen -G "$work/keys/usr/share/keyrings/debian-archive-keyring.*" | head -n 1)
  fi
  echo "$found"
}

# Debian testing as one line of a sources.list.
testing_source() {
  local work=$1 uri entry keys
  read -r uri entry < <(mirror) || return 1
  keys=$(signed_by "$entry") || true
  [[ -f $keys ]] || keys=$(keyring "$work") || return 1
  echo "deb [signed-by=$keys] $uri testing main"
}

# A configuration that keeps apt out of the system: $1 the working directory, $2 the source line,
# or nothing for the machine's own sources.
private_apt() {
  local work=$1 list=/etc/apt/sources.list parts=/etc/apt/sources.list.d
  mkdir -p "$work"/{state/lists/partial,cache/archives/partial,etc/preferences.d,debs}
  : >"$work/status"
  if [[ -n $2 ]]; then
    echo "$2" >"$work/sources.list"
    list=$work/sources.list parts=/dev/null
  fi
  export APT_CONFIG=$work/apt.conf
  # Proxies, certificates and the like are the machine's; its hooks and index choices are not.
  {
    APT_CONFIG='' apt-config dump | grep '^Acquire::' | grep -vE '^Acquire::(IndexTargets|GzipIndexes|Languages)'
    cat <<CONF
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Log "$work";
Dir::Etc "$work/etc";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$list";
Dir::Etc::sourceparts "$parts";
Dir::Etc::trusted "/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Debug::NoLocking "true";
CONF
  } >"$work/apt.conf"
}

# Names of the packages to unpack, one per line.
closure() {
  apt-get -s install "${WANTED[@]}" |
    awk '/^Inst /{sub(/:.*/, "", $2); print $2}' | grep -E "$NEEDED" | grep -vE "$UNUSED"
}

fetch() {
  local work=$1 names
  apt-get update -qq || return 1
  names=$(closure) && [[ -n $names ]] || return 1
  say "Downloading $(wc -w <<<"$names") packages"
  # shellcheck disable=SC2086
  (cd "$work/debs" && apt-get download -qq $names)
}

# lib64 and its like become links into usr, whichever of the two the packages used.
merge_usr() {
  local tree=$1 name
  for name in bin sbin lib lib64; do
    if [[ -d $tree/$name && ! -L $tree/$name ]]; then
      mkdir -p "$tree/usr/$name" && cp -a "$tree/$name/." "$tree/usr/$name/" || return 1
      rm -rf "${tree:?}/$name"
    fi
    if [[ -d $tree/usr/$name && ! -e $tree/$name ]]; then
      ln -s "usr/$name" "$tree/$name" || return 1
    fi
  done
}

# Called where a failure must be passed on by hand: bash suspends `set -e` inside a condition.
unpack() {
  local work=$1 tree=$2 deb
  mkdir -p "$tree" || return 1
  for deb in "$work"/debs/*.deb; do
    dpkg-deb -x "$deb" "$tree" && merge_usr "$tree" || return 1
  done
  rm -rf "$tree"/usr/share/{doc,man,locale,lintian,info,bug}
  chmod -R u+rwX,go+rX,u-s,g-s "$tree"
}

build() {
  local work=$1 tree=$2 line=$3
  private_apt "$work" "$line" && fetch "$work" && unpack "$work" "$tree" || return 1
  setup/pbx-probe.sh "$tree" >/dev/null
}

main() {
  local target=$1 work line
  if ! have apt-get || ! have dpkg-deb; then die "no apt here to unpack a private Asterisk with"; fi
  work=$(mktemp -d "$target.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  chmod 755 "$work"
  line=$(testing_source "$work/keyring") || line=''
  if [[ -z $line ]] || ! build "$work/testing" "$work/tree" "$line"; then
    say "Debian testing cannot be reached from here; trying the releases this machine uses"
    rm -rf "$work/tree"
    build "$work/own" "$work/tree" ''
  fi
  rm -rf "$target"
  mv -T "$work/tree" "$target"
}

main "$@"
