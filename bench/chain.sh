#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# chain.sh - what a firewall, a flow monitor and a load balancer in front of web servers
# cost together, by kpac and its peers.
#
#   chain.sh DIR [full|quick|two|uml]     runs as root inside a guest; see run.sh
#
#   S: s0 ----- r0 :R: r1 ----- d1 :D1     10.1.0.1 .2, 10.2.0.1 .2
#                  :R: r2 ----- d2 :D2              10.3.0.1 .2
#   S: s1 ------------------- u1 :D1       10.4.0.1 .2, the way back that is not by R
#   S: s2 ------------------- u2 :D2       10.5.0.1 .2
#
# Clients in S ask 192.0.2.1, port 80, which R balances between D1 and D2, by NAT, which
# takes the way back through R as well, or by direct server return (dsr), where the
# servers have that address themselves and answer by u1 and u2. In a VM that counts
# instructions (scripts/vm.sh -i) a nanosecond of guest time is an instruction.
#
# What R does, the same by all:
#  - packets of 98 addresses are dropped, whatever they are,
#  - what is for 192.0.2.1, port 80, is let in, and what belongs to connections,
#  - anything else is dropped,
#  - packets and bytes of each connection are counted, both ways,
#  - connections are balanced by a Maglev hash of addresses and ports.
#
# Peers:
#  iptables      iptables-legacy, a rule for each address; conntrack with accounting,
#                IPVS with the scheduler mh
#  iptables-est  the same, but what belongs to connections is let in before the 98
#                addresses are looked at, and so they are not dropped then
#  nft, nft-est  the same by nftables, with the addresses in a set
#  kpac          entries of the table, with do drop, do flowmon, do balance
#  ip_forward, kpac-forward   for comparison: nothing but forwarding, to D1
#
# Cases:
#  request  packets to the servers, where they are dropped on arrival
#  round    packets to the servers, which send them back; nat only
#  web      a real web server and clients, with (keepalive) and without (close)
#           connections that are kept
# The reference for request drops at once what arrives in R, that for round sends it back
# at once. With NAT connections have been answered before they are measured, so they are
# what a stateful firewall calls established; with dsr, R never sees an answer. Conntrack
# then calls a client's segments of a TCP connection that it has seen begin invalid: they
# are let in, as the rules say, but not counted. Those that are measured begin in the
# middle, for the sake of the peers.
#
# Every measurement adds a line to DIR/chain.tsv; one whose packets did not all go the way
# that is measured, or are not in the accounts of connections, is an error:
#   case peer mode proto cpus metric value unit
#
# full:  all of it.
# quick: fewer packets, UDP only for nft and kpac, no web without keepalive.
# two:   the most important of it with two CPUs that send. In a VM that counts instructions
#        they take turns, so that a packet's are still counted, with what CPUs cost each
#        other; requests/s are those of both together.
# uml:   the most important of request and round, many rounds.
#
# KPAC_PEERS are those peers that are wanted, if not all.

# Functions on_* and others are called by the peer's name.
# shellcheck disable=SC2317

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
MODE=${2:-full}
PACKETS=${KPAC_PACKETS:-50000}
FLOWS=1000
CPUS=1
CTL="$KPACCTL -n R"
TMP=$(mktemp -d)	# in memory, unlike DIR
VIP=192.0.2.1
PARAMETERS=/sys/module/kpac_flows/parameters
failed=0

# An error that does not end the run: the others are still worth having.
fail() {
	say "error: $*"
	failed=1
}

# Adds a line: row CASE PEER MODE PROTO METRIC VALUE UNIT
row() {
	local IFS=$'\t'
	printf '%s\n' "$1	$2	$3	$4	$CPUS	$5	$6	$7" >> "$DIR/chain.tsv"
	IFS=' '
	say "$(printf '%-8s %-14s %-4s %-9s %s CPU %-12s %12s' "${@:1:4}" $CPUS "$5" "$6")"
}

# --- the topology ---------------------------------------------------------------

# Prints the MAC of a device by its number.
mac() { printf '02:00:00:00:00:%02x' "$1"; }

# One end of a cable, which knows the other: plug NS DEV NET HOST NUMBER-OF-THE-OTHER
plug() {
	ip -n "$1" -batch - <<-END
		addr add 10.$3.0.$4/24 dev $2
		link set $2 up
		neigh add 10.$3.0.$((3 - $4)) lladdr $(mac "$5") nud permanent dev $2
	END
}

