#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# forward.sh - what forwarding one packet costs, by kpac and by its peers.
#
#   forward.sh DIR [full|quick|uml]     runs as root inside a VM; see run.sh
#
# S sends UDP packets to D through R with pktgen; the sink is a tc drop on D's
# ingress. The reference is the same with the drop on R's ingress: what is more
# than that is the cost of forwarding. In a VM that counts instructions
# (scripts/vm.sh -i) a nanosecond of guest time is an instruction.
#
# Every run adds a line to DIR/forward.tsv; a measurement whose packets did not
# all arrive, or did not go the way that is measured, is an error:
#   case peer size family flows routes packets nanoseconds
#
# full:  routers with every combination of 64 and 1500 bytes, IPv4 and IPv6, 1,
#        1000 and 100 000 flows, 1 and 1 000 000 routes; what does not look at
#        the IP address (bridge, mirred, XDP redirect) with one flow and route.
# quick: 64 bytes, one flow, one route.
#        Both with what kpac passes, and TCP (case tcp-*: 1448 bytes, hosts included).
# uml:   as quick, the few peers that make sense there, many rounds.

# Functions on_* and off_* are called by the peer's name.
# shellcheck disable=SC2317

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
MODE=${2:-full}
PACKETS=${KPAC_PACKETS:-50000}
SIZES='64 1500' FLOWS='1 1000 100000'
ROUTES=1	# what is loaded now
SINK=d0		# where packets are counted now
failed=0
warm=		# what was sent last with many flows

# An error that does not end the run: the others are still worth having.
fail() {
	say "error: $*"
	failed=1
}

# --- peers: how R forwards. on_PEER, off_PEER, both from a plain router ---------

on_ip_forward() { :; }
off_ip_forward() { :; }

# Out by a device whose driver does next to nothing.
on_ip_forward_dummy() {
	ip -n R link add dm0 address "$MAC_R1" type dummy &&
	net_address R dm0 3 1 "$MAC_D0" &&
	ip -n R route replace 198.18.0.0/15 via 10.3.0.2 &&
	ip -n R route replace 2001:db8::/32 via fd03::2 &&
	SINK=dm0
}
off_ip_forward_dummy() {
	SINK=d0
	ip -n R route replace 198.18.0.0/15 via 10.2.0.2 &&
	ip -n R route replace 2001:db8::/32 via fd02::2 &&
	ip -n R link del dm0
}

on_kpac() { kpac_on r0 r1; }
off_kpac() { kpac_off r0 r1; }
# Behind this door kpac cannot go on with a packet on another device: D receives
# it from its queue.
on_kpac_ingress() { kpac_on "r0 door ingress" "r1 door ingress"; }
off_kpac_ingress() { kpac_off r0 r1; }
on_kpac_dummy() { on_ip_forward_dummy && kpac_on r0 dm0; }
off_kpac_dummy() { kpac_off r0 dm0; off_ip_forward_dummy; }

on_flowtable() { flowtable_on; }
off_flowtable() { flowtable_off; }

# The datapath alone, with the flows that the daemon would set for a router.
on_ovs() {
	local macs="set(eth(src=$MAC_R1,dst=$MAC_D0))"
	modprobe openvswitch &&
	in_ns R "$DIR/ovs-dpctl" add-dp system@bench 2>/dev/null &&
	in_ns R "$DIR/ovs-dpctl" add-if system@bench r0,port_no=1 r1,port_no=2 &&
	in_ns R "$DIR/ovs-dpctl" add-flow system@bench \
		"in_port(1),eth(),eth_type(0x0800),ipv4(ttl=32)" \
		"$macs,set(ipv4(ttl=31)),2" &&
	in_ns R "$DIR/ovs-dpctl" add-flow system@bench \
		"in_port(1),eth(),eth_type(0x86dd),ipv6(hlimit=32)" \
		"$macs,set(ipv6(hlimit=31)),2"
}
off_ovs() { in_ns R "$DIR/ovs-dpctl" del-dp system@bench; }

