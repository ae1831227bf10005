"""`finis watch` where a connection takes unusual ways: through a NAT on this host, closed by io_uring, between network
namespaces. What the kernel does not offer is skipped with the reason."""

import collections
import ctypes
import json
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from watch_far import ACK, FIN, PSH, RST, Far
from watch_help import FINIS, Skip, Watch, arrived, pair, port_of, run_cases, told_of

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
IO_URING_SETUP, IO_URING_ENTER = 425, 426
OP_SHUTDOWN, OP_CLOSE = 34, 19


def in_a_namespace(play):
    """What @play returns, in a process and a network namespace of its own."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = {}
        try:
            if not shutil.which("ip"):
                raise Skip("no ip (iproute2) here")
            if libc.unshare(CLONE_NEWNET) < 0:
                raise Skip("no network namespace can be made")
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            said = {"told": play()}
        except Skip as skip:
            said = {"skip": str(skip)}
        except Exception as error:  # pylint: disable=broad-except
            said = {"error": repr(error)}
        os.write(into, json.dumps(said).encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out, encoding="utf-8") as pipe:
        said = json.loads(pipe.read())
    os.waitpid(pid, 0)
    if "skip" in said:
        raise Skip(said["skip"])
    if "error" in said:
        raise RuntimeError(said["error"])
    return said["told"]


def both_ends_are_joined_across_a_nat():
    def play():
        rules = """table ip finis { chain out { type nat hook output priority -100;
                   ip daddr 10.88.0.9 tcp dport 80 dnat to 10.88.0.1:8080
                   }
                   }"""
        for words in (["address", "add", "10.88.0.1/24", "dev", "lo"], ["route", "add", "local", "10.88.0.9", "dev", "lo"]):
            subprocess.run(["ip", *words], check=True)
        try:
            subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True, capture_output=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise Skip(f"no NAT here: {getattr(error, 'stderr', error)}") from error
        listener = socket.create_server(("10.88.0.1", 8080))
        watch = Watch("--all")
        client = socket.create_connection(("10.88.0.9", 80), source_address=("10.88.0.1", 0))
        server, _ = listener.accept()
        ports = port_of(client), 8080
        client.send(b"x" * 40)
        arrived(server, 40)
        server.close()
        time.sleep(0.05)
        client.close()
        time.sleep(1.3)
        return [r for r in watch.stop() if r["client"]["ip"] == "10.88.0.1" and r["client"]["port"] == ports[0]]

    records = in_a_namespace(play)
    told = [(r["client"]["ip"], r["server"]["ip"], r["server"]["port"], r["seen"]["both_ends"], r["cause"], r["to_server"]["unread"])
            for r in records]
    if told != [("10.88.0.1", "10.88.0.1", 8080, True, "unread-data", 40)]:
        yield f"told {told}"


def ends_in_two_namespaces_are_one_connection():
    def play():
        here = os.getpid()
        ready, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            libc.unshare(CLONE_NEWNET)
            os.write(go, b"!")
            time.sleep(60)
            os._exit(0)
        os.read(ready, 1)
        try:
            enter = ["nsenter", "-t", str(pid), "-n", "ip"]
            for words in (["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(pid)],
                          ["ip", "address", "add", "10.89.0.1/24", "dev", "v0"], ["ip", "link", "set", "v0", "up"],
                          [*enter, "address", "add", "10.89.0.2/24", "dev", "v1"], [*enter, "link", "set", "v1", "up"]):
                subprocess.run(words, check=True)
            watch = Watch("--all")
            script = """import socket; s, _ = socket.create_server(("10.89.0.2", 7000)).accept(); s.recv(1); s.close()"""
            server = subprocess.Popen(["nsenter", "-t", str(pid), "-n", sys.executable, "-c", script])
            client = socket.socket()
            for _ in range(400):
                if client.connect_ex(("10.89.0.2", 7000)) == 0:
                    break
                client.close()
                client = socket.socket()
                time.sleep(0.05)
            port = port_of(client)
            client.send(b"x" * 30)
            server.wait()
            time.sleep(0.05)
            client.close()
            time.sleep(1.3)
            return here, server.pid, [r for r in watch.stop() if (r["client"]["ip"], r["client"]["port"]) == ("10.89.0.1", port)]
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    client_pid, server_pid, records = in_a_namespace(play)
    for r in records:
        if (r["client"]["pid"], r["server"]["pid"], r["cause"]) != (client_pid, server_pid, "unread-data"):
            yield f"{client_pid} and {server_pid}; told {json.dumps(r)}"
        if not r["seen"]["both_ends"] or r["client"]["netns"] in (None, r["server"]["netns"]):
            yield f"two namespaces; told {r['client']['netns']} and {r['server']['netns']}"
    if len(records) != 1:
        yield f"{len(records)} records"


def the_same_addresses_in_two_namespaces_are_two_connections():
    """In both, data comes after a close: each has the RST of its own."""
    def pair_of_ports():
        listener = socket.create_server(("127.0.0.1", 8080))
        client = socket.create_connection(("127.0.0.1", 8080), source_address=("127.0.0.1", 40000))
        return client, listener.accept()[0], os.stat("/proc/self/ns/net").st_ino

    def play():
        first = pair_of_ports()
        if libc.unshare(CLONE_NEWNET) < 0:
            raise Skip("no second network namespace can be made")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        second = pair_of_ports()
        watch = Watch("--all")
        for client, _, _ in first, second:
            client.close()
        time.sleep(0.3)
        for _, server, _ in first, second:
            server.send(b"x" * 30)
            server.close()
        time.sleep(1.3)
        watch.stop()
        return [[(r["ending"], r["ended_by"], r["cause"], r["certainty"], r["reset"]["count"], r["reset"]["kernel_reason"])
                 for r in watch.of_the_host if netns == r["client"]["netns"] and r["client"]["port"] == 40000]
                for _, _, netns in (first, second)]

    told = in_a_namespace(play)
    if told[0] != told[1] or [one[:3] for one in told[0]] != [["reset", "client", "data-after-close"]]:
        yield f"told {told}"


def late_words(words):
    """A far server answers, the client here closes, and the server says this into the closed socket."""
    def play():
        try:
            far = Far()
        except (FileNotFoundError, PermissionError) as error:
            raise Skip(f"no TUN device: {error}") from error
        watch = Watch("--all")
        client = far.accept()
        client.send(b"x" * 20)
        far.hear()
        far.send(PSH | ACK, b"y" * 10)
        far.hear(ACK)
        client.recv(10)
        client.close()
        far.hear(FIN)
        far.send(ACK)
        time.sleep(0.05)
        far.send(PSH | ACK, words)
        far.hear(RST)
        time.sleep(1.3)
        return [r for r in watch.stop() if r["server"]["ip"] == "10.77.0.2"]

    return [(r["ending"], r["cause"], r["to_client"]["uncertain"], r["severity"]) for r in in_a_namespace(play)]


def a_good_bye_into_a_closed_socket_troubles_nobody():
    told = late_words(b"\x15\3\3\0\x1a" + b"\0" * 26)
    if told != [("reset", "data-after-close", 31, "fine")]:
        yield f"an alert: told {told}"
    told = late_words(b"221 Bye\r\n")
    if told != [("reset", "data-after-close", 9, "fine")]:
        yield f"221: told {told}"
    told = late_words(b"\x17\3\3\0\x1a" + b"\0" * 26)
    if told != [("reset", "data-after-close", 31, "bad")]:
        yield f"31 bytes of data: told {told}"


def late_words_over_loopback(words):
    watch = Watch("--all")
    client, server = pair()
    port = port_of(client)
    client.send(b"a question")
    server.recv(100)
    server.send(b"an answer")
    client.recv(100)
    server.close()
    time.sleep(0.1)
    client.send(words)
    time.sleep(0.1)
    client.close()
    time.sleep(1.3)
    return [(r["ending"], r["cause"], r["to_server"]["fate"], r["severity"]) for r in watch.stop() if r["client"]["port"] == port]


def over_loopback_a_good_bye_is_known_too():
    with open("/sys/kernel/btf/vmlinux", "rb") as btf:
        if b"skb__nullable" not in btf.read():
            raise Skip("before Linux 6.12 no program may look into pages")
    # The last has as many bytes as an alert of TLS 1.3, which is known by its length: but it is none.
    for words, severity in ((b"\x15\3\3\0\x02\1\0", "fine"), (b"QUIT\r\n", "fine"), (b"\x17\3\3\0\x13" + b"\0" * 19, "fine"),
                            (b"GET / HTTP/1.1\r\n\r\n", "bad"), (b"PING", "bad"), (b"x" * 24, "bad")):
        told = late_words_over_loopback(words)
        if told != [("reset", "data-after-close", "lost", severity)]:
            yield f"{words}: told {told}"


class Ring:
    """An io_uring of a few entries."""

    def __init__(self):
        params = (ctypes.c_uint32 * 30)()
        self.fd = libc.syscall(IO_URING_SETUP, 4, params)
        if self.fd < 0:
            raise Skip(f"io_uring: {os.strerror(ctypes.get_errno())}")
        # struct io_uring_params: sq_off begins at byte 40, of which tail, ring_mask and array are members.
        self.tail, mask, self.array = params[11], params[12], params[16]
        self.ring = mmap.mmap(self.fd, 4096)
        self.entries = mmap.mmap(self.fd, 4096, offset=0x10000000)
        self.mask = struct.unpack_from("I", self.ring, mask)[0]

    def do(self, op, fd, length=0):
        tail = struct.unpack_from("I", self.ring, self.tail)[0]
        at = tail & self.mask
        struct.pack_into("BBHiQQI36x", self.entries, 64 * at, op, 0, 0, fd, 0, 0, length)
        struct.pack_into("I", self.ring, self.array + 4 * at, at)
        struct.pack_into("I", self.ring, self.tail, tail + 1)
        if libc.syscall(IO_URING_ENTER, self.fd, 1, 1, 1, None, 0) != 1:
            raise Skip(f"io_uring_enter: {os.strerror(ctypes.get_errno())}")


def ended_by_ring(op, length=0):
    def act():
        ring = Ring()
        client, server = pair()
        port = port_of(client)
        ring.do(op, server.fileno(), length)
        time.sleep(0.05)
        client.recv(1)
        client.close()
        time.sleep(0.05)
        if op == OP_CLOSE:
            server.detach()
        else:
            server.close()
        return (port,)

    (records,) = told_of(act)
    return [(r["ending"], r["ended_by"], r["acts"]["server"]) for r in records]


def ring_faults(told, how):
    if len(told) != 1 or told[0][:2] != ("orderly", "server"):
        yield f"told {told}"
        return
    act = told[0][2]
    if not act or act["how"] != how or act["pid"] != os.getpid():
        yield f"{how} by {os.getpid()}; told {act}"


def a_close_by_io_uring_is_a_close():
    return ring_faults(ended_by_ring(OP_CLOSE), "close")


def a_shutdown_by_io_uring_is_a_shutdown():
    yield from ring_faults(ended_by_ring(OP_SHUTDOWN, socket.SHUT_WR), "shutdown")
    yield from ring_faults(ended_by_ring(OP_SHUTDOWN, socket.SHUT_RDWR), "shutdown")


# A server's way to say that it has said all, as HAProxy does it: the FIN is the shutdown's. The far end answers at once, or has
# sent its own FIN before.
SHUTS_AND_CLOSES = """
import os, socket
listener = socket.create_server(("127.0.0.1", 0))
for first in (False, True) * 10:
    pid = os.fork()
    if pid == 0:
        client = socket.create_connection(listener.getsockname())
        client.send(b"a question")
        if first:
            client.shutdown(socket.SHUT_WR)
        while client.recv(100):
            pass
        client.close()
        os._exit(0)
    server, _ = listener.accept()
    while server.recv(100) and first:
        pass
    server.send(b"an answer")
    server.shutdown(socket.SHUT_WR)
    server.close()
    os.waitpid(pid, 0)
