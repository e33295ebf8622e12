#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh - run a command as root in a VM with the reference kernel.
#
#   scripts/vm.sh [-c CPUS] [-m MEM] [-i] [-t SECONDS] [-o DIR] [-n NIC]...
#                 -- COMMAND...
#
#   -c CPUS     CPUs of the guest (2; 1 if instructions are counted)
#   -m MEM      memory of the guest (2G)
#   -i          count instructions: one guest instruction takes one nanosecond of
#               guest time (QEMU's icount); several CPUs take turns
#   -t SECONDS  limit for the whole run, boot included (600)
#   -o DIR      a directory of the host that the guest can write, at the same
#               path; it also gets "dmesg" (the guest's kernel log) and
#               "console" (what the kernel printed last, for a guest that died)
#   -k IMAGE    boot this kernel image instead of the newest cached reference
#   -n DEVICE[,PROPERTY=VALUE]...[:QUEUES]
#               add two NICs that are wired to each other; again for another
#               pair. DEVICE is QEMU's (virtio-net-pci, e1000e). The pairs count
#               from 1; pair N has the MACs 02:4b:50:41:0N:01 and :02. One queue:
#               the wire is a hub in QEMU. More (virtio-net-pci; needs root): taps
#               on a bridge of the host's, in a network namespace of the VM's own.
#
# One COMMAND argument is a shell command line, several are a command and its
# arguments. It runs in the project's root, on the host's own file system:
# the project is read-only in there, /tmp /etc /usr /var /home are copy-on-
# write, so nothing of the host changes except DIR. PATH has userspace/ and
# the sbin directories; KPAC_*, CI and T_ONLY of the environment are passed on, and
# KPAC_ICOUNT=1 says that instructions are counted.
# Of the cache, the guest sees the kernel image and the kernel source.
#
# Exit status: that of COMMAND; 124 when the time was up; 125 when the guest
# died, hung or never reported a status. Hardware virtualisation is used where
# /proc/cpuinfo has vmx or svm; without it a boot takes about half a minute.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cpus='' mem=2G icount='' limit=600 out='' image='' pairs=()

usage() { sed -n '5,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

parse() {
	local o
	while getopts c:m:it:o:k:n:h o; do
		case $o in
		c) cpus=$OPTARG ;;
		m) mem=$OPTARG ;;
		i) icount=1 ;;
		t) limit=$OPTARG ;;
		o) out=$OPTARG ;;
		k) image=$OPTARG ;;
		n) pairs+=("$OPTARG") ;;
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
	[[ -z $icount ]] || echo 'export KPAC_ICOUNT=1'
	printf 'run=%q\ntop=%q\n' "$run" "$KPAC_TOP"
	cat <<'GUEST'
# The root file system asks the host for every name and page each time, and tests
# start programs all the time: go on with the same one from a mount that remembers,
# and all that is mounted. As before, what is written to /usr stays in the guest.
root=/run/kpac-root up=/run/kpac-usr
remember() {
	local m
	mkdir -p $root $up/upper $up/work
	mount -t 9p -o ro,version=9p2000.L,trans=virtio,cache=loose,msize=262144 \
		kpacroot $root || return
	mount -t overlay -o lowerdir=$root/usr,upperdir=$up/upper,workdir=$up/work \
		usr $root/usr || return
	mkdir -p $root/usr/lib/modules
	while read -r m; do
		case $m in
		/ | /usr | /usr/lib | /lib | $root*) ;;
		*) mount --bind "$m" "$root$m" || return ;;
		esac
	done < <(findmnt -rno TARGET)
	# not by chroot alone, with which there are no user namespaces
	cd $root && mount --move . /
}
[[ ${1:-} = inside ]] || { remember && exec chroot . /bin/bash "$0" inside; }
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

# Prints QEMU's options for the NICs.
nic_opts() {
	local i end device queues netdev
	for ((i = 1; i <= ${#pairs[@]}; i++)); do
		device=${pairs[i - 1]%:*} queues=${pairs[i - 1]#"${pairs[i - 1]%:*}"}
		queues=${queues#:}
		for end in 1 2; do
			netdev=hubport,hubid=$i
			if [[ ${queues:-1} -gt 1 ]]; then
				netdev=tap,ifname=kpac$i$end,script=no,downscript=no
				netdev+=,vhost=off,queues=$queues
			fi
			printf ' -netdev %s,id=nic%s' "$netdev" "$i$end"
			printf ' -device %s,netdev=nic%s' "$device" "$i$end"
			printf ',mac=02:4b:50:41:%02x:%02x' "$i" "$end"
			[[ ${queues:-1} = 1 ]] ||
				printf ',mq=on,vectors=%d' $((2 * queues + 2))
		done
	done
}

# Becomes a command where the taps of NICs with several queues are, if there are
# any. The namespace goes with the command, and they with it.
with_taps() {
	local i end multi=()
	for ((i = 1; i <= ${#pairs[@]}; i++)); do
		[[ ${pairs[i - 1]} != *:* || ${pairs[i - 1]##*:} = 1 ]] || multi+=("$i")
	done
	if [[ ${#multi[@]} -eq 0 ]]; then
		exec "$@"
	fi
	# shellcheck disable=SC2016 # the inner shell's
	exec unshare -n bash -ec '
		echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
		for i in $1; do
			ip link add kpac$i up type bridge mcast_snooping 0
			for end in 1 2; do
				ip tuntap add kpac$i$end mode tap multi_queue
				ip link set kpac$i$end up master kpac$i
			done
		done
		shift
		exec "$@"' taps "${multi[*]}" "$@"
}

# vng opens its stdout and stderr anew and would truncate files: give it pipes.
# With --verbose the kernel's console is on its stderr.
boot() {
	local args=(-r "$image" --cpus "$cpus" -m "$mem" --user root --verbose
		--disable-microvm --force-9p --append quiet --cwd "$KPAC_TOP"
		--rwdir="$run=$run")
	local rc=0 console said d qemu pids
	# The guest has a tmpfs on /var/cache: mount what it needs from the cache.
	for d in "${image%/boot/*}" "$KPAC_CACHE"/linux-* "$KPAC_CACHE/nfdump"; do
		[[ $d != "$KPAC_CACHE"/* || ! -d $d ]] || args+=(--rodir="$d=$d")
	done
	grep -qwE 'vmx|svm' /proc/cpuinfo || args+=(--disable-kvm)
	qemu=$(nic_opts)
	[[ -z $icount ]] || qemu+=" -icount shift=0,sleep=off"
	qemu+=" -fsdev local,id=kpacroot,path=/,security_model=none,readonly=on,multidevs=remap"
	qemu+=" -device virtio-9p-pci,fsdev=kpacroot,mount_tag=kpacroot"
	args+=(--qemu-opts="${qemu# }")
	exec {console}> >(cat > "$run/console")
	pids=($!)
	exec {said}> >(cat)
	pids+=($!)
	# timeout passes signals on to all that it has started
	with_taps timeout -k 10 "$limit" vng "${args[@]}" -- "bash $run/guest.sh" \
		</dev/null 1>&"$said" 2>&"$console" &
	trap 'kill $! || :; wait $! || :; exit 130' INT TERM
	wait $! || rc=$?
	trap - INT TERM
	exec {console}>&- {said}>&-
	wait "${pids[@]}" || true
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
cpus=${cpus:-$((icount ? 1 : 2))}
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
