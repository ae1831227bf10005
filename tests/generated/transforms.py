#!/usr/bin/env python3
"""Generated captures changed in ways that real ones are: what is told stays true. TAP.

Each transform has its rule of what may become unknown. What may not is held against the truth; a record
that says more than could be seen is a fault as well as one that says something else.
"""

import os
import subprocess
import sys

import made

# The later ones found: SYNs with data and probes out of order, the last repeats the wrong way round, a FIN that was
# dropped before the ports were used again; a SYN behind the ACK of its answer, and another before any answer; a
# keepalive probe as the first that is seen of its sender, and one byte of data that stands behind its fellows; a SYN
# with another number between a SYN and its answer, a handshake that was not seen of ports used again, and copies of
# acknowledgements between copies of data; a first piece of a stream behind its second, and the copy of a SYN behind a burst.
SEEDS = (21, 22, 23, 24, 107, 114, 126, 132, 172, 207, 231, 255, 258, 292, 436, 2003, 2010, 2084, 291, 3180)
SMALL = {'mix': 'eval', 'packets': 2500, 'connections': 20}
NUMBERS = {'id', 'frames', 'reset.frame'}  # frame numbers shift when frames come and go


class Look:
    """A transform of one capture: writes it, reads it, and yields (truth, record, faults)."""

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, 'changed.pcap')

    def records(self, capture, frames):
        made.write_frames(self.path, capture.head, frames)
        return made.read(self.path)


def differ(capture, records, forgive, without=()):
    """The faults that are not forgiven, as lines; one for those that are alike."""
    alike = {}
    excused = {made.ends(truth) for truth in capture.truth if truth['kind'] in without}
    for truth, record in made.paired(capture.truth, records):
        if made.ends(truth or record) in excused or made.ends(truth or record)[::-1] in excused:
            continue
        if truth is None or record is None:
            yield f"{truth['kind'] if truth else 'no truth'}: record {record['id'] if record else None}"
            continue
        for key, said, true in made.faults(truth, record, capture.until):
            if not forgive(key, said, true, truth, record):
                where = f"frame {truth['first']}, record {record['id']}: {said!r}, true is {true!r}"
                alike.setdefault((truth['kind'], key), []).append(where)
    for (kind, key), wheres in alike.items():
        yield f'{kind}: {key} in {len(wheres)}, as {wheres[0]}'


def shuffled(look, seed):
    """Frames stand up to three places from where they belong, as several queues make them."""
    capture = made.Made(look.folder, seed=seed, **(SMALL | {'connections': 3}))
    dice = made.dice(seed)
    places = sorted(range(len(capture.frames)), key=lambda i: i + dice.uniform(0, 3))
    records = look.records(capture, [capture.frames[i] for i in places])

    def forgive(key, said, true, truth, record):
        if key in NUMBERS or key in ('started', 'conn_state'):
            return True
        if key.endswith('.retransmitted'):  # what comes late may have been sent again
            return said is None or said >= true
        if key.endswith(('.bytes', '.acked')):
            return said is None
        if key.startswith('cause, certain'):
            return False
        if truth['resets']:  # a RST before what it answers, or before what was sent ahead of it
            return True
        if key in ('ongoing', 'ended_by') and truth['gave_up']:  # how long it waited last is not clear
            return record['ongoing']
        if key == 'seen':  # who spoke first may not be seen, but is not mistaken
            return not said['gaps'] and not said['cut']
        return False

    # Two SYNs that cross; a last ACK that comes behind the SYN of the next; an answer before the SYN.
    yield from differ(capture, records, forgive, ('simultaneous-open', 'reuse', 'refused', 'unreachable'))


