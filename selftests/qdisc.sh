#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The kpac qdisc: where it can be, what it counts, that it keeps order, what it
# does when the device has no room.

. "$(dirname "$0")/transmit.bash"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"
[[ -e $TC_LIB_DIR/q_kpac.so ]] || skip_all "no q_kpac.so in $TC_LIB_DIR"

kinds() { tc -n "$R" -j qdisc show dev "${DEV:-r2}" | jq -r '[.[].kind] | join(" ")'; }

# raw VERB OPTIONS-IN-HEX...: ask for a kpac qdisc as root of r2, with options that tc
# would not say; prints a line for each: the error number and the message
raw() {
	ip netns exec "$R" $PYTHON - "$@" <<-'END'
		import socket, struct, sys
		def attr(kind, data):
		    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)
		s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
		s.setsockopt(270, 11, 1)    # NETLINK_EXT_ACK
		flags = {"add": 0x605, "change": 5}[sys.argv[1]]
		for options in sys.argv[2:]:
		    body = struct.pack("=BxxxiIII", 0, socket.if_nametoindex("r2"), 0, 0xffffffff, 0) + \
		        attr(1, b"kpac\0") + attr(2 | 0x8000, bytes.fromhex(options))
		    s.send(struct.pack("=IHHII", 16 + len(body), 36, flags, 1, 0) + body)
		    data = s.recv(65536)
		    _, _, mflags = struct.unpack_from("=IHH", data)
		    code, text = -struct.unpack_from("=i", data, 16)[0], ""
		    at = 20 + (16 if mflags & 0x100 else (struct.unpack_from("=I", data, 20)[0] + 3) & ~3)
		    while at + 4 <= len(data) and code:
		        size, kind = struct.unpack_from("=HH", data, at)
		        if size < 4:
		            break
		        if kind == 1:
		            text = data[at + 4:at + size].rstrip(b"\0").decode()
		        at += (size + 3) & ~3
		    print(code, text)
	END
}

# ---- options ----

test_options() {
	wired e1000e || return
	check "add" rtc add root kpac
	equal "defaults" "$(shown '[.root, .options.limit, .options.batch]')" "[true,1000,64]"
	check "change" rtc change root kpac batch 8
	equal "changed" "$(shown '[.options.limit, .options.batch]')" "[1000,8]"
	check "change" rtc change root kpac limit 1000000 batch 256
	equal "the most" "$(shown '[.options.limit, .options.batch]')" "[1000000,256]"
	check "replace" rtc replace root kpac limit 1 batch 1
	equal "the least" "$(shown '[.options.limit, .options.batch]')" "[1,1]"
	check "del" rtc del root
	equal "afterwards" "$(kinds)" fq_codel
	check "add with options" rtc add root handle 5: kpac limit 77
	equal "shown" "$(shown '[.handle, .options.limit, .options.batch]')" '["5:",77,64]'
}

test_bad_options() {
	local words message verb
	wired e1000e || return
	for words in "limit 0" "limit 1000001" "limit 99999999999" "limit -1" "batch 0" "batch 257" "batch x" \
		"batch" "quantum 5" "limit 5 limit 6"; do
		message=$(rtc add root kpac $words 2>&1) && fail "$words: accepted"
		check "a message for $words" grep -qi "$(awk '{ print $1 }' <<<"$words")" <<<"$message"
	done
	equal "qdiscs" "$(kinds)" fq_codel
	for verb in add change; do
		# attributes 1 and 2, limit and batch: 0, one too many, all ones; then one that is right
		# with one that is not
		raw $verb 0800010000000000 0800010041420f00 08000100ffffffff >"$TMP/limit"
		equal "$verb limit" "$(sort "$TMP/limit" | uniq -c | xargs)" "3 34 limit must be from 1 to 1000000 packets"
		raw $verb 0800020000000000 0800020001010000 08000200ffffffff \
			08000100090000000800020000000000 >"$TMP/batch"
		equal "$verb batch" "$(sort "$TMP/batch" | uniq -c | xargs)" "4 34 batch must be from 1 to 256 packets"
		# of the wrong size, unknown, cut off
		raw $verb 0600010005000000 04000100 0800030005000000 0800090005000000 08000100 >"$TMP/odd"
		equal "$verb odd ones" "$(grep -c "^22\|^34" "$TMP/odd") of $(wc -l <"$TMP/odd")" "5 of 5"
		[[ $verb == change ]] || { equal "qdiscs" "$(kinds)" fq_codel; rtc add root kpac limit 70 batch 7; }
	done
	equal "unchanged" "$(shown '[.options.limit, .options.batch]')" "[70,7]"
}

# ---- where ----

