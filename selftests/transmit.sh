#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# How packets leave by ports: in order, in batches, at once, counted exactly; and
# what becomes of them when the device has no room, goes down, or away.

. "$(dirname "$0")/transmit.bash"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"

# sizes_agree: the histogram is one of all doorbells and of as many packets
sizes_agree() {
	"$KPACCTL" -j -n "$R" stat show dev r2 | jq -e '.[0].tx |
		([.sizes[].batches] | add) == .doorbells and
		([.sizes[] | .batches * .least] | add) <= .packets and
		([.sizes[] | .batches * .most] | add) >= .packets and
		.doorbells_saved == .packets - .doorbells' >/dev/null ||
		fail "$1: the sizes do not agree: $("$KPACCTL" -n "$R" stat show dev r2)"
}

# ---- batches ----

batches() {
	local size before
	before=$(dev_stat tx_packets)
	packets count=1280 burst=64 window=128
	intact "64 at once"
	equal "accelerated" "$(kpac_stat "$R" r1 accelerated-packets)" 1280
	equal "direct" "$(kpac_stat "$R" r1 direct-packets)" 1280
	equal "sent" "$(tx_stat packets)" 1280
	equal "sent with doorbells" "$(tx_stat doorbells)" 20
	sizes_agree "64 at once"
	until_true reaches $((before + 1280)) dev_stat tx_packets ||
		fail "the driver sent $(dev_stat tx_packets) - $before"
	for size in ${SIZES:-16}; do
		check "tx-batch $size" kpac "$R" port set dev r2 tx-batch $size
		kpac "$R" stat reset dev r2
		equal "sent after reset" "$(tx_stat packets) $(tx_stat doorbells)" "0 0"
		packets count=640 burst=64 window=128
		intact "tx-batch $size"
		equal "sent with tx-batch $size" "$(tx_stat packets)" 640
		equal "doorbells with tx-batch $size" "$(tx_stat doorbells)" \
			$((size > 64 ? 10 : 640 / size))
		sizes_agree "tx-batch $size"
	done
}

test_virtio() { routed virtio && SIZES="1 16 256" batches; }
test_virtio_4_queues() { routed virtio4 && batches; }
test_e1000e() { routed e1000e && batches; }

# ---- at once ----

