"""What `finis watch` says besides the lab's endings, and when: at once, to eyes, of Multipath TCP, of missing capabilities.
Speaks TAP; what needs BPF is skipped with the reason where there is none."""

import ctypes
import errno
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

from watch_help import FINIS, Skip, Watch, arrived, child, orderly, pair, port_of, reset_on_close, run_cases, told_of

IPPROTO_MPTCP = 262


def a_line_comes_while_it_watches():
    watch = subprocess.Popen([FINIS, "watch", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch.stderr.readline()
    client, server = pair()
    port = port_of(client)
    client.send(b"x" * 100)
    arrived(server, 100)
    server.close()
    client.close()
    told, end = [], time.monotonic() + 20
    while port not in told and time.monotonic() < end:
        if select.select([watch.stdout], [], [], 1)[0]:
            told.append(json.loads(watch.stdout.readline())["client"]["port"])
    if watch.poll() is not None:
        yield "it had ended"
    if port not in told:
        yield f"nothing came of port {port} in 20 s"
    watch.send_signal(signal.SIGINT)
    watch.communicate()


def a_connect_that_fails_before_its_syn_is_no_disconnect():
    """Its socket had a connection before, so the kernel's numbers stand wide apart (tcp_disconnect())."""
    def act():
        server, again, first = socket.create_server(("127.0.0.1", 0)), socket.socket(), socket.socket()
        for one in again, first:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(("127.0.0.1", 0))
        name = first.getsockname()
        again.bind(name)
        again.connect(server.getsockname())
        peer, _ = server.accept()
        ctypes.CDLL(None).connect(again.fileno(), bytes(16), 16)
        peer.close()
        first.connect(server.getsockname())
        try:
            again.connect(server.getsockname())
        except OSError as error:
            assert error.errno == errno.EADDRNOTAVAIL, error
        else:
            raise Skip("this kernel lets two sockets have one connection")
        again.close()
        first.close()
        return (name[1],)

    records, = told_of(act)
    if not records:
        yield "nothing was told"
    for record in records:
        acts, way = record["acts"]["client"], record["to_server"]
        if (acts and acts["how"] == "connect-unspec" and record["ending"] != "reset") or way["unsent"]:
            yield record


def ordinary_endings_leave_no_record_in_the_ring():
    """Others of this host may end badly meanwhile: so only the ordinary ones are counted."""
    watch = Watch()
    for _ in range(20):
        orderly()
    time.sleep(0.5)
    watch.stop()
    words = "\n".join(watch.words)
    in_order = re.search(r"([\d,]+)  ended in order", words)
    told = re.search(r"([\d,]+) records? told", words)
    sockets = re.search(r"([\d,]+) sockets? ended in", words)
    if not (in_order and told and sockets):
        yield words
        return
    n, told, sockets = (int(found[1].replace(",", "")) for found in (in_order, told, sockets))
    others = sum(int(found[1].replace(",", "")) for found in (
        re.search(r"([\d,]+)  RSTs? sent for no socket", words), re.search(r"([\d,]+) while their programs held", words)) if found)
    # The end that closes first is not known to be ordinary: its FIN was taken, no more is seen of it.
    if n < 20 or told > 2 * (sockets - n) + others:
        yield f"{sockets} ended, {n} of them in order; {told} records"


def to_eyes_an_exit_has_its_status():
    watch = subprocess.Popen([FINIS, "watch", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch.stderr.readline()
    client, server = pair()
    pid = child(lambda: (client.close(), server.send(b"x"), time.sleep(0.2), os._exit(7)))
    server.close()
    os.waitpid(pid, 0)
    time.sleep(0.2)
    client.close()
    time.sleep(1.3)
    watch.send_signal(signal.SIGINT)
    words = " ".join(watch.communicate()[0].split())
    if f"[{pid}] exited with status 7" not in words:
        yield f"{pid} exited; told {[line for line in words.splitlines() if str(pid) in line] or words[-600:]}"


def left_unread(port, n, with_fin):
    """A client has its answer, says n bytes more, and the server closes without a look at them. What is told, and to eyes."""
    def act():
        with socket.create_server(("127.0.0.1", port)) as listener:
            client = socket.create_connection(listener.getsockname())
            server, _ = listener.accept()
        client.send(b"a question")
        server.recv(100)
        server.send(b"an answer")
        client.recv(100)
        client.send(b"x" * n)
        arrived(server, n)
        if with_fin:
            client.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        server.close()
        time.sleep(0.1)
        own = port_of(client)
        client.close()
        return (own,)

    eyes = subprocess.Popen([FINIS, "watch", "--all", f"port={port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    eyes.stderr.readline()
    (records,) = told_of(act)
    eyes.send_signal(signal.SIGINT)
    words = " ".join(eyes.communicate()[0].split())
    return [(r["cause"], r["to_server"]["unread"], r["severity"]) for r in records], "may have been a good-bye" in words


def an_alert_that_nobody_read_is_known_by_its_length_before_tls():
    if os.getuid() != 0:
        raise Skip("a port below 1024 needs root")
    for port, n, with_fin, severity in ((443, 24, False, "fine"), (443, 31, True, "fine"), (443, 31, False, "bad"),
                                        (443, 25, True, "bad"), (20443, 24, True, "bad")):
        told, doubted = left_unread(port, n, with_fin)
        if told != [("unread-data", n, severity)] or doubted != (severity == "bad"):
            yield f"port {port}, {n} bytes{' and a FIN' * with_fin}: told {told}, {'doubted' if doubted else 'not doubted'}"


def of_multipath_tcp_nothing_is_certain():
    try:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    except OSError as error:
        raise Skip(f"no Multipath TCP: {error}") from error

    def act():
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        port = port_of(client)
        client.send(b"x" * 100)
        arrived(server, 100)
        reset_on_close(server)
        server.close()
        time.sleep(0.2)
        client.close()
        listener.close()
        return (port,)

    (records,) = told_of(act)
    for r in records:
        if r["certainty"] == "certain" and r["cause"] != "mptcp" and r["ending"] != "orderly":
            yield f"certain of {r['cause']}"
        if r["ending"] == "reset" and "mptcp" not in r["causes"]:
            yield f"a reset of a subflow; told {r['causes']}"
    if not records:
        yield "nothing was told"


def missing_capabilities_are_named(have, missing):
    caps = "-all" + "".join(f",+{name}" for name in have)
    ambient = f"--ambient-caps={caps}"
    run = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", f"--inh-caps={caps}", ambient,
                          f"--bounding-set={caps}", FINIS, "watch", "--for", "0.1"], capture_output=True, text=True, check=False)
    named = re.findall(r"CAP_\w+", run.stderr)
    if named != missing:
        yield f"with {have or 'none'}: named {named}; {run.stderr.strip()}"


def the_missing_capability_is_named_and_no_other():
    if os.getuid() != 0:
        raise Skip("needs root to give up capabilities one by one")
    yield from missing_capabilities_are_named((), ["CAP_BPF", "CAP_PERFMON"])
    yield from missing_capabilities_are_named(("bpf",), ["CAP_PERFMON"])
    yield from missing_capabilities_are_named(("perfmon",), ["CAP_BPF"])


if __name__ == "__main__":
    sys.exit(run_cases([
        a_line_comes_while_it_watches,
        a_connect_that_fails_before_its_syn_is_no_disconnect,
        ordinary_endings_leave_no_record_in_the_ring,
        to_eyes_an_exit_has_its_status,
        an_alert_that_nobody_read_is_known_by_its_length_before_tls,
        of_multipath_tcp_nothing_is_certain,
        the_missing_capability_is_named_and_no_other,
    ]))
