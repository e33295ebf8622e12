# SPDX-License-Identifier: GPL-2.0
"""Kinds of packets that handlers may meet, and what may be made of them."""

import struct

from nettest import a4, a6, checksum, ip4, ip6, pattern

GSO_TCP4, GSO_TCP6, GSO_UDP = 1, 4, 5
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
PATTERN = pattern(6000)


class Frame:
    """A packet, how many it is on the wire, what is left to the device to do."""

    def __init__(self, name, packet, segs=1, gso=(0, 0), l4=0, sum_at=0, tail=b""):
        self.name, self.packet, self.segs, self.gso = name, packet, segs, gso
        self.l4, self.sum_at, self.tail = l4, sum_at, tail  # sum_at: partial checksum
        self.v6 = packet[0] >> 4 == 6

    def link(self, dst, src, tag=b""):
        kind = 0x86dd if self.v6 else 0x0800
        return dst + src + tag + struct.pack("!H", kind) + self.packet + self.tail

    def vnet(self, tag=b""):
        """The header that the packet socket wants in front of the frame."""
        l4 = 14 + len(tag) + self.l4
        head = l4 + (20 if self.gso[0] in (GSO_TCP4, GSO_TCP6) else 8)
        if not self.sum_at:
            return bytes(10)
        return struct.pack("=BBHHHH", 1, self.gso[0], head, self.gso[1], l4, self.sum_at)

    def length(self):
        return len(self.packet) + len(self.tail)


class Maker:
    """Packets from one end of a flow to the other."""

    def __init__(self, answers):
        self.answers, self.number = answers, 0
        self.v4 = ("10.2.0.2", "10.1.0.2") if answers else ("10.1.0.2", "10.2.0.2")
        self.v6 = ("fd02::2", "fd01::2") if answers else ("fd01::2", "fd02::2")

    def pseudo(self, v6, proto, length):
        if v6:
            return a6(self.v6[0]) + a6(self.v6[1]) + struct.pack("!IHBB", length, 0, 0, proto)
        return a4(self.v4[0]) + a4(self.v4[1]) + struct.pack("!BBH", 0, proto, length)

    def ports(self, low=False):
        self.number += 1
        there = (19 if low else 4000 + self.number, 7)
        return there[::-1] if self.answers else there

    def summed(self, v6, proto, body, at, partial):
        pre = b"" if proto == 1 else self.pseudo(v6, proto, len(body))
        total = ~checksum(pre) & 0xffff if partial else checksum(pre + body) or 0xffff
        return body[:at] + struct.pack("!H", total) + body[at + 2:]

    def udp(self, v6, size=32, partial=False, low=False, none=False):
        body = struct.pack("!HHHH", *self.ports(low), 8 + size, 0) + PATTERN[:size]
        return body if none else self.summed(v6, 17, body, 6, partial)

    def tcp(self, v6, size=32, partial=False, flags=0x10):
        body = struct.pack("!HHIIBBHHH", *self.ports(), 1, 1, 5 << 4, flags, 1000, 0, 0) + \
            PATTERN[:size]
        return self.summed(v6, 6, body, 16, partial)

    def echo(self, v6, size=56, partial=False):
        kind = (129 if v6 else 0) if self.answers else 128 if v6 else 8
        body = struct.pack("!BBHHH", kind, 0, 0, 7, 1) + PATTERN[:size]
        return self.summed(v6, 58 if v6 else 1, body, 2, partial)

    def ip(self, v6, body, proto, **more):
        if v6:
            return ip6(body, *self.v6, proto=proto, **more)
        self.number += 1
        return ip4(body, *self.v4, proto=proto, ident=self.number, **more)

    def both(self, v6):
        """The kinds that IPv4 and IPv6 both have."""
        f, l4, icmp = "6" if v6 else "4", 40 if v6 else 20, 58 if v6 else 1

        def frame(name, body, proto, **more):
            return Frame(name + f, self.ip(v6, body, proto), l4=l4, **more)

        yield frame("udp", self.udp(v6), 17)
        yield frame("udp-odd", self.udp(v6, 33), 17)
        yield frame("udp-padded", self.udp(v6, 0), 17, tail=bytes(18 if not v6 else 4))
        yield frame("udp-trailer", self.udp(v6), 17, tail=b"\xee" * 41)
        yield frame("udp-low", self.udp(v6, low=True), 17)
        yield frame("udp-large", self.udp(v6, 6000), 17)
        yield frame("udp-partial", self.udp(v6, partial=True), 17, sum_at=6)
        yield frame("udp-cut", self.udp(v6)[:6], 17)
        yield frame("tcp-syn", self.tcp(v6, 0, flags=0x12 if self.answers else 0x02), 6)
        yield frame("tcp", self.tcp(v6), 6)
        yield frame("tcp-partial", self.tcp(v6, 1400, True), 6, sum_at=16)
        yield frame("echo", self.echo(v6), icmp)
        yield frame("echo-odd", self.echo(v6, 1), icmp)
        yield frame("echo-large", self.echo(v6, 6000), icmp)
        yield frame("echo-partial", self.echo(v6, partial=True), icmp, sum_at=2)
        yield frame("gso-tcp", self.tcp(v6, 3001, True), 6, segs=3, sum_at=16,
                    gso=(GSO_TCP6 if v6 else GSO_TCP4, 1400))
        yield frame("gso-udp", self.udp(v6, 2801, True), 17, segs=3, sum_at=6, gso=(GSO_UDP, 1400))

    def only4(self):
        """Those of IPv4 only."""
        nop = {"options": b"\x01\x01\x01\x00"}
        first, later = {"frag": 0x2000}, {"frag": 0x0008}
        yield Frame("udp-none4", self.ip(False, self.udp(False, none=True), 17))
        yield Frame("udp-options4", self.ip(False, self.udp(False), 17, **nop))
        yield Frame("echo-options4", self.ip(False, self.echo(False), 1, **nop))
        yield Frame("udp-first4", self.ip(False, self.udp(False, 200)[:64], 17, **first))
        yield Frame("udp-later4", self.ip(False, PATTERN[:64], 17, **later))
        yield Frame("tcp-first4", self.ip(False, self.tcp(False, 200)[:64], 6, **first))
        yield Frame("echo-first4", self.ip(False, self.echo(False, 200)[:64], 1, **first))
        yield Frame("echo-later4", self.ip(False, PATTERN[:64], 1, **later))

    def only6(self):
        """Those of IPv6 only."""
        def options(proto):
            return bytes([proto, 0, 1, 4]) + bytes(4)

        def fragment(proto, offset, more):
            return struct.pack("!BBHI", proto, 0, offset << 3 | more, 9)

        yield Frame("udp-hop6", self.ip(True, options(17) + self.udp(True), 0))
        yield Frame("echo-hop6", self.ip(True, options(58) + self.echo(True), 0))
        yield Frame("udp-destination6", self.ip(True, options(17) + self.udp(True), 60))
        yield Frame("udp-atomic6", self.ip(True, fragment(17, 0, 0) + self.udp(True), 44))
        yield Frame("udp-first6", self.ip(True, fragment(17, 0, 1) + self.udp(True, 200)[:64], 44))
        yield Frame("udp-later6", self.ip(True, fragment(17, 8, 0) + PATTERN[:64], 44))
        yield Frame("echo-first6", self.ip(True, fragment(58, 0, 1) + self.echo(True)[:64], 44))
        yield Frame("echo-later6", self.ip(True, fragment(58, 8, 0) + PATTERN[:64], 44))

    def all(self):
        return [*self.both(False), *self.both(True), *self.only4(), *self.only6()]


