#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Use the kpac family by its specification alone, and misuse it in every way.

  netlink.py YNL SPEC NS OTHERNS

YNL is a directory with the kernel's client (pyynl); NS has the devices d0 and d1
and m0 to m299 (dummies), lo, and t0 (no Ethernet); OTHERNS has d7. Prints lines "ok NAME" or
"not ok NAME" and, before the latter, "# WHY".
"""

import errno
import json
import os
import socket
import struct
import subprocess
import sys

from nettest import netns

YNL, SPEC, NS, OTHER = sys.argv[1:5]
sys.path.insert(0, YNL)
from lib import NlError, YnlFamily      # noqa: E402 pylint: disable=all

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE, SOL_NETLINK, NETLINK_EXT_ACK = 2, 3, 270, 11
NLMSGERR_ATTR_MSG = 1
NLA_F_NESTED, MANY = 0x8000, 300


class Wrong(Exception):
    """What was seen is not what was to be."""


def want(condition, *what):
    if not condition:
        raise Wrong(" ".join(map(str, what)))


def attr(kind, payload):
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


class Raw:
    """Generic netlink without any help: to say what no client would say."""

    def __init__(self, family):
        self.family, self.seq = family, 0
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.settimeout(5)
        self.sock.bind((0, 0))

    def call(self, command, payload=b"", flags=NLM_F_ACK, version=1, length=None, head=True):
        """Returns the error number (0 for none) and the extended-ack message."""
        self.seq += 1
        body = (struct.pack("=BBH", command, version, 0) if head else b"") + payload
        length = 16 + len(body) if length is None else length
        self.sock.send(struct.pack("=IHHII", length, self.family, NLM_F_REQUEST | flags,
                                   self.seq, 0) + body)
        while True:
            data = self.sock.recv(1 << 16)
            while len(data) >= 16:
                size, kind, mflags, seq, _ = struct.unpack_from("=IHHII", data)
                if seq == self.seq and kind in (NLMSG_ERROR, NLMSG_DONE):
                    return self.decode(data[16:size], mflags, kind)
                data = data[(size + 3) & ~3:]

    @staticmethod
    def decode(data, mflags, kind):
        code = -struct.unpack_from("=i", data)[0]
        at = 4
        if kind == NLMSG_ERROR:
            at += 16 if mflags & 0x100 else struct.unpack_from("=I", data, 4)[0]
        at = (at + 3) & ~3
        text = ""
        while at + 4 <= len(data):
            size, name = struct.unpack_from("=HH", data, at)
            if size < 4:
                break
            if name == NLMSGERR_ATTR_MSG:
                text = data[at + 4:at + size].rstrip(b"\0").decode()
            at += (size + 3) & ~3
        return code, text


def refused(name, call, *codes):
    """The call must fail with one of the codes, say why, and change nothing."""
    before = sorted(map(str, ynl.dump("port-get", {})))
    try:
        code, text = call()
    except NlError as e:
        code, text = -e.nl_msg.error, (e.nl_msg.extack or {}).get("msg", "")
    want(code in codes, name, "gave", errno.errorcode.get(code, code), repr(text), "and not",
         [errno.errorcode[c] for c in codes])
    want(text, name, "gave", errno.errorcode[code], "without a message")
    want(sorted(map(str, ynl.dump("port-get", {}))) == before, name, "changed the ports")


def do(op, attrs):
    return lambda: (0, str(ynl.do(op, attrs)))


TESTS = []


def test(function):
    TESTS.append((function.__name__, function))
    return function


def index(dev):
    return socket.if_nametoindex(dev)


# ---- what is right ----

@test
def new_get_set_del():
    want(ynl.dump("port-get", {}) == [], "there are ports already")
    ynl.do("port-new", {"ifname": "d0"})
    got = ynl.do("port-get", {"ifname": "d0"})
    want(got["ifindex"] == index("d0") and got["ifname"] == "d0", got)
    want((got["door"], got["door-used"], got["door-why"], got["forward"]) ==
         ("auto", "rx-handler", "free", 1), got)
    want("master" not in got or not got["master"], got)
    ynl.do("port-set", {"ifindex": index("d0"), "forward": 0})
    want(ynl.do("port-get", {"ifindex": index("d0")})["forward"] == 0, "forward was not set")
    ynl.do("port-set", {"ifname": "d0", "door": "ingress", "forward": 1})
    got = ynl.do("port-get", {"ifname": "d0"})
    want((got["door"], got["door-used"], got["door-why"], got["forward"]) ==
         ("ingress", "ingress", "requested", 1), got)
    ynl.do("port-set", {"ifname": "d0", "door": "rx-handler"})
    want(ynl.do("port-get", {"ifname": "d0"})["door-used"] == "rx-handler", "door was not set")
    ynl.do("port-del", {"ifname": "d0"})
    want(ynl.dump("port-get", {}) == [], "the port is still there")


@test
def index_and_name_of_one_device():
    ynl.do("port-new", {"ifindex": index("d0"), "ifname": "d0"})
    want(len(ynl.dump("port-get", {})) == 1, "no port")
    ynl.do("port-del", {"ifindex": index("d0"), "ifname": "d0"})


@test
def dump_all():
    for dev in ("d0", "d1"):
        ynl.do("port-new", {"ifname": dev, "door": "ingress"})
    want(sorted(p["ifname"] for p in ynl.dump("port-get", {})) == ["d0", "d1"], "port dump")
    want(sorted(p["ifname"] for p in ynl.dump("stats-get", {})) == ["d0", "d1"], "stats dump")
    for dev in ("d0", "d1"):
        ynl.do("port-del", {"ifname": dev})
    want(ynl.dump("stats-get", {}) == [], "stats of no ports")


@test
def statistics():
    ynl.do("port-new", {"ifname": "d0"})
    got = ynl.do("stats-get", {"ifname": "d0"})
    for name in ("packets", "bytes", "accelerated-packets", "accelerated-bytes", "drop-packets",
                 "handover-packets", "direct-packets", "queued-packets", "resolve-packets"):
        want(got.get(name) == 0, name, "in", got)
    ynl.do("stats-reset", {"ifname": "d0"})
    ynl.do("stats-reset", {})
    ynl.do("port-del", {"ifname": "d0"})


TUNING = {"tx-batch": (1, 256), "clean-batch": (1, 256), "pool": (32, None), "copybreak": (0, 1536)}


def tuning():
    got = ynl.do("port-get", {"ifname": "d0"})
    return {name: got[name] for name in TUNING}


@test
def transmit_tuning():
    ynl.do("port-new", {"ifname": "d0"})
    default = tuning()
    want(default == {"tx-batch": 64, "clean-batch": 32, "pool": 512, "copybreak": 0}, default)
    for name, (least, most) in TUNING.items():
        for value in (least, most or 1024):
            ynl.do("port-set", {"ifname": "d0", name: value})
            default[name] = value
            want(tuning() == default, "set", name, value, "got", tuning())
    everything = {"tx-batch": 3, "clean-batch": 4, "pool": 55, "copybreak": 66}
    ynl.do("port-set", {"ifname": "d0", "forward": 0, **everything})
    want(tuning() == everything, tuning())
    dumped = ynl.dump("port-get", {})[0]
    want({name: dumped[name] for name in TUNING} == everything, dumped)
    ynl.do("port-set", {"ifname": "d0", "forward": 1})
    want(tuning() == everything, "forward changed", tuning())
    ynl.do("port-del", {"ifname": "d0"})
    ynl.do("port-new", {"ifname": "d0", **everything})
    want(tuning() == everything, "a new port got", tuning())
    ynl.do("port-del", {"ifname": "d0"})


@test
def transmit_statistics():
    ynl.do("port-new", {"ifname": "d0"})
    got = ynl.do("stats-get", {"ifname": "d0"})
    tx = [v for k, v in got.items() if k.startswith("tx")]
    want(tx, "nothing of the TX side in", got)
    want(not any(v for t in tx if isinstance(t, dict) for v in t.values() if isinstance(v, int)), got)
    ynl.do("port-del", {"ifname": "d0"})


@test
def notifications():
    listener = YnlFamily(SPEC, schema="")
    listener.ntf_subscribe("ports")
    ynl.do("port-new", {"ifname": "d0"})
    ynl.do("port-set", {"ifname": "d0", "forward": 0})
    subprocess.run(["ip", "link", "set", "d0", "name", "d00"], check=True)
    subprocess.run(["ip", "link", "set", "d00", "name", "d0"], check=True)
    ynl.do("port-del", {"ifname": "d0"})
    got = []
    for message in listener.poll_ntf(duration=3):
        got.append((message["name"], message["msg"].get("ifname"), message["msg"].get("forward")))
        if len(got) == 5:
            break
    want(got == [("port-new-ntf", "d0", 1), ("port-set-ntf", "d0", 0), ("port-set-ntf", "d00", 0),
                 ("port-set-ntf", "d0", 0), ("port-del-ntf", "d0", 0)], got)


@test
def notifications_stay_in_their_namespace():
    with netns(OTHER):
        listener = YnlFamily(SPEC, schema="")
        listener.ntf_subscribe("ports")
    ynl.do("port-new", {"ifname": "d0"})
    ynl.do("port-del", {"ifname": "d0"})
    got = list(listener.poll_ntf(duration=0.3))
    want(got == [], got)


@test
def command_line_client():
    out = subprocess.run([sys.executable, YNL + "/cli.py", "--spec", SPEC, "--no-schema", "--do",
                          "port-new", "--json", '{"ifname": "d0"}'], capture_output=True, text=True,
                         check=False)
    want(out.returncode == 0, out.stderr)
    out = subprocess.run([sys.executable, YNL + "/cli.py", "--spec", SPEC, "--no-schema", "--dump",
                          "port-get", "--output-json"], capture_output=True, text=True, check=False)
    want(json.loads(out.stdout or "[]")[0:1] and "d0" in out.stdout, out.stdout, out.stderr)
    ynl.do("port-del", {"ifname": "d0"})


@test
def other_namespaces_ports_are_not_seen():
    with netns(OTHER):
        there = YnlFamily(SPEC, schema="")
    there.do("port-new", {"ifname": "d7"})
    want(ynl.dump("port-get", {}) == [], "seen")
    refused("stats of d7", do("stats-get", {"ifname": "d7"}), errno.ENODEV)
    want(len(there.dump("port-get", {})) == 1, "not there")
    there.do("port-del", {"ifname": "d7"})


@test
def many_ports():
    """More than one message of a dump holds; and dumps while some come and go."""
    devs = [f"m{i}" for i in range(MANY)]
    for dev in devs:
        ynl.do("port-new", {"ifname": dev})
    for op in ("port-get", "stats-get"):
        got = [p["ifname"] for p in ynl.dump(op, {})]
        want(sorted(got) == sorted(devs), op, len(got), "and not", MANY, "once each")
    child = os.fork()
    if child == 0:
        other = Raw(raw.family)
        while True:
            for dev in devs[:20]:
                other.call(OP["port-del"], attr(IFNAME, dev.encode() + b"\0"))
                other.call(OP["port-new"], attr(IFNAME, dev.encode() + b"\0"))
    try:
        for _ in range(20):
            got = [p["ifname"] for p in ynl.dump("port-get", {})]
            want(len(got) == len(set(got)), "a port is shown twice")
            want(set(got) >= set(devs[20:]), "a port that stays is not shown")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    subprocess.run(["ip", "-batch", "-"], input="".join(f"link del {d}\n" for d in devs), text=True,
                   check=True)
    want(ynl.dump("port-get", {}) == [], "ports of devices that were removed")


@test
def reading_needs_no_privilege():
    ynl.do("port-new", {"ifname": "d0"})
    code, text = unprivileged("GET")
    want(code == 0, errno.errorcode.get(code, code), text)
    ynl.do("port-del", {"ifname": "d0"})


# ---- what is wrong ----

@test
def unknown_device():
    for op in ("port-new", "port-set", "port-del", "port-get", "stats-get", "stats-reset"):
        more = {"forward": 1} if op == "port-set" else {}
        refused(op + " nosuch", do(op, {"ifname": "nosuch", **more}), errno.ENODEV)
        refused(op + " 12345", do(op, {"ifindex": 12345, **more}), errno.ENODEV)


@test
def not_a_port():
    for op in ("port-set", "port-del", "port-get", "stats-get", "stats-reset"):
        more = {"forward": 1} if op == "port-set" else {}
        refused(op, do(op, {"ifname": "d0", **more}), errno.ENOENT, errno.ENODEV)


@test
def nothing_to_set():
    ynl.do("port-new", {"ifname": "d0"})
    refused("port-set", do("port-set", {"ifname": "d0"}), errno.EINVAL)
    ynl.do("port-del", {"ifname": "d0"})


@test
def twice():
    ynl.do("port-new", {"ifname": "d0"})
    refused("again", do("port-new", {"ifname": "d0", "door": "ingress", "forward": 0}), errno.EEXIST)
    ynl.do("port-del", {"ifname": "d0"})
    refused("del again", do("port-del", {"ifname": "d0"}), errno.ENOENT, errno.ENODEV)


@test
def loopback():
    refused("lo", do("port-new", {"ifname": "lo"}), errno.EOPNOTSUPP, errno.EINVAL)
    refused("1", do("port-new", {"ifindex": 1}), errno.EOPNOTSUPP, errno.EINVAL)


@test
def not_ethernet():
    refused("t0", do("port-new", {"ifname": "t0"}), errno.EOPNOTSUPP, errno.EINVAL)


@test
def device_of_other_namespace():
    refused("d7", do("port-new", {"ifname": "d7"}), errno.ENODEV)


@test
def index_and_name_differ():
    for op in ("port-new", "port-get", "stats-get"):
        refused(op, do(op, {"ifname": "d0", "ifindex": index("d1")}), errno.EINVAL, errno.ENODEV)


@test
def no_device_named():
    for op in ("port-new", "port-set", "port-del", "port-get", "stats-get"):
        refused(op, do(op, {}), errno.EINVAL, errno.ENODEV)


@test
def name_too_long():
    for op in ("port-new", "port-get", "port-del", "stats-reset"):
        refused(op, lambda op=op: raw.call(OP[op], attr(IFNAME, b"a" * 16 + b"\0")),
                errno.ERANGE, errno.EINVAL)
        refused(op, lambda op=op: raw.call(OP[op], attr(IFNAME, b"a" * 5000)),
                errno.ERANGE, errno.EINVAL)


@test
def name_odd():
    for name in (b"", b"\0", b"a/b\0", b"..\0", b"\xff\xfe\0", b"%d\0", b"d0:1\0"):
        refused(repr(name), lambda name=name: raw.call(OP["port-new"], attr(IFNAME, name)),
                errno.ENODEV, errno.EINVAL, errno.ERANGE)


@test
def index_out_of_range():
    for value in (0, 0x80000000, 0xffffffff):
        refused(hex(value), lambda v=value: raw.call(OP["port-new"], attr(IFINDEX, struct.pack("=I", v))),
                errno.ERANGE, errno.EINVAL, errno.ENODEV)


@test
def door_unknown():
    for value in (3, 255, 0xffffffff):
        refused(hex(value), lambda v=value: raw.call(
            OP["port-new"], D0 + attr(DOOR, struct.pack("=I", v))), errno.EINVAL, errno.ERANGE)


@test
def forward_out_of_range():
    refused("2", lambda: raw.call(OP["port-new"], D0 + attr(FORWARD, b"\2")),
            errno.ERANGE, errno.EINVAL)


@test
def transmit_tuning_out_of_range():
    """Refused with a message that names the attribute and its range."""
    def say(value, name, op):
        return lambda: raw.call(OP[op], D0 + attr(port[name].value, struct.pack("=I", value)))

    code, text = say(0xffffffff, "pool", "port-new")()
    limit = int(text.split(" to ")[1].split()[0])
    want(code == errno.ERANGE and 32 <= limit <= 16384, text)
    for op in ("port-new", "port-set"):
        for name, (least, most) in TUNING.items():
            most = most or limit
            for value in (least - 1, most + 1, 0x80000000, 0xffffffff):
                if value < 0:
                    continue
                refused(f"{op} {name} {value}", say(value, name, op), errno.ERANGE)
                _, text = say(value, name, op)()
                want(text.startswith(f"{name} must be from {least} to {most} "), text)
        if op == "port-new":
            ynl.do("port-new", {"ifname": "d0"})
    # one that is wrong, and all the others stay as they were
    refused("one of several", lambda: raw.call(
        OP["port-set"], D0 + attr(FORWARD, b"\0") + attr(DOOR, struct.pack("=I", 2)) +
        attr(port["tx-batch"].value, struct.pack("=I", 5)) +
        attr(port["copybreak"].value, struct.pack("=I", 1537))), errno.ERANGE)
    for size in (0, 1, 2, 8):
        refused(f"{size} bytes", lambda s=size: raw.call(
            OP["port-set"], D0 + attr(port["tx-batch"].value, bytes(s))), errno.EINVAL, errno.ERANGE)
    refused("in get", lambda: raw.call(
        OP["port-get"], D0 + attr(port["pool"].value, struct.pack("=I", 64))), errno.EINVAL)
    ynl.do("port-del", {"ifname": "d0"})


@test
def attribute_of_wrong_size():
    for what, payload in (("ifindex of 1 byte", attr(IFINDEX, b"\1")),
                          ("ifindex of 8 bytes", attr(IFINDEX, bytes(8))),
                          ("empty ifindex", attr(IFINDEX, b"")),
                          ("door of 2 bytes", D0 + attr(DOOR, b"\1\0")),
                          ("forward of 0 bytes", D0 + attr(FORWARD, b"")),
                          ("forward of 4 bytes", D0 + attr(FORWARD, bytes(4)))):
        refused(what, lambda p=payload: raw.call(OP["port-new"], p), errno.EINVAL, errno.ERANGE)


@test
def attribute_not_for_requests():
    for what, kind in (("door-used", 4), ("door-why", 5), ("master", 7)):
        refused(what, lambda k=kind: raw.call(OP["port-new"], D0 + attr(k, struct.pack("=I", 1))),
                errno.EINVAL)
    refused("door in get", lambda: raw.call(OP["port-get"], D0 + attr(DOOR, bytes(4))), errno.EINVAL)


@test
def attribute_of_the_future():
    for kind in (12, 200, 0x3fff):
        for op in ("port-new", "port-set", "port-get", "stats-get"):
            refused(f"{op} {kind}", lambda o=op, k=kind: raw.call(
                OP[o], D0 + attr(k, bytes(4))), errno.EINVAL)


@test
def nested_garbage():
    deep = b""
    for _ in range(200):
        deep = attr(FORWARD | NLA_F_NESTED, deep)
    for what, payload in (("nested scalar", D0 + attr(DOOR | NLA_F_NESTED, attr(1, bytes(4)))),
                          ("deep", D0 + deep), ("nested name", attr(IFNAME | NLA_F_NESTED, D0)),
                          ("trailing bytes", D0 + b"\3\0\1"),
                          ("length 0", D0 + struct.pack("=HH", 0, DOOR)),
                          ("length 3", D0 + struct.pack("=HH", 3, DOOR)),
                          ("length beyond", D0 + struct.pack("=HH", 400, DOOR) + bytes(4)),
                          ("only zeroes", bytes(64)), ("only ones", b"\xff" * 64)):
        refused(what, lambda p=payload: raw.call(OP["port-new"], p), errno.EINVAL, errno.ERANGE,
                errno.ENODEV)


@test
def truncated():
    before = ynl.dump("port-get", {})
    message = D0 + attr(DOOR, struct.pack("=I", 2)) + attr(FORWARD, b"\0")
    for size in range(len(D0) + 1, len(message)):
        code, _ = raw.call(OP["port-new"], message[:size])
        if code == 0:       # cut between attributes or in padding: a message of its own
            want(size - len(D0) in (8, 13, 14, 15), "accepted when cut at", size)
            ynl.do("port-del", {"ifname": "d0"})
    for size in range(0, 4):
        code, _ = raw.call(0, message[:size], head=False)
        want(code == errno.EINVAL, "a header cut at", size, "gave", code)
    want(ynl.dump("port-get", {}) == before, "truncated messages changed the ports")


@test
def unknown_command():
    for command in (0, 40, 255):
        code, _ = raw.call(command, D0)
        want(code == errno.EOPNOTSUPP, "command", command, "gave", code)
    code, _ = raw.call(OP["port-new"], D0, flags=NLM_F_ACK | NLM_F_DUMP)
    want(code in (errno.EOPNOTSUPP, errno.EINVAL), "a dump of port-new gave", code)
    want(ynl.dump("port-get", {}) == [], "ports were changed")


@test
def dump_with_attributes():
    code, text = raw.call(OP["port-get"], D0, flags=NLM_F_DUMP)
    want(code in (0, errno.EINVAL), code, text)
    code, text = raw.call(OP["port-get"], struct.pack("=HH", 2, 9), flags=NLM_F_DUMP)
    want(code in (0, errno.EINVAL), code, text)


@test
def random_messages():
    for seed in range(300):
        payload = bytes((seed * 31 + i * i * 7 + (i >> 2) * seed) & 0xff for i in range(seed % 70))
        raw.call(OP["port-new"] + seed % 3, payload)
    want(ynl.dump("port-get", {}) == [], "random messages made ports")


def unprivileged(op):
    """Call as user 65534, without any capability; in the same namespace."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        sock = Raw(raw.family)
        code, text = sock.call(OP["port-get" if op == "GET" else op], D0)
        os.write(write, f"{code} {text}".encode())
        os._exit(0)
    os.close(write)
    code, _, text = os.read(read, 4096).decode().partition(" ")
    os.close(read)
    os.wait()
    return int(code), text


