# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2119,SC2120,SC2317
#
# lib.sh - what the kpac selftests share. A test file sources this, defines
# functions test_NAME and ends with `run_tests NAME...`. It needs root, and a
# machine (a VM) whose network nobody minds.
#
# A test fails when it calls `fail`, or when it never calls `check`, `same` or
# `pass`. Its trace is shown then. Environment:
#   KPAC_TOP    where kpac.ko and userspace/kpacctl are (the directory above)
#   KPAC_MODE   "without": never load kpac, only see that the tests themselves work
#   T_ONLY      run only the tests with these names

DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export KPAC_TOP=${KPAC_TOP:-$(dirname "$DIR")} KPAC_MODE=${KPAC_MODE:-}
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C
PYTHON=/usr/bin/python3
KPACCTL=$(PATH=$KPAC_TOP/userspace:$PATH command -v kpacctl)
export KPACCTL
TMP=$(mktemp -d)
export ANSWER=$TMP/answer
NAMESPACES=() NUMBER=0 FAILED=0

# ---- results, in KTAP ----

fail() { WHY+=("$*"); }
pass() { ASSERTED=1; }
skip() { SKIP=$*; }

# check WHAT COMMAND...: the command must succeed
check() {
	local what=$1; shift
	ASSERTED=1
	"$@" || fail "$what"
}

# equal WHAT GOT WANTED
equal() {
	ASSERTED=1
	[[ $2 == "$3" ]] || fail "$1: got '$2', wanted '$3'"
}

plan() { echo "TAP version 13"; echo "1..$1"; }

