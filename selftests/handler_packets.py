#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What becomes of every kind of packet with every handler, byte for byte.

  handler_packets.py R A B C DOOR PORTS HANDLERS WAYS

The host A sends to B through the router R; C is where copies and redirected packets go.
What the router does without kpac is noted first. Then PORTS become ports, and for each of
HANDLERS ("all": all) every kind of packet is sent in every one of WAYS; what arrives at A, B
and C must be what the handler's line in the table HANDLERS says, and the entries and the port
must have counted it. Lists are divided by commas. Prints lines "ok NAME" or "not ok NAME" and,
before the latter, "# WHY". Environment: OFFLOADS=no if r1 and r3 have none, REORDER=no if the
VLAN device that is a port leaves tags in frames.
"""

import collections
import contextlib
import json
import os
import select
import struct
import subprocess
import sys
import time

from nettest import a4, a6, mac_of, packet_socket, receive_offloads
from packet_kinds import (ANSWERS, ECHOED, FRAMES, STRANGE, Frame, answer, completed, flow_of,
                          flow_shown, hop)
from packet_ways import SHARED, UNTOLD, VLAN, WAYS, Pktgen, Sender, Way

A, B, C = "A", "B", "C"
MARKER = 0x88b6
LARGE = [f for f in FRAMES if f.name in ("udp-large4", "udp-large6")]
LINES = 8  # of what is wrong
HOSTS = {a4("10.1.0.2"), a4("10.2.0.2"), a6("fd01::2"), a6("fd02::2")}
KPACCTL = os.environ["KPACCTL"]


# ---- where they arrive ----

class Network:
    """The hosts' ends of the cables, and markers, which the router's tc sends to all hosts."""

    def __init__(self, hosts, router):
        self.ns, self.router = dict(hosts), router
        self.mac = {h: mac_of(ns, "h0") for h, ns in hosts.items()}
        self.taps = {h: packet_socket(ns, "h0") for h, ns in hosts.items()}
        self.markers = {h: packet_socket(ns, "h0", 0) for h, ns in hosts.items() if h != C}
        self.port = {h: f"r{i}" for i, h in enumerate(hosts, 1)}
        self.port_mac = {h: mac_of(router, dev) for h, dev in self.port.items()}
        self.open, self.serial = {}, 0

    def link(self, src, frame, tag):
        """A host's frame to the router."""
        return frame.link(self.port_mac[src], self.mac[src], tag)

    def send(self, src, way, frames):
        how = src, way.sender, way.tag
        if how not in self.open:
            self.open[how] = way.open(self.ns[src])
        self.open[how].send([f.vnet(way.sent_tag()) + self.link(src, f, way.sent_tag())
                             for f in frames])

    def mark(self, src):
        self.serial += 1
        mark = b"marker %08d" % self.serial
        self.markers[src].send(bytes(10) + self.port_mac[src] + self.mac[src] +
                               struct.pack("!H", MARKER) + mark)
        return mark

    def collect(self, src, wanted=None, taps=None):
        """What arrives until a marker has come to all hosts, and what is wanted has, if that
        comes at all; what the marker may have overtaken comes before another one.
        """
        taps, arrived = taps or self.taps, collections.Counter()
        self.gather(src, taps, arrived, wanted)
        self.gather(src, taps, arrived)
        return arrived

    def gather(self, src, taps, arrived, wanted=None):
        mark, poll = self.mark(src), select.poll()
        missing = set(taps)
        for tap in taps.values():
            poll.register(tap, select.POLLIN)
        end = time.monotonic() + (3 if wanted else 10)
        while (missing or wanted and wanted - arrived) and time.monotonic() < end:
            poll.poll(50)
            for host, tap in taps.items():
                while (got := receive_offloads(tap)) is not None:
                    if mark in got[0]:
                        missing.discard(host)
                    elif is_ours(got[0]):
                        arrived[host, *got] += 1
        if missing:
            sys.exit(f"the marker has not come to {', '.join(missing)}")


def is_ours(frame):
    """Whether it is to or from a host, and nothing that devices say of themselves."""
    at = 18 if frame[12:14] == b"\x81\0" else 14
    if frame[at - 2:at] == b"\x08\0":
        return not {frame[at + 12:at + 16], frame[at + 16:at + 20]}.isdisjoint(HOSTS)
    return not {frame[at + 8:at + 24], frame[at + 24:at + 40]}.isdisjoint(HOSTS)


# ---- what must become of them ----