on_bridge() {
	ip -n R link add br0 up type bridge &&
	ip -n R link set r0 master br0 &&
	ip -n R link set r1 master br0 &&
	bridge -n R fdb replace "$MAC_D0" dev r1 master static
}
off_bridge() { ip -n R link del br0; }

on_mirred() {
	modprobe act_mirred
	tc -n R qdisc add dev r0 clsact &&
	tc -n R filter add dev r0 ingress matchall \
		action mirred egress redirect dev r1
}
off_mirred() { tc -n R qdisc del dev r0 clsact; }

# Attaches an XDP program until xdp_off: xdp_on NS ARGUMENTS-OF-XDP...
xdp_pids=()
xdp_on() {
	local fd line
	exec {fd}< <(exec ip netns exec "$1" "$DIR/xdp" "${@:2}")
	xdp_pids+=($!)
	read -r -t 20 line <&"$fd"
	exec {fd}<&-
	[[ ${line:-} = attached ]]
}
xdp_off() {
	local pid
	for pid in "${xdp_pids[@]}"; do
		kill "$pid"
		while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	done
	xdp_pids=()
}

on_xdp_generic() { xdp_on R generic r0 redirect "$R1"; }
off_xdp_generic() { xdp_off; }

# In native mode the far end of the pair must have a program too.
on_xdp_native() { xdp_on D native d0 pass && xdp_on R native r0 redirect "$R1"; }
off_xdp_native() { xdp_off; }

# --- measuring ---------------------------------------------------------------

# Prints the packets of the first counter in nftables chain CHAIN of R's TABLE.
nft_count() {
	in_ns R nft list chain inet "$1" "$2" |
		sed -n '/counter packets/{s/.*packets \([0-9]*\) .*/\1/p;q}'
}

# Prints how many packets the sink has seen so far.
sink_count() {
	case $SINK in
	d0) drop_count D d0 ;;
	r0) drop_count R r0 ;;
	dm0) dev_count R dm0 tx_packets ;;
	input) nft_count sink input ;;
	discard) dev_count R r0 rx_dropped ;;
	received) dev_count R r0 rx_packets ;;
	esac
}

# Prints how many packets went the way by which PEER forwards, as PEER counts.
way_count() {
	case $1 in
	kpac | kpac-ingress) kpac_count r0 handover ;;
	kpac-dummy) kpac_count r0 direct ;;
	flowtable) echo "-$(nft_count bench forward)" ;;
	esac
}

# Did all packets of the last run go that way? way_check PEER COUNT BEFORE
way_check() {
	local peer=$1 count=$2 before=$3 least
	case $peer in
	kpac*) least=$((count - count / 1000)) ;;
	# Random choice leaves out some flows before; they are new now.
	flowtable) least=$((-count / 10)) ;;
	*) return 0 ;;
	esac
	[[ $(($(way_count "$peer") - before)) -ge $least ]]
}

# Sends the packets in five parts, lest what else the guest is doing be measured
# with them, and sets NS_PER_PACKET to their median: measure FAMILY FRAME FLOWS...
measure() {
	local i parts=()
	for i in 1 2 3 4 5; do
		pktgen $((PACKETS / 5)) "$@"
		parts+=("$NS_PER_PACKET")
	done
	NS_PER_PACKET=$(printf '%s\n' "${parts[@]}" | sort -n | sed -n 3p)
}