# result NAME: print the result of what WHY, SKIP and ASSERTED say
result() {
	((++NUMBER))
	if [[ -n $SKIP ]]; then
		echo "ok $NUMBER $1 # SKIP $SKIP"
	elif ((${#WHY[@]} == 0 && ASSERTED)); then
		echo "ok $NUMBER $1"
	else
		((++FAILED))
		((ASSERTED)) || WHY+=("the test asserted nothing")
		printf '# %s\n' "${WHY[@]//$'\n'/$'\n# '}"
		echo "not ok $NUMBER $1"
	fi
	WHY=() SKIP='' ASSERTED=0
}

finish() {
	echo "# Totals: pass:$((NUMBER - FAILED)) fail:$FAILED"
	exit $((FAILED > 0))
}

skip_all() { echo "TAP version 13"; echo "1..0 # SKIP $*"; exit 4; }

run_tests() {
	local t all=()
	for t; do
		[[ -n ${T_ONLY:-} && " $T_ONLY " != *" $t "* ]] || all+=("$t")
	done
	plan ${#all[@]}
	WHY=() SKIP='' ASSERTED=0
	for t in "${all[@]}"; do
		exec {BASH_XTRACEFD}>"$TMP/trace"
		set -x
		"test_$t" 2>"$TMP/stderr"
		{ set +x; } 2>/dev/null
		((${#WHY[@]} == 0)) || {
			tail -n 25 "$TMP/trace" | cut -c1-300 | sed 's/^/#   /'
			sed 's/^/#   stderr: /' "$TMP/stderr" | tail -n 15
		}
		result "$t"
		remove_namespaces
	done
	finish
}

# ---- waiting and cleaning up ----

# until_true COMMAND...: poll for at most WAIT seconds (5)
until_true() {
	local - end=$((SECONDS + ${WAIT:-5}))
	set +x
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

remove_namespaces() {
	local ns pids
	for ns in "${NAMESPACES[@]}"; do
		pids=$(ip netns pids "$ns" 2>/dev/null)
		[[ -z $pids ]] || kill -9 $pids 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
	NAMESPACES=()
}

clean_up() {
	{ set +x; } 2>/dev/null
	[[ -z ${HELPER_PID:-} ]] || kill "$HELPER_PID" 2>/dev/null
	remove_namespaces
	[[ -z ${LABELS:-} ]] || ip netns del "$LABELS"
	[[ ! -d $TMP/bpf ]] || umount "$TMP/bpf"
	rm -rf "$TMP"
}
trap clean_up EXIT

# need COMMAND...: is there what the test needs? Use as `need X || return`
need() {
	local c
	for c; do
		command -v "$c" >/dev/null || { skip "$c is missing"; return 1; }
	done
}

# ---- namespaces and cables ----

# namespaces NAME...: make a namespace for each and put its name into $NAME
namespaces() {
	local n
	for n; do
		declare -g "$n=$n-$$"
		ip netns add "$n-$$" || return
		NAMESPACES+=("$n-$$")
		in_ns "$n-$$" sysctl -qw net.ipv6.conf.{all,default}.{accept_dad=0,addr_gen_mode=1} \
			net.ipv6.conf.{all,default}.{accept_ra=0,router_solicitations=0,keep_addr_on_down=1} \
			net.ipv4.conf.{all,default}.{rp_filter=0,send_redirects=0} \
			net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0
		ip -n "$n-$$" link set lo up
	done
}

in_ns() { ip netns exec "$@"; }

# batch NAMESPACE [-6]: feed `ip` with the lines of standard input
batch() { ip -n "$@" -batch -; }

# cable HOST N [MTU]: the host's h0 (10.N.0.2, fd0N::2) to the router's rN (10.N.0.1, fd0N::1).
# Both know each other's MAC address, so nothing but the test's packets is counted.
cable() {
	local host=$1 n=$2 mtu=${3:-1500}
	ip -n "$host" link add h0 mtu "$mtu" address 02:00:00:00:0$n:02 type veth \
		peer name r$n mtu "$mtu" address 02:00:00:00:0$n:01 netns "$R"
	batch "$host" <<-END
		addr add 10.$n.0.2/24 dev h0
		addr add fd0$n::2/64 dev h0 nodad
		addr add fe80::2/64 dev h0 nodad
		link set h0 up
		neigh add 10.$n.0.1 lladdr 02:00:00:00:0$n:01 dev h0
		neigh add fd0$n::1 lladdr 02:00:00:00:0$n:01 dev h0
		neigh add fe80::1 lladdr 02:00:00:00:0$n:01 dev h0
		route add default via 10.$n.0.1
		route add default via fd0$n::1
	END
	batch "$R" <<-END
		addr add 10.$n.0.1/24 dev r$n
		addr add fd0$n::1/64 dev r$n nodad
		addr add fe80::1/64 dev r$n nodad
		link set r$n up
		neigh add 10.$n.0.2 lladdr 02:00:00:00:0$n:02 dev r$n
		neigh add fd0$n::2 lladdr 02:00:00:00:0$n:02 dev r$n
		neigh add fe80::2 lladdr 02:00:00:00:0$n:02 dev r$n
	END
}

# hosts_and_router [MTU]: A - R - B, where R forwards
hosts_and_router() {
	namespaces A R B
	forwarding 1
	cable "$A" 1 "$@"
	cable "$B" 2 "$@"
}

# one_way [MTU]: the same, but B answers to nothing that comes from A
one_way() {
	hosts_and_router "$@"
	silence "$B"
}

silence() {
	batch "$1" <<-END
		route replace blackhole default
		route replace blackhole ::/0
	END
}

forwarding() {
	in_ns "$R" sysctl -qw net.ipv4.ip_forward="$1" net.ipv6.conf.{all,default}.forwarding="$1" \
		net.ipv4.conf.{all,default}.send_redirects=0
}

# ---- kpac ----

load_kpac() {
	[[ $KPAC_MODE != without ]] || return 0
	[[ -d /sys/module/kpac ]] || insmod "$KPAC_TOP/kpac.ko" 2>/dev/null || modprobe kpac ||
		skip_all "kpac cannot be loaded"
	[[ -n $KPACCTL ]] || skip_all "kpacctl is missing"
}

# quiet: the router has not told of its multicast groups for a while, which it
# does at random when a device has come up
quiet() {
	local n
	n=$(reports)
	sleep 2
	[[ $(reports) == "$n" ]]
}
reports() { in_ns "$R" awk '$1 == "Icmp6OutMLDv2Reports" { print $2 }' /proc/net/snmp6; }

# Emulated CPUs do not always see at once that another CPU has patched code: an
# oops "int3" in a function of the kernel with a jump label. Have the labels
# that the tests would patch under traffic patched before.
patch_labels() {
	local k=keys-$$
	ip netns add "$k" || return
	LABELS=$k
	ip -n "$k" link add k0 type dummy
	tc -n "$k" qdisc add dev k0 clsact
	# what is initialised with the first connection
	ip -n "$k" link set lo up
	in_ns "$k" $PYTHON - <<-END
		import socket, time
		for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
		    server, udp = socket.socket(family), socket.socket(family, socket.SOCK_DGRAM)
		    server.bind((host, 0))
		    server.listen()
		    socket.create_connection(server.getsockname()[:2], 2).close()
		    udp.connect((host, 9))
		    udp.send(b"x")
		time.sleep(0.5)
	END
	in_ns "$k" nft -f - <<-END
		table netdev k {
			chain i { type filter hook ingress device k0 priority 0; }
			chain e { type filter hook egress device k0 priority 0; }
		}
		table inet k {
			chain a { type filter hook prerouting priority 0; }
			chain b { type filter hook input priority 0; }
			chain c { type filter hook forward priority 0; }
			chain d { type filter hook output priority 0; }
			chain e { type filter hook postrouting priority 0; }
		}
	END
}

# kpac NAMESPACE ARGUMENTS...
kpac() { "$KPACCTL" -n "$@"; }

# ports add|del DEV...: in the router's namespace; they are added with the door $DOOR
ports() {
	local door=()
	[[ $1 != add || -z ${DOOR:-} ]] || door=(door "$DOOR")
	local dev verb=$1; shift
	[[ $KPAC_MODE != without ]] || return 0
	for dev; do
		kpac "$R" port "$verb" dev "$dev" "${door[@]}" || fail "kpacctl port $verb dev $dev"
	done
}

# kpac_stat NAMESPACE DEV NAME: the one place that knows kpacctl's JSON. NAME is
# an attribute of the specification such as accelerated-packets, or pass:REASON.
kpac_stat() {
	local - json key
	set +x
	json=$("$KPACCTL" -j -n "$1" stat show dev "$2")
	case $3 in
	pass:*) key="\"reason\":\"${3#pass:}\",\"packets\":([0-9]+)" ;;
	*)      key="\"${3//-/_}\":([0-9]+)" ;;
	esac
	[[ $json =~ $key ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# ---- the same with and without kpac ----

# same "PORTS" ACCELERATED COMMAND...: run the command, make the devices ports, run it
# again: what it prints must not have changed, but for lines that begin with "kpac".
# At least ACCELERATED packets must have been accelerated.
same() {
	local ports=$1 wanted=$2 dev n=0
	shift 2
	ASSERTED=1
	WAIT=20 until_true quiet || fail "the router keeps sending reports"
	"$@" >"$TMP/without"
	[[ -s $TMP/without ]] || fail "nothing observed"
	! grep -E "^(error|marker lost)" "$TMP/without" >&2 || fail "wrong without kpac"
	[[ $KPAC_MODE != without ]] || return 0
	ports add $ports
	"$@" >"$TMP/with"
	grep -v ^kpac "$TMP/with" | diff -U0 "$TMP/without" - >"$TMP/diff" ||
		fail "differs with kpac (+) from without (-):"$'\n'"$(sed 1,2d "$TMP/diff" | cut -c1-220 | head -n 30)"
	for dev in $ports; do
		((n += $(kpac_stat "$R" "$dev" accelerated-packets)))
	done
	((n >= wanted)) || fail "accelerated $n packets, wanted $wanted: $(kpac "$R" stat show)"
	ports del $ports
}

# ---- helpers that run along ----

# helper FILE ARGUMENTS...: start a Python helper that answers commands
helper() {
	local file=$1; shift
	coproc HELPER { exec $PYTHON "$DIR/$file" "$@"; }
	exec {HELPER_IN}>&"${HELPER[1]}" {HELPER_OUT}<&"${HELPER[0]}"
}

# ask COMMAND: send the helper a command and print its answer. It comes by a
# file: bash reads pipes byte by byte.
ask() {
	local - line
	set +x
	echo "$*" >&"$HELPER_IN"
	if ! read -r -t ${ASK_WAIT:-60} line <&"$HELPER_OUT"; then
		echo "error: no answer to $*"
		return
	fi
	mapfile -t line <"$ANSWER"
	((${#line[@]} == 0)) || printf '%s\n' "${line[@]}"
}

# ---- what becomes of packets: probe.py ----

probe_helper() {
	helper probe.py
	ask without	# kpac's statistics are looked at by `same`
}

# flows [KIND...]: what becomes of many flows of each family, and of one packet of each kind
flows() {
	local kind
	ask topo "$A:${IN:-h0}" "$R:${PORT:-r1}" "${OUT:-$B:h0}"
	ask send udp4 16 ${DST4:-}
	ask send udp6 16 ${DST6:-}
	for kind; do
		ask send "$kind"
	done
}

FULL="udp4-empty-padded udp6-empty-padded udp4-trailer udp4-1400 udp6-1400 \
	udp4-tos-df tcp4 icmp4-echo gso-tcp4-3000 gso-tcp6-3000 gso-udp4"
SHORT="udp4-empty-padded udp6-1400 gso-tcp4-3000 ttl-1 hlim-1"

[[ $(id -u) == 0 ]] || skip_all "must be root"
# Replies are not to depend on what has been before.
sysctl -qw net.ipv6.mld_qrv=1 net.ipv4.route.error_cost=0 2>/dev/null
patch_labels
load_kpac
