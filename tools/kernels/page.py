#!/usr/bin/env python3
"""page.py TREE RUNS: docs/kernels.md, made from what the runs of the lab left (see run.sh).

page.py --line TREE RUNS NAME: one line about one run; status 1 if something disagreed.
Status 2 when a kernel of the list has no complete run: then nothing may be written.
"""
import collections
import json
import pathlib
import re
import sys

SUM = re.compile(r"(\d+) random sequences with seed (\d+) in ([\d.]+) s \((\d+) a second\): (\d+) disagree")
CUT = re.compile(r"(\d+) could not be played to their end")
DIED = re.compile(r"(\d+) processes died")
FIELD = r'\.%s = "((?:[^"\\]|\\.)*)"'


class Run:
    """What one kernel did."""

    def __init__(self, folder):
        about = json.loads((folder / "about.json").read_text())
        self.name = folder.name
        self.steps = {step["name"]: step for step in about["steps"]}
        self.complete = about["complete"]
        self.package = (folder / "package").read_text().strip()
        # What uname -r says has no last number on 5.10 and 6.1.
        self.kernel = self.package.split(" ")[1].split("-")[0]
        self.plays = [json.loads(line) for line in (folder / "lab.out").read_text().splitlines() if line]
        self.search = (folder / "random.out").read_text()

    def scenarios(self):
        """Each scenario's verdict, the worst of its plays; skipped only where none was played."""
        verdicts = collections.OrderedDict()
        for play in self.plays:
            verdicts.setdefault(play["scenario"], []).append(play)
        for name, plays in verdicts.items():
            told = [play["verdict"] for play in plays]
            worst = [v for v in told if v not in ("agrees", "skipped")]
            yield name, (worst or ["agrees" if "agrees" in told else "skipped"])[0], plays

    def count(self, verdict):
        return sum(v == verdict for _, v, _ in self.scenarios())

    def disagreements(self):
        return [play for play in self.plays if play["verdict"] not in ("agrees", "skipped")]

    def searched(self):
        """Sequences played, disagreeing, cut short, a second; None if the search did not end."""
        found = SUM.search(self.search)
        if not found:
            return None
        cut, died = CUT.search(self.search), DIED.search(self.search)
        return (int(found[1]), int(found[5]) + (int(died[1]) if died else 0), int(cut[1]) if cut else 0, int(found[4]))


def names(tree):
    return re.findall(r"^(\d[\d.]*)\s", (tree / "tools/kernels/list").read_text(), re.M)


def rules_of(tree):
    """Name, functions, note on kernels and sentence of every rule of the model."""
    rules = {}
    for path in sorted((tree / "src/endpoint").glob("*_rules.c")):
        for body in re.findall(r"\{(\s*\.name = .*?)\n        \}", path.read_text(), re.S):
            got = {key: re.search(FIELD % key, body) for key in ("name", "at", "kernels", "why")}
            rules[got["name"][1]] = {key: value[1].replace('\\"', '"') if value else None for key, value in got.items()}
    return rules


def line(run):
    searched = run.searched()
    text = f"Linux {run.kernel}: {run.count('agrees')} scenarios agree, {len(run.disagreements())} plays disagree, " \
           f"{run.count('skipped')} not played"
    if searched:
        text += f"; {searched[0]} random sequences, {searched[1]} disagree, {searched[3]} a second"
    else:
        text += "; the search did not end"
    print(text)
    for play in run.disagreements():
        print(f"  {play['scenario']}, IPv{play['family']}: {play['why']} ({play['rule'] or 'no rule'})")
    for found in re.findall(r"^DISAGREES .*(?:\n  .*)*", run.search, re.M):
        print("  " + found.replace("\n", "\n  "))
    return 1 if run.disagreements() or not searched or searched[1] else 0


def table(rows):
    print("|" + "|".join(f" {cell} " for cell in rows[0]) + "|")
    print("|" + "---|" * len(rows[0]))
    for row in rows[1:]:
        print("|" + "|".join(f" {cell} ".replace("|", "\\|") if cell != "" else " " for cell in row) + "|")
    print()


