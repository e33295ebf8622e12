#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - what kpac does, in one table: "sudo make demo".
#
# Installs what is missing, builds, boots a VM with the reference kernel, makes
# two hosts and a router in network namespaces in it, and sends real traffic
# through the router, first without kpac, then with it. Nothing of this
# machine's network is touched. Takes one to five minutes.
#
# The VM counts instructions: it has one CPU, and an instruction takes one
# nanosecond of its time. So the result does not depend on how fast or busy
# this machine is; instructions per packet are what the whole VM, both hosts
# included, needs for one.

set -euo pipefail
# shellcheck disable=SC2034 # KPAC_TOP and more are for the library
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$KPAC_TOP"

TESTS=(ping tcp udp pktgen forwarding)
declare -A LABEL=(
	[ping]="ping, 56 B (round trips)"
	[tcp]="iperf3 TCP (segments of 1448 B)"
	[udp]="iperf3 UDP, 64 B"
	[pktgen]="pktgen UDP, 64 B"
	[forwarding]="the same, forwarding alone"
)
declare -A ns	# nanoseconds per packet: ns[without-ping]
started=$SECONDS

# --- in the VM ----------------------------------------------------------------

# Each of these prints nanoseconds per packet.

measure_ping() {
	in_ns S ping -q -n -c 200 -i 0.002 10.2.0.2 |
		awk -F '[ /]' '/^rtt/ { print $8 * 1000000 }'
}

measure_tcp() { iperf_tcp 10.2.0.2 1; }

measure_udp() {
	iperf_server
	in_ns S iperf3 -f k -t 1 -u -b 0 -l 64 -c 10.2.0.2 | awk '/receiver/ {
		split($3, t, "-")
		split($11, n, "/")
		print (t[2] - t[1]) * 1000000000 / (n[2] - n[1])
	}'
}

measure_pktgen() {
	local n
	drop_on D d0
	pktgen 1000 4 60 1
	pktgen 50000 4 60 1
	n=$(drop_count D d0)
	drop_off D d0
	[[ $n = 51000 ]] || die "pktgen: of 51000 packets $n arrived"
	echo "$NS_PER_PACKET"
}

# The same packets dropped at once: what sending and receiving them costs.
measure_reference() {
	drop_on R r0
	pktgen 50000 4 60 1
	drop_off R r0
	echo "$NS_PER_PACKET"
}

# All measurements, kept under the name PASS.
measure() {
	local pass=$1 t
	for t in ping tcp udp pktgen; do
		progress "$pass kpac: ${LABEL[$t]}"
		ns[$pass-$t]=$(measure_$t)
		[[ ${ns[$pass-$t]} =~ ^[0-9.e+]+$ ]] || die "no result: ${LABEL[$t]}"
	done
	ns[$pass-forwarding]=$(awk -v a="${ns[$pass-pktgen]}" -v b="$reference" \
		'BEGIN { print a - b }')
}

progress() { say "$*"; }

table() {
	local t
	printf '\n%-33s %23s %23s\n' '' 'without kpac' 'with kpac'
	printf '%-33s %11s %11s %11s %11s %7s\n' '' 'packets/s' 'instr/pkt' \
		'packets/s' 'instr/pkt' 'ratio'
	for t in "${TESTS[@]}"; do
		awk -v label="${LABEL[$t]}" -v a="${ns[without-$t]}" \
			-v b="${ns[with-$t]}" 'BEGIN {
			printf "%-33s %11.0f %11.0f %11.0f %11.0f %6.2fx\n", label,
				1e9 / a, a, 1e9 / b, b, a / b }'
	done
	echo
}

in_vm() {
	. bench/lib.sh
	net_up
	reference=$(measure_reference)
	measure without
	progress "kpacctl port add dev r0; kpacctl port add dev r1"
	kpac_on r0 r1 || die "kpac cannot be started"
	measure with
	table
	echo "What the router's port says (kpacctl stat show dev r0):"
	"$KPACCTL" -n R stat show dev r0
}

# --- on the host ---------------------------------------------------------------

on_host() {
	local dir
	out=$(mktemp -d "${TMPDIR:-/tmp}/kpac-demo.XXXXXX")
	trap 'rm -rf "$out"' EXIT
	scripts/deps.sh demo
	progress "building the module and the tool"
	make -s tools >/dev/null
	dir=$(scripts/build.sh demo "$(ref_kdir)")
	cp "$dir/kpac.ko" "$out/"
	progress "booting a VM with Linux $(ref_release); this takes about half a minute"
	KPAC_KO=$out/kpac.ko scripts/vm.sh -i -m 2G -t 900 -o "$out" -- \
		scripts/demo.sh --in-vm
	progress "done after $((SECONDS - started)) s;" \
		"packets/s are those of a CPU that runs a thousand million instructions a second"
}

if [[ ${1:-} = --in-vm ]]; then
	in_vm
else
	on_host
fi
