#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nics.sh - what forwarding between two NICs costs, rings and interrupts included.
#
#   nics.sh DIR NIC PEER...        runs as root inside a VM with two pairs of NICs:
#   scripts/vm.sh -i -n DEVICE -n DEVICE -o DIR -- bench/nics.sh DIR NIC PEER...
#
# DIR has the program latency, compiled from latency.c; KPAC_KO names the module.
# KPAC_CASES and KPAC_PACKETS change what is measured and how long; with
# KPAC_PEAK=burstB the rate that ip_forward has reached with burstB-max is offered to
# ip_forward, kpac and nogro:kpac in the end.
#
# NIC is a name for the device in the results. The first pair is S's s0 and R's r0,
# the second R's r1 and D's d0. PEER is ip_forward, flowtable, kpac, or
# kpac:OPTION=VALUE,..., which are set on port r1 (kpacctl port set), or qdisc:NAME,
# which is ip_forward with that queueing discipline on r1; nogro:PEER is ip_forward,
# kpac or floor with generic receive offload off on r0. "direct", the sink on r0 and
# no router, is always measured first. "floor" is a module that does nothing but
# receive and send: see floor.c; kpac_floor.ko lies where KPAC_KO does.
#
# Adds lines to DIR/transmit.tsv:
#   case peer nic cpus queues offered metric value unit
#
# A case is a pattern of arrival, burstB-RATE: B packets at once (one doorbell of
# s0's), RATE of them a second, "max" as fast as the CPU allows. Bursts are what a
# router has to do with when others keep it busy: burst1 is one interrupt for each
# packet, burst64 is a full NAPI poll. Metrics, all per packet unless said:
#
#   time           CPU time, in instructions where the VM counts those (-i), else in
#                  nanoseconds that are good for ratios only; all that S, R, D do
#   router         what R does to receive, forward and send: with one CPU the same
#                  less "direct", with more what the CPUs that R has to itself do
#   spread         of the three measurements of time, in percent
#   rate, loss     packets delivered a second of guest time; share that was not
#   busy           share of time that is not idle, of R's CPUs if it has its own
#   tx_kicks, rx_kicks, tx_irqs, rx_irqs
#                  doorbells and interrupts of r1's sending, r0's receiving side
#   skb_allocs, skb_frees, page_allocs
#                  of all three; less "direct" they are R's
#   per_poll       packets per NAPI poll on r0 that found any
#   latency_mean, latency_median, latency_p99
#                  from pktgen to D's receive path; see latency.c
#
# The method. With one CPU and packets sent as fast as it goes, nothing is lost: R's
# softirqs interrupt the sender, and all time is work, so time per packet less that
# of "direct" is R's share. Give -i and a device that works off its ring at once,
# inside the guest's own time:
#
#   DEVICE=virtio-net-pci,ioeventfd=off,tx=timer,x-txtimer=1
#
# Instructions then repeat to 0.2 % mostly, kicks and interrupts exactly, and every
# packet sent alone is a doorbell and a completion interrupt, as it is for hardware.
# QEMU's default (DEVICE=virtio-net-pci) does the work in another thread of the host,
# at its leisure: packets gather, doorbells are suppressed meanwhile, and figures
# depend on how busy the host is. e1000e repeats to 1 %, but counts no doorbells.
# Without -i, and with more than one CPU (S and D have CPU 0, R the others), only
# counts per packet are worth reading, unless the host has a CPU for each and one for
# QEMU. Loss needs several queues (DEVICE:4): a hub in QEMU holds 10 000 packets.

# Functions on_* and off_* are called by the peer's name.
# shellcheck disable=SC2317

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
NIC=${2:?name of the device}
shift 2
PACKETS=${KPAC_PACKETS:-5000}	# per measurement, of which there are three
# The last ones are offered at the same rate to all peers.
CASES=${KPAC_CASES:-burst1-max burst16-max burst64-max burst1-2000 burst16-40000}
CPUS=$(nproc)
TRACING=/sys/kernel/tracing
PROBES='napi_skb_cache_get __build_skb skb_clone skb_release_data'
failed=0
declare -A IRQS		# DEV: numbers
declare -A KEEPER	# NS: process
declare -A DIRECT	# CASE: time per packet