def figures(runs):
    rows = [["Linux", "package", "scenarios agree", "disagree", "not played", "plays",
             "random sequences", "disagree", "broke off", "a second"]]
    for run in runs:
        played, disagree, cut, rate = run.searched()
        rows.append([run.kernel, run.package.split(" ", 1)[1], run.count("agrees"),
                     len({p["scenario"] for p in run.disagreements()}), run.count("skipped"),
                     sum(p["verdict"] != "skipped" for p in run.plays), f"{played:,}", disagree, cut, rate])
    table(rows)


def remarks(tree):
    lines = (tree / "tools/kernels/remarks").read_text().splitlines()
    return dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))


def faults(runs, known):
    said, explained = False, {}
    for run in runs:
        for play in run.disagreements():
            print(f"- {run.kernel}: `{play['scenario']}`, IPv{play['family']}: {play['why']}"
                  + (f" (rule `{play['rule']}`)" if play["rule"] else ""))
            said = True
            if play["scenario"] in known:
                explained[play["scenario"]] = known[play["scenario"]]
        for found in re.findall(r"^DISAGREES +(\S+)\n +(.*?)$(?:\n +rule (.*?)$)?", run.search, re.M):
            print(f"- {run.kernel}, found at random: `{found[0]}`: {found[1]}" + (f" (rule {found[2]})" if found[2] else ""))
            said = True
    print("" if said else "Nothing disagreed.\n")
    for scenario, remark in explained.items():
        print(f"`{scenario}`: {remark}\n")


def unplayed(runs):
    reasons = collections.OrderedDict()
    for run in runs:
        for play in run.plays:
            if play["verdict"] == "skipped":
                reasons.setdefault((play["scenario"], play["why"]), []).append(f"{run.kernel} IPv{play['family']}")
    for (scenario, why), where in reasons.items():
        print(f"- `{scenario}`: {why} ({', '.join(where)})")
    print("" if reasons else "Every scenario was played on every kernel.\n")


def split(plays):
    """The kernels, grouped by the rules that answered in one play; None where all have the same."""
    groups = collections.OrderedDict()
    for kernel, play in plays:
        groups.setdefault(frozenset(play["rules"]), []).append(kernel)
    return groups if len(groups) > 1 else None


def differences(runs, rules):
    """Scenarios in which other rules answered: told for IPv4, and for IPv6 where that differs."""
    plays = collections.OrderedDict()
    for run in runs:
        for play in run.plays:
            if play["verdict"] == "agrees":
                plays.setdefault((play["scenario"], play["family"]), []).append((run.kernel, play))
    rows, choice = [["scenario", "Linux", "the rules that answered there and not elsewhere"]], []
    for scenario in dict.fromkeys(name for name, _ in plays):
        groups = split(plays.get((scenario, 4), [])) or split(plays.get((scenario, 6), []))
        if not groups:
            continue
        everywhere = frozenset.intersection(*groups)
        special = [(kernels, sorted(group - everywhere)) for group, kernels in groups.items()]
        noted = any(rules.get(rule, {}).get("kernels") for _, own in special for rule in own)
        if not noted:
            choice.append(scenario)
            continue
        for kernels, own in special:
            told = "; ".join(f"`{rule}`: {rules[rule]['why']}" if rule in rules else f"`{rule}`" for rule in own)
            rows.append([f"`{scenario}`", ", ".join(kernels), told or "none"])
    if len(rows) > 1:
        table(rows)
    else:
        print("No scenario did.\n")
    if choice:
        print("In these, too, not all kernels took the same rules; no rule that took part is tied to a kernel. Where a "
              "pipeline fills, how much is sent before a call returns is the kernel's choice and a matter of time: "
              + ", ".join(f"`{name}`" for name in choice) + ".\n")


def outcome(call):
    """What one call and the look after it said, as (what, value) pairs."""
    pairs = [("the result", call["result"] if call["errno"] is None else call["errno"])]
    for side in ("client", "server"):
        pairs += [(f"{key} of the {side}", value if key != "poll" else "|".join(value))
                  for key, value in (call[side] or {}).items()]
    return pairs