# A packet alone arrives without another behind it, and not later than without kpac.
test_single_packets() {
	local before
	wired virtio || return
	before=$(ask single 40)
	ports add r1 r2
	GOT=$(ask single 40)
	equal "arrived" "$(value arrived)" 40
	equal "doorbells" "$(tx_stat doorbells)" 40
	equal "packets" "$(tx_stat packets)" 40
	(($(value median) < 2 * ${before#*median=} + 1000)) ||
		fail "takes longer: $GOT, without kpac $before"
	WAIT=30 until_true at_once || fail "single packets wait for the end of the round"
}

# After some single packets the next is sent at once, and so is the first of 640, until
# its round brings a second: then 64 are sent together.
at_once() {
	kpac "$R" stat reset
	ask single 16 >/dev/null
	packets count=640 burst=64 window=128
	intact "many again"
	(($(tx_stat doorbells) == 16 + 1 + 10))
}

# ---- order ----

test_sender_moves() {
	routed "${1:-virtio}" || return
	packets count=3000 burst=4 move=32 cpus=0,1 window=128
	intact "one flow that moves"
	equal "accelerated" "$(kpac_stat "$R" r1 accelerated-packets)" 3000
	equal "sent" "$(($(tx_stat packets) + $(tx_stat requeued_packets)))" 3000
}

test_two_senders_one_queue() {
	routed virtio || return
	packets count=2560 burst=64 senders=2 cpus=0,1 window=192
	intact "two flows on two CPUs"
	equal "sent" "$(($(tx_stat packets) + $(tx_stat requeued_packets)))" 5120
	(($(tx_stat shared_packets) <= 5120)) || fail "shared $(tx_stat shared_packets)"
	sizes_agree "two flows on two CPUs"
}

test_four_senders_four_queues() {
	routed virtio4 || return
	packets count=640 burst=16 senders=4 cpus=0,1 window=128
	intact "four flows on two CPUs"
	equal "sent" "$(($(tx_stat packets) + $(tx_stat requeued_packets)))" 2560
}

# Some packets of a flow pass, the others are to be sent at the end of the round. All
# come in bunches.
test_some_pass() {
	routed virtio || return
	ip -n "$A" link set h0 mtu 4000
	ip -n "$R" link set r1 mtu 4000
	tc -n "$A" qdisc add dev h0 root netem slot 20ms 20ms || fail "netem"
	packets count=640 large=7 window=64
	intact "too large for r2"
	equal "passed" "$(kpac_stat "$R" r1 pass:mtu)" $((640 / 7))
	equal "by TX queues" "$(tx_stat packets)" $((640 - 640 / 7))
	(($(tx_stat doorbells) < 400)) || fail "no bunches: $(tx_stat doorbells) doorbells"
	tc -n "$A" qdisc del dev h0 root
	unwire
}

# ---- no room ----

# spills QDISC: through the default qdisc, in order, and all is counted
spills() {
	local all sent requeued drops
	default_qdisc "$1"
	ports add r1 r2
	all=$(dev_stat tx_packets)
	packets count=1920 burst=64 window=192
	in_order "$1" 1800
	requeued=$(tx_stat requeued_packets) sent=$(tx_stat packets)
	((requeued > 0)) || fail "$1: none requeued"
	equal "$1: sent around it and through it" $((sent + requeued)) 1920
	# CoDel drops some of what has waited for too long.
	drops=$(qdisc_stat drops)
	equal "$1: lost" "$(value lost)" "$drops"
	[[ $1 == fq_codel ]] || equal "$1: drops" "$drops" 0
	equal "$1: through it" "$(qdisc_stat packets)" $((requeued - drops))
	equal "$1: backlog" "$(qdisc_stat qlen)" 0
	until_true reaches $((all + 1920 - drops)) dev_stat tx_packets || fail "$1: the driver did not send all"
	sizes_agree "$1"
	packets count=64 burst=16 window=16
	intact "$1, afterwards"
	ports del r1 r2
}

test_full_virtio() {
	wired virtio || return
	ring 32
	spills fq_codel
	spills pfifo_fast
	ring 256
}

test_full_virtio_4_queues() {
	wired virtio4 || return
	ring 32
	spills fq_codel
	spills pfifo_fast
	ring 256
}

test_full_e1000e() {
	wired e1000e || return
	ring 64
	spills fq_codel
	spills pfifo_fast
	ring 4096
}

test_byte_queue_limit() { wired e1000e && with_little_at_once spills pfifo_fast; }

# What does not fit into the qdisc either is dropped there, and counted there.
test_full_and_dropped() {
	local drops
	wired virtio || return
	ring 32
	ip -n "$R" link set r2 txqueuelen 16
	default_qdisc pfifo_fast
	ports add r1 r2
	packets count=1280 burst=64 window=0
	in_order "txqueuelen 16" 100
	drops=$(qdisc_stat drops)
	((drops > 0)) || fail "nothing dropped: $GOT"
	equal "lost" "$(value lost)" "$drops"
	equal "around it and through it" \
		"$(($(tx_stat packets) + $(qdisc_stat packets)))" "$(value received)"
	equal "backlog" "$(qdisc_stat qlen)" 0
	packets count=64 burst=8 window=8
	intact "afterwards"
	ip -n "$R" link set r2 txqueuelen 1000
	ring 256
	default_qdisc fq_codel
}

# A tap that nobody reads: it drops and counts, and goes on when it is read again.
test_tap() {
	local dropped
	tapped
	ports add r1 r2
	packets count=640 burst=64 window=128
	intact "tap"
	equal "sent" "$(tx_stat packets)" 640
	equal "doorbells" "$(tx_stat doorbells)" 10
	equal "the driver's count" "$(dev_stat tx_packets)" 640
	ask pause >/dev/null
	ask start burst=64 window=0 >/dev/null
	until_true drops_at_least 500 || fail "a tap that nobody reads drops nothing"
	ask resume >/dev/null
	GOT=$(ask stop)
	in_order "tap" 500
	dropped=$(dev_stat tx_dropped)
	equal "lost" "$(value lost)" "$dropped"
	packets count=320 burst=64 window=128
	intact "tap, afterwards"
	equal "copied to one that wants no shared packets" "$(tx_stat copied_packets)" 0
	ask start burst=64 window=128 >/dev/null
	until_true drops_less || fail "nothing sent"
	timeout 20 ip -n "$R" link del r2 || fail "removing the tap does not end"
	equal "ports" "$("$KPACCTL" -j -n "$R" port show | jq length)" 1
	ask stop >/dev/null
	unwire
	check "kernel log" quiet_log
}
drops_at_least() { (($(dev_stat tx_dropped) >= $1)); }
drops_less() { (($(tx_stat packets) > 1500)); }

# ---- who else has a say ----

# A qdisc that somebody has set gets every packet.
test_qdiscs_of_the_user() {
	local q
	routed e1000e || return
	for q in fq fq_codel "pfifo limit 1000" prio "htb default 1" "tbf rate 1gbit burst 1m latency 1s"; do
		tc -n "$R" qdisc replace dev r2 root handle 7: $q || { fail "qdisc $q"; continue; }
		[[ $q != htb* ]] || tc -n "$R" class add dev r2 parent 7: classid 7:1 htb rate 1gbit
		kpac "$R" stat reset
		packets count=320 burst=64 window=128
		intact "$q"
		equal "$q: queued" "$(kpac_stat "$R" r1 queued-packets)" 320
		equal "$q: by TX queues" "$(tx_stat packets)" 0
		equal "$q: its own count" "$(tc -n "$R" -s -j qdisc show dev r2 | jq '.[0].packets')" 320
		tc -n "$R" qdisc del dev r2 root
	done
	packets count=64 burst=64
	equal "by TX queues again" "$(tx_stat packets)" 64
}

test_tcpdump() {
	routed virtio || return
	captured
	equal "by TX queues" "$(tx_stat packets)" 320
}

test_egress_filters() {
	routed virtio || return
	tc -n "$R" qdisc add dev r2 clsact
	tc -n "$R" filter add dev r2 egress protocol ip flower ip_proto udp dst_port 4009 action drop
	packets count=64 burst=64
	equal "tc: lost" "$(value lost)" 64
	equal "tc: queued" "$(kpac_stat "$R" r1 queued-packets)" 64
	tc -n "$R" qdisc del dev r2 clsact
	packets count=64 burst=64
	intact "without filter"
	in_ns "$R" nft -f - <<-END || fail nft
		table netdev t { chain e { type filter hook egress device r2 priority 0; udp dport 4009 drop; }; }
	END
	packets count=64 burst=64
	equal "nft: lost" "$(value lost)" 64
	in_ns "$R" nft delete table netdev t
	packets count=64 burst=64
	intact "without chain"
}

# ---- contents ----

test_tcp() {
	local kind
	for kind in virtio e1000e; do
		routed $kind || return
		in_ns "$A" ethtool -K h0 tx on sg on tso on >/dev/null
		file_arrives "$A" $kind
		# received packets of a stream are merged, up to 64 KiB
		(($(tx_stat packets) >= 48)) || fail "$kind: by TX queues: $(tx_stat packets)"
		no_offload "$A" h0
	done
}

test_ipv6() {
	V6=1 routed virtio || return
	V6=1 packets count=640 burst=64 window=128 family=6
	intact "IPv6"
	equal "direct" "$(kpac_stat "$R" r1 direct-packets)" 640
	unwire
}

run_tests virtio single_packets sender_moves some_pass two_senders_one_queue full_virtio full_and_dropped tcpdump \
	egress_filters virtio_4_queues four_senders_four_queues full_virtio_4_queues \
	e1000e full_e1000e byte_queue_limit qdiscs_of_the_user tcp tap ipv6
