"""`finis watch --capture`: the packets of what is told are written with the verdict, and a RST from a host that no kernel
here knows is judged by its shape. Needs root, TUN and BPF."""

import ctypes
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from watch import the_lab_s_endings_are_told_as_they_were
from watch_far import ACK, FIN, PSH, RST, Far
from watch_help import FINIS, Skip, Watch, arrived, pair, port_of, run_cases

CLONE_NEWNET = 0x40000000


def in_a_namespace(play):
    """Does it with a far host, in a process and a network namespace of their own; the records, and what is in the file."""
    out, into = os.pipe()
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                if ctypes.CDLL(None).unshare(CLONE_NEWNET) < 0:
                    os._exit(77)
                far = Far()
                watch = Watch("--all", "--capture", file.name)
                play(far)
                time.sleep(1.3)
                os.write(into, json.dumps(watch.stop()).encode())
                status = 0
            except (FileNotFoundError, PermissionError) as error:
                os.write(into, str(error).encode())
                status = 77
            finally:
                os._exit(status)
        os.close(into)
        with os.fdopen(out, encoding="utf-8") as pipe:
            told = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 77:
            raise Skip(f"no TUN device in a namespace: {told}")
        if status:
            raise RuntimeError(f"the play failed: {told}")
        read = subprocess.run([FINIS, "read", "--json", file.name], capture_output=True, text=True, check=True).stdout
        file.seek(0)
        comments = re.findall(rb"finis, connection [ -~]*", file.read())
    records = [r for r in json.loads(told) if r["server"]["ip"] == "10.77.0.2"]
    return records, [json.loads(line) for line in read.splitlines() if "10.77.0.2" in line], comments


def faults(play, **expected):
    records, read, comments = in_a_namespace(play)
    if len(records) != 1 or len(read) != 1:
        yield f"{len(records)} records, {len(read)} in the file"
        return
    told = records[0]
    told.update(kind=(told["reset"] or {}).get("kind"), ttl=(told["reset"] or {}).get("ttl"))
    for key, value in expected.items():
        if told[key] != value:
            yield f"{key}: {value} expected, {told[key]} told: {json.dumps(told)}"
    if told["certainty"] == "certain" and told["ending"] == "reset":
        yield f"it is certain of a host that it does not know: {told['cause']}"
    if read[0]["ending"] != told["ending"] or (read[0]["reset"] or {}).get("kind") != told["kind"]:
        yield f"the file tells {read[0]['ending']}, {read[0]['reset']}"
    if len(comments) != 1 or told["id"].encode() not in comments[0]:
        yield f"comments: {comments}"


def asked(far):
    """A client whose 20 bytes were acknowledged."""
    client = far.accept()
    client.send(b"x" * 20)
    far.hear()
    far.send(ACK)
    return client


def a_reply_to_late_data_is_known_by_its_shape():
    def play(far):
        client = asked(far)
        far.send(PSH | ACK, b"y" * 10)
        far.hear(ACK)
        far.send(FIN | ACK)
        far.hear(ACK)
        client.send(b"z" * 30)
        far.hear()
        far.send(RST, seq=far.seq, window=0, options=False)
        time.sleep(0.1)
        client.close()

    return faults(play, ending="reset", ended_by="server", kind="reply", cause="data-after-close", certainty="likely", ttl=64)


def a_reset_of_its_own_accord_may_be_several_things():
    def play(far):
        client = asked(far)
        far.send(RST | ACK)
        time.sleep(0.1)
        client.close()

    return faults(play, ending="reset", ended_by="server", kind="active", cause=None, certainty="possible",
                  severity="bad")


def another_ttl_speaks_of_somebody_on_the_way():
    def play(far):
        client = asked(far)
        far.send(RST, window=0, options=False, ttl=250)
        time.sleep(0.1)
        far.send(PSH | ACK, b"y" * 10)
        far.hear(RST)
        client.close()

    return faults(play, ending="reset", ttl=250, ended_by="network", cause="forged", certainty="likely")


def a_fin_that_comes_after_the_socket_is_gone_is_seen():
    """Without packets this is half-closed: of what is left of a socket no tracepoint tells."""
    def play(far):
        client = far.accept()
        client.send(b"x" * 20)
        far.hear()
        client.close()
        far.hear(FIN)
        far.send(ACK)
        time.sleep(0.1)
        far.send(FIN | ACK)
        far.hear(ACK)

    return faults(play, ending="orderly", ended_by="client", severity="fine")


def bad_ones_alone_are_written_by_default():
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        watch = Watch("--capture", file.name)
        ports = []
        for unread in (0, 50):
            client, server = pair()
            client.send(b"x" * 50)
            ports.append(port_of(client))
            arrived(server, 50)
            server.recv(50 - unread) if unread < 50 else None
            server.close()
            time.sleep(0.02)
            client.close()
        time.sleep(1.3)
        watch.stop()
        read = subprocess.run([FINIS, "read", "--json", file.name], capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in read.splitlines()]
    if [r["client"]["port"] for r in found if r["client"]["port"] in ports] != ports[1:]:
        yield f"{ports[1]} alone ended badly; {[r['client']['port'] for r in found]} are in the file"


def the_lab_s_endings_are_told_as_they_were_with_packets():
    """What the wire adds makes nothing untrue, and nothing surer than it is."""
    with tempfile.NamedTemporaryFile(suffix=".pcapng") as file:
        yield from the_lab_s_endings_are_told_as_they_were(options=("--capture", file.name))


def without_cap_net_raw_it_says_so():
    caps = "-all,+bpf,+perfmon"
    run = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", f"--inh-caps={caps}", f"--ambient-caps={caps}",
                          f"--bounding-set={caps}", FINIS, "watch", "--capture", "/dev/null"], capture_output=True, text=True,
                         timeout=60, check=False)
    if run.returncode != 2 or "CAP_NET_RAW" not in run.stderr:
        yield f"status {run.returncode}: {run.stderr}"


def a_full_disk_is_told():
    watch = Watch("--capture", "/dev/full")
    client, server = pair()
    client.send(b"x")
    arrived(server)
    server.close()
    client.close()
    time.sleep(1.3)
    watch.stop()
    if watch.status != 2 or "No space left" not in "\n".join(watch.words):
        yield f"status {watch.status}: {watch.words}"


if __name__ == "__main__":
    sys.exit(run_cases([
        a_reply_to_late_data_is_known_by_its_shape,
        a_reset_of_its_own_accord_may_be_several_things,
        another_ttl_speaks_of_somebody_on_the_way,
        a_fin_that_comes_after_the_socket_is_gone_is_seen,
        bad_ones_alone_are_written_by_default,
        the_lab_s_endings_are_told_as_they_were_with_packets,
        without_cap_net_raw_it_says_so,
        a_full_disk_is_told,
    ]))
