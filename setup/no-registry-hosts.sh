#!/usr/bin/env bash
# Fail where a file names the host of a package registry or mirror. Every machine has its own; a
# lock or a script that names one works on one network only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source setup/system.sh

# Written with brackets so that this file does not match itself.
readonly HOSTS='py[p]i\.org|pythonho[s]ted\.org|registry\.npm[j]s\.org|registry\.yarn[p]kg\.com|deb[.]debian\.org|(ftp|snapshot|security)[.](\w+\.)?debian\.org|(archive|ports|security)[.]ubuntu\.com|pro[x]y\.golang\.org|docke[r]\.io/|ghc[r]\.io|qua[y]\.io|gc[r]\.io'

have git || die "git is missing, which lists the files to check" "Install it: apt-get install git"
status=0
found=$(git grep --no-index --exclude-standard -nIE -e "$HOSTS" -- .) || status=$?
((status <= 1)) || die "git grep failed"
[[ -z $found ]] || die "package registries are named in:" "$found"
