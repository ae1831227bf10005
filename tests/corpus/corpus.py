"""What the comparisons with the corpus share: where it is, its tables, what finis says of its captures, TAP.

The corpus is a thousand real captures with what other programs say of them. It is no part of this tree: the
tests find it by FINIS_CORPUS, else beside the tree, and are skipped where there is none.
"""

import csv
import functools
import ipaddress
import json
import os
import subprocess
import sys
import traceback
from collections import Counter, defaultdict
from pathlib import Path

FINIS = os.environ['FINIS']
TREE = Path(os.environ['FINIS_SOURCE'])


def corpus():
    """The directory of the captures, or None."""
    named = os.environ.get('FINIS_CORPUS')
    place = Path(named) if named else TREE.parent.joinpath('shared', 'corpus')
    return place if (place / 'manifest.tsv').is_file() else None


CORPUS = corpus()


def table(name):
    """The rows of one of the corpus's tables, as dictionaries."""
    with open(CORPUS / name, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE))


def by_file(rows):
    grouped = defaultdict(list)
    for row in rows:
        grouped[row['file']].append(row)
    return grouped


@functools.cache
def address(text):
    """One spelling for each address; IPv4 mapped into IPv6 is IPv4, as in records."""
    parsed = ipaddress.ip_address(text)
    return str(getattr(parsed, 'ipv4_mapped', None) or parsed)


def ends(one_ip, one_port, other_ip, other_port):
    """Two ends, whichever of them is the client."""
    return frozenset({(address(one_ip), int(one_port)), (address(other_ip), int(other_port))})


def record_ends(record):
    client, server = record['client'], record['server']
    return ends(client['ip'], client['port'], server['ip'], server['port'])


def read(file):
    """The records that finis makes of a capture; the last print of each, in the order of their first frames."""
    done = subprocess.run([FINIS, 'read', '--json', CORPUS / file], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, f'{file}: status {done.returncode}: {done.stderr.decode()}'
    records = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        records[record['id']] = record
    return sorted(records.values(), key=lambda record: record['frames'][0])


def read_by_ends(file):
    found = defaultdict(list)
    for record in read(file):
        found[record_ends(record)].append(record)
    return found


def show(ends_of_one):
    return ' '.join(f'{ip}:{port}' for ip, port in sorted(ends_of_one))


def known(reason, file, *ends_of_each):
    """Entries of a list of known differences, for several connections of a file."""
    return {(file, name): reason for name in ends_of_each}


class Differences:
    """A list of known differences, each with its reason. It must be exact: what differs and is not listed
    fails, and so does what is listed and does not differ (any more)."""

    def __init__(self, known):
        self.known = known
        self.found = Counter()
        self.unknown = []

    def add(self, key, line):
        if key in self.known:
            self.found[key] += 1
        else:
            self.unknown.append(f'{key}: {line}')

    def check(self):
        gone = [f'{key} does not differ any more: {reason}' for key, reason in self.known.items()
                if key not in self.found]
        assert not self.unknown and not gone, '\n'.join(self.unknown + gone)


def run(cases, needs=()):
    """Prints TAP for a list of functions, or (name, function). All are skipped without the corpus."""
    cases = [(case.__name__, case) if callable(case) else case for case in cases]
    missing = 'no corpus (FINIS_CORPUS)' if not CORPUS else \
        ', '.join(f'{name} is not set' for name in needs if not os.environ.get(name))
    failed = 0
    print(f'1..{len(cases)}')
    for number, (name, case) in enumerate(cases, 1):
        if missing:
            print(f'ok {number} - {name} # SKIP {missing}')
            continue
        try:
            note = case()
        except Exception as error:  # a case that cannot be run has failed
            failed += 1
            print(f'not ok {number} - {name}')
            text = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            for line in text.splitlines()[:200]:
                print(f'# {line}')
            continue
        print(f'ok {number} - {name}')
        if note:
            print(f'# {note}')
        sys.stdout.flush()
    return 1 if failed else 0