test_only_at_the_root() {
	local message parent
	wired virtio || return
	for parent in prio "htb default 1" "tbf rate 1gbit burst 1m latency 1s"; do
		rtc replace root handle 1: $parent || { fail "$parent"; continue; }
		[[ $parent != htb* ]] || tc -n "$R" class add dev r2 parent 1: classid 1:1 htb rate 1gbit
		tc -n "$R" -s qdisc show dev r2 | grep -v Sent >"$TMP/before"
		message=$(rtc add parent 1:1 handle 9: kpac 2>&1) && fail "under $parent: accepted"
		check "a message: $message" grep -q "only be the root qdisc of a device, or be under mq" <<<"$message"
		tc -n "$R" -s qdisc show dev r2 | grep -v Sent | diff "$TMP/before" - >&2 ||
			fail "under $parent: something has changed"
		packets count=64
		intact "under $parent"
		rtc del root
	done
	message=$(rtc add ingress kpac 2>&1) && fail "ingress: accepted"
	equal "afterwards" "$(kinds)" fq_codel
}

test_under_mq() {
	local i
	wired virtio4 || return
	rtc replace root handle 1: mq
	check "one child" rtc replace parent 1:1 kpac
	equal "kinds" "$(kinds | tr ' ' '\n' | sort | uniq -c | awk '{ print $1 $2 }' | xargs)" "3fq_codel 1kpac 1mq"
	packets from="$R" count=320 burst=16 senders=4 cpus=0,1 window=64
	intact "one child"
	for i in 2 3 4; do
		check "child $i" rtc replace parent 1:$i kpac limit $((i * 100))
	done
	packets from="$R" count=320 burst=16 senders=4 cpus=0,1 window=64
	intact "all children"
	packets count=320 burst=16 senders=4 cpus=0,1 window=64
	intact "all children, forwarded"
	equal "what mq has counted" "$(qdisc_stat packets r2 mq)" "$(qdisc_stat packets)"
	(($(qdisc_stat packets r2 kpac) >= 2 * 1280)) || fail "too little counted: $(tc -n "$R" -s qdisc show dev r2)"
	equal "backlog" "$(qdisc_stat backlog)" 0
	rtc del root
}

# ---- counters ----

# counted: what a kpac qdisc on r2 counts is what its driver does
counted() {
	local before
	rtc replace root handle 8: kpac
	before=$(dev_stat tx_packets)
	packets from="$R" count=640 burst=64 window=128
	intact "64 at once"
	equal "packets" "$(shown .packets)" 640
	equal "bytes" "$(shown .bytes)" $((640 * (64 + 42)))
	equal "doorbells" "$(shown .doorbells)" 10
	equal "batches" "$(shown .batches)" 10
	equal "drops, backlog, qlen" "$(shown '[.drops, .backlog, .qlen]')" "[0,0,0]"
	until_true reaches $((before + 640)) dev_stat tx_packets ||
		fail "the driver sent $(dev_stat tx_packets) - $before"
	rtc change root kpac batch 16
	packets from="$R" count=320 burst=64 window=128
	intact "batch 16"
	equal "doorbells" "$(shown .doorbells)" 30
	packets from="$R" count=50
	intact "one by one"
	equal "doorbells" "$(shown .doorbells)" 80
	# through the stack, and through kpac if r1 is a port
	packets count=320 burst=64 window=128
	intact "forwarded"
	ports add r1
	packets count=320 burst=64 window=128
	intact "forwarded by kpac"
	equal "queued" "$(kpac_stat "$R" r1 queued-packets)" 320
	ports add r2
	packets count=320 burst=64 window=128
	intact "forwarded by kpac to a port"
	equal "direct" "$(kpac_stat "$R" r1 direct-packets)" 320
	equal "by the port's own TX queues" "$(tx_stat packets)" 0
	equal "packets" "$(qdisc_stat packets r2 kpac)" 1970
	equal "backlog" "$(qdisc_stat backlog)" 0
	ports del r1 r2
	rtc del root
}

test_virtio() { wired virtio && counted; }
test_virtio_4_queues() { wired virtio4 && counted; }
test_e1000e() { wired e1000e && counted; }

test_tap() { tapped && counted && unwire; }

test_veth_and_dummy() {
	unwire
	namespaces A R B
	cable "$A" 1
	cable "$B" 2
	forwarding 1
	no_offload "$A" h0
	no_offload "$R" r2
	in_ns "$R" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	in_ns "$B" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	numbered "$A" "$B"
	counted
	ip -n "$R" link del r2
	batch "$R" <<-END
		link add r2 type dummy
		addr add 10.2.0.1/24 dev r2
		link set r2 up
		neigh add 10.2.0.2 lladdr 02:00:00:00:02:02 dev r2
	END
	rtc add root kpac
	# one by one: it takes, and counts, as one what the stack can leave whole
	packets from="$R" count=200 window=0
	equal "dummy: packets" "$(shown '[.packets, .drops, .backlog]')" "[200,0,0]"
	equal "dummy: the driver's count" "$(dev_stat tx_packets)" 200
	ip -n "$R" link set r2 carrier off
	until_true carrier_is 0 || fail "the carrier stays"
	packets from="$R" count=50 window=0
	ip -n "$R" link set r2 carrier on
	until_true carrier_is 1 || fail "no carrier again"
	packets from="$R" count=200 window=0
	equal "dummy: after a loss of carrier" "$(shown '[.packets, .backlog]') $(dev_stat tx_packets)" "[400,0] 400"
	unwire
}

