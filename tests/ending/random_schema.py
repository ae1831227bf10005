"""Records of facts at random are records: JSON that docs/record.schema.json takes. TAP.

    random_schema.py PRINT_RANDOM
"""

import collections
import json
import os
import pathlib
import subprocess
import sys

try:
    import jsonschema
    VALIDATOR = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("1..0 # SKIP python3-jsonschema 4 or later is not installed")
    sys.exit(0)

N = 3000
root = pathlib.Path(os.environ.get("FINIS_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
validator = VALIDATOR(json.loads((root / "docs" / "record.schema.json").read_text(encoding="utf-8")))
lines = subprocess.check_output([sys.argv[1], str(N)]).decode("utf-8").splitlines()
faults = collections.Counter()
for line in lines:
    faults.update(f"{e.json_path}: {e.message[:100]}" for e in validator.iter_errors(json.loads(line)))
print("1..2")
print("ok" if len(lines) == N else "not ok", "1 - every_line_is_a_record")
print("not ok" if faults else "ok", "2 - the_schema_takes_every_record")
for fault, n in faults.most_common(20):
    print("#", n, fault)
sys.exit(1 if faults or len(lines) != N else 0)
