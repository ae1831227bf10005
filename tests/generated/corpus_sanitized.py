#!/usr/bin/env python3
"""Every real capture, and every beginning of a small one, through the whole of the reader. TAP.

fuzz/replay-read reads a capture from memory and judges every connection; a record that breaks its rules ends
it. What this finds are crashes, hangs and, in a build with sanitizers, whatever they see: leaks too. That is
where it is worth most: the argument says by which sanitizers it was built, and with none few places are cut.

The captures are those below FINIS_CORPUS, or below shared/corpus beside the tree; without them it is skipped.
CUT_STEP=1 cuts small files at every byte; without it at as many places as the time allows.
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
AT_ONCE = 25


def is_capture(path):
    with open(path, 'rb') as file:
        magic = file.read(4)
    return magic in (b'\xd4\xc3\xb2\xa1', b'\xa1\xb2\xc3\xd4', b'\x4d\x3c\xb2\xa1', b'\xa1\xb2\x3c\x4d',
                     b'\x0a\x0d\x0d\x0a', b'\x34\xcd\xb2\xa1', b'\xa1\xb2\xcd\x34') or magic[:2] == b'\x1f\x8b'


def replay(paths, *options):
    """What one process says of these captures: its status, its complaints."""
    try:
        done = subprocess.run([REPLAY, *options, *paths], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f'still running after {LIMIT} s', []
    said = done.stderr.decode(errors='replace').splitlines()
    told = [line for line in said if 'ERROR' in line or 'runtime error' in line or 'rule' in line or ' #' in line]
    return done.returncode and f'status {done.returncode}', told or said


def wrong_with(paths, *options):
    """What is wrong, as lines. A process reads many; where it complains, each is read by one of its own."""
    status, said = replay(paths, *options)
    if not status:
        return []
    if len(paths) == 1:
        return [f'{paths[0].relative_to(CORPUS)} {options}: {status}', *said[:8]]
    alone = [line for path in paths for line in wrong_with([path], *options)]
    return alone or [f'{len(paths)} together, from {paths[0].relative_to(CORPUS)}, {options}: {status}', *said[:8]]


def all_of(paths, *options):
    some = [paths[n:n + AT_ONCE] for n in range(0, len(paths), AT_ONCE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for lines in pool.map(lambda part: wrong_with(part, *options), some) for line in lines]


def step_for(small, seconds):
    """How far apart the cuts have to be, if all are to take about so long: some files are measured."""
    if 'CUT_STEP' in os.environ or not small:
        return os.environ.get('CUT_STEP', '1')
    some = small[::len(small) // 20 + 1]
    start = time.monotonic()
    replay(some, '--cut', '16')
    spent = (time.monotonic() - start) * 16 * len(small) / len(some) / (os.cpu_count() or 1)
    return str(max(1, round(spent / seconds)))


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
    step = step_for(small, 5 if sys.argv[1:] == ['none'] else 40)
    cut = all_of(small, '--cut', step)
    print(f"{'not ok' if cut else 'ok'} 2 - each of {len(small)} small captures is read up to every {step}. byte")
    print(''.join(f'# {line}\n' for line in cut[:40]), end='')
    return 1 if wrong or cut else 0


if __name__ == '__main__':
    sys.exit(main())