# An error that does not end the run: the others are still worth having.
fail() {
	say "error: $*"
	failed=1
}

# --- the topology -----------------------------------------------------------------

# Makes the NIC with MAC the device DEV of namespace NS: take MAC NS DEV
take() {
	local mac=$1 ns=$2 dev=$3 name bus queues
	name=$(nic_name "$mac") || exit
	bus=$(readlink -f "/sys/class/net/$name/device")
	[[ -d $bus/msi_irqs ]] || bus=${bus%/*}
	IRQS[$dev]=$(cd "$bus/msi_irqs" && echo *)
	ip link set "$name" netns "$ns" name "$dev"
	# All queues, even if they are more than CPUs.
	queues=$(in_ns "$ns" ethtool -l "$dev" 2>/dev/null |
		awk '$1 == "Combined:" { print $2; exit }')
	[[ ${queues:-n/a} = n/a ]] || in_ns "$ns" ethtool -L "$dev" combined "$queues" 2>/dev/null
}

nics_up() {
	local ns
	mount -t tracefs none $TRACING 2>/dev/null
	modprobe -a virtio_net e1000e 2>/dev/null
	MAC_S0=02:4b:50:41:01:01 MAC_R0=02:4b:50:41:01:02
	MAC_R1=02:4b:50:41:02:01 MAC_D0=02:4b:50:41:02:02
	net_namespaces
	take $MAC_S0 S s0
	take $MAC_R0 R r0
	take $MAC_R1 R r1
	take $MAC_D0 D d0
	net_addresses
	# Who has a process can be looked at from elsewhere, through /proc/PID/net.
	for ns in R D; do
		ip netns exec $ns sleep infinity &
		KEEPER[$ns]=$!
	done
	QUEUES=$(in_ns R sh -c 'ls -d /sys/class/net/r1/queues/tx-*' | wc -l)
	[[ $CPUS = 1 ]] || spread
}

# Prints DEV's interrupts of KIND (rx, tx), or what is written for each of them:
# irqs DEV KIND [COUNT]
irqs() {
	awk -v list=" ${IRQS[$1]} " -v kind="$2" -v sum="${3:-}" -v cpus="$CPUS" '
		{ irq = $1; sub(":", "", irq) }
		index(list, " " irq " ") &&
		$NF ~ (kind == "rx" ? "input|-rx-" : "output|-tx-") {
			for (i = 2; i <= 1 + cpus; i++)
				n += $i
			if (!sum)
				print irq
		}
		END { if (sum) print n + 0 }' /proc/interrupts
}

# The sender and the sink have CPU 0, the router has the others.
spread() {
	local dev kind irq n
	for dev in s0 r0 r1 d0; do
		for kind in rx tx; do
			n=0
			for irq in $(irqs $dev $kind); do
				if [[ $dev = r? ]]; then
					echo $((1 + n % (CPUS - 1)))
				else
					echo 0
				fi > "/proc/irq/$irq/smp_affinity_list"
				n=$((n + 1))
			done
		done
	done
}

# --- peers: how R forwards. on_PEER OPTIONS, off_PEER, both from a plain router ---

on_ip_forward() { :; }
off_ip_forward() { :; }
# The stack's path with another queueing discipline on r1: qdisc:NAME
on_qdisc() {
	[[ -d /sys/module/kpac ]] || insmod "$KPAC_KO"
	tc -n R qdisc replace dev r1 root "$1"
}
off_qdisc() { tc -n R qdisc del dev r1 root; }
on_floor() {
	in_ns R insmod "${KPAC_KO%/*}/kpac_floor.ko" from=r0 to=r1 mac=$MAC_D0
}
off_floor() { rmmod kpac_floor; }
on_flowtable() { flowtable_on; }
off_flowtable() { flowtable_off; }
on_nogro() { in_ns R ethtool -K r0 gro off && "on_${1%%:*}" ""; }
off_nogro() { in_ns R ethtool -K r0 gro on && "off_${1%%:*}"; }
on_direct() { drop_on R r0; }
off_direct() { drop_off R r0; }

# on_kpac OPTION=VALUE,...
on_kpac() {
	local options=${1//[=,]/ }
	kpac_on r0 r1 || return
	# shellcheck disable=SC2086 # words of a command
	[[ -z $options ]] || "$KPACCTL" -n R port set dev r1 $options
}
off_kpac() { kpac_off r0 r1; }

# --- measuring --------------------------------------------------------------------

# Writes a line: put CASE PEER METRIC VALUE UNIT
put() {
	result "$1" "$2" "$NIC" "$CPUS" "$QUEUES" "${1#*-}" "$3" "$4" "$5"
	line+=" $3=$4"
}

# Prints A / B, A - B
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.6g", a / b }'; }
difference() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a - b }'; }

# Of a column of what costs() has measured.
median() { cut -d ' ' -f "$1" "$DIR/costs" | sort -g | sed -n 2p; }
spread_of() {
	cut -d ' ' -f "$1" "$DIR/costs" | sort -g |
		awk '{ v[NR] = $1 } END { printf "%.2f", (v[NR] - v[1]) * 100 / v[2] }'
}

# Prints a counter of "ethtool -S" if there is one: kicks DEV rx|tx
kicks() {
	in_ns R ethtool -S "$1" 2>/dev/null | awk -v k="$2_kicks:" '$1 == k { print $2 }'
}

# All counters, in the order of the names.
COUNTERS='tx_kicks rx_kicks tx_irqs rx_irqs'
counters() {
	echo "$(kicks r1 tx)" "$(kicks r0 rx)" "$(irqs r1 tx 1)" "$(irqs r0 rx 1)"
}

# Sets BURST and DELAY (0: none) from CASE. The odd nanoseconds make pktgen's
# rounding of time random. Below 100 us pktgen would spin and the CPU never be idle.
pattern() {
	local rate=${1#*-}
	BURST=${1#burst} DELAY=0
	BURST=${BURST%-*}
	[[ $rate = max ]] || DELAY=$((1000000000 / rate * BURST + 37))
}

# Sends COUNT packets in the manner of CASE and waits until they have arrived, or
# will not any more; sets ARRIVED: send CASE COUNT
send() {
	local before was=-1
	pattern "$1"
	before=$(drop_count "$sink_ns" "$sink")
	pktgen "$2" 4 60 1 flag,SHARED "burst,$BURST" "delay,$DELAY"
	while ARRIVED=$(($(drop_count "$sink_ns" "$sink") - before))
	      [[ $ARRIVED -lt $SENT && $ARRIVED != "$was" ]]; do
		was=$ARRIVED
		sleep 0.2
	done
}

# Prints, per packet that was sent: CPU time of all, CPU time of R's CPUs; then the
# share of time that these were busy, and packets a second that arrived meanwhile.
# With one CPU R's are all. From the output of pktgen and PKTGEN_WATCH.
watched() {
	awk -v cpus="$CPUS" -v sent="$SENT" -v ns="$NS_PER_PACKET" -v dev="$sink:" '
		/^now at/ { n++; now[n] = $3; cpu = 0 }
		/idle_sleeptime/ { idle[n, cpu++] = $3 }
		$1 == dev { got[n] = $3 }
		END {
			for (cpu = 0; cpu < cpus; cpu++) {
				busy = now[2] - now[1] - (idle[2, cpu] - idle[1, cpu])
				all += busy
				if (cpu || cpus == 1)
					router += busy
			}
			# What waits in rings is worked off after pktgen has ended.
			share = router / sent / ns / (cpus > 1 ? cpus - 1 : 1)
			print all / sent, router / sent, share < 1 ? share : 1,
				(got[2] - got[1]) * 1e9 / (sent * ns)
		}' <<<"$PKTGEN_OUT"
}

by_kpac() { [[ $1 =~ ^(nogro:)?kpac ]]; }

# Did kpac forward what has arrived? kpac_check CASE PEER PACKETS
kpac_check() {
	local n
	by_kpac "$2" || return
	n=$(kpac_count r0 accelerated_packets)
	[[ $((n - ACCELERATED)) -ge $(($3 - $3 / 1000)) ]] ||
		fail "$1, $2: packets did not go that way"
	ACCELERATED=$n
}

# Time, rate and counters: three times, the median.
costs() {
	local case=$1 peer=$2 i before after sent=0 arrived=0 name all router busy rate
	: > "$DIR/costs"
	read -ra before < <(counters)
	by_kpac "$peer" && ACCELERATED=$(kpac_count r0 accelerated_packets)
	for i in 1 2 3; do
		send "$case" "$PACKETS"
		read -r all router busy rate < <(watched)
		# Nobody was idle: pktgen knows the time best.
		if [[ $case = *-max && $CPUS = 1 ]]; then
			all=$NS_PER_PACKET busy=1
			rate=$(ratio 1000000000 "$NS_PER_PACKET")
		fi
		echo "$all $router $busy $rate" >> "$DIR/costs"
		sent=$((sent + SENT)) arrived=$((arrived + ARRIVED))
	done
	read -ra after < <(counters)
	kpac_check "$case" "$peer" $arrived
	all=$(median 1)
	put "$case" "$peer" time "$all" "$UNIT"
	put "$case" "$peer" spread "$(spread_of 1)" percent
	if [[ $CPUS -gt 1 ]]; then
		put "$case" "$peer" router "$(median 2)" "$UNIT"
	elif [[ $peer = direct ]]; then
		DIRECT[$case]=$all
	else
		put "$case" "$peer" router "$(difference "$all" "${DIRECT[$case]}")" "$UNIT"
	fi
	put "$case" "$peer" busy "$(median 3)" share
	put "$case" "$peer" rate "$(median 4)" packets/s
	put "$case" "$peer" loss "$(ratio $((100 * (sent - arrived))) $sent)" percent
	i=0
	for name in $COUNTERS; do
		# Not every driver counts doorbells.
		[[ ${#before[@]} -lt 4 && $name = *kicks ]] && continue
		put "$case" "$peer" "$name" \
			"$(ratio $((after[i] - before[i])) $sent)" per_packet
		i=$((i + 1))
	done
}

# Counts what the kernel's tracing sees, in a run of its own.
allocations() {
	local case=$1 peer=$2 p allocs=0 n
	{
		for p in $PROBES; do echo "p:kpac/$p $p"; done
		# Those that a NAPI context asks for come from napi_skb_cache_get.
		echo 'p:kpac/__alloc_skb __alloc_skb napi=%dx:b1@2/32'
	} > $TRACING/kprobe_events
	for p in $PROBES; do
		trace "kpac/$p" common_cpu
	done
	trace kpac/__alloc_skb common_cpu ' if napi==0'
	trace kmem/mm_page_alloc common_cpu
	trace napi/napi_poll dev_name,work
	send "$case" "$PACKETS"
	for p in napi_skb_cache_get __build_skb skb_clone __alloc_skb; do
		n=$(hits kpac/$p)
		allocs=$((allocs + n))
	done
	put "$case" "$peer" skb_allocs "$(ratio $allocs "$SENT")" per_packet
	put "$case" "$peer" skb_frees "$(ratio "$(hits kpac/skb_release_data)" "$SENT")" per_packet
	put "$case" "$peer" page_allocs "$(ratio "$(hits kmem/mm_page_alloc)" "$SENT")" per_packet
	put "$case" "$peer" per_poll "$(polls r0)" packets
	for p in kmem/mm_page_alloc napi/napi_poll kpac/__alloc_skb $(printf 'kpac/%s ' $PROBES); do
		untrace "$p"
	done
	echo > $TRACING/kprobe_events
}

# Counts EVENT by KEYS, ends that: trace EVENT KEYS [FILTER]
trace() { echo "hist:keys=$2${3:-}" > "$TRACING/events/$1/trigger"; }
untrace() {
	local hist
	hist=$(sed -n 's/ \[[a-z]*\]$//; s/^hist/!hist/p' "$TRACING/events/$1/trigger")
	echo "$hist" > "$TRACING/events/$1/trigger"
}

# Prints how often a traced EVENT has happened.
hits() { awk '/Hits:/ { print $2; ok = 1 } END { if (!ok) print 0 }' "$TRACING/events/$1/hist"; }

# Prints the mean of the packets in DEV's NAPI polls that found any.
polls() {
	tr -d ',{}' < $TRACING/events/napi/napi_poll/hist | awk -v dev="$1" '
		$1 == "dev_name:" && $2 == dev && $4 > 0 { n += $6; sum += $4 * $6 }
		END { printf "%.2f\n", n ? sum / n : 0 }'
}

latency() {
	local case=$1 peer=$2 in out ready n mean middle high
	pattern "$case"
	coproc LATENCY { exec ip netns exec "$sink_ns" "$DIR/latency" "$sink" \
		"$BURST" "$DELAY"; }
	in=${LATENCY[1]} out=${LATENCY[0]}
	read -r -t 20 ready <&"$out"
	if [[ $ready != ready ]]; then
		fail "$case, $peer: cannot receive"
		return
	fi
	send "$case" "$PACKETS"
	exec {in}>&-
	read -r -t 60 n mean middle high <&"$out"
	wait $! || true
	[[ $n = "$ARRIVED" ]] || fail "$case, $peer: $ARRIVED arrived, $n have a latency"
	put "$case" "$peer" latency_mean "$mean" "$UNIT"
	put "$case" "$peer" latency_median "$middle" "$UNIT"
	put "$case" "$peer" latency_p99 "$high" "$UNIT"
}

# Everything about PEER: measure PEER
measure() {
	local peer=$1 case options='' name=${1%%:*} sink_ns=D sink=d0 line
	[[ $peer != *:* ]] || options=${peer#*:}
	[[ $peer != direct ]] || sink_ns=R sink=r0
	if [[ $name = kpac ]] && ! kpac_built; then
		say "kpac is not built: no $peer"
		return
	fi
	if "on_$name" "$options"; then
		PKTGEN_WATCH="grep -hE '^now at|idle_sleeptime|$sink:' /proc/timer_list"
		PKTGEN_WATCH+=" /proc/${KEEPER[$sink_ns]}/net/dev"
		send burst1-max 2000
		for case in $CASES; do
			line=
			costs "$case" "$peer"
			allocations "$case" "$peer"
			latency "$case" "$peer"
			say "$case $peer:$line"
		done
	else
		fail "$peer: cannot be set up"
	fi
	"off_$name" "$options" || fail "$peer: cannot be undone"
}

# The rate that ip_forward has reached, offered to it and to others: at_peak BURST
at_peak() {
	local rate peer
	rate=$(awk -F '\t' -v c="$1-max" -v nic="$NIC" '$1 == c && $3 == nic &&
		$2 == "ip_forward" && $7 == "rate" { r = $8 } END { printf "%.0f", r }
		' "$DIR/transmit.tsv")
	[[ $rate -gt 0 ]] || return
	CASES=$1-$rate
	shift
	for peer in direct ip_forward "$@"; do
		measure "$peer"
	done
}

nics_up
drop_on D d0
measure direct
for peer; do measure "$peer"; done
[[ -z ${KPAC_PEAK:-} ]] || at_peak "$KPAC_PEAK" kpac nogro:kpac
net_down
kill "${KEEPER[@]}"
exit $failed
