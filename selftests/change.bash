# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2119,SC2120,SC2317
#
# change.bash - while packets flow from A by R to 10.9.0.1 and fd09::1 in B (or,
# by another route, in C), something is changed. From the first packet sent after
# the command has returned, packets arrive where, and only where, they do without
# kpac; the same when the change is taken back, and then kpac accelerates again.
#
# A file with changes sources this, declares each with `change` and functions
# NAME_on and NAME_off, and ends with `run_changes`.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BPFFS=$TMP/bpf COUNT=10
CHANGES=()
declare -A WANTED

# change NAME WANTED: where the streams of stream.py are to arrive with the change
change() { CHANGES+=("$1"); WANTED[$1]=$2; }

# 10.8.0.1 in A is the source of stream a; the way back to it is by C.
prepare() {
	local n
	hosts_and_router
	namespaces C
	cable "$C" 3
	for n in "$B" "$C"; do
		ip -n "$n" addr add 10.9.0.1/32 dev lo
		ip -n "$n" addr add fd09::1/128 dev lo nodad
	done
	ip -n "$A" addr add 10.8.0.1/32 dev lo
	batch "$R" <<-END
		route add 10.9.0.0/24 via 10.2.0.2
		route add fd09::/64 via fd02::2
		route add 10.8.0.0/24 via 10.3.0.2
		addr add 10.1.0.21/24 dev r1
	END
	helper stream.py "$A" "$B,$C"
}

# rnft <<< RULES: load a ruleset in the router
rnft() { in_ns "$R" nft -f -; }

# observe CHANGE: apply it, look, take it back, look
observe() {
	"$1_on" >&2 || echo "error: $1_on"
	ask watch $COUNT
	"$1_off" >&2 || echo "error: $1_off"
	ask watch $COUNT
}

# resumed: how many packets of one observation were accelerated, as soon as all
# are: that a flow is passed is remembered for up to a second.
resumed() {
	local n=0 last end=$((SECONDS + ${WAIT:-5}))
	while ((n < 3 * COUNT && SECONDS < end)); do
		last=$(kpac_stat "$R" r1 accelerated-packets)
		ask watch $COUNT >/dev/null
		n=$(($(kpac_stat "$R" r1 accelerated-packets) - last))
	done
	echo "$n"
}

# compare CHANGE: what was seen without and with kpac
compare() {
	local without with
	mapfile -t without <"$TMP/$1.without"
	equal "without kpac" "${without[0]//\/63/}" "${WANTED[$1]}"
	equal "undone without kpac" "${without[2]}" "4:B/63 6:B/63 a:B/63"
	[[ $KPAC_MODE != without ]] || return
	mapfile -t with <"$TMP/$1.with"
	equal "with kpac" "${with[*]:0:4}" "${without[*]}"
	# All packets of the last observation at least.
	((with[-1] >= 3 * COUNT)) || fail "not accelerated again: ${with[-1]} packets"
}

run_changes() {
	local c
	prepare >&2
	[[ -z ${T_ONLY:-} ]] || read -ra CHANGES <<< "$T_ONLY"
	plan ${#CHANGES[@]}
	WHY=() SKIP='' ASSERTED=0
	for c in "${CHANGES[@]}"; do
		observe "$c" >"$TMP/$c.without" 2>"$TMP/$c.stderr"
	done
	[[ $KPAC_MODE == without ]] || {
		ports add r1 r2 r3
		ask watch $COUNT >/dev/null
		for c in "${CHANGES[@]}"; do
			observe "$c" >"$TMP/$c.with" 2>>"$TMP/$c.stderr"
			resumed >>"$TMP/$c.with"
		done
	}
	for c in "${CHANGES[@]}"; do
		compare "$c"
		((${#WHY[@]} == 0)) || sed 's/^/# stderr: /' "$TMP/$c.stderr"
		result "$c"
	done
	finish
}
