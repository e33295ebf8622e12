#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh - run a benchmark: "make bench B=NAME".
#
#   bench/run.sh forward|transmit|table|reply|chain [full|quick]
#
# Installs what is missing, builds, boots a VM that counts instructions and a
# one-CPU user-mode Linux that runs at real speed, measures, prints a table, and
# writes bench/results/NAME.json and NAME.svg. full (the default) takes up to an
# hour under emulation, nearly all of it in the VM; quick takes five to eight minutes
# and writes NAME-quick.*.
#
# forward   what forwarding a packet costs, by kpac and its peers (forward.sh)
# transmit  what sending one costs: the parts (micro.sh), the queueing discipline
#           (qdisc.sh), CPUs that share a queue (senders.sh, relay.sh), and a router
#           with NICs, doorbells and interrupts included (nics.sh)
# table     what the table of entries costs packets that are forwarded, what dropping
#           by it costs, by kpac and its peers, and what loading it costs (table.sh)
# reply     what answering echo requests and probes costs and how long it takes, by kpac,
#           the kernel and processes, and what asking a thousand peers costs (reply.sh)
# chain     what a firewall, a flow monitor and a load balancer in front of web servers
#           cost together, by kpac and its peers (chain.sh)
#
# Fails if any measurement did; what could be measured is reported all the same.
#
# Environment: KPAC_PACKETS  packets per measurement in the VM (50000)
#              KPAC_ROUNDS   rounds in user-mode Linux (11); 0: leave it out
#              KPAC_OUT      keep logs and raw numbers here ($KPAC_CACHE/bench)

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
cd "$KPAC_TOP"

name=${1:-} mode=${2:-full}
status=0

usage() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# Everything that runs in the guests is put into $out: nobody who builds in the
# meantime can change it.
build() {
	local dir nl p
	say "building"
	make -s tools >/dev/null
	dir=$(scripts/build.sh bench "$(ref_kdir)")
	cp "$dir/kpac.ko" "$KPAC_CACHE/ovs/usr/bin/ovs-dpctl" \
		"$KPAC_CACHE/ipvsadm/usr/sbin/ipvsadm" \
		"$KPAC_CACHE/nginx/usr/sbin/nginx" "$out/"
	cp "$KPAC_CACHE/ipvsadm/usr/sbin/ipvsadm" "$out/uml/"
	for p in routes xdp latency udp; do
		gcc -O2 -Wall -Wextra -o "$out/$p" "bench/$p.c"
	done
	if [[ $name = reply ]]; then
		read -ra nl < <(pkg-config --cflags --libs libnl-genl-3.0)
		gcc -O2 -Wall -Wextra -Iuserspace/lib -Iuapi -o "$out/reply" bench/reply.c \
			userspace/libkpac.a "${nl[@]}"
		cp "$out/reply" "$out/uml/"
	fi
	if [[ $name = transmit ]]; then
		gcc -std=gnu11 -O2 -Wall -Wextra -pthread -Ibench/shim \
			-o "$out/relay" bench/relay.c
	fi
	if [[ $name != forward && $name != reply ]]; then
		dir=$(scripts/build.sh bench-micro "$(ref_kdir)" KPAC_MICRO=1)
		cp "$dir"/kpac_*.ko "$out/"
	fi
}

# Runs a command in a VM: vm VM-OPTION... -- COMMAND...
vm() {
	KPAC_KO=$out/kpac.ko scripts/vm.sh -t 5400 -o "$out" "$@" || status=1
	if grep -E 'BUG:|WARNING:|Oops' "$out/dmesg"; then
		status=1
	fi
	cat "$out/dmesg" >> "$out/dmesg.all"
}

# Runs a command in user-mode Linux, where it can write to $out/uml.
uml() {
	local dir
	[[ ${KPAC_ROUNDS:-11} != 0 ]] || return 0
	say "measuring in user-mode Linux (built if it is not there yet)"
	if ! dir=$(scripts/build.sh bench-uml "$(scripts/kernel.sh uml)" ARCH=um); then
		say "no user-mode Linux: no nanoseconds"
		status=1
		return
	fi
	cp "$dir/kpac.ko" "$out/uml/"
	if [[ $name != forward && $name != reply ]]; then
		dir=$(scripts/build.sh bench-uml-micro "$(scripts/kernel.sh uml)" \
			ARCH=um KPAC_MICRO=1)
		cp "$dir"/kpac_*.ko "$out/uml/"
	fi
	KPAC_KO=$out/uml/kpac.ko KPAC_PACKETS=${KPAC_UML_PACKETS:-300000} \
		scripts/uml.sh -t 1200 -o "$out/uml" -- "$@" > "$out/uml/log" 2>&1 || {
		tail -n 20 "$out/uml/log" >&2
		status=1
	}
}

measure_forward() {
	say "measuring in the VM, mode $mode"
	vm -i -m 4G -- bench/forward.sh "$out" "$mode"
	uml bench/forward.sh "$out/uml" uml
}

# A NIC that works off its ring at once, and one that is a wire away; see nics.sh.
VIRTIO=virtio-net-pci,ioeventfd=off,tx=timer,x-txtimer=1

# What else is measured of a router in mode full: the kpac qdisc and others, copies,
# how many buffers are examined at once, no receive offload, and no router.
TUNED='qdisc:kpac qdisc:pfifo_fast qdisc:fq_codel
	kpac:tx-batch=1,copybreak=256 kpac:copybreak=256
	kpac:clean-batch=1,copybreak=256 kpac:clean-batch=16,copybreak=256
	nogro:ip_forward nogro:kpac floor nogro:floor'
