"""The golden records, the writer and the words against docs/record.schema.json. TAP.

    record_schema.py SOURCE_ROOT PRINT_WORDS PRINT_RECORDS

For each golden record: it validates; each variant broken in one place does not; it keeps the rules that
bind keys together; its numbers are those of its story's segments. For the writer: each line it prints
validates, has the keys in the schema's order, and one is the golden record's equal. For the words: the
schema's are those of the program.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys

try:
    import jsonschema
    VALIDATOR = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    print("1..0 # SKIP python3-jsonschema 4 or later is not installed")
    sys.exit(0)

root = pathlib.Path(sys.argv[1])
print_words, print_records = sys.argv[2:4]
GOLDEN = root / "tests" / "golden"
sys.path.insert(0, str(GOLDEN))
import story  # noqa: E402

schema = json.loads((root / "docs" / "record.schema.json").read_text(encoding="utf-8"))
validator = VALIDATOR(schema)
OPTIONAL = {"evidence"}  # named here, so that the schema cannot make more keys optional unnoticed
n_cases = n_failed = 0


def case(name, problems):
    """One line of TAP; the problems, if any, as remarks."""
    global n_cases, n_failed
    problems = list(problems)
    n_cases += 1
    n_failed += bool(problems)
    print(("not ok" if problems else "ok"), n_cases, "-", name)
    for problem in problems[:20]:
        print("#", str(problem)[:300])


def faults(record):
    return [f"{e.json_path}: {e.message}" for e in validator.iter_errors(record)]


def resolve(part):
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]]
    return part


def order_faults(value, part, path="$"):
    """Where the keys do not come in the schema's order, or one is missing."""
    part = resolve(part)
    if isinstance(value, dict):
        wanted = [k for k in part["properties"] if k not in OPTIONAL or k in value]
        if list(value) != wanted:
            yield f"{path}: keys {list(value)}, wanted {wanted}"
        for key in value:
            if key in part["properties"]:
                yield from order_faults(value[key], part["properties"][key], f"{path}.{key}")
    elif isinstance(value, list) and "items" in part:
        for i, item in enumerate(value):
            yield from order_faults(item, part["items"], f"{path}[{i}]")


def spots(value, part, path=()):
    """Every place in a record, with its piece of the schema."""
    part = resolve(part)
    yield path, value, part
    if isinstance(value, dict):
        for key, item in value.items():
            yield from spots(item, part["properties"][key], path + (key,))
    elif isinstance(value, list) and "items" in part:
        for i, item in enumerate(value):
            yield from spots(item, part["items"], path + (i,))


def changed(record, path, change):
    broken = copy.deepcopy(record)
    if not path:
        return change(broken)
    holder = broken
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = change(holder[path[-1]])
    return broken


def without(key):
    def change(value):
        del value[key]
        return value
    return change


def variants(record):
    """(what was broken, the broken record) for every place and every way."""
    for path, value, part in spots(record, schema):
        name = ".".join(map(str, path)) or "record"
        if isinstance(value, dict):
            for key in value:
                if key not in OPTIONAL:
                    yield f"{name} without {key}", changed(record, path, without(key))
            yield f"{name} with an extra key", changed(record, path, lambda v: dict(v, surplus=None))
        if path:
            # No place takes an object or an array where it has neither.
            wrong = 7.25 if isinstance(value, (dict, list, str)) else {"a": 1}
            yield f"{name} of a wrong type", changed(record, path, lambda v, w=wrong: w)
            if "enum" in part or "pattern" in part:
                yield f"{name} an unknown word", changed(record, path, lambda v: "no such word")
            kinds = part.get("type")
            if "enum" not in part and value is not None and "null" not in (kinds if isinstance(kinds, list) else [kinds]):
                yield f"{name} null", changed(record, path, lambda v: None)
            if isinstance(value, int) and not isinstance(value, bool) and "minimum" in part:
                yield f"{name} below zero", changed(record, path, lambda v: -1)


