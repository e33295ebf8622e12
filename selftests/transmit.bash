# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2119,SC2120,SC2317
#
# transmit.bash - what the tests of the TX side share: A - R - B as in lib.sh, but
# B is at the other end of a pair of NICs or behind another device; numbered
# packets; what was counted where.
#
# The NICs are those of scripts/vm.sh -n: pairs with the MACs 02:4b:50:41:0N:01
# and :02. They are found by their driver and their number of queues.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
eval "really_$(declare -f remove_namespaces)"

TRACING=/sys/kernel/tracing
export TC_LIB_DIR=${TC_LIB_DIR:-$KPAC_TOP/userspace}
[[ -d $TRACING/events ]] || mount -t tracefs none $TRACING 2>/dev/null
modprobe -a tun dummy sch_fq_codel sch_fq sch_htb sch_prio 2>/dev/null

# ---- NICs ----

# nic MAC: the name of the NIC that has it, in the first namespace
nic() { grep -lx "$1" /sys/class/net/*/address 2>/dev/null | cut -d / -f 5 | head -n 1; }

# is_kind DEV KIND: virtio and virtio4 differ in the queues that there can be
is_kind() {
	local driver queues
	driver=$(basename "$(readlink -f /sys/class/net/$1/device/driver)")
	case $2 in
	virtio | virtio4)
		queues=$(ethtool -l "$1" | awk '$1 == "Combined:" { print $2; exit }')
		[[ $driver == virtio_net && $queues == $([[ $2 == virtio ]] && echo 1 || echo 4) ]] ;;
	*)
		[[ $driver == "$2" ]] ;;
	esac
}

# pair KIND: find a pair, put its MACs into MAC1 and MAC2
pair() {
	local n dev
	for n in 01 02 03 04 05 06 07 08; do
		MAC1=02:4b:50:41:$n:01 MAC2=02:4b:50:41:$n:02
		dev=$(nic $MAC1)
		[[ -z $dev || -z $(nic $MAC2) ]] || ! is_kind "$dev" "$1" || return 0
	done
	return 1
}

# wired KIND: A, R and B; R's r2 and B's h0 are NICs. Without IPv6 there, so that
# nothing but the tests' packets is sent, unless V6 is set. What an earlier test has
# wired stays for the next that wants the same; a test that leaves it broken says
# `unwire`. The helper sends from A to B.
wired() {
	[[ $WIRED != "$1${V6:-}" ]] || { tidy; return 0; }
	unwire
	WAIT=10 until_true pair "$1" ||
		{ skip "no pair of NICs of kind $1: see scripts/vm.sh -n"; return 1; }
	namespaces A R B
	forwarding 1
	cable "$A" 1
	[[ -n ${V6:-} ]] || in_ns "$R" sysctl -qw net.ipv6.conf.r1.disable_ipv6=1
	no_offload "$A" h0
	ip link set "$(nic $MAC1)" netns "$R" name r2
	ip link set "$(nic $MAC2)" netns "$B" name h0
	KIND=$1
	case $1 in
	virtio4) in_ns "$R" ethtool -L r2 combined 4 ;;
	e1000e)  in_ns "$R" ethtool -G r2 tx 4096 ;;
	esac || fail "ethtool r2"
	bql limit_min 1000000
	wire_up
	numbered "$A" "$B"
	WIRED=$1${V6:-}
	tidy
}

# tidy: no ports, no qdisc that somebody has set; every queue of r2 has been used
tidy() {
	local dev
	for dev in r1 r2; do
		kpac "$R" port del dev $dev 2>/dev/null
	done
	tc -n "$R" qdisc del dev r2 root 2>/dev/null
	bql limit_max 1879048192
	packets count=64 senders=2 cpus=0,1
	intact "first packets"
	ASSERTED=0
}

WIRED=''
trap 'WIRED=""; end_numbered; clean_up' EXIT
remove_namespaces() { [[ -n $WIRED ]] || really_remove_namespaces; }

unwire() {
	WIRED=''
	end_numbered
	really_remove_namespaces
}

# bql NAME VALUE: bytes that the stack lets r2 have at once. It begins with few and
# learns; what must not depend on that has a large limit_min.
bql() {
	in_ns "$R" sh -c "for q in /sys/class/net/r2/queues/tx-*; do
		echo $2 > \$q/byte_queue_limits/$1; done" 2>/dev/null
}

# routed KIND: A - R - B with ports in R
routed() { wired "$1" && ports add r1 r2; }

# no_offload NAMESPACE DEV: packets leave it whole, as they would arrive from a wire
no_offload() { in_ns "$1" ethtool -K "$2" tx off sg off tso off tx-udp-segmentation off >/dev/null 2>&1; }

# (again) give r2 and h0 what goes when they are down
wire_up() {
	local ns dev n=1 other=2 lladdr=$MAC2
	for ns in "$R" "$B"; do
		dev=r2
		[[ $n == 1 ]] || dev=h0
		[[ -n ${V6:-} ]] || in_ns "$ns" sysctl -qw net.ipv6.conf.$dev.disable_ipv6=1
		ip -n "$ns" addr replace 10.2.0.$n/24 dev $dev
		ip -n "$ns" link set $dev up
		ip -n "$ns" neigh replace 10.2.0.$other lladdr $lladdr dev $dev
		[[ -z ${V6:-} ]] || batch "$ns" <<-END
			addr replace fd02::$n/64 dev $dev nodad
			neigh replace fd02::$other lladdr $lladdr dev $dev
		END
		n=2 other=1 lladdr=$MAC1
	done
	ip -n "$B" route replace default via 10.2.0.1
	[[ -z ${V6:-} ]] || ip -n "$B" route replace default via fd02::1
	WAIT=20 until_true has_carrier || fail "no carrier on r2"
}
has_carrier() { [[ $(in_ns "$R" cat /sys/class/net/r2/carrier 2>/dev/null) == 1 ]]; }

# tapped: A and R, and R's r2 is a tap that the helper reads
tapped() {
	unwire
	namespaces A R
	B=$R KIND=tap
	forwarding 1
	cable "$A" 1
	in_ns "$R" sysctl -qw net.ipv6.conf.r1.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	no_offload "$A" h0
	numbered "$A" "$R" r2
	WAIT=20 until_true in_ns "$R" test -e /sys/class/net/r2 || fail "no tap"
	batch "$R" <<-END
		addr add 10.2.0.1/24 dev r2
		link set r2 up
		neigh add 10.2.0.2 lladdr 02:00:00:00:02:02 dev r2
	END
}

# ---- numbered packets ----

# numbered SRCNS DSTNS [TAP]: start the helper; one at a time
numbered() {
	end_numbered
	helper numbered.py "$@"
}

end_numbered() {
	[[ -n ${HELPER_PID:-} ]] || return 0
	local pid=$HELPER_PID
	kill "$pid"
	exec {HELPER_IN}>&- {HELPER_OUT}<&-
	wait "$pid" 2>/dev/null
}

# value NAME: of the last answer, which is in GOT
value() { [[ " $GOT " =~ " $1="([0-9-]+) ]] && echo "${BASH_REMATCH[1]}" || echo "no-$1"; }

# packets OPTIONS...: send numbered packets; puts the answer into GOT
packets() { GOT=$(ask send "$@"); }

# intact WHAT: nothing that was sent was lost, reordered, repeated or changed
intact() {
	equal "$1: lost, of $(value sent)" "$(value lost)" 0
	in_order "$1"
}

# in_order WHAT: the same, but for what was lost
in_order() {
	equal "$1: reordered, repeated, broken" \
		"$(value reordered) $(value repeated) $(value broken)" "0 0 0"
	((${2:-1} <= $(value received))) || fail "$1: too little received: $GOT"
}

# ---- counters ----

# tx_stat NAME [DEV]: of the TX side of a port of R
tx_stat() {
	local - json
	set +x
	json=$("$KPACCTL" -j -n "$R" stat show dev "${2:-r2}")
	[[ ${json#*\"tx\":} =~ \"$1\":\ *([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo none
}

# dev_stat NAME [DEV [NAMESPACE]]
dev_stat() { in_ns "${3:-$R}" cat /sys/class/net/${2:-r2}/statistics/$1; }

# qdisc_stat NAME [DEV [KIND]]: packets, bytes, drops, backlog, qlen, requeues; summed up
# over r2's qdiscs, or those of one kind; but for mq, which has the sum of its children
qdisc_stat() {
	tc -n "$R" -s -j qdisc show dev "${2:-r2}" |
		jq "[.[] | select(.kind == \"${3:-}\" or (\"${3:-}\" == \"\" and .kind != \"mq\")) | .$1 // 0] | add // 0"
}

# reaches N COMMAND...: what the command prints is N
reaches() { (($("${@:2}") == $1)); }

# flowing: packets arrive at B
flowing() {
	local n
	n=$(dev_stat rx_packets h0 "$B")
	WAIT=15 until_true arrived_more "$n"
}
arrived_more() { (($(dev_stat rx_packets h0 "$B") > $1 + 50)); }

# ---- what is the same behind ports and behind the kpac qdisc ----

# captured [OPTIONS...]: tcpdump on r2 sees all packets that are sent
captured() {
	local pid
	ip netns exec "$R" tcpdump -Z root -U -nni r2 -w "$TMP/pcap" udp 2>"$TMP/err" &
	pid=$!
	WAIT=20 until_true grep -q listening "$TMP/err" || fail "no tcpdump: $(<"$TMP/err")"
	packets count=320 burst=64 window=64 "$@"
	intact "with tcpdump"
	until_true reaches 320 sh -c "tcpdump -nnr $TMP/pcap 2>/dev/null | wc -l" ||
		fail "tcpdump saw $(tcpdump -nnr "$TMP/pcap" | wc -l)"
	kill $pid
	wait $pid 2>/dev/null
}

# file_arrives NAMESPACE WHAT: a file that is sent from there to B by TCP
file_arrives() {
	local pid
	head -c 3M /dev/urandom >"$TMP/file"
	in_ns "$B" socat -u TCP4-LISTEN:7000,reuseaddr - >"$TMP/received" &
	pid=$!
	until_true sh -c "ip netns exec $B ss -ltnH | grep -q :7000" || fail "no listener"
	timeout 60 ip netns exec "$1" socat -u "FILE:$TMP/file" TCP4:10.2.0.2:7000
	wait $pid
	check "$2: the file" cmp "$TMP/file" "$TMP/received"
}

# with_little_at_once COMMAND...: while the stack lets r2 have but a few packets: it
# stops the queue as the driver does
with_little_at_once() {
	bql limit_max 300
	bql limit_min 0
	packets count=64
	"$@"
	bql limit_max 1879048192
	bql limit_min 1000000
}

# cpu_comes_and_goes [OPTIONS...]: while packets are sent from both
cpu_comes_and_goes() {
	local cpu=/sys/devices/system/cpu/cpu1/online
	ask start senders=2 cpus=0,1 burst=16 window=128 "$@" >/dev/null
	for _ in 1 2; do
		check "flows" flowing
		echo 0 >$cpu || fail "offline"
		check "flows with one CPU" flowing
		echo 1 >$cpu || fail "online"
	done
	check "flows after that" flowing
	GOT=$(ask stop)
	# What the CPU had received is moved later than the sender.
	equal "lost, of $(value sent)" "$(value lost)" 0
	equal "repeated, broken" "$(value repeated) $(value broken)" "0 0"
	(($(value reordered) < 100)) || fail "reordered $(value reordered)"
	check "kernel log" quiet_log
}

# ---- the kpac qdisc ----

# rtc VERB ARGUMENTS...: tc qdisc VERB dev r2 in R
rtc() { tc -n "$R" qdisc "$1" dev r2 "${@:2}"; }

# shown JQ: of r2's first kpac qdisc
shown() { tc -n "$R" -s -j qdisc show dev "${DEV:-r2}" | jq -c "[.[] | select(.kind == \"kpac\")][0] | $1"; }

# ---- devices' queues ----

# ring N: how many packets r2 has room for
ring() {
	in_ns "$R" ethtool -G r2 tx "$1" 2>"$TMP/err" || fail "ethtool -G tx $1: $(<"$TMP/err")"
	wire_up
	packets count=64 senders=2 cpus=0,1
}

# default_qdisc NAME: the one that r2 has if nobody sets one
default_qdisc() {
	sysctl -qw net.core.default_qdisc="$1"
	tc -n "$R" qdisc replace dev r2 root pfifo
	tc -n "$R" qdisc del dev r2 root
	sysctl -qw net.core.default_qdisc=fq_codel
}

# ---- tracing ----

# trace EVENT KEYS [FILTER], hits EVENT, untrace EVENT: count events
trace() { echo "hist:keys=$2${3:+ if $3}" >"$TRACING/events/$1/trigger"; }
hits() { awk '/Hits:/ { print $2; ok = 1 } END { if (!ok) print 0 }' "$TRACING/events/$1/hist"; }
untrace() {
	local hist
	hist=$(sed -n 's/ \[[a-z]*\]$//; s/^hist/!hist/p' "$TRACING/events/$1/trigger")
	echo "$hist" >"$TRACING/events/$1/trigger"
}

quiet_log() { ! dmesg | tail -n +"$((LOG + 1))" | grep -E "BUG|WARNING|unregister_netdevice|refcount|kpac.*(leak|error)"; }
LOG=$(dmesg | wc -l)
