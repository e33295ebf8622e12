#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Heartbeats by NICs: probes come from the port's pool, unless somebody looks at
# what leaves.

. "$(dirname "$0")/transmit.bash"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"

known() { "$KPACCTL" -j -n "$R" heartbeat show "$2" | jq -r ".[0].$1"; }
at_least() { (($(known "$1" "$3") >= $2)); }
is_up() { [[ $(known state "$1") == up ]]; }

pooled() {
	local hits sent addr
	V6=1 wired $1 || return
	ports add r2
	kpac "$B" port add dev h0 || fail "port add"
	kpac "$B" handler add proto udp dport 7000 do heartbeat || fail "handler add"
	for addr in 10.2.0.2 fd02::2; do
		kpac "$R" stat reset
		kpac "$R" heartbeat add addr $addr dport 7000 interval 50ms || fail "heartbeat add"
		WAIT=20 until_true is_up $addr || fail "not up: $(kpac "$R" heartbeat show)"
		WAIT=20 until_true grows 50 tx_stat pool_hits || fail "not from the pool: $(kpac "$R" stat show dev r2)"
		in_ns "$R" nft -f - <<-'END'
			table inet t { chain c { type filter hook output priority 0; }; }
		END
		sent=$(known sent $addr)
		WAIT=20 until_true at_least sent $((sent + 3)) $addr
		hits=$(tx_stat pool_hits)
		WAIT=20 until_true at_least sent $((sent + 20)) $addr || fail "not sent"
		equal "from the pool, when somebody looks" "$(tx_stat pool_hits)" "$hits"
		in_ns "$R" nft delete table inet t
		equal "state, unsent" "$(known state $addr) $(known unsent $addr)" "up 0"
		kpac "$R" heartbeat del $addr
	done
	kpac "$B" port del dev h0
	unwire
}
grows() { (($("${@:2}") >= $1)); }	# N COMMAND...

test_e1000e() { pooled e1000e; }
test_virtio() { pooled virtio; }

run_tests e1000e virtio
