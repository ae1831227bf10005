"""The options of `finis watch`, each held against what it promises."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from terminal import told_a_terminal
from watch_help import FINIS, Watch, arrived, child, orderly, pair, port_of, reset_on_close, run_cases


def unread(n=10):
    """Its server leaves n bytes unread."""
    client, server = pair()
    port = port_of(client)
    client.send(b"x" * n)
    arrived(server, n)
    server.close()
    time.sleep(0.02)
    client.close()
    return port


def aborted():
    """Its client resets it, having said nothing: nothing is lost."""
    client, server = pair()
    port = port_of(client)
    reset_on_close(client)
    client.close()
    time.sleep(0.02)
    server.close()
    return port


def told(*options, acts=(orderly, unread, aborted)):
    """Which of these connections are told, by their place."""
    watch = Watch(*options)
    ports = [act() for act in acts]
    time.sleep(1.3)
    records = watch.stop()
    return [ports.index(r["client"]["port"]) for r in records if r["client"]["port"] in ports], watch


def faults(expected, *options):
    found, _ = told(*options)
    if sorted(found) != expected:
        yield f"{' '.join(options) or 'no option'}: {expected} are to be told, {found} were"


def filters_choose_what_is_told():
    yield from faults([1])
    yield from faults([0, 1, 2], "--all")
    yield from faults([1, 2], "ending=reset")
    yield from faults([1], "cause=unread-data")
    yield from faults([0], "ending=orderly", "ip=127.0.0.0/8")
    yield from faults([], "ending=orderly", "ip=192.0.2.0/24")
    yield from faults([0, 1, 2], f"pid={os.getpid()}")
    yield from faults([], "comm=no-such-program")
    yield from faults([1], "ended-by=server", "ending=reset")


def a_pid_chooses_its_own():
    yield from faults([0, 1, 2], "--pid", str(os.getpid()))
    yield from faults([], "--pid", "1")
    gone = child(lambda: None)
    os.waitpid(gone, 0)
    for pid, there in ((gone, False), (os.getpid(), True)):
        said = subprocess.run([FINIS, "watch", "--pid", str(pid), "--for", "0.1"], capture_output=True, text=True,
                              check=False).stderr
        if ("there is no such process" in said) == there:
            yield f"--pid {pid}, which is {'there' if there else 'gone'}: {said}"


def others_of_a_pid_are_left_out():
    out, into = os.pipe()

    def another():
        os.write(into, str(unread()).encode())

    watch = Watch("--pid", str(os.getpid()))
    mine = unread()
    os.waitpid(child(another), 0)
    other = int(os.read(out, 16))
    time.sleep(1.3)
    ports = [r["client"]["port"] for r in watch.stop()]
    if mine not in ports or other in ports:
        yield f"{mine} is of {os.getpid()} and {other} is not; told {ports}"


def count_stops_it():
    # Others of this host may end so meanwhile.
    watch = Watch("--count", "2", "cause=unread-data", f"pid={os.getpid()}")
    deadline = time.monotonic() + 60
    while watch.process.poll() is None and time.monotonic() < deadline:
        unread()
        time.sleep(0.1)
    records = watch.stop(None if watch.process.poll() is not None else signal.SIGINT)
    # One whose other end is heard of late is told twice, and a line is a record.
    if watch.n_lines != 2 or not records or watch.status != 0:
        yield f"{watch.n_lines} lines, {len(records)} connections, status {watch.status}"


def for_stops_it():
    begun = time.monotonic()
    run = subprocess.run([FINIS, "watch", "--for", "1.5"], capture_output=True, text=True, timeout=60, check=False)
    took = time.monotonic() - begun
    if run.returncode or not 1.4 < took < 60:
        yield f"status {run.returncode} after {took:.1f} s"
    said = re.search(r"sockets? ended in (\d+\.\d) s", run.stdout)
    if not said or not 1.4 < float(said[1]) < took + 0.1:
        yield f"it said {run.stdout!r} after {took:.1f} s"


def check_is_1_where_something_was_bad():
    # Others may end badly on this machine meanwhile: only this process counts.
    for act, expected in ((unread, 1), (orderly, 0), (aborted, 0)):
        _, watch = told("--check", "--pid", str(os.getpid()), acts=(act,))
        if watch.status != expected:
            yield f"{act.__name__}: status {watch.status}, {expected} expected"


def output_goes_to_a_file():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "told"
        run = subprocess.Popen([FINIS, "watch", "--json", "--output", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        run.stderr.readline()
        port = unread()
        time.sleep(1.3)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
        ports = [json.loads(line)["client"]["port"] for line in path.read_text(encoding="utf-8").splitlines()]
    if out or port not in ports:
        yield f"{out!r} on standard output; {port} not among {ports}"
    run = subprocess.run([FINIS, "watch", "--output", "/nowhere/file"], capture_output=True, text=True, timeout=60, check=False)
    if run.returncode != 2 or "/nowhere/file" not in run.stderr:
        yield f"status {run.returncode}: {run.stderr}"
    run = subprocess.run([FINIS, "watch", "--output", "/dev/full", "--for", "0.3"], capture_output=True, text=True, timeout=60,
                         check=False)
    if run.returncode != 2 or "No space left" not in run.stderr:
        yield f"a full disk: status {run.returncode}: {run.stderr}"


def a_table_comes_each_interval():
    begun, heads = time.monotonic(), []
    run = subprocess.Popen([FINIS, "watch", "--summary", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stderr.readline()
    ready = time.monotonic()
    unread()
    while len(heads) < 3:
        line = run.stdout.readline()
        if not line:
            yield f"it ended after {heads}"
            break
        heads += re.findall(r"^(\d+\.\d) s: \d+ sockets? ended", line)
    now = time.monotonic()
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    # On a busy machine they come later, but say so, to a tenth of a second each; and we may read them later still.
    told = sum(map(float, heads))
    if any(float(head) < 1 for head in heads) or told > now - begun + 0.2 or told < now - ready - 10:
        yield f"a table each second; in {now - ready:.1f} s they came after {heads}"
    if run.returncode:
        yield f"status {run.returncode}"


def on_a_terminal_the_table_takes_the_place_of_the_last():
    _, out = told_a_terminal([FINIS, "watch", "--summary", "1", "--for", "4.5"], stderr=subprocess.DEVNULL)
    tables, cleared = len(re.findall(rb"s: \d+ sockets? ended,", out)), out.count(b"\033[H\033[J")
    if tables < 2 or cleared != tables:
        yield f"{tables} tables, cleared {cleared} times: {out!r}"
    # What it cannot hear stays on the screen.
    _, out = told_a_terminal([FINIS, "watch", "--unprivileged", "--summary", "1", "--for", "2.5"], stderr=subprocess.DEVNULL)
    last = out.split(b"\033[H\033[J")
    if len(last) < 2 or b"without BPF" not in last[-1]:
        yield f"what is not heard is not said: {out!r}"


def a_reader_that_goes_away_is_a_quiet_end():
    run = subprocess.Popen([FINIS, "watch", "--json", "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stderr.readline()
    run.stdout.close()
    deadline = time.monotonic() + 20
    while run.poll() is None and time.monotonic() < deadline:
        orderly()
        time.sleep(0.1)
    if run.poll() is None:
        run.kill()
        yield "it goes on"
    words = run.stderr.read()
    if "Broken pipe" in words or run.wait() not in (0, 2, -signal.SIGPIPE):
        yield f"status {run.returncode}: {words}"


def evidence_says_what_speaks_for_it():
    _, watch = told("--evidence", acts=(unread,))
    with open(watch.file.name, encoding="utf-8") as lines:
        if not any("TCP_ABORT_ON_CLOSE" in line or "never read" in line for line in lines):
            yield "no record says why"


def text_says_who_did_it():
    run = subprocess.Popen([FINIS, "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stderr.readline()
    port = unread()
    time.sleep(1.3)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=60)
    for word in (f"127.0.0.1:{port}", " bad reset ", "10 bytes from the client lost", "cause: unread-data", f"[{os.getpid()}] closed it"):
        if word not in re.sub(r"\s+", " ", out):
            yield f"{word!r} is not in {out!r}"


def what_is_wrong_is_named():
    for words, named in ((["--nonsense"], "--nonsense"), (["--for", "x"], "--for x"), (["--count", "1.5"], "--count 1.5"),
                         (["--json", "--summary", "1"], "--summary"), (["ending=nonsense"], "nonsense"), (["file.pcap"], "file.pcap"),
                         (["--capture", "x", "--unprivileged"], "--capture"), (["--pid"], "--pid")):
        run = subprocess.run([FINIS, "watch", *words], capture_output=True, text=True, timeout=60, check=False)
        if run.returncode != 2 or named not in run.stderr or run.stdout or run.stderr.count("\n") != 1:
            yield f"{words}: status {run.returncode}: {run.stderr!r}"
    run = subprocess.run([FINIS, "watch", "--help"], capture_output=True, text=True, timeout=60, check=False)
    if run.returncode or "--capture FILE" not in run.stdout or max(map(len, run.stdout.splitlines())) > 80:
        yield f"help: status {run.returncode}, {run.stdout}"


if __name__ == "__main__":
    sys.exit(run_cases([
        filters_choose_what_is_told,
        a_pid_chooses_its_own,
        others_of_a_pid_are_left_out,
        count_stops_it,
        for_stops_it,
        check_is_1_where_something_was_bad,
        output_goes_to_a_file,
        a_table_comes_each_interval,
        on_a_terminal_the_table_takes_the_place_of_the_last,
        a_reader_that_goes_away_is_a_quiet_end,
        evidence_says_what_speaks_for_it,
        text_says_who_did_it,
    ], [what_is_wrong_is_named]))
