#!/usr/bin/env python3
"""Every real capture, and every beginning of a small one, through the whole of the reader. TAP.

fuzz/replay-read reads a capture from memory and judges every connection; a record that breaks its rules ends
it. What this finds are crashes, hangs and, in a build with sanitizers, whatever they see: leaks too.

The captures are those below FINIS_CORPUS, or below shared/corpus beside the tree; without them it is skipped.
CUT_STEP=1 cuts small files at every byte; without it at as many places as a minute allows.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPLAY = os.path.join(os.environ['FINIS_BUILD'], 'fuzz', 'replay-read')
CORPUS = Path(os.environ.get('FINIS_CORPUS') or Path(os.environ['FINIS_SOURCE']).parent / 'shared' / 'corpus')
SMALL = 2048
LIMIT = 120


def is_capture(path):
    with open(path, 'rb') as file:
        magic = file.read(4)
    return magic in (b'\xd4\xc3\xb2\xa1', b'\xa1\xb2\xc3\xd4', b'\x4d\x3c\xb2\xa1', b'\xa1\xb2\x3c\x4d',
                     b'\x0a\x0d\x0d\x0a', b'\x34\xcd\xb2\xa1', b'\xa1\xb2\xcd\x34') or magic[:2] == b'\x1f\x8b'


def replay(path, *options):
    """What is wrong, as lines."""
    try:
        done = subprocess.run([REPLAY, *options, path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return [f'{path.relative_to(CORPUS)} {options}: still running after {LIMIT} s']
    if done.returncode == 0:
        return []
    said = done.stderr.decode(errors='replace').splitlines()
    told = [line for line in said if 'ERROR' in line or 'runtime error' in line or 'rule' in line or ' #' in line]
    return [f'{path.relative_to(CORPUS)} {options}: status {done.returncode}', *(told or said)[:8]]


def all_of(paths, *options):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for lines in pool.map(lambda path: replay(path, *options), paths) for line in lines]


def step_for(small):
    """How far apart the cuts have to be, if all are to take about a minute: one file is measured."""
    if 'CUT_STEP' in os.environ or not small:
        return os.environ.get('CUT_STEP', '1')
    start = time.monotonic()
    replay(small[len(small) // 2], '--cut', '1')
    spent = (time.monotonic() - start) * len(small) / (os.cpu_count() or 1)
    return str(max(1, round(spent / 60)))


def main():
    if not CORPUS.is_dir():
        print('1..0 # SKIP no captures: FINIS_CORPUS is not set')
        return 0
    paths = sorted(path for path in CORPUS.rglob('*') if path.is_file() and is_capture(path))
    small = [path for path in paths if path.stat().st_size < SMALL]
    print('1..2', flush=True)
    wrong = all_of(paths)
    print(f"{'not ok' if wrong else 'ok'} 1 - each of {len(paths)} captures is read to its end")
    print(''.join(f'# {line}\n' for line in wrong[:40]), end='', flush=True)
    step = step_for(small)
    cut = all_of(small, '--cut', step)
    print(f"{'not ok' if cut else 'ok'} 2 - each of {len(small)} small captures is read up to every {step}. byte")
    print(''.join(f'# {line}\n' for line in cut[:40]), end='')
    return 1 if wrong or cut else 0


if __name__ == '__main__':
    sys.exit(main())