def rule_faults(r):
    """The rules of docs/record.md that bind keys together."""
    stated = r["certainty"] in ("certain", "likely") and r["causes"]
    if bool(r["cause"]) != bool(stated):
        yield "a cause is stated if and only if it is certain or likely"
    if r["cause"] and r["causes"][0] != r["cause"]:
        yield "the cause is not the first of the causes"
    needs_none = r["ending"] in ("orderly", "open", "half-closed", "unseen")
    if needs_none != (not r["causes"]):
        yield "causes where none are needed, or none where they are"
    if r["certainty"] == "certain" and not needs_none and len(r["causes"]) != 1:
        yield "a certain cause stands alone"
    if (r["ended"] is None) != r["ongoing"]:
        yield "ended is null if and only if it is ongoing"
    if r["ending"] in ("open", "half-closed", "unseen") and not r["ongoing"]:
        yield "nothing ended it, yet it is over"
    if r["ending"] == "reset" and not r["reset"]:
        yield "reset without a RST"
    if r["silent"] and r["ending"] not in ("timed-out", "unanswered"):
        yield "silent in an ending that has no silence"
    for key in ("to_server", "to_client"):
        d = r[key]
        for part in ("acked", "acked_by_reset", "uncertain"):
            if d["bytes"] is not None and d[part] is not None and d[part] > d["bytes"]:
                yield f"{key}: {part} is more than bytes"
        known = d["bytes"] is not None and d["acked"] is not None
        wanted = d["bytes"] - max(d["acked"], d["acked_by_reset"] or 0) if known else None
        if d["uncertain"] != wanted:
            yield f"{key}: uncertain is {d['uncertain']}, wanted {wanted}"
        if d["fin_acked"] and d["closed"] != "fin":
            yield f"{key}: a FIN is acked that was not sent"
        if d["bytes"] is not None and (d["fate"] == "none") != (d["bytes"] == 0 and not d["unsent"]):
            yield f"{key}: fate none if and only if there are no bytes"
        if d["fate"] == "acked" and (d["uncertain"] != 0 or d["unsent"] or d["unread"]):
            yield f"{key}: fate acked in spite of its counts"
        if d["fate"] == "uncertain" and not d["uncertain"]:
            yield f"{key}: fate uncertain without uncertain bytes"
        if d["fate"] == "lost" and not (d["uncertain"] or d["unsent"] or d["unread"]):
            yield f"{key}: fate lost without bytes to lose"
    for way in ("to_server", "to_client"):  # last words may stay uncertain: a good-bye has 64 bytes at most
        if r["severity"] != "bad" and r[way]["fate"] == "uncertain" and r[way]["uncertain"] > 64:
            yield "bytes are uncertain, yet it is not bad"
    if r["severity"] == "fine" and r["ending"] == "timed-out":
        yield "it timed out, yet it is fine"
    for side in ("client", "server"):
        if r[side]["os"] != "linux" and r[side + "_next"]:
            yield f"{side}_next is told of a system that is not known to be Linux"
    for key in ("conn_state", "history", "file", "frames"):
        if (r[key] is None) != (r["source"] != "capture"):
            yield f"{key} belongs to captures, and to all of them"
    if r["started"] and r["ended"] and r["ended"] < r["started"]:
        yield "it ended before it started"


