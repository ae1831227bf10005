#!/usr/bin/env python3
"""finis run where a program has closed while its data still waited: whose doing the end of such a socket was. The peer is
no traced program, and its window stays shut. TAP."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from run import FINIS, PATIENCE, Skip, check, run_cases

NODE = '''
import socket, sys, time
s = socket.socket()
%s
s.connect(('127.0.0.1', int(sys.argv[1])))
s.setblocking(False)
try:
    while %s:
        s.send(b'y' * 65536)
except (BlockingIOError, TimeoutError):
    pass
time.sleep(%s)
s.close()
print('closed', flush=True)
sys.stdin.readline()
'''


def orphan(peer, options='', fills=True, waits=True, holds=0):
    """The record of a program that has closed, after @peer did with its end what it does, and all is over if it @waits."""
    with socket.socket() as listener, tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out.json')
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        listener.settimeout(PATIENCE)
        node = NODE % (options, fills, holds)
        with subprocess.Popen([FINIS, 'run', '--all', '--json', '--output', out, '--', sys.executable, '-c', node,
                               str(listener.getsockname()[1])], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            accepted, far = listener.accept()
            assert process.stdout.readline() == 'closed\n'
            peer(accepted)
            deadline = time.monotonic() + PATIENCE
            while waits and is_there(listener.getsockname()[1], far[1]) and time.monotonic() < deadline:
                time.sleep(0.02)
            process.communicate('\n', timeout=PATIENCE)
            accepted.close()
        with open(out, encoding='utf-8') as file:
            records = [json.loads(line) for line in file]
    assert len(records) == 1, records
    return records[0]


def is_there(far, near):
    """Does the kernel still have the program's socket, by its ports, other than as TIME_WAIT?"""
    with open('/proc/net/tcp', encoding='ascii') as file:
        rows = [row.split() for row in file.readlines()[1:]]
    return any(int(row[1].split(':')[1], 16) == near and int(row[2].split(':')[1], 16) == far and row[3] != '06'
               for row in rows)


def the_others_reset_is_the_others():
    def resets(peer):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        peer.close()
    for way in resets, socket.socket.close:
        for _ in range(10):
            found = orphan(way)
            check(found, 'reset', found['ended_by'])
            assert found['certainty'] == 'possible' and found['to_server']['fate'] == 'lost', found
            if found['ended_by']:
                break
        check(found, 'reset', 'server')


def data_that_comes_then_resets_it_itself():
    for _ in range(10):
        found = orphan(lambda peer: peer.send(b'late'))
        check(found, 'reset', found['ended_by'])
        assert found['ended_by'] in (None, 'client'), found
        if found['ended_by']:
            break
    # Where a probe of the shut window goes out before, it may have been a RST: that takes 200 ms.
    check(found, 'reset', 'client', 'data-after-close')
    assert found['cause'] == 'data-after-close', found


def a_negative_linger2_resets_it_itself():
    found = orphan(lambda peer: None, 's.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, -1)', fills=False)
    check(found, 'reset', 'client', 'linger2')
    assert not found['ongoing'], found


def what_user_timeout_gave_up_is_no_reset_of_the_other():
    # Given up before it is closed, too, as where the program must wait for a processor: the other answers each probe of its
    # window, so that nothing shows but that the time was up.
    for holds in 0, 1:
        found = orphan(lambda peer: None, 's.setsockopt(socket.IPPROTO_TCP, 18, 300)', holds=holds)
        assert found['ending'] in ('unseen', 'timed-out') and found['ended_by'] in (None, 'client'), found
        assert found['cause'] in (None, 'user-timeout'), found


def what_was_destroyed_is_no_reset_of_the_other():
    if os.geteuid() != 0 or not shutil.which('ss'):
        raise Skip('destroying a socket needs root, and ss')

    def destroys(peer):
        near, far = (f'{host}:{port}' for host, port in (peer.getpeername(), peer.getsockname()))
        done = subprocess.run(['ss', '-K', 'src', near, 'dst', far], capture_output=True, text=True, check=False)
        if near not in done.stdout:
            raise Skip('this kernel destroys no sockets')
    found = orphan(destroys)
    check(found, 'reset', found['ended_by'])
    assert found['ended_by'] in (None, 'client') and found['certainty'] == 'possible', found
    assert not found['ended_by'] or 'sock-destroyed' in found['causes'], found


def what_its_kernel_still_sends_is_not_counted_yet():
    found = orphan(lambda peer: None, waits=False)
    # The FIN stands behind data that a shut window holds back.
    assert (found['ending'], found['to_server']['closed']) == ('open', 'no'), found
    assert found['ongoing'] and found['to_server']['fate'] == 'unknown', found
    assert found['to_server']['bytes'] is None and found['to_server']['acked'] < 1 << 20, found


def what_its_kernel_has_sent_with_the_fin_is_half_closed():
    found = orphan(lambda peer: None, fills=False, waits=False)
    assert (found['ending'], found['ended_by'], found['to_server']['closed']) == ('half-closed', 'client', 'fin'), found


CASES = (the_others_reset_is_the_others, data_that_comes_then_resets_it_itself, a_negative_linger2_resets_it_itself,
         what_user_timeout_gave_up_is_no_reset_of_the_other, what_was_destroyed_is_no_reset_of_the_other,
         what_its_kernel_still_sends_is_not_counted_yet, what_its_kernel_has_sent_with_the_fin_is_half_closed)

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
