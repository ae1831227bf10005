#!/usr/bin/env python3
"""finis run where both ends of a connection end it in one moment: what is told as certain is held against what the kernel
counted of that play alone, in a network namespace of its own. TAP."""

import collections
import json
import os
import subprocess
import sys
import tempfile

from watch_help import FINIS, enter_a_namespace

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, run_cases  # noqa: E402

PLAYS, PATIENCE = 250, 120

# Each play: what lies unread, options and acts before, and both close at once, by two threads or two processes. What was
# done, and what the kernel counted by then, is printed.
RACES = r'''
import json, os, random, socket, struct, sys, threading, time
NAMES = 'OutRsts', 'TCPAbortOnClose', 'TCPAbortOnData', 'TCPAbortOnLinger'
OPTIONS = [], ['zero-linger'], ['zero-linger'], ['linger2'], ['shut'], ['shut', 'zero-linger'], ['shut', 'linger2'], ['shut-both']

def counters():
    found = {}
    for table in 'snmp', 'netstat':
        rows = open(f'/proc/self/net/{table}', encoding='ascii').read().splitlines()
        for names, values in zip(rows[::2], rows[1::2]):
            found.update(zip(names.split()[1:], values.split()[1:]))
    return {name: int(found.get(name, 0)) for name in NAMES}

def prepare(end, options):
    if 'zero-linger' in options:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    if 'linger2' in options:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, -1)
    if 'shut' in options or 'shut-both' in options:
        end.shutdown(socket.SHUT_WR if 'shut' in options else socket.SHUT_RDWR)

def finish(end, late):
    try:
        end.send(b'y' * late, socket.MSG_NOSIGNAL)
    except OSError:
        pass
    end.close()

def in_threads(ends, late):
    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=lambda i=i: (barrier.wait(), finish(ends[i], late[i]))) for i in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def in_processes(ends, late):
    wait, go = os.pipe()
    children = []
    for i in 0, 1:
        children.append(os.fork())
        if children[-1] == 0:
            ends[1 - i].close()
            os.read(wait, 1)
            finish(ends[i], late[i])
            os._exit(0)
    for end in ends:
        end.close()
    os.write(go, b'go')
    for child in children:
        os.waitpid(child, 0)
    os.close(wait)
    os.close(go)

chance = random.Random(int(sys.argv[1]))
listener = socket.create_server(('127.0.0.1', 0))
before = counters()
for _ in range(int(sys.argv[2])):
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    ports, ends, did = (client.getsockname()[1], listener.getsockname()[1]), (client, server), []
    for end in ends:
        end.send(b'x' * chance.choice([0, 0, 1, 10]))
    try:
        for end in ends:
            did.append(chance.choice(OPTIONS))
            prepare(end, did[-1])
    except OSError:
        pass
    sys.stdout.flush()
    chance.choice([in_threads, in_processes])(ends, [chance.choice([0, 0, 0, 5]) for _ in ends])
    time.sleep(0.003)
    now = counters()
    print(json.dumps({'ports': ports, 'client': did[0], 'server': did[-1], **{name: now[name] - before[name] for name in now}}))
    before = now
'''


def plays(seed):
    with tempfile.NamedTemporaryFile('r', encoding='utf-8') as out:
        done = subprocess.run([FINIS, 'run', '--tracer', 'ptrace', '--all', '--json', '--output', out.name, '--', sys.executable,
                               '-c', RACES, str(seed), str(PLAYS)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        assert done.returncode == 0, done
        by_ports = collections.defaultdict(list)
        for record in map(json.loads, out):
            by_ports[record['client']['port'], record['server']['port']].append(record)
    said = list(map(json.loads, done.stdout.splitlines()))
    again = collections.Counter(tuple(play['ports']) for play in said)
    # Ports may be used twice; then it is not known which record is whose.
    return [(play, later, by_ports[tuple(play['ports'])]) for play, later in zip(said, said[1:] + said[-1:])
            if again[tuple(play['ports'])] == 1]


def asked_for(play, option, side):
    return option in (play['client'] + play['server'] if side is None else play[side])


def faults(play, later, record):
    """What a certain record says and the kernel's counters refute. An answer to what came late may be counted with the next play;
    not so what a close does itself."""
    cause, by = record['cause'], record['ended_by']
    if record['certainty'] != 'certain':
        return
    if record['ending'] == 'orderly' and play['TCPAbortOnClose'] + play['TCPAbortOnLinger']:
        yield 'told as orderly, and a close was a reset'
    if record['ending'] != 'reset':
        return
    if play['OutRsts'] + later['OutRsts'] == 0:
        yield 'told as reset, and no RST was sent'
    if cause == 'unread-data' and not play['TCPAbortOnClose']:
        yield 'no close with unread data reset it'
    if cause == 'zero-linger' and not (asked_for(play, 'zero-linger', by) and play['TCPAbortOnData']):
        yield 'no zero linger reset it'
    counted = play['TCPAbortOnLinger'] + play['TCPAbortOnData'] + later['TCPAbortOnData']
    if cause == 'linger2' and not (asked_for(play, 'linger2', by) and counted):
        yield 'no TCP_LINGER2 reset it'
    # It comes when the FIN is acknowledged, or is in FIN_WAIT2 by then.
    if cause == 'linger2' and record['to_server' if by == 'client' else 'to_client']['closed'] != 'fin':
        yield 'a RST for want of a FIN_WAIT2, and no FIN'
    # The counter of a FIN_WAIT2 that a close resets, and those of the others, are one for each RST.
    if by and play['TCPAbortOnClose'] + play['TCPAbortOnLinger'] > 1:
        yield 'both closes reset it, and one is named'


def what_is_certain_of_a_race_is_what_the_kernel_counted():
    if not ALONE:
        raise Skip('a network namespace of its own needs root')
    n_certain = 0
    for play, later, records in plays(SEED):
        assert len(records) == 1, (play, records)
        found = list(faults(play, later, records[0]))
        assert not found, f'{found}: {play} {json.dumps(records[0])}'
        n_certain += records[0]['ending'] == 'reset' and records[0]['certainty'] == 'certain'
    # Nothing is refuted where nothing is claimed.
    assert n_certain > PLAYS / 5, n_certain


if __name__ == '__main__':
    ALONE, SEED = enter_a_namespace(), int(sys.argv[1]) if len(sys.argv) > 1 else 1
    sys.exit(run_cases([what_is_certain_of_a_race_is_what_the_kernel_counted], words=()))
