"""`finis read` on captures of the lab: it stages every known ending with real sockets, writes the segments, and beside
them the truth, which never passed through a judge. Each key that the truth calls visible must come out of the capture;
the true cause must be among the causes; and a `certain` cause must be the true one. Speaks TAP, a case a scenario.

    lab_read.py [--forget=FORGET_CAPTURES] [NAME...]
        only these scenarios (names or patterns as `finis lab` takes them); with FORGET_CAPTURES each fact of each
        connection is forgotten in turn, too: a judge who knows less must not be surer
    LAB_READ_QUICK=1  without those that wait for the kernel's timers
    LAB_READ_KEEP=DIR keeps the captures of what failed
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

root = pathlib.Path(os.environ.get("FINIS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
FINIS = os.environ.get("FINIS", str(root / "build" / "src" / "cli" / "finis"))
NO_CAUSE = ("orderly", "half-closed", "open", "unseen")

OF_THE_RESET = ("reset.frame", "reset.window", "reset.ttl", "reset.kind")

# Where the scenario says by hand what the wire does not show, or docs/record.md calls otherwise.
NOT_SHOWN = {
    "a-reset-in-the-window-of-a-request-is-challenged": ("ending",),  # the handshake is never completed: unanswered
    "an-icmp-error-while-connecting-may-leave-a-message": ("ending", "ended_by"),  # refused, by that error
    # A RST before the SYN is a record of its own.
    "a-reset-to-a-listener-is-ignored": ("to_server.packets", "reset.by", "reset.count", *OF_THE_RESET),
    "data-beyond-a-gap-is-not-unread-data": ("ended_by",),  # what lies in the gap was not seen
}


def shown(scenario, truth, got, visible):
    """The keys that can be compared. A RST that was challenged or ignored ends nothing, so the record describes a later
    one. The lab's ICMP errors come from the server's own address. What was closed or destroyed before its SYN was
    answered sends nothing more: nobody can see who gave up. Acknowledgements are counted to the end of the wire."""
    for path in visible:
        if path in NOT_SHOWN.get(scenario, ()):
            continue
        if path in OF_THE_RESET and truth["reset"]["count"] > 1 and got["reset"] and \
                got["reset"]["frame"] > truth["reset"]["frame"]:
            continue
        if path == "ended_by" and truth["ended_by"] == "network" and got["ended_by"] == "server":
            continue
        if path == "ended_by" and truth["ending"] == got["ending"] == "unanswered" and got["ongoing"]:
            continue
        if path.endswith(".acked") and truth["reset"] and at(got, path) > at(truth, path):
            continue
        yield path


def at(record, path):
    for step in path.split("."):
        record = record and record[step]
    return record


def stage(folder, names):
    quick = ["--quick"] if os.environ.get("LAB_READ_QUICK") else []
    command = [FINIS, "lab", "--json", "--pcap", folder, *quick, *names]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def same_ends(record, truth):
    ends = [(truth[side]["ip"], truth[side]["port"]) for side in ("client", "server")]
    return [(record[side]["ip"], record[side]["port"]) for side in ("client", "server")] in (ends, ends[::-1])


def faults(scenario, truth, visible, records):
    mine = [r for r in records if same_ends(r, truth)]
    if not mine and truth["ending"] == "unseen":
        return
    if len(mine) > 1 and scenario in NOT_SHOWN:
        mine = [r for r in mine if r["ending"] != "unseen"]
    if len(mine) != 1:
        yield f"{len(mine)} records for this connection, {len(records)} in the capture"
        return
    got = mine[0]
    for path in shown(scenario, truth, got, visible):
        if at(got, path) != at(truth, path):
            yield f"{path}: {at(truth, path)!r} in truth, {at(got, path)!r} read"
    if got["certainty"] == "certain" and got["cause"] and got["cause"] != truth["cause"]:
        yield f"certain of {got['cause']}; in truth it was {truth['cause']}"
    if truth["cause"] and got["ending"] not in NO_CAUSE and not got["ongoing"] and truth["cause"] not in got["causes"]:
        yield f"in truth it was {truth['cause']}; read {got['causes']}"


def cases(folder):
    """(scenario, family, faults) of each capture."""
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        run = subprocess.run([FINIS, "read", "--json", str(path.with_suffix(".pcap"))], capture_output=True, text=True,
                             check=False)
        records = [json.loads(line) for line in run.stdout.splitlines()]
        found = [f"status {run.returncode}: {run.stderr}"] if run.returncode else []
        likely = collections.Counter()
        for connection in told["connections"]:
            found += faults(told["scenario"], connection["truth"], connection["visible"], records)
            for r in records:
                if same_ends(r, connection["truth"]) and r["certainty"] == "likely" and r["cause"]:
                    likely[r["cause"] == connection["truth"]["cause"]] += 1
        if found and "LAB_READ_KEEP" in os.environ:
            shutil.copy(path.with_suffix(".pcap"), os.environ["LAB_READ_KEEP"])
        yield told["scenario"], told["family"], found, likely


def forgetting(program, folder):
    """What goes wrong when facts are forgotten, as faults of a case of its own."""
    captures = sorted(str(path) for path in pathlib.Path(folder).glob("*.pcap"))
    run = subprocess.run([program, *captures], capture_output=True, text=True, check=False)
    return run.stdout.splitlines()[:20] if run.returncode else []


def main():
    options = [a.partition("=")[2] for a in sys.argv[1:] if a.startswith("--forget=")]
    with tempfile.TemporaryDirectory() as folder:
        lab = stage(folder, [a for a in sys.argv[1:] if not a.startswith("--")])
        by_name = collections.defaultdict(list)
        likely = collections.Counter()
        for scenario, family, found, counts in cases(folder):
            by_name[scenario] += [f"IPv{family}: {fault}" for fault in found]
            likely += counts
        if by_name and options:
            by_name["knowing less makes nobody surer"] += forgetting(options[0], folder)
    if not by_name:
        print("1..0 # SKIP the lab may not capture here: " + lab.stderr.strip().splitlines()[-1][:100] if lab.stderr
              else "1..0 # SKIP the lab may not capture here")
        return 0
    print(f"1..{len(by_name)}")
    failed = 0
    for number, (name, found) in enumerate(sorted(by_name.items()), 1):
        failed += bool(found)
        print("not ok" if found else "ok", number, "-", name.replace("-", "_").replace(" ", "_"))
        for fault in found:
            print("#", fault)
    if likely[False] > likely[True] / 10:
        failed += 1
    print(f"# likely causes: {likely[True]} right, {likely[False]} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
