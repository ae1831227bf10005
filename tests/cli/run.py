#!/usr/bin/env python3
"""finis run: programs keep their streams and statuses, and every ending is told as it was made. TAP.

The peers are finis stage's, so that an ending of the other side is known; the acts of the own side are those of
small programs written here.
"""

import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

FINIS = os.environ['FINIS']
PATIENCE = 60
NOBODY = 65534


class Skip(Exception):
    """Why a case cannot be tried here."""


CLIENT = r'''
import os, select, signal, socket, struct, sys, time
host, port = os.environ['FINIS_STAGE_HOST'], int(os.environ['FINIS_STAGE_PORT'])
s = socket.create_connection((host, port))
s.sendall(b'question')
def told():
    # Until the stage has acted, however late, and a little longer.
    if s.fileno() >= 0:
        poll = select.poll()
        poll.register(s, select.POLLIN | select.POLLRDHUP)
        poll.poll(20000)
    time.sleep(0.2)
def recv():
    try:
        return s.recv(100)
    except OSError as error:
        return error.errno
'''


def run(*arguments, program=None, command=None, **options):
    command = command or [sys.executable, '-c', program]
    return subprocess.run([FINIS, 'run', *arguments, '--', *command], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE, check=False, **options)


class Staged:
    """A stage that runs, for clients that are told of it by their environment."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([FINIS, 'stage', *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        host, port = self.process.stdout.readline().split()[-1].rsplit(':', 1)
        self.environment = {**os.environ, 'FINIS_STAGE_HOST': host.strip('[]'), 'FINIS_STAGE_PORT': port}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)


def record(stage, program, *options, status=0, prefix=(), python=sys.executable):
    """The one record of the program before a stage."""
    with Staged(*stage) as staged, tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        out = os.path.join(folder, 'out.json')
        done = subprocess.run([*prefix, FINIS, 'run', '--all', '--json', '--output', out, *options, '--', python, '-c',
                               CLIENT + program], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False, env=staged.environment)
        assert done.returncode == status, (done.returncode, done.stderr)
        with open(out, encoding='utf-8') as file:
            records = [json.loads(line) for line in file]
    assert len(records) == 1, records
    found = records[0]
    assert found['client']['pid'] and found['client']['comm'], found['client']
    return found


def check(found, ending, by, cause=None, act=None):
    short = {key: found[key] for key in ('ending', 'ended_by', 'cause', 'causes', 'certainty', 'acts', 'client_saw')}
    assert found['ending'] == ending, short
    assert found['ended_by'] == by, short
    if cause:
        assert cause in found['causes'], short
        assert found['certainty'] != 'certain' or found['cause'] == cause, short
    if act:
        assert found['acts']['client']['how'] == act, short


def the_own_close_decides_between_fin_and_reset():
    check(record(['serve', '--answer', 'hello'], 's.recv(100); s.close(); told()'), 'orderly', 'client', act='close')
    found = record(['serve', '--answer', 'hello'], 'told(); s.close()')
    check(found, 'reset', 'client', 'unread-data', 'close')
    assert found['cause'] == 'unread-data' and found['to_client']['unread'] == 5, found
    found = record(['serve'], 's.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); time.sleep(0.2); s.close()')
    check(found, 'reset', 'client', 'zero-linger', 'close')


def what_closes_instead_of_close_is_named():
    stage = ['serve', '--answer', 'hello']
    check(record(stage, 'told(); os._exit(3)', status=3), 'reset', 'client', 'unread-data', 'exit')
    found = record(stage, 'told(); os.kill(os.getpid(), signal.SIGKILL)', status=137)
    check(found, 'reset', 'client', 'unread-data', 'signal')
    assert found['acts']['client']['signal'] == 9, found['acts']
    check(record(stage, 'told(); os.execvp("true", ["true"])'), 'reset', 'client', 'unread-data', 'exec')
    check(record(stage, 'told(); os.dup2(2, s.fileno())'), 'reset', 'client', 'unread-data', 'close')
    check(record(stage, 's.recv(100); s.shutdown(socket.SHUT_WR); told(); s.close()'), 'orderly', 'client', act='shutdown')
    found = record(stage, '''
import ctypes
libc = ctypes.CDLL(None)
told()
libc.connect(s.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16)
told()''')
    check(found, 'reset', 'client', 'disconnect', 'connect-unspec')


def the_last_holder_ends_it():
    found = record(['serve', '--answer', 'hello'], '''
out, into = os.pipe()
if os.fork() == 0:
    os.close(into)
    os.read(out, 1)
    told()
    os._exit(0)
s.close()
os.close(into)
os.wait()''')
    check(found, 'reset', 'client', 'unread-data', 'exit')
    assert found['acts']['client']['pid'] != found['client']['pid'], found


def threads_are_followed():
    check(record(['serve', '--answer', 'hello'], '''
import threading
thread = threading.Thread(target=lambda: (told(), s.close()))
thread.start()
thread.join()'''), 'reset', 'client', 'unread-data', 'close')


def what_the_peer_did_is_told():
    for name in 'reset', 'unread-data', 'disconnect':
        found = record([name], 'told(); print(recv()); s.close()')
        check(found, 'reset', 'server', {'reset': 'zero-linger'}.get(name, name))
        assert found['certainty'] == 'possible', found
    check(record(['orderly'], 'told(); recv(); s.close(); told()'), 'orderly', 'server')
    found = record(['orderly'], '''
told()
for _ in range(3):
    try:
        s.send(b'more')
    except OSError:
        pass
    told()
s.close()''')
    check(found, 'reset', 'server', 'data-after-close')
    assert (found['cause'], found['certainty']) == ('data-after-close', 'likely'), found
    assert {'call': 'send', 'result': 'EPIPE+SIGPIPE'} in found['client_saw'], found['client_saw']


def who_shut_one_way_may_have_taken_what_came_then():
    """A client that has shut its sending way down closes with the answer unread: the RST answers nothing, and it
    acknowledges what nothing had acknowledged before. A server that does so is rare, and only listed."""
    talk = """
