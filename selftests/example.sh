#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC1010,SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Handlers of other modules, by the example of examples/handler: they are loaded when
# they are asked for, and stay as long as entries have them.

. "$(dirname "$0")/table.bash"
MODULE=$KPAC_TOP/examples/handler/kpac_ttl.ko
[[ -e $MODULE ]] || skip_all "the example is not built: make examples"

# installed: have the kernel find the module by its alias, and nothing else's
installed() {
	local d
	d=$TMP/lib/modules/$(uname -r)
	mkdir -p "$d/updates"
	cp "$KPAC_TOP/kpac.ko" "$MODULE" "$d/updates"
	depmod -b "$TMP" "$(uname -r)" 2>"$TMP/depmod"
	printf '#!/bin/sh\nexec /sbin/modprobe -d %s "$@"\n' "$TMP" >"$TMP/modprobe"
	chmod +x "$TMP/modprobe"
	MODPROBE=$(sysctl -n kernel.modprobe)
	sysctl -qw kernel.modprobe="$TMP/modprobe"
}

loaded() { [[ -d /sys/module/kpac_ttl ]]; }
unloads() { rmmod kpac_ttl 2>"$TMP/rmmod"; }
types() { entries types >"$TMP/types"; }

# ttl_figure NAME: of the entry with the comment t
ttl_figure() {
	local -
	set +x
	"$KPACCTL" -j -n "$R" handler show | jq "[.[] | select(.comment == \"t\") | .do[].figures.$1] | add // 0"
}

# pings_ttl N TTL ADDRESS: how many of N requests with this TTL are answered
pings_ttl() {
	local -
	set +x
	in_ns "$A" ping -c "$1" -t "$2" -i 0.05 -W 1 -q "$3" | sed -n 's/.* \([0-9]*\) received.*/\1/p'
}

test_load() {
	routed
	! loaded || fail "loaded before anybody has asked"
	types
	! grep -q "^ttl" "$TMP/types" || fail "known before it is loaded: $(<"$TMP/types")"
	refused add do nobodys
	says "there is no such handler"
	installed
	refused add do nobodys
	says "there is no such handler"
	refused add do ttl
	says 'argument "min" of "ttl" is required'
	entry comment t do ttl min 2
	check "loaded" loaded
	sysctl -qw kernel.modprobe="$MODPROBE"
	types
	check "the handler and its module" grep -q "^ttl (kpac_ttl): Drops packets whose TTL or hop limit is too low" "$TMP/types"
	check "its argument" grep -q "^ *min number 1..255, required  *the lowest TTL" "$TMP/types"
	check "its choices" grep -q "^ *below { drop | count }" "$TMP/types"
}

test_refused() {
	routed
	refused add do ttl min 0
	says '"min" is from 1 to 255'
	refused add do ttl min 256
	says '"min" is from 1 to 255'
	refused add do ttl min 2 below pass
	says '"pass"'
	refused add do ttl min 2 min 3
	says 'duplicate "min"'
	refused add do ttl max 2
	says "min"
	equal "entries" "$(figure entries)" 0
}

test_drop() {
	routed
	entry comment t dev r1 do ttl min 100
	equal "enough" "$(pings_ttl 3 100 10.2.0.2) $(pings_ttl 2 255 fd02::2)" "3 2"
	equal "below" "$(pings_ttl 4 99 10.2.0.2) $(pings_ttl 3 2 fd02::2)" "0 0"
	equal "figures" "$(ttl_figure enough) $(ttl_figure below)" "5 7"
	kpac "$R" -s handler show >"$TMP/show"
	check "they are shown" grep -q "below 7" "$TMP/show"
	equal "dropped" "$(kpac_stat "$R" r1 handler-drop-packets)" 7
	entries flush
	entry comment t dev r1 do ttl min 100 below count
	equal "only counted" "$(pings_ttl 4 99 10.2.0.2) $(pings_ttl 3 2 fd02::2)" "4 3"
	equal "figures" "$(ttl_figure enough) $(ttl_figure below)" "0 7"
	# what is not IP goes on
	ip -n "$A" neigh del 10.1.0.1 dev h0
	equal "ARP" "$(pings_ttl 2 255 10.2.0.2)" 2
}

# The bytes of a large packet are in pages; it counts as its segments.
test_gso() {
	routed
	in_ns "$B" socat -u TCP4-LISTEN:7000,reuseaddr - >"$TMP/received" &
	until_true sh -c "ip netns exec $B ss -ltnH | grep -q :7000" || fail "no listener"
	entry comment t proto tcp dport 7000 do ttl min 64
	head -c 300000 /dev/zero >"$TMP/file"
	timeout 20 ip netns exec "$A" socat -u "FILE:$TMP/file" TCP4:10.2.0.2:7000
	wait
	check "the file" cmp "$TMP/file" "$TMP/received"
	(($(ttl_figure enough) >= 300000 / 1448)) || fail "counted $(ttl_figure enough) packets"
	equal "below" "$(ttl_figure below)" 0
}

busy() { (($(ttl_figure enough) > 100)); }

# Entries hold the module, wherever they are, and however they go.
test_hold() {
	routed
	entry comment a do ttl min 1
	entry comment b do count do ttl min 1 do count
	! unloads || fail "unloaded under two entries"
	check "it says why" grep -q "in use" "$TMP/rmmod"
	entries del comment a
	! unloads || fail "unloaded under an entry"
	equal "the other goes on" "$(pings 2)" 2
	entries del comment b
	check "unloaded" until_true unloads
	equal "without" "$(pings 2)" 2
	refused add do ttl min 1
	check "load" insmod "$MODULE"
	# under traffic, and with its namespace
	entry comment t do ttl min 1
	in_ns "$A" ping -f -q -w 20 10.2.0.2 >/dev/null 2>&1 &
	until_true busy || fail "no packets"
	entries flush
	check "unloaded under traffic" until_true unloads
	check "load again" insmod "$MODULE"
	entry comment a do ttl min 1
	kill %% && wait %%
	remove_namespaces
	check "unloaded after its namespace" until_true unloads
	check "kernel log" quiet_log
}

gone() { ! loaded || unloads; }
trap 'clean_up; until_true gone' EXIT
run_tests load refused drop gso hold
