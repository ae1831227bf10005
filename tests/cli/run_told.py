#!/usr/bin/env python3
"""finis run without --calls: which call was told of the end, where the program is stopped only once its socket has
died; and that neither the watch nor the stops change anything for the program. TAP."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from run import CLIENT, FINIS, PATIENCE, Skip, Staged, attached, record, run, run_cases

LIBC = '''
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
'''


def words(stage, program, *options, **more):
    """What is said, as one line."""
    with Staged(*stage) as staged:
        done = subprocess.run([FINIS, 'run', '--all', *options, '--', sys.executable, '-c', CLIENT + program],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env=staged.environment, **more)
    assert done.returncode == 0, done
    return ' '.join(done.stderr.split()), done.stdout


def until_seen(look):
    """What is seen by a look now and then is seen where a processor is free for one: elsewhere less is said, and nothing
    wrong, which @look asserts before it returns if that was seen which is asked for."""
    for _ in range(30):
        if look():
            return
    raise Skip('thirty times no processor was free for a look')


def the_call_that_takes_the_error_later_is_named():
    for sleep in 'time.sleep(0.2)', 'select.select([], [], [], 0.2)', 'threading.Event().wait(0.2)', 'os.read(pipe[0], 1)':
        def look(sleep=sleep):
            found = record(['reset'], f'''
import select, threading
pipe = os.pipe()
threading.Timer(0.2, lambda: os.write(pipe[1], b'x')).start()
{sleep}
recv()
s.close()''')
            assert found['client_saw'] in (None, [], [{'call': 'recv', 'result': 'ECONNRESET'}]), (sleep, found['client_saw'])
            assert found['certainty'] == 'possible' and found['to_server']['fate'] != 'lost', found
            return found['client_saw']
        until_seen(look)


def a_close_between_lets_the_next_call_be_met():
    """Asleep in epoll_wait() it cannot be interrupted; the close of something else is where it is caught."""
    found = record(['reset'], '''
import select
poll, other = select.epoll(), os.open("/dev/null", os.O_RDONLY)
poll.poll(0.3)
os.close(other)
recv()
s.close()''')
    assert found['client_saw'] == [{'call': 'recv', 'result': 'ECONNRESET'}], found['client_saw']


def the_end_that_answers_the_own_is_an_end():
    """With both FINs the socket is dead, as after a reset, and nothing is wrong with the 0."""
    done = run('--all', program='''
import socket, threading, time
l = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(l.getsockname())
s, _ = l.accept()
c.shutdown(socket.SHUT_WR)
s.recv(1)
threading.Timer(0.1, s.close).start()
time.sleep(0.3)
print(c.recv(1))
c.close()''')
    assert done.stdout == "b''\n" and 'orderly' in done.stderr and 'no end' not in done.stderr, done


def who_gave_up_a_shared_end_is_named():
    done = run('--all', program='''
import os, socket, time
l = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(l.getsockname())
s, _ = l.accept()
c.sendall(b"hello")
time.sleep(0.1)
child = os.fork()
if child == 0:
    c.close()
    time.sleep(0.3)
    os._exit(0)
s.close()
os.wait()
print(child)''')
    assert re.search(rf'\[{done.stdout.strip()}\] exited with 5 bytes unread', re.sub(r'\s+', ' ', done.stderr)), done


def each_way_of_sending_is_named():
    for call, name in (('s.send(b"x")', 'send'), ('s.sendmsg([b"x"])', 'sendmsg'), ('os.write(s.fileno(), b"x")', 'write'),
                       ('os.sendfile(s.fileno(), os.open("/etc/passwd", os.O_RDONLY), 0, 10)', 'sendfile')):
        found = record(['reset'], f'''
told()
try:
    {call}
except OSError:
    pass
s.close()''')
        assert found['client_saw'] == [{'call': name, 'result': 'ECONNRESET'}], (call, found['client_saw'])


def an_end_after_the_error_is_no_end():
    said, _ = words(['reset'], '''
told()
try:
    s.send(b'more')
except OSError:
    pass
assert recv() == b''
s.close()''')
    assert 'send() was told ECONNRESET, without a signal; the 0 of the receiving call after it was no end of the data' in said, said


def nothing_of_it_is_said_of_a_true_end():
    said, _ = words(['orderly'], 'told(); assert recv() == b""; s.close(); told()')
    assert 'no end of the data' not in said and 'was told' not in said, said


def the_bytes_of_what_ended_well_are_said():
    both = '''
import socket
l = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(l.getsockname())
s, _ = l.accept()
for one, other, n in (c, s, %d), (s, c, %d):
    one.sendall(b"x" * n)
    while n > 0:
        n -= len(other.recv(n))
c.close()
s.recv(1)
s.close()
'''
    for out, back, said in ((7, 3, '7 bytes from the client and 3 bytes from the server, all acknowledged'),
                            (7, 0, '7 bytes from the client, all acknowledged; nothing from the server'),
                            (0, 0, 'nothing from the client nor from the server')):
        done = run('--all', program=both % (out, back))
        assert done.returncode == 0 and said in ' '.join(done.stderr.split()), (said, done)


def who_only_looked_may_have_acted():
    """What MSG_PEEK has shown lies there unread: that all was unread proves no safe repeat."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out.json')
        done = run('--all', '--json', '--output', out, program='''
import socket
l = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(l.getsockname())
s, _ = l.accept()
c.sendall(b"buy")
while len(s.recv(9, socket.MSG_PEEK)) < 3:
    pass
s.close()
c.close()''')
        assert done.returncode == 0, done
        with open(out, encoding='utf-8') as file:
            found = json.loads(file.read())
    assert found['to_server']['unread'] == found['to_server']['bytes'] == 3, found
    assert found['retry'] == 'maybe-processed', found


