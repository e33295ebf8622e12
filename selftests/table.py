#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Which packets each predicate is for.

  table.py NS:DEV ROUTERNS PORT

Frames are sent by DEV and come in by PORT. Every predicate is an entry that counts; every
frame is sent by itself, and must be counted by those entries whose predicate says so, and
no others. Then there are few entries at a time, none of which asks for bytes, and every frame
is sent several times, so that what was found for one is remembered for the next. Prints
lines "ok NAME" or "not ok NAME" and, before the latter, "# WHY".
"""

import json
import os
import struct
import subprocess
import sys
import time

from nettest import a4, checksum, ip4, ip6, mac_of, packet_socket, udp, udp6

KPACCTL = os.environ["KPACCTL"]
VNET = bytes(10)
ETH = {4: 0x0800, 6: 0x86dd}
PAYLOAD = b"\xde\xad\xbe\xef" + bytes(range(60))


def tcp(flags, sport=4000, dport=80, payload=PAYLOAD, doff=5):
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 2, doff << 4, flags, 1000, 0, 0) + \
        bytes(4 * max(doff - 5, 0)) + payload


def icmp(kind, code=0):
    body = struct.pack("!BBHHH", kind, code, 0, 7, 1) + PAYLOAD
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def hop_by_hop(nxt, body):
    return bytes([nxt, 0, 1, 4, 0, 0, 0, 0]) + body


def fragment6(nxt, offset, more, body):
    return struct.pack("!BBHI", nxt, 0, offset << 3 | more, 9) + body


# NAME: EtherType, what follows it, a VLAN tag
FRAMES = {
    "udp4": (4, ip4(udp(PAYLOAD)), None),
    "udp4-other": (4, ip4(udp(PAYLOAD, sport=5000, dport=53), src="10.9.8.7", dst="192.0.2.1"), None),
    "udp4-dscp": (4, ip4(udp(PAYLOAD), tos=0xb8), None),
    "udp4-ecn": (4, ip4(udp(PAYLOAD), tos=0x03), None),
    "udp4-options": (4, ip4(udp(PAYLOAD), options=b"\x01\x01\x01\x00"), None),
    "udp4-empty": (4, ip4(udp(b"")), None),
    "udp4-first": (4, ip4(udp(PAYLOAD), frag=0x2000), None),
    "udp4-later": (4, ip4(udp(PAYLOAD), frag=0x0010), None),
    "udp4-vlan": (4, ip4(udp(PAYLOAD)), 42),
    "udp4-padded": (4, ip4(b"", proto=17) + udp(PAYLOAD), None),
    "udp4-cut": (4, ip4(udp(PAYLOAD), total=1000), None),
    "udp4-ihl": (4, ip4(udp(PAYLOAD), ihl=4), None),
    "tcp4-syn": (4, ip4(tcp(0x02), proto=6), None),
    "tcp4-synack": (4, ip4(tcp(0x12), proto=6), None),
    "tcp4-ack": (4, ip4(tcp(0x10, dport=8080), proto=6), None),
    "tcp4-options": (4, ip4(tcp(0x10, doff=8), proto=6), None),
    "tcp4-doff": (4, ip4(tcp(0x10, doff=2), proto=6), None),
    "tcp4-tiny": (4, ip4(tcp(0x02)[:8], proto=6, frag=0x2000), None),
    "icmp4-echo": (4, ip4(icmp(8), proto=1), None),
    "icmp4-unreach": (4, ip4(icmp(3, 1), proto=1), None),
    "icmp6-in-4": (4, ip4(icmp(128), proto=58), None),
    "gre4": (4, ip4(PAYLOAD, proto=47), None),
    "udp6": (6, ip6(udp6(PAYLOAD)), None),
    "udp6-class": (6, ip6(udp6(PAYLOAD), tclass=0xb8), None),
    "udp6-hop": (6, ip6(hop_by_hop(17, udp6(PAYLOAD)), proto=0), None),
    "udp6-hops": (6, ip6(hop_by_hop(60, hop_by_hop(17, udp6(PAYLOAD))), proto=0), None),
    "udp6-first": (6, ip6(fragment6(17, 0, 1, udp6(PAYLOAD)), proto=44), None),
    "udp6-later": (6, ip6(fragment6(17, 4, 0, udp6(PAYLOAD)), proto=44), None),
    "udp6-atomic": (6, ip6(fragment6(17, 0, 0, udp6(PAYLOAD)), proto=44), None),
    "udp6-cut": (6, ip6(udp6(PAYLOAD), length=900), None),
    "udp6-many": (6, ip6(b"".join([hop_by_hop(60, b"")] * 9) + hop_by_hop(17, udp6(PAYLOAD)),
                         proto=60), None),
    "icmp6-echo": (6, ip6(icmp(128), proto=58), None),
    "tcp6": (6, ip6(tcp(0x10), proto=6, src="fd01::1:2", dst="fd02::ff"), None),
    "arp": (0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + bytes(6) + a4("10.1.0.2") +
            bytes(6) + a4("10.1.0.1"), None),
    "other": (0x88b5, PAYLOAD, None),
}

UDP4 = {n for n in FRAMES if n.startswith("udp4")} - {"udp4-ihl"}
UDP6 = {n for n in FRAMES if n.startswith("udp6")} - {"udp6-many"}
TCP4 = {n for n in FRAMES if n.startswith("tcp4")}
IP4 = UDP4 | TCP4 | {"icmp4-echo", "icmp4-unreach", "icmp6-in-4", "gre4"}
IP6 = {n for n in FRAMES if FRAMES[n][0] == 6}
FIRST = {"udp4-first", "tcp4-tiny", "udp6-first"}
LATER = {"udp4-later", "udp6-later"}
NO_PORTS4 = {"udp4-later", "udp4-padded", "udp4-cut"}
PORTS4 = UDP4 - NO_PORTS4
PORTS6 = UDP6 - {"udp6-later", "udp6-cut"}
# those with the usual addresses and ports
USUAL4, USUAL6 = PORTS4 - {"udp4-other"}, PORTS6
TAGGED = {"udp4-vlan"}

# The words of a predicate, and the frames that it is for.
PREDICATES = [
    ("", set(FRAMES)),
    ("dev PORT", set(FRAMES)),
    ("dev OTHER", set()),
    ("vlan 42", TAGGED),
    ("vlan 43", set()),
    ("ethertype ip", IP4 | {"udp4-ihl"}),
    ("ethertype ip6", IP6),
    ("ethertype arp", {"arp"}),
    ("ethertype 0x88b5", {"other"}),
    ("proto udp", UDP4 | UDP6),
    ("proto tcp", TCP4 | {"tcp6"}),
    ("proto gre", {"gre4"}),
    ("proto 0", set()),
    ("src 10.1.0.2", IP4 - {"udp4-other"}),
    ("src 10.0.0.0/8", IP4),
    ("src 10.8.0.0/13", {"udp4-other"}),
    ("src 10.1.0.0/30 dst 10.2.0.0/15", IP4 - {"udp4-other"}),
    ("dst 192.0.2.1", {"udp4-other"}),
    ("src 0.0.0.0/0", IP4),
    ("src fd01::2", IP6 - {"tcp6"}),
    ("src fd01::/64", IP6),
    ("src fd01::1:0/112", {"tcp6"}),
    ("dst fd02::/127", set()),
    ("dst fd02::2/127 src fd01::2/127", IP6 - {"tcp6"}),
    ("dst ::/0", IP6),
    ("dport 4001", USUAL4 | USUAL6),
    ("proto udp dport 53", {"udp4-other"}),
    ("sport 4000", USUAL4 | USUAL6 | TCP4 | {"tcp6"}),
    ("sport 4000-4999 dport 4001-4002", USUAL4 | USUAL6),
    ("dport 50-60", {"udp4-other"}),
    ("dport 0-65535", PORTS4 | PORTS6 | TCP4 | {"tcp6"}),
    ("proto tcp dport 80", TCP4 - {"tcp4-ack"} | {"tcp6"}),
    ("src 10.1.0.0/16 proto tcp dport 8000-8999", {"tcp4-ack"}),
    ("tcp-flags syn", {"tcp4-syn", "tcp4-synack"}),
    ("tcp-flags syn/syn,ack", {"tcp4-syn"}),
    ("tcp-flags 0x10/0x10 dport 80", {"tcp4-synack", "tcp4-options", "tcp4-doff", "tcp6"}),
    ("proto icmp icmp-type 8", {"icmp4-echo"}),
    ("proto icmp icmp-type 3 icmp-code 1", {"icmp4-unreach"}),
    ("proto icmp icmp-code 0", {"icmp4-echo"}),
    ("proto icmpv6 icmp-type 128", {"icmp6-echo"}),
    ("dscp ef", {"udp4-dscp", "udp6-class"}),
    ("dscp 0 proto udp", (UDP4 | UDP6) - {"udp4-dscp", "udp6-class"}),
    ("fragment no", (IP4 | IP6) - FIRST - LATER),
    ("fragment yes", FIRST | LATER),
    ("fragment first", FIRST),
    ("fragment later", LATER),
    ("fragment first proto udp", FIRST - {"tcp4-tiny"}),
    ("length 28", {"udp4-empty", "tcp4-tiny", "arp"}),
    ("length 29-91", {"gre4", "other"}),
    ("length 2000", set()),
    ("payload payload:deadbeef", (PORTS4 | PORTS6 | TCP4 | {"tcp6", "icmp4-echo", "icmp4-unreach",
                                                            "icmp6-echo"}) -
     {"udp4-empty", "tcp4-tiny", "tcp4-doff"}),
    ("payload l4+8:deadbeef proto udp", (PORTS4 | PORTS6) - {"udp4-empty"}),
    ("payload l4+8:d0/f0 proto udp", (PORTS4 | PORTS6) - {"udp4-empty"}),
    ("payload l4+8:e0/f0 proto udp", set()),
    ("payload l3+9:11", UDP4 | {"udp4-ihl"}),
    ("payload l2+12:88b5", {"other"}),
    ("payload l4:0fa00fa1", USUAL4 | USUAL6),
    ("payload payload+4:000102030405060708090a0b0c0d0e0f1011 proto udp", (PORTS4 | PORTS6) -
     {"udp4-empty"}),
    ("payload payload+63:3b proto udp", (PORTS4 | PORTS6) - {"udp4-empty"}),
    ("payload payload+64:00", set()),
    ("payload payload:de payload payload+3:ef proto tcp", TCP4 - {"tcp4-tiny", "tcp4-doff"} | {"tcp6"}),
]


def kpacctl(*words, text=None):
    run = subprocess.run([KPACCTL, "-n", ROUTER, *words], input=text, capture_output=True,
                         text=True, check=False)
    if run.returncode:
        sys.exit(f"kpacctl {' '.join(words)}: {run.stderr}")
    return run.stdout


def frame(name):
    kind, body, vlan = FRAMES[name]
    tag = struct.pack("!HH", 0x8100, vlan) if vlan else b""
    return LINK + tag + struct.pack("!H", ETH.get(kind, kind)) + body


def counts():
    """Which entries have counted how many packets, by their comments."""
    return {e["comment"]: (e["packets"], e["bytes"])
            for e in json.loads(kpacctl("-j", "handler", "show"))}


def see(name):
    """The predicates of which the frame is counted, with what is wrong with the number."""
    kpacctl("handler", "reset")
    SOCKET.send(VNET + frame(name))
    for _ in range(100):
        now = counts()
        if now["end"][0]:     # the last one
            break
        time.sleep(0.02)
    length = len(FRAMES[name][1])
    odd = [f"{c} counted {n} packets, {b} bytes of {length}" for c, (n, b) in now.items()
           if (n, b) not in ((0, 0), (1, length))]
    return {int(c) for c, (n, _) in now.items() if n and c != "end"}, odd


def load(predicates):
    """Replace the table: predicates and their numbers. The router itself has nothing to do
    with the frames."""
    entries = "".join(f"add prio 10 comment {i} {words.replace('PORT', PORT).replace('OTHER', 'lo')} "
                      "do count\n" for i, words in predicates)
    kpacctl("handler", "batch", "replace", "-", text=entries + "add prio 20 comment end do drop\n")


def remembered(numbers, times):
    """What is wrong with the counts, if every frame is sent several times."""
    load((i, PREDICATES[i][0]) for i in numbers)
    for _ in range(times):
        for name in FRAMES:
            SOCKET.send(VNET + frame(name))
    for _ in range(100):
        now = counts()
        if now["end"][0] == times * len(FRAMES):
            break
        time.sleep(0.02)
    for i in numbers:
        frames = PREDICATES[i][1]
        wanted = times * len(frames), times * sum(len(FRAMES[n][1]) for n in frames)
        if now[str(i)] != wanted:
            yield f"'{PREDICATES[i][0]}' counted {now[str(i)]}, wanted {wanted}"
    if now["end"][0] != times * len(FRAMES):
        yield f"the last one counted {now['end']}"


def main():
    load((i, words) for i, (words, _) in enumerate(PREDICATES))
    for name in FRAMES:
        seen, odd = see(name)
        for i, (words, frames) in enumerate(PREDICATES):
            if (i in seen) != (name in frames):
                odd.append(f"'{words}' is {'' if name in frames else 'not '}for it, but "
                           f"{'did not count' if name in frames else 'counted'} it")
        for line in odd:
            print("#", line)
        print("not ok" if odd else "ok", "predicates", name)
    known = [i for i, (words, _) in enumerate(PREDICATES) if "payload" not in words]
    for first in range(0, len(known), 5):
        odd = list(remembered(known[first:first + 5], 3))
        for line in odd:
            print("#", line)
        print("not ok" if odd else "ok", "remembered", first)
    kpacctl("handler", "flush")


(NS, DEV), ROUTER, PORT = sys.argv[1].split(":"), sys.argv[2], sys.argv[3]
SOCKET = packet_socket(NS, DEV, 0)
LINK = mac_of(ROUTER, PORT) + mac_of(NS, DEV)
main()
