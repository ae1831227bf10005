"""The golden records that no capture shows: judged from facts by hand, every key compared. TAP.

    live_golden.py PRINT_LIVE
"""

import json
import os
import pathlib
import subprocess
import sys

root = pathlib.Path(os.environ.get("FINIS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
names = [path.stem for path in sorted((root / "tests" / "golden").glob("*.json"))
         if json.loads(path.read_text(encoding="utf-8"))["source"] != "capture"]


def differences(golden, got, path=""):
    if isinstance(golden, dict) and isinstance(got, dict):
        if list(golden) != list(got):
            yield f"{path}: keys {list(got)}"
        for key in golden:
            yield from differences(golden[key], got.get(key), f"{path}.{key}" if path else key)
    elif golden != got:
        yield f"{path}: golden {json.dumps(golden)}, judged {json.dumps(got)}"


print(f"1..{len(names)}")
failed = 0
for number, name in enumerate(names, 1):
    golden = json.loads((root / "tests" / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    run = subprocess.run([sys.argv[1], name], capture_output=True, text=True, check=False)
    found = list(differences(golden, json.loads(run.stdout))) if run.returncode == 0 else [f"status {run.returncode}"]
    failed += bool(found)
    print("not ok" if found else "ok", number, "-", name.replace("-", "_") + "_is_judged_as_it_is_told")
    for line in found:
        print("#", line)
sys.exit(1 if failed else 0)