def story_faults(r, segments):
    """The record's numbers against its story's segments."""
    def differ(what, written, counted):
        if written != counted:
            yield f"{what}: written {written}, counted {counted}"

    both = r["seen"]["sides"] == "both"
    for side, key in (("client", "to_server"), ("server", "to_client")):
        counted = story.direction(segments, side)
        for what in counted if both else ("packets",):
            yield from differ(f"{key}.{what}", r[key][what], counted[what])
    letters = story.history(segments, r["history"].startswith("^"), r["seen"]["cut"])
    yield from differ("history", r["history"], letters)
    yield from differ("conn_state", r["conn_state"], story.conn_state(segments, letters))
    yield from differ("frames", r["frames"], [segments[0].frame, segments[-1].frame])
    yield from differ("id", r["id"], f"{r['file']}.{segments[0].frame}")
    yield from differ("started", r["started"], story.stamp(segments[0].ns))
    at = {story.stamp(s.ns): s.ns for s in segments}
    if r["ended"] is not None and r["ended"] not in at:
        yield "ended is the time of no segment"
    else:
        end = at.get(r["ended"], segments[-1].ns)
        yield from differ("duration", r["duration"], round((end - segments[0].ns) / 1e9, 9))
    gaps = [round((b.ns - a.ns) / 1e9, 9) for a, b in zip(segments, segments[1:])]
    if r["idle_before"] is not None and r["idle_before"] not in gaps:
        yield f"idle_before {r['idle_before']} is no silence between two segments"
    resets = [s for s in segments if "R" in s]
    yield from differ("reset", bool(r["reset"]), bool(resets))
    if r["reset"] and resets:
        yield from differ("reset.count", r["reset"]["count"], len(resets))
        named = [s for s in resets if s.frame == r["reset"]["frame"]]
        if not named:
            yield "reset.frame is no RST"
        for s in named:
            yield from differ("reset.by", r["reset"]["by"], "network" if s.forged else s.sender)
            for what in ("window", "ttl"):
                yield from differ(f"reset.{what}", r["reset"][what], int(s.more[what]))


def enum_at(*path):
    part = schema
    for step in path:
        part = resolve(part["properties"][step])
    return [word for word in part["enum"] if word is not None]


def word_faults(words):
    """The schema's words are the program's, in its order; the words printed as null are not in it."""
    pairs = [
        (("source",), words["source"]), (("ending",), words["ending"]),
        (("ended_by",), words["side"][:-1]), (("silent",), words["side"][:2]),
        (("severity",), words["severity"]), (("cause",), words["cause"]),
        (("certainty",), words["certainty"]), (("client", "os"), words["os"][:-1]),
        (("to_server", "closed"), words["closed"][:-1]), (("to_server", "fate"), words["fate"]),
        (("reset", "kind"), words["reset_kind"][:-1]), (("reset", "by"), words["side"][:-1]),
        (("reset", "valid"), words["reset_validity"][:-1]), (("acts", "client", "how"), words["act"]),
        (("seen", "roles"), words["roles"]), (("seen", "sides"), words["sides_seen"]),
        (("retry",), words["retry"]), (("conn_state",), words["conn_state"]),
    ]
    for path, program in pairs:
        # In the order of likely severity the schema may be free: compared as sets, with nothing twice.
        written = enum_at(*path)
        if sorted(written) != sorted(program):
            yield f"{'.'.join(path)}: schema {written}, program {program}"
    if sorted(resolve(schema["$defs"]["cause"])["enum"]) != sorted(words["cause"]):
        yield "$defs.cause: not the program's causes"
    for key in ("side", "os", "closed", "reset_kind", "reset_validity"):
        if words[key][-1] != "unknown":
            yield f"{key}: the last word is not unknown"


def lax_spots(part, path="$"):
    """Where an object may have other keys, lack one, or a key is not explained."""
    if isinstance(part, list):
        for i, item in enumerate(part):
            yield from lax_spots(item, f"{path}[{i}]")
    if not isinstance(part, dict):
        return
    kinds = part.get("type", [])
    if "object" in kinds:
        if part.get("additionalProperties") is not False:
            yield f"{path}: takes other keys"
        if set(part["required"]) != set(part["properties"]) - OPTIONAL:
            yield f"{path}: required are {part['required']}"
        for key, item in part["properties"].items():
            if not resolve(item).get("description"):
                yield f"{path}.{key}: not explained"
    for key, item in part.items():
        if key not in ("allOf", "if", "then", "else"):
            yield from lax_spots(item, f"{path}.{key}")


