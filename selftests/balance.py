#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Servers that say who they are, and clients that ask them, for the tests of balance.

Reads commands, one per line; puts the answer into the file $ANSWER and prints ".".
Counts are told as lines "NAME N"; NAME is "none" where nobody has answered.

  serve NAME NS ADDR PORT      TCP and UDP: NAME, then all that comes, back again
  end NAME                     no more of that, nor of its connections
  open TAG NS ADDR PORT N      N connections: counts
  talk TAG                     whether each of them still has its server: counts
  bulk TAG BYTES               so many through each, there and back: "BYTES right"
  close TAG
  udp NS ADDR PORT N SPORT     a datagram from each of N source ports: counts
  refused NS ADDR PORT         a datagram: "refused" if an ICMP error says so
  flows NS SEEN DEV ADDR PORT N SPORT
                               N datagrams from as many ports; where DEV of the
                               namespace SEEN sees each arrive: lines "SPORT ADDR"
  frame NS DEV HEX             send a frame
  begin NS                     begin to list the back ends there: how many so far
  finish                       go on to the end: how many more
  forget                       all servers and connections
"""

import collections
import os
import select
import socket
import struct
import sys
import threading
import time

from nettest import VNET_HDR_LEN, netns, packet_socket, receive

LIMIT = 3


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


class Server:
    """One thread: a select loop over a TCP and a UDP socket, and connections."""

    def __init__(self, name, ns, addr, port):
        self.name, self.open, self.pending = name.encode() + b"\n", True, {}
        with netns(ns):
            self.tcp = socket.socket(family(addr), socket.SOCK_STREAM)
            self.udp = socket.socket(family(addr), socket.SOCK_DGRAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for s in (self.tcp, self.udp):
            s.bind((addr, port))
        self.tcp.listen(512)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.open:
            readable, writable, _ = select.select(
                [self.tcp, self.udp] + [s for s, data in self.pending.items() if len(data) < 1 << 20],
                [s for s, data in self.pending.items() if data], [], 0.1)
            for s in readable:
                self.read(s)
            for s in writable:
                self.write(s)
        for s in (self.tcp, self.udp, *self.pending):
            s.close()

    def read(self, s):
        if s is self.tcp:
            new, _ = s.accept()
            new.setblocking(False)
            self.pending[new] = self.name
        elif s is self.udp:
            try:
                data, sender = s.recvfrom(65536)
                s.sendto(self.name + data, sender)
            except OSError:
                pass    # of an ICMP error
        else:
            try:
                data = s.recv(1 << 16)
            except OSError:
                data = b""
            if data:
                self.pending[s] += data
            else:
                self.pending.pop(s)
                s.close()

    def write(self, s):
        if s not in self.pending:
            return
        try:
            self.pending[s] = self.pending[s][s.send(self.pending[s]):]
        except OSError:
            self.pending.pop(s)
            s.close()

    def end(self):
        self.open = False
        self.thread.join()


SERVERS, TAGS = {}, {}


def counts(names):
    return "".join("%s %d\n" % pair for pair in sorted(collections.Counter(names).items()))


def serve(name, ns, addr, port):
    SERVERS.setdefault(name, []).append(Server(name, ns, addr, int(port)))


def end(name):
    for server in SERVERS.pop(name):
        server.end()


def get(s, size):
    data = b""
    while len(data) < size:
        part = s.recv(size - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data


def get_line(s):
    line = b""
    while not line.endswith(b"\n"):
        line += get(s, 1)
    return line.decode().strip()


def connect(ns, addr, port):
    with netns(ns):
        s = socket.socket(family(addr), socket.SOCK_STREAM)
    s.settimeout(LIMIT)
    try:
        s.connect((addr, port))
        return s, get_line(s)
    except OSError:
        s.close()
        return None, "none"


def open_(tag, ns, addr, port, n):
    TAGS[tag] = [connect(ns, addr, int(port)) for _ in range(int(n))]
    return counts(name for _, name in TAGS[tag])


def talk(tag):
    told = []
    for i, (s, name) in enumerate(TAGS[tag]):
        question = b"%d %d" % (i, time.monotonic_ns())
        try:
            s.sendall(question)
            told.append(name if get(s, len(question)) == question else "other")
        except (OSError, AttributeError):
            told.append("none")
    return counts(told)


def bulk_one(s, size):
    data = bytes(i * 31 & 0xff for i in range(4096)) * (size // 4096 + 1)
    data = data[:size]
    sender = threading.Thread(target=lambda: s.sendall(data))
    sender.start()
    back = get(s, size)
    sender.join()
    return back == data


def bulk(tag, size):
    for s, _ in TAGS[tag]:
        s.settimeout(30)
        if not bulk_one(s, int(size)):
            return "wrong\n"
    return "%s right\n" % size


def close(tag):
    for s, _ in TAGS.pop(tag):
        if s:
            s.close()


def udp_socket(ns, addr, sport):
    with netns(ns):
        s = socket.socket(family(addr), socket.SOCK_DGRAM)
    s.bind(("", sport))
    return s


def udp(ns, addr, port, n, sport):
    sockets = [udp_socket(ns, addr, int(sport) + i) for i in range(int(n))]
    told, until = {}, time.monotonic() + LIMIT
    for s in sockets:
        s.connect((addr, int(port)))
        s.send(b"x")
    while len(told) < len(sockets) and time.monotonic() < until:
        poll = select.poll()
        for s in sockets:
            if s not in told:
                poll.register(s, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(200)}
        for s in [s for s in sockets if s.fileno() in ready]:
            try:
                told[s] = s.recv(100).split(b"\n")[0].decode()
            except OSError:
                told[s] = "none"
    names = [told.get(s, "none") for s in sockets]
    for s in sockets:
        s.close()
    return counts(names)


def refused(ns, addr, port):
    with netns(ns):
        s = socket.socket(family(addr), socket.SOCK_DGRAM)
    s.settimeout(LIMIT)
    s.connect((addr, int(port)))
    s.send(b"x")
    try:
        return "answered %s\n" % s.recv(100)
    except ConnectionRefusedError:
        return "refused\n"
    except OSError:
        return "nothing\n"


def arrival(frame):
    """Source port and receiver of a UDP packet over IPv4, or None."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    return struct.unpack("!H", frame[34:36])[0], socket.inet_ntoa(frame[30:34])


