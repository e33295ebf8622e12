#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Send numbered UDP packets and tell which arrived, in which order, and how.

  numbered.py SRCNS DSTNS [TAP]

Packets go from SRCNS to 10.2.0.2 or fd02::2, which is in DSTNS; or, with TAP, they
leave DSTNS by that device, which is made (a tap), and are read from it. Reads
commands, one per line; puts the answer into the file $ANSWER and prints ".":

  send [NAME=VALUE...]      send, and wait until nothing more arrives
  start [NAME=VALUE...]     the same in the background, until "stop", without end
  stop                      the answer is that of "send"
  single N [SRCNS]          send N single packets, each when the one before has
                            arrived; how many did, and the median of the time in us
  pause | resume            whether arriving packets are taken

  count=1000    packets of each sender
  senders=1     processes; each has a flow of its own
  burst=1       packets that the stack makes at once, of one of UDP_SEGMENT
  size=64       bytes of payload
  window=192    packets of all flows that may be on their way, but a burst of each; 0: any
                number. What a receiver's ring has no room for, which is 256, QEMU
                may deliver in another order
  cpus=0        the senders' CPUs, in turn
  move=0        change to the next CPU after so many packets
  large=0       every so many'th packet has 2000 bytes, and may be fragmented
  family=4      4 or 6
  tos=0         for family 4
  from=SRCNS    another namespace to send from

