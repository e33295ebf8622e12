#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh - run kpac's tests: "make check".
#
#   selftests/run.sh [TEST...]
#
# Installs what is missing, builds, runs the static checks, boots VMs of two CPUs
# with the reference kernel, runs selftests/TEST.sh (all of them, if none is named;
# then without the static checks) in one or another, and checks the guests' kernel
# logs.
# The last line is "N passed, N failed, N skipped"; fails if anything failed.
#
# A test prints KTAP and can be run by hand as root in the project's root. A
# file without a plan, without a result, with another number of results than
# planned, or with a bad exit status but no "not ok" is a failure; so is one
# that has not run because the VM died or the time was up.
#
# Environment: KPAC_TEST_LIMIT  seconds for one file (1200)
#              KPAC_CHECK_LIMIT seconds for a VM (3600)
#              KPAC_CHECK_VMS   how many VMs at once (one for two CPUs, at most 4)
#              KPAC_OUT         keep logs here (default: $KPAC_CACHE/check)
#              T_ONLY           the names of single tests within the files
#              CI               if set, also build for current mainline, and a
#                               skip is a failure unless its reason has the
#                               word "hardware"
# A test has: PATH with kpacctl, LD_LIBRARY_PATH with libkpac, KPAC_TOP,
# KPAC_YNL (the kernel's tools/net/ynl).

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
cd "$KPAC_TOP" || exit

BEGIN='selftests: begin' END='selftests: end'
passed=0 failed=0 skipped=0 failures=()

# --- in the guest -----------------------------------------------------------

kmsg() { echo "<6>$*" > /dev/kmsg; }

# What a test left behind must not hit the next one.
clean_up() {
	local log=$1
	ip -all netns delete 2>/dev/null
	if grep -q '^kpac ' /proc/modules && ! timeout 30 rmmod kpac; then
		echo "not ok 999 the module can be unloaded afterwards" | tee -a "$log"
	fi
}

run_test() {
	local out=$1 name=$2 limit=${KPAC_TEST_LIMIT:-1200} rc
	kmsg "selftests: $name"
	timeout -k 10 "$limit" bash "selftests/$name.sh" 2>&1 </dev/null |
		tee "$out/$name.tap" | sed -u "s/^/$name: /"
	rc=${PIPESTATUS[0]}
	clean_up "$out/$name.tap"
	echo "$rc" > "$out/$name.rc"
}

in_vm() {
	local out=$1 name log i
	shift
	dmesg --follow --decode > "$out/klog" &
	log=$!
	kmsg "$BEGIN"
	for name; do
		run_test "$out" "$name"
	done
	kmsg "$END"
	for ((i = 0; i < 50; i++)); do
		! grep -q "$END" "$out/klog" || break
		sleep 0.1
	done
	kill "$log"
}

# --- on the host: counting --------------------------------------------------

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); failures+=("$*"); }

skip() {
	if [[ -n ${CI:-} && ! $* =~ [Hh]ardware ]]; then
		fail "$* (a skip is a failure when CI is set)"
	else
		skipped=$((skipped + 1))
	fi
}

# A check of the host's, as one test: its output is shown only if it fails.
check() {
	local name=$1 log=$out/check.log start=$SECONDS
	shift
	if "$@" > "$log" 2>&1; then
		echo "ok $name ($((SECONDS - start)) s)"
		pass
	else
		sed 's/^/# /' "$log"
		echo "not ok $name"
		fail "$name"
	fi
}

