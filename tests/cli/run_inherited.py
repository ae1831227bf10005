#!/usr/bin/env python3
"""finis run where a child has its parent's socket, too: the act of the parent, or its death, ends nothing. TAP."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from run import FINIS, PATIENCE, Skip, check, run_cases
from run_orphan import is_there
from run_told import until_seen

# The child says when it is alone, and on another line does what is told to it.
FAMILY = '''
import os, signal, socket, sys
sys.stdin.readline()
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
alone, parent = os.pipe()
if os.fork() == 0:
    os.close(parent)
    os.read(alone, 1)
    print('alone', flush=True)
    sys.stdin.readline()
    %s
    os._exit(0)
%s
os.close(parent)
os.wait()
'''
DIES, CLOSES, KEEPS = 'os.kill(os.getpid(), signal.SIGKILL)', 's.close()', ''
RECEIVES = '''try: s.recv(1)
    except OSError: pass'''


@contextlib.contextmanager
def family(folder, parent, child='', attaches=False):
    """The program and finis, which are the same where it does not attach, and the other end once the child is alone."""
    out = ['--all', '--json', '--output', os.path.join(folder, 'out.json')]
    with socket.create_server(('127.0.0.1', 0)) as listener:
        listener.settimeout(PATIENCE)
        program = [sys.executable, '-c', FAMILY % (child, parent), str(listener.getsockname()[1])]
        with subprocess.Popen(program if attaches else [FINIS, 'run', *out, '--', *program], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            finis = attach(process.pid, out) if attaches else process
            process.stdin.write('\n')
            process.stdin.flush()
            with listener.accept()[0] as far:
                assert process.stdout.readline() == 'alone\n'
                yield finis, far
            process.communicate('\n', timeout=PATIENCE)


def attach(pid, options):
    finis = subprocess.Popen([FINIS, 'run', *options, '-p', str(pid)], stderr=subprocess.PIPE, text=True)
    status, deadline = pathlib.Path(f'/proc/{pid}/status'), time.monotonic() + PATIENCE
    while 'TracerPid:\t0\n' in status.read_text(encoding='ascii') and finis.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if finis.poll() is not None:
        said = finis.communicate()[1]
        raise Skip('this process may not attach to others here') if 'not permitted' in said else AssertionError(said)
    return finis


def reset(far):
    """And until that has come."""
    near, port = far.getpeername()[1], far.getsockname()[1]
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    far.close()
    deadline = time.monotonic() + PATIENCE
    while is_there(port, near) and time.monotonic() < deadline:
        time.sleep(0.01)


def the_record(folder):
    with open(os.path.join(folder, 'out.json'), encoding='utf-8') as file:
        records = [json.loads(line) for line in file]
    assert len(records) == 1, records
    return records[0]


def who_was_told(parent):
    with tempfile.TemporaryDirectory() as folder:
        with family(folder, parent, RECEIVES) as (_, far):
            reset(far)
        found = the_record(folder)
    check(found, 'reset', 'server')
    assert found['acts']['client'] is None, found['acts']
    assert found['client_saw'] in (None, [{'call': 'recv', 'result': 'ECONNRESET'}]), found['client_saw']
    return found['client_saw']


def a_child_is_told_of_the_reset_however_lately_its_parent_was_there():
    until_seen(lambda: who_was_told(KEEPS))
    for parent in DIES, CLOSES:
        assert any(who_was_told(parent) for _ in range(30)), parent


def left_with(parent, far_does, wait=0):
    """The record where finis leaves while the child has the socket still."""
    with tempfile.TemporaryDirectory() as folder:
        with family(folder, parent, attaches=True) as (finis, far):
            far_does(far)
            time.sleep(wait)
            finis.send_signal(signal.SIGINT)
            finis.communicate(timeout=PATIENCE)
        return the_record(folder)


def what_was_reset_in_the_hands_of_a_child_is_not_ended_by_its_parent():
    # Later than the kernel tells of a socket that nobody has any more.
    for parent, wait in (DIES, 0), (CLOSES, 0), (DIES, 0.6), (CLOSES, 0.6):
        found = left_with(parent, reset, wait)
        check(found, 'reset', 'server')
        assert found['acts']['client'] is None and not found['ongoing'], found
        assert found['to_server']['closed'] == 'no', found


def what_a_child_has_still_is_open():
    for parent in DIES, CLOSES:
        found = left_with(parent, lambda far: None)
        assert (found['ending'], found['acts']['client'], found['ongoing']) == ('open', None, True), found


# Both FINs have come and gone, and the child has the dead socket still, with all but one byte unread.
BOTH_FINS = '''
import os, socket, time
l = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(l.getsockname())
s, _ = l.accept()
c.send(b'x' * 46)
alone, parent = os.pipe()
if os.fork() == 0:
    os.close(parent)
    c.close()
    os.read(alone, 1)
    s.shutdown(socket.SHUT_WR)
    s.recv(1)
    time.sleep(0.3)
    os._exit(0)
s.close()
os.close(parent)
time.sleep(0.05)
c.close()
os.wait()
'''


def a_time_wait_is_not_the_end_of_what_a_child_has():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([FINIS, 'run', '--all', '--json', '--output', os.path.join(folder, 'out.json'), '--', sys.executable, '-c',
                        BOTH_FINS], stdin=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        found = the_record(folder)
    assert (found['ending'], found['acts']['server']['how']) == ('orderly', 'shutdown'), found
    assert found['to_server']['unread'] == 45, found


CASES = (a_child_is_told_of_the_reset_however_lately_its_parent_was_there,
         what_was_reset_in_the_hands_of_a_child_is_not_ended_by_its_parent, what_a_child_has_still_is_open,
         a_time_wait_is_not_the_end_of_what_a_child_has)

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
