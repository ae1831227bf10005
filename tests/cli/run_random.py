#!/usr/bin/env python3
"""Random acts of two sockets, played by the lab: `finis run` by both tracers and `finis watch` are held against what the
model says of each play. Only what the model cannot know of is left out. TAP, a case for each way of looking.

    run_random.py [SEED [N]]   N other sequences
"""

import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time

from run_lab import at, errors_of
from watch_help import FINIS, Watch, enter_a_namespace

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, run_cases  # noqa: E402

AT_ONCE = 60  # the lab takes no more in one command
SEED, N = (int(word) for word in (sys.argv[1:] + ['1', '60'][len(sys.argv) - 1:])[:2])
SENDS = ['send', 'write', 'writev', 'sendto', 'sendmsg', 'sendmmsg', 'sendfile', 'splice']
RECVS = ['recv', 'read', 'readv', 'recvmsg', 'recvmmsg', 'splice-out', 'peek', 'trunc', 'drain']
ENDS = ['shut-rd', 'shut-wr', 'shut-wr', 'shut-rdwr', 'linger0', 'close', 'close']
RARE = ['connect-unspec', 'tcp-linger2=-1', 'dup', 'linger-off', 'linger5', 'poll', 'so-error', 'keepalive', 'user-timeout=5000']
# What was told wrong once.
ONCE = [
    'seq:s.tcp-linger2=-1,s.shut-rdwr,c.send10,s.close,c.close',
    'seq:s.shut-rdwr,s.tcp-linger2=-1,c.send10,c.shut-wr,c.close,s.close',
    'seq:s.shut-wr,s.tcp-linger2=-1,s.connect-unspec,c.close,s.close',
    'seq:s.shut-wr,s.linger0,s.tcp-linger2=-1,s.close,c.close',
]

# The rules of the model that send a RST, by the cause.
CAUSES = {
    'close-with-unread-data': 'unread-data', 'close-zero-linger': 'zero-linger', 'close-zero-linger-unsent-fin': 'zero-linger',
    'close-no-fin-wait2': 'linger2', 'ack-of-fin-and-no-fin-wait2': 'linger2', 'disconnect-resets': 'disconnect',
    'disconnect-resets-unsent-fin': 'disconnect', 'data-after-close': 'data-after-close', 'data-after-shutdown': 'data-after-close',
    'data-after-shutdown-beyond-a-gap': 'data-after-close', 'data-to-nobody': 'no-connection', 'ack-to-nobody': 'no-connection',
    'fin-to-nobody': 'no-connection',
}
ACTS = {'close': 'close', 'shut-rd': 'shutdown', 'shut-wr': 'shutdown', 'shut-rdwr': 'shutdown', 'connect-unspec': 'connect-unspec'}


def sequence(chance):
    """A few acts of two ends, and both close at last."""
    acts, held = [], {'c': 1, 's': 1}
    for _ in range(chance.randint(1, 10)):
        end, what = chance.choice('cs'), chance.random()
        if not held[end]:
            continue
        if what < .35:
            # What goes in several segments may be reset by the first: for that the lab would wait.
            way, n = chance.choice(SENDS), chance.choice([0, 1, 10, 100, 1000])
            word = f'{way}{n or int(way in SENDS[5:])}'
        elif what < .6:
            way = chance.choice(RECVS)
            word = way + (chance.choice(['', '1', '7', '50']) if way != 'drain' else '')
        else:
            word = chance.choice(ENDS if what < .9 else RARE)
        if word == 'dup' and held[end] > 1:
            continue
        held[end] += {'dup': 1, 'close': -1}.get(word, 0)
        acts.append(f'{end}.{word}')
    left = ['c.close'] * held['c'] + ['s.close'] * held['s']
    chance.shuffle(left)
    return 'seq:' + ','.join(acts + left)


def truth_of(play):
    """The lab gives no ending to what is made up; but the model says what was sent, and by which rule."""
    truth = dict(play['connections'][0]['truth'])
    resets = [segment['from'] for segment in play['wire'] if segment['what'].startswith('RST')]
    if truth['to_server']['fin_acked'] and truth['to_client']['fin_acked']:
        truth['ending'] = 'orderly'
    elif resets:
        truth.update(ending='reset', ended_by=resets[0], cause=next((CAUSES[rule] for rule in play['rules'] if rule in CAUSES), '?'))
    else:
        truth['ending'] = None
    return truth


