#!/usr/bin/env python3
"""finis read --client A --server B: two captures of the same connections, one at each end. Speaks TAP.

Here both captures are made by hand: each segment is sent at one end and arrives at the other, or it does not
arrive, or it arrives and was never sent. read_join_real.py does the same with hosts.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

FINIS = os.environ['FINIS']
CLIENT, NAT, SERVER = '10.0.0.2', '192.0.2.1', '198.51.100.7'
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
OFFSET = 3.25           # the server's clock is so far ahead
DELAY = 0.010


class Ends:
    """Two captures, of any number of connections."""

    def __init__(self, nat=True, randomise=0):
        self.frames = ([], [])
        self.nat = nat
        self.randomise = randomise

    def put(self, end, t, segment):
        by_server, port, flags, seq, ack, payload, window, options, ttl = segment
        client, client_port = (NAT, port + 10000) if end == 1 and self.nat else (CLIENT, port)
        if end == 1 and by_server:
            seq -= self.randomise
        if end == 1 and not by_server and flags & ACK:
            ack -= self.randomise
        ends = (SERVER, client) if by_server else (client, SERVER)
        ports = (80, client_port) if by_server else (client_port, 80)
        tcp = struct.pack('!HHIIBBHHH', *ports, seq % 2**32, ack % 2**32, (5 + len(options) // 4) << 4, flags, window, 0, 0)
        tcp += options + payload
        ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 1, 0x4000, ttl, 6, 0,
                         *(bytes(int(x) for x in a.split('.')) for a in ends))
        self.frames[end].append((t + (OFFSET if end else 0), ip + tcp))

    def write(self, folder):
        paths = []
        for end, frames in enumerate(self.frames):
            path = Path(folder) / ('client.pcap', 'server.pcap')[end]
            with open(path, 'wb') as file:
                file.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 101))
                for t, packet in sorted(frames, key=lambda f: f[0]):
                    ns = 1700000000 * 10**9 + round(t * 1e9)
                    file.write(struct.pack('<IIII', ns // 10**9, ns % 10**9, len(packet), len(packet)) + packet)
            paths.append(str(path))
        return paths


class Connection:
    """One connection: numbers count from each side's first byte of data."""

    def __init__(self, ends, port, t=0.0):
        self.ends, self.port, self.t = ends, port, t
        self.isn = (1000 * port, 77777 * port)

    def say(self, by_server, flags, seq, ack, payload=b'', *, sent=True, arrives=True, window=501, ttl=None, options=None,
            step=0.05):
        self.t += step
        isn, peer = self.isn[by_server], self.isn[not by_server]
        if options is None:
            options = b'\x02\x04\x05\xb4' if flags & SYN else b''
        segment = (by_server, self.port, flags, isn + seq + (0 if flags & SYN else 1),
                   peer + ack + 1 if flags & ACK else 0, payload, window, options)
        ends = (1, 0) if by_server else (0, 1)
        if sent:
            self.ends.put(ends[0], self.t, segment + (ttl or 64,))
        if arrives:
            self.ends.put(ends[1], self.t + DELAY, segment + (ttl or 60,))

    def open(self):
        self.say(0, SYN, 0, 0)
        self.say(1, SYN | ACK, 0, 0)
        self.say(0, ACK, 0, 0)
        return self

    def request(self, n=100, m=200):
        self.say(0, PSH | ACK, 0, 0, b'q' * n)
        self.say(1, ACK, 0, n)
        self.say(1, PSH | ACK, 0, n, b'a' * m)
        self.say(0, ACK, n, m)
        return self

    def close(self, n=100, m=200):
        self.say(0, FIN | ACK, n, m)
        self.say(1, FIN | ACK, m, n + 1)
        self.say(0, ACK, n + 1, m + 1)
        return self


def join(ends, *words):
    with tempfile.TemporaryDirectory() as folder:
        client, server = ends.write(folder)
        run = subprocess.run([FINIS, 'read', '--json', '--evidence', *words, '--client', client, '--server', server],
                             capture_output=True, text=True, check=False)
        return run, [json.loads(line) for line in run.stdout.splitlines()]


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f'{what}: {found!r}, and not {wanted!r}')


