#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# static.sh - the checks that need no VM.
#
#   scripts/static.sh warnings     gcc's (W=1) and sparse's, reference kernel
#   scripts/static.sh sparse       sparse's alone
#   scripts/static.sh checkpatch   the kernel's coding style
#   scripts/static.sh generated    generated files are what ynl.sh generates
#   scripts/static.sh shellcheck   the shell scripts, and whether awk takes its own
#   scripts/static.sh next         builds for current mainline, W=1
#
# Each prints what is wrong and fails if anything is.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$KPAC_TOP"

# compat.h is there to compare LINUX_VERSION_CODE (which checkpatch also takes
# for a constant on the left); kzalloc_obj is younger than the reference kernel.
IGNORE=ALLOC_WITH_SIZEOF
IGNORE_COMPAT=$IGNORE,LINUX_VERSION_CODE,CONSTANT_COMPARISON
# Types that checkpatch cannot know without the kernel tree.
TYPES='nf_hookfn\nu128\n'

warnings() {
	scripts/build.sh warnings "$(ref_kdir)" W=1 C=1 CHECK=sparse >/dev/null
}

sparse() { scripts/build.sh sparse "$(ref_kdir)" C=1 CHECK=sparse >/dev/null; }

next() {
	local kdir
	kdir=$(scripts/kernel.sh uml)
	scripts/build.sh next "$kdir" ARCH=um W=1 >/dev/null
}

# style IGNORED FILE...
style() {
	local ignored=$1
	shift
	# shellcheck disable=SC2059 # the format is the text
	perl "$src/scripts/checkpatch.pl" --no-tree --quiet --terse --show-types \
		--no-summary --typedefsfile <(printf "$TYPES") \
		--ignore "$ignored" -f "$@"
}

checkpatch() {
	local src files rc=0
	src=$(scripts/kernel.sh source)
	mapfile -t files < <(find kmod examples -name '*.[ch]' ! -name '*-gen.[ch]' \
		! -name '*.mod.c' ! -name compat.h ! -path '*/installed/*' | sort)
	style "$IGNORE" "${files[@]}" || rc=1
	style "$IGNORE_COMPAT" kmod/compat.h || rc=1
	return $rc
}

generated() { scripts/ynl.sh --check; }

shellcheck() {
	local files
	mapfile -t files < <(grep -rlE --exclude-dir=.git \
		'^#!(/usr)?/bin/(env )?(ba)?sh' . | sort)
	command shellcheck --severity=warning "${files[@]}"
	awk_programs
}

# Programs that report what benchmarks measure run after hours: they must parse.
awk_programs() {
	local f
	for f in bench/*.awk; do
		[[ $f != bench/lib.awk ]] || continue
		awk -v json=/dev/null -v bars=/dev/null -v scale=/dev/null \
			-f bench/lib.awk -f "$f" </dev/null >/dev/null
	done
}

case ${1:-} in
warnings | sparse | checkpatch | generated | shellcheck | next)
	"$1"
	;;
*)
	sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
