#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Heartbeats on the wire: one who asks, and one who answers as he is told.

beat.py ask ADDRESS PORT [key=value...]   print what comes back, or "nothing"
beat.py serve ADDRESS PORT [key=value...] answer until killed
beat.py peers COUNT PORT INTERVAL         add peers p0, p1, ... at 10.9.0.0, 10.9.0.1, ...
"""
import ctypes
import os
import selectors
import socket
import struct
import sys
import time

HEADER = struct.Struct("!IBBHIIQQ")
MAGIC, PROBE, ANSWER = 0x6B506862, 1, 2


def options(words, **otherwise):
    for word in words:
        key, value = word.split("=", 1)
        if key not in otherwise:
            sys.exit(f"unknown: {key}")
        otherwise[key] = int(value, 0)
    return otherwise


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def ask(address, port, words):
    """One probe; magic, version, type, size and the sender's port can be wrong."""
    o = options(words, magic=MAGIC, version=1, type=PROBE, size=64, sport=0, fill=0, wait=1000)
    probe = HEADER.pack(o["magic"], o["version"], o["type"], 0, 0x01020304, 77, 123456789 << 20, 0xFEEDFACE << 16 | 5)
    probe = (probe + bytes([o["fill"]]) * 2000)[: o["size"]]
    s = socket.socket(family(address), socket.SOCK_DGRAM)
    s.bind(("", o["sport"]))
    s.connect((address, port))
    s.settimeout(o["wait"] / 1000)
    s.send(probe)
    try:
        got = s.recv(4096)
    except OSError:
        return print("nothing")
    magic, version, kind, text_len, *rest = HEADER.unpack_from(got)
    same = rest == list(HEADER.unpack_from(probe)[4:]) and (magic, version) == (MAGIC, 1)
    text, behind = got[32 : 32 + text_len], got[32 + text_len :]
    print(
        "answer" if kind == ANSWER else f"type {kind}",
        "copied" if same else "changed",
        "as long" if len(got) == len(probe) else f"{len(got)} bytes",
        text.hex() if any(c < 32 or c > 126 for c in text) else text.decode() or "-",
        "rest" if behind == probe[32 + text_len :] else "another rest",
    )


def serve(address, port, words):
    """Answer every Nth probe, with a delay, twice, or what is not quite an answer.

    from=P sends from another port, flip=B flips bits of byte B of the header,
    known=1 sends the first probe's answer to all.
    """
    o = options(words, every=1, skip=0, delay=0, copies=1, flip=-1, known=0, **{"from": 0})
    s = socket.socket(family(address), socket.SOCK_DGRAM)
    s.bind((address, port))
    out = s
    if o["from"]:
        out = socket.socket(family(address), socket.SOCK_DGRAM)
        out.bind((address, o["from"]))
    print("ready", flush=True)
    waiting, first, n = [], None, 0
    wait = selectors.DefaultSelector()
    wait.register(s, selectors.EVENT_READ)
    while True:
        until = waiting[0][0] - time.monotonic() if waiting else None
        if wait.select(until if until is None else max(until, 0)):
            data, sender = s.recvfrom(4096)
            n += 1
            first = first or data
            if n > o["skip"] and not n % o["every"]:
                answer = bytearray(first if o["known"] else data)
                answer[5] = ANSWER
                if o["flip"] >= 0:
                    answer[o["flip"]] ^= 0x5A
                waiting.append((time.monotonic() + o["delay"] / 1000, bytes(answer), sender))
        while waiting and waiting[0][0] <= time.monotonic():
            _, answer, sender = waiting.pop(0)
            for _ in range(o["copies"]):
                out.sendto(answer, sender)


class Config(ctypes.Structure):
    """struct kpac_heartbeat_config"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("addr", ctypes.c_uint8 * 16),
        ("addr_len", ctypes.c_uint),
        ("dport", ctypes.c_uint16),
        ("src", ctypes.c_uint8 * 16),
        ("has_src", ctypes.c_bool),
        ("sport", ctypes.c_uint16),
        ("ifindex", ctypes.c_uint),
        ("interval", ctypes.c_uint),
        ("misses", ctypes.c_uint),
        ("hits", ctypes.c_uint),
        ("probe_size", ctypes.c_uint),
    ]


def peers(count, port, words):
    """Have the kernel send probes to many peers; a process for each would take long."""
    here = os.path.join(os.environ["KPAC_TOP"], "userspace/libkpac.so")
    lib = ctypes.CDLL(here if os.path.exists(here) else "libkpac.so.1")
    lib.kpac_error.restype = ctypes.c_char_p
    handle = ctypes.c_void_p()
    if lib.kpac_open(ctypes.byref(handle), None):
        sys.exit(lib.kpac_error(handle))
    config = Config(size=ctypes.sizeof(Config), addr_len=4, dport=port, interval=int(words[0]))
    for i in range(int(count)):
        config.name = b"p%d" % i
        config.addr[:4] = bytes([10, 9, i >> 8, i & 255])
        if lib.kpac_heartbeat_add(handle, ctypes.byref(config)):
            sys.exit(lib.kpac_error(handle))


if __name__ == "__main__":
    {"ask": ask, "serve": serve, "peers": peers}[sys.argv[1]](sys.argv[2], int(sys.argv[3]), sys.argv[4:])
