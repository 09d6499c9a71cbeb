#!/usr/bin/env bash
# Say which Asterisk and SIPp are in a private tree, or which of them cannot run.
#
#   setup/pbx-probe.sh TREE        prints "Asterisk VERSION, SIPp VERSION"
set -euo pipefail

tree=${1:?usage: setup/pbx-probe.sh TREE}
case $(uname -m) in
  x86_64) triplet=x86_64-linux-gnu loader=lib64/ld-linux-x86-64.so.2 ;;
  aarch64) triplet=aarch64-linux-gnu loader=lib/ld-linux-aarch64.so.1 ;;
  *) echo "error: no private tree for $(uname -m): install Asterisk 20 or later and SIPp" >&2; exit 1 ;;
esac

run() { "$tree/$loader" --library-path "$tree/usr/lib/$triplet" "$@"; }

# `sipp -v` ends with 99, which is no fault.
asterisk=$(run "$tree/usr/sbin/asterisk" -V 2>&1) || { echo "error: $asterisk" >&2; exit 1; }
sipp=$({ run "$tree/usr/bin/sipp" -v 2>&1 || true; } | grep -m 1 -oE 'SIPp v[0-9.]+') ||
  { echo "error: SIPp in $tree does not run" >&2; exit 1; }
missing=$(for file in "$tree/usr/lib/$triplet"/asterisk/modules/{res_pjsip,chan_pjsip,res_rtp_asterisk,app_*,func_*}*.so; do
  run --list "$file" 2>/dev/null | grep -F 'not found' || true
done | sort -u)
[[ -z $missing ]] || { printf 'error: libraries are missing in %s:\n%s\n' "$tree" "$missing" >&2; exit 1; }
echo "$asterisk, $sipp"
