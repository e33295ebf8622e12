#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# reply.sh - what answering a request costs, and how long it takes; what it costs
# to ask a thousand peers whether they are there.
#
#   reply.sh DIR [full|quick|uml]     runs as root inside a guest with one CPU; see run.sh
#
# The program reply (reply.c) lies where KPAC_KO does. S asks, R answers. In a VM
# that counts instructions (scripts/vm.sh -i) a nanosecond of guest time is one.
#
# cost   S sends requests, in bursts; its ingress counts and drops the answers. The
#        reference is a drop on R's ingress.
# time   from when a request leaves S's device until the answer is there, as the
#        kernel says, while the CPU is idle or has twice as many processes as CPUs
#        that never sleep
# peers  how much less another process gets done while R asks a thousand peers every
#        100 ms: those that do not answer (sent), and those that do, where the answers
#        come in by the socket or at the door of a port. S and R share the CPU.
#
# Every measurement adds a line to DIR/reply.tsv; one in which not every request had
# its answer is an error:
#   case peer kind burst|load metric value unit

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
MODE=${2:-full}
REQUESTS=${KPAC_REQUESTS:-19200}
TIMED=${KPAC_TIMED:-4000}
WORK=${KPAC_WORK:-2000}
REPLY=${KPAC_KO%/*}/reply
SERVER='' HOGS=()
failed=0

# An error that does not end the run: the others are still worth having.
fail() {
	say "error: $*"
	failed=1
}

# Adds a line: row CASE PEER KIND BURST|LOAD METRIC VALUE UNIT
row() {
	local IFS=$'\t'
	printf '%s\n' "$*" >> "$DIR/reply.tsv"
	IFS=' '
	say "$(printf '%-8s %-16s %-10s %-6s %-8s %14s %s' "$@")"
}

# --- those who answer ----------------------------------------------------------

# Has PEER answer KIND in R; in user space by COMMAND: answer_on PEER KIND [COMMAND...]
answer_on() {
	local i
	case $1 in
	reference) drop_on R r0 ;;
	kernel) ;;
	kpac)
		local words=("do" "${2/icmp/echo}")
		[[ $2 != heartbeat ]] || words+=(template ready)
		kpac_on r0 && "$KPACCTL" -n R handler add "${words[@]}"
		;;
	plain | many)
		# not by a function, whose process would be another
		ip netns exec R "${@:3}" "$REPLY" answer "$2" "$1" &
		SERVER=$!
		for ((i = 0; i < 200; i++)); do
			! ss -N R -lunH | grep -q :7000 || return 0
			sleep 0.05
		done
		return 1
		;;
	esac
}

# Ends answer_on.
answer_off() {
	case $1 in
	reference) drop_off R r0 ;;
	kpac) kpac_off r0 ;;
	plain | many)
		kill $SERVER
		wait $SERVER 2>/dev/null
		;;
	esac
	return 0
}

# --- cost ----------------------------------------------------------------------

# cost PEER KIND BURST
cost() {
	local before answered wanted=$REQUESTS taken
	# before the process that finds out that there is nothing to do
	answer_on "$1" "$2" chrt -f 10 || fail "$*: cannot be set up"
	[[ $1 != reference ]] || wanted=0
	in_ns S "$REPLY" ask "$2" 10.1.0.2 $((REQUESTS / 10)) "$3" >/dev/null
	before=$(drop_count S s0)
	if ! taken=$(in_ns S "$REPLY" ask "$2" 10.1.0.2 "$REQUESTS" "$3"); then
		fail "$*: cannot ask"
	else
		answered=$(($(drop_count S s0) - before))
		if [[ $answered -ne $wanted ]]; then
			fail "$*: asked $REQUESTS times, $answered answers"
		else
			row cost "$1" "$2" "$3" time "$taken" "$UNIT"
		fi
	fi
	answer_off "$1"
}

costs() {
	local burst kind peer
	drop_on S s0
	for burst in 1 32; do
		for kind in echo heartbeat icmp; do
			cost reference $kind $burst
		done
		cost kpac icmp $burst
		cost kernel icmp $burst
		for kind in echo heartbeat; do
			for peer in kpac plain many; do
				cost $peer $kind $burst
			done
		done
	done
	drop_off S s0
}

# --- time ----------------------------------------------------------------------

hogs_on() {
	local i
	HOGS=()
	for ((i = 0; i < 2 * $(nproc); i++)); do
		"$REPLY" work 100000000 >/dev/null &
		HOGS+=($!)
	done
}

hogs_off() {
	kill "${HOGS[@]}"
	wait "${HOGS[@]}" 2>/dev/null
}

# time_of PEER KIND LOAD
time_of() {
	local p50 p99 p999 most lost
	if ! read -r p50 p99 p999 most lost < <(in_ns S "$REPLY" time "$2" 10.1.0.2 "$TIMED" 2000); then
		fail "$*: no answers"
		return
	fi
	[[ $lost = 0 ]] || fail "$*: $lost of $TIMED have no answer"
	row time "$1" "$2" "$3" p50 "$p50" "$UNIT"
	row time "$1" "$2" "$3" p99 "$p99" "$UNIT"
	row time "$1" "$2" "$3" p99.9 "$p999" "$UNIT"
	row time "$1" "$2" "$3" max "$most" "$UNIT"
}

times_of() {
	answer_on "$1" "$2" || fail "$*: cannot be set up"
	time_of "$1" "$2" idle
	hogs_on
	time_of "$1" "$2" busy
	hogs_off
	answer_off "$1"
}

times() {
	times_of kpac heartbeat
	times_of plain heartbeat
	times_of kpac echo
	times_of plain echo
	[[ $MODE != full ]] || times_of many heartbeat
}

# --- peers ---------------------------------------------------------------------

N=${KPAC_PEERS:-1000} MS=100

# What is known of R's peers: states, as "up 1000", and what was sent.
states() { "$KPACCTL" -n R -j heartbeat show | jq -r '.[].state' | sort | uniq -c | awk '{ print $2, $1 }'; }
sent() { "$KPACCTL" -n R -j heartbeat show | jq '[.[].sent] | add'; }

# Waits until R's peers are in STATE: settled STATE
settled() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ $(states) != "$1 $N" ]] || return 0
		sleep 0.1
	done
	fail "the peers are not $1: $(states)"
	return 1
}

# Measures the part of the CPU that asking takes, and writes lines: peers_of CASE STATE
peers_of() {
	local free busy before after
	free=$("$REPLY" work "$WORK")
	in_ns R "$REPLY" peers 10.1.0.1 "$N" $MS || fail "$*: cannot ask"
	if settled "$2"; then
		before=$(sent)
		busy=$("$REPLY" work "$WORK")
		after=$(sent)
		# with those that were sent while it was asked how many that are
		((after - before >= N * WORK / MS * 9 / 10)) || fail "$*: sent only $((after - before))"
		row peers "$1" heartbeat $N share "$(awk "BEGIN { print 100 * (1 - $busy / $free) }")" %
		row peers "$1" heartbeat $N time \
			"$(awk "BEGIN { print (1 - $busy / $free) * $MS * 1e6 / $N }")" "$UNIT"
	fi
	# all of them
	rmmod kpac
}

# S answers, or not; R's device is a port, or not.
peers_on() {
	insmod "$KPAC_KO"
	"$KPACCTL" -n S port add dev s0 && "$KPACCTL" -n S handler add "do" heartbeat
}

all_peers() {
	insmod "$KPAC_KO"
	drop_on S s0
	peers_of sent down
	drop_off S s0
	peers_on || fail "peers: cannot be set up"
	peers_of socket up
	peers_on && kpac_on r0 && "$KPACCTL" -n R handler add "do" heartbeat ||
		fail "peers: cannot be set up"
	peers_of door up
}

# --- the programme --------------------------------------------------------------

# Nanoseconds wobble: the peers take turns. What else a CPU gets done does so by more
# than what asking peers takes.
uml() {
	local i rounds=${KPAC_ROUNDS:-11}
	for ((i = 1; i <= rounds; i++)); do
		say "round $i of $rounds"
		printf 'round\t%s\n' "$i" >> "$DIR/reply.tsv"
		costs
		times
	done
}

: > "$DIR/reply.tsv"
uname -r > "$DIR/kernel"
net_up
# who waits in line is not counted among the idle
sysctl -qw kernel.sched_rt_runtime_us=-1
case $MODE in
quick)
	REQUESTS=$((REQUESTS / 10)) TIMED=$((TIMED / 10))
	costs
	times
	all_peers
	;;
full)
	costs
	times
	all_peers
	;;
uml) uml ;;
esac
exit $failed