s.recv(1)
s.send(b'x' * 1000)
time.sleep(0.3)
try:
    s.send(b'x')
except BrokenPipeError:
    s.close()"""
    accept = "l = socket.create_server(('127.0.0.1', 0)); print(l.getsockname()[1], flush=True); s, _ = l.accept()"
    connect = "s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
    for by, begin in ('client', accept), ('server', connect):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            command = [FINIS, 'run', '--all', '--json', '--', sys.executable, '-c',
                       f'import socket, sys, time\n{begin}{talk}', str(listener.getsockname()[1])]
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True) as process:
                if by == 'client':
                    peer = socket.create_connection(('127.0.0.1', int(process.stdout.readline())))
                else:
                    peer, _ = listener.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
                peer.shutdown(socket.SHUT_WR)
                select.select([peer], [], [], PATIENCE)
                peer.close()
                found = json.loads(process.communicate(timeout=PATIENCE)[1].splitlines()[0])
        assert (found['ending'], found['ended_by']) == ('reset', by), found
        assert found['reset']['kind'] is None and 'unread-data' in found['causes'], found
        assert found['certainty'] == ('possible' if by == 'client' else 'likely'), found


def a_cut_exchange_is_bad_and_an_answered_one_is_not():
    for stage in ['unread-data'], ['reset']:
        found = record(stage, 'told(); recv(); s.close()', '--error-exitcode', '9', status=9)
        assert found['severity'] == 'bad', found
        assert record(stage, 'told(); s.close()')['severity'] == 'bad'
    done = run('--all', '--json', program='''
import socket, struct, time
listener = socket.create_server(('127.0.0.1', 0))
near = socket.create_connection(listener.getsockname())
far = listener.accept()[0]
near.send(b'asked')
far.recv(9)
time.sleep(0.05)
far.send(b'answered')
near.recv(9)
far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
far.close()
time.sleep(0.1)''')
    found = json.loads(done.stderr.splitlines()[0])
    assert found['ending'] == 'reset' and found['severity'] == 'notable', found


def calls_are_named_when_asked_for():
    found = record(['reset'], 'told(); recv(); recv(); s.close()', '--calls')
    assert found['client_saw'] == [{'call': 'send', 'result': '8'}, {'call': 'recv', 'result': 'ECONNRESET'},
                                   {'call': 'recv', 'result': '0'}], found['client_saw']
    found = record(['orderly'], 'told(); recv(); s.close()', '--calls')
    assert found['client_saw'][-1] == {'call': 'recv', 'result': '0'}, found['client_saw']


def attempts_that_fail_are_told():
    done = run('--all', '--json', program='''
import socket
s = socket.socket()
s.bind(('127.0.0.1', 0))
try:
    socket.create_connection(s.getsockname())
except OSError as error:
    print(error.errno)''')
    assert done.returncode == 0 and done.stdout == '111\n', done
    found = json.loads(done.stderr.splitlines()[0])
    check(found, 'refused', 'server', 'not-listening')
    done = run('--all', '--json', program='''
import socket, select
l = socket.socket()
l.bind(('127.0.0.1', 0))
s = socket.socket()
s.setblocking(False)
s.connect_ex(l.getsockname())
select.select([], [s], [])
s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)''')
    found = json.loads(done.stderr.splitlines()[0])
    check(found, 'refused', 'server', 'not-listening')
    assert found['client_saw'][-1]['result'] == 'ECONNREFUSED', found['client_saw']


def an_attempt_that_its_own_host_refuses_asks_nobody():
    """A broadcast address has no route for TCP; a pair of addresses that is taken leaves no port."""
    for error, causes, attempt in (('ENETUNREACH', ['unreachable'], "s.connect(('127.255.255.255', 80))"),
                                   ('EADDRNOTAVAIL', ['unknown'], """
