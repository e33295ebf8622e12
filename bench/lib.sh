#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lib.sh - two hosts and a router in network namespaces, a packet generator, a
# sink that counts. Sourced by what runs inside a VM: forward.sh, nics.sh, demo.sh.
#
#   S: s0 ----- r0 :R: r1 ----- d0 :D
#      10.1.0.1    .2      10.2.0.1    .2
#      fd01::1     ::2     fd02::1     ::2
#
# Traffic goes to 198.18.0.0/15 and 2001:db8::/32, which R routes to D.
# Interface indexes and MAC addresses are fixed, so that BPF programs and flow
# tables can name them.

KPAC_TOP=${KPAC_TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)}
KPAC_KO=${KPAC_KO:-$KPAC_TOP/kpac.ko}
KPACCTL=$KPAC_TOP/userspace/kpacctl

S0=10 R0=11 R1=12 D0=13
MAC_S0=02:00:00:00:00:0a MAC_R0=02:00:00:00:00:0b
MAC_R1=02:00:00:00:00:0c MAC_D0=02:00:00:00:00:0d

# Under icount a nanosecond is an instruction.
UNIT=ns
# shellcheck disable=SC2034 # for those who source this
[[ ${KPAC_ICOUNT:-} != 1 ]] || UNIT=instructions

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Adds a line to DIR/transmit.tsv:
#   result CASE PEER NIC CPUS QUEUES OFFERED METRIC VALUE UNIT
result() {
	local IFS=$'\t'
	printf '%s\n' "$*" >> "$DIR/transmit.tsv"
}