# cable NS DEV NUMBER NS DEV NUMBER NET
cable() {
	ip -n "$1" link add "$2" index "$3" address "$(mac "$3")" type veth \
		peer name "$5" index "$6" address "$(mac "$6")" netns "$4"
	plug "$1" "$2" "$7" 1 "$6"
	plug "$4" "$5" "$7" 2 "$3"
}

# Builds it from nothing; servers answer by R, or by themselves: chain_up nat|dsr
chain_up() {
	local ns i
	modprobe veth 2>/dev/null
	net_namespaces S R D1 D2
	for ns in S R D1 D2; do
		# nothing but what is sent is to be counted
		in_ns $ns sysctl -qw net.ipv6.conf.{all,default}.disable_ipv6=1 \
			net.ipv4.conf.{all,default}.rp_filter=0 \
			net.ipv4.conf.{all,default}.send_redirects=0
	done
	cable S s0 10 R r0 11 1
	cable R r1 12 D1 d1 14 2
	cable R r2 13 D2 d2 15 3
	cable S s1 16 D1 u1 18 4
	cable S s2 17 D2 u2 19 5
	ip -n S route add default via 10.1.0.2
	for i in 1 2; do
		if [[ $1 = nat ]]; then
			ip -n D$i route add default via 10.$((i + 1)).0.1
		else
			ip -n D$i route add default via 10.$((i + 3)).0.1
			ip -n D$i addr add $VIP/32 dev lo
		fi
	done
}

chain_down() {
	local ns
	for ns in S R D1 D2; do
		ip netns del $ns
	done
	[[ ! -d /sys/module/kpac ]] || rmmod kpac
}

# --- peers: what R does. on_PEER nat|dsr ------------------------------------------

# Prints the addresses whose packets are dropped, each put into FORMAT: blocked FORMAT
blocked() {
	local i
	for ((i = 1; i <= 98; i++)); do
		# shellcheck disable=SC2059 # the format is the argument
		printf -- "$1\n" "203.0.113.$i"
	done
}

# Counts packets and bytes of connections, and balances them. IPVS is for packets that
# are for the host itself; kpac's are routed like any others.
conntrack_on() {
	in_ns R sysctl -qw net.netfilter.nf_conntrack_acct=1
}
ipvs_on() {
	local proto how=-m
	[[ $1 = nat ]] || how=-g
	ip -n R addr add $VIP/32 dev lo
	in_ns R sysctl -qw net.ipv4.vs.conntrack=1 net.ipv4.vs.sloppy_tcp=1 || return
	for proto in -t -u; do
		in_ns R "$DIR/ipvsadm" -A $proto $VIP:80 -s mh -b mh-port &&
			in_ns R "$DIR/ipvsadm" -a $proto $VIP:80 -r 10.2.0.2:80 $how &&
			in_ns R "$DIR/ipvsadm" -a $proto $VIP:80 -r 10.3.0.2:80 $how || return
	done
}

# iptables_rules first|last: when connections are let in
iptables_rules() {
	local chain
	echo "*filter"
	echo ":INPUT DROP"
	echo ":FORWARD DROP"
	for chain in INPUT FORWARD; do
		[[ $1 = last ]] || established $chain
		blocked "-A $chain -s %s -j DROP"
		[[ $1 = first ]] || established $chain
	done
	echo "-A INPUT -d $VIP -p tcp --dport 80 -j ACCEPT"
	echo "-A INPUT -d $VIP -p udp --dport 80 -j ACCEPT"
	echo "COMMIT"
}
established() { echo "-A $1 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"; }

iptables_on() {
	modprobe -a ip_tables iptable_filter xt_conntrack xt_tcpudp 2>/dev/null
	iptables_rules "$1" | in_ns R iptables-legacy-restore || return
	conntrack_on && ipvs_on "$2"
}
on_iptables() { iptables_on last "$1"; }
on_iptables-est() { iptables_on first "$1"; }