l = socket.create_server(('127.0.0.1', 0))
a = socket.socket()
for one in a, s:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
a.bind(('127.0.0.1', 0))
s.bind(a.getsockname())
a.connect(l.getsockname())
s.connect(l.getsockname())""")):
        done = run('--all', '--json', program=f'''
import socket
s = socket.socket()
try:
    exec({attempt!r})
except OSError:
    s.close()''')
        (found,) = [one for one in map(json.loads, done.stderr.splitlines()) if one['ending'] == 'unanswered']
        assert found['client_saw'] == [{'call': 'connect', 'result': error}], found
        assert (found['ended_by'], found['silent'], found['causes']) == ('client', None, causes), found


def who_does_not_wait_for_an_answer_may_have_abandoned_it():
    found = json.loads(run('--all', '--json', 'ending=unanswered', program="""
import socket
l = socket.socket()
l.bind(('127.0.0.1', 0))
l.listen(0)
full = [socket.socket() for _ in range(3)]
for one in full:
    one.setblocking(False)
    one.connect_ex(l.getsockname())
full[-1].close()""").stderr.splitlines()[0])
    assert found['ended_by'] == 'client' and found['causes'][0] == 'abandoned' and 'backlog-full' in found['causes'], found


def a_fin_that_never_left_is_no_byte_unsent():
    program = '''
import socket, struct
l = socket.socket()
l.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
l.bind(('127.0.0.1', 0))
l.listen()
c = socket.create_connection(l.getsockname())
a, _ = l.accept()
c.setblocking(False)
n = 0
try:
    while True:
        n += c.send(b'y' * 65536)
except BlockingIOError:
    print(n)
c.shutdown(socket.SHUT_WR)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
c.close()
'''
    done = run('--all', '--json', program=program)
    way = json.loads(done.stderr.splitlines()[-1])['to_server']
    assert way['unsent'] and way['bytes'] + way['unsent'] == int(done.stdout), (way, done.stdout)


SOFT_ERROR = r'''
import ctypes, os, socket, struct
l = socket.create_server(('127.0.0.1', 0))
c = socket.create_connection(l.getsockname())
a, _ = l.accept()
# The number of its next byte, which an ICMP error must quote.
c.setsockopt(socket.IPPROTO_TCP, 19, 1)
c.setsockopt(socket.IPPROTO_TCP, 20, 2)
number = c.getsockopt(socket.IPPROTO_TCP, 21)
c.setsockopt(socket.IPPROTO_TCP, 19, -1)
home = socket.inet_aton('127.0.0.1')
quoted = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 40, 0, 0, 64, 6, 0, home, home)
quoted += struct.pack('!HHI', c.getsockname()[1], l.getsockname()[1], number & 0xffffffff)
def unreachable():
    message = struct.pack('!BBHI', 3, 1, 0, 0) + quoted
    total = sum(struct.unpack('!%dH' % (len(message) // 2), message))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    raw.sendto(message[:2] + struct.pack('!H', total) + message[4:], ('127.0.0.1', 0))
'''


def an_error_that_a_connection_outlives_is_not_its_end():
    if os.geteuid() != 0:
        raise Skip('an ICMP error needs root')
    for way, options in (('assert c.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 113', ()),
                         ("""
try:
    c.recv(1)
    assert False
except OSError as error:
    assert error.errno == 113
