#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# Buffers that ports send from: small packets are copied into them, whole, and
# without an allocation; they grow and shrink and go. And the tracepoints.

. "$(dirname "$0")/transmit.bash"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"

# pooled KIND OPTIONS...: A - R - B, and small packets are copied; the pools have grown
pooled() {
	wired "$1" || return
	ports add r1
	kpac "$R" port add dev r2 copybreak "${2:-256}" || fail "port add copybreak"
	WAIT=20 until_true has_pool || fail "the pool stays empty"
	kpac "$R" stat reset
}
has_pool() {
	packets count=64 burst=8 window=16
	(($(tx_stat pool_size) >= 32 && $(tx_stat pool_hits) > 0))
}

# ---- what is copied ----

copies() {
	local size want=0 misses
	# the limit is one of the packet with its IP header: 28 bytes more
	for size in 16 227 228 229 230 1472; do
		packets count=64 burst=8 window=8 size=$size
		intact "$size bytes"
		((size > 228)) || ((want += 64))
		misses=$(tx_stat pool_misses)
		equal "copied, up to $size bytes" "$(($(tx_stat copied_packets) + misses))" $want
		equal "hits" "$(tx_stat pool_hits)" "$(tx_stat copied_packets)"
	done
	((misses <= want / 8)) || fail "$misses misses of $want"
	packets count=64 burst=8 window=8 tos=184 size=228
	intact "with a DSCP"
	check "copybreak off" kpac "$R" port set dev r2 copybreak off
	kpac "$R" stat reset
	packets count=64 burst=8 window=8
	equal "copied when off" "$(tx_stat copied_packets)" 0
	check "copybreak 1536" kpac "$R" port set dev r2 copybreak 1536
	packets count=64 burst=8 window=8 size=1472
	intact "1500 bytes"
	equal "copied" "$(($(tx_stat copied_packets) + $(tx_stat pool_misses)))" 64
}

test_copies_e1000e() { pooled e1000e && copies; }
test_copies_virtio() { pooled virtio && copies; }

# Every byte of all kinds of frames, and what else can be seen, is the same.
test_frames() {
	local on
	V6=1 wired e1000e || return
	end_numbered
	silence "$B"
	# which segments arrive together, and are merged, is a matter of time
	in_ns "$B" ethtool -K h0 gro off
	probe_helper
	ports add r1 r2
	# the first are for the pool
	for on in 256 off 256; do
		kpac "$R" port set dev r2 copybreak $on
		kpac "$R" stat reset
		flows $FULL tcp6 icmp6-echo udp6-class-label udp4-ce fragment-first fragment-last esp4 ip4-alone \
			udp4-bad-checksum udp4-ttl-2 udp4-half-header vlan-0 options-nop ttl-1 >"$TMP/frames-$on"
		[[ $on != off ]] || equal "copied when off" "$(tx_stat copied_packets)" 0
	done
	(($(tx_stat copied_packets) > 40)) || fail "copied $(tx_stat copied_packets)"
	for on in 256 off; do
		# drivers count what they have sent some time later
		grep -vE "^(dev|far)\." "$TMP/frames-$on" >"$TMP/same-$on"
	done
	check "something observed" grep -q "^1x B-.*:h0 " "$TMP/same-off"
	diff -U0 "$TMP/same-off" "$TMP/same-256" >"$TMP/diff" ||
		fail "differs with copybreak (+) from without (-): $(cut -c1-200 "$TMP/diff" | head -n 20)"
	in_ns "$B" ethtool -K h0 gro on
	unwire
}