The answer: NAME=VALUE of sent (what the kernel took), refused (what it did not),
received, lost, reordered, repeated and broken (in its contents).
"""

import errno
import fcntl
import mmap
import os
import select
import socket
import struct
import sys
import time

from nettest import SO_RCVBUFFORCE, netns

PORT, HEAD = 4009, struct.Struct("!4sHHQ")
IP_TOS, IP_RECVERR, IPV6_RECVERR, IP_MTU_DISCOVER = 1, 11, 25, 10
IP_PMTUDISC_DONT = 0
UDP_SEGMENT = 103
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
DEFAULTS = {"count": 1000, "senders": 1, "burst": 1, "size": 64, "window": 192, "cpus": "0",
            "move": 0, "large": 0, "family": 4, "tos": 0, "from": None}
FILL = bytes((i * 7 + i // 251) & 0xff for i in range(4096))
MAX = 8     # senders
# Why a packet may not be taken now: the device is full, down, or gone.
REFUSED = (errno.ENOBUFS, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENODEV,
           errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.EPERM, errno.EINVAL, errno.ENXIO)


def payload(run, flow, number, want):
    size = 2000 if want["large"] and number % want["large"] == want["large"] - 1 else want["size"]
    return HEAD.pack(b"kpac", run, flow, number) + FILL[number % 1999:number % 1999 + size - HEAD.size]


class Shared:
    """Numbers that all processes see: for each sender sent, refused, received; and "stop"."""

    def __init__(self):
        self.words = memoryview(mmap.mmap(-1, 8 * (3 * MAX + 1))).cast("Q")

    def clear(self):
        for i in range(len(self.words)):
            self.words[i] = 0


def sender(shared, flow, run, want, parent):
    """A process that sends a flow."""
    cpus = [int(c) for c in str(want["cpus"]).split(",")]
    at = flow
    os.sched_setaffinity(0, {cpus[at % len(cpus)]})
    v6, burst = want["family"] == 6, want["burst"]
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    if v6:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        s.setsockopt(socket.IPPROTO_IP, IP_TOS, want["tos"])
        if want["large"]:
            s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    if burst > 1:
        s.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, want["size"])
    s.connect(("fd02::2" if v6 else "10.2.0.2", PORT))
    words, base, number, moved, credit = shared.words, 3 * flow, 0, 0, 0
    window = want["window"] and max(want["window"] // want["senders"], burst)
    while number < want["count"] and not words[3 * MAX] and os.getppid() == parent:
        n = min(burst, want["count"] - number)
        if window:
            end = time.monotonic() + 1
            while number + n - words[base + 1] - words[base + 2] - credit > window:
                time.sleep(0.0002)
                if time.monotonic() > end:      # they are lost
                    credit = number - words[base + 1] - words[base + 2]
        data = b"".join(payload(run, flow, number + i, want) for i in range(n))
        for _ in range(3):      # an error may be that of an earlier packet
            try:
                s.send(data)
                words[base] += n
                break
            except OSError as e:
                if e.errno not in REFUSED:
                    raise
                error = e.errno
                if error == errno.ENOBUFS:
                    words[base + 1] += n
                    break
        else:
            words[base + 1] += n
            time.sleep(0.002)
        number += n
        moved += n
        if want["move"] and moved >= want["move"]:
            moved, at = 0, at + 1
            os.sched_setaffinity(0, {cpus[at % len(cpus)]})


class Receiver:
    """Takes what arrives and looks at it."""

    def __init__(self, shared, src, dst, tap):
        self.shared, self.src, self.run = shared, src, 0
        self.last, self.seen, self.children, self.want = {}, {}, [], None
        self.result = dict.fromkeys(("received", "reordered", "repeated", "broken"), 0)
        self.tap, self.paused = tap, False
        with netns(dst):
            self.fds = [self.open_tap(tap)] if tap else [
                self.open_udp(socket.AF_INET), self.open_udp(socket.AF_INET6)]

    @staticmethod
    def open_tap(name):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        return fd

    @staticmethod
    def open_udp(family):
        s = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        s.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", PORT))
        s.setblocking(False)
        return s.detach()

    def take(self, fd):
        """Take some of what has arrived."""
        for _ in range(64):
            try:
                data = os.read(fd, 4096)
            except OSError:         # nothing, or the device has gone
                return
            if self.tap:
                data = data[42 if data[12:14] == b"\x08\0" else 62:]
            if len(data) < HEAD.size:
                continue
            magic, run, flow, number = HEAD.unpack_from(data)
            if magic == b"kpac" and run == self.run & 0xffff:
                self.look(data, flow, number)

    def look(self, data, flow, number):
        result, seen = self.result, self.seen.setdefault(flow, set())
        if number in seen:
            result["repeated"] += 1
            return
        seen.add(number)
        result["received"] += 1
        self.shared.words[3 * flow + 2] += 1
        result["reordered"] += number < self.last.get(flow, 0)
        self.last[flow] = max(number, self.last.get(flow, 0))
        result["broken"] += data != payload(self.run & 0xffff, flow, number, self.want)

    def start(self, words, count=None):
        want = dict(DEFAULTS)
        for word in words:
            name, value = word.split("=")
            want[name] = value if name in ("cpus", "from") else int(value)
        if count:
            want["count"] = count
        self.shared.clear()
        self.run += 1
        self.last, self.seen, self.want = {}, {}, want
        self.result = dict.fromkeys(self.result, 0)
        parent = os.getpid()
        for flow in range(want["senders"]):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    with netns(want["from"] or self.src):
                        sender(self.shared, flow, self.run & 0xffff, want, parent)
                    code = 0
                except OSError as e:
                    print("numbered.py:", e, file=sys.stderr, flush=True)
                finally:
                    os._exit(code)
            self.children.append(pid)

    def sending(self):
        self.children = [c for c in self.children if os.waitpid(c, os.WNOHANG)[0] == 0]
        return bool(self.children)

    def poll_once(self, poll, wait):
        """Returns whether there is a command, and whether something arrived."""
        command = arrived = False
        for fd, event in poll.poll(wait):
            if fd == 0:
                command = True
            elif not self.paused:
                before = self.result["received"]
                self.take(fd)
                arrived |= self.result["received"] != before
                if event & (select.POLLERR | select.POLLHUP):
                    time.sleep(0.01)
        return command, arrived

    def finish(self):
        """Wait until the senders have ended and nothing more arrives; the answer."""
        poll = self.poll(False)
        quiet = time.monotonic()
        while self.sending() or time.monotonic() < quiet + (0.1 if self.complete() else 0.5):
            if self.poll_once(poll, 20)[1] or self.children:
                quiet = time.monotonic()
        sent, refused = (sum(self.shared.words[i:3 * MAX:3]) for i in (0, 1))
        return "sent=%d refused=%d lost=%d %s" % (
            sent, refused, sent - self.result["received"],
            " ".join(f"{k}={v}" for k, v in self.result.items()))

    def complete(self):
        return sum(self.shared.words[0:3 * MAX:3]) <= self.result["received"]

    def single(self, words):
        """Packets one by one; how many came, and how long they took."""
        times, poll = [], self.poll(False)
        self.run += 1
        self.last, self.seen, self.want = {}, {}, DEFAULTS
        self.shared.clear()
        self.result = dict.fromkeys(self.result, 0)
        with netns(words[1] if words[1:] else self.src):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("10.2.0.2", PORT))
        for number in range(int(words[0])):
            time.sleep(0.01)
            start = time.monotonic()
            s.send(payload(self.run & 0xffff, 0, number, self.want))
            while self.result["received"] <= len(times) and time.monotonic() < start + 1:
                self.poll_once(poll, 100)
            if self.result["received"] > len(times):
                times.append(time.monotonic() - start)
        return "arrived=%d median=%d" % (len(times), 1e6 * sorted(times)[len(times) // 2] if times else 0)

    def poll(self, commands=True):
        poll = select.poll()
        for fd in self.fds:
            poll.register(fd, select.POLLIN)
        if commands:
            poll.register(0, select.POLLIN)
        return poll

    def answer(self, verb, words):
        if verb == "send":
            self.start(words)
            return self.finish()
        if verb == "start":
            self.start(words, 1 << 40)
        elif verb == "stop":
            self.shared.words[3 * MAX] = 1
            return self.finish()
        elif verb == "single":
            return self.single(words)
        else:
            self.paused = verb == "pause"
        return "ok"

    def main(self):
        poll, pending = self.poll(), b""
        while True:
            command, _ = self.poll_once(poll, 1000 if not self.paused else 10)
            if self.paused:
                time.sleep(0.005)
            if not command:
                continue
            data = os.read(0, 4096)
            if not data:
                break
            pending += data
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                verb, *words = line.decode().split()
                with open(os.environ["ANSWER"], "w", encoding="ascii") as out:
                    print(self.answer(verb, words), file=out)
                print(".", flush=True)
        self.shared.words[3 * MAX] = 1


if __name__ == "__main__":
    Receiver(Shared(), sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None).main()