TUNED=${TUNED//[[:space:]]/ }

# Shell commands for a guest, all of which are run, whatever fails.
all_of() {
	printf 'rc=0\n'
	printf '%s || rc=1\n' "$@"
	# shellcheck disable=SC2016 # the guest's
	printf 'exit $rc\n'
}

# The parts and the queueing discipline, and a router, with the same NICs.
measure_transmit() {
	local peers='ip_forward kpac:tx-batch=1 kpac qdisc:kpac'
	local rounds=${KPAC_ROUNDS:-7}
	local parts=("uname -r > $out/kernel" "bench/micro.sh $out"
		"bench/qdisc.sh $out $mode")
	if [[ $mode = full ]]; then
		peers='ip_forward flowtable kpac:tx-batch=1 kpac'
		rounds=${KPAC_ROUNDS:-21}
		parts+=("KPAC_PEAK=burst64 bench/nics.sh $out virtio $peers"
			"KPAC_CASES='burst16-max burst64-max' bench/nics.sh $out virtio $TUNED")
	else
		parts+=("KPAC_PACKETS=1000 KPAC_CASES=burst16-max bench/nics.sh $out virtio $peers")
	fi
	say "measuring in a VM that counts instructions, mode $mode"
	vm -i -n $VIRTIO -n $VIRTIO -- "$(all_of "${parts[@]}")"
	if [[ $mode = full ]]; then
		vm -i -n e1000e -n e1000e -- \
			"KPAC_CASES='burst1-max burst16-max' bench/nics.sh $out e1000e $peers"
		say "measuring in a VM with two CPUs"
		vm -n virtio-net-pci:2 -n virtio-net-pci:2 -- \
			"KPAC_CASES='burst1-max burst16-max' bench/nics.sh $out virtio $peers"
	fi
	say "measuring two senders"
	vm -- bench/senders.sh "$out" "$mode"
	say "measuring queues shared by threads, on this machine"
	bench/relay.sh "$out" "$mode" || status=1
	KPAC_ROUNDS=$rounds uml "$(all_of "uname -r > $out/uml/kernel" \
		"bench/micro.sh $out/uml $rounds" "bench/qdisc.sh $out/uml uml")"
}

# Peers that user-mode Linux lacks (tc flower, iptables) are left out there.
measure_table() {
	local rounds=${KPAC_ROUNDS:-11}
	[[ $mode = full ]] || rounds=${KPAC_ROUNDS:-2}
	say "measuring in a VM that counts instructions, mode $mode"
	vm -i -m 4G -- bench/table.sh "$out" "$mode"
	KPAC_ROUNDS=$rounds uml bench/table.sh "$out/uml" uml
}

# Who answers in user space shares the CPU with who asks.
measure_reply() {
	local rounds=${KPAC_ROUNDS:-11}
	[[ $mode = full ]] || rounds=${KPAC_ROUNDS:-1}
	say "measuring in a VM that counts instructions, mode $mode"
	vm -i -m 2G -- bench/reply.sh "$out" "$mode"
	KPAC_ROUNDS=$rounds KPAC_REQUESTS=9600 KPAC_TIMED=1000 \
		uml bench/reply.sh "$out/uml" uml
}

measure_chain() {
	local rounds=${KPAC_ROUNDS:-11}
	[[ $mode = full ]] || rounds=${KPAC_ROUNDS:-2}
	say "measuring in a VM that counts instructions, mode $mode"
	vm -i -m 4G -- bench/chain.sh "$out" "$mode"
	if [[ $mode = full ]]; then
		say "measuring in a VM with two CPUs"
		mkdir -p "$out/two"
		cp "$out/ipvsadm" "$out/nginx" "$out/two/"
		KPAC_PACKETS=${KPAC_PACKETS:-20000} KPAC_ROUNDS=1 \
			vm -i -c 2 -m 4G -- bench/chain.sh "$out/two" two
		cat "$out/two/chain.tsv" >> "$out/chain.tsv"
	fi
	KPAC_ROUNDS=$rounds uml bench/chain.sh "$out/uml" uml
}

report() {
	local to=bench/results/$name
	[[ $mode = full ]] || to+=-$mode
	[[ -s $out/$name.tsv ]] || die "nothing was measured"
	: >> "$out/uml/$name.tsv"
	awk -v json="$to.json" -v bars="$out/bars" -v scale="$out/scale" \
		-v kernel="$(<"$out/kernel")" \
		-v uml_kernel="$(cat "$out/uml/kernel" 2>/dev/null)" \
		-f bench/lib.awk -f "bench/$name.awk" "$out/$name.tsv" "$out/uml/$name.tsv" |
		tee "$out/table"
	gnuplot -e "bars='$out/bars'; scale='$out/scale'; out='$to.svg'" \
		-e "kernel='$(<"$out/kernel")'" "bench/$name.gp"
	say "written: $to.json $to.svg"
}

[[ -n $name && $mode =~ ^(full|quick)$ ]] || usage
[[ $(type -t "measure_$name") = function ]] || die "no benchmark $name"
scripts/deps.sh bench || die "cannot install what the benchmarks need"
out=${KPAC_OUT:-$KPAC_CACHE/bench}
rm -rf "$out"
mkdir -p "$out/uml" bench/results
out=$(cd "$out" && pwd -P)
build
"measure_$name"
report
exit $status