def numbers(runs):
    """Scenarios with the same rules and other outcomes, but for those that fill a pipeline: there the kernel chooses."""
    plays = collections.OrderedDict()
    for run in runs:
        for play in run.plays:
            if play["verdict"] == "agrees" and not any(re.search(r"fill|\d[KM]", call["act"]) for call in play["calls"]):
                plays.setdefault(play["scenario"], {}).setdefault(play["family"], []).append((run.kernel, play))
    rows = [["scenario", "Linux", "the first that differs"]]
    for scenario, families in plays.items():
        for told in families.values():
            first = first_difference(told)
            if first:
                rows += [[f"`{scenario}`", ", ".join(kernels), what] for what, kernels in first.items()]
                break
    if len(rows) > 1:
        table(rows)
    else:
        print("No scenario did.\n")


def first_difference(told):
    """{what was seen: kernels} at the first call whose outcome is not the same everywhere; None if all are."""
    if len({frozenset(play["rules"]) for _, play in told}) > 1:
        return None
    for calls in zip(*(play["calls"] for _, play in told)):
        for seen in zip(*(outcome(call) for call in calls)):
            if len(set(map(str, seen))) > 1:
                groups = collections.OrderedDict()
                for (kernel, _), (what, value) in zip(told, seen):
                    groups.setdefault(f"after `{calls[0]['act']}` {what} is {value}", []).append(kernel)
                return groups
    return None


def traits(tree):
    text = (tree / "src/endpoint/endpoint.h").read_text()
    body = re.search(r"struct kernel_traits \{(.*?)\n\};", text, re.S)[1]
    for comment, name in re.findall(r"/\* (.*?) \*/\s*bool (\w+);", body, re.S):
        print(f"- `{name}`: {comment}")
    print()


def notes(rules, runs):
    used = {run.kernel: {rule for play in run.plays for rule in play["rules"]} for run in runs}
    rows = [["rule", "kernel functions", "note", "used on"]]
    for name, rule in rules.items():
        if rule["kernels"]:
            where = [kernel for kernel, names_ in used.items() if name in names_]
            rows.append([f"`{name}`", f"`{rule['at']}`", rule["kernels"],
                         "all" if len(where) == len(runs) else ", ".join(where) or "none of these"])
    table(rows)


def page(tree, runs):
    rules = rules_of(tree)
    sequences = re.search(r"--random (\d+)", runs[0].steps["random"]["command"])[1]
    print(f"""# The lab on other kernels

Made by `make kernels` (tools/kernels/page.py) from its runs; not written by hand.

`finis lab` played all its scenarios, timers too, over IPv4 and IPv6, and then {int(sequences):,} random sequences
with seed 1, on Debian's cloud kernels under QEMU without hardware help. The lab was process 1's child in a RAM disk,
as root, in network namespaces of its own. What it holds against the model: every call's return, errno and signal; state,
queues and poll bits after each act; what is on the wire.
""")
    figures(runs)
    print("Broke off: a sequence at random may ask for what cannot be done at that point; it is left there. The rate is that of\n"
          "emulation, and says nothing of a kernel.\n")
    print("## What disagreed\n")
    faults(runs, remarks(tree))
    print("## What was not played\n")
    unplayed(runs)
    print("""## Where the kernels differ

The model knows these differences. Which kernel does what is found at the start by trying it (src/lab/traits.c), never
by its version, since stable kernels and distributions carry such changes back. A version
below is that of the mainline kernel with the change:
""")
    traits(tree)
    print("Scenarios in which not all kernels took the same rules:\n")
    differences(runs, rules)
    print("Scenarios in which the same rules gave other numbers; those that fill a pipeline are left out:\n")
    numbers(runs)
    print("## What the rules say of kernels\n")
    notes(rules, runs)


def main(arguments):
    if arguments[0] == "--line":
        return line(Run(pathlib.Path(arguments[2]) / arguments[3]))
    tree, folder = map(pathlib.Path, arguments)
    runs = []
    for name in names(tree):
        try:
            run = Run(folder / name)
        except OSError as error:
            print(f"page: Linux {name} was not run: {error.filename}", file=sys.stderr)
            return 2
        if not run.complete or not run.searched():
            print(f"page: the run of Linux {name} has no end", file=sys.stderr)
            return 2
        runs.append(run)
    page(tree, runs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