""", ('--calls',))):
        recverr = 'c.setsockopt(socket.IPPROTO_IP, 11, 1)\n' if options else ''
        done = run('--all', '--json', *options, program=f'''{SOFT_ERROR}
{recverr}unreachable()
{way}
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
c.close()
''')
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stderr.splitlines()[-1])
        check(found, 'reset', 'client', 'zero-linger', 'close')
        assert found['cause'] == 'zero-linger', found


def both_ends_in_one_tree_are_one_record():
    done = run('--all', '--json', program='''
import os, select, socket
l = socket.create_server(('127.0.0.1', 0))
if os.fork() == 0:
    c = socket.create_connection(l.getsockname())
    c.sendall(b'0123456789')
    poll = select.poll()
    poll.register(c, 0)
    poll.poll(20000)
    os._exit(0)
s, _ = l.accept()
s.recv(4)
s.close()
os.wait()''')
    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(records) == 1, records
    found = records[0]
    check(found, 'reset', 'server', 'unread-data')
    assert found['seen']['both_ends'] and found['to_server']['unread'] == 6 and found['to_server']['bytes'] == 10, found
    assert found['client']['pid'] != found['server']['pid'], found


def nothing_of_the_program_is_changed():
    commands = [['true'], ['false'], ['sh', '-c', 'exit 42'], ['sh', '-c', 'kill -9 $$'], ['sh', '-c', 'kill -15 $$'],
                ['sh', '-c', 'echo out; echo error >&2; exit 3'], ['sh', '-c', 'seq 1000 | sort -n | tail -1'],
                ['sh', '-c', '(sleep 0.1; echo late) & wait'], ['sh', '-c', 'trap "echo caught" TERM; kill -15 $$'],
                [sys.executable, '-c', 'import threading; [threading.Thread(target=print, args=(i,)).start() or 0 for i in range(1)]'],
                ['sh', '-c', 'yes | head -1000 | wc -l'], ['cat', '/etc/passwd'],
                ['grep', '-E', 'Sig(Pnd|Blk|Ign|Cgt)', '/proc/self/status']]
    for command in commands:
        bare = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        traced = subprocess.run([FINIS, 'run', '--output', '/dev/null', '--', *command], stdin=subprocess.DEVNULL,
                                capture_output=True, check=False, timeout=PATIENCE)
        status = bare.returncode if bare.returncode >= 0 else 128 - bare.returncode
        assert (traced.returncode, traced.stdout, traced.stderr) == (status, bare.stdout, bare.stderr), (command, traced)


def the_statuses_are_those_of_env():
    assert run(command=['/nonexistent']).returncode == 127
    assert run(command=['/etc/passwd']).returncode == 126
    assert subprocess.run([FINIS, 'run'], capture_output=True, check=False).returncode == 125
    assert subprocess.run([FINIS, 'run', '--nonsense', '--', 'true'], capture_output=True, check=False).returncode == 125
    with Staged('serve', '--answer', 'hello') as staged:
        done = subprocess.run([FINIS, 'run', '--error-exitcode', '77', '--', sys.executable, '-c', CLIENT + 'told()'],
                              env=staged.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 77 and '1 ended badly' in done.stderr, done


def a_signal_reaches_the_program():
    with subprocess.Popen([FINIS, 'run', '--', 'sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == 'ready\n'
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 9


def await_hold(pid):
    """Until finis itself is no more to be ended by SIGTERM."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii')
        masks = [int(mask, 16) for mask in re.findall(r'^Sig(?:Blk|Cgt):\s*(\w+)', status, re.M)]
        if any(mask >> signal.SIGTERM - 1 & 1 for mask in masks):
            return


def a_signal_that_comes_before_the_program_waits_for_it():
    for tracer in 'ptrace', 'auto':
        with subprocess.Popen([FINIS, 'run', '--tracer', tracer, '--', 'sleep', '60'], stderr=subprocess.PIPE, text=True) as process:
            await_hold(process.pid)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 128 + signal.SIGTERM, (tracer, process.returncode, process.stderr.read())


def a_signal_to_its_whole_group_ends_it_whenever_it_comes():
    """As timeout(1) sends it: the program to be is told as well, be it traced already or not."""
    for i in range(50):
        with subprocess.Popen([FINIS, 'run', '--tracer', 'ptrace', '--', 'sleep', '60'], stderr=subprocess.PIPE, text=True,
                              start_new_session=True) as process:
            await_hold(process.pid)
            time.sleep(i * 0.0001)
            os.killpg(process.pid, signal.SIGTERM)
            try:
                status = process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
            assert status == 128 + signal.SIGTERM, (i, status, process.stderr.read())