# The stack has a moment later set up or taken away what belongs to it.
carrier_is() { tc -n "$R" -s qdisc show dev r2 >"$TMP/qdisc"; [[ $(in_ns "$R" cat /sys/class/net/r2/carrier) == "$1" ]] && sleep 1.5; }

test_single_packets() {
	local before
	wired virtio || return
	default_qdisc pfifo_fast
	before=$(ask single 40 "$R")
	rtc add root kpac
	GOT=$(ask single 40 "$R")
	equal "arrived" "$(value arrived)" 40
	equal "doorbells" "$(shown .doorbells)" 40
	(($(value median) < 2 * ${before#*median=} + 1000)) ||
		fail "takes longer: $GOT, pfifo_fast $before"
	rtc del root
	default_qdisc fq_codel
}

# What a port passes is sent in batches, too.
test_behind_netfilter() {
	wired virtio || return
	rtc add root kpac
	ports add r1
	in_ns "$R" nft -f - <<-END || fail nft
		table ip t { chain f { type filter hook forward priority 0; counter accept; }; }
	END
	packets count=640 burst=64 window=128
	intact "forwarded by the stack"
	equal "passed" "$(kpac_stat "$R" r1 pass:netfilter)" 640
	equal "packets, doorbells" "$(shown '[.packets, .doorbells]')" "[640,10]"
	in_ns "$R" nft delete table ip t
	ports del r1
	rtc del root
}

# ---- order ----

test_sender_moves() {
	local kind
	for kind in virtio e1000e; do
		wired $kind || return
		rtc add root kpac
		packets from="$R" count=2000 burst=4 move=32 cpus=0,1 window=128
		intact "$kind: one flow that moves"
		packets from="$R" count=1280 burst=64 senders=2 cpus=0,1 window=192
		intact "$kind: two flows on two CPUs"
		equal "packets" "$(shown .packets)" 4560
		equal "backlog" "$(shown .backlog)" 0
	done
}

# ---- no room ----

# full WHAT: there is no room in the device at times; the qdisc keeps what has to wait
full() {
	local drops before
	rtc replace root handle 8: kpac
	before=$(dev_stat tx_packets)
	packets from="$R" count=1920 burst=64 window=192
	intact "$1"
	(($(shown .requeued) > 0)) || fail "$1: none requeued"
	equal "$1: packets" "$(shown .packets)" 1920
	equal "$1: drops, backlog, qlen" "$(shown '[.drops, .backlog, .qlen]')" "[0,0,0]"
	packets from="$R" count=1280 burst=64 window=192 senders=2 cpus=0,1
	intact "$1: two flows"
	# bounded: what does not fit is refused
	rtc change root kpac limit 10
	packets from="$R" count=1280 burst=64 window=0 senders=2 cpus=0,1
	in_order "$1: limit 10" 100
	drops=$(shown .drops)
	((drops > 0)) || fail "$1: nothing dropped with limit 10"
	# What was refused was refused before it became 64 packets.
	equal "$1: dropped" "$drops" $(($(value lost) + $(value refused) / 64))
	equal "$1: sent" "$(shown .packets)" $((1920 + 2560 + $(value received)))
	equal "$1: backlog, qlen" "$(shown '[.backlog, .qlen]')" "[0,0]"
	rtc change root kpac limit 1000
	packets from="$R" count=64 burst=8 window=8
	intact "$1, afterwards"
	until_true reaches "$(($(shown .packets) + before))" dev_stat tx_packets || fail "$1: the driver's count"
	rtc del root
}
test_full_virtio() {
	wired virtio || return
	ring 32
	full "32 in the ring"
	ring 256
}

test_full_e1000e() {
	wired e1000e || return
	ring 64
	full "64 in the ring"
	ring 4096
}

test_byte_queue_limit() { wired e1000e && with_little_at_once full "byte queue limit"; }

# ---- who else looks ----

test_tcpdump_and_filters() {
	wired virtio || return
	rtc add root kpac
	captured from="$R"
	rtc add clsact
	tc -n "$R" filter add dev r2 egress protocol ip flower ip_proto udp dst_port 4009 action drop
	packets from="$R" count=64
	equal "received through a filter that drops" "$(value received)" 0
	equal "packets" "$(shown .packets)" 320
	rtc del clsact
	packets count=64
	intact "without filter"
}

# ---- contents ----

test_tcp() {
	local kind
	for kind in virtio e1000e; do
		wired $kind || return
		rtc add root kpac
		file_arrives "$R" $kind
		(($(shown .packets) > 100)) || fail "$kind: $(shown .)"
	done
}

run_tests only_at_the_root virtio single_packets behind_netfilter full_virtio tcpdump_and_filters \
	under_mq virtio_4_queues options bad_options e1000e full_e1000e byte_queue_limit sender_moves tcp \
	tap veth_and_dummy
