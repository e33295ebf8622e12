#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# table.sh - what kpac's table costs: packets, and those who change it.
#
#   table.sh DIR [full|quick|uml]     runs as root inside a guest; see run.sh
#
# S sends UDP packets to R with pktgen, as in forward.sh. In a VM that counts
# instructions (scripts/vm.sh -i) a nanosecond of guest time is an instruction.
#
# forward  R forwards to D, whose ingress counts and drops, with tables that the
#          packets match or do not, of one flow or of so many that none is known;
#          the reference is a drop on R's ingress.
# chain    the same with several handlers in an entry, or several entries that match
# drop     R drops them, the last of so many rules says so, by kpac and its peers;
#          the references are a receive handler that frees every packet, and what
#          freeing one costs by itself (sink.c): the rest is a packet's arrival.
# load     entries are loaded from a file, and all are removed, by kpac's tool and others
#
# Every measurement adds a line to DIR/table.tsv; one whose packets did not all go
# the way that is measured, or were not counted by the entry that is, is an error:
#   case peer family entries masks metric value unit
#
# full:  all of it.
# quick: fewer packets, no rules by port, fewer peers, nothing with 100 000 entries.
# uml:   the most important of forward and drop, many rounds; load, some rounds.

# Functions on_* and off_* are called by the peer's name.
# shellcheck disable=SC2317

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
MODE=${2:-full}
PACKETS=${KPAC_PACKETS:-50000}
TMP=$(mktemp -d)	# in memory, unlike DIR
RULES=$TMP/rules
CTL="$KPACCTL -n R"
DST4=198.18.0.1 DST6=2001:db8::1	# where packets go, see lib.sh
failed=0

# An error that does not end the run: the others are still worth having.
fail() {
	say "error: $*"
	failed=1
}

# Adds a line: row CASE PEER FAMILY ENTRIES MASKS METRIC VALUE [UNIT]
row() {
	local IFS=$'\t'
	printf '%s\n' "$*${8-$IFS$UNIT}" >> "$DIR/table.tsv"
	IFS=' '
	say "$(printf '%-16s %-22s IPv%s %7s entries %3s masks %-8s %14s' "${@:1:7}")"
}

# --- measuring ---------------------------------------------------------------

# Sends N packets in five parts, lest what else the guest is doing be measured with
# them, and sets NS_PER_PACKET to their median: measure N FAMILY [PKTGEN...]
measure() {
	local i frame parts=()
	frame=$(frame_of "$2" 64)
	for i in 1 2 3 4 5; do
		pktgen $(($1 / 5)) "$2" "$frame" 1 "${@:3}"
		parts+=("$NS_PER_PACKET")
	done
	NS_PER_PACKET=$(printf '%s\n' "${parts[@]}" | sort -n | sed -n 3p)
}

# Prints how many packets entry ID of kpac's table has counted.
entry_count() {
	$CTL -j -s handler show id "$1" | jq '.[0].packets'
}

# Measures what R forwards, or its reference, and writes a line. Number HIT is the
# entry that must have counted every packet.
#   forward CASE PEER FAMILY ENTRIES MASKS [HIT|- [PKTGEN...]]
forward() {
	local peer=$2 family=$3 hit=${6:--} n before counted
	pktgen 200 "$family" "$(frame_of "$family" 64)" 1 "${@:7}"
	before=$(arrived "$peer")
	[[ $hit = - ]] || counted=$(entry_count "$hit")
	measure "$PACKETS" "$family" "${@:7}"
	n=$(($(arrived "$peer") - before))
	if [[ $n -ne $PACKETS ]]; then
		fail "$*: sent $PACKETS packets, $n went that way"
	elif [[ $hit != - && $(($(entry_count "$hit") - counted)) -ne $PACKETS ]]; then
		fail "$*: the entry has not counted every packet"
	else
		row "${@:1:5}" time "$NS_PER_PACKET"
	fi
}

# Prints how many packets went the way that is measured: arrived PEER
arrived() {
	case $1 in
	reference) drop_count R r0 ;;
	kpac) kpac_count r0 handover ;;
	*) drop_count D d0 ;;
	esac
}