# Devices that do not want shared packets get ordinary ones.
test_vlan() {
	local ns dev n m1 m2 m3 m4 m5 m6 other
	wired e1000e || return
	for ns in "$R:r2:1:$MAC2:2" "$B:h0:2:$MAC1:1"; do
		IFS=: read -r ns dev n m1 m2 m3 m4 m5 m6 other <<<"$ns"
		batch "$ns" <<-END
			link add link $dev name $dev.10 type vlan id 10
			addr add 10.5.0.$n/24 dev $dev.10
			link set $dev.10 up
			neigh add 10.5.0.$other lladdr $m1:$m2:$m3:$m4:$m5:$m6 dev $dev.10
		END
	done
	ip -n "$R" route add 10.2.0.2/32 via 10.5.0.2
	ports add r1 r2
	check "port add" kpac "$R" port add dev r2.10 copybreak 256
	kpac "$R" port set dev r2 copybreak 256
	packets count=320 burst=64 window=128
	intact "VLAN"
	equal "accelerated" "$(kpac_stat "$R" r1 accelerated-packets)" 320
	equal "copied, pool" "$(tx_stat copied_packets r2.10) $(tx_stat pool_size r2.10)" "0 0"
	unwire
}

test_tap() {
	tapped
	ports add r1
	kpac "$R" port add dev r2 copybreak 256
	packets count=320 burst=64 window=128
	intact "tap"
	equal "sent" "$(tx_stat packets)" 320
	equal "copied, pool" "$(tx_stat copied_packets) $(tx_stat pool_size)" "0 0"
	unwire
}

# ---- no allocation ----

# events COUNT: sk_buffs allocated, and let go, while that many packets are forwarded
events() {
	trace kmem/kmem_cache_alloc bytes_alloc bytes_alloc==256
	trace kmem/kmem_cache_free call_site 'name=="skbuff_head_cache"'
	trace skb/consume_skb location
	packets count=$1 burst=16 window=32
	intact "$1 packets"
	EVENTS="$(hits kmem/kmem_cache_alloc) $(hits kmem/kmem_cache_free) $(hits skb/consume_skb)"
	untrace kmem/kmem_cache_alloc
	untrace kmem/kmem_cache_free
	untrace skb/consume_skb
}

test_no_allocation() {
	local off name i=0
	pooled e1000e || return
	kpac "$R" port set dev r2 copybreak off
	events 3200
	read -ra off <<<"$EVENTS"
	((off[0] + off[2] >= 3200)) || fail "the events are not counted: $EVENTS"
	kpac "$R" port set dev r2 copybreak 256
	packets count=320 burst=16 window=32
	kpac "$R" stat reset
	events 3200
	(($(tx_stat copied_packets) >= 3100)) || fail "copied $(tx_stat copied_packets)"
	for name in "allocated" "freed" "let go"; do
		set -- $EVENTS
		shift $i
		(($1 <= off[i] + 100)) || fail "$name: $1, without copybreak ${off[i]}"
		((++i))
	done
}

# ---- as many buffers as are allowed ----

test_limits() {
	local most size taken grown
	pooled e1000e || return
	# the NIC tells later what it has sent, so that many buffers are out
	in_ns "$R" ethtool -C r2 rx-usecs 8000 || fail "ethtool -C"
	check "pool 32" kpac "$R" port set dev r2 pool 32
	packets count=1280 burst=64 window=192
	intact "pool 32"
	until_true smaller 64 || fail "pool 32: $(tx_stat pool_size) buffers"
	kpac "$R" stat reset
	misses() { packets count=640 burst=64 window=192; (($(tx_stat pool_misses) > 0)); }
	WAIT=30 until_true misses || fail "32 buffers were enough"
	intact "pool 32"
	check "pool 1024" kpac "$R" port set dev r2 pool 1024
	larger() { packets count=640 burst=64 window=192; (($(tx_stat pool_size) > 64)); }
	WAIT=30 until_true larger || fail "does not grow: $(tx_stat pool_size)"
	(($(tx_stat pool_size) <= 2048)) || fail "$(tx_stat pool_size) buffers"
	(($(tx_stat pool_high) >= 32)) || fail "all were in use, but high-water mark $(tx_stat pool_high)"
	in_ns "$R" ethtool -C r2 rx-usecs 3 || fail "ethtool -C"
	check "clean-batch 4" kpac "$R" port set dev r2 clean-batch 4
	size=$(tx_stat pool_size)
	kpac "$R" stat reset
	trace kpac/kpac_reclaim looked
	packets count=640 burst=64 window=128
	intact "clean-batch 4"
	# each CPU may know of some that were at home when it looked at more at once; new ones are
	grown=$(($(tx_stat pool_size) - size))
	taken=$(($(tx_stat pool_hits) - 2 * 64 - (grown > 0 ? grown : 0)))
	((taken >= 256)) || fail "$taken of 640 buffers are looked for: hits $(tx_stat pool_hits), size $size, $(tx_stat pool_size)"
	(($(hits kpac/kpac_reclaim) >= taken / 4)) || fail "looked $(hits kpac/kpac_reclaim) times for $taken"
	most=$(tr -d '{}:' <$TRACING/events/kpac/kpac_reclaim/hist | awk '$1 == "looked" && $2 > n { n = $2 } END { print n }')
	((most <= 4 && most >= 1)) || fail "clean-batch 4, but looked at $most"
	untrace kpac/kpac_reclaim
	check "the most" kpac "$R" port set dev r2 tx-batch 256 clean-batch 256
	packets count=640 burst=64 window=128
	intact "the most"
}
smaller() { (($(tx_stat pool_size) <= $1)); }

