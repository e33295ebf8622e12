#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - run a command as root in a VM with the reference kernel.
#
#   scripts/vm.sh [-c CPUS] [-m MEM] [-i] [-t SECONDS] [-o DIR] -- COMMAND...
#
#   -c CPUS     CPUs of the guest (2)
#   -m MEM      memory of the guest (2G)
#   -i          count instructions: one CPU, one guest instruction takes one
#               nanosecond of guest time (QEMU's icount)
#   -t SECONDS  limit for the whole run, boot included (600)
#   -o DIR      a directory of the host that the guest can write, at the same
#               path; it also gets "dmesg" (the guest's kernel log) and
#               "console" (what the kernel printed last, for a guest that died)
#   -k IMAGE    boot this kernel image instead of the newest cached reference
#
# One COMMAND argument is a shell command line, several are a command and its
# arguments. It runs in the project's root, on the host's own file system:
# the project is read-only in there, /tmp /etc /usr /var /home are copy-on-
# write, so nothing of the host changes except DIR. PATH has userspace/ and
# the sbin directories; KPAC_*, CI and T_ONLY of the environment are passed on.
# Of the cache, the guest sees the kernel image and the kernel source.
#
# Exit status: that of COMMAND; 124 when the time was up; 125 when the guest
# died, hung or never reported a status. Hardware virtualisation is used where
# /proc/cpuinfo has vmx or svm; without it a boot takes about half a minute.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cpus=2 mem=2G icount='' limit=600 out='' image=''

usage() { sed -n '5,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

parse() {
	local o
	while getopts c:m:it:o:k:h o; do
		case $o in
		c) cpus=$OPTARG ;;
		m) mem=$OPTARG ;;
		i) icount=1 ;;
		t) limit=$OPTARG ;;
		o) out=$OPTARG ;;
		k) image=$OPTARG ;;
		*) usage ;;
		esac
	done
}

# The script that the guest runs. Its status file is what counts: vng's own
# exit status cannot tell a dead guest from a finished one.
write_guest() {
	local v
	echo '#!/bin/bash'
	for v in CI T_ONLY "${!KPAC_@}"; do
		[[ -z ${!v:-} ]] || printf 'export %s=%q\n' "$v" "${!v}"
	done
	printf 'run=%q\ntop=%q\n' "$run" "$KPAC_TOP"
	cat <<'GUEST'
unset LD_LIBRARY_PATH
export PATH=$top/userspace:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LD_LIBRARY_PATH=$top/userspace KPAC_TOP=$top KPAC_VM=1 HOME=/root LC_ALL=C.UTF-8
exec 2>&1
dmesg -n 5
cd "$top" || exit
GUEST
	if [[ $# -eq 1 ]]; then
		printf 'bash -c %q </dev/null\n' "$1"
	else
		printf '%q ' "$@"
		echo '</dev/null'
	fi
	cat <<'GUEST'
status=$?
dmesg > "$run/dmesg"
echo $status > "$run/status.tmp"
sync
mv "$run/status.tmp" "$run/status"
GUEST
}

# vng opens its stdout and stderr anew and would truncate files: give it pipes.
# With --verbose the kernel's console is on its stderr.
boot() {
	local args=(-r "$image" --cpus "$cpus" -m "$mem" --user root --verbose
		--disable-microvm --force-9p --append quiet --cwd "$KPAC_TOP"
		--rwdir="$run=$run")
	local rc=0 console d
	# The guest has a tmpfs on /var/cache: mount what it needs from the cache.
	for d in "${image%/boot/*}" "$KPAC_CACHE"/linux-*; do
		[[ $d != "$KPAC_CACHE"/* || ! -d $d ]] || args+=(--rodir="$d=$d")
	done
	grep -qwE 'vmx|svm' /proc/cpuinfo || args+=(--disable-kvm)
	if [[ -n $icount ]]; then
		args+=(--qemu-opts="-icount shift=0,sleep=off")
	fi
	exec {console}> >(cat > "$run/console")
	timeout -k 10 "$limit" vng "${args[@]}" -- "bash $run/guest.sh" \
		</dev/null 2>&"$console" | cat || rc=${PIPESTATUS[0]}
	exec {console}>&-
	wait $! || true
	return "$rc"
}

report() {
	local rc=$1
	if [[ -s $run/status ]]; then
		exit "$(<"$run/status")"
	elif [[ $rc = 124 || $rc = 137 ]]; then
		say "VM: still running after $limit s, killed"
		show_end
		exit 124
	fi
	say "VM: ended without reporting a status (vng said $rc)"
	show_end
	exit 125
}

show_end() {
	tail -n 40 "$run/console" | cut -c 1-200 | sed 's/^/VM console: /' >&2
}

parse "$@"
shift $((OPTIND - 1))
[[ $# -gt 0 ]] || usage
[[ -z $icount ]] || cpus=1
if [[ -z $image ]]; then
	rel=$(ref_release) || die "no reference kernel: run scripts/deps.sh check"
	image=$KPAC_CACHE/image-$rel/boot/vmlinuz-$rel
fi
command -v vng >/dev/null || die "no virtme-ng: run scripts/deps.sh check"

if [[ -n $out ]]; then
	mkdir -p "$out"
	run=$(cd "$out" && pwd -P)
else
	run=$(mktemp -d "${TMPDIR:-/tmp}/kpac-vm.XXXXXX")
	trap 'rm -rf "$run"' EXIT
fi
rm -f "$run"/{status,dmesg,console}
write_guest "$@" > "$run/guest.sh"
rc=0
boot || rc=$?
report "$rc"