# Measures what R drops with N rules, of which a linear list takes long, and
# writes a line: drop CASE PEER N
drop() {
	local peer=$2 n=$PACKETS came leaked
	case $peer in
	*linear | iptables*) n=$((PACKETS * 10 / ($3 + 10))) ;;
	esac
	[[ $n -ge 500 ]] || n=500
	n=$((n / 5 * 5))
	pktgen 100 4 60 1
	came=$(dev_count R r0 rx_packets) leaked=$(drop_count D d0)
	measure "$n" 4
	if [[ $(($(dev_count R r0 rx_packets) - came)) -ne $n ||
		$(drop_count D d0) -ne $leaked ]]; then
		fail "$*: not all of $n packets were dropped"
	else
		row "$1" "$peer" 4 "$3" 1 time "$NS_PER_PACKET"
	fi
}

# Runs a command and sets SECONDS_TAKEN, and CPU_TAKEN, the seconds of it that the
# command itself was using the CPU, in the kernel or not.
timed() {
	local start end TIMEFORMAT='%U %S'
	start=${EPOCHREALTIME/./}
	{ time "$@" > "$TMP/log" 2>&1; } 2> "$TMP/time" || {
		head -n 5 "$TMP/log" >&2
		return 1
	}
	end=${EPOCHREALTIME/./}
	SECONDS_TAKEN=$(awk "BEGIN { print ($end - $start) / 1e6 }")
	CPU_TAKEN=$(awk '{ print $1 + $2 }' "$TMP/time")
}

# --- kpac's entries --------------------------------------------------------------

# Prints N entries in M masks (1 or 10), of which the last fits the packets:
# entries FAMILY N M. The masks come one after the other.
entries() {
	awk -v family="$1" -v n="$2" -v masks="$3" '
	function addr(i) {
		return family == 4 ? \
			sprintf("10.%d.%d.%d", 64 + i / 65536, i / 256 % 256, i % 256) : \
			sprintf("fd64::%x:%x", i / 65536, i % 65536)
	}
	function predicate(m, i) {
		if (m == 0) return "dst " addr(i)
		if (m == 1) return "src " addr(i)
		if (m == 2) return "dst " addr(i * 16) "/" bits - 4
		if (m == 3) return "src " addr(i * 16) "/" bits - 4
		if (m == 4) return "dst " addr(i) " proto udp"
		if (m == 5) return "src " addr(i) " proto udp"
		if (m == 6) return "src " addr(i) " dst " addr(i)
		if (m == 7) return "dst " addr(i) " sport " 1000 + i
		if (m == 8) return "dst " addr(i) " proto udp dport " 1000 + i
		return "src " addr(i) " dst " addr(i) " proto udp dport " 1000 + i
	}
	BEGIN {
		bits = family == 4 ? 32 : 128
		src = family == 4 ? "10.1.0.1" : "fd01::1"
		dst = family == 4 ? "'$DST4'" : "'$DST6'"
		last = masks == 1 ? "dst " dst : \
			"src " src " dst " dst " proto udp dport 9"
		for (k = 0; k < n; k++) {
			m = int(k * masks / n)
			print "add", k == n - 1 ? last : \
				predicate(m, k - int(m * n / masks)), "do count"
		}
	}'
}

# Makes R's devices ports, with the table that is in RULES.
table_on() { kpac_on r0 r1 && load_kpac "$RULES"; }
table_off() { kpac_off r0 r1; }

# Prints what the table said of itself when it was loaded: table_figure NAME
table_figure() { sed "s/.*\<$1 \([0-9]*\).*/\1/" "$TMP/table"; }

# Packets of more flows than are remembered, and such that each has to be looked up.
FLOWS=("udp_src_min,1024" "udp_src_max,65535")

