# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC1010,SC2034,SC2086,SC2119,SC2120,SC2317
#
# table.bash - what the tests of the table and of the handlers share.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"

# entries COMMAND...: kpacctl handler in the router
entries() { kpac "$R" handler "$@"; }

# entry WORDS...: kpacctl handler add
entry() { entries add "$@" || fail "handler add $*"; }

# count COMMENT: packets that the entry has counted
count() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" handler show | jq "[.[] | select(.comment == \"$1\") | .packets] | add // 0"
}

# figure NAME: of the table's size
figure() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" handler stat | jq ".table.$1"
}

# refused WORDS...: kpacctl handler says no; what it says is in $TMP/said
refused() {
	ASSERTED=1
	! entries "$@" >/dev/null 2>"$TMP/said" || fail "handler $*: not refused"
}

# says TEXT: the refusal has it
says() { grep -qF -- "$1" "$TMP/said" || fail "said: $(<"$TMP/said"), wanted: $1"; }

# pings N [ADDRESS]: how many of N requests are answered
pings() {
	local -
	set +x
	in_ns "$A" ping -c "$1" -i 0.05 -W 1 -q "${2:-10.2.0.2}" | sed -n 's/.* \([0-9]*\) received.*/\1/p'
}

# routed [DOOR]: A - R - B with ports in R
routed() {
	hosts_and_router
	DOOR=${1:-} ports add r1 r2
}

reaches() { [[ $("${@:2}") == "$1" ]]; }

quiet_log() { ! dmesg | tail -n +"$((LOG + 1))" | grep -E "BUG|WARNING|refcount|kpac.*(leak|error)"; }
LOG=$(dmesg | wc -l)
