#!/usr/bin/env python3
"""The fuzzers' seeds, and what a few cuts and flipped bits make of them, through each fuzz target. TAP.

The same functions that `make fuzz` runs for hours; here for a moment, in whatever build this is.
"""

import os
import random
import subprocess
import sys

import made

FUZZ = os.path.join(os.environ['FINIS_SOURCE'], 'fuzz')
BUILD = os.path.join(os.environ['FINIS_BUILD'], 'fuzz')


def flipped(path, dice):
    """The same file with a few bytes changed, beside it."""
    with open(path, 'rb') as file:
        content = bytearray(file.read())
    for _ in range(dice.randint(1, 8)):
        if content:
            content[dice.randrange(len(content))] = dice.choice((0, 1, 0x7f, 0x80, 0xff, dice.randrange(256)))
    with open(path + '-flipped', 'wb') as file:
        file.write(content)
    return path + '-flipped'


def replay(name):
    with made.folder() as folder:
        subprocess.run([sys.executable, f'{FUZZ}/seeds.py', name, made.GENERATE, folder], check=True)
        dice = random.Random(5)
        seeds = sorted(os.path.join(folder, seed) for seed in os.listdir(folder))
        changed = [flipped(seed, dice) for seed in seeds]
        for what in (seeds, ['--cut', '97', *seeds], changed):
            done = subprocess.run([f'{BUILD}/replay-{name}', *what], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, timeout=300, check=False)
            if done.returncode:
                yield f'status {done.returncode} on {what[0]} …'
                yield from done.stderr.decode(errors='replace').splitlines()[:12]
        if len(seeds) < 10:
            yield f'only {len(seeds)} seeds'


def main():
    names = sorted(name[len('replay-'):] for name in os.listdir(BUILD)
                   if name.startswith('replay-') and not name.endswith('.p'))
    if not names:
        print('1..0 # SKIP no fuzz target is built')
        return 0
    return made.tap([(f'{name}: nothing that is made or mangled does harm', lambda name=name: replay(name))
                     for name in names])


if __name__ == '__main__':
    sys.exit(main())
