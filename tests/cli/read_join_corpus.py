#!/usr/bin/env python3
"""finis read --client A --server A: who joins a capture with itself must learn nothing new. Speaks TAP.

The captures are those of the folder FINIS_CORPUS; FINIS_CORPUS_EVERY=N takes every Nth (default 5), and
FINIS_CORPUS_THIN=N every Nth of those: for the second compiler.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

FINIS = os.environ['FINIS']
# Beside the tree, where someone has put them.
CORPUS = Path(os.environ.get('FINIS_CORPUS') or Path(__file__).resolve().parents[3] / 'shared' / 'corpus')
EVERY = int(os.environ.get('FINIS_CORPUS_EVERY', '5')) * int(os.environ.get('FINIS_CORPUS_THIN', '1'))

OF_ALL = ('ending', 'ongoing', 'ended_by', 'cause', 'conn_state', 'history', 'started')
OF_DIRECTION = ('bytes', 'acked', 'uncertain', 'closed', 'fate', 'packets')


def records(*words):
    run = subprocess.run([FINIS, 'read', '--json', *words], capture_output=True, text=True, check=False)
    # The last of an id is what holds.
    return run.returncode, {r['id']: r for r in map(json.loads, run.stdout.splitlines())}


def faults(capture):
    status, alone = records(capture)
    status_joined, joined = records('--client', capture, '--server', capture)
    if status != status_joined:
        yield f'exit status {status} alone, {status_joined} joined'
    if alone.keys() != joined.keys():
        yield f'{len(alone)} records alone, {len(joined)} joined'
    for id_ in alone.keys() & joined.keys():
        a, b = alone[id_], joined[id_]
        if not b['seen']['both_ends']:
            yield f'{id_} found no partner'
        for key in OF_ALL:
            if a[key] != b[key]:
                yield f'{id_} {key}: {a[key]} alone, {b[key]} joined'
        for way in ('to_server', 'to_client'):
            for key in OF_DIRECTION:
                if a[way][key] != b[way][key]:
                    yield f'{id_} {way} {key}: {a[way][key]} alone, {b[way][key]} joined'


def main():
    if not (CORPUS / 'manifest.tsv').exists():
        print('1..0 # SKIP needs captures in FINIS_CORPUS')
        return 0
    with open(CORPUS / 'manifest.tsv', newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file, delimiter='\t'))[::EVERY]
    failed = 0
    print(f'1..{len(rows)}')
    for number, row in enumerate(rows, 1):
        found = list(faults(str(CORPUS / row['file'])))
        failed += bool(found)
        print(f'{"not ok" if found else "ok"} {number} - {row["file"]}')
        for fault in found[:5]:
            print(f'# {fault}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