# nft_chain HOOK first|last
nft_chain() {
	local drop="ip saddr @blocked drop" accept="ct state established,related accept"
	echo "chain $1 {"
	echo "type filter hook $1 priority 0; policy drop;"
	if [[ $2 = last ]]; then
		printf '%s\n' "$drop" "$accept"
	else
		printf '%s\n' "$accept" "$drop"
	fi
}
nft_rules() {
	echo "table ip bench {"
	echo "set blocked { type ipv4_addr; elements = {"
	blocked "%s,"
	printf '} }\n'
	nft_chain input "$1"
	echo "ip daddr $VIP tcp dport 80 accept"
	echo "ip daddr $VIP udp dport 80 accept"
	echo "}"
	nft_chain forward "$1"
	printf '}\n}\n'
}
nft_on() {
	nft_rules "$1" | in_ns R nft -f - || return
	conntrack_on && ipvs_on "$2"
}
on_nft() { nft_on last "$1"; }
on_nft-est() { nft_on first "$1"; }

# Whoever is balanced leaves R by that entry; the way back is for those who are.
kpac_rules() {
	local proto i
	blocked "add prio 10 src %s do drop"
	for proto in tcp udp; do
		echo "add prio 20 dev r0 dst $VIP proto $proto dport 80" \
			"do flowmon do balance name web do forward"
		[[ $1 = nat ]] || continue
		for i in 1 2; do
			echo "add prio 20 dev r$i src 10.$((i + 1)).0.2 proto $proto sport 80" \
				"do balance name web reply do flowmon do forward"
		done
	done
	echo "add prio 30 do drop"
}
on_kpac() {
	local i
	kpac_on r0 r1 r2 && $CTL balancer add web mode "$1" || return
	for i in 1 2; do
		$CTL backend add web addr 10.$((i + 1)).0.2 || return
	done
	kpac_rules "$1" | $CTL handler batch -
}

on_ip_forward() { :; }
on_kpac-forward() { kpac_on r0 r1 r2; }
on_reference() { :; }

# Whether PEER is wanted, and this guest has what it needs.
can() {
	[[ -z ${KPAC_PEERS:-} || " reference $KPAC_PEERS " = *" $1 "* ]] || return
	case $1 in
	iptables*)
		modprobe -a ip_tables iptable_filter ip_vs ip_vs_mh 2>/dev/null
		iptables-legacy -S >/dev/null 2>&1
		;;
	esac
}

# --- what was counted -------------------------------------------------------------

# Prints how many connections of PROTO to the servers R knows, and how many packets of
# theirs it has counted on the way there: accounts PEER PROTO
accounts() {
	case $1 in
	kpac)
		$CTL -j flowmon show | jq -r --arg proto "$2" --arg vip $VIP '
			[.[] | select(.dst == $vip and .proto == $proto)] |
			"\(length) \([.[].packets] | add // 0)"'
		;;
	iptables* | nft*)
		in_ns R conntrack -L -p "$2" -d $VIP 2>/dev/null | awk '
			match($0, "packets=[0-9]*") {
				n++
				sum += substr($0, RSTART + 8, RLENGTH - 8)
			}
			END { print n + 0, sum + 0 }'
		;;
	esac
}

# --- packets ----------------------------------------------------------------------

# Sends N packets of PROTO to ADDRESS and sets NS_PER_PACKET: flows PROTO N ADDRESS
flows() {
	in_ns S sh -c "echo s0 $(mac 11) 10.1.0.1 $3 $1 $FLOWS $2 $CPUS > $PARAMETERS/send" ||
		die "cannot send"
	NS_PER_PACKET=$(<$PARAMETERS/send)
	# where instructions are counted, CPUs take turns
	[[ -z ${KPAC_ICOUNT:-} ]] ||
		NS_PER_PACKET=$(awk "BEGIN { print $NS_PER_PACKET / $CPUS }")
}

# Has a device of NS send back what it receives, ends that for all: turn NS DEV, turn_off
turn() { in_ns "$1" sh -c "echo $2 > $PARAMETERS/turn" || die "cannot send back"; }
turn_off() { echo > $PARAMETERS/turn; }

# Sends N packets in five parts, lest what else the guest is doing be measured with them,
# and sets NS_PER_PACKET to their median: measure PROTO N ADDRESS
measure() {
	local i parts=()
	for i in 1 2 3 4 5; do
		flows "$1" $(($2 / 5)) "$3"
		parts+=("$NS_PER_PACKET")
	done
	NS_PER_PACKET=$(printf '%s\n' "${parts[@]}" | sort -n | sed -n 3p)
}

