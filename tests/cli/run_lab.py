#!/usr/bin/env python3
"""`finis run` over `finis lab`: the lab plays every ending that plain sockets make, in its own process, and is itself
the program that is traced. What the tracer deduced from calls is held against the lab's truth, which never passed
through a judge. Both ends are in the traced program. TAP, a case a scenario.

    run_lab.py [NAME...]   only these scenarios
"""

import errno
import json
import os
import pathlib
import subprocess
import sys
import tempfile

FINIS = os.environ['FINIS']
COMPARED = ('ending', 'ended_by', 'acts.client.how', 'acts.server.how', 'to_server.bytes', 'to_client.bytes', 'to_server.unread',
            'to_client.unread')
NO_CAUSE = ('orderly', 'half-closed', 'open', 'unseen')

# What calls cannot tell, with the reason.
BEYOND = {
    'disconnect-throws-unread-data-away': (('to_client.unread',), 'what lay unread before, which the lab asks for after'),
    'a-closed-listener-and-a-client-that-has-gone': (('ending', 'ended_by', 'cause'),
                                                     'the RST meets what is left of a socket that no program has'),
}


def at(record, path):
    for step in path.split('.'):
        record = record and record[step]
    return record


def key(record):
    """By ports: the socket of an attempt that failed has forgotten its own address."""
    return tuple(record[side]['port'] for side in ('client', 'server'))


def acts_are_alike(truth, got, path):
    """The lab calls every loss of the last descriptor a close, and names the first of two acts."""
    meant, told = at(truth, path), at(got, path)
    return (meant == 'close' and told in ('exit', 'signal', 'exec')) or (meant == 'shutdown' and told == 'close' and
                                                                         got['ending'] == 'reset') or \
        (meant == 'shutdown' and told == 'connect-unspec')


# As the lab calls what the tracer names by the system call.
CALLS = {'sendto': 'send', 'peek': 'recv', 'trunc': 'recv', 'splice-out': 'splice', 'so-error': 'getsockopt'}


def errors_of(saw):
    """What calls were told but counts of bytes: each as the call and the error."""
    for one in saw or []:
        call, result = CALLS.get(one['call'], one['call']), one['result']
        if call == 'getsockopt' and result.isdigit():
            result = errno.errorcode.get(int(result), '0')
        if not result.isdigit():
            yield call, result


def program_faults(truth, got, side):
    """Who it was, and what he was told: no other error, at no other call, in no other order than in truth."""
    for key in ('pid', 'comm'):
        if got[side][key] is not None and got[side][key] != truth[side][key]:
            yield f'{side}.{key}: {truth[side][key]!r} in truth, {got[side][key]!r} told'
    meant = iter(list(errors_of(truth[f'{side}_saw'])))
    for told in errors_of(got[f'{side}_saw']):
        if told not in meant:
            yield f"{side} was told {told}; in truth {truth[f'{side}_saw']}"


def faults(name, truth, got):
    beyond = BEYOND.get(name, ((), ''))[0]
    for side in ('client', 'server'):
        yield from program_faults(truth, got, side)
    for path in COMPARED:
        # What a source cannot know is null; so is an act that ended nothing.
        if path.endswith('.how') and acts_are_alike(truth, got, path):
            continue
        if path not in beyond and at(got, path) is not None and at(truth, path) is not None and at(got, path) != at(truth, path):
            yield f'{path}: {at(truth, path)!r} in truth, {at(got, path)!r} told'
    if got['ending'] is None or ('ending' not in beyond and got['ending'] != truth['ending']):
        yield f"{truth['ending']} in truth"
    if got['certainty'] == 'certain' and got['cause'] and got['cause'] != truth['cause']:
        yield f"certain of {got['cause']}; in truth it was {truth['cause']}"
    if truth['cause'] and got['ending'] not in NO_CAUSE and not got['ongoing'] and truth['cause'] not in got['causes'] and \
            'cause' not in beyond:
        yield f"in truth it was {truth['cause']}; told {got['causes']}"


def play(tracer, names):
    """Records by their ports, and the plays; or the reason why there are none."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out.json')
        lab = [FINIS, 'lab', '--json', '--no-namespace', '--quick', '--jobs', '1', *names]
        done = subprocess.run([FINIS, 'run', '--tracer', tracer, '--all', '--json', '--output', out, '--', *lab],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode == 125:
            return None, None, ' '.join(done.stderr.split())
        records = [json.loads(line) for line in pathlib.Path(out).read_text(encoding='utf-8').splitlines()]
    by_key = {}
    for record in records:
        by_key.setdefault(key(record), []).append(record)
    plays = [json.loads(line) for line in done.stdout.splitlines()]
    return by_key, [play for play in plays if play.get('connections') and play['verdict'] in ('agrees', 'disagrees')], None


def found_in(one, by_key):
    """What is wrong with the records of one play."""
    found = []
    for connection in one['connections']:
        truth = connection['truth']
        # The lab tells the moment before it closes what its programs still hold; the tracer sees that close.
        if truth['ongoing'] or truth['ending'] in ('half-closed', 'open'):
            continue
        got = by_key.get(key(truth), [])
        if len(got) == 1:
            found += faults(one['scenario'], truth, got[0])
        else:
            found.append(f'{len(got)} records of {truth["ending"]}')
    return found


def found_again(tracer, one, found):
    """What a machine that stood still for a moment made of one play of a thousand is not found in two more: a fault is."""
    for _ in range(2):
        by_key, plays, why_not = play(tracer, [one['scenario']])
        again = [found_in(other, by_key) for other in plays or [] if other['family'] == one['family']]
        if not why_not and again and not any(again):
            print(f"# {one['scenario']} ipv{one['family']} by {tracer}, not found again: {'; '.join(found)}")
            return []
    return found


def cases(tracer, names):
    """Each scenario as its name, what was found and why it may be skipped."""
    by_key, plays, why_not = play(tracer, names)
    if why_not:
        yield f'the_lab_by_{tracer}', [], f' # SKIP {why_not}'
        return
    for one in plays:
        found = found_in(one, by_key)
        if found:
            found = found_again(tracer, one, found)
        why = BEYOND.get(one['scenario'], (None, ''))[1]
        yield f"{one['scenario']} ipv{one['family']} by {tracer}" + (f' ({why})' if why else ''), found, ''


def main(names):
    played = [case for tracer in ('ptrace', 'bpf') for case in cases(tracer, names)]
    print(f'1..{len(played)}')
    for number, (name, found, skip) in enumerate(played, 1):
        print(f"{'not ok' if found else 'ok'} {number} - {name}{skip}")
        for line in found:
            print(f'# {line}')
    return 1 if any(found for _, found, _ in played) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