FRAMES, ANSWERS = Maker(False).all(), Maker(True).all()

# Requests that the handler echo answers.
ECHOED = {kind + f for f in "46" for kind in ("udp", "udp-odd", "udp-padded", "udp-trailer",
                                              "udp-large", "udp-partial", "echo", "echo-odd",
                                              "echo-large", "echo-partial")} | {"udp-none4"}
# What does not say of which flow it is.
STRANGE = {"udp-later4", "echo-later4", "udp-later6", "echo-later6"}


def completed(frame):
    """A frame's packet with its checksum as on the wire."""
    if not frame.sum_at:
        return frame.packet
    at = frame.l4 + frame.sum_at
    total = checksum(frame.packet[frame.l4:]) or 0xffff
    return frame.packet[:at] + struct.pack("!H", total) + frame.packet[at + 2:]


def hop(packet):
    """A packet without options one hop later."""
    if packet[0] >> 4 == 6:
        return packet[:7] + bytes([packet[7] - 1]) + packet[8:]
    head = packet[:8] + bytes([packet[8] - 1, packet[9], 0, 0]) + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:]


def answer(packet, partial):
    """The answer to an echo request without options; its checksum may be partial."""
    if packet[0] >> 4 == 6:
        icmp, l4 = packet[6] == 58, 40
        head = packet[:7] + bytes([64 if icmp else packet[7] - 1]) + packet[24:40] + packet[8:24]
    else:
        icmp, l4 = packet[9] == 1, 20
        head = packet[:8] + bytes([64 if icmp else packet[8] - 1, packet[9], 0, 0]) + \
            packet[16:20] + packet[12:16]
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    body = packet[l4:]
    if not icmp:
        return head + body[2:4] + body[:2] + body[4:]
    if partial:
        return head + bytes([0 if l4 == 20 else 129]) + body[1:]
    body = bytes([0 if l4 == 20 else 129, 0, 0, 0]) + body[4:]
    pre = head[8:40] + struct.pack("!IHBB", len(body), 0, 0, 58) if l4 == 40 else b""
    return head + body[:2] + struct.pack("!H", checksum(pre + body)) + body[4:]


def flow_of(frame, vlan):
    """The flow that a monitor counts a frame for."""
    packet = frame.packet
    if frame.v6:
        proto, at, later = packet[6], 40, 0
        if proto in (0, 44, 60):
            later = proto == 44 and struct.unpack_from("!H", packet, at + 2)[0] >> 3
            proto, at = packet[at], at + 8
    else:
        proto, at = packet[9], 4 * (packet[0] & 15)
        later = struct.unpack_from("!H", packet, 6)[0] & 0x1fff
    ports = struct.unpack_from("!BB" if proto in (1, 58) else "!HH", packet, at)
    return frame.v6, proto, *((0, 0) if later else ports), vlan


def flow_shown(record):
    """The same as kpacctl shows it."""
    v6, proto = ":" in record["src"], PROTOCOLS[record["proto"]]
    if proto not in (1, 58):
        return v6, proto, record["sport"], record["dport"], record.get("vlan", 0)
    kind = (128 if v6 else 8) * (record.get("icmp_type") == "echo-request")
    return v6, proto, kind, record.get("icmp_code", 0), record.get("vlan", 0)