# Prints the devices where packets that are measured end: ends CASE PEER
# Does something with each of them: at_ends COMMAND CASE PEER
ends() {
	case $1-$2 in
	request-reference) echo R r0 ;;
	request-*) printf '%s\n' "D1 d1" "D2 d2" ;;
	round-*) echo S s0 ;;
	esac
}
at_ends() {
	local ns dev
	while read -r ns dev; do
		"$1" "$ns" "$dev"
	done < <(ends "$2" "$3")
}
# How many have arrived there: arrived CASE PEER
arrived() { at_ends drop_count "$@" | awk '{ n += $1 } END { print n + 0 }'; }

# Fails unless the servers have about as many packets each, and R has counted all of N:
# balanced CASE PEER PROTO N BEFORE, with what accounts() has said before
balanced() {
	local n packets before share
	[[ $2 =~ ^(kpac|nft|iptables)(-est)?$ ]] || return 0
	read -r n packets < <(accounts "$2" "$3")
	read -r _ before <<<"$5"
	[[ $n -eq $FLOWS ]] || fail "$*: $n connections are known, not $FLOWS"
	[[ $((packets - before)) -eq $4 ]] ||
		fail "$*: $((packets - before)) packets are counted, not $4"
	[[ $1 = request ]] || return 0
	share=$(($(drop_count D1 d1) * 100 / $(arrived "$1" "$2")))
	[[ $share -gt 40 && $share -lt 60 ]] || fail "$*: D1 has $share % of the packets"
}

# Prints the address that clients ask: asked PEER
asked() { [[ $1 = *forward ]] && echo 10.2.0.2 || echo $VIP; }

# Measures CASE and writes a line: packets CASE PEER MODE PROTO
packets() {
	local n before counted address
	address=$(asked "$2")
	at_ends drop_on "$1" "$2"
	flows "$4" $((FLOWS * 2)) $address
	before=$(arrived "$1" "$2") counted=$(accounts "$2" "$4")
	measure "$4" "$PACKETS" $address
	n=$(($(arrived "$1" "$2") - before))
	if [[ $n -ne $PACKETS ]]; then
		fail "$*: sent $PACKETS packets, $n went that way"
	else
		balanced "$1" "$2" "$4" "$PACKETS" "$counted"
		row "$@" time "$NS_PER_PACKET" "$UNIT"
	fi
	at_ends drop_off "$1" "$2"
}

# Everything of packets that go through PEER: chain PEER MODE PROTO...
chain() {
	local peer=$1 mode=$2 proto
	if [[ $mode = nat ]]; then
		if [[ $peer = reference ]]; then
			turn R r0
		else
			turn D1 d1
			turn D2 d2
		fi
		for proto in "${@:3}"; do
			packets round "$peer" "$mode" "$proto"
		done
		turn_off
	fi
	for proto in "${@:3}"; do
		packets request "$peer" "$mode" "$proto"
	done
}

# --- a real web server and clients -------------------------------------------------

# Starts a web server in each of D1 and D2, with as many workers as CPUs.
servers_up() {
	local i
	mkdir -p "$TMP/www"
	head -c 1024 /dev/zero | tr '\0' x > "$TMP/www/index.html"
	for i in 1 2; do
		cat > "$TMP/nginx$i.conf" <<-END
			user root;
			worker_processes $CPUS;
			pid $TMP/nginx$i.pid;
			error_log $TMP/nginx$i.log;
			events { worker_connections 4096; }
			http {
				access_log off;
				keepalive_requests 1000000;
				client_body_temp_path $TMP/body; proxy_temp_path $TMP/proxy;
				fastcgi_temp_path $TMP/fastcgi; uwsgi_temp_path $TMP/uwsgi;
				scgi_temp_path $TMP/scgi;
				server { listen 80 backlog=4096; root $TMP/www; }
			}
		END
		in_ns D$i "$DIR/nginx" -p "$TMP" -c "$TMP/nginx$i.conf" -e "$TMP/nginx$i.log" ||
			return
	done
}

servers_down() {
	local i
	for i in 1 2; do
		[[ ! -e $TMP/nginx$i.pid ]] || kill -QUIT "$(<"$TMP/nginx$i.pid")"
	done
	for ((i = 0; i < 100; i++)); do
		[[ -e $TMP/nginx1.pid || -e $TMP/nginx2.pid ]] || return 0
		sleep 0.1
	done
	fail "the web servers do not end"
}

