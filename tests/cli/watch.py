"""`finis watch` in the running kernel: the lab's endings are played while it watches, and its records must be the lab's
truth, which never passed through a judge; programs of our own say who they are and what they did. Speaks TAP; what
needs BPF is skipped with the reason where there is none.

    watch.py [SCENARIO...]   only these of the lab's (names or patterns as `finis lab` takes them)
    watch.py --played FILE FILE   what `finis lab --json` and `finis watch --all --json` said elsewhere: on another kernel
"""

import collections
import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from watch_help import FINIS, Skip, Watch, arrived, child, ends_of, orderly, pair, port_of, reset_on_close, run_cases, told_of

PR_SET_NAME = 15
# A full accept queue drops the SYN, of which no tracepoint tells.
UNTOLD_CAUSES = {"backlog-full"}
# The lab counts what connect(AF_UNSPEC) throws away as read.
THROWN_AWAY = re.compile(r"disconnect-")


def faults(scenario, truth, got, slow=False):
    """What the record says otherwise than the truth. On a slow machine it may be told before the program has closed: then what
    it will not read is not known yet."""
    if got["client"]["port"] != truth["client"]["port"]:
        yield f"client and server are taken for each other: {json.dumps(got)}"
    for key in ("ending", "ended_by"):
        if got[key] != truth[key]:
            yield f"{key}: {truth[key]} in truth, {got[key]} told"
    if truth["cause"] not in UNTOLD_CAUSES and got["cause"] != truth["cause"]:
        yield f"cause: {truth['cause']} in truth, {got['cause'] or got['causes']} told"
    if got["certainty"] == "certain" and got["cause"] != truth["cause"]:
        yield f"certain of {got['cause']}; in truth it was {truth['cause']}"
    for way in ("to_server", "to_client"):
        for key in ("bytes", "acked", "uncertain", "unsent", "unread"):
            if key == "unread" and THROWN_AWAY.match(scenario):
                continue
            true, told = truth[way][key], got[way][key]
            if told is None and key in ("unread", "unsent") and (slow or not true or got["seen"]["sides"] != "both"):
                continue
            if true is not None and told != true:
                yield f"{way}.{key}: {true} in truth, {told} told"
    for side in ("client", "server"):
        if got[side]["pid"] is not None and got[side]["comm"] != "finis":
            yield f"{side}: its program is called {got[side]['comm']}"


def plays(truths, records):
    """Each connection of the lab whose truth is an ending, with what was told of it."""
    by_ends = collections.defaultdict(list)
    for record in records:
        by_ends[ends_of(record)].append(record)
    for line in truths.splitlines():
        play = json.loads(line)
        if play.get("verdict") != "agrees":
            continue
        for connection in play["connections"]:
            truth = connection["truth"]
            # The lab tidies up behind what goes on: that, too, is an ending, but not the one of the truth.
            if not truth["ongoing"]:
                yield play["scenario"], play["family"], truth, by_ends[ends_of(truth)]


def lab_faults(truths, records, least, slow=False):
    n = 0
    for scenario, family, truth, told in plays(truths, records):
        n += 1
        if len(told) != 1:
            yield f"{scenario}, IPv{family}: {len(told)} records"
        for record in told[-1:]:
            for fault in faults(scenario, truth, record, slow):
                yield f"{scenario}, IPv{family}: {fault}"
    if n < least:
        yield f"only {n} connections were played"


def the_lab_s_endings_are_told_as_they_were(names=(), options=()):
    watch = Watch("--all", *options)
    played = subprocess.run([FINIS, "lab", "--json", "--quick", "--no-namespace", *names], capture_output=True, text=True,
                            check=False)
    time.sleep(1.3)
    yield from lab_faults(played.stdout, watch.stop(), 1 if names else 200)


def a_killed_program_is_named_with_its_signal():
    def act():
        client, server = pair()
        port = port_of(client)
        client.send(b"x" * 100)
        pid = child(lambda: (client.close(), time.sleep(60)))
        server.close()
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        time.sleep(0.1)
        client.close()
        return port, pid

    records, pid = told_of(act)
    if len(records) != 1:
        yield f"{len(records)} records"
        return
    r = records[0]
    act = r["acts"]["server"]
    if (r["ending"], r["ended_by"], r["cause"], r["certainty"]) != ("reset", "server", "unread-data", "certain"):
        yield f"{r['ending']} by {r['ended_by']}: {r['cause']} ({r['certainty']})"
    if not act or (act["how"], act["signal"], act["pid"]) != ("signal", 9, pid):
        yield f"killed was {pid}; told {act}"
    if r["client"]["pid"] != os.getpid() or not r["seen"]["both_ends"]:
        yield f"the client is {os.getpid()}; told {r['client']['pid']}"
    if r["to_server"]["unread"] != 100 or r["to_server"]["fate"] != "lost":
        yield f"100 bytes were never read; told {r['to_server']}"