def doubled(look, seed):
    """Each frame is captured twice, as on two ports or on loopback."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    frames = [(time + late, frame, n) for time, frame, n in capture.frames for late in (0, 3000)]
    records = look.records(capture, frames)

    def forgive(key, said, true, truth, record):
        if key in NUMBERS or key == 'conn_state':
            return True
        if key.endswith('.packets'):
            return 2 * true <= said <= 2 * (true + truth[key.split('.')[0]]['forged'])
        if key == 'reset.count':  # two RSTs for two segments are as alike as twins
            return 1 <= said <= 2 * true
        return False

    yield from differ(capture, records, forgive)


def behind_a_router(frame):
    """The same packet with a hop less to go, between other stations."""
    frame = bytearray(frame)
    if frame[12:14] == b'\x86\xdd':
        frame[21] -= 1
    else:
        frame[22] -= 1
        checksum = int.from_bytes(frame[24:26], 'big') + 0x100
        frame[24:26] = ((checksum & 0xffff) + (checksum >> 16)).to_bytes(2, 'big')
    frame[:12] = b'\2' * 12
    return bytes(frame)


def routed(look, seed):
    """Each frame is captured before a router and behind it, up to 2 ms later: copies stand between other frames."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    dice = made.dice(seed)
    frames = [(time, i, frame, n) for i, (time, frame, n) in enumerate(capture.frames)]
    frames += [(time + dice.randint(1000, 2000000), i, behind_a_router(frame), n) for time, i, frame, n in frames]
    records = look.records(capture, [(time, frame, n) for time, i, frame, n in sorted(frames)])

    def forgive(key, said, true, truth, record):
        if key in NUMBERS or key in ('conn_state', 'ended', 'duration'):
            return True
        if key.endswith('.retransmitted'):  # IPv6 has no number for packets; nor is a counter known at once
            return said is not None and said >= true and (':' in truth['client']['ip'] or truth['midstream'])
        if key.endswith('.packets'):
            return 2 * true <= said <= 2 * (true + truth[key.split('.')[0]]['forged'])
        if key == 'reset.count':
            return 1 <= said <= 2 * true
        return False

    yield from differ(capture, records, forgive)


def cut_to(n):
    def cut(look, seed):
        capture = made.Made(look.folder, seed=seed, **SMALL)
        records = look.records(capture, [(time, frame[:n], n_frame) for time, frame, n_frame in capture.frames])
        # Of IPv6 the TCP header begins at 54, and that which ICMP quotes at 62, or for IPv6 at 102.
        for t in capture.truth:
            header = (102 if t['kind'] == 'unreachable' else 54) if ':' in t['client']['ip'] else \
                62 if t['kind'] == 'unreachable' else 34
            if n < header + 14:
                t['kind'] = 'cut away'

        def forgive(key, said, true, truth, record):
            if key == 'seen':
                return not said['gaps'] and said['roles'] == ('ports' if truth['midstream'] else 'syn')
            if key.endswith('.fate'):  # whether a RST has options may be cut away, and with it what shape it is
                return n < 96 and (said, true) == ('uncertain', 'lost')
            if key.startswith('cause'):
                return n < 96 and record['certainty'] != 'certain'
            return False

        yield from differ(capture, records, forgive, ('cut away',))
    cut.__doc__ = f'Of each frame {n} bytes are kept; lengths stand in the headers.'
    return cut


def one_sided(side):
    def cut(look, seed):
        capture = made.Made(look.folder, seed=seed, **SMALL)
        ports = (22, 25, 80, 443, 5432, 6379, 8080)
        kept = [f for f in capture.frames if (source_port(f[1]) in ports) == (side == 'server')]
        yield from one_sided_faults(capture, look.records(capture, kept), side)
    cut.__doc__ = f'Only what the {side} sends is seen.'
    return cut


def source_port(frame):
    at = 54 if frame[12:14] == b'\x86\xdd' else 34
    return int.from_bytes(frame[at:at + 2], 'big')


UNDECIDED = ('syn-on-live', 'simultaneous-open')


