#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Every kind of good, bad and odd packet that probe.py can make, sent into a
# router: what arrives where and what the router counts must be the same with
# and without kpac, and kpac must say why it left the packet to the stack.

. "$(dirname "$0")/lib.sh"

prepare() {
	one_way 9000
	batch "$R" <<-END
		route add 10.2.0.99/32 via 10.2.0.2 mtu 1400
		route add fd02::99/128 via fd02::2 mtu 1400
		neigh add 10.1.0.9 lladdr 02:00:00:00:01:09 dev r1
		neigh add fd01::9 lladdr 02:00:00:00:01:09 dev r1
		neigh add fe80::9 lladdr 02:00:00:00:01:09 dev r1
		neigh add 10.1.0.77 lladdr 02:00:00:00:01:02 dev r1
		neigh add fd01::77 lladdr 02:00:00:00:01:02 dev r1
		neigh add fd01::78 lladdr 02:00:00:00:01:02 dev r1
		route add blackhole 10.98.0.1
		route add unreachable 10.98.0.2
		route add prohibit 10.98.0.3
		route add blackhole fd98::1
		route add unreachable fd98::2
		route add prohibit fd98::3
	END
	# Without a link-local address nobody sends redirects.
	WAIT=20 until_true addresses_valid
	helper probe.py
	ask topo "$A:h0" "$R:r1" "$B:h0"
}

addresses_valid() { [[ -z $(ip -n "$R" -6 addr show tentative) ]]; }

# all without|with: send each kind and keep the answers
all() {
	mkdir -p "$TMP/$1"
	ask "$1"
	ASK_WAIT=300 ask all "$TMP/$1" "${KINDS[@]}"
}

# judge NAME EXPECT: compare the answers of one kind
judge() {
	local without with kpac reason
	ASSERTED=1
	without=$(<"$TMP/without/$1")
	[[ -n $without ]] || fail "nothing observed"
	[[ $without != *"marker lost"* ]] || fail "without kpac: $without"
	[[ $KPAC_MODE != without ]] || return
	with=$(<"$TMP/with/$1")
	kpac=$(<"$TMP/with/$1.kpac")
	[[ $with == "$without" ]] || fail "differs with kpac (+) from without (-):" \
		$'\n'"$(diff -U0 "$TMP/without/$1" "$TMP/with/$1" | sed 1,2d | cut -c1-200)"
	# Two more accelerated packets are the probe's markers.
	for reason in ${2//|/ }; do
		[[ $reason != any ]] || return
		[[ $reason == accel ]] && reason="accel +3" || reason="$reason +1"
		[[ $'\n'$kpac$'\n' != *$'\n'"kpac $reason"$'\n'* ]] || return
	done
	fail "kpac was to count $2, but:"$'\n'"$kpac"
}

prepare >&2
declare -A EXPECT
KINDS=()
while read -r name expect; do
	[[ -n ${T_ONLY:-} && " $T_ONLY " != *" $name "* ]] && continue
	KINDS+=("$name") EXPECT[$name]=$expect
done < <(ask list)

plan ${#KINDS[@]}
WHY=() SKIP='' ASSERTED=0
all without
[[ $KPAC_MODE == without ]] || {
	ports add r1 r2
	all with
}
for name in "${KINDS[@]}"; do
	judge "$name" "${EXPECT[$name]}"
	result "$name"
done
finish