def flows(ns, seen, dev, addr, port, n, sport):
    n, sport = int(n), int(sport)
    tap = packet_socket(seen, dev)
    got = {}
    for i in range(n):
        with udp_socket(ns, addr, sport + i) as s:
            s.sendto(b"x", (addr, int(port)))
        if i % 64 == 63 or i == n - 1:
            got.update(collect(tap, sport, n))
    tap.close()
    return "".join("%d %s\n" % pair for pair in sorted(got.items()))


def collect(tap, sport, n):
    select.select([tap], [], [], 0.2)
    while (told := receive(tap)) is not None:
        where = arrival(told[0])
        if where and sport <= where[0] < sport + n:
            yield where


def frame(ns, dev, data):
    tap = packet_socket(ns, dev)
    tap.send(bytes(VNET_HDR_LEN) + bytes.fromhex(data))
    tap.close()


class Listing:
    """A listing of back ends that goes on when somebody reads more of it."""

    KPAC_CMD_BACKEND_GET, CTRL_CMD_GETFAMILY, GENL_ID_CTRL = 30, 3, 16
    CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
    NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 2, 3

    def __init__(self, ns):
        with netns(ns):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.settimeout(LIMIT)
        self.send(self.GENL_ID_CTRL, self.CTRL_CMD_GETFAMILY, self.NLM_F_REQUEST,
                  struct.pack("=HH8s", 9, self.CTRL_ATTR_FAMILY_NAME, b"kpac"))
        self.send(self.family(), self.KPAC_CMD_BACKEND_GET, self.NLM_F_REQUEST | self.NLM_F_DUMP)

    def send(self, kind, command, flags, attrs=b""):
        self.sock.send(struct.pack("=IHHIIBBH", 20 + len(attrs), kind, flags, 1, 0, command, 1, 0) +
                       attrs)

    def family(self):
        data, at = self.sock.recv(4096), 20
        while at < len(data):
            size, kind = struct.unpack_from("=HH", data, at)
            if kind == self.CTRL_ATTR_FAMILY_ID:
                return struct.unpack_from("=H", data, at + 4)[0]
            at += (size + 3) & ~3
        raise ValueError("no family")

    def read(self):
        """How many there are in one piece, and whether more may come."""
        # the kernel has as much ready as was read
        data, n, at = self.sock.recv(4096), 0, 0
        while at < len(data):
            size, kind = struct.unpack_from("=IH", data, at)
            if kind == self.NLMSG_ERROR:
                raise OSError("listing")
            if kind == self.NLMSG_DONE:
                return n, False
            n += 1
            at += (size + 3) & ~3
        return n, True


LISTINGS = []


def begin(ns):
    LISTINGS.append(Listing(ns))
    n, more = LISTINGS[-1].read()
    return "%d%s\n" % (n, "" if more else " all")


def finish():
    listing, total, more = LISTINGS.pop(), 0, True
    while more:
        n, more = listing.read()
        total += n
    listing.sock.close()
    return "%d\n" % total


def forget():
    for name in list(SERVERS):
        end(name)
    for tag in list(TAGS):
        close(tag)


COMMANDS = {"serve": serve, "end": end, "open": open_, "talk": talk, "bulk": bulk, "close": close,
            "udp": udp, "refused": refused, "flows": flows, "frame": frame, "begin": begin,
            "finish": finish, "forget": forget}


def main():
    for line in sys.stdin:
        words = line.split()
        try:
            told = COMMANDS[words[0]](*words[1:]) or ""
        except Exception as error:  # pylint: disable=broad-except
            told = "error: %s: %r\n" % (line.strip(), error)
        with open(os.environ["ANSWER"], "w", encoding="ascii") as answer:
            answer.write(told)
        print(".", flush=True)


if __name__ == "__main__":
    main()