# Measures forwarding with N entries in M masks, packets that the last one fits and
# such that none does, and with many masks flows: with_table FAMILY N M
with_table() {
	local other=("dst_min,198.18.0.2" "dst_max,198.18.0.2")
	[[ $1 = 4 ]] || other=("dst6,2001:db8::2")
	entries "$@" > "$RULES"
	if table_on && [[ $(table_figure masks) = "$3" ]]; then
		forward forward-match kpac "$@" "$2"
		forward forward-none kpac "$@" - "${other[@]}"
		[[ $3 = 1 ]] || forward forward-flows kpac "$@" "$2" "${FLOWS[@]}"
	else
		fail "$*: cannot be set up"
	fi
	table_off || fail "$*: cannot be undone"
}

# Forwarding with an empty table: empty_table FAMILY...
empty_table() {
	local family
	kpac_on r0 r1 || fail "kpac: cannot be set up"
	for family; do
		forward forward kpac "$family" 0 0
		forward forward-flows kpac "$family" 0 0 - "${FLOWS[@]}"
	done
	kpac_off r0 r1 || fail "kpac: cannot be undone"
}

reference() {
	local family
	drop_on R r0
	for family; do
		forward forward reference "$family" 0 0
	done
	drop_off R r0
}

# K handlers in one entry, K entries with one predicate, and as many that have a
# mask each, all of which match: chain K
chain() {
	local i k=$1
	printf "add dst $DST4" > "$RULES"
	for ((i = 0; i < k; i++)); do printf ' do count' >> "$RULES"; done
	echo >> "$RULES"
	chain_of chain-handlers "$k" 1 1
	for ((i = 0; i < k; i++)); do
		echo "add dst $DST4 do count"
	done > "$RULES"
	chain_of chain-entries "$k" 1 "$k"
	echo "add dst $DST4 do count" > "$RULES"
	for ((i = 1; i < k; i++)); do
		echo "add dst ${DST4%.*}.0/$((32 - i)) do count"
	done >> "$RULES"
	chain_of chain-masks "$k" "$k" "$k"
}

# chain_of CASE K MASKS LAST-ENTRY
chain_of() {
	if table_on; then
		forward "$1" kpac 4 "$2" "$3" "$4"
	else
		fail "$*: cannot be set up"
	fi
	table_off || fail "$*: cannot be undone"
}

# --- those who drop ----------------------------------------------------------------
#
# rules_PEER KIND N prints a file of N rules, of which the last drops the packets:
# by their destination address (addr) or port (port). on_PEER loads RULES.

# Prints N values, each put into FORMAT, the last one that of the packets:
#   values KIND N FORMAT
values() {
	awk -v kind="$1" -v n="$2" -v format="$3\n" 'BEGIN {
		for (i = 0; i < n - 1; i++)
			printf format, kind == "port" ? 10000 + i : \
				sprintf("10.%d.%d.%d", 64 + i / 65536, i / 256 % 256,
					i % 256)
		printf format, kind == "port" ? 9 : "'$DST4'"
	}'
}

rules_kpac() {
	local what=dst
	[[ $1 = addr ]] || what='proto udp dport'
	values "$1" "$2" "add $what %s do drop"
}
on_kpac() { table_on; }
off_kpac() { table_off; }

# What nft(8) calls what is compared: nft_key KIND
nft_key() { [[ $1 = addr ]] && echo "ip daddr" || echo "udp dport"; }

# Prints the beginning of an nftables table for HOOK, where packets come in, and the
# head of its chain: nft_head HOOK, nft_chain HOOK
nft_head() {
	[[ $1 = ingress ]] && echo "table netdev bench {" || echo "table ip bench {"
}
nft_chain() {
	local hook="prerouting priority raw"
	[[ $1 != ingress ]] || hook="ingress device r0 priority 0"
	echo "chain drops {"
	echo "type filter hook $hook"
}

# A linear list: nft_linear HOOK KIND N
nft_linear() {
	nft_head "$1"
	nft_chain "$1"
	values "$2" "$3" "$(nft_key "$2") %s drop"
	printf '}\n}\n'
}

# One rule that looks a packet up, in a set or in a map of verdicts:
#   nft_lookup HOOK set|map KIND N
nft_lookup() {
	local type=ipv4_addr element='%s,' rule="@lookup drop"
	[[ $3 = addr ]] || type=inet_service
	if [[ $2 = map ]]; then
		type+=" : verdict" element='%s : drop,' rule="vmap @lookup"
	fi
	nft_head "$1"
	echo "$2 lookup { type $type; elements = {"
	values "$3" "$4" "$element"
	printf '}\n}\n'
	nft_chain "$1"
	echo "$(nft_key "$3") $rule"
	printf '}\n}\n'
}

