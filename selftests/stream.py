#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Steady streams of numbered UDP packets through a router, and where they arrive.

  stream.py SRCNS DSTNS[,DSTNS...]

Sends packets of each stream from SRCNS to 10.9.0.1 or fd09::1, which every
destination namespace owns: faster while they are watched. The streams: "4" and "6" from the ordinary address,
"a" from 10.8.0.1, the way back to which is another. Reads commands, one per line;
puts the answer into the file $ANSWER and prints ".":

  watch N   send N more of each, and tell where these arrived: for each stream the
            destinations' names, "-" for nowhere, or counts if they did not agree;
            and the time to live with which they did. Then, for IPv4 and IPv6,
            whether SRCNS had no ICMP errors, some, or one for each packet
"""

import os
import select
import socket
import struct
import sys
import time

from nettest import Counters, netns

IP_RECVTTL, IP_TTL, IP_MTU_DISCOVER, PMTUDISC_PROBE = 12, 2, 10, 3
IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT, IPV6_MTU_DISCOVER = 51, 52, 23
PORT, SIZE = 4009, 1400
IDLE, WATCHED = 1 / 40, 1 / 400     # seconds between packets
NAMES = "46a"


class Stream:
    """All streams: they share one number, so that "from now on" is the same for all."""

    def __init__(self, src, dsts):
        self.interval, self.number, self.due = IDLE, 0, time.monotonic()
        self.senders = {}
        with netns(src):
            for name in NAMES:
                v6 = name == "6"
                s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
                if v6:
                    s.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE)
                else:
                    s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE)
                s.bind({"4": ("10.1.0.2", 0), "6": ("fd01::2", 0), "a": ("10.8.0.1", 0)}[name])
                s.setblocking(False)
                self.senders[name] = (s, ("fd09::1" if v6 else "10.9.0.1", PORT))
        self.counters = Counters(src)
        self.receivers, self.got = {}, {}
        for ns in dsts:
            for family in (socket.AF_INET, socket.AF_INET6):
                self.receivers.update(self.receiver(ns, family))

    @staticmethod
    def receiver(ns, family):
        with netns(ns):
            s = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)
            else:
                s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
            s.bind(("fd09::1" if family == socket.AF_INET6 else "10.9.0.1", PORT))
            s.setblocking(False)
            return {s.fileno(): (s, ns.split("-")[0])}

    def read_errors(self):
        now = self.counters.read()
        return [now["IcmpInDestUnreachs"] + now["IcmpInTimeExcds"],
                sum(now.get("Icmp6In" + k, 0)
                    for k in ("DestUnreachs", "PktTooBigs", "TimeExcds", "ParmProblems"))]

    def step(self):
        """Send what is due and take what has arrived."""
        now = time.monotonic()
        if now >= self.due:
            self.due = max(self.due + self.interval, now - 10 * self.interval)
            self.number += 1
            for name, (s, to) in self.senders.items():
                packet = struct.pack("!cQ", name.encode(), self.number).ljust(SIZE, b".")
                for _ in range(2):      # the first call may report an earlier ICMP error
                    try:
                        s.sendto(packet, to)
                        break
                    except OSError:
                        pass

    def take(self, fileno):
        s, ns = self.receivers[fileno]
        while True:
            try:
                data, anc, _, _ = s.recvmsg(2048, 64)
            except BlockingIOError:
                return
            ttl = struct.unpack("i", anc[0][2])[0] if anc else 0
            name, number = struct.unpack_from("!cQ", data)
            self.got.setdefault(number, []).append((name.decode(), ns, ttl))

    def run(self, poll, until):
        """Go on until the function says so; tell whether there is a command."""
        while not until():
            wait = max(0, self.due - time.monotonic())
            for fileno, _ in poll.poll(wait * 1000):
                if fileno in self.receivers:
                    self.take(fileno)
                else:
                    return True
            self.step()
        return False

    def watch(self, count):
        first = self.number + 1
        self.got, errors = {}, self.read_errors()
        poll = self.poll()
        self.interval, self.due = WATCHED, time.monotonic()
        self.run(poll, lambda: self.number >= first + count)
        self.interval = IDLE
        end = time.monotonic() + 0.06
        self.run(poll, lambda: time.monotonic() > end)
        errors = [b - a for a, b in zip(errors, self.read_errors())]
        out = []
        for name in NAMES:
            seen, ttls = {}, set()
            for number in range(first, first + count):
                for stream, ns, ttl in self.got.get(number, []):
                    if stream == name:
                        seen[ns] = seen.get(ns, 0) + 1
                        ttls.add(ttl)
            if len(seen) == 1 and list(seen.values()) == [count]:
                where = list(seen)[0] + "".join(f"/{t}" for t in sorted(ttls))
            else:
                where = "+".join(f"{n}*{ns}" for ns, n in sorted(seen.items())) or "-"
            out.append(f"{name}:{where}")
        return " ".join(out) + "\nICMP errors: " + " ".join(
            "none" if not n else "some" if n < count else "each" for n in errors)

    def poll(self):
        poll = select.poll()
        for fileno in self.receivers:
            poll.register(fileno, select.POLLIN)
        return poll

    def main(self):
        poll = self.poll()
        poll.register(0, select.POLLIN)
        os.set_blocking(0, False)
        pending = b""
        while True:
            self.run(poll, lambda: False)
            data = os.read(0, 4096)
            if not data:
                return
            pending += data
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                words = line.decode().split()
                with open(os.environ["ANSWER"], "w", encoding="ascii") as out:
                    print(self.watch(int(words[1])), file=out)
                print(".", flush=True)


if __name__ == "__main__":
    Stream(sys.argv[1], sys.argv[2].split(",")).main()