def an_exit_is_told_with_its_program():
    def act():
        client, server = pair()
        port = port_of(client)
        out, into = os.pipe()
        pid = child(lambda: (server.close(), reset_on_close(client), os.read(out, 1)))
        client.close()
        # Now the child alone holds it.
        os.write(into, b"!")
        os.close(out)
        os.close(into)
        os.waitpid(pid, 0)
        server.close()
        return port, pid

    records, pid = told_of(act)
    for r in records:
        act = r["acts"]["client"]
        if not act or (act["how"], act["pid"], r["cause"]) != ("exit", pid, "zero-linger"):
            yield f"{pid} exited with zero linger; told {act}, {r['cause']}"
    if len(records) != 1:
        yield f"{len(records)} records"


def a_thread_bears_its_program_s_name():
    def act():
        def close():
            ctypes.CDLL(None).prctl(PR_SET_NAME, b"a-thread")
            reset_on_close(server)
            server.close()

        client, server = pair()
        port = port_of(client)
        thread = threading.Thread(target=close)
        thread.start()
        thread.join()
        client.close()
        return (port,)

    (records,) = told_of(act)
    name = pathlib.Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    if [(r["acts"]["server"] or {}).get("comm") for r in records] != [name]:
        yield f"a thread of {name}; told {[r['acts'] for r in records]}"


def late_data_is_joined_to_the_close_before_it():
    def act():
        client, server = pair()
        port = port_of(client)
        server.close()
        time.sleep(0.3)
        client.send(b"x" * 70)
        time.sleep(0.1)
        client.close()
        return (port,)

    (records,) = told_of(act, ())
    if len(records) != 1:
        yield f"{len(records)} records"
    for r in records:
        if (r["ending"], r["ended_by"], r["cause"], r["certainty"]) != ("reset", "server", "data-after-close", "certain"):
            yield f"{r['ending']} by {r['ended_by']}: {r['cause'] or r['causes']} ({r['certainty']})"
        if r["to_server"]["fate"] != "lost" or r["severity"] != "bad" or not r["seen"]["both_ends"]:
            yield f"70 bytes met a closed socket; told {r['to_server']}, {r['severity']}"
        if r["client"]["pid"] != os.getpid() or r["server"]["pid"] != os.getpid():
            yield f"both ends were of {os.getpid()}; told {r['client']['pid']}, {r['server']['pid']}"


def a_connection_from_before_is_told_with_its_roles():
    client, server = pair()
    port = port_of(client)
    client.send(b"x" * 30)
    server.send(b"y" * 10)

    def act():
        reset_on_close(server)
        server.recv(100)
        server.close()
        time.sleep(0.1)
        client.close()
        return (port,)

    (records,) = told_of(act)
    if len(records) != 1:
        yield f"{len(records)} records"
    for r in records:
        if r["client"]["port"] != port or r["started"] is not None or r["cause"] != "zero-linger":
            yield f"client {r['client']['port']}, started {r['started']}, {r['cause'] or r['causes']}; {port} was the client"
        if (r["to_server"]["bytes"], r["to_client"]["bytes"], r["to_client"]["unread"]) != (30, 10, 10):
            yield f"30 and 10 bytes were sent, 10 not read; told {r['to_server']}, {r['to_client']}"


def the_owner_of_a_socket_from_before_is_known_though_it_does_nothing():
    client, server = pair()
    port = port_of(client)
    pid = child(lambda: (server.close(), time.sleep(60)))
    client.close()

    def act():
        server.send(b"x")
        reset_on_close(server)
        server.close()
        return (port,)

    (records,) = told_of(act)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if [(r["client"]["port"], r["client"]["pid"], r["ending"]) for r in records] != [(port, pid, "reset")]:
        yield f"{pid} holds the client; told {json.dumps(records)}"


def a_fin_from_before_comes_before_what_follows():
    client, server = pair()
    port = port_of(client)
    server.close()
    time.sleep(0.05)

    def act():
        client.recv(1)
        client.close()
        return (port,)

    (records,) = told_of(act)
    if [(r["ending"], r["ended_by"]) for r in records] != [("orderly", "server")]:
        yield f"the server had sent its FIN before; told {json.dumps(records)}"


def the_silence_before_the_end_is_told():
    def act():
        client, server = pair()
        port = port_of(client)
        client.send(b"x" * 20)
        server.recv(20)
        server.send(b"y" * 20)
        client.recv(20)
        time.sleep(0.4)
        server.close()
        client.recv(1)
        client.close()
        return (port,)

    begun = time.monotonic()
    (records,) = told_of(act)
    for r in records:
        if not r["idle_before"] or not 0.35 < r["idle_before"] < time.monotonic() - begun:
            yield f"0.4 s nothing was said; told {r['idle_before']}"
    if len(records) != 1:
        yield f"{len(records)} records"