# Counts the results in one test's output, line by line.
count_ktap() {
	local name=$1 tap=$2 line plan='' rest n=0 bad=0
	while IFS= read -r line; do
		line=${line%$'\r'}
		if [[ $line =~ ^1\.\.([0-9]+)(.*) ]]; then
			[[ -z $plan ]] || fail "$name: more than one plan"
			plan=${BASH_REMATCH[1]} rest=${BASH_REMATCH[2]}
			if [[ $plan = 0 && $rest =~ SKIP ]]; then
				skip "$name: $rest"
				return 1
			fi
		elif [[ $line =~ ^not\ ok\  ]]; then
			n=$((n + 1)) bad=1
			fail "$name: $line"
		elif [[ $line =~ ^ok\  ]]; then
			n=$((n + 1))
			if [[ $line =~ \#\ *SKIP ]]; then
				skip "$name: $line"
			else
				pass
			fi
		fi
	done < "$tap"
	if [[ -z $plan ]]; then
		fail "$name: no plan"
	elif [[ $n = 0 ]]; then
		fail "$name: asserts nothing"
	elif [[ $n != "$plan" ]]; then
		fail "$name: $plan results planned, $n given"
	fi
	return $bad
}

count_test() {
	local name=$1 tap=$out/$1.tap rc=none
	[[ ! -s $out/$name.rc ]] || rc=$(<"$out/$name.rc")
	if [[ ! -e $tap ]]; then
		fail "$name: has not run"
		return
	fi
	if [[ $rc = 124 || $rc = 137 ]]; then
		fail "$name: time limit of ${KPAC_TEST_LIMIT:-1200} s"
	elif [[ $rc = none ]]; then
		fail "$name: did not end"
	elif count_ktap "$name" "$tap" && [[ $rc != 0 ]]; then
		fail "$name: exit status $rc without a \"not ok\""
	fi
}

# Complaints in a log in the format of "dmesg --decode": whatever names kpac at
# warning level or above, and what a kernel says when something is broken.
complaints() {
	awk -v begin="$BEGIN" '
	index($0, begin) { on = 1; next }
	!on || $0 !~ /^kern / { next }
	/kpac: loading out-of-tree module taints kernel/ { next }
	/^kern +:(emerg|alert|crit|err|warn) *:.*kpac/ ||
	/BUG:|WARNING:|Oops|general protection fault|Kernel panic/ ||
	/KASAN|UBSAN|KCSAN|kmemleak|refcount_t:|list_(add|del) corruption/ ||
	/possible (circular|recursive) locking|inconsistent lock state/ ||
	/suspicious RCU usage|rcu.*(stall|self-detected)|scheduling while atomic/ ||
	/sleeping function called|soft lockup|hard LOCKUP|blocked for more than/ ||
	/unregister_netdevice: waiting/ { print }
	END { if (!on) print "the log does not have the mark of the tests\047 begin" }
	' "$1"
}

check_logs() {
	local log found rc=0
	for log in "$out"/vm*/klog; do
		found=$(complaints "$log" 2>&1)
		[[ -n $found ]] || continue
		echo "$found"
		rc=1
	done
	return $rc
}

# --- on the host: steps -----------------------------------------------------

static_checks() {
	local c
	for c in warnings checkpatch generated shellcheck ${CI:+next}; do
		check "static: $c" timeout 1800 scripts/static.sh "$c"
	done
}

build() {
	make -s -j"$(nproc)" examples KDIR="$(ref_kdir)" &&
		make -s -j"$(nproc)" tools
}

# The tools have tests of their own, which need neither the VM nor the module.
userspace_tests() {
	say "testing the tools"
	timeout 600 make -s -C userspace check > "$out/userspace.tap" 2>&1
	echo $? > "$out/userspace.rc"
	grep '^not ok' "$out/userspace.tap"
	count_test userspace
}

all_tests() {
	local f
	for f in selftests/*.sh; do
		f=$(basename "$f" .sh)
		[[ $f = run || $f = lib ]] || echo "$f"
	done
}

# NICs, in pairs that are wired to each other. Several queues need taps.
nic_options() {
	echo "-n virtio-net-pci -n e1000e"
	if unshare -n ip tuntap add kpac0 mode tap multi_queue 2>/dev/null; then
		echo "-n virtio-net-pci:4"
	else
		say "no multi-queue taps: there will be no NICs with several queues"
	fi
}

# run_vm DIR TEST...: in a subshell
run_vm() {
	mkdir "$1"
	exec scripts/vm.sh -c 2 -m 2G -t "${KPAC_CHECK_LIMIT:-3600}" "${nics[@]}" -o "$1" -- \
		selftests/run.sh --in-vm "$@"
}

how_many_vms() {
	local n=$(($(nproc) / 2))
	((n >= 1)) || n=1
	((n <= 4)) || n=4
	echo "${KPAC_CHECK_VMS:-$n}"
}

# Deals the tests out to VMs.
run_vms() {
	local vms=() n nics mine i j
	n=$(how_many_vms)
	[[ $n -le $# ]] || n=$#
	read -ra nics <<<"$(nic_options | tr '\n' ' ')"
	KPAC_YNL=$("$KPAC_TOP/scripts/kernel.sh" source)/tools/net/ynl
	export KPAC_YNL
	trap 'kill "${vms[@]}" 2>/dev/null; wait; exit 130' INT TERM
	say "booting $n VM(s) (logs and results: $out)"
	for ((i = 1; i <= n; i++)); do
		mine=()
		for ((j = i; j <= $#; j += n)); do
			mine+=("${!j}")
		done
		run_vm "$out/vm$i" "${mine[@]}" &
		vms+=($!)
	done
	for i in "${!vms[@]}"; do
		wait "${vms[i]}" || fail "VM $((i + 1)): exit status $?"
		unset "vms[i]"
	done
	trap - INT TERM
	mv "$out"/vm*/*.tap "$out"/vm*/*.rc "$out/"
}

summary() {
	local f
	for f in ${failures[@]+"${failures[@]}"}; do
		echo "# failed: $f"
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[[ $failed = 0 ]]
	exit
}

on_host() {
	local tests=("$@") name rel lock
	for name; do
		[[ -e selftests/$name.sh ]] || die "no test selftests/$name.sh"
	done
	[[ $# -gt 0 ]] || mapfile -t tests < <(all_tests)
	scripts/deps.sh check || die "cannot install what the tests need"
	rel=$(ref_release) || die "no reference kernel"
	out=${KPAC_OUT:-$KPAC_CACHE/check}
	mkdir -p "$(dirname "$out")"
	exec {lock}> "$out.lock"
	if ! flock -n "$lock"; then
		say "waiting for another run with the same KPAC_OUT"
		flock "$lock"
	fi
	rm -rf "$out"
	mkdir -p "$out"
	out=$(cd "$out" && pwd -P)
	[[ $# -gt 0 ]] || static_checks
	check "build for $rel" build
	if [[ ! -e kpac.ko || $failed != 0 && ${failures[-1]} = build* ]]; then
		for name in "${tests[@]}"; do
			fail "$name: has not run"
		done
		summary
	fi
	[[ $# -gt 0 ]] || userspace_tests
	run_vms "${tests[@]}"
	for name in "${tests[@]}"; do
		count_test "$name"
	done
	check "kernel logs" check_logs
	summary
}

if [[ ${1:-} = --in-vm ]]; then
	shift
	in_vm "$@"
else
	on_host "$@"
fi