def a_reset_that_recv_waits_for():
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        connection = listener.accept()[0]
        connection.recv(100)
        threading.Event().wait(0.5)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        connection.close()
    server = threading.Thread(target=serve)
    server.start()
    host, port = listener.getsockname()
    done = subprocess.run([FINIS, 'run', '--', sys.executable, '-c', CLIENT + 'print(recv())'], capture_output=True, text=True,
                          check=False, timeout=PATIENCE, env={**os.environ, 'FINIS_STAGE_HOST': host, 'FINIS_STAGE_PORT': str(port)})
    server.join()
    said = ' '.join(done.stderr.split())
    listener.close()
    assert done.stdout == '104\n', done
    return said


def who_waited_is_deduced():
    def look():
        said = a_reset_that_recv_waits_for()
        assert 'a call was told of it' in said or 'recv()' in said, said
        return 'recv(), which waited on it, was told of it (deduced)' in said or 'recv() was told ECONNRESET' in said
    until_seen(look)


def an_error_that_nobody_looked_at_is_said():
    said, _ = words(['reset'], 'told()')
    assert 'it never looked at the error that waited for it' in said, said


def sendfile_before_a_reset():
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        connection = listener.accept()[0]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        connection.recv(100)
        threading.Event().wait(0.5)
        connection.close()
    server = threading.Thread(target=serve)
    server.start()
    host, port = listener.getsockname()
    done = subprocess.run([FINIS, 'run', '--', sys.executable, '-c', CLIENT + '''
import tempfile
with tempfile.TemporaryFile() as file:
    file.truncate(1 << 26)
    sent = os.sendfile(s.fileno(), file.fileno(), 0, 1 << 26)
print(0 < sent < 1 << 26, s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
s.close()'''], capture_output=True, text=True, check=False, timeout=PATIENCE,
                          env={**os.environ, 'FINIS_STAGE_HOST': host, 'FINIS_STAGE_PORT': str(port)})
    server.join()
    said = ' '.join(done.stderr.split())
    # Whether the last piece is refused whole or in part decides if the error is taken (splice_to_socket()).
    if done.stdout == 'True 0\n':
        return 'sendfile() took the error and told only a count (deduced)' in said
    assert done.stdout == 'True 104\n' and 'getsockopt() was told ECONNRESET' in said, done
    return True


def what_sendfile_swallows_is_said():
    until_seen(sendfile_before_a_reset)


def calls_that_an_interruption_would_end_are_left_alone():
    """A thread sleeps where EINTR would be its lot; the other's socket dies."""
    _, out = words(['reset'], LIBC + '''
import select, threading
poll = select.epoll()
pipe = os.pipe()
poll.register(pipe[0], select.EPOLLIN)
slept = []
def wait():
    events = ctypes.create_string_buffer(24)
    slept.append((libc.epoll_wait(poll.fileno(), events, 1, 5000), ctypes.get_errno()))
def sleep():
    begun = time.monotonic()
    assert libc.usleep(600000) == 0
    slept.append(time.monotonic() - begun >= 0.6)
threads = [threading.Thread(target=wait), threading.Thread(target=sleep)]
for thread in threads:
    thread.start()
for i in range(30):
    time.sleep(0.01)
recv()
threads[1].join()
os.write(pipe[1], b'x')
threads[0].join()
print(slept)
s.close()''')
    assert out == '[True, (1, 0)]\n', out


def the_watch_holds_nothing():
    """The last descriptor goes in a process that nobody traces: the end comes at that moment."""
    with Staged('serve', '--answer', 'hello') as staged:
        ours, theirs = socket.socketpair()
        with subprocess.Popen([FINIS, 'run', '--', sys.executable, '-c', CLIENT + f'''
s.recv(100)
channel = socket.socket(fileno={theirs.fileno()})
socket.send_fds(channel, [b'x'], [s.fileno()])
s.close()
channel.recv(1)'''], env=staged.environment, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True) as traced:
            theirs.close()
            _, fds, _, _ = socket.recv_fds(ours, 10, 1)
            passed = socket.socket(fileno=fds[0])
            passed.settimeout(5)
            near, far = (f':{name[1]:04X}' for name in (passed.getsockname(), passed.getpeername()))
            threading.Event().wait(0.3)
            passed.close()
            # A look may hold it for a moment.
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                with open('/proc/net/tcp', encoding='ascii') as table:
                    rows = [line.split() for line in table]
                states = [row[3] for row in rows if row[1].endswith(near) and row[2].endswith(far)]
                if '01' not in states and '08' not in states:
                    break
                time.sleep(0.02)
            ours.send(b'x')
            said = traced.communicate(timeout=PATIENCE)[1]
    # Established or in CLOSE_WAIT it would be, were it held.
    assert '01' not in states and '08' not in states, (states, said)


