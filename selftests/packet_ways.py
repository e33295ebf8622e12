# SPDX-License-Identifier: GPL-2.0
"""Ways to send packets: in one piece or in pages, tagged, cloned, shared."""

import mmap
import socket
import struct

from nettest import PACKET_VNET_HDR, SOL_PACKET, netns, packet_socket

VLAN = 42
TAG = struct.pack("!HH", 0x8100, 3 << 13 | VLAN)  # with a priority
UNTOLD = struct.pack("!HH", 0x8100, VLAN)  # of a VLAN device, which was told of none


class Sender:
    """Sends frames in one piece."""

    def __init__(self, ns, dev):
        self.socket = packet_socket(ns, dev, 0)

    def send(self, frames):
        for data in frames:
            self.socket.send(data)


class Ring:
    """Sends frames of which all but the link-layer header is in pages, which are the ring's
    and must not change before the packets have arrived.
    """
    SLOT, SLOTS, HEAD = 8192, 64, 32
    PACKET_VERSION, PACKET_TX_RING, TPACKET_V2, SEND_REQUEST = 10, 13, 1, 1

    def __init__(self, ns, dev):
        with netns(ns):
            self.socket = s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.setsockopt(SOL_PACKET, self.PACKET_VERSION, self.TPACKET_V2)
        s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        s.setsockopt(SOL_PACKET, self.PACKET_TX_RING,
                     struct.pack("IIII", 8 * self.SLOT, self.SLOTS // 8, self.SLOT, self.SLOTS))
        self.map = mmap.mmap(s.fileno(), self.SLOTS * self.SLOT)
        s.bind((dev, 0))
        self.next = 0

    def send(self, frames):
        assert len(frames) <= self.SLOTS
        used = []
        for data in frames:
            at = self.next * self.SLOT
            self.next = (self.next + 1) % self.SLOTS
            self.map[at + self.HEAD:at + self.HEAD + len(data)] = data
            struct.pack_into("=III", self.map, at, self.SEND_REQUEST, len(data), len(data))
            used.append(at)
        self.socket.send(b"")
        if any(struct.unpack_from("=I", self.map, at)[0] for at in used):
            raise OSError("the ring has not sent all frames")


class Way:
    """How packets are sent: by which kind of socket, with which VLAN tag, and whether
    somebody else in the router has them, too.
    """

    def __init__(self, sender, tag="", tapped=False):
        self.sender, self.tag, self.tapped = sender, tag, tapped

    def open(self, ns):
        return self.sender(ns, f"h0.{VLAN}" if self.tag == "device" else "h0")

    def sent_tag(self):
        return TAG if self.tag == "frame" else b""

    def wire_tag(self):
        return {"": b"", "frame": TAG, "device": UNTOLD}[self.tag]


WAYS = {
    "linear": Way(Sender),
    "pages": Way(Ring),
    "cloned": Way(Sender, tapped=True),
    "cloned-pages": Way(Ring, tapped=True),
    "tag": Way(Sender, tag="frame"),
    "vlan": Way(Sender, tag="device"),
    "vlan-pages": Way(Ring, tag="device"),
    "vlan-cloned": Way(Ring, tag="device", tapped=True),
}
SHARED = Way(None, tapped=True)


class Pktgen:
    """Has a device receive packets that it keeps, three of each family."""

    def __init__(self, ns, dev, dst, src):
        self.ns, self.packets = ns, 6
        for name, addresses in ((dev + "@4", ("src_min 10.1.0.2", "dst 10.2.0.2")),
                                (dev + "@6", ("src6 fd01::2", "dst6 fd02::2"))):
            self.tell("kpktgend_0", "add_device " + name)
            self.tell(name, "xmit_mode netif_receive", "count 3", "pkt_size 100",
                      "udp_src_min 4000", "udp_src_max 4000", "dst_mac " + dst.hex(":"),
                      "src_mac " + src.hex(":"), *addresses)

    def tell(self, file, *commands):
        with netns(self.ns):
            for command in commands:
                with open("/proc/thread-self/net/pktgen/" + file, "w", encoding="ascii") as f:
                    f.write(command + "\n")

    def run(self):
        self.tell("pgctrl", "start")