def one_sided_faults(capture, records, side):
    """Counts of the side that is seen are exact; the other's are unknown, or follow from acknowledgements."""
    seen, unseen = ('to_server', 'to_client') if side == 'client' else ('to_client', 'to_server')
    undecided = {made.ends(t) for t in capture.truth if t['kind'] in UNDECIDED}
    for truth, record in made.paired(capture.truth, records):
        if truth is None:
            if not {made.ends(record), made.ends(record)[::-1]} & undecided:
                yield f"a record without a truth: {record['id']} {made.ends(record)}"
            continue
        # Whose forgery it is, whether a SYN was heeded, and who of two began is told by both sides only.
        if truth[seen]['packets'] == 0 or truth['reset_by'] == 'network' or truth['kind'] in UNDECIDED:
            continue
        if record is None:
            yield f"{truth['kind']}, frame {truth['first']}: no record"
            continue
        where = f"{truth['kind']}, frame {truth['first']}, record {record['id']}"
        for key in ('bytes', 'closed', 'packets'):
            # A RST alone says nothing of bytes.
            if record[seen][key] != truth[seen][key] and not (record[seen][key] is None and truth['kind'] == 'refused'):
                yield f'{where}: {seen}.{key} {record[seen][key]!r}, true is {truth[seen][key]!r}'
        other = record[unseen]
        # Nothing came back: then nothing tells that anybody else was there, and nothing is claimed of him.
        heard = truth[unseen]['acked'] > 0
        if heard and other['bytes'] is not None:
            yield f"{where}: {unseen}.bytes {other['bytes']!r} of a side that was not seen"
        if heard and other['acked'] is not None and not other['acked'] <= truth[unseen]['acked']:
            yield f"{where}: {unseen}.acked {other['acked']!r}, true is {truth[unseen]['acked']!r}"
        if heard and record[seen]['acked'] is not None:
            yield f"{where}: {seen}.acked {record[seen]['acked']!r}, and no acknowledgement was seen"
        if heard and record['ending'] in ('unanswered', 'timed-out', 'refused') and record['ending'] != truth['ending']:
            yield f"{where}: {record['ending']}, true is {truth['ending']}"
        if heard and record['seen']['sides'] != side:
            yield f"{where}: sides {record['seen']['sides']}"
        if record['certainty'] == 'certain' and record['cause'] not in (None, truth['cause']):
            yield f"{where}: certainly {record['cause']}, true is {truth['cause']}"


def no_lies(capture, records, whole=lambda truth: False, undecided=()):
    """Something is missing: no count is too great, nothing that was not is certain, and none is told twice."""
    # Of two that began at once, whose SYN was seen is the client.
    either = {made.ends(t)[::-1] for t in capture.truth if t['kind'] == 'simultaneous-open'} | set(undecided)
    for truth, record in made.paired(capture.truth, records):
        if truth is None and made.ends(record) in either:
            continue
        if truth is None:
            yield f"told twice, or never made: {record['id']} {made.ends(record)}"
            continue
        if record is None:
            continue
        where = f"{truth['kind']}, frame {truth['first']}, record {record['id']}"
        if whole(truth):
            for key, said, true in made.faults(truth, record, capture.until):
                if key not in NUMBERS:
                    yield f'{where}: {key} {said!r}, true is {true!r}'
            continue
        for way in made.DIRECTIONS:
            for key in ('bytes', 'acked', 'packets'):
                most = truth[way][key] + (truth[way]['forged'] if key == 'packets' else 0)
                if record[way][key] is not None and record[way][key] > most:
                    yield f'{where}: {way}.{key} {record[way][key]!r}, true is {truth[way][key]!r}'
            if record[way]['fate'] == 'lost' and truth[way]['fate'] != 'lost':
                yield f"{where}: {way}.fate lost, true is {truth[way]['fate']}"
        if record['certainty'] == 'certain' and record['cause'] not in (None, truth['cause']):
            yield f"{where}: certainly {record['cause']}, true is {truth['cause']}"