VALIDATOR.check_schema(schema)
case("the_schema_has_the_programs_words", word_faults(json.loads(subprocess.check_output([print_words]))))
case("the_schema_is_strict_everywhere", lax_spots(schema))

paths = sorted(GOLDEN.glob("*.json"))
case("there_are_at_least_25_golden_records", [] if len(paths) >= 25 else [f"only {len(paths)}"])
covered = {"ending": set(), "severity": set(), "certainty": set(), "retry": set()}
n_variants = 0
for path in paths:
    record = json.loads(path.read_text(encoding="utf-8"))
    told = path.with_suffix(".md")
    case(f"{path.stem}_is_a_record", faults(record) + list(order_faults(record, schema)))
    passed = []
    for what, broken in variants(record):
        n_variants += 1
        if not faults(broken):
            passed.append(f"passes: {what}")
    case(f"{path.stem}_broken_is_no_record", passed)
    case(f"{path.stem}_keeps_the_rules", rule_faults(record))
    if not told.exists():
        case(f"{path.stem}_has_a_story", ["there is none"])
        continue
    segments = story.read(told)
    if record["source"] == "capture":
        case(f"{path.stem}_has_the_numbers_of_its_story",
             story_faults(record, segments) if segments else ["the story has no segments"])
    for key, words in covered.items():
        words.add(record[key])
case("the_golden_records_use_every_ending_severity_certainty_and_retry", (
    f"{key}: never {word}" for key, words in covered.items() for word in enum_at(key) if word not in words))
print(f"# {n_variants} broken variants")

lines = subprocess.check_output([print_records]).decode("utf-8").splitlines()
records = [json.loads(line) for line in lines]
case("every_line_of_the_writer_is_a_record", (
    f"line {i + 1}: {fault}" for i, r in enumerate(records) for fault in faults(r)))
case("the_writer_keeps_the_order_of_keys", (
    f"line {i + 1}: {fault}" for i, r in enumerate(records) for fault in order_faults(r, schema)))
golden = json.loads((GOLDEN / "loopback-both-ends.json").read_text(encoding="utf-8"))
case("the_writer_prints_the_golden_record", (
    f"{key}: {records[0].get(key)} is not {value}" for key, value in golden.items() if records[0].get(key) != value))
case("hostile_names_come_back_as_they_were", (
    f"{got!r} is not {want!r}" for got, want in [
        (records[1]["id"], '"},{"finis":2,"x":"'),
        (records[1]["client"]["comm"], "\x1b[2J\x07\r"),
        (records[1]["client"]["cgroup"], "/\u202egnp.exe"),
        (records[1]["server"]["comm"], 'a\\u0000"b'),
        (records[1]["server"]["cgroup"], "\ufffd" * 6),
        (records[1]["acts"]["client"]["comm"], "\x9b31m"),
        (records[1]["acts"]["server"]["comm"], "\ufffd"),
    ] if got != want))

manual = (root / "docs" / "man" / "finis-record.5").read_text(encoding="utf-8")
page = (root / "docs" / "record.md").read_text(encoding="utf-8")
keys = {path[-1] for path, _, _ in spots(golden, schema) if path and isinstance(path[-1], str)}
keys |= set(resolve(schema["properties"]["client_next"])["properties"]) | {"result", "evidence"}
case("the_manual_and_the_page_name_every_key", [
    f"{key} is not in {name}" for name, text in [("finis-record(5)", manual), ("record.md", page)]
    for key in sorted(keys) if not re.search(rf"\b{key}\b", text.replace("`…_", "`client_"))])
example = manual.split(".Bd -literal\n")[1].split(".Ed")[0]
case("the_manuals_example_is_a_golden_record", [] if json.loads(example) == json.loads(
    (GOLDEN / "unread-or-linger.json").read_text(encoding="utf-8")) else ["it is not unread-or-linger"])
print(f"1..{n_cases}")
sys.exit(n_failed > 0)