def said(record, words):
    if not any(words in line for line in record['evidence']):
        raise AssertionError(f'no evidence says {words!r}: {record["evidence"]}')


def the_two_halves_of_a_connection_are_one_record():
    ends = Ends()
    Connection(ends, 40000).open().request().close()
    run, records = join(ends)
    expect('records', len(records), 1)
    expect('ending', records[0]['ending'], 'orderly')
    expect('both ends', records[0]['seen']['both_ends'], True)
    expect('status', run.returncode, 0)
    said(records[0], f'The server\'s capture knows it as {NAT} port 50000 to {SERVER} port 80')


def the_clocks_are_compared():
    ends = Ends()
    for i in range(5):
        Connection(ends, 40000 + i, i).open().request().close()
    run, records = join(ends)
    expect('records', len(records), 5)
    line = next((line for line in run.stderr.splitlines() if 'clock' in line), '')
    offset = float(line.split('clock is ')[1].split()[0])
    if abs(offset - OFFSET) > 0.0001 or 'ahead of' not in line or 'give or take 0.010000' not in line:
        raise AssertionError(line)


def times_are_the_client_s():
    ends = Ends()
    Connection(ends, 40000).open().request().close()
    _, [record] = join(ends)
    expect('started', record['started'][:22], '2023-11-14T22:13:20.05')
    # When the server heard the last ACK.
    expect('duration', abs(record['duration'] - 0.46) < 0.011, True)


def a_reset_that_the_server_sent_is_the_server_s():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.say(1, RST | ACK, 200, 100)
    _, [record] = join(ends)
    expect('ending', record['ending'], 'reset')
    expect('ended_by', record['ended_by'], 'server')
    expect('reset by', record['reset']['by'], 'server')
    expect('count', record['reset']['count'], 1)


def a_reset_that_nobody_sent_is_of_the_network():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.say(1, RST | ACK, 200, 100, sent=False)
    c.t += 5
    # The server lives on, and has more to say.
    c.say(1, PSH | ACK, 200, 100, b'more')
    c.say(0, RST, 100, 0, window=0)
    _, [record] = join(ends)
    expect('ending', record['ending'], 'reset')
    expect('ended_by', record['ended_by'], 'network')
    expect('reset by', record['reset']['by'], 'network')
    expect('cause', record['cause'], 'forged')
    said(record, "does not hold that RST")


def the_same_reset_without_the_server_s_capture_is_the_server_s():
    """The witness that the join knows more than one capture."""
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.say(1, RST | ACK, 200, 100, sent=False)
    with tempfile.TemporaryDirectory() as folder:
        client, _ = ends.write(folder)
        run = subprocess.run([FINIS, 'read', '--json', client], capture_output=True, text=True, check=True)
    expect('ended_by', json.loads(run.stdout)['ended_by'], 'server')


def a_firewall_that_resets_both_is_of_the_network():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.say(1, RST | ACK, 200, 100, sent=False)
    c.say(0, RST | ACK, 100, 200, sent=False, step=0)
    c.t += 5
    Connection(ends, 40001, c.t).open().request().close()
    _, records = join(ends)
    record = next(r for r in records if r['client']['port'] == 40000)
    expect('ended_by', record['ended_by'], 'network')
    expect('count', record['reset']['count'], 2)
    expect('client closed', record['to_server']['closed'], 'no')
    expect('server closed', record['to_client']['closed'], 'no')


def a_forgotten_connection_is_lost_state():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.t += 600
    c.say(0, PSH | ACK, 100, 200, b'again', arrives=False)
    c.say(1, RST, 200, 0, sent=False, window=0)
    c.t += 5
    Connection(ends, 40001, c.t).open().request().close()
    _, records = join(ends)
    record = next(r for r in records if r['client']['port'] == 40000)
    expect('ended_by', record['ended_by'], 'network')
    expect('cause', record['cause'], 'state-lost')