# Prints the name of the NIC with a MAC, which may be on its way back from a
# namespace that has ended: nic_name MAC
nic_name() {
	local i name
	for ((i = 0; i < 50; i++)); do
		name=$(grep -lx "$1" /sys/class/net/*/address | cut -d / -f 5)
		[[ -z $name ]] || break
		sleep 0.2
	done
	[[ -n $name ]] || die "no NIC with address $1"
	echo "$name"
}

# Runs a command in namespace NS: in_ns NS COMMAND...
in_ns() { ip netns exec "$@"; }

# Builds the topology above from nothing.
net_up() {
	modprobe veth 2>/dev/null || true
	net_namespaces
	ip -n S link add s0 index $S0 address $MAC_S0 type veth \
		peer name r0 index $R0 address $MAC_R0 netns R
	ip -n R link add r1 index $R1 address $MAC_R1 type veth \
		peer name d0 index $D0 address $MAC_D0 netns D
	net_addresses
}

# net_namespaces [NS...]: S, R and D, unless others are said
net_namespaces() {
	local ns
	[[ $# -gt 0 ]] || set -- S R D
	modprobe -a pktgen cls_matchall act_gact sch_ingress 2>/dev/null || true
	for ns; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		in_ns "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0
	done
	in_ns R sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

net_addresses() {
	net_address S s0 1 1 $MAC_R0
	net_address R r0 1 2 $MAC_S0
	net_address R r1 2 1 $MAC_D0
	net_address D d0 2 2 $MAC_R1
	ip -n S route add default via 10.1.0.2
	ip -n S route add default via fd01::2
	ip -n D route add default via 10.2.0.1
	ip -n D route add default via fd02::1
	ip -n R route add 198.18.0.0/15 via 10.2.0.2
	ip -n R route add 2001:db8::/32 via fd02::2
}

# Gives NS's device DEV the address HOST in network NET and a permanent
# neighbour with MAC, the other end: net_address NS DEV NET HOST MAC
net_address() {
	local ns=$1 dev=$2 net=$3 host=$4 mac=$5
	ip -n "$ns" addr add "10.$net.0.$host/24" dev "$dev"
	ip -n "$ns" addr add "fd0$net::$host/64" dev "$dev" nodad
	ip -n "$ns" link set "$dev" up
	ip -n "$ns" neigh add "10.$net.0.$((3 - host))" lladdr "$mac" \
		nud permanent dev "$dev"
	ip -n "$ns" neigh add "fd0$net::$((3 - host))" lladdr "$mac" \
		nud permanent dev "$dev"
}

# Removes everything net_up made.
net_down() {
	local ns
	for ns in S R D; do
		ip netns del $ns 2>/dev/null || true
	done
}

# Counts and drops what arrives at NS's DEV: drop_on NS DEV
drop_on() {
	tc -n "$1" qdisc add dev "$2" clsact
	tc -n "$1" filter add dev "$2" ingress matchall action drop
}

# Ends drop_on.
drop_off() { tc -n "$1" qdisc del dev "$2" clsact; }

# Prints how many packets drop_on has counted on NS's DEV.
drop_count() {
	tc -s -n "$1" filter show dev "$2" ingress |
		awk '$1 == "Sent" { print $4; exit }'
}

# Prints a counter of NS's DEV: dev_count NS DEV rx_packets
dev_count() { in_ns "$1" cat "/sys/class/net/$2/statistics/$3"; }

# Loads the module and makes R's devices its ports: kpac_on "DEV [door DOOR]"...
kpac_on() {
	local dev
	[[ -d /sys/module/kpac ]] || insmod "$KPAC_KO" || return
	for dev; do
		# shellcheck disable=SC2086 # words of a command
		"$KPACCTL" -n R port add dev $dev || return
	done
}

# Ends kpac_on; the module goes too.
kpac_off() {
	local dev
	for dev; do
		"$KPACCTL" -n R port del dev "$dev" || return
	done
	rmmod kpac
}

# Forwarding by an nftables flowtable. Established flows skip the forward hook:
# the counter there sees the others.
flowtable_on() {
	modprobe -a nft_flow_offload nf_flow_table_inet 2>/dev/null
	in_ns R nft -f - <<-END &&
		table inet bench {
			flowtable f { hook ingress priority 0; devices = { r0, r1 }; }
			chain forward {
				type filter hook forward priority 0
				counter
				meta l4proto udp flow add @f
			}
		}
	END
	echo 262144 > /sys/module/nf_conntrack/parameters/hashsize &&
	sysctl -qw net.netfilter.nf_conntrack_max=1000000
}

# Ends flowtable_on.
flowtable_off() {
	in_ns R nft delete table inet bench && in_ns R conntrack -F 2>/dev/null
}

# Prints how many packets of R's port DEV kpac counts as COUNTER: kpac_count DEV COUNTER
kpac_count() {
	"$KPACCTL" -n R -j stat show dev "$1" |
		sed -n "s/.*\"$2[a-z_-]*\": *\([0-9]*\).*/\1/p"
}

# Is there a module and a tool to test?
kpac_built() {
	[[ -e $KPAC_KO && -x $KPACCTL ]]
}

# Sends COUNT packets from S's s0 (or PKTGEN_DEV) with pktgen; extra words are more of pktgen's
# commands, a comma standing for the space. Sets NS_PER_PACKET (a decimal), and
# SENT, which is more than COUNT where the last burst is. PKTGEN_OUT is all that
# was printed, PKTGEN_WATCH a command to run right before sending and right after.
#   pktgen COUNT FAMILY FRAME_BYTES FLOWS [COMMAND...]
# With FLOWS > 1 every packet takes one of that many destinations at random.
pktgen() {
	local count=$1 family=$2 size=$3 flows=$4
	shift 4
	PKTGEN_OUT=$(pktgen_script "$count" "$family" "$size" "$flows" "$@" |
		in_ns S bash) || die "pktgen: $PKTGEN_OUT"
	# shellcheck disable=SC2034 # for the caller
	read -r NS_PER_PACKET SENT < <(awk -v n="$count" '
		/sofar:/ && $2 < n { exit }
		/sofar:/ { n = $2 }
		/Result: OK:/ { sub("\\(.*", "", $3); printf "%.1f %d\n", $3 * 1000 / n, n }
		' <<<"$PKTGEN_OUT") || die "pktgen: $PKTGEN_OUT"
}

# Prints the shell commands that pktgen() runs in S.
pktgen_script() {
	local count=$1 size=$3 c
	local pg=/proc/net/pktgen dev=${PKTGEN_DEV:-s0}
	echo "set -e"
	echo "echo add_device $dev > $pg/kpktgend_0"
	for c in "flag,!SHARED" "count,$count" clone_skb,0 burst,1 "delay,0" \
		"pkt_size,$size" "dst_mac,$MAC_R0" \
		"udp_src_min,9" "udp_src_max,9" "udp_dst_min,9" "udp_dst_max,9" \
		$(pktgen_addresses "$2" "$4") "${@:5}"; do
		echo "echo '${c/,/ }' > $pg/$dev"
	done
	echo "${PKTGEN_WATCH:-:}"
	echo "echo start > $pg/pgctrl"
	echo "${PKTGEN_WATCH:-:}"
	echo "cat $pg/$dev"
	# The device goes some time later.
	echo "echo reset > $pg/pgctrl"
	echo "while [ -e $pg/$dev ]; do sleep 0.05; done"
}

# Prints pktgen's commands for FLOWS random destinations of FAMILY. For IPv6
# pktgen only knows a mask of random bits: 1000 becomes 1024, 100000 131072.
# The masks are spread over what routes.c makes: each flow has its own route.
pktgen_addresses() {
	case $1-$2 in
	4-1) echo src_min,10.1.0.1 dst_min,198.18.0.1 dst_max,198.18.0.1 ;;
	4-*) echo src_min,10.1.0.1 flag,IPDST_RND dst_min,198.18.0.0 \
		dst_max,198."$((18 + $2 / 65536)).$(($2 / 256 % 256)).$(($2 % 256))" ;;
	6-1) echo src6,fd01::1 dst6,2001:db8::1 ;;
	6-1024) echo src6,fd01::1 dst6_min,2001:db8::1 dst6_max,2001:db8:7:fe00::1 ;;
	6-131072) echo src6,fd01::1 dst6_min,2001:db8::1 dst6_max,2001:db8:7:fffc::1 ;;
	*) die "no addresses for $2 IPv$1 flows" ;;
	esac
}

# Prints how many flows pktgen really makes when asked for FLOWS of FAMILY.
flows_of() {
	case $1-$2 in
	6-1000) echo 1024 ;;
	6-100000) echo 131072 ;;
	*) echo "$2" ;;
	esac
}

# Prints the frame size pktgen needs (without FCS) for a nominal packet size:
# 64 is the smallest there is with pktgen's own header in it, 1500 a full MTU.
frame_of() {
	case $1-$2 in
	4-64) echo 60 ;;
	6-64) echo 78 ;;
	*-1500) echo 1514 ;;
	*) die "no frame for $2 bytes of IPv$1" ;;
	esac
}

# Starts an iperf3 server for one client in D and waits until it listens.
iperf_server() {
	in_ns D iperf3 -s -1 -D
	until ss -N D -ltn | grep -q :5201; do sleep 0.1; done
}

# Sends TCP from S to D for a second: prints nanoseconds per 1448 bytes received,
# which is a full segment of IPv4. iperf_tcp ADDRESS STREAMS
iperf_tcp() {
	iperf_server
	in_ns S iperf3 -J -t 1 -P "$2" -c "$1" |
		jq '1e9 * 1448 * 8 / .end.sum_received.bits_per_second'
}