class Expect:
    """What a handler may do with a frame; each gives a list of arrivals."""

    def __init__(self, net, ports):
        self.net, self.stack, self.answers, self.tc = net, {}, {}, {}
        self.offloads = os.environ.get("OFFLOADS") != "no"
        self.above = f"r1.{VLAN}" in ports  # the port is a VLAN device,
        self.tagged = self.above and os.environ.get("REORDER") == "no"  # which leaves tags
        self.hidden = self.above and not self.tagged  # or does not

    def as_sent(self, way, f):
        """At C, as the port has got it."""
        tag = b"" if self.hidden else way.wire_tag()
        return C, self.net.link(A, f, tag), int(bool(f.sum_at)), *f.gso

    def tapped(self, src, way, f):
        """Who has the packet, too, is not to see it change."""
        return "tap", self.net.link(src, f, way.wire_tag()), int(bool(f.sum_at)), *f.gso

    def to_c(self, arrivals):
        """The same at C, with addresses of the router and C."""
        out = self.net.mac[C] + self.net.port_mac[C]
        return [(C, out + frame[12:], *offloads) for _, frame, *offloads in arrivals]

    def forwarded(self, f):
        """To B, without asking the stack."""
        return B, Frame("", hop(f.packet)).link(self.net.mac[B], self.net.port_mac[B]), 0, 0, 0

    def nothing(self, _way, _f):
        return []

    def goes_on(self, way, f):
        return self.stack[way.tag, f.name]

    def accepted(self, way, f):
        return [] if f.name in STRANGE else self.answers[way.tag, f.name]

    def echoed(self, way, f):
        if f.name not in ECHOED or self.tagged:
            return self.goes_on(way, f)
        partial = bool(f.sum_at) and self.offloads
        packet = answer(f.packet if partial else completed(f), partial)
        reply = Frame("", packet, tail=f.tail)
        tag = UNTOLD if self.above else way.wire_tag()
        return [(A, reply.link(self.net.mac[A], self.net.port_mac[A], tag),
                 int(partial), 0, 0)]

    def redirected(self, way, f):
        return [self.as_sent(way, f)] if self.offloads else self.tc[way.tag, f.name]

    def received(self, way, f):
        """By r3's peer, without r3's having sent it, unless a tag is in the frame."""
        return self.redirected(way, f) if self.tagged else [self.as_sent(way, f)]

    def addressed(self, way, f):
        return self.to_c(self.redirected(way, f))

    def mirrored(self, way, f):
        return self.goes_on(way, f) + self.redirected(way, f)

    def truncated(self, way, f):
        """A tag that is not in the packet is no part of its length."""
        end = 60 if self.above else 60 + len(way.wire_tag())
        return self.goes_on(way, f) + [(C, self.as_sent(way, f)[1][:end], 0, 0, 0)]

    def marked(self, way, f):
        """The mark has the stack route it to C."""
        return self.to_c(self.goes_on(way, f))


# The first packet of each family uses a limit up.
OVER = {"within": "first", "over": "segs"}

# The words of a handler; what becomes of packets; what the port counts them as, if all are
# counted alike; the figures that must be the number of frames or of packets on the wire.
HANDLERS = {
    "count": ("count", Expect.goes_on, None, {}),
    "drop": ("drop", Expect.nothing, "handler_drop_packets", {}),
    "pass": ("pass", Expect.goes_on, "pass:handler", {}),
    "forward": ("forward", Expect.goes_on, None, {}),
    "echo": ("echo", Expect.echoed, None, {}),
    "mirror": ("mirror dev r3", Expect.mirrored, None, {"mirrored": "frames", "lost": None}),
    "mirror-truncate": ("mirror dev r3 truncate 60", Expect.truncated, None,
                        {"mirrored": "frames", "lost": None}),
    "redirect": ("redirect dev r3", Expect.redirected, "redirect_packets", {}),
    "redirect-peer": ("redirect dev r3 peer", Expect.received, "redirect_packets", {}),
    "redirect-lladdr": ("redirect dev r3 lladdr 02:00:00:00:03:02", Expect.addressed,
                        "redirect_packets", {}),
    "limit-within": ("limit pps 1000000 burst 1000000", Expect.goes_on, None,
                     {"within": "segs", "over": None}),
    "limit-drop": ("limit rate 1bps burst 1 per src", Expect.nothing, "handler_drop_packets", OVER),
    "limit-pass": ("limit rate 1bps burst 1 over pass", Expect.goes_on, "pass:handler", OVER),
    "limit-mark": ("limit rate 1bps burst 1 over mark mark 7", Expect.marked, None, OVER),
    "allow-established": ("allow-established", Expect.goes_on, None,
                          {"accepted": None, "unknown": "frames"}),
    "flowmon": ("flowmon", Expect.goes_on, None, {}),
}


