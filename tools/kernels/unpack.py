#!/usr/bin/env python3
"""unpack.py OUT: takes apart what a guest sent over its serial port (see init).

Status 0 when all steps came whole, 2 when the guest fell silent before it was done.
unpack.py --passed OUT STEP: status 0 if that step of an unpacked run ended with status 0.
"""
import base64
import gzip
import json
import pathlib
import sys


def text(lines):
    try:
        return gzip.decompress(base64.b64decode("".join(lines)))
    except (ValueError, OSError, EOFError) as error:
        return f"finis kernels: damaged on the way: {error}\n".encode()


def main(out):
    raw = (out / "results.txt").read_bytes().decode("ascii", "replace").replace("\r", "")
    steps, lines, complete = [], iter(raw.split("\n")), False
    about = {"kernel": None, "steps": steps}
    for line in lines:
        if line.startswith("kernel "):
            about["kernel"] = line.split(" ", 2)[1]
        elif line == "done":
            complete = True
        elif line.startswith("step "):
            _, name, status, begun, ended, command = line.split(" ", 5)
            parts, part, whole = {"out": [], "err": []}, "out", False
            for inner in lines:
                if inner == "end":
                    whole = True
                    break
                if inner == "stderr":
                    part = "err"
                else:
                    parts[part].append(inner)
            if not whole:
                break
            for part, body in parts.items():
                (out / f"{name}.{part}").write_bytes(text(body))
            steps.append({"name": name, "command": command, "status": int(status),
                          "seconds": round(float(ended) - float(begun), 1)})
    about["complete"] = complete
    (out / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    if not complete:
        print(f"kernels: the guest of {out} fell silent after {len(steps)} steps: "
              f"see {out / 'console.txt'}", file=sys.stderr)
    return 0 if complete else 2


def passed(out, name):
    """Whether that step came whole and ended with status 0."""
    steps = json.loads((out / "about.json").read_text())["steps"]
    return any(step["name"] == name and step["status"] == 0 for step in steps)


if __name__ == "__main__":
    if sys.argv[1] == "--passed":
        sys.exit(not passed(pathlib.Path(sys.argv[2]), sys.argv[3]))
    sys.exit(main(pathlib.Path(sys.argv[1])))