# Measures and writes a line: run CASE PEER SIZE FAMILY FLOWS [PKTGEN...]
run() {
	local case=$1 peer=$2 size=$3 family=$4 flows frame sink way n
	flows=$(flows_of "$family" "$5")
	frame=$(frame_of "$family" "$size")
	shift 5

	# Not the first packets of a flow: five of each before, on average, leave out
	# one in a hundred; nftables takes a flow with its second packet, and forgets.
	if [[ $flows = 1 ]]; then
		pktgen 1000 "$family" "$frame" 1 "$@"
	elif [[ $peer != reference && $warm != "$peer-$family-$flows-$ROUTES" ]]; then
		n=5
		[[ $peer != flowtable ]] || n=7 warm=
		pktgen $((n * flows)) "$family" "$frame" "$flows" "$@"
		warm=$peer-$family-$flows-$ROUTES
	fi

	sink=$(sink_count)
	[[ $case = pass* ]] || way=$(way_count "$peer")
	measure "$family" "$frame" "$flows" "$@"
	n=$(($(sink_count) - sink))
	if [[ $n -ne $PACKETS ]]; then
		fail "$case, $peer: sent $PACKETS packets, $n arrived"
	elif [[ $case != pass* && $peer = kpac* ]] &&
		! way_check "$peer" "$PACKETS" "$way"; then
		fail "$case, $peer: packets did not go that way"
	else
		[[ $peer != flowtable ]] || way_check "$peer" "$PACKETS" "$way" ||
			say "note: more than a tenth of these were in no flow"
		printf '%s\t' "$case" "${peer%-dummy}" "$size" "$family" "$flows" \
			"$ROUTES" "$PACKETS" >> "$DIR/forward.tsv"
		echo "$NS_PER_PACKET" >> "$DIR/forward.tsv"
		say "$(printf '%-38s %-18s %8.1f' "$case" "${peer%-dummy}" "$NS_PER_PACKET")"
	fi
}

# Prints the name of a case: case_name PEER SIZE FAMILY FLOWS
case_name() {
	local name
	name=ipv$3-$2B-$(flows_of "$3" "$4")flows-${ROUTES}routes
	[[ $1 != *-dummy ]] || name+=-dummy
	echo "$name"
}

# Measures PEER in all combinations: peer PEER FAMILIES SIZES FLOWS [PKTGEN...]
peer() {
	local name=$1 families=$2 sizes=$3 flows=$4 family flow size
	shift 4
	if [[ $name = kpac* ]] && ! kpac_built; then
		say "kpac is not built: no $name"
		return
	fi
	if "on_${name//-/_}"; then
		for family in $families; do
			for flow in $flows; do
				for size in $sizes; do
					run "$(case_name "$name" "$size" "$family" "$flow")" \
						"$name" "$size" "$family" "$flow" "$@"
				done
			done
		done
	else
		fail "$name: cannot be set up"
	fi
	"off_${name//-/_}" || fail "$name: cannot be undone"
}

on_reference() { drop_on R r0 && SINK=r0; }
off_reference() { SINK=d0; drop_off R r0; }

# --- traffic that kpac leaves alone --------------------------------------------

on_pass_local() {
	SINK=input
	in_ns R nft -f - <<-END
		table inet sink {
			chain input {
				type filter hook input priority 0
				udp dport 9 counter drop
			}
		}
	END
}
off_pass_local() { SINK=d0; in_ns R nft delete table inet sink; }

# The stack drops these without counting them.
on_pass_no_route() {
	SINK=received
	in_ns R ip route add blackhole 192.0.2.1 &&
	in_ns R ip -6 route add blackhole fd77::1
}
off_pass_no_route() {
	SINK=d0
	in_ns R ip route del blackhole 192.0.2.1 &&
	in_ns R ip -6 route del blackhole fd77::1
}

on_pass_netfilter() {
	in_ns R nft -f - <<-END
		table inet bench {
			chain forward {
				type filter hook forward priority 0
				counter
			}
		}
	END
}
off_pass_netfilter() { in_ns R nft delete table inet bench; }

on_pass_not_ip() { SINK=discard; }
off_pass_not_ip() { SINK=d0; }

# r0 and r1 are no ports, kpac has another.
on_pass_no_port() { ip -n R link add dm1 type dummy; }
off_pass_no_port() { ip -n R link del dm1; }

# One kind of traffic without kpac and with it: pass KIND FAMILY PORTS [PKTGEN...]
pass() {
	local kind=$1 family=$2 ports=$3 name=$1
	[[ $family = 4 ]] || name+=-ipv6
	shift 3
	if "on_pass_${kind//-/_}"; then
		run "pass-$name" without 64 "$family" 1 "$@"
		# shellcheck disable=SC2086 # a list of ports
		if kpac_built; then
			kpac_on $ports || fail "pass-$name: cannot be set up"
			run "pass-$name" kpac 64 "$family" 1 "$@"
			kpac_off $ports
		fi
	else
		fail "pass-$name: cannot be set up"
	fi
	"off_pass_${kind//-/_}"
}