rules_nft-linear() { nft_linear prerouting "$@"; }
rules_nft-ingress-linear() { nft_linear ingress "$@"; }
rules_nft-set() { nft_lookup prerouting set "$@"; }
rules_nft-ingress-set() { nft_lookup ingress set "$@"; }
rules_nft-map() { nft_lookup prerouting map "$@"; }
on_nft() { in_ns R nft -f "$RULES"; }
off_nft() { in_ns R nft flush ruleset; }

rules_iptables() {
	local what=-d
	[[ $1 = addr ]] || what='-p udp --dport'
	echo "*raw"
	values "$1" "$2" "-A PREROUTING $what %s -j DROP"
	echo "COMMIT"
}
rules_iptables-nft() { rules_iptables "$@"; }
rules_iptables-legacy() { rules_iptables "$@"; }
on_iptables-nft() { in_ns R iptables-nft-restore "$RULES"; }
off_iptables-nft() { off_nft; }
on_iptables-legacy() { in_ns R iptables-legacy-restore "$RULES"; }
# The hooks stay with the table.
off_iptables-legacy() {
	in_ns R iptables-legacy -t raw -F && rmmod iptable_raw
}

rules_tc-flower() {
	local what=dst_ip
	[[ $1 = addr ]] || what='ip_proto udp dst_port'
	values "$1" "$2" "filter add dev r0 ingress protocol ip pref 1 \
flower $what %s action drop"
}
on_tc-flower() {
	tc -n R qdisc add dev r0 clsact && tc -n R -batch "$RULES"
}
off_tc-flower() { tc -n R qdisc del dev r0 clsact; }

# Whether this guest has what PEER needs.
can() {
	case $1 in
	tc-flower) modprobe cls_flower 2>/dev/null ;;
	iptables-*)
		modprobe -a ip_tables iptable_raw nft_compat x_tables 2>/dev/null &&
			command -v "$1" >/dev/null
		;;
	esac
}

# What PEER's rules are loaded and removed with.
loader() { [[ $1 = nft-* ]] && echo nft || echo "$1"; }

# Measures PEER with N rules: dropper KIND PEER N
dropper() {
	local loader
	loader=$(loader "$2")
	"rules_$2" "$1" "$3" > "$RULES"
	if "on_$loader"; then
		drop "drop-$1" "$2" "$3"
	else
		fail "$*: cannot be set up"
	fi
	"off_$loader" || fail "$*: cannot be undone"
}

# A receive handler that frees every packet, and what freeing one costs.
sink() {
	local before
	before=$(dmesg | grep -c 'sink: free')
	in_ns R insmod "${KPAC_KO%/*}/kpac_sink.ko" dev=r0 || fail "no kpac_sink"
	drop drop-addr sink 0
	row drop-addr free 4 0 0 time "$(dmesg | sed -n 's/.*sink: free //p' |
		tail -n +$((before + 1)))"
	rmmod kpac_sink
}

# --- loading ---------------------------------------------------------------------

# Loads N rules and removes them, and writes lines: load PEER N
load() {
	local loader
	loader=$(loader "$1")
	"rules_$1" addr "$2" > "$RULES"
	[[ $1 != kpac ]] || kpac_on r0 r1
	[[ $1 != tc-flower ]] || tc -n R qdisc add dev r0 clsact
	if timed "load_$loader" "$RULES"; then
		load_rows load "$@"
		[[ $1 != kpac ]] || row load kpac 4 "$2" 1 memory \
			"$(awk "BEGIN { print $(table_figure memory) / $2 }")" bytes
	else
		fail "$*: cannot be loaded"
	fi
	if timed "flush_$loader"; then
		load_rows flush "$@"
	else
		fail "$*: cannot be removed"
	fi
	[[ $1 != kpac ]] || kpac_off r0 r1
}