test_shrinks() {
	pooled e1000e || return
	(($(tx_stat pool_size) > 0)) || fail "empty already"
	WAIT=45 until_true smaller 0 || fail "after 45 s there are $(tx_stat pool_size) buffers"
	packets count=64 burst=8 window=8
	intact "afterwards"
	WAIT=20 until_true has_pool || fail "does not grow again"
	pass
}

# active CACHE: objects in use
active() {
	echo 1 >"/sys/kernel/slab/$1/shrink"
	awk -v n="$1" '$1 == n { print $2 }' /proc/slabinfo
}

# accounted COMMAND...: run it as a process of the memory cgroup
accounted() { sh -c "echo \$\$ >$CG/cgroup.procs && exec \"\$@\"" sh "$@"; }

# slab: bytes of kernel memory that the cgroup has to answer for
slab() { awk '$1 == "slab" { print $2 }' $CG/memory.stat; }

# drain: take back what the cgroup has been charged for in advance, up to 256 kB per CPU
drain() {
	echo 0 >$CG/memory.high
	echo max >$CG/memory.high
}

# The buffers are memory of who makes the port, and stay within what that may have.
test_memory_cgroup() {
	local before size
	CG=/sys/fs/cgroup/kpac
	wired e1000e || return
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $CG || { fail "no memory cgroup"; return; }
	ports add r1
	before=$(slab)
	check "port add" accounted "$KPACCTL" -n "$R" port add dev r2 pool 2048 copybreak 256
	WAIT=30 until_true has_more 128 || fail "the pools stay small: $(tx_stat pool_size)"
	size=$(tx_stat pool_size)
	(($(slab) - before >= size * 1024)) || fail "$size buffers, but $(($(slab) - before)) bytes"
	ports del r2
	until_true answers_for_less $((before + 100000)) || fail "after port del: $(slab), before $before"
	check "port add" accounted "$KPACCTL" -n "$R" port add dev r2 pool 8192 copybreak 256
	drain
	echo $(($(<$CG/memory.current) + 100000)) >$CG/memory.max
	for _ in 1 2 3 4 5; do
		packets count=3200 burst=64 window=192
		intact "with little memory"
	done
	(($(tx_stat pool_size) <= 300)) || fail "$(tx_stat pool_size) buffers in 100 kB"
	check "at the limit" grep -q "^max [1-9]" $CG/memory.events
	check "nobody killed" grep -q "^oom_kill 0" $CG/memory.events
	(($(tx_stat pool_misses) > 0)) || fail "no misses with $(tx_stat pool_size) buffers"
	ports del r2
	WAIT=10 until_true rmdir $CG
	check "kernel log" quiet_log
}
has_more() { packets count=1280 burst=64 window=192; (($(tx_stat pool_size) >= $1)); }
answers_for_less() { (($(slab) <= $1)); }

