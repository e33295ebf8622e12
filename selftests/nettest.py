# SPDX-License-Identifier: GPL-2.0
"""What the kpac selftests' helpers share: namespaces, frames, captures, counters."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SIOCGIFHWADDR, SIOCGIFINDEX = 0x8927, 0x8933
SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 8, 15, 23
ETH_P_ALL, SO_RCVBUFFORCE = 3, 33
TP_STATUS_VLAN_VALID = 1 << 4
VNET_HDR_LEN = 10


@contextlib.contextmanager
def netns(name):
    """Run the body in the namespace that `ip netns` knows as name."""
    old = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    new = os.open("/run/netns/" + name, os.O_RDONLY) if name else os.dup(old)
    try:
        if _libc.setns(new, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns " + name)
        yield
    finally:
        _libc.setns(old, CLONE_NEWNET)
        os.close(old)
        os.close(new)


def _ifreq(dev, request):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        return fcntl.ioctl(s, request, struct.pack("16s24x", dev.encode()))[16:]


def mac_of(ns, dev):
    with netns(ns):
        return _ifreq(dev, SIOCGIFHWADDR)[2:8]


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def a4(text):
    return socket.inet_pton(socket.AF_INET, text)


def a6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def ip4(payload, src="10.1.0.2", dst="10.2.0.2", proto=17, ttl=64, ident=1, frag=0,
         tos=0, options=b"", version=4, ihl=None, total=None, csum=None):
    """An IPv4 packet; what is not given is right."""
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    total = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack("!BBHHHBBH4s4s", version << 4 | ihl, tos, total, ident, frag,
                       ttl, proto, 0, a4(src), a4(dst)) + options
    csum = checksum(head) if csum is None else csum
    return head[:10] + struct.pack("!H", csum) + head[12:] + payload


def ip6(payload, src="fd01::2", dst="fd02::2", proto=17, hlim=64, tclass=0, label=0,
        version=6, length=None):
    """An IPv6 packet; what is not given is right."""
    length = len(payload) if length is None else length
    return struct.pack("!IHBB16s16s", version << 28 | tclass << 20 | label, length & 0xffff,
                       proto, hlim, a6(src), a6(dst)) + payload


def pattern(size):
    return bytes((i * 7 + i // 256) & 0xff for i in range(size))


def udp(payload, sport=4000, dport=4001):
    """A UDP datagram; without checksum, so that a changed address does not matter."""
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def udp6(payload, src="fd01::2", dst="fd02::2", **ports):
    head = udp(payload, **ports)
    pseudo = a6(src) + a6(dst) + struct.pack("!IHBB", len(head), 0, 0, 17)
    return head[:6] + struct.pack("!H", checksum(pseudo + head) or 0xffff) + payload


def packet_socket(ns, dev, proto=ETH_P_ALL, vnet=True):
    """A packet socket bound to one device: an unbound one would slow down all others."""
    with netns(ns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        if vnet:
            s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        s.bind((dev, proto))
        s.setblocking(False)
        return s


_buffer = bytearray(1 << 17)


def receive_offloads(sock):
    """The next frame with its VLAN tag put back, whether its checksum is partial, its GSO
    type and size; or None.
    """
    try:
        size, anc, _, _ = sock.recvmsg_into([_buffer], 256)
    except BlockingIOError:
        return None
    flags, gso_type, _, gso_size = struct.unpack_from("=BBHH", _buffer)
    frame = bytes(_buffer[VNET_HDR_LEN:size])
    for level, kind, aux in anc:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack_from("=IIIHHHH", aux)
            if status & TP_STATUS_VLAN_VALID:
                frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame, flags & 1, gso_type & 0x7f, gso_size


def receive(sock):
    """The same without the checksum."""
    got = receive_offloads(sock)
    return got and (got[0], *got[2:])


class Counters:
    """SNMP and device counters of a namespace; devices of other namespaces too."""

    def __init__(self, ns):
        with netns(ns):
            self.files = {n: open("/proc/thread-self/net/" + n, encoding="ascii")
                          for n in ("snmp", "netstat", "snmp6", "dev")}

    def read(self):
        out = {}
        for name, file in self.files.items():
            file.seek(0)
            lines = file.read().splitlines()
            if name == "snmp6":
                out.update((k, int(v)) for k, v in map(str.split, lines))
            elif name == "dev":
                keys = lines[1].replace("|", " ").split()[1:]
                keys = ["rx_" + k for k in keys[:8]] + ["tx_" + k for k in keys[8:]]
                for line in lines[2:]:
                    dev, values = line.split(":")
                    out.update((f"dev.{dev.strip()}.{k}", int(v))
                               for k, v in zip(keys, values.split()))
            else:
                for keys, values in zip(lines[::2], lines[1::2]):
                    group, keys = keys.split(":")
                    out.update((group + k, int(v)) for k, v in
                               zip(keys.split(), values.split()[1:]))
        return out
