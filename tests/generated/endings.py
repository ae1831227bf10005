#!/usr/bin/env python3
"""`finis read` on captures of every kind of ending, against the truth that was made with them. TAP.

A case for each kind. endings.py [SEED…] tries other seeds.
"""

import sys

import made

SEEDS = range(1, 9)
MIXES = {'eval': {'packets': 6000, 'connections': 40}, 'small': {'packets': 5000, 'connections': 200},
         'full': {'packets': 3000, 'connections': 10}}


def look(tally, seeds):
    with made.folder() as folder:
        for seed in seeds:
            for mix, settings in MIXES.items():
                capture = made.Made(folder, seed=seed, mix=mix, **settings)
                for truth, record in made.paired(capture.truth, made.read(capture.path)):
                    where = f"--seed={seed} --mix={mix}, frame {truth['first'] if truth else record['id']}"
                    tally.add(truth['kind'] if truth else 'none', made.faults(truth, record, capture.until), where)


def main(arguments):
    tally = made.Tally()
    look(tally, [int(word) for word in arguments] or SEEDS)
    cases = [(f'the endings of the kind {kind} are told as they were made',
              lambda kind=kind: tally.lines(kind) if tally.compared.get(kind) else ['none was made'])
             for kind in made.kinds()]
    cases.append(('no connection is told that was not made', lambda: tally.lines('none')))
    return made.tap(cases)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
