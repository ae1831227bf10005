"""`finis read` on the golden stories: a capture is made from each story's segments, and every key of the record that
comes out must be the golden record's. Then each fact of each connection is forgotten in turn: a judge who knows less must not
be surer. Speaks TAP.

    golden_read.py [FORGET_CAPTURES]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

root = pathlib.Path(os.environ.get("FINIS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(root / "tests" / "golden"))
import story  # noqa: E402
import story_pcap  # noqa: E402

FINIS = os.environ.get("FINIS", str(root / "build" / "src" / "cli" / "finis"))


def flat(value, path=""):
    """Every key with its path; lists are compared whole."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else key)
    else:
        yield path, value


def read(path):
    run = subprocess.run([FINIS, "read", "--json", "--evidence", path], capture_output=True, text=True, check=False)
    records = [json.loads(line) for line in run.stdout.splitlines()]
    problems = [f"status {run.returncode}: {run.stderr}"] if run.returncode else []
    return records, problems


def compare(golden, capture):
    records, problems = read(capture)
    yield from problems
    same = [r for r in records if r["id"] == golden["id"]]
    if len(same) != 1:
        yield f"{len(same)} records of id {golden['id']}, of {len(records)} in all"
        return
    got = dict(flat(same[0]))
    if not got.pop("evidence", None) and golden["ending"] not in ("open", "unseen"):
        yield "no evidence is given"
    for key, want in flat(golden):
        if key not in got or got[key] != want:
            yield f"{key}: golden {json.dumps(want)}, read {json.dumps(got.get(key))}"


def main():
    stories = []
    for path in sorted((root / "tests" / "golden").glob("*.json")):
        golden = json.loads(path.read_text(encoding="utf-8"))
        if golden["source"] == "capture":
            stories.append((path, golden))
    failed, captures = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for number, (path, golden) in enumerate(stories, 1):
            capture = os.path.join(folder, path.stem + ".pcap")
            tale = path.with_suffix(".md")
            captures.append(capture)
            story_pcap.write(capture, golden, story.read(tale), story_pcap.remarks(tale), story_pcap.afterwards(tale))
            problems = list(compare(golden, capture))
            failed += bool(problems)
            print("not ok" if problems else "ok", number, "-", f"{path.stem}_is_read_as_it_is_told")
            for problem in problems:
                print("#", problem)
        if len(sys.argv) > 1:
            run = subprocess.run([sys.argv[1], *captures], capture_output=True, text=True, check=False)
            failed += run.returncode != 0
            print("not ok" if run.returncode else "ok", len(stories) + 1, "- knowing_less_makes_nobody_surer")
            print(run.stdout, end="")
    print(f"1..{len(stories) + (len(sys.argv) > 1)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
