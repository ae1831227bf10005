#!/usr/bin/env python3
"""What `finis watch` costs the programs that it watches: connections per CPU second of a storm on one core, watched and
not, in rounds in turn, since the machine's own moods are greater than the difference. Beside it, where they are found in
PATH and start: tcplife, tcpstates, tcptracer and tcpconnect of libbpf-tools, and strace. Needs root and BPF.

watch.py FINIS STORM [ROUNDS] [SECONDS]     STORM is what `ninja -C build bench/bench-storm` makes
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

if len(sys.argv) < 3 or not all(os.access(path, os.X_OK) for path in sys.argv[1:3]):
    sys.exit(__doc__.strip())
FINIS, STORM = sys.argv[1:3]
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
SECONDS = sys.argv[4] if len(sys.argv) > 4 else "1"
# tracefs, if nobody has mounted it, is mounted for them alone.
TRACING = [] if os.path.exists("/sys/kernel/tracing/events") else ["unshare", "-m", "sh", "-c",
                                                                 'mount -t tracefs t /sys/kernel/tracing; exec "$@"', "sh"]
TOOLS = ("tcplife", "tcpstates", "tcptracer", "tcpconnect")


def storm(before=()):
    n, cpu = subprocess.run([*before, STORM, SECONDS, "0"], capture_output=True, text=True, check=True).stdout.split()
    return int(n) / float(cpu)


def lost(words):
    return sum(int(line.split()[2]) for line in words.splitlines() if "without detail" in line)


def by_finis(*options):
    def run():
        with tempfile.NamedTemporaryFile() as out:
            watch = subprocess.Popen(["taskset", "-c", "1", FINIS, "watch", "--output", out.name, *options],
                                     stderr=subprocess.PIPE, text=True)
            watch.stderr.readline()
            rate = storm()
            watch.terminate()
            return rate, lost(watch.communicate()[1])
    return run


def by_tool(path):
    def run():
        with tempfile.TemporaryFile(mode="w+") as words:
            tool = subprocess.Popen(["taskset", "-c", "1", *TRACING, path], stdout=subprocess.DEVNULL, stderr=words)
            time.sleep(1)
            if tool.poll() is not None:
                words.seek(0)
                raise OSError(words.read().strip().splitlines()[-1])
            rate = storm()
            tool.terminate()
            tool.wait()
            words.seek(0)
            # "lost 17 events on CPU #0"
            return rate, sum(int(word[1]) for line in words if (word := line.lower().split())[:1] == ["lost"])
    return run


def variants():
    yield "unwatched", lambda: (storm(), 0)
    yield "watch", by_finis()
    yield "watch --all --json", by_finis("--all", "--json")
    yield "watch --capture", by_finis("--capture", "/dev/null")
    for tool in TOOLS:
        if path := shutil.which(tool):
            yield tool, by_tool(path)
    if path := shutil.which("strace"):
        yield "strace", lambda: (storm([path, "-f", "-qq", "-e", "trace=%network,close", "-o", "/dev/null"]), 0)


def main():
    runs = dict(variants())
    rates = {name: [] for name in runs}
    losses = dict.fromkeys(runs, 0)
    storm()
    for _ in range(ROUNDS):
        for name, run in list(runs.items()):
            try:
                rate, n = run()
            except OSError as error:
                print(f"{name:20} does not start here: {error}")
                del runs[name], rates[name]
                continue
            rates[name].append(rate)
            losses[name] += n
    for name, values in rates.items():
        ratios = [v / base for v, base in zip(values, rates["unwatched"])]
        print(f"{name:20} {statistics.median(values):9.0f} connections per CPU second"
              f"  {statistics.median(ratios):.3f} (median of {ROUNDS} rounds)  {losses[name]} records lost")


main()
