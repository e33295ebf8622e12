#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# qdisc.sh - what sending a packet through a queueing discipline costs one sender.
#
#   qdisc.sh DIR [full|quick|uml]     runs as root inside a guest; see run.sh
#
# Except in uml, the guest has a pair of NICs (scripts/vm.sh -n), which become s0 of
# namespace S and d0 of D; DIR has the program udp, compiled from udp.c. Adds lines to
# DIR/transmit.tsv, medians being left to who reads them:
#   case peer nic cpus queues offered metric value unit
#
# Cases:
#   pktgen   packets of 60 bytes, by pktgen through dev_queue_xmit(): time each, out by
#            a dummy device, one with four queues (under mq), and by the NIC
#   udp      datagrams that a process sends now and then: what sendto() takes, and
#            how much later it is when the peer's stack has it; see udp.c
#   tcp      iperf3 with one stream, per 1448 bytes, both hosts included
#
# Time is in instructions where those are counted, else in nanoseconds.

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
MODE=${2:-full}
PACKETS=${KPAC_PACKETS:-10000}
case $MODE in
full) ROUNDS=5 ;;
quick) ROUNDS=1 ;;
uml) # a round that is short has the CPU for itself more often
	ROUNDS=${KPAC_ROUNDS:-11} PACKETS=3000 ;;
*) die "no mode $MODE" ;;
esac
ROOTS='noqueue pfifo_fast fq_codel kpac'
failed=0

fail() {
	say "error: $*"
	failed=1
}

# Namespace S with a dummy device dm0 and another with four queues, dm4; and D, if
# there are NICs.
devices_up() {
	local dev
	modprobe -a dummy virtio_net 2>/dev/null
	net_namespaces
	ip -n S link add dm0 type dummy
	ip -n S link add dm4 numtxqueues 4 type dummy
	for dev in dm0 dm4; do
		in_ns S sysctl -qw net.ipv6.conf.$dev.disable_ipv6=1
		ip -n S link set $dev up
	done
	[[ $MODE != uml ]] || return 0
	MAC_S0=02:4b:50:41:01:01 MAC_R0=02:4b:50:41:01:02
	ip link set "$(nic_name $MAC_S0)" netns S name s0
	ip link set "$(nic_name $MAC_R0)" netns D name d0
	net_address S s0 1 1 $MAC_R0
	net_address D d0 1 2 $MAC_S0
}

# Makes PEER the qdisc of S's DEV; mq-QDISC is mq with those: qdisc DEV PEER
qdisc() {
	local default
	if [[ $2 = mq-* ]]; then
		default=$(sysctl -n net.core.default_qdisc)
		# A root of another kind first, so that mq is made anew.
		tc -n S qdisc replace dev "$1" root noqueue &&
		sysctl -qw "net.core.default_qdisc=${2#mq-}" &&
		tc -n S qdisc replace dev "$1" root mq
		sysctl -qw "net.core.default_qdisc=$default"
	else
		tc -n S qdisc replace dev "$1" root "$2"
	fi || fail "$2: cannot be set up"
}

# One measurement by pktgen: by_pktgen DEV NIC QUEUES PEER
by_pktgen() {
	local before n
	PKTGEN_DEV=$1
	qdisc "$1" "$4"
	pktgen 500 4 60 1 xmit_mode,queue_xmit
	before=$(dev_count S "$1" tx_packets)
	pktgen "$PACKETS" 4 60 1 xmit_mode,queue_xmit
	n=$(($(dev_count S "$1" tx_packets) - before))
	# A NIC's driver may count a few when it has sent the next.
	if [[ $n -lt $((SENT - 256)) ]]; then
		fail "pktgen, $4 on $2: sent $SENT packets, $n left"
		return
	fi
	result pktgen "$4" "$2" 1 "$3" max time "$NS_PER_PACKET" "$UNIT"
}

by_udp() {
	local n call call_p99 arrival arrival_p99
	qdisc s0 "$1"
	read -r n call call_p99 arrival arrival_p99 < \
		<(in_ns D "$DIR/udp" S 10.1.0.2 500 2000)
	if [[ ${n:-} != 500 ]]; then
		fail "udp, $1: of 500 datagrams ${n:-none} arrived"
		return
	fi
	result udp "$1" virtio 1 1 500 call_mean "$call" "$UNIT"
	result udp "$1" virtio 1 1 500 call_p99 "$call_p99" "$UNIT"
	result udp "$1" virtio 1 1 500 latency_mean "$arrival" "$UNIT"
	result udp "$1" virtio 1 1 500 latency_p99 "$arrival_p99" "$UNIT"
}

by_tcp() {
	local ns
	qdisc s0 "$1"
	ns=$(iperf_tcp 10.1.0.2 1)
	if ! [[ $ns =~ ^[0-9.e+]+$ ]]; then
		fail "tcp, $1: no result"
		return
	fi
	result tcp "$1" virtio 1 1 max time "$ns" "$UNIT"
}

devices_up
insmod "$KPAC_KO" || die "cannot load $KPAC_KO"
[[ $MODE = uml ]] || drop_on D d0
for ((i = 1; i <= ROUNDS; i++)); do
	say "round $i of $ROUNDS"
	for peer in $ROOTS; do
		by_pktgen dm0 dummy 1 "$peer"
		[[ $MODE = uml ]] || by_pktgen s0 virtio 1 "$peer"
	done
	for peer in noqueue mq-pfifo_fast mq-fq_codel mq-kpac; do
		by_pktgen dm4 dummy 4 "$peer"
	done
done
if [[ $MODE != uml ]]; then
	drop_off D d0
	for ((i = 1; i <= ROUNDS; i++)); do
		for peer in pfifo_fast fq_codel kpac; do
			by_udp "$peer"
			by_tcp "$peer"
		done
	done
fi
net_down
sleep 1
rmmod kpac || fail "kpac is still in use"
exit $failed