# --- TCP ------------------------------------------------------------------------

# TCP through R, both hosts included: tcp PEER
tcp() {
	local peer=$1 family n i ns way address
	drop_off D d0
	"on_$peer" || fail "tcp, $peer: cannot be set up"
	for family in 4 6; do
		address=10.2.0.2
		[[ $family = 4 ]] || address=fd02::2
		for n in 1 8; do
			way=$(way_count "$peer")
			for i in 1 2 3; do iperf_tcp $address $n; done > "$DIR/tcp"
			ns=$(sort -g "$DIR/tcp" | sed -n 2p)
			if ! [[ $ns =~ ^[0-9.e+]+$ ]]; then
				fail "tcp, $peer: no result"
			elif [[ $peer = kpac && $(way_count "$peer") = "$way" ]]; then
				fail "tcp, $peer: packets did not go that way"
			else
				printf 'tcp-ipv%s-%sstreams\t%s\t1448\t%s\t%s\t1\t0\t%s\n' \
					$family $n "$peer" $family $n "$ns" >> "$DIR/forward.tsv"
				say "TCP over IPv$family, $n streams, $peer: $ns"
			fi
		done
	done
	"off_$peer" || fail "tcp, $peer: cannot be undone"
	drop_on D d0
}

# --- the programme --------------------------------------------------------------

# What depends on the number of routes.
routers() {
	peer ip_forward "$1" "$SIZES" "$FLOWS"
	peer kpac "$1" "$SIZES" "$FLOWS"
	peer kpac-ingress "$1" 64 "$FLOWS"
	peer flowtable "$1" "$SIZES" "$FLOWS"
}

# Loads a million routes of FAMILY and measures the routers again.
million_routes() {
	local gw=10.2.0.2
	[[ $1 = 4 ]] || gw=fd02::2
	say "loading a million IPv$1 routes"
	in_ns R "$DIR/routes" "$1" "$gw" 1000000 || die "cannot load the routes"
	ROUTES=1000000
	routers "$1"
	ROUTES=1
}

full() {
	peer reference "4 6" "$SIZES" "$FLOWS"
	routers 4
	routers 6
	peer ip_forward-dummy "4 6" 64 1
	peer kpac-dummy "4 6" 64 1
	peer ovs "4 6" "$SIZES" "$FLOWS"
	peer bridge "4 6" "$SIZES" 1 "dst_mac,$MAC_D0"
	peer mirred "4 6" "$SIZES" 1
	peer xdp-generic "4 6" "$SIZES" 1
	peer xdp-native "4 6" "$SIZES" 1
	pass local 4 "r0 r1" dst_min,10.1.0.2 dst_max,10.1.0.2
	pass local 6 "r0 r1" dst6,fd01::2
	pass no-route 4 "r0 r1" dst_min,192.0.2.1 dst_max,192.0.2.1
	pass no-route 6 "r0 r1" dst6,fd77::1
	pass netfilter 4 "r0 r1"
	pass netfilter 6 "r0 r1"
	pass not-ip 4 "r0 r1" mpls,00010140
	pass no-port 4 dm1
	tcp ip_forward
	kpac_built && tcp kpac
	[[ $MODE = full ]] || return
	million_routes 4
	million_routes 6
}

# Nanoseconds wobble: the peers take turns.
uml() {
	local i rounds=${KPAC_ROUNDS:-11}
	for ((i = 1; i <= rounds; i++)); do
		say "round $i of $rounds"
		peer reference "4 6" 64 1
		peer ip_forward "4 6" 64 1
		peer kpac "4 6" 64 1
		peer ip_forward-dummy "4 6" 64 1
		peer kpac-dummy "4 6" 64 1
	done
}

: > "$DIR/forward.tsv"
uname -r > "$DIR/kernel"
net_up
drop_on D d0
case $MODE in
full) full ;;
quick) SIZES=64 FLOWS=1; full ;;
uml) uml ;;
esac
exit $failed
