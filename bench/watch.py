#!/usr/bin/env python3
"""What `finis watch` costs the programs that it watches: connections per CPU second of a storm on one core, watched and
not, in rounds in turn, since the machine's own moods are greater than the difference. Needs root and BPF.

watch.py FINIS STORM [ROUNDS] [SECONDS]
"""

import statistics
import subprocess
import sys
import tempfile

FINIS, STORM = sys.argv[1:3]
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
SECONDS = sys.argv[4] if len(sys.argv) > 4 else "1"
VARIANTS = {"unwatched": None, "watch": (), "watch --all --json": ("--all", "--json")}


def storm():
    n, cpu = subprocess.run([STORM, SECONDS, "0"], capture_output=True, text=True, check=True).stdout.split()
    return int(n) / float(cpu)


def lost(words):
    return sum(int(line.split()[2]) for line in words.splitlines() if "without detail" in line)


def watched(options):
    with tempfile.NamedTemporaryFile() as out:
        watch = subprocess.Popen(["taskset", "-c", "1", FINIS, "watch", "--output", out.name, *options], stderr=subprocess.PIPE,
                                 text=True)
        watch.stderr.readline()
        rate = storm()
        watch.terminate()
        return rate, lost(watch.communicate()[1])


def main():
    rates = {name: [] for name in VARIANTS}
    losses = dict.fromkeys(VARIANTS, 0)
    storm()
    for _ in range(ROUNDS):
        for name, options in VARIANTS.items():
            rate, n = (storm(), 0) if options is None else watched(options)
            rates[name].append(rate)
            losses[name] += n
    for name, values in rates.items():
        ratios = [v / base for v, base in zip(values, rates["unwatched"])]
        print(f"{name:20} {statistics.median(values):9.0f} connections per CPU second"
              f"  {statistics.median(ratios):.3f} (median of {ROUNDS} rounds)  {losses[name]} records lost")


main()
