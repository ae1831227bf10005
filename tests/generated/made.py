"""Generated captures, what is done to them, and what `finis read` says of them.

finis-generate writes a capture and the truth about each of its connections. Here both are read, the
capture is changed in ways that real captures are, and records are held against the truth. A fault is
a line: the kind of ending, the key, what was said and what is true.
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile

FINIS = os.environ['FINIS']
GENERATE = os.path.join(os.environ['FINIS_BUILD'], 'bench', 'finis-generate')
DIRECTIONS = ('to_server', 'to_client')
HEAD = struct.Struct('<IIII')  # of a frame: seconds, nanoseconds, bytes at hand, bytes on the wire


def generate(out, truth=None, **settings):
    """Runs the generator: seed=1, mix='eval', only='reuse', packets=1000, connections=20, …"""
    words = [f'--{key.replace("_", "-")}={value}' for key, value in settings.items() if value is not None]
    subprocess.run([GENERATE, *words, out, *([truth] if truth else [])], check=True)


class Made:
    """One generated capture: its frames as (time in ns, bytes, length on the wire), and its truth."""

    def __init__(self, folder, **settings):
        self.path = os.path.join(folder, 'made.pcap')
        truth = os.path.join(folder, 'made.jsonl')
        generate(self.path, truth, format='pcap-ns', **settings)
        with open(truth, encoding='ascii') as file:
            lines = [json.loads(line) for line in file]
        self.truth = lines[:-1]
        self.until = lines[-1]['until']
        self.head, self.frames = read_frames(self.path)


def read_frames(path):
    with open(path, 'rb') as file:
        whole = file.read()
    frames, at = [], 24
    while at < len(whole):
        seconds, ns, n, n_frame = HEAD.unpack_from(whole, at)
        frames.append((seconds * 10**9 + ns, whole[at + 16:at + 16 + n], n_frame))
        at += 16 + n
    return whole[:24], frames


def write_frames(path, head, frames):
    with open(path, 'wb') as file:
        file.write(head)
        for time, frame, n_frame in frames:
            file.write(HEAD.pack(time // 10**9, time % 10**9, len(frame), n_frame) + frame)


def read(*paths, options=(), quiet=False):
    """The records of `finis read --json`, the last revision of each, in order of their ids."""
    done = subprocess.run([FINIS, 'read', '--json', *options, *paths], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None, timeout=120, check=True)
    records = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        records[record['id']] = record
    return sorted(records.values(), key=lambda r: (r['file'], r['frames'][0]))


def ends(r):
    return tuple((r[side]['ip'], r[side]['port']) for side in ('client', 'server'))


def nanoseconds(stamp):
    """Of "2026-11-22T05:56:00.123456789Z", without rounding."""
    import datetime
    whole = datetime.datetime.strptime(stamp[:19], '%Y-%m-%dT%H:%M:%S')
    whole = whole.replace(tzinfo=datetime.timezone.utc)
    return int(whole.timestamp()) * 10**9 + int(stamp[20:29])


def paired(truths, records):
    """(truth, record) by ends and order; either is None where the other has no partner."""
    by_ends = {}
    for record in records:
        by_ends.setdefault(ends(record), []).append(record)
    for truth in sorted(truths, key=lambda t: t['first']):
        own = by_ends.get(ends(truth))
        yield truth, own.pop(0) if own else None
    for rest in by_ends.values():
        for record in rest:
            yield None, record


def should_be_ongoing(truth, until):
    """docs/record.md: repeats in vain are given up once twice the last interval has passed."""
    if truth['ending'] in ('open', 'half-closed'):
        return True
    return truth['gave_up'] and until - truth['last_at'] < 2 * truth['last_interval']


def faults(truth, record, until):
    """What a record says otherwise than the truth, when all of the connection was there to see."""
    if record is None:
        yield 'record', 'none', ends(truth)
        return
    if truth is None:
        yield 'record', f"one too many: {record['id']}", None
        return
    ongoing = should_be_ongoing(truth, until)
    wanted = {
        'id': f"1.{truth['first']}",
        'ending': truth['ending'],
        'ongoing': ongoing,
        'ended_by': None if ongoing and truth['gave_up'] or truth['ending'] == 'open' else truth['ended_by'],
        'silent': truth['silent'],
        'conn_state': truth['conn_state'],
        'frames': [truth['first'], truth['last']],
    }
    if truth['conn_state'] is None:  # Zeek's rules would split this one
        del wanted['conn_state']
    for key, value in wanted.items():
        if record[key] != value:
            yield key, record[key], value
    if nanoseconds(record['started']) != truth['started']:
        yield 'started', record['started'], truth['started']
    reset = record['reset'] or {'by': None, 'frame': None, 'count': 0}
    for key, name in (('by', 'reset_by'), ('frame', 'reset_frame'), ('count', 'resets')):
        if reset[key] != truth[name]:
            yield f'reset.{key}', reset[key], truth[name]
    for way in DIRECTIONS:
        yield from faults_of_direction(way, truth[way], record[way], record['ongoing'])
    yield from faults_of_cause(truth, record)
    if record['seen'] != {'roles': 'ports' if truth['midstream'] else 'syn', 'sides': record['seen']['sides'],
                          'gaps': False, 'cut': False, 'both_ends': False}:
        yield 'seen', record['seen'], 'all'


def faults_of_direction(way, truth, record, ongoing):
    for key in ('bytes', 'acked', 'acked_by_reset', 'closed', 'fin_acked'):
        if record[key] != truth[key]:
            yield f'{way}.{key}', record[key], truth[key]
    # What is on its way when the capture ends may yet arrive; and so it is with the last ACK of all.
    late = ongoing or truth['closed'] == 'fin' and not truth['fin_acked']
    fates = (truth['fate'], 'unknown') if late and truth['fate'] == 'uncertain' else (truth['fate'],)
    if record['fate'] not in fates:
        yield f'{way}.fate', record['fate'], truth['fate']
    # A forged segment bears the sender's name, and is not always known for what it is.
    if not truth['packets'] <= record['packets'] <= truth['packets'] + truth['forged']:
        yield f'{way}.packets', record['packets'], truth['packets']
    again = record['retransmitted']
    least = truth['retransmitted']
    if again is None or not least <= again <= least + truth['maybe_retransmitted']:
        yield f'{way}.retransmitted', again, least
    if record['missing'] != 0:
        yield f'{way}.missing', record['missing'], 0


def faults_of_cause(truth, record):
    """The true cause is among those named; a cause that is stated as certain is the true one."""
    if truth['ending'] in ('orderly', 'open', 'half-closed'):
        if record['causes']:
            yield 'causes', record['causes'], []
        return
    true = truth['cause']
    if true and true not in record['causes']:
        yield 'causes', record['causes'], true
    if true and record['cause'] and record['cause'] != true:
        yield f"cause, {record['certainty']}", record['cause'], true


class Tally:
    """Faults by kind and key, with an example each."""

    def __init__(self):
        self.faults = {}
        self.compared = {}

    def add(self, kind, found, where):
        self.compared[kind] = self.compared.get(kind, 0) + 1
        for key, said, true in found:
            entry = self.faults.setdefault((kind, key), [0, f'{where}: {said!r}, true is {true!r}'])
            entry[0] += 1

    def lines(self, kind):
        for (of, key), (n, example) in sorted(self.faults.items()):
            if of == kind:
                yield f'{key} in {n} of {self.compared[kind]}; {example}'


def kinds():
    done = subprocess.run([GENERATE, '--list'], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()


def tap(cases):
    """Runs (name, function) in turn; a function yields the lines of what is wrong."""
    print(f'1..{len(cases)}', flush=True)
    failed = 0
    for number, (name, case) in enumerate(cases, 1):
        wrong = list(case())
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for line in wrong[:20]:
            print(f'# {line}')
        sys.stdout.flush()
    return 1 if failed else 0


def folder():
    return tempfile.TemporaryDirectory(prefix='finis-generated-')


def dice(seed):
    return random.Random(seed)
