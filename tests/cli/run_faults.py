#!/usr/bin/env python3
"""finis run, where it is easy to be wrong: shared descriptors, threads that race, attempts that fail, looks that must
leave no trace. TAP."""

import json
import os
import subprocess
import sys

from run import CLIENT, FINIS, PATIENCE, Skip, Staged, check, record, run, run_cases


def records(program, *options):
    done = run('--all', '--json', *options, program=program)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{')], done


PAIR = r'''
import array, ctypes, os, select, signal, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
l = socket.create_server(('127.0.0.1', 0))
def pair():
    c = socket.create_connection(l.getsockname())
    s, _ = l.accept()
    return c, s
'''


def a_thread_that_is_no_leader_may_exec():
    check(record(['serve', '--answer', 'hello'], '''
import threading
threading.Thread(target=lambda: (told(), os.execvp("true", ["true"]))).start()
time.sleep(5)'''), 'reset', 'client', 'unread-data', 'exec')


def the_leader_may_exit_first():
    found = record(['serve', '--answer', 'hello'], '''
import ctypes, threading
libc = ctypes.CDLL(None)
def later():
    time.sleep(0.5)
    s.close()
    libc.syscall(231, 0)
threading.Thread(target=later).start()
libc.syscall(60, 0)''') if os.uname().machine == 'x86_64' else None
    if not found:
        raise Skip('the numbers of the calls are those of x86-64')
    if int(os.uname().release.split('.')[0]) * 100 + int(os.uname().release.split('.')[1]) < 609:
        raise Skip('before Linux 6.9 its descriptors lead nowhere')
    check(found, 'reset', 'client', 'unread-data', 'close')


def a_shared_table_of_descriptors_is_one():
    found, _ = records(PAIR + '''
c, s = pair()
c.sendall(b'hello')
time.sleep(0.1)
CLONE_FILES = 0x400
if libc.syscall(56 if os.uname().machine == 'x86_64' else 220, CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0) == 0:
    os._exit(0)
os.wait()
time.sleep(0.7)
s.recv(100)
s.close()
time.sleep(0.1)
c.close()''')
    assert len(found) == 1, found
    check(found[0], 'orderly', 'server')


def a_child_that_only_inherits_ends_nothing():
    for child in 'os.fork() or os._exit(0)', 'subprocess.run(["true"], close_fds=False)', 'subprocess.run(["true"])':
        found, _ = records(PAIR + f'''
import subprocess
c, s = pair()
s.set_inheritable(True)
c.sendall(b'hello')
time.sleep(0.1)
{child}
time.sleep(0.7)
s.recv(100)
s.close()
time.sleep(0.1)
c.close()''')
        assert len(found) == 1, found
        check(found[0], 'orderly', 'server')
        assert found[0]['acts']['server']['how'] == 'close', found[0]['acts']


def a_descriptor_may_be_passed_on():
    found, _ = records(PAIR + '''
a, b = socket.socketpair()
c, s = pair()
c.sendall(b'hello')
time.sleep(0.1)
if os.fork() == 0:
    for x in a, c, s:
        x.close()
    _, fds, _, _ = socket.recv_fds(b, 10, 1)
    time.sleep(0.5)
    os.close(fds[0])
    time.sleep(0.2)
    os._exit(0)
socket.send_fds(a, [b'x'], [s.fileno()])
s.close()
os.wait()''')
    assert len(found) == 1, found
    check(found[0], 'reset', 'server', 'unread-data')
    assert found[0]['acts']['server']['pid'] != found[0]['server']['pid'], found[0]['acts']


def an_attempt_without_waiting_comes_about():
    found, _ = records(PAIR + '''
c = socket.socket()
c.setblocking(False)
c.connect_ex(l.getsockname())
s, _ = l.accept()
select.select([], [c], [])
assert c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
c.send(b'x')
s.recv(1)
c.close()
time.sleep(0.1)
s.close()
time.sleep(0.1)''')
    assert len(found) == 1, found
    check(found[0], 'orderly', 'client')
    assert found[0]['to_server']['bytes'] == 1, found


def one_that_is_reset_before_a_look_is_a_reset():
    found, _ = records(PAIR + '''
c = socket.socket()
c.setblocking(False)
c.connect_ex(l.getsockname())
s, _ = l.accept()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
time.sleep(0.1)
c.close()''')
    assert len(found) == 1, found
    check(found[0], 'reset', 'server', 'zero-linger')


def an_attempt_given_up_is_the_clients():
    stage = Staged('unanswered')
    with stage as staged:
        done = subprocess.run([FINIS, 'run', '--all', '--json', '--', sys.executable, '-c', f'''
import os, socket, time
s = socket.socket()
s.setblocking(False)
s.connect_ex((os.environ['FINIS_STAGE_HOST'], int(os.environ['FINIS_STAGE_PORT'])))
time.sleep(0.1)
s.close()'''], env=staged.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        found = json.loads(done.stderr.splitlines()[0])
        check(found, 'unanswered', 'client')
        assert found['certainty'] != 'certain', found
        done = subprocess.run([FINIS, 'run', '--all', '--json', '--', sys.executable, '-c', f'''
import os, signal, socket, time
def enough(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, enough)
signal.setitimer(signal.ITIMER_REAL, 0.3)
s = socket.socket()
try:
    s.connect((os.environ['FINIS_STAGE_HOST'], int(os.environ['FINIS_STAGE_PORT'])))
except KeyboardInterrupt:
    print('interrupted')
s.close()'''], env=staged.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.stdout == 'interrupted\n', done
        check(json.loads(done.stderr.splitlines()[0]), 'unanswered', 'client')


def a_socket_that_tries_again_is_two_connections():
    found, _ = records(PAIR + '''
gone = socket.socket()
gone.bind(('127.0.0.1', 0))
c = socket.socket()
assert c.connect_ex(gone.getsockname()) == 111
assert c.connect_ex(l.getsockname()) == 0
s, _ = l.accept()
c.close()
time.sleep(0.1)
s.close()
time.sleep(0.1)''')
    assert [one['ending'] for one in found] == ['refused', 'orderly'], found


def a_connection_that_was_reset_before_accept_is_told():
    found, _ = records(PAIR + '''
c = socket.create_connection(l.getsockname())
name = c.getsockname()
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
c.close()
time.sleep(0.5)
s, peer = l.accept()
assert peer == name
s.close()
time.sleep(0.1)''')
    # The client's end was over before the server had one.
    assert len(found) == 2, found
    for one in found:
        check(one, 'reset', 'client', 'zero-linger')
        assert one['client']['port'] == found[0]['client']['port'] and one['server']['port'] == found[0]['server']['port']
    assert found[0]['certainty'] == 'certain' and found[1]['certainty'] == 'possible', found


def both_families_are_followed():
    for family, address, shown in ('AF_INET6', '::1', '::1'), ('AF_INET6', '::ffff:127.0.0.1', '127.0.0.1'):
        found, done = records(f'''
import socket, time
try:
    l = socket.socket(socket.{family})
    l.bind(('::', 0))
    l.listen()
    c = socket.socket(socket.{family})
    c.connect(('{address}', l.getsockname()[1]))
except OSError:
    print('no IPv6')
    raise SystemExit
s, _ = l.accept()
c.sendall(b'x')
time.sleep(0.1)
s.close()
time.sleep(0.1)
c.close()''')
        if 'no IPv6' in done.stdout:
            raise Skip('no IPv6 here')
        assert len(found) == 1 and found[0]['client']['ip'] == shown == found[0]['server']['ip'], found
        check(found[0], 'reset', 'server', 'unread-data')


def an_ignored_sigpipe_is_said_to_be_ignored():
    with Staged('orderly') as staged:
        done = subprocess.run([FINIS, 'run', '--all', '--', sys.executable, '-c', CLIENT + '''
told()
for _ in range(3):
    try:
        s.send(b'more')
    except OSError:
        pass
    told()'''], env=staged.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert 'EPIPE' in done.stderr and 'with SIGPIPE, which it ignores' in ' '.join(done.stderr.split()), done.stderr


def a_blocked_sigpipe_and_one_asked_away_are_told_apart():
    for prologue, flags, words in (('signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])', '', 'with SIGPIPE, which it blocks'),
                                   ('', ', socket.MSG_NOSIGNAL', 'EPIPE, without a signal')):
        with Staged('orderly') as staged:
            done = subprocess.run([FINIS, 'run', '--all', '--calls', '--', sys.executable, '-c', CLIENT + f'''
{prologue}
told()
for _ in range(3):
    try:
        s.send(b'more'{flags})
    except OSError:
        pass
    told()'''], env=staged.environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert words in ' '.join(done.stderr.split()), (words, done.stderr)


def looks_leave_no_trace():
    """The FIN comes at the close, and the error stays for the program."""
    found, done = records(PAIR + '''
c, s = pair()
c.shutdown(socket.SHUT_WR)
begun = time.monotonic()
s.close()
c.settimeout(2)
assert c.recv(1) == b''
print('slow' if time.monotonic() - begun > 0.5 else 'at once')
c.close()
c, s = pair()
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
time.sleep(0.1)
d = c.dup()
for look in range(3):
    try:
        c.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        print(error.errno)
    libc.dup2(0, c.fileno()) if look == 2 else None
try:
    d.recv(1)
except OSError as error:
    print(error.errno)
''')
    assert done.stdout.split() == ['at', 'once', '107', '107', '107', '104'], done.stdout
    assert len(found) == 2, found


def sockets_of_multipath_tcp_are_counted_out():
    _, done = records('''
import socket
try:
    l = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    l.bind(('127.0.0.1', 0))
    l.listen()
    c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    c.connect(l.getsockname())
except OSError:
    print('none')''')
    if done.stdout:
        raise Skip('no Multipath TCP here')
    assert 'Multipath' in done.stderr, done


TICK = '''
import collections, ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
n = 0
def tick(*_):
    global n
    n += 1
signal.signal(signal.SIGALRM, tick)
signal.siginterrupt(signal.SIGALRM, True)
'''


def a_signal_breaks_no_close_off():
    """A close waits for finis; without it nothing could be interrupted, and EINTR would leave the descriptor open."""
    for options in [], ['--calls']:
        done = run(*options, program=TICK + '''
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
told = collections.Counter()
for _ in range(3000):
    r, w = os.pipe()
    for how, result in ('dup2', libc.dup2(0, r) - r), ('close', libc.close(w)), ('close', libc.close(r)):
        told[how, ctypes.get_errno() if result else 0] += 1
signal.setitimer(signal.ITIMER_REAL, 0)
assert n > 20, n
print(dict(told))''')
        assert done.stdout == "{('dup2', 0): 3000, ('close', 0): 6000}\n", done


TICKING = TICK + '''
import socket, struct
listener = socket.create_server(('127.0.0.1', 0), backlog=4096)
to = struct.pack('=HHI8x', socket.AF_INET, socket.htons(listener.getsockname()[1]), socket.htonl(0x7f000001))
def connect(one):
    return ctypes.get_errno() if libc.connect(one.fileno(), to, len(to)) else 0
'''


def a_signal_breaks_off_only_an_attempt_that_waits():
    """It waits for finis before it begins, and is no call then that could be interrupted."""
    for options in [], ['--calls']:
        done = run(*options, program=TICKING + '''
told = collections.Counter()
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
for _ in range(1000):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(socket.AF_INET, kind) as one:
            one.setblocking(kind == socket.SOCK_DGRAM)
            told[kind.name, connect(one)] += 1
signal.setitimer(signal.ITIMER_REAL, 0)
assert n > 20, n
print(dict(told))''')
        assert done.stdout == "{('SOCK_STREAM', 115): 1000, ('SOCK_DGRAM', 0): 1000}\n", done
        done = run(*options, program=TICKING + '''
for _ in range(100):
    with socket.socket() as one:
        assert connect(one) == 0
full = socket.create_server(('127.0.0.1', 0), backlog=0)
to = to[:2] + struct.pack('=H', socket.htons(full.getsockname()[1])) + to[4:]
waiting = [socket.socket() for _ in range(3)]
for one in waiting:
    one.setblocking(False)
    connect(one)
signal.setitimer(signal.ITIMER_REAL, 0.3)
print(connect(socket.socket()), n)''')
        assert done.stdout == '4 1\n', done


def a_listener_of_the_programs_own_is_said_to_be_refused():
    if os.uname().machine != 'x86_64':
        raise Skip('elsewhere finis has no listener')
    for options in [], ['--calls']:
        done = run(*options, program='''
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
allow = ctypes.create_string_buffer(b'\\x06\\0\\0\\0\\0\\0\\xff\\x7f', 8)
class program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]
libc.prctl(38, 1, 0, 0, 0)
fd = libc.syscall(317, 1, 8, ctypes.byref(program(1, ctypes.addressof(allow))))
print('refused' if fd < 0 and ctypes.get_errno() == 16 else 'had' if fd >= 0 else ctypes.get_errno())''')
        assert done.stdout == 'had\n' or (done.stdout == 'refused\n' and not options), done
        assert ('listener of seccomp' in done.stderr) == (done.stdout == 'refused\n'), done


def what_is_deduced_is_what_the_peer_was_told():
    """A thread reads while another closes: whichever comes first, the peer is the witness."""
    found, done = records(PAIR + '''
for i in range(150):
    c, s = pair()
    port = c.getsockname()[1]
    c.sendall(b'hello')
    def read():
        try:
            s.recv(5)
        except OSError:
            pass
    reader = threading.Thread(target=read)
    closer = threading.Thread(target=lambda: libc.close(s.fileno()))
    first, second = (reader, closer) if i % 2 else (closer, reader)
    first.start()
    second.start()
    first.join()
    second.join()
    s.detach()
    try:
        told = 'orderly' if c.recv(1) == b'' else 'data'
    except OSError:
        told = 'reset'
    print(port, told)
    c.close()''')
    told = dict(line.split() for line in done.stdout.splitlines())
    seen = {str(one['client']['port']): one for one in found}
    assert len(seen) == 150, len(seen)
    wrong = [(port, told[port], seen[port]['ending'], seen[port]['certainty'], seen[port]['cause'])
             for port in told if seen[port]['ending'] != told[port]]
    assert not [one for one in wrong if one[3] == 'certain'], wrong
    assert len(wrong) <= 3, wrong


CASES = [
    a_thread_that_is_no_leader_may_exec,
    the_leader_may_exit_first,
    a_shared_table_of_descriptors_is_one,
    a_child_that_only_inherits_ends_nothing,
    a_descriptor_may_be_passed_on,
    an_attempt_without_waiting_comes_about,
    one_that_is_reset_before_a_look_is_a_reset,
    an_attempt_given_up_is_the_clients,
    a_socket_that_tries_again_is_two_connections,
    a_connection_that_was_reset_before_accept_is_told,
    both_families_are_followed,
    an_ignored_sigpipe_is_said_to_be_ignored,
    a_blocked_sigpipe_and_one_asked_away_are_told_apart,
    looks_leave_no_trace,
    sockets_of_multipath_tcp_are_counted_out,
    a_signal_breaks_no_close_off, a_signal_breaks_off_only_an_attempt_that_waits,
    a_listener_of_the_programs_own_is_said_to_be_refused,
    what_is_deduced_is_what_the_peer_was_told,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
