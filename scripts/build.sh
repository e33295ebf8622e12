#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh - build the module from a copy of its source, from nothing, and the example
# of a module of others.
#
#   scripts/build.sh NAME KDIR [MAKE-ARGUMENT...]
#
# The copy is $KPAC_CACHE/build/NAME-*; prints its path, where kpac.ko then is
# (with KPAC_MICRO=1, bench/micro.c: kpac_micro.ko; and no example).
# So builds for several kernels do not meet, and the tree stays as it is.
# Fails on any warning as well as on errors.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ $# -ge 2 ]] || { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
name=$1 kdir=$2
shift 2

dir=$KPAC_CACHE/build/$name-$(cksum <<<"$KPAC_TOP" | cut -d ' ' -f 1)
mkdir -p "${dir%/*}"
exec {lock}> "$dir.lock"
flock "$lock"
rm -rf "$dir"
mkdir -p "$dir/kmod"
cd "$KPAC_TOP"
cp -p Kbuild Makefile "$dir/"
cp -p --parents examples/*/{Kbuild,Makefile} "$dir/"
find kmod uapi bench examples -name '*.[ch]' ! -path '*/installed/*' -exec cp -p --parents {} "$dir" \;
goal=examples
[[ " $* " != *" KPAC_MICRO=1 "* ]] || goal=module

rc=0
make -s -C "$dir" -j"$(nproc)" KDIR="$kdir" "$@" $goal > "$dir/log" 2>&1 || rc=$?
if [[ $rc != 0 ]]; then
	cat "$dir/log" >&2
	die "building for $kdir failed"
fi
# The kernel's own build system may warn about a compiler of another version.
if grep -E 'warning:|WARNING:|Warning:' "$dir/log" |
	grep -v 'the compiler differs from the one used to build the kernel' >&2; then
	die "building for $kdir gave warnings"
fi
echo "$dir"