# Prints the nanoseconds that the CPUs have been busy since the boot.
busy() {
	awk '/^now at/ { now = $3 } /idle_sleeptime/ { n++; idle += $3 }
		END { printf "%.0f\n", n * now - idle }' /proc/timer_list
}

# Has clients ask for a second, once to warm up, and writes lines: ask PEER MODE keepalive|close
ask() {
	local before after header=() clients rate requests url
	url=http://$(asked "$1")/
	[[ $3 = keepalive ]] || header=(-H "Connection: close")
	clients=(wrk -t "$CPUS" -c "$((32 * CPUS))" -d 1 "${header[@]}" "$url")
	in_ns S "${clients[@]}" > "$TMP/wrk" 2>&1
	before=$(busy)
	in_ns S "${clients[@]}" > "$TMP/wrk" 2>&1
	after=$(busy)
	rate=$(awk '$1 == "Requests/sec:" { print $2 }' "$TMP/wrk")
	requests=$(awk '$2 == "requests" && $3 == "in" { print $1 }' "$TMP/wrk")
	if [[ -z $rate || ${requests:-0} -eq 0 ]] || grep -qE 'Socket errors|Non-2xx' "$TMP/wrk"; then
		fail "$*: $(<"$TMP/wrk")"
		return
	fi
	row web "$1" "$2" "$3" rate "$rate" requests/s
	row web "$1" "$2" "$3" cpu \
		"$(awk "BEGIN { printf \"%.0f\", ($after - $before) / $requests }")" "$UNIT"
}

# web PEER MODE keepalive|close...
web() {
	local how
	if servers_up; then
		for how in "${@:3}"; do
			ask "$1" "$2" "$how"
		done
	else
		fail "$*: the web servers do not start"
	fi
	servers_down
}

# --- the programme -----------------------------------------------------------------

# Sets up PEER and measures what the other words say: peer PEER MODE PROTO,... [HOW,...]
peer() {
	local -a words more
	IFS=, read -ra words <<<"$3"
	IFS=, read -ra more <<<"${4:-}"
	if ! can "$1"; then
		say "without $1"
		return
	fi
	chain_up "$2"
	if "on_$1" "$2"; then
		chain "$1" "$2" "${words[@]}"
		[[ ${#more[@]} -eq 0 ]] || web "$1" "$2" "${more[@]}"
	else
		fail "$1 $2: cannot be set up"
	fi
	chain_down
}

measure_all() {
	local protos=tcp,udp hows=keepalive,close mode
	if [[ $MODE = quick ]]; then
		protos=tcp hows=keepalive PACKETS=$((PACKETS / 5))
	fi
	peer reference nat $protos
	peer ip_forward nat $protos $hows
	peer kpac-forward nat $protos $hows
	for mode in nat dsr; do
		peer kpac $mode tcp,udp $hows
		peer nft $mode tcp,udp $hows
		peer iptables $mode $protos $hows
	done
	peer nft-est nat $protos
	peer iptables-est nat $protos
}

# The peers take turns, for what wobbles: rounds_of ROUNDS HOW
rounds_of() {
	local i mode
	for ((i = 1; i <= $1; i++)); do
		say "round $i of $1"
		printf 'round\t%s\n' "$i" >> "$DIR/chain.tsv"
		peer reference nat tcp,udp
		for mode in nat dsr; do
			peer kpac $mode tcp,udp "$2"
			peer nft $mode tcp,udp "$2"
			peer iptables $mode tcp,udp "$2"
		done
		peer nft-est nat tcp,udp
	done
}

: > "$DIR/chain.tsv"
uname -r > "$DIR/kernel"
modprobe -a ip_vs ip_vs_mh nf_conntrack_netlink 2>/dev/null
insmod "${KPAC_KO%/*}/kpac_flows.ko" || die "no kpac_flows"
case $MODE in
full | quick)
	measure_all
	;;
two)
	CPUS=2
	rounds_of "${KPAC_ROUNDS:-1}" keepalive
	;;
uml)
	rounds_of "${KPAC_ROUNDS:-11}" ""
	;;
esac
rmmod kpac_flows
rm -rf "$TMP"
exit $failed