def bytes_that_never_arrived_are_lost():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    for i in range(6):
        c.say(0, PSH | ACK, 100, 200, b'x' * 50, arrives=False, step=0.2 * 2**i)
    c.t += 60
    c.say(0, RST | ACK, 150, 200, arrives=False)
    Connection(ends, 40001, c.t).open().request().close()
    _, records = join(ends)
    record = next(r for r in records if r['client']['port'] == 40000)
    expect('fate', record['to_server']['fate'], 'lost')
    expect('uncertain', record['to_server']['uncertain'], 50)
    said(record, '50 bytes from the client never arrived')
    said(record, 'It never reached the server')


def data_on_the_way_while_it_goes_on_is_not_lost():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.say(0, PSH | ACK, 100, 200, b'x' * 50, arrives=False)
    _, [record] = join(ends)
    expect('ending', record['ending'], 'open')
    expect('fate', record['to_server']['fate'], 'unknown')


def a_capture_that_stopped_early_proves_nothing():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    # The server's capture ends here, and the reset comes later.
    c.t += 60
    c.say(0, PSH | ACK, 100, 200, b'again', arrives=False)
    c.say(1, RST, 200, 0, sent=False, window=0)
    _, [record] = join(ends)
    expect('ended_by', record['ended_by'], 'server')
    expect('fate', record['to_server']['fate'] == 'lost' and 'never arrived' in str(record['evidence']), False)


def numbers_that_a_device_changed_are_joined_by_addresses():
    ends = Ends(nat=False, randomise=123456789)
    Connection(ends, 40000).open().request().close()
    _, records = join(ends)
    expect('records', len(records), 1)
    expect('both ends', records[0]['seen']['both_ends'], True)
    expect('acked', records[0]['to_client']['acked'], 200)


def the_same_addresses_an_hour_later_are_another_connection():
    ends = Ends(nat=False)
    Connection(ends, 40000).open().request().close()
    # One that the server's capture lacks, and later one that the client's lacks.
    early, late = Connection(Ends(nat=False), 40001, 10), Connection(Ends(nat=False), 40001, 3610)
    late.isn = (5, 6)
    ends.frames[0].extend(early.open().request().close().ends.frames[0])
    ends.frames[1].extend(late.open().request().close().ends.frames[1])
    _, records = join(ends)
    expect('both ends', [r['seen']['both_ends'] for r in records], [True, False, False])


def what_one_end_alone_saw_is_kept():
    ends = Ends()
    Connection(ends, 40000).open().request().close()
    alone = Connection(ends, 40001, 5)
    alone.say(0, SYN, 0, 0, arrives=False)
    run, records = join(ends)
    expect('records', len(records), 2)
    expect('both ends', [r['seen']['both_ends'] for r in records], [True, False])
    expect('told', '1 connection seen at both ends, 1 at the client' in run.stderr, True)


def a_connection_under_way_is_joined_through_a_nat():
    ends = Ends()
    for port in (40000, 40001):
        Connection(ends, port).request().close()
    _, records = join(ends)
    expect('records', len(records), 2)
    expect('both ends', {r['seen']['both_ends'] for r in records}, {True})
    expect('ending', {r['ending'] for r in records}, {'orderly'})


def the_filter_and_check_hold_for_it():
    ends = Ends()
    c = Connection(ends, 40000).open().request()
    c.say(1, RST | ACK, 200, 100, sent=False)
    c.t += 5
    Connection(ends, 40001, c.t).open().request().close()
    run, records = join(ends, 'ending=reset')
    expect('records', len(records), 1)
    run, records = join(ends, 'ending=orderly', '--check')
    expect('status', run.returncode, 0)


def a_capture_that_is_not_there_is_said():
    ends = Ends()
    Connection(ends, 40000).open().request().close()
    with tempfile.TemporaryDirectory() as folder:
        client, _ = ends.write(folder)
        run = subprocess.run([FINIS, 'read', '--client', client, '--server', folder + '/none'], capture_output=True,
                             text=True, check=False)
    expect('status', run.returncode, 2)
    expect('lines', len(run.stderr.splitlines()), 1)


TESTS = [value for name, value in list(globals().items())
         if callable(value) and getattr(value, '__module__', None) == __name__ and
         name not in ('Ends', 'Connection', 'join', 'expect', 'said', 'main', 'Path')]


if __name__ == '__main__':
    sys.exit(run_cases(TESTS))
