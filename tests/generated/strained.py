#!/usr/bin/env python3
"""Generated captures as a strained network or a strained capture makes them: frames lost, late, doubled, the wrong way
round, everything standing still for a while; or connections forgotten for want of memory. However little can be known
then, what is told is not untrue. TAP."""

import collections
import os
import sys

import made

# The later ones found what is mended now; more for searching as arguments.
SEEDS = (501, 502, 503, 504, 505, 506, 1004, 1020, 1026, 1042, 1077, 1091, 1146, 2095)
ROUNDS = 2
SMALL = {'mix': 'eval', 'packets': 2500, 'connections': 20}
# Of these the generator's truth is one of two that could be told: whose is what, when frames are missing?
EITHER = ('simultaneous-open', 'syn-on-live')


def some_lost(share):
    def lost(frames, dice):
        return [frame for frame in frames if dice.random() >= share]
    return lost


def the_end_lost(frames, dice):
    return [frame for frame in frames[:int(len(frames) * dice.uniform(.3, 1))] if dice.random() >= .01]


def some_late(frames, dice):
    late = 10**dice.uniform(3, 9.5)  # a microsecond to three seconds, of one frame in twenty
    moved = [(time + (int(dice.uniform(0, late)) if dice.random() < .05 else 0), frame, n) for time, frame, n in frames]
    return sorted(moved, key=lambda frame: frame[0])


def some_swapped(frames, dice):
    frames, i = list(frames), 0
    while i < len(frames) - 1:
        if dice.random() < .05:
            (time, *one), (later, *other) = frames[i:i + 2]
            frames[i:i + 2] = (time, *other), (later, *one)
            i += 1
        i += 1
    return frames


def all_standing_still(frames, dice):
    still, moved = 0, []
    for time, frame, n in frames:
        still += int(10**dice.uniform(6, 9.5)) if dice.random() < .003 else 0  # a millisecond to three seconds
        moved.append((time + still, frame, n))
    return moved


def some_doubled(frames, dice):
    twice = []
    for time, frame, n in frames:
        twice.append((time, frame, n))
        if dice.random() < .2:
            twice.append((time + dice.randrange(5000), frame, n))
    return twice


def untrue(truth, record, all_ends):
    """What a record says that is not so; `all_ends`: also of an ending that is certain."""
    if record['certainty'] in ('certain', 'likely') and record['cause'] not in (None, truth['cause']):
        yield f"cause {record['cause']}, {record['certainty']}", truth['cause']
    if all_ends and record['certainty'] == 'certain' and record['ending'] != truth['ending']:
        yield f"ending {record['ending']}, certain", truth['ending']
    for way in made.DIRECTIONS:
        # The byte of the first probe that is seen looks like any other.
        for key in ('bytes', 'acked') if not truth['kind'].startswith('keepalive') else ():
            if record[way][key] is not None and record[way][key] > truth[way][key]:
                yield f'{way}.{key} {record[way][key]}', truth[way][key]
        if record[way]['fate'] == 'lost' and truth[way]['fate'] != 'lost':
            yield f'{way}.fate lost', truth[way]['fate']


def as_it_is(frames, _dice):
    return frames


def strained(folder, strain, seeds, all_ends=True, options=()):
    path = os.path.join(folder, 'strained.pcap')
    for seed in seeds:
        capture = made.Made(folder, seed=seed, **SMALL)
        n_of = collections.Counter(made.ends(truth) for truth in capture.truth)
        for turn in range(ROUNDS):
            made.write_frames(path, capture.head, strain(capture.frames, made.dice(seed * 100 + turn)))
            records = made.read(path, options=options)
            told = collections.Counter(made.ends(record) for record in records)
            for truth, record in made.paired(capture.truth, records):
                # Ports used again: which of them a record is cannot always be told. So it is of a SYN that comes last.
                if truth and record and truth['kind'] not in EITHER and told[made.ends(record)] == 1 \
                        and n_of[made.ends(truth)] + n_of[made.ends(truth)[::-1]] == 1:
                    for said, true in untrue(truth, record, all_ends):
                        yield f"seed {seed}.{turn}, {truth['kind']}, record {record['id']}: {said}; true is {true}"


CASES = [
    ('one frame in a hundred lost', some_lost(.01)),
    ('one in thirty lost', some_lost(.03)),
    ('one in ten lost', some_lost(.1)),
    ('some lost, and the end', the_end_lost),
    ('some late', some_late),
    ('some swapped', some_swapped),
    ('some doubled', some_doubled),
    ('all standing still for a while', all_standing_still),
]


def main(arguments):
    seeds = [int(word) for word in arguments] or SEEDS
    with made.folder() as folder:
        return made.tap([(f'{name}: nothing untrue is told',
                          lambda strain=strain: strained(folder, strain, seeds, strain is not the_end_lost))
                         for name, strain in CASES] +
                        [(f'no more than {n} remembered: nothing untrue is told',
                          lambda n=n: strained(folder, as_it_is, seeds, options=('--max-connections', str(n))))
                         for n in (1, 4, 12)])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