@test
def without_privilege():
    for op in ("port-new", "port-set", "port-del", "stats-reset"):
        before = ynl.dump("port-get", {})
        code, text = unprivileged(op)
        want(code == errno.EPERM, op, "gave", code, text)
        want(ynl.dump("port-get", {}) == before, op, "changed the ports")


@test
def privilege_in_own_user_namespace_only():
    """Root of a new user namespace, but not of a new network namespace."""
    script = ("import sys; sys.argv[1:] = %r; exec(open(%r).read().split('TESTS = []')[0]); "
              "r = Raw(%d); print(*r.call(%d, %r))" %
              (sys.argv[1:], os.path.abspath(__file__), raw.family, OP["port-new"], D0))
    env = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
    for options, codes in ((["-Ur"], [errno.EPERM]), (["-Urn"], [errno.ENODEV])):
        out = subprocess.run(["unshare", *options, sys.executable, "-c", script],
                             capture_output=True, text=True, check=False, env=env)
        if "unshare" in out.stderr:
            continue
        want(out.stdout.split()[:1] in [[str(c)] for c in codes], options, out.stdout, out.stderr)
    want(ynl.dump("port-get", {}) == [], "ports were changed")


with netns(NS):
    ynl = YnlFamily(SPEC, schema="")
    raw = Raw(ynl.nlproto.family_id)
    OP = {name: op.req_value for name, op in ynl.msgs.items() if op.req_value is not None}
    port = ynl.attr_sets["port"]
    IFINDEX, IFNAME, DOOR, FORWARD = (port[n].value for n in ("ifindex", "ifname", "door", "forward"))
    D0 = attr(IFNAME, b"d0\0")
    wanted = os.environ.get("T_ONLY", "").split()
    for test_name, run in TESTS:
        if wanted and test_name not in wanted:
            continue
        try:
            run()
            print("ok", test_name, flush=True)
        except (Wrong, NlError, OSError, KeyError, subprocess.CalledProcessError, ValueError) as e:
            print("#", type(e).__name__, str(e).replace("\n", " "))
            print("not ok", test_name, flush=True)
            for p in ynl.dump("port-get", {}):
                ynl.do("port-del", {"ifindex": p["ifindex"]})
