#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016 # text in single quotes is for the guest
#
# uml.sh - run a command as root in one-CPU user-mode Linux (current mainline).
#
#   scripts/uml.sh [-m MEM] [-t SECONDS] [-o DIR] [-k LINUX] -- COMMAND...
#
#   -m MEM      memory (512M)
#   -t SECONDS  limit for the whole run (300)
#   -o DIR      a directory of the host that the guest can write, at the same
#               path; it also gets "dmesg" and "console"
#   -k LINUX    this UML executable instead of what kernel.sh builds
#
# Boots in under a second, as an ordinary process, and runs kernel code
# natively: for real nanoseconds, and for trying the module on another kernel.
# One COMMAND argument is a shell command line, several are a command and its
# arguments. It runs in the project's root on the host's file system, which is
# read-only in there except DIR; /tmp and /run are empty. KPAC_* is passed on.
# With kpac:
#   KPAC_KO=$(scripts/build.sh next "$(scripts/kernel.sh uml)" ARCH=um)/kpac.ko \
#       scripts/uml.sh -- 'insmod $KPAC_KO && ...'
#
# Exit status: that of COMMAND; 124 when the time was up; 125 when the guest
# died or never reported a status.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mem=512M limit=300 out='' linux=''

usage() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

parse() {
	local o
	while getopts m:t:o:k:h o; do
		case $o in
		m) mem=$OPTARG ;;
		t) limit=$OPTARG ;;
		o) out=$OPTARG ;;
		k) linux=$OPTARG ;;
		*) usage ;;
		esac
	done
}

# Process 1 of the guest. The host's / is there read-only; a second hostfs
# mount makes DIR writable. tty1 is this script's stdout, tty0 the kernel's console.
write_init() {
	local v
	echo '#!/bin/bash'
	for v in "${!KPAC_@}"; do
		printf 'export %s=%q\n' "$v" "${!v}"
	done
	printf 'run=%q\ntop=%q\n' "$run" "$KPAC_TOP"
	cat <<'GUEST'
mount -t proc proc /proc
mount -t sysfs sys /sys
[ -c /dev/tty1 ] || mount -t devtmpfs dev /dev
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd # for <(...)
exec </dev/null >/dev/tty1 2>&1
stty -F /dev/tty1 -opost
for d in /tmp /run /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $d; done
mkdir -p /run/netns "$run" 2>/dev/null
mount -t hostfs -o "$run" none "$run"
for d in "$top" "$KPAC_CACHE"; do # if they are in /tmp
	[ -e "$d" ] || { mkdir -p "$d" && mount -r -t hostfs -o "$d" none "$d"; }
done
export PATH=$top/userspace:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LD_LIBRARY_PATH=$top/userspace KPAC_VM=uml HOME=/root LC_ALL=C.UTF-8
hostname kpac-uml
ip link set lo up
cd "$top"
GUEST
	if [[ $# -eq 1 ]]; then
		printf 'bash -c %q\n' "$1"
	else
		printf '%q ' "$@"
		echo
	fi
	cat <<'GUEST'
status=$?
dmesg > "$run/dmesg"
echo $status > "$run/status"
sync
poweroff -f 2>/dev/null
GUEST
}

boot() {
	ulimit -c 0
	timeout -k 5 "$limit" "$linux" mem="$mem" rootfstype=hostfs ro quiet \
		seccomp=on con=null con0=null,fd:2 con1=null,fd:1 \
		init="$run/init" </dev/null 2>"$run/console" | cat
	return "${PIPESTATUS[0]}"
}

report() {
	local rc=$1
	if [[ -s $run/status ]]; then
		exit "$(<"$run/status")"
	elif [[ $rc = 124 || $rc = 137 ]]; then
		say "UML: still running after $limit s, killed"
		rc=124
	else
		say "UML: ended without reporting a status (it said $rc)"
		rc=125
	fi
	tail -n 40 "$run/console" | cut -c 1-200 | sed 's/^/UML console: /' >&2
	exit "$rc"
}

parse "$@"
shift $((OPTIND - 1))
[[ $# -gt 0 ]] || usage
[[ -n $linux ]] || linux=$("$KPAC_TOP/scripts/kernel.sh" uml)/linux

if [[ -n $out ]]; then
	mkdir -p "$out"
	run=$(cd "$out" && pwd -P)
else
	run=$(mktemp -d "${TMPDIR:-/tmp}/kpac-uml.XXXXXX")
	trap 'rm -rf "$run"' EXIT
fi
rm -f "$run"/{status,dmesg,console}
write_init "$@" > "$run/init"
chmod +x "$run/init"
rc=0
boot || rc=$?
report "$rc"