print(listener.getsockname()[1])
"""


def a_close_adds_nothing_to_the_shutdown_before_it():
    watch = Watch("--all")
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run([FINIS, "run", "--all", "--json", "--output", file.name, "--", sys.executable, "-c",
                               SHUTS_AND_CLOSES], capture_output=True, text=True, check=False)
        by_run = [json.loads(line) for line in file]
    port = int(done.stdout)
    time.sleep(0.3)
    by_watch = watch.stop()
    for name, records in ("run", by_run), ("watch", by_watch):
        told = collections.Counter((r["acts"]["server"] or {}).get("how") for r in records if r["server"]["port"] == port)
        if told != {"shutdown": 20}:
            yield f"finis {name}: 20 servers shut down, and closed then; told {dict(told)}"


if __name__ == "__main__":
    sys.exit(run_cases([
        both_ends_are_joined_across_a_nat,
        ends_in_two_namespaces_are_one_connection,
        the_same_addresses_in_two_namespaces_are_two_connections,
        a_good_bye_into_a_closed_socket_troubles_nobody,
        over_loopback_a_good_bye_is_known_too,
        a_close_by_io_uring_is_a_close,
        a_shutdown_by_io_uring_is_a_shutdown,
        a_close_adds_nothing_to_the_shutdown_before_it,
    ]))