# ---- what is done ----

def has_device(ns, dev):
    try:
        return bool(mac_of(ns, dev))
    except OSError:
        return False


class Router:
    """The router's table and ports, by kpacctl."""

    def __init__(self, ns, port):
        self.ns, self.port = ns, port
        self.has_vlan = has_device(ns, f"r1.{VLAN}")

    def tc(self, *words):
        subprocess.run(["tc", "-n", self.ns, "filter", *words], check=True)

    @contextlib.contextmanager
    def redirecting(self):
        """What r1 receives leaves by r3, as tc does it."""
        self.tc("add", "dev", "r1", "ingress", "prio", "2", "matchall",
                "action", "mirred", "egress", "redirect", "dev", "r3")
        yield
        self.tc("del", "dev", "r1", "ingress", "prio", "2")

    def kpacctl(self, *words, text=None):
        run = subprocess.run([KPACCTL, "-n", self.ns, *words], input=text, capture_output=True,
                             text=True, check=False)
        if run.returncode:
            sys.exit(f"kpacctl {' '.join(words)}: {run.stderr}")
        return run.stdout

    def add_ports(self, ports, door):
        for port in ports:
            self.kpacctl("port", "add", "dev", port, "door", door)

    def show(self, *words):
        return json.loads(self.kpacctl("-j", *words))

    def load(self, entries):
        text = "".join(f"add prio {i} {words}\n" for i, words in enumerate(entries))
        self.kpacctl("handler", "batch", "replace", "-", text=text)

    def counted(self, name):
        """Packets that the port has counted as something."""
        if not name:
            return 0
        stat = self.show("stat", "show", "dev", self.port)[0]
        if name.startswith("pass:"):
            return sum(p["packets"] for p in stat["pass"] if p["reason"] == name[5:])
        return stat[name]