def with_gaps(look, seed):
    """One frame in fifty was dropped by the capture."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    dice = made.dice(seed)
    records = look.records(capture, [f for f in capture.frames if dice.random() >= 0.02])
    yield from no_lies(capture, records)


def stopped(look, seed):
    """The capture stops in the middle."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    n = len(capture.frames) // 2
    capture.until = capture.frames[n - 1][0]
    # A SYN on a living connection is an attempt, or is not: only its answer would tell.
    undecided = {made.ends(t) for t in capture.truth if t['kind'] == 'syn-on-live' and t['last'] > n}
    yield from no_lies(capture, look.records(capture, capture.frames[:n]), lambda truth: truth['last'] <= n, undecided)


def begun_late(look, seed):
    """The capture begins in the middle, at each tenth: what was before may have been anything."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    everything = capture.truth
    for n in range(len(capture.frames) // 10, len(capture.frames), len(capture.frames) // 10):
        capture.truth = [truth for truth in everything if truth['last'] > n]
        records = look.records(capture, capture.frames[n:])
        # Without a SYN nobody knows who is the client, nor whose a connection of ports used again is.
        undecided = [ends for truth in capture.truth for ends in (made.ends(truth), made.ends(truth)[::-1])
                     if truth['first'] <= n]
        for line in no_lies(capture, records,
                            lambda truth, n=n: truth['first'] > n and made.ends(truth) not in undecided, undecided):
            if not line.startswith('keepalive'):  # the byte of the first probe that is seen looks like any other
                yield line
        for truth, record in made.paired(capture.truth, records):
            if truth and record and record['certainty'] == 'certain' and record['ending'] != truth['ending']:
                yield f"{truth['kind']} from frame {n + 1}, record {record['id']}: certainly {record['ending']}"


def rotated(look, seed):
    """The capture goes on in a second file and a third."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    paths = []
    n = len(capture.frames) // 3 + 1
    for i in range(3):
        paths.append(os.path.join(look.folder, f'{i}.pcap'))
        made.write_frames(paths[-1], capture.head, capture.frames[i * n:(i + 1) * n])
    yield from differ(capture, made.read(*paths), lambda key, *rest: key in NUMBERS)


def torn(look, seed):
    """The last frame is cut off in the middle: all before it is told, and that it is so is said."""
    capture = made.Made(look.folder, seed=seed, **SMALL)
    n = len(capture.frames) // 2
    made.write_frames(look.path, capture.head, capture.frames[:n])
    whole = made.read(look.path)
    with open(look.path, 'ab') as file:
        file.write(made.HEAD.pack(2**31, 0, 60, 60) + b'\0' * 17)
    done = subprocess.run([made.FINIS, 'read', '--json', look.path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode or str(n + 1).encode() not in done.stderr:
        yield f'status {done.returncode}, said {done.stderr!r}'
    if len(done.stdout.splitlines()) < len(whole):
        yield f'{len(done.stdout.splitlines())} records, {len(whole)} without the torn frame'


CASES = [
    ('frames out of order by up to three change no verdict and no count', shuffled),
    ('frames captured twice are counted once', doubled),
    ('frames captured before and behind a router are counted once', routed),
    *((f'frames cut to {n} bytes lose no count', cut_to(n)) for n in (48, 54, 60, 68, 70, 96)),
    ('of the client alone no more is told than was seen', one_sided('client')),
    ('of the server alone no more is told than was seen', one_sided('server')),
    ('frames that are missing make unknown, not untrue', with_gaps),
    ('a capture that stops early tells the ended ones in full', stopped),
    ('a capture that begins late is certain of nothing that may have been before', begun_late),
    ('a capture in three files is one', rotated),
    ('a torn capture is read up to the tear', torn),
]


def main(arguments):
    seeds = [int(word) for word in arguments] or SEEDS
    with made.folder() as folder:
        look = Look(folder)
        return made.tap([(name, lambda case=case: [line for seed in seeds for line in case(look, seed)])
                         for name, case in CASES])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