def who_is_attached_needs_no_calls_either():
    with Staged('reset') as staged:
        said = attached(staged, 'recv(); s.close(); time.sleep(0.3)')
    assert 'recv() was told ECONNRESET' in ' '.join(said.split()), said


def many_that_die_slow_nobody_for_long():
    done = run('--all', '--json', program=r'''
import os, socket, struct, time
l = socket.create_server(('127.0.0.1', 0), backlog=512)
pairs = []
for i in range(100):
    c = socket.create_connection(l.getsockname())
    pairs.append((c, l.accept()[0]))
for c, s in pairs:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
begun = time.monotonic()
n = 0
for i in range(20000):
    os.getppid()
for c, s in pairs:
    try:
        c.recv(1)
    except ConnectionResetError:
        n += 1
print(n, 'quick' if time.monotonic() - begun < 20 else 'slow')''')
    assert done.stdout == '100 quick\n', done


WHERE = r'''
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
static volatile long last;
__attribute__((noinline)) static void give_up(int s) { last = close(s); }
__attribute__((noinline)) static void answer(int s) { char b[100]; last = recv(s, b, 100, 0); }
int main(int argc, char **argv)
{
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("FINIS_STAGE_PORT")))};
        int s = socket(AF_INET, SOCK_STREAM, 0);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(s, (void *)&to, sizeof(to)) < 0 || send(s, "question", 8, 0) != 8)
                return 1;
        poll(&(struct pollfd){.fd = s, .events = POLLIN | POLLRDHUP}, 1, 20000);
        usleep(200000);
        if (argc > 1)
                answer(s);
        give_up(s);
        return last && argv[1];
}
'''


def symbols(program):
    """Where each function of the file begins, and how long it is."""
    table = subprocess.run(['nm', '-S', program], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in table.splitlines()]
    return {row[3]: (int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4}


def the_stack_of_the_call_is_told():
    if not shutil.which('cc') or not shutil.which('nm'):
        raise Skip('no C compiler here')
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, 'client')
        for options in ['-O2'], ['-O2', '-static', '-fno-omit-frame-pointer'], ['-O1', '-no-pie']:
            if subprocess.run(['cc', *options, '-x', 'c', '-o', program, '-'], input=WHERE, text=True, check=False,
                              stderr=subprocess.DEVNULL).returncode:
                continue
            for stage, arguments, function, first in ((['reset'], ['x'], 'answer', 'It was told here:'),
                                                      (['serve', '--answer', 'hello'], [], 'give_up', 'It gave it up here:')):
                with Staged(*stage) as staged:
                    done = subprocess.run([FINIS, 'run', '--all', '--where', '--', program, *arguments], capture_output=True,
                                          text=True, check=False, timeout=PATIENCE, env=staged.environment)
                lines = [line.strip() for line in done.stderr.splitlines()]
                assert first in lines, (options, done.stderr)
                frames = lines[lines.index(first) + 1:]
                if any('frame pointers' in line for line in frames) and '-fno-omit-frame-pointer' not in options:
                    continue
                own = [int(line.split()[0].split('+0x')[1], 16) for line in frames if line.startswith('client+0x')]
                # By frame pointers the caller of a function that keeps none is left out: then it is main() that is seen.
                by_pointers = any('frame pointers' in line for line in frames)
                wanted = [symbols(program)[name] for name in ([function, 'main'] if by_pointers else [function])]
                assert any(begin <= offset < begin + size for begin, size in wanted for offset in own), (options, function, frames)


CASES = [
    the_stack_of_the_call_is_told,
    the_call_that_takes_the_error_later_is_named,
    a_close_between_lets_the_next_call_be_met,
    the_end_that_answers_the_own_is_an_end,
    who_gave_up_a_shared_end_is_named,
    each_way_of_sending_is_named,
    an_end_after_the_error_is_no_end,
    nothing_of_it_is_said_of_a_true_end,
    the_bytes_of_what_ended_well_are_said,
    who_only_looked_may_have_acted,
    who_waited_is_deduced,
    an_error_that_nobody_looked_at_is_said,
    what_sendfile_swallows_is_said,
    calls_that_an_interruption_would_end_are_left_alone,
    the_watch_holds_nothing,
    who_is_attached_needs_no_calls_either,
    many_that_die_slow_nobody_for_long,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