def a_request_on_a_connection_that_was_just_closed_may_be_sent_again():
    def act():
        client, server = pair()
        port = port_of(client)
        client.send(b"x" * 20)
        server.recv(20)
        time.sleep(0.02)
        server.send(b"y" * 20)
        client.recv(20)
        server.close()
        time.sleep(0.1)
        client.send(b"z" * 30)
        time.sleep(0.1)
        client.close()
        return (port,)

    (records,) = told_of(act)
    if [(r["cause"], r["retry"], r["to_server"]["uncertain"]) for r in records] != [("data-after-close", "safe", 30)]:
        yield f"30 bytes came after the close; told {json.dumps(records)}"


def a_cgroup_is_named_by_its_path():
    roots = [r for r in map(pathlib.Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")) if (r / "cgroup.procs").exists()]
    folder = roots[0] / f"finis-test-{os.getpid()}" if roots else None
    try:
        folder.mkdir()
    except (AttributeError, OSError):
        return

    def act():
        def inside():
            (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")
            client = socket.create_connection(listener.getsockname())
            reset_on_close(client)
            client.close()

        listener = socket.create_server(("127.0.0.1", 0))
        pid = child(inside)
        server, (_, port) = listener.accept()
        os.waitpid(pid, 0)
        server.close()
        listener.close()
        return (port,)

    watch = Watch("--all")
    port, = act()
    time.sleep(1.5)
    records = [r for r in watch.stop() if port == r["client"]["port"]]
    folder.rmdir()
    if [r["client"]["cgroup"] for r in records] != ["/" + folder.name]:
        yield f"{folder.name} is told as {[r['client']['cgroup'] for r in records]}"


def cap_bpf_and_cap_perfmon_are_enough():
    caps = "-all,+bpf,+perfmon"
    watch = Watch(command=("setpriv", "--reuid=65534", "--clear-groups", f"--inh-caps={caps}", f"--ambient-caps={caps}",
                           f"--bounding-set={caps}"))
    status = pathlib.Path(f"/proc/{watch.process.pid}/status").read_text(encoding="utf-8")
    works = watch.works()
    watch.stop()
    if not works:
        yield watch.words[0]
    # CAP_BPF alone is kept.
    if works and re.search(r"CapPrm:\s*(\S+)", status)[1] != f"{1 << 39:016x}":
        yield f"it kept {re.search(r'CapPrm:.*', status)[0]}"


def bad_ones_alone_are_told_by_default():
    (records,) = told_of(lambda: (orderly(),), ())
    for r in records:
        yield f"an ordinary ending was told: {r['ending']}, {r['severity']}"


def mapped_addresses_are_those_of_ipv4():
    def act():
        listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        client = socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
        server, _ = listener.accept()
        port = port_of(client)
        client.send(b"x")
        arrived(server)
        server.close()
        time.sleep(0.1)
        client.close()
        listener.close()
        return (port,)

    (records,) = told_of(act, ())
    if [(r["server"]["ip"], r["seen"]["both_ends"]) for r in records] != [("127.0.0.1", True)]:
        yield f"told {[(r['server']['ip'], r['seen']) for r in records]}"


def loaded():
    """Ids of all BPF programs in the kernel."""
    shown = subprocess.run(["bpftool", "prog", "list", "-j"], capture_output=True, check=False)
    return {p["id"] for p in json.loads(shown.stdout or b"[]")}


def programs_of(pid):
    """Ids of the BPF programs that a process holds."""
    infos = [p.read_text(encoding="utf-8") for p in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir()]
    return {int(found[1]) for info in infos if (found := re.search(r"^prog_id:\s*(\d+)", info, re.M))}


def runs_of(programs):
    shown = subprocess.run(["bpftool", "prog", "list", "-j"], capture_output=True, check=False)
    return sum(p.get("run_cnt", 0) for p in json.loads(shown.stdout or b"[]") if p["id"] in programs)


def no_program_runs_for_a_segment_or_a_call():
    """On one connection thousands of requests and answers are exchanged, while the kernel counts how often programs run.
    What else happens on this machine is counted, too, so it may not be none."""
    knob = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
    try:
        was = knob.read_text(encoding="utf-8")
        knob.write_text("1", encoding="utf-8")
    except OSError:
        return
    n, best, seen = 20000, None, 0
    try:
        watch = Watch()
        programs = programs_of(watch.process.pid)
        # What others do meanwhile varies; a program for each exchange would show every time.
        for _ in range(20):
            client, server = pair()
            before = runs_of(programs)
            for _ in range(n):
                client.send(b"x")
                server.recv(1)
            runs = runs_of(programs) - before
            client.close()
            server.close()
            time.sleep(0.2)
            seen += runs_of(programs) - before - runs
            best = runs if best is None else min(best, runs)
            if best <= n / 4:
                break
        # As long as an exchange may take, and nothing of ours in it.
        before = runs_of(programs)
        time.sleep(1)
        others = runs_of(programs) - before
        watch.stop()
    finally:
        knob.write_text(was, encoding="utf-8")
    if best > 3 * n / 4 and others > n / 2:
        raise Skip(f"others of this machine let programs run {others} times a second")
    if best > 3 * n / 4 or seen == 0:
        yield f"{best} runs in {n} exchanges at the least, {seen} with the ends"


def a_summary_names_peers_and_programs():
    run = subprocess.Popen([FINIS, "watch", "--summary", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stderr.readline()
    for _ in range(3):
        client, server = pair()
        client.send(b"x")
        arrived(server)
        server.close()
        client.close()
    time.sleep(2.5)
    run.send_signal(signal.SIGINT)
    sums, _ = run.communicate(timeout=60)
    for word in ("ending", "cause", "peer", "program", "unread-data", "127.0.0.1 port", "python", "sockets ended in"):
        if word not in sums:
            yield f"{word!r} is not in {sums!r}"


def nothing_is_left_after_sigkill():
    watch = Watch()
    programs = programs_of(watch.process.pid)
    if len(programs & loaded()) < 4:
        yield f"{len(programs & loaded())} programs were seen while it ran"
    watch.stop(signal.SIGKILL)
    # The kernel frees them by and by.
    deadline = time.monotonic() + 30
    while programs & loaded() and time.monotonic() < deadline:
        time.sleep(0.1)
    if programs & loaded():
        yield f"programs {programs & loaded()} are still there"


def without_rights_it_says_so_and_hears_what_it_may():
    nobody = ("setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all") if os.getuid() == 0 else ()
    watch = Watch("--all", command=nobody)
    client, server = pair()
    port = port_of(client)
    client.send(b"x" * 50)
    arrived(server, 50)
    server.close()
    client.close()
    time.sleep(0.5)
    records = [r for r in watch.stop() if port in (r["client"]["port"], r["server"]["port"])]
    words = " ".join(watch.words)
    if not re.search("CAP_BPF|built without BPF", words) or "only hears" not in words:
        yield f"it said {words!r}"
    if len(records) != 2 or any(r["ending"] == "reset" or r["cause"] for r in records):
        yield f"told {[(r['ending'], r['cause']) for r in records]}"
    if sorted(r["to_server"]["fate"] for r in records)[-1:] == ["acked"]:
        yield "50 bytes were never read, and it called them acknowledged alone"


def an_option_that_is_none_is_refused():
    run = subprocess.run([FINIS, "watch", "--nonsense"], capture_output=True, text=True, check=False)
    if run.returncode != 2 or "--nonsense" not in run.stderr:
        yield f"status {run.returncode}: {run.stderr}"


WITH_BPF = [
    a_killed_program_is_named_with_its_signal,
    an_exit_is_told_with_its_program,
    a_thread_bears_its_program_s_name,
    late_data_is_joined_to_the_close_before_it,
    a_connection_from_before_is_told_with_its_roles,
    the_owner_of_a_socket_from_before_is_known_though_it_does_nothing,
    a_fin_from_before_comes_before_what_follows,
    the_silence_before_the_end_is_told,
    a_request_on_a_connection_that_was_just_closed_may_be_sent_again,
    a_cgroup_is_named_by_its_path,
    cap_bpf_and_cap_perfmon_are_enough,
    bad_ones_alone_are_told_by_default,
    mapped_addresses_are_those_of_ipv4,
    nothing_is_left_after_sigkill,
    no_program_runs_for_a_segment_or_a_call,
    a_summary_names_peers_and_programs,
    the_lab_s_endings_are_told_as_they_were,
]
WITHOUT = [an_option_that_is_none_is_refused, without_rights_it_says_so_and_hears_what_it_may]


def main():
    names = sys.argv[1:]
    if names[:1] == ["--played"]:
        truths, told = (pathlib.Path(name).read_text(encoding="utf-8") for name in names[1:3])
        records = {r["id"]: r for r in map(json.loads, told.splitlines())}.values()
        found = list(lab_faults(truths, records, 1, slow=True))
        print("\n".join(found) or f"{len(list(plays(truths, records)))} connections are told as they were")
        return 1 if found else 0
    if names:
        def only_these():
            return the_lab_s_endings_are_told_as_they_were(names)
        return run_cases([only_these])
    return run_cases(WITH_BPF, WITHOUT)


if __name__ == "__main__":
    sys.exit(main())