class Run:
    """All packets with one handler after the other."""

    def __init__(self, net, router, expect, ways):
        self.net, self.router, self.expect, self.ways = net, router, expect, ways
        self.wrong = []

    def say(self, name):
        for line in self.wrong[:LINES]:
            print("#", line)
        if len(self.wrong) > LINES:
            print(f"# and {len(self.wrong) - LINES} more")
        print("not ok" if self.wrong else "ok", name, flush=True)
        self.wrong = []

    def note(self, src, frames, host, notes):
        """Note what arrives, of each packet, without kpac."""
        for tag in {way.tag for way in self.ways.values()}:
            hosts = set() if tag and not self.router.has_vlan else {host}
            for f in frames:
                arrived = collections.Counter()
                self.net.send(src, Way(Sender, tag), [f])
                self.net.gather(src, self.net.taps, arrived)
                notes[tag, f.name] = list(arrived.elements())
                if {a[0] for a in arrived} != hosts:
                    self.wrong.append(f"{tag} {f.name}: {arrived}")

    def compare(self, way, arrived, wanted, names):
        """Note what arrived and was not wanted, and the reverse."""
        for text, more in ("is missing", wanted - arrived), ("is too much", arrived - wanted):
            for (host, frame, *offloads), n in more.items():
                name = names.get((host, frame), "of no kind")
                self.wrong.append(f"{way}: {n} at {host} {text}: {name} {offloads} "
                                  f"{frame[:96].hex()}")

    def send(self, src, frames, name, what):
        """Send frames in one way, and compare what arrives with what(WAY, FRAME) says."""
        way, names, taps = self.ways[name], {}, dict(self.net.taps)
        if way.tapped:
            taps["tap"] = packet_socket(self.router.ns, self.net.port[src])
        wanted = collections.Counter()
        for f in frames:
            arrivals = what(way, f) + way.tapped * [self.expect.tapped(src, way, f)]
            wanted.update(arrivals)
            names.update(((host, frame), f.name) for host, frame, *_ in arrivals)
        self.net.send(src, way, frames)
        self.compare(name, self.net.collect(src, wanted, taps), wanted, names)
        if way.tapped:
            taps["tap"].close()

    def check_counts(self, counts, figures):
        """What the entries say they have counted."""
        sums = collections.Counter()
        for e in self.router.show("handler", "show"):
            sums.update(segs=e["packets"], bytes=e["bytes"], **e["do"][0].get("figures", {}))
        wanted = {"segs": counts["segs"] + counts["first"], "bytes": counts["bytes"],
                  **{k: counts[v] if v else 0 for k, v in figures.items()}}
        self.wrong.extend(f"{key}: the entries have counted {sums[key]}, not {number}"
                          for key, number in wanted.items() if sums[key] != number)

    def handler(self, name):
        """Send all packets in all ways."""
        words, what, stat, figures = HANDLERS[name]
        first = LARGE if figures is OVER else []
        self.router.load(f"{src} do {words}" for src in ("src 10.1.0.2", "src fd01::2"))
        self.net.send(A, Way(Sender), first)
        self.net.collect(A)
        before = self.router.counted(stat)
        for way in self.ways:
            self.send(A, FRAMES, way, lambda w, f: what(self.expect, w, f))
        n = len(self.ways)
        counts = {"frames": n * len(FRAMES), "segs": n * sum(f.segs for f in FRAMES),
                  "bytes": n * sum(f.length() for f in FRAMES) + sum(f.length() for f in first),
                  "first": len(first)}
        self.check_counts(counts, figures)
        counted = self.router.counted(stat) - before
        if stat and counted != counts["frames"]:
            self.wrong.append(f"{stat}: the port has counted {counted}, not {counts['frames']}")
        if name == "flowmon":
            self.check_flows()
        self.say(name)

    def check_flows(self):
        """What the monitor has counted of which flow."""
        wanted = collections.defaultdict(collections.Counter)
        for way in self.ways.values():
            for f in FRAMES:
                vlan = VLAN if way.tag and not self.expect.above else 0
                wanted[flow_of(f, vlan)].update(packets=f.segs, bytes=f.length())
        got = {flow_shown(r): {k: r[k] for k in ("packets", "bytes")}
               for r in self.router.show("flowmon", "show")}
        self.wrong.extend(f"flow {key}: {got.get(key)}, not {wanted.get(key)}"
                          for key in wanted.keys() | got.keys() if got.get(key) != wanted.get(key))

    def shared(self, name, pktgen):
        """Packets that pktgen has, too, while they are received."""
        words, what, _, _ = HANDLERS[name]
        self.router.load([f"dev r1 do {words}"])
        taps = {**self.net.taps, "tap": packet_socket(self.router.ns, "r1")}
        pktgen.run()
        arrived, wanted = self.net.collect(A, None, taps), collections.Counter()
        taps["tap"].close()
        frames = [frame for host, frame, *_ in arrived.elements() if host == "tap"]
        for frame in frames:
            f = Frame("udp6" if frame[12:14] == b"\x86\xdd" else "udp4", frame[14:])
            self.expect.stack["", f.name] = [self.expect.forwarded(f)]
            wanted.update(what(self.expect, SHARED, f) + [self.expect.tapped(A, SHARED, f)])
        self.compare("shared", arrived, wanted, {})
        if len(frames) != pktgen.packets:
            self.wrong.append(f"{len(frames)} packets have come, not {pktgen.packets}")
        self.say(name)

    def established(self):
        """B may only answer."""
        self.router.load(["dev r1 do allow-established learn loose", "dev r2 do allow-established",
                          "dev r2 src 10.2.0.2 do drop", "dev r2 src fd02::2 do drop"])
        self.send(B, ANSWERS, next(iter(self.ways)), self.expect.nothing)
        for way in self.ways:
            self.send(A, FRAMES, way, self.expect.goes_on)
            self.send(B, ANSWERS, way, self.expect.accepted)
        self.say("answers")


def test_shared(run, router, net, door, handlers):
    router.add_ports(["r1"], door)
    pktgen = Pktgen(router.ns, "r1", net.port_mac[A], net.mac[A])
    for name in handlers:
        run.shared(name, pktgen)


def test_all(run, router, door, ports, handlers):
    both = {"r1", "r2"} <= set(ports)
    run.note(A, FRAMES, B, run.expect.stack)
    if both:
        run.note(B, ANSWERS, A, run.expect.answers)
    if not run.expect.offloads:
        with router.redirecting():
            run.note(A, FRAMES, C, run.expect.tc)
    run.say("without")
    router.add_ports(ports, door)
    for name in HANDLERS if handlers == ["all"] else handlers:
        run.handler(name)
    if both:
        run.established()


def main():
    os.sched_setaffinity(0, {0})  # packets stay in order
    hosts, door = dict(zip("ABC", sys.argv[2:5])), sys.argv[5]
    ports, handlers, ways = (words.split(",") for words in sys.argv[6:9])
    net = Network(hosts, sys.argv[1])
    router = Router(sys.argv[1], ports[0])
    run = Run(net, router, Expect(net, ports), {w: WAYS[w] for w in ways if w in WAYS})
    if ways == ["shared"]:
        test_shared(run, router, net, door, handlers)
    else:
        test_all(run, router, door, ports, handlers)


main()