def ending_faults(truth, got):
    if truth['ending'] and got['ending'] != truth['ending']:
        yield f"{truth['ending']} by {truth['ended_by']}, {truth['cause']}"
    elif truth['ending'] == 'reset':
        if got['ended_by'] not in (None, truth['ended_by']):
            yield f"by {truth['ended_by']}"
        if truth['cause'] not in (got['causes'] if got['certainty'] == 'possible' else [got['cause']]):
            yield truth['cause']


def number_faults(play, truth, got):
    """Null is no claim. What disconnect() throws away the lab calls read, since it asks after that."""
    reset = truth['ending'] == 'reset'
    for way in 'to_server', 'to_client':
        for number in 'bytes', 'unread', 'unsent', 'acked':
            meant, told = truth[way][number], got[way][number]
            if told in (None, meant) or (number == 'unread' and 'connect-unspec' in play['scenario']):
                continue
            # A RST may overtake an ACK.
            if number == 'acked' and reset and told <= max(meant, truth[way]['acked_by_reset'] or 0):
                continue
            yield f'{way}.{number}: {meant}, and {told} told'


def program_faults(play, truth, got):
    for side in 'client', 'server':
        did = {ACTS[one] for call in play['calls'] if call['side'] == side and (one := call['act'][2:]) in ACTS}
        how = at(got, f'acts.{side}.how')
        if how is not None and how not in did:
            yield f'the {side} did {sorted(did)}, and {how} is told'
        for key in 'pid', 'comm':
            if got[side][key] not in (None, truth[side][key]):
                yield f'{side}.{key}: {truth[side][key]}, and {got[side][key]} told'
        meant = iter(list(errors_of(truth[f'{side}_saw'])))
        for told in errors_of(got[f'{side}_saw']):
            if told not in meant:
                yield f"the {side} was not told {told}: {truth[f'{side}_saw']}"


def faults(play, records):
    truth = truth_of(play)
    if len(records) != 1:
        yield f'{len(records)} records'
        return
    got = records[0]
    found = [*ending_faults(truth, got), *number_faults(play, truth, got), *program_faults(play, truth, got)]
    if found:
        yield f"{'; '.join(found)}: {json.dumps(got)}"


def lab(names):
    return [FINIS, 'lab', '--json', '--no-namespace', '--quick', '--jobs', '1', '--ipv4', *names]


def under_run(tracer, names):
    with tempfile.NamedTemporaryFile('r', encoding='utf-8') as out:
        done = subprocess.run([FINIS, 'run', '--tracer', tracer, '--all', '--json', '--output', out.name, '--', *lab(names)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode == 125:
            raise Skip(' '.join(done.stderr.split()))
        return done.stdout, list({record['id']: record for record in map(json.loads, out)}.values())


def under_watch(names):
    watch = Watch('--all')
    if not watch.works():
        watch.stop()
        raise Skip(watch.words[0].strip())
    done = subprocess.run(lab(names), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    time.sleep(0.3)  # the last of them are taken in; what still waits is told when it stops
    watch.stop()
    return done.stdout, watch.of_the_host


def played(look, names):
    """Of each play what is wrong with its record."""
    said, records = look(names)
    by_ports = collections.defaultdict(list)
    for record in records:
        by_ports[record['client']['port'], record['server']['port']].append(record)
    for play in map(json.loads, said.splitlines()):
        if play['verdict'] == 'agrees' and play['connections']:
            truth = play['connections'][0]['truth']
            yield play['scenario'], list(faults(play, by_ports[truth['client']['port'], truth['server']['port']]))


def all_is_told_as_it_was(look):
    chance = random.Random(SEED)
    names = ONCE + [sequence(chance) for _ in range(N)]
    done = [one for first in range(0, len(names), AT_ONCE) for one in played(look, names[first:first + AT_ONCE])]
    assert len(done) > len(names) / 2, f'of {len(names)} only {len(done)} were played'
    for name, found in done:
        # A machine that stood still makes a fault of one play, and not of two more.
        if found and all(again for _ in range(2) for _, again in played(look, [name])):
            raise AssertionError(f'{name}: {found[0]}')


def run_by_ptrace_tells_random_plays_as_they_were():
    all_is_told_as_it_was(lambda names: under_run('ptrace', names))


def run_by_bpf_tells_random_plays_as_they_were():
    all_is_told_as_it_was(lambda names: under_run('bpf', names))


def watch_tells_random_plays_as_they_were():
    all_is_told_as_it_was(under_watch)


if __name__ == '__main__':
    enter_a_namespace()
    sys.exit(run_cases([run_by_ptrace_tells_random_plays_as_they_were, run_by_bpf_tells_random_plays_as_they_were,
                        watch_tells_random_plays_as_they_were], words=()))