# load_rows CASE PEER N
load_rows() {
	row "$1" "$2" 4 "$3" 1 elapsed "$SECONDS_TAKEN" seconds
	[[ $UNIT = ns ]] || row "$1" "$2" 4 "$3" 1 cpu \
		"$(awk "BEGIN { printf \"%.0f\", $CPU_TAKEN * 1e9 }")" instructions
}

load_kpac() { $CTL -s handler batch "$1" > "$TMP/table"; }
flush_kpac() { $CTL handler flush; }
load_nft() { in_ns R nft -f "$1"; }
flush_nft() { in_ns R nft flush ruleset; }
load_tc-flower() { tc -n R -batch "$1"; }
flush_tc-flower() { tc -n R qdisc del dev r0 clsact; }
load_iptables-nft() { in_ns R iptables-nft-restore "$1"; }
flush_iptables-nft() { flush_nft; }
load_iptables-legacy() { in_ns R iptables-legacy-restore "$1"; }
flush_iptables-legacy() { off_iptables-legacy; }

# --- the programme --------------------------------------------------------------

forward_all() {
	local family
	reference 4 6
	forward forward ip_forward 4 0 0
	forward forward ip_forward 6 0 0
	empty_table 4 6
	for family in 4 6; do
		with_table $family 1 1
		with_table $family 10000 10
	done
	[[ $MODE = full ]] || return
	with_table 4 10000 1
	with_table 4 100000 10
}

SETS="nft-set nft-map nft-ingress-set tc-flower"
LISTS="nft-linear nft-ingress-linear iptables-nft iptables-legacy"

drop_all() {
	local kind=$1 n peer
	for n in 1 100 10000; do
		for peer in kpac $SETS $LISTS; do
			if can "$peer"; then
				dropper "$kind" "$peer" $n
			else
				say "this guest has no $peer"
			fi
		done
	done
}

load_all() {
	load kpac 10000
	load nft-set 10000
	load tc-flower 10000
	load nft-linear 10000
	[[ $MODE = full ]] || return
	load kpac 100000
	load nft-set 100000
	load tc-flower 100000
	load iptables-nft 10000
	load iptables-legacy 10000
}

measure_all() {
	local k chains="1 2 4 8"
	if [[ $MODE = quick ]]; then
		chains="1 8" PACKETS=$((PACKETS / 5))
		SETS="nft-set tc-flower" LISTS="nft-linear iptables-legacy"
	fi
	forward_all
	for k in $chains; do chain "$k"; done
	sink
	drop_all addr
	[[ $MODE != full ]] || drop_all port
	load_all
}

# Nanoseconds wobble: the peers take turns.
uml() {
	local i rounds=${KPAC_ROUNDS:-11} peer
	for ((i = 1; i <= rounds; i++)); do
		say "round $i of $rounds"
		printf 'round\t%s\n' "$i" >> "$DIR/table.tsv"
		reference 4 6
		empty_table 4 6
		with_table 4 1 1
		with_table 6 1 1
		with_table 4 10000 10
		sink
		for peer in kpac nft-set nft-ingress-set nft-linear; do
			dropper addr $peer 100
		done
		for peer in kpac nft-set nft-ingress-set; do
			dropper addr $peer 10000
		done
		load kpac 100000
		load nft-set 100000
		load nft-linear 10000
	done
}

# What IPv6 says on new links, within a second of anything that it has said before,
# would be counted, too: waits until it has said nothing for longer than that.
links_settle() {
	local said=-1 now same=0 i
	for ((i = 0; i < 200 && same < 15; i++)); do
		now=$(for ns in S R D; do in_ns $ns cat /proc/net/snmp6; done |
			awk '/^Ip6OutMcastPkts/ { n += $2 } END { print n + 0 }')
		if ((now == said)); then same=$((same + 1)); else same=0; fi
		said=$now
		sleep 0.1
	done
}

: > "$DIR/table.tsv"
uname -r > "$DIR/kernel"
net_up
drop_on D d0
links_settle
case $MODE in
full | quick) measure_all ;;
uml) uml ;;
esac
rm -rf "$TMP"
exit $failed
