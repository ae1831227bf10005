#!/usr/bin/env python3
"""finis run over a program that opens more connections than it is stopped at the end of connect() for: what is told of
them is what is told of any. TAP."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from run import FINIS, PATIENCE, run_cases

# So many at once use up the stops; the port of a listener whose queue is full answers no SYN.
PROLOGUE = '''
import errno, os, select, socket, struct, sys, threading, time
listener = socket.create_server(('127.0.0.1', 0), backlog=1024)
address = listener.getsockname()
closed = socket.socket()
closed.bind(('127.0.0.1', 0))
zero = struct.pack('ii', 1, 0)

def pair():
    near = socket.socket()
    near.connect(address)
    return near, listener.accept()[0]

def orderly(n):
    for _ in range(n):
        near, far = pair()
        near.send(b'x')
        assert far.recv(9) == b'x'
        near.close()
        far.recv(1)
        far.close()

def fails(to=closed.getsockname(), **options):
    near = socket.socket()
    for name, value in options.items():
        near.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    try:
        near.connect(to)
    except OSError as error:
        print(error.errno)
    near.close()

orderly(150)
'''


def records(program, *options):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out.json')
        done = subprocess.run([FINIS, 'run', '--all', '--json', '--output', out, *options, '--', sys.executable, '-c',
                               PROLOGUE + program], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        assert done.returncode == 0, done
        return [json.loads(line) for line in pathlib.Path(out).read_text(encoding='utf-8').splitlines()], done.stdout.split()


def endings(found):
    return collections.Counter((r['ending'], r['ended_by'], r['cause']) for r in found)


def orderly_ones_are_one_record_each():
    found, _ = records('orderly(250)')
    assert endings(found) == {('orderly', 'client', None): 400}, endings(found)
    for r in found:
        assert r['seen']['both_ends'] and r['certainty'] == 'certain', r
        assert r['to_server']['bytes'] == 1 and r['to_server']['fate'] == 'acked' and r['to_server']['fin_acked'], r
        assert r['client']['ip'] == '127.0.0.1' and r['client']['port'] and r['client']['pid'], r
        assert 0 < r['duration'] < 1, r


def the_own_act_decides_as_ever():
    found, _ = records('''
for i in range(60):
    near, far = pair()
    far.send(b'unread')
    select.select([near], [], [])
    near.close(); far.close()
    near, far = pair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, zero)
    near.close(); far.close()
    near, far = pair()
    near.shutdown(socket.SHUT_WR)
    far.recv(1)
    far.close(); near.close()''')
    assert endings(found) == {('orderly', 'client', None): 210, ('reset', 'client', 'unread-data'): 60,
                              ('reset', 'client', 'zero-linger'): 60}, endings(found)


def a_reset_from_outside_is_met():
    found, told = records('''
seen = 0
for i in range(60):
    near, far = pair()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, zero)
    far.close()
    try:
        near.send(b'x')
    except OSError as error:
        seen += error.errno == errno.ECONNRESET
    near.close()
print(seen)''')
    assert told == ['60'], told
    assert endings(found)['reset', 'server', 'zero-linger'] == 60, endings(found)


def one_that_lives_on_is_watched_from_the_next_tick():
    found, _ = records('''
near, far = pair()
time.sleep(0.1)
far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, zero)
far.close()
time.sleep(0.1)
try:
    near.recv(1)
except OSError:
    pass
near.close()''')
    saw = [r['client_saw'] for r in found if r['ending'] == 'reset']
    assert saw == [[{'call': 'recv', 'result': 'ECONNRESET'}]], saw


def a_failure_among_them_makes_the_next_ones_exact():
    found, told = records('fails(); fails(); orderly(5); fails()')
    assert told == ['111'] * 3, told
    failed = endings(r for r in found if r['ending'] != 'orderly')
    # Where the machine is so slow that there are stops left, the first is exact too.
    assert failed in ({('refused', 'server', None): 2, ('unseen', None, None): 1},
                      {('refused', 'server', None): 3}), failed


FULL = '''
full = socket.socket()
full.bind(('127.0.0.1', 0))
full.listen(0)
waiting = [socket.socket() for _ in range(3)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(full.getsockname())
time.sleep(0.1)
orderly(150)
'''


def who_waits_long_is_told_exactly():
    found, told = records(FULL + 'fails(full.getsockname(), TCP_SYNCNT=1)')
    assert told == ['110'], told
    saw = [r['client_saw'] for r in found if r['client_saw']]
    assert saw == [[{'call': 'connect', 'result': 'ETIMEDOUT'}]], saw


def a_time_out_of_its_own_is_left_alone():
    """An interruption would end it with EINTR (sock_intr_errno(): no restart with a time-out), which Python's own connect()
    keeps to itself, and then waits without end."""
    _, told = records(FULL + '''
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
near = socket.socket()
near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('qq', 0, 300000))
host, port = full.getsockname()
to = struct.pack('=HHI8x', socket.AF_INET, socket.htons(port), int.from_bytes(socket.inet_aton(host), sys.byteorder))
began = time.monotonic()
print(libc.connect(near.fileno(), to, 16), errno.errorcode[ctypes.get_errno()], time.monotonic() - began > 0.25)''')
    assert told == ['-1', 'EINPROGRESS', 'True'], told


def with_all_calls_each_is_exact():
    found, _ = records('fails()', '--calls')
    assert endings(found)['refused', 'server', None] == 1, endings(found)


CASES = (orderly_ones_are_one_record_each, the_own_act_decides_as_ever, a_reset_from_outside_is_met,
         one_that_lives_on_is_watched_from_the_next_tick, a_failure_among_them_makes_the_next_ones_exact,
         who_waits_long_is_told_exactly, a_time_out_of_its_own_is_left_alone, with_all_calls_each_is_exact)

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