def where_no_filter_may_be_installed_that_is_said():
    """As in a container whose own filter refuses seccomp(2)."""
    number = {'x86_64': 317, 'aarch64': 277}.get(os.uname().machine)
    if not number:
        raise Skip('the number of seccomp(2) is not known here')
    done = subprocess.run([sys.executable, '-c', '''
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
# Its number, if it is seccomp(2), EPERM, otherwise go on.
code = ctypes.create_string_buffer(struct.pack('=' + 4 * 'HBBI', 0x20, 0, 0, 0, 0x15, 0, 1, int(sys.argv[1]),
                                               6, 0, 0, 0x00050001, 6, 0, 0, 0x7fff0000))
program = struct.pack('@HP', 4, ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0, ctypes.get_errno()
os.execv(sys.argv[2], sys.argv[2:])
''', str(number), FINIS, 'run', '--tracer', 'ptrace', '--', 'true'], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 125 and 'installing the filter of system calls: Operation not permitted' in done.stderr, done


def attached(staged, program, *options):
    """finis run on a client that goes on once it is traced: it asks for a line before @program."""
    with subprocess.Popen([sys.executable, '-c', CLIENT + 'told(); print("on", flush=True); sys.stdin.readline()\n' + program],
                          env=staged.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        client.stdout.readline()
        with subprocess.Popen([FINIS, 'run', '--all', *options, '-p', str(client.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as finis:
            status = pathlib.Path(f'/proc/{client.pid}/status')
            deadline = time.monotonic() + PATIENCE
            while 'TracerPid:\t0\n' in status.read_text(encoding='ascii') and finis.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.3)
            client.stdin.write('\n')
            client.stdin.flush()
            said = finis.communicate(timeout=PATIENCE)[1]
            if 'Operation not permitted' in said:
                raise Skip('this process may not attach to others here')
            assert client.wait(PATIENCE) == 0, said
    return said


def it_can_be_attached():
    with Staged('serve', '--answer', 'hello') as staged, tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out.json')
        attached(staged, 's.close(); time.sleep(0.3)', '--json', '--output', out)
        with open(out, encoding='utf-8') as file:
            found = json.loads(file.readline())
    check(found, 'reset', 'client', 'unread-data', 'close')


def it_needs_no_rights():
    if os.geteuid() != 0:
        raise Skip('only root can give rights up')
    if not shutil.which('setpriv'):
        raise Skip('setpriv is not installed')
    with tempfile.TemporaryDirectory(dir='/tmp') as folder:
        os.chmod(folder, 0o755)
        copy = os.path.join(folder, 'finis')
        shutil.copy(FINIS, copy)
        python = next((p for p in ('/usr/bin/python3', '/bin/python3') if os.path.exists(p)), None)
        if not python:
            raise Skip('no python3 that everybody may run')
        prefix = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all']
        with Staged('serve', '--answer', 'hello') as staged:
            out = os.path.join(folder, 'out.json')
            pathlib.Path(out).touch()
            os.chmod(out, 0o666)
            done = subprocess.run([*prefix, copy, 'run', '--all', '--json', '--output', out, '--', python, '-c', CLIENT + 'told(); s.close()'],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False, env=staged.environment, cwd='/')
            assert done.returncode == 0, done
            found = json.loads(pathlib.Path(out).read_text(encoding='utf-8'))
    check(found, 'reset', 'client', 'unread-data', 'close')
    assert found['to_client']['unread'] == 5, found


CASES = [
    the_own_close_decides_between_fin_and_reset,
    what_closes_instead_of_close_is_named,
    the_last_holder_ends_it,
    threads_are_followed,
    what_the_peer_did_is_told,
    who_shut_one_way_may_have_taken_what_came_then,
    a_cut_exchange_is_bad_and_an_answered_one_is_not,
    calls_are_named_when_asked_for,
    attempts_that_fail_are_told,
    an_attempt_that_its_own_host_refuses_asks_nobody,
    who_does_not_wait_for_an_answer_may_have_abandoned_it,
    a_fin_that_never_left_is_no_byte_unsent,
    an_error_that_a_connection_outlives_is_not_its_end,
    both_ends_in_one_tree_are_one_record,
    nothing_of_the_program_is_changed,
    the_statuses_are_those_of_env,
    a_signal_reaches_the_program,
    a_signal_that_comes_before_the_program_waits_for_it,
    a_signal_to_its_whole_group_ends_it_whenever_it_comes,
    where_no_filter_may_be_installed_that_is_said,
    it_can_be_attached,
    it_needs_no_rights,
]


def run_cases(cases):
    failed = 0
    probe = run(program='pass')
    if probe.returncode == 125:
        print(f'1..0 # SKIP {probe.stderr.strip()}')
        return 0
    print(f'1..{len(cases)}', flush=True)
    for number, case in enumerate(cases, 1):
        try:
            case()
            print(f'ok {number} - {case.__name__}', flush=True)
        except Skip as why:
            print(f'ok {number} - {case.__name__} # SKIP {why}', flush=True)
        except Exception as error:  # a case that breaks is a case that failed
            failed += 1
            line = error.__traceback__.tb_next.tb_lineno if error.__traceback__.tb_next else 0
            print(f'not ok {number} - {case.__name__}\n# line {line}: {type(error).__name__}: {error}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