# What the pools had is given back with the port, also if the driver had some of it.
test_memory_comes_back() {
	local before now
	[[ -e /sys/kernel/slab/skbuff_head_cache && -r /proc/slabinfo ]] || { skip "no slab statistics"; return; }
	pooled e1000e || return
	ports del r2 r1
	before=$(active skbuff_head_cache)
	for _ in 1 2 3 4 5; do
		ports add r1
		kpac "$R" port add dev r2 copybreak 256
		ask start senders=2 cpus=0,1 burst=64 window=192 >/dev/null
		WAIT=20 until_true many_buffers || fail "pools of $(tx_stat pool_size)"
		ports del r2
		GOT=$(ask stop)
		equal "lost" "$(value lost)" 0
		ports del r1
	done
	until_true little_more "$before" || fail "there were $before sk_buffs, now $(active skbuff_head_cache)"
	check "kernel log" quiet_log
}
many_buffers() { (($(tx_stat pool_size) >= 64)); }
little_more() { (($(active skbuff_head_cache) < $1 + 200)); }

test_unplug_with_buffers_out() {
	local slot
	pooled e1000e || return
	ask start senders=2 cpus=0,1 burst=64 window=192 >/dev/null
	check "flows" flowing
	slot=$(in_ns "$R" readlink -f /sys/class/net/r2/device)
	echo 1 >"$slot/remove"
	ask stop >/dev/null
	unwire
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
	echo 1 >/sys/bus/pci/rescan
	wired e1000e || fail "the NIC is not back"
	check "kernel log" quiet_log
}

# ---- tracepoints ----

fields() {
	sed -n 's/^\tfield:\(.*\);\toffset:.*/\1/p' "$TRACING/events/kpac/$1/format" | grep -v common_ | tr '\n' ,
}

test_tracepoints() {
	local sum
	pooled e1000e || return
	equal enqueue "$(fields kpac_enqueue)" \
		"const void * skbaddr,int ifindex,unsigned int queue,unsigned int len,unsigned int pending,"
	equal flush "$(fields kpac_flush)" \
		"int ifindex,unsigned int queue,unsigned int sent,unsigned int doorbells,bool left,"
	equal reclaim "$(fields kpac_reclaim)" "int cpu,unsigned int looked,unsigned int home,"
	equal refill "$(fields kpac_refill)" "int cpu,unsigned int added,unsigned int size,"
	trace kpac/kpac_enqueue ifindex,len
	echo "hist:keys=ifindex:vals=sent,doorbells" >$TRACING/events/kpac/kpac_flush/trigger
	trace kpac/kpac_reclaim cpu
	packets count=640 burst=64 window=128
	intact "traced"
	equal "enqueued" "$(hits kpac/kpac_enqueue)" 640
	check "index and length" grep -Eq "ifindex: +$(in_ns "$R" cat /sys/class/net/r2/ifindex), len: +106 " \
		$TRACING/events/kpac/kpac_enqueue/hist
	sum=$(tr -d ',' <$TRACING/events/kpac/kpac_flush/hist | awk '/sent:/ { for (i = 1; i < NF; i++) {
		if ($i == "sent:") s += $(i + 1); if ($i == "doorbells:") d += $(i + 1) } } END { print s + 0, d + 0 }')
	equal "sent, doorbells" "$sum" "$(tx_stat packets) $(tx_stat doorbells)"
	equal "looked for buffers" "$(hits kpac/kpac_reclaim)" "$(tx_stat pool_reclaims)"
	untrace kpac/kpac_enqueue
	untrace kpac/kpac_flush
	untrace kpac/kpac_reclaim
	ports del r2
	trace kpac/kpac_refill cpu
	kpac "$R" port add dev r2 copybreak 256
	WAIT=20 until_true has_pool || fail "the pool stays empty"
	(($(hits kpac/kpac_refill) > 0)) || fail "kpac_refill does not fire"
	untrace kpac/kpac_refill
}

run_tests copies_virtio copies_e1000e no_allocation limits tracepoints memory_cgroup memory_comes_back unplug_with_buffers_out \
	shrinks vlan frames tap
