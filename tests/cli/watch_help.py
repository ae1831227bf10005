"""What the tests of `finis watch` share: the command in a process of its own, sockets, children, TAP. The sockets stand in a
network namespace of the test's own, by which their records are known among those of the whole host."""

import ctypes
import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile
import time
import traceback

root = pathlib.Path(os.environ.get("FINIS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
FINIS = os.environ.get("FINIS", str(root / "build" / "src" / "cli" / "finis"))
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 1, 0x40


def enter_a_namespace():
    """A network namespace of our own with loopback up; where there are no rights for it, we stay where we are."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) < 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING))
    return True


def is_ours(record):
    """Of this network namespace; without rights nothing else is heard, and none is named."""
    told = record["client"]["netns"], record["server"]["netns"]
    return os.stat("/proc/self/ns/net").st_ino in told or told == (None, None)


class Watch:
    """finis watch with records into a file."""

    def __init__(self, *options, command=()):
        self.file = tempfile.NamedTemporaryFile(suffix=".jsonl")
        self.process = subprocess.Popen([*command, FINIS, "watch", "--json", *options], stdout=self.file,
                                        stderr=subprocess.PIPE)
        self.words = []
        self.words.append(self.process.stderr.readline().decode())

    def works(self):
        return "by tracepoints" in self.words[0]

    def stop(self, number=signal.SIGINT):
        if number:
            self.process.send_signal(number)
        self.words += self.process.stderr.read().decode().splitlines()
        self.status = self.process.wait(timeout=60)
        with open(self.file.name, encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines if line.endswith("\n")]
        self.n_lines = len(records)
        # A later rev takes the place of an earlier one.
        self.of_the_host = list({r["id"]: r for r in records}.values())
        return [r for r in self.of_the_host if is_ours(r)]


def ends_of(record):
    return frozenset((record[side]["ip"], record[side]["port"]) for side in ("client", "server"))


def port_of(sock):
    return sock.getsockname()[1]


def pair():
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    listener.close()
    return client, server


def arrived(sock, n=1):
    """Waits until @n bytes lie there unread, or an end: loopback delivers at once, but not where it is busy."""
    sock.settimeout(20)
    while 0 < len(sock.recv(n, socket.MSG_PEEK)) < n:
        time.sleep(0.001)


def orderly():
    """The port of a client that asked nothing, and closed first."""
    client, server = pair()
    port = port_of(client)
    client.close()
    server.recv(1)
    server.close()
    return port


def reset_on_close(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def told_of(act, options=("--all",)):
    """The records of the one connection that @act makes; it returns the client's port and what it wants to keep."""
    watch = Watch(*options)
    port, *rest = act()
    time.sleep(1.3)
    return [r for r in watch.stop() if port in (r["client"]["port"], r["server"]["port"])], *rest


def child(do):
    """A process that does it; the caller waits."""
    pid = os.fork()
    if pid == 0:
        try:
            do()
        finally:
            os._exit(3)
    return pid


def why_not():
    """Why nothing can be watched here by BPF; None if it can."""
    probe = Watch()
    works = probe.works()
    probe.stop()
    return None if works else probe.words[0].strip().replace("#", "")


def run_cases(with_bpf, without=()):
    """Speaks TAP. Each case is a function that yields a line for each fault."""
    enter_a_namespace()
    why = why_not()
    cases = [*without, *with_bpf]
    print(f"1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        if case in with_bpf and why:
            print(f"ok {number} - {case.__name__} # SKIP {why}")
            continue
        try:
            found = list(case())
        except Skip as skip:
            print(f"ok {number} - {case.__name__} # SKIP {skip}", flush=True)
            continue
        except Exception:  # pylint: disable=broad-except
            found = traceback.format_exc().splitlines()
        failed += bool(found)
        print("not ok" if found else "ok", number, "-", case.__name__, flush=True)
        for fault in found[:40]:
            print("#", fault)
    return 1 if failed else 0


class Skip(Exception):
    """Why a case cannot be tried here."""
