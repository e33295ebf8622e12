#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Send crafted packets into a router and print all that comes of them.

Reads commands, one per line; puts the answer into the file $ANSWER and prints ".":

  topo SRCNS:DEV ROUTERNS:DEV DSTNS:DEV[,DSTNS:DEV...]
        where packets are sent, which port they enter, where they may arrive
  list  the names of the kinds of packets, with what kpac is expected to do
  send KIND [COUNT [DESTINATION]]
        what arrived where, and by how much the router's counters grew.
        COUNT packets differ in their source port; a destination is for udp4, udp6.
  all DIR KIND...
        send one of each, put the answers into DIR/KIND and DIR/KIND.kpac
  with | without
        whether kpac is there: without it, kpacctl is not called

The same command gives the same answer with and without kpac, but for the lines
that begin with "kpac".
"""

import hashlib
import json
import os
import select
import struct
import subprocess
import sys
import time

from nettest import (Counters, a4, a6, ip4, ip6, mac_of, netns, packet_socket, pattern,
                     receive, udp, udp6)

A, R, B = "10.1.0.2", "10.1.0.1", "10.2.0.2"
A6, R6, B6 = "fd01::2", "fd01::1", "fd02::2"
ETH_IP, ETH_IP6 = 0x0800, 0x86dd
P32 = pattern(32)
DF = 0x4000
VXLAN = struct.pack("!H", 4789)
OTHER = bytes.fromhex("020000000bad")
# Redirects are rationed by the sender that they go to, together with the errors that it
# gets: who is to get one must not have caused anything else.
LOST, LOST6 = "10.1.0.77", ("fd01::77", "fd01::78")
GSO_TCP4, GSO_TCP6, GSO_UDP_L4 = 1, 4, 5


def ext(nxt, body):
    """An IPv6 extension header of 8 * n bytes."""
    return bytes([nxt, (len(body) + 2) // 8 - 1]) + body


def u4(size=32, ip=None, **kw):
    return ip4(udp(pattern(size)), **(ip or {}), **kw)


def u6(size=32, **kw):
    return ip6(udp6(pattern(size)), **kw)


def tcp(payload, port=4000):
    return struct.pack("!HHIIBBHHH", port, 4001, 1, 1, 5 << 4, 0x10, 1000, 0, 0) + payload


def arp(op, target):
    return struct.pack("!HHBBH6s4s6s4s", 1, ETH_IP, 6, 4, op, Probe.src_mac, a4(A),
                       b"\0" * 6, a4(target))


class Frame:
    """A frame to send: network packet, and what its link header and offloads are."""

    def __init__(self, packet, proto=None, dmac=None, tag=b"", vnet=None, raw=False):
        self.packet, self.dmac, self.tag, self.raw = packet, dmac, tag, raw
        self.proto = proto
        self.vnet = vnet or bytes(10)


def vnet(gso, size, header, csum_start=0, csum_offset=0):
    return struct.pack("=BBHHHH", 1 if csum_start else 0, gso, header, size,
                       csum_start, csum_offset)


def pseudo_tcp(packet, v6):
    """Set the pseudo header's checksum, as partial checksums need it."""
    at = 40 if v6 else 20
    length = len(packet) - at
    addresses = packet[8:40] if v6 else packet[12:20]
    total = sum(struct.unpack("!%dH" % (len(addresses) // 2), addresses)) + length + 6
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return packet[:at + 16] + struct.pack("!H", total) + packet[at + 18:]


def gso_tcp(size, v6=False):
    body = tcp(pattern(size))
    packet = ip6(body, proto=6) if v6 else ip4(body, proto=6, frag=DF)
    return Frame(pseudo_tcp(packet, v6), ETH_IP6 if v6 else ETH_IP,
                 vnet=vnet(GSO_TCP6 if v6 else GSO_TCP4, 1400, 14 + (60 if v6 else 40),
                           14 + (40 if v6 else 20), 16))


# Kind of packet: (what kpac is to do with it, how to make it). "accel" is forwarded by
# kpac; else the reason for leaving it to the stack. "any" is for the implementation to say.
KINDS = {}


def kind4(name, expect, make, **kw):
    KINDS[name] = (expect, lambda: Frame(make() if callable(make) else make, ETH_IP, **kw))


def kind6(name, expect, make, **kw):
    KINDS[name] = (expect, lambda: Frame(make() if callable(make) else make, ETH_IP6, **kw))


def define():
    # Good packets.
    kind4("udp4", "accel", u4())
    kind6("udp6", "accel", u6())
    kind4("udp4-empty-padded", "accel", ip4(udp(b"")) + bytes(18))
    kind6("udp6-empty-padded", "accel", ip6(udp6(b"")) + bytes(12))
    kind4("udp4-trailer", "accel", u4() + b"\xee" * 40)
    kind6("udp6-trailer", "accel", u6() + b"\xee" * 40)
    kind4("udp4-1400", "accel", u4(1400))
    kind6("udp6-1400", "accel", u6(1400))
    kind4("udp4-tos-df", "accel", u4(tos=0xb8, frag=DF))
    kind6("udp6-class-label", "accel", u6(tclass=0xb8, label=0x12345))
    kind4("udp4-ce", "accel", u4(tos=3))
    kind4("tcp4", "accel", ip4(tcp(P32), proto=6))
    kind6("tcp6", "accel", ip6(tcp(P32), proto=6))
    kind4("icmp4-echo", "accel", ip4(struct.pack("!BBHHH", 8, 0, 0xf7fd, 1, 1), proto=1))
    kind6("icmp6-echo", "accel", ip6(struct.pack("!BBHHH", 128, 0, 0, 1, 1), proto=58))
    kind4("proto4-255", "accel", ip4(P32, proto=255))
    kind4("esp4", "accel", ip4(P32, proto=50))
    kind4("gre4", "accel", ip4(bytes(4) + P32, proto=47))
    kind4("ip4-alone", "accel", ip4(b""))
    kind6("no-next-header", "accel|extension-header", ip6(b"", proto=59))
    kind4("udp4-half-header", "accel", ip4(b"\x0f\xa0\x0f\xa1"))
    kind6("udp6-half-header", "accel", ip6(b"\x0f\xa0\x0f\xa1"))
    kind4("tcp4-half-header", "accel", ip4(tcp(b"")[:10], proto=6))
    kind4("udp4-bad-checksum", "accel", ip4(struct.pack("!HHHH", 4000, 4001, 40, 0xdead) + P32))
    kind4("udp4-ttl-2", "accel", u4(ttl=2))
    kind6("udp6-hlim-2", "accel", u6(hlim=2))
    kind4("udp4-ttl-255", "accel", u4(ttl=255))
    for csum in (0xfdff, 0xfeff, 0xff00, 0x0100):
        kind4(f"udp4-checksum-{csum:04x}", "accel", with_checksum(csum))
    # IPv4 headers.
    kind4("ihl-4", "malformed", u4(ihl=4))
    kind4("ihl-0", "malformed", u4(ihl=0))
    kind4("ihl-15-short", "malformed|options", ip4(b"", ihl=15))
    kind4("total-short", "malformed", u4(total=19))
    kind4("total-zero", "malformed", u4(total=0))
    kind4("total-long", "malformed", u4(total=200))
    kind4("total-cuts-udp", "accel", u4(total=40))
    kind4("checksum-bad", "malformed", u4(csum=0x1234))
    kind4("version-5", "malformed", u4(version=5))
    kind4("version-6-as-ip4", "malformed", u6())
    for size in (0, 1, 10, 19):
        kind4(f"runt4-{size}", "malformed", u4()[:size])
    kind4("options-rr", "options", u4(options=b"\x07\x0b\x04" + bytes(8) + b"\0"))
    kind4("options-nop", "options", u4(options=b"\x01\x01\x01\x01"))
    kind4("options-end", "options", u4(options=bytes(4)))
    kind4("options-alert", "options", u4(options=b"\x94\x04\0\0"))
    kind4("options-ssrr", "options", u4(options=b"\x89\x07\x04" + a4("10.2.0.2") + b"\0"))
    kind4("options-bad", "options", u4(options=b"\x44\x00\x00\x00"))
    kind4("options-timestamp", "options", u4(options=b"\x44\x04\x05\x00"))
    kind4("fragment-first", "accel|fragment", ip4(udp(P32)[:24], frag=0x2000))
    kind4("fragment-middle", "accel|fragment", ip4(P32[:24], frag=0x2003))
    kind4("fragment-last", "accel|fragment", ip4(P32[:8], frag=0x0006))
    kind4("fragment-ff00", "accel|fragment", ip4(P32[:8], frag=0x3fff))
    kind4("ttl-1", "ttl", u4(ttl=1))
    kind4("ttl-0", "ttl", u4(ttl=0))
    for name, src, expect in (("any", "0.0.0.0", "any"), ("loopback", "127.0.0.1", "any"),
                              ("multicast", "224.0.0.1", "any"), ("class-e", "240.0.0.1", "any"),
                              ("broadcast", "255.255.255.255", "any"), ("own", R, "any"),
                              ("own-other", "10.2.0.1", "any"), ("subnet", "10.1.0.255", "any"),
                              ("spoofed", "10.2.0.2", "accel"), ("zero-net", "0.1.2.3", "any")):
        kind4("src4-" + name, expect, u4(src=src))
    for name, dst, expect in (("any", "0.0.0.0", "any"), ("loopback", "127.0.0.1", "any"),
                              ("multicast", "224.0.0.251", "address"),
                              ("multicast-routed", "239.1.1.1", "address"),
                              ("class-e", "240.1.1.1", "any"),
                              ("broadcast", "255.255.255.255", "any"),
                              ("subnet", "10.1.0.255", "any"), ("subnet-out", "10.2.0.255", "any"),
                              ("none", "10.99.0.1", "no-route"), ("local", R, "local"),
                              ("local-other", "10.2.0.1", "local"),
                              ("blackhole", "10.98.0.1", "no-route"),
                              ("unreachable", "10.98.0.2", "no-route"),
                              ("prohibit", "10.98.0.3", "no-route")):
        kind4("dst4-" + name, expect, u4(dst=dst))
    kind4("dst4-same-device", "same-device|accel", u4(src=LOST, dst="10.1.0.9"))
    kind4("mtu4", "mtu", u4(1400, dst="10.2.0.99"))
    kind4("mtu4-df", "mtu", u4(1400, dst="10.2.0.99", frag=DF))
    kind4("mtu4-exact", "accel", u4(1372, dst="10.2.0.99", frag=DF))
    # IPv6 headers.
    kind6("length-long", "malformed", u6(length=200))
    kind6("length-long-by-1", "malformed", u6(length=41))
    kind6("length-short", "accel", u6(length=20))
    kind6("length-zero", "any", u6(length=0))
    kind6("version-4-as-ip6", "malformed", u4(32))
    kind6("version-7", "malformed", u6(version=7))
    for size in (0, 10, 39):
        kind6(f"runt6-{size}", "malformed", u6()[:size])
    kind6("hlim-1", "ttl", u6(hlim=1))
    kind6("hlim-0", "ttl", u6(hlim=0))
    for name, src, expect in (("any", "::", "address|any"), ("loopback", "::1", "address|any"),
                              ("multicast", "ff02::1", "address|any"),
                              ("link-local", "fe80::2", "address|any"),
                              ("mapped", "::ffff:1.2.3.4", "any"),
                              ("own", R6, "any"), ("spoofed", "fd02::2", "accel")):
        kind6("src6-" + name, expect, u6(src=src))
    for name, dst, expect in (("any", "::", "any"), ("loopback", "::1", "address|any"),
                              ("multicast", "ff02::1", "address"),
                              ("multicast-interface", "ff01::1", "address"),
                              ("multicast-zero", "ff00::1", "address"),
                              ("multicast-routed", "ff0e::1", "address"),
                              ("mapped", "::ffff:1.2.3.4", "any"),
                              ("none", "fd99::1", "no-route"), ("local", R6, "local"),
                              ("local-other", "fd02::1", "local"), ("anycast", "fd02::", "any"),
                              ("blackhole", "fd98::1", "no-route"),
                              ("unreachable", "fd98::2", "no-route"),
                              ("prohibit", "fd98::3", "no-route")):
        kind6("dst6-" + name, expect, u6(dst=dst))
    kind6("dst6-link-local", "address", u6(src=LOST6[0], dst="fe80::9"))
    kind6("dst6-same-device", "same-device", u6(src=LOST6[1], dst="fd01::9"))
    kind6("mtu6", "mtu", u6(1400, dst="fd02::99"))
    kind6("mtu6-exact", "accel", u6(1352, dst="fd02::99"))
    body = udp6(P32)
    for name, nxt, head in (("hop-pad", 0, ext(17, b"\x01\x04" + bytes(4))),
                            ("hop-alert", 0, ext(17, b"\x05\x02\0\0\x01\0")),
                            ("hop-jumbo", 0, ext(17, b"\xc2\x04" + struct.pack("!I", 48))),
                            ("hop-unknown", 0, ext(17, b"\xfe\x04" + bytes(4))),
                            ("hop-overrun", 0, bytes([17, 200]) + bytes(6)),
                            ("destination", 60, ext(17, b"\x01\x04" + bytes(4))),
                            ("routing-0", 43, ext(17, b"\0\x01" + bytes(4) + a6(B6))),
                            ("routing-4", 43, ext(17, b"\x04\0" + bytes(4))),
                            ("fragment", 44, struct.pack("!BBHI", 17, 0, 1, 7)),
                            ("fragment-last", 44, struct.pack("!BBHI", 17, 0, 0x18, 7)),
                            ("ah", 51, ext(17, bytes(6))), ("mobility", 135, ext(59, bytes(6)))):
        kind6("ext-" + name, "extension-header", ip6(head + body, proto=nxt))
    kind6("ext-jumbo-length-0", "any",
          ip6(ext(17, b"\xc2\x04" + struct.pack("!I", 48)) + body, proto=0, length=0))
    # Link layer.
    for name, mac in (("other", OTHER), ("broadcast", b"\xff" * 6),
                      ("multicast", bytes.fromhex("01005e000001"))):
        kind4("mac4-" + name, "link-address", u4(), dmac=mac)
        kind6("mac6-" + name, "link-address", u6(), dmac=mac)
    kind4("vlan-unknown", "vlan", u4(), tag=struct.pack("!HH", 0x8100, 77))
    kind6("vlan6-unknown", "vlan", u6(), tag=struct.pack("!HH", 0x8100, 77))
    kind4("vlan-0", "any", u4(), tag=struct.pack("!HH", 0x8100, 0xe000))
    kind4("qinq-unknown", "vlan|not-ip", u4(), tag=struct.pack("!HHHH", 0x88a8, 77, 0x8100, 5))
    kind4("vlan-runt", "any", u4()[:8], tag=struct.pack("!HH", 0x8100, 0))
    for name, proto in (("type-1234", 0x1234), ("mpls", 0x8847), ("lldp", 0x88cc),
                        ("length", 46), ("pppoe", 0x8864)):
        KINDS["ether-" + name] = ("not-ip", lambda proto=proto: Frame(u4(), proto))
    KINDS["arp-request"] = ("not-ip|link-address", lambda: Frame(arp(1, R), 0x0806, b"\xff" * 6))
    KINDS["arp-short"] = ("not-ip", lambda: Frame(arp(1, R)[:9], 0x0806))
    # Headers that are not in the linear part, and offloads.
    kind4("nonlinear4", "accel", u4(6000), vnet=vnet(0, 0, 0))
    kind6("nonlinear6", "accel", u6(6000), vnet=vnet(0, 0, 0))
    kind4("nonlinear4-header-only", "accel", u4(6000), vnet=vnet(0, 0, 34))
    kind4("nonlinear4-bad-checksum", "malformed", u4(6000, csum=1))
    kind4("nonlinear4-total-long", "malformed", u4(6000, total=9000))
    kind4("nonlinear4-total-short", "accel", u4(6000, total=64))
    kind6("nonlinear6-length-short", "accel", u6(6000, length=24))
    kind4("nonlinear4-mtu", "mtu", u4(6000, dst="10.2.0.99", frag=DF))
    for size in (3000, 30000, 60000):
        KINDS[f"gso-tcp4-{size}"] = ("accel", lambda size=size: gso_tcp(size))
        KINDS[f"gso-tcp6-{size}"] = ("accel", lambda size=size: gso_tcp(size, True))
    KINDS["gso-udp4"] = ("accel", lambda: Frame(
        u4(14000, frag=DF), ETH_IP, vnet=vnet(GSO_UDP_L4, 1400, 42, 34, 6)))
    KINDS["gso-tcp4-mtu"] = ("accel|mtu", lambda: Frame(
        pseudo_tcp(ip4(tcp(pattern(14000)), proto=6, frag=DF, dst="10.2.0.99"), False), ETH_IP,
        vnet=vnet(GSO_TCP4, 1400, 54, 34, 16)))
    KINDS["gso-tcp4-lies"] = ("any", lambda: Frame(
        u4(3000, frag=DF), ETH_IP, vnet=vnet(GSO_TCP4, 1400, 54, 34, 16)))
    KINDS["gso-ihl-bad"] = ("any", lambda: Frame(
        ip4(tcp(pattern(3000)), proto=6, ihl=4), ETH_IP, vnet=vnet(GSO_TCP4, 1400, 54, 34, 16)))


def with_checksum(wanted):
    """A packet with the wanted IPv4 header checksum, of which the TTL's update carries."""
    have = struct.unpack_from("!H", u4(ident=0), 10)[0]
    return u4(ident=(have - wanted) % 0xffff)


def canonical(frame, replies):
    """What two runs must have in common: replies and outer headers of tunnels have random
    identifiers and labels.
    """
    tunnel = frame[12:14] == b"\x08\0" and (frame[23:24] in b"\4\x2f" or frame[36:38] == VXLAN)
    if (replies or tunnel) and frame[12:14] == b"\x08\0":
        frame = frame[:18] + b"\0\0" + frame[20:24] + b"\0\0" + frame[26:]
    elif replies and frame[12:14] == b"\x86\xdd":
        frame = frame[:14] + b"\0\0\0\0" + frame[18:]
    if len(frame) > 200:
        return f"{len(frame)} {frame[:60].hex()} {hashlib.sha1(frame).hexdigest()}"
    return f"{len(frame)} {frame.hex()}"


class Probe:
    """One topology: where to send, where to listen, what to count."""
    src_mac = b""
    serial = 0

    def __init__(self, src, router, dsts):
        ns, dev = src.split(":")
        self.router, port = router.split(":")
        Probe.src_mac = mac_of(ns, dev)
        self.port_mac = mac_of(self.router, port)
        self.src_dev = src
        self.src = packet_socket(ns, dev)
        self.dsts = {d: packet_socket(*d.split(":")) for d in dsts.split(",")}
        self.counters = Counters(self.router)
        self.kpac = None
        self.far = {d: Counters(d.split(":")[0]) for d in self.dsts}

    def close(self):
        for s in [self.src, *self.dsts.values()]:
            s.close()

    def transmit(self, frame, sport=None):
        packet = frame.packet
        if sport is not None:
            at = 40 if frame.proto == ETH_IP6 else 20
            old = struct.unpack_from("!H", packet, at)[0]
            packet = packet[:at] + struct.pack("!H", sport) + packet[at + 2:]
            if frame.proto == ETH_IP6:      # keep the UDP checksum's sum
                csum = struct.unpack_from("!H", packet, at + 6)[0] + old - sport
                packet = packet[:at + 6] + struct.pack("!H", (csum % 0xffff) or 0xffff) + \
                    packet[at + 8:]
        proto = b"" if frame.proto is None else struct.pack("!H", frame.proto)
        data = (frame.dmac or self.port_mac) + self.src_mac + frame.tag + proto + packet
        try:
            self.src.send(frame.vnet + data)
            return ""
        except OSError as e:
            return f"send: {e.strerror}\n"

    def snapshot(self):
        out = self.counters.read()
        for name, counters in self.far.items():
            ns, dev = name.split(":")
            out.update(("far." + k[4:], v) for k, v in counters.read().items()
                       if k.startswith(f"dev.{dev}."))
        return out

    def quiet(self):
        """Wait until nothing but what is sent here is counted."""
        end, last, since = time.time() + 10, self.snapshot(), time.time()
        while time.time() < end and time.time() - since < 0.3:
            time.sleep(0.05)
            now = self.snapshot()
            if now != last:
                last, since = now, time.time()

    def collect(self):
        """Drain the captures until a marker of each family has gone all the way."""
        Probe.serial += 1
        mark = b"kpac-marker-%08d" % Probe.serial
        self.transmit(Frame(ip4(udp(mark)), ETH_IP))
        self.transmit(Frame(ip6(udp6(mark)), ETH_IP6))
        missing, arrived = 2, {}
        poll = select.poll()
        for s in self.dsts.values():
            poll.register(s, select.POLLIN)
        end = time.time() + 4
        while missing and time.time() < end:
            poll.poll(100)
            for name, s in self.dsts.items():
                while (got := receive(s)) is not None:
                    if mark in got[0]:
                        missing -= 1
                    elif b"kpac-marker-" not in got[0]:
                        key = (name, got[1], got[2], canonical(got[0], False))
                        arrived[key] = arrived.get(key, 0) + 1
        while (got := receive(self.src)) is not None:
            key = (self.src_dev, got[1], got[2], canonical(got[0], True))
            arrived[key] = arrived.get(key, 0) + 1
        lines = [f"{n}x {name} gso={gso}/{size} {frame}\n"
                 for (name, gso, size, frame), n in sorted(arrived.items())]
        if missing:
            lines.append("marker lost\n")
        return lines

    def send(self, kind, count=1, dst=None):
        frame = KINDS[kind][1]()
        if dst:
            frame.packet = ip6(udp6(P32, dst=dst), dst=dst) if ":" in dst else u4(dst=dst)
        if self.kpac is None:
            self.kpac = kpac_stats(self.router)
        before = self.snapshot()
        out = "".join({self.transmit(frame, 4000 + i if count > 1 else None)
                       for i in range(count)})
        lines = self.collect()
        if count > 1:
            per = {}
            for line in lines:
                if "marker" in line:
                    continue
                n, name = line.split("x ", 1)
                per[name.split()[0]] = per.get(name.split()[0], 0) + int(n)
            lines = [f"{n} packets at {name}\n" for name, n in sorted(per.items())] + \
                [hashlib.sha1("".join(lines).encode()).hexdigest() + "\n"]
        out += "".join(lines)
        after = self.snapshot()
        out += "".join(f"{k} {v - before.get(k, 0):+d}\n" for k, v in sorted(after.items())
                       if v != before.get(k, 0))
        kpac, self.kpac = self.kpac, kpac_stats(self.router)
        return out, "".join(f"kpac {k} {v - kpac.get(k, 0):+d}\n"
                            for k, v in sorted(self.kpac.items()) if v != kpac.get(k, 0))


def kpac_stats(ns):
    """Packets accelerated and passed by reason, over all ports of the namespace."""
    tool = os.environ.get("KPACCTL")
    if not tool or os.environ.get("KPAC_MODE") == "without":
        return {}
    run = subprocess.run([tool, "-j", "-n", ns, "stat", "show"], capture_output=True, check=True)
    out = {}
    for port in json.loads(run.stdout or "[]"):
        for key, value in port.items():
            if key.replace("-", "_") == "accelerated_packets":
                out["accel"] = out.get("accel", 0) + value
        for row in port.get("pass", []):
            out[row["reason"]] = out.get(row["reason"], 0) + row["packets"]
    return out


def execute(probe, words, out):
    """Execute one command; returns the probe that is in use from now on."""
    if words[0] == "topo":
        if probe:
            probe.close()
        probe = Probe(*words[1:4])
        probe.quiet()
        probe.collect()
    elif words[0] in ("with", "without"):
        os.environ["KPAC_MODE"] = words[0]
        if probe:
            probe.kpac = None
    elif words[0] == "list":
        for name, (expect, _) in KINDS.items():
            print(name, expect, file=out)
    elif words[0] == "send":
        for part in probe.send(words[1], int(words[2] if words[2:] else 1), *words[3:4]):
            print(part, end="", file=out)
    elif words[0] == "all":
        for kind in words[2:]:
            for part, suffix in zip(probe.send(kind), ("", ".kpac")):
                with open(words[1] + "/" + kind + suffix, "w", encoding="ascii") as file:
                    file.write(part)
    else:
        raise KeyError("unknown command")
    return probe


def main():
    define()
    probe = None
    for line in sys.stdin:
        with open(os.environ["ANSWER"], "w", encoding="ascii") as out:
            try:
                probe = execute(probe, line.split(), out)
            except (OSError, KeyError, subprocess.CalledProcessError) as e:
                print("error:", line.strip(), repr(e), file=out)
        print(".", flush=True)


if __name__ == "__main__":
    main()
