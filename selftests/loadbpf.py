#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Load the XDP program that returns one number and pin it: loadbpf.py NUMBER PATH"""

import ctypes
import struct
import sys

SYS_BPF, BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_PROG_TYPE_XDP = 321, 5, 6, 6
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attr):
    buf = ctypes.create_string_buffer(attr, len(attr))
    fd = libc.syscall(SYS_BPF, command, buf, len(attr))
    if fd < 0:
        sys.exit(f"bpf({command}): errno {ctypes.get_errno()}")
    return fd


number, path = int(sys.argv[1]), sys.argv[2].encode() + b"\0"
code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xb7, 0, 0, number, 0x95, 0, 0, 0))
text, name = ctypes.create_string_buffer(b"GPL"), ctypes.create_string_buffer(path)
prog = bpf(BPF_PROG_LOAD, struct.pack("=IIQQIIQII16s", BPF_PROG_TYPE_XDP, 2,
                                      ctypes.addressof(code), ctypes.addressof(text), 0, 0, 0,
                                      0, 0, b"kpac_test"))
bpf(BPF_OBJ_PIN, struct.pack("=QII", ctypes.addressof(name), prog, 0))
