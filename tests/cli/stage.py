#!/usr/bin/env python3
"""finis stage as its clients see it: each ending, exact counts, the proxy, the command, floods. TAP."""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import json
import os
import pathlib
import queue
import random
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, run_cases  # noqa: E402

FINIS = os.environ['FINIS']
PATIENCE = 20
NOBODY = 65534
HELD = ('open', 'zero-window', 'timed-out')  # nothing is sent to the client


class Stage:
    """A stage that runs; its lines as objects."""

    def __init__(self, *arguments, **options):
        self.process = subprocess.Popen([FINIS, 'stage', *arguments, '--json'], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.listening = self.line()['listening']
        host, port = self.listening.rsplit(':', 1)
        self.address = (host.strip('[]'), int(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def connect(self):
        return connected(self.address)

    def line(self):
        """The next; the stage tells of a connection when it has ended."""
        try:
            return self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError('no line came') from None

    def stop(self):
        """All lines that are left, after its end."""
        self.process.send_signal(signal.SIGTERM)
        status, err = self.process.wait(timeout=PATIENCE), self.process.stderr.read()
        self.reader.join(PATIENCE)
        assert status == 0 and err == '', (status, err)
        left = []
        while not self.lines.empty():
            left.append(self.lines.get())
        return left


def run(*arguments, **options):
    return subprocess.run([FINIS, 'stage', *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False, **options)


def connected(address):
    client = socket.create_connection(address, timeout=PATIENCE)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def told():
    """What the model says a client is told, by ending."""
    lines = run('--list', '--json').stdout.splitlines()
    return {line['name']: line for line in map(json.loads, lines)}


def outcome(call):
    """A call's result in the words of the list."""
    try:
        result = call()
    except BlockingIOError:
        return 'waits'
    except OSError as error:
        return errno.errorcode[error.errno]
    return str(len(result) if isinstance(result, bytes) else result)


def await_events(client, events):
    poller = select.poll()
    poller.register(client, events)
    assert poller.poll(PATIENCE * 1000), 'the ending did not arrive'


def calls(client, call, expected):
    """The outcomes of a call made again and again: as many as are expected, and the last once more."""
    client.setblocking(False)
    seen = []
    for wanted in [*expected, expected[-1]]:
        if wanted in ('EPIPE', 'ECONNRESET'):
            await_events(client, 0)  # HUP and ERR come unasked
        seen.append(outcome(call))
    return seen


def without_signals(words):
    return [word.replace('+SIGPIPE', '') for word in words]


def arrival(client, name):
    """Waits until the act has reached the client, or for a while where it sends nothing."""
    if name in HELD:
        time.sleep(0.05)
    else:
        await_events(client, select.POLLIN | select.POLLRDHUP)


def may_destroy():
    return run('sock-destroyed', '--for', 'true').returncode == 0


def check_endings(listen):
    options = {'serve': ['--answer', '0123456789'], 'drip': ['--after', 'first-byte', '--every', '60s']}
    for name, words in told().items():
        if words['connect'] or name == 'timed-out' or (name == 'sock-destroyed' and not may_destroy()):
            continue
        for asked in ('recv', 'send'):
            expected = without_signals(words[asked])
            with Stage(name, '--listen', listen, *options.get(name, [])) as stage, stage.connect() as client:
                client.sendall(b'0123456789')
                arrival(client, name)
                if asked == 'recv':
                    seen = calls(client, lambda: client.recv(100), expected)
                elif name == 'zero-window':
                    continue
                else:
                    seen = calls(client, lambda: client.send(b'x'), expected)
                assert seen == [*expected, expected[-1]], f'{name}: {asked}: {seen}, the model: {expected}'
                if name == 'serve' and asked == 'send':
                    client.recv(10)  # what lies unread at a close would be a reset
                client.close()
                line = stage.line() if name != 'drip' else stage.stop()[0]
                assert line['staged'] and line['confirmed'] is not False, line
                assert line['ending'] == words['ending'], line
                if asked == 'send' and name == 'data-after-close':
                    assert line['late_reset'] and line['cause'] == 'data-after-close', line


def each_ending_over_ipv4_is_as_the_model_says():
    check_endings('127.0.0.1:0')


def each_ending_over_ipv6_is_as_the_model_says():
    if not socket.has_ipv6 or not pathlib.Path('/proc/net/if_inet6').exists():
        raise Skip('no IPv6')
    check_endings('[::1]:0')


def ends_seen(sniffer, port, n_expected):
    """FIN and RST that left the port, of all that passed lo; a little longer than until those expected came."""
    found = []
    seen = set()
    deadline = time.monotonic() + PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        if len(found) >= n_expected:
            deadline = min(deadline, time.monotonic() + 0.2)
            n_expected = sys.maxsize
        if not select.select([sniffer], [], [], min(left, 0.05))[0]:
            continue
        frame, where = sniffer.recvfrom(65536)
        if where[2] == socket.PACKET_OUTGOING:
            continue
        tcp = frame[14 + (frame[14] & 15) * 4:]
        if struct.unpack_from('!H', tcp)[0] == port and tcp[13] & 5 and tcp[:14] not in seen:
            found.append('RST' if tcp[13] & 4 else 'FIN')
            seen.add(bytes(tcp[:14]))
    return found


def sniffing(port):
    """A socket that hears what leaves the port, and nothing else: others may be loud on lo."""
    code = [(0x28, 0, 0, 12), (0x15, 0, 6, 0x0800), (0x30, 0, 0, 23), (0x15, 0, 4, 6),  # IPv4, TCP
            (0xb1, 0, 0, 14), (0x48, 0, 0, 14), (0x15, 0, 1, port),  # the source port
            (0x06, 0, 0, 0xffffffff), (0x06, 0, 0, 0)]
    program = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in code))
    try:
        sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sniffer.setsockopt(socket.SOL_SOCKET, 26,  # SO_ATTACH_FILTER
                           struct.pack('HxxxxxxP', len(code), ctypes.addressof(program)))
    except PermissionError:
        raise Skip('seeing segments needs CAP_NET_RAW and CAP_NET_ADMIN') from None
    sniffer.bind(('lo', 3))
    return sniffer


def the_wire_carries_what_the_model_says():
    for name, words in told().items():
        if words['connect'] or name == 'sock-destroyed' and not may_destroy():
            continue
        with Stage(name) as stage, sniffing(stage.address[1]) as sniffer, stage.connect() as client:
            client.sendall(b'0123456789')
            if name != 'serve':
                arrival(client, name)
            if name in ('orderly', 'data-after-close'):
                client.send(b'x')
                await_events(client, 0)
            seen = ends_seen(sniffer, stage.address[1], len(words['wire']))
            assert seen == words['wire'], f'{name}: {seen}, the model: {words["wire"]}'


def a_refused_connect_is_as_the_model_says():
    expected = told()['refused']['connect'][-1]
    with Stage('refused') as stage:
        for _ in range(3):
            assert outcome(lambda: stage.connect().fileno()) == expected
        if os.geteuid() == 0:
            lines = [stage.line() for _ in range(3)]
            assert [line['n'] for line in lines] == [1, 2, 3] and {line['ending'] for line in lines} == {'refused'}


def listeners_that_do_not_answer_leave_the_client_waiting():
    for name in ('unanswered', 'backlog-full'):
        assert told()[name]['connect'] == ['waits', 'ETIMEDOUT']
        for listen in ('127.0.0.1:0', '[::1]:0'):
            with Stage(name, '--listen', listen) as stage, socket.socket(
                    socket.AF_INET6 if '::' in listen else socket.AF_INET) as client:
                client.setblocking(False)
                assert client.connect_ex(stage.address) == errno.EINPROGRESS
                poller = select.poll()
                poller.register(client, select.POLLOUT)
                assert poller.poll(300) == [], f'{name}: something answered'
                assert state(client) == 2, name  # SYN_SENT
                line = stage.stop()[-1]
                assert line['ending'] == 'unanswered' and line['not_taken'] >= 1, line


def an_attempt_that_is_not_answered_ends_with_etimedout():
    with Stage('unanswered') as stage, socket.socket() as client:
        client.setsockopt(socket.IPPROTO_TCP, 7, 1)  # TCP_SYNCNT
        client.setsockopt(socket.IPPROTO_TCP, 18, 300)  # TCP_USER_TIMEOUT
        assert outcome(lambda: client.connect(stage.address)) == told()['unanswered']['connect'][-1]


def info(client):
    """TCP_INFO's state, unacked, bytes_acked."""
    raw = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    return raw[0], struct.unpack_from('I', raw, 24)[0], struct.unpack_from('Q', raw, 120)[0]


def state(client):
    return info(client)[0]


def await_silence(client):
    """Sends until a byte is not acknowledged any more: then the act was done."""
    deadline = time.monotonic() + PATIENCE
    while info(client)[1] == 0:
        assert time.monotonic() < deadline, 'it never became silent'
        client.send(b'x')
        time.sleep(0.1)


def silence_is_never_acknowledged_and_ends_with_etimedout():
    words = told()['timed-out']
    for listen in ('127.0.0.1:0', '[::1]:0'):
        for asked in ('recv', 'send'):
            with Stage('timed-out', '--listen', listen) as stage, stage.connect() as client:
                client.sendall(b'0123456789')
                await_silence(client)
                before = info(client)[2]
                client.setsockopt(socket.IPPROTO_TCP, 18, 400)  # TCP_USER_TIMEOUT
                client.setblocking(False)
                call = (lambda: client.recv(100)) if asked == 'recv' else (lambda: client.send(b'x'))
                seen = [outcome(call)]
                await_events(client, 0)
                assert info(client)[2] == before, 'something was acknowledged'
                seen += [outcome(call), outcome(call)]
                assert seen == without_signals(words[asked]), seen
                line = stage.stop()[0]
                assert line['confirmed'] and line['not_taken'] >= 1 and line['received'] >= 10, line


def silence_needs_no_rights():
    if os.geteuid() != 0:
        raise Skip('needs root, to give it up')
    place = pathlib.Path(tempfile.mkdtemp(prefix='finis-stage-test-'))
    try:
        place.chmod(0o755)
        shutil.copy(FINIS, place / 'finis')
        (place / 'finis').chmod(0o755)
        done = subprocess.run([place / 'finis', 'stage', 'timed-out', '--json', '--for',
                               f'{sys.executable} -c "print()" ; exec 3<>/dev/null; '
                               'exit 7'], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              user=NOBODY, group=NOBODY, extra_groups=[], cwd='/', timeout=PATIENCE, check=False)
        assert done.returncode == 7, done
        process = subprocess.Popen([place / 'finis', 'stage', 'timed-out', '--json'], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, user=NOBODY, group=NOBODY, extra_groups=[], cwd='/')
        host, port = json.loads(process.stdout.readline())['listening'].split(':')
        with connected((host, int(port))) as client:
            await_silence(client)
            process.send_signal(signal.SIGTERM)
            line = json.loads(process.communicate(timeout=PATIENCE)[0])
            assert line['not_taken'] >= 1, line
        refusing = subprocess.run([place / 'finis', 'stage', 'refuse,serve', '--for', 'true'], capture_output=True,
                                  text=True, user=NOBODY, group=NOBODY, extra_groups=[], cwd='/', check=False)
        assert refusing.returncode == 0 and 'CAP_NET_RAW' in refusing.stderr, refusing
        destroying = subprocess.run([place / 'finis', 'stage', 'sock-destroyed', '--for', 'true'], capture_output=True,
                                    text=True, user=NOBODY, group=NOBODY, extra_groups=[], cwd='/', check=False)
        assert destroying.returncode == 2 and 'CAP_NET_ADMIN' in destroying.stderr, destroying
    finally:
        shutil.rmtree(place)


def a_zero_window_stops_the_client_and_lasts():
    with Stage('zero-window') as stage, stage.connect() as client:
        client.setblocking(False)
        sent = 0
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                sent += client.send(bytes(65536))
            time.sleep(0.001)
        assert outcome(lambda: client.send(b'x')) == 'waits' and state(client) == 1
        acked = info(client)[2]
        time.sleep(0.3)
        assert info(client)[2] == acked < sent, 'it went on'
        client.close()
        line = stage.stop()[0]
        assert line['staged'] and line['unread'] > 0 and line['received'] == 0, line


def read_all(client):
    """All bytes, and the error or 'FIN' at their end."""
    data = bytearray()
    while True:
        try:
            piece = client.recv(65536)
        except OSError as error:
            return bytes(data), errno.errorcode[error.errno]
        if not piece:
            return bytes(data), 'FIN'
        data += piece


def exactly_n_bytes_come_before_the_ending():
    for name, end in (('reset', 'ECONNRESET'), ('unread-data', 'ECONNRESET'), ('disconnect', 'ECONNRESET'),
                      ('orderly', 'FIN'), ('half-closed', 'FIN'), ('data-after-close', 'FIN')):
        for n in (1, 100, 1460, 65536, 1000003):
            with Stage(name, '--after', f'sent={n}') as stage, stage.connect() as client:
                client.sendall(b'go')
                data, how = read_all(client)
                assert (len(data), how) == (n, end), (name, n, len(data), how)
                client.close()
                line = stage.line()
                assert line['sent'] == n and line['after'] == f'sent={n}' and line['confirmed'] is not False, line
                if end == 'ECONNRESET':
                    assert line['acked'] == n, line


def an_answer_comes_whole_before_the_reset():
    answer = random.Random(1).randbytes(5_000_000)
    with tempfile.NamedTemporaryFile() as file:
        file.write(answer)
        file.flush()
        for name in ('reset', 'unread-data'):
            with Stage(name, '--answer', file.name) as stage, stage.connect() as client:
                client.sendall(b'a request')
                time.sleep(0.05)  # a client that reads late
                data, how = read_all(client)
                assert data == answer and how == 'ECONNRESET', (len(data), how)
                line = stage.line()
                assert (line['sent'], line['acked'], line['after']) == (5_000_000, 5_000_000, 'answer'), line
                assert line['unread'] == (name == 'unread-data'), line


def triggers_fire_when_they_should():
    for after, steps, received in (
            ('first-byte', [b'a'], 1), ('received=5', [b'abc', b'de'], 5),
            ('pattern=b\\n\\nc', [b'aab\n', b'b\n', b'\nc'], 8), ('pattern=aab', [b'a', b'aa', b'b'], 4)):
        for name in ('reset', 'unread-data'):
            with Stage(name, '--after', after) as stage, stage.connect() as client:
                for step in steps[:-1]:
                    client.sendall(step)
                    time.sleep(0.03)
                    client.setblocking(False)
                    assert outcome(lambda: client.recv(1)) == 'waits', f'{after}: too early'
                    client.setblocking(True)
                for step in steps[-1:]:
                    client.sendall(step)
                assert read_all(client) == (b'', 'ECONNRESET'), (after, name)
                line = stage.line()
                assert line['received'] == received and line['confirmed'], line
                assert line['cause'] == ('unread-data' if name == 'unread-data' else 'zero-linger'), line


def a_reset_on_accept_needs_no_word_of_the_client():
    with Stage('reset@accept') as stage:
        for number in range(1, 51):
            # A connect() with a timeout looks at SO_ERROR: it may be the call that is told.
            with contextlib.suppress(ConnectionResetError), stage.connect() as client:
                assert read_all(client) == (b'', 'ECONNRESET')
            line = stage.line()
            assert (line['n'], line['received'], line['after'], line['confirmed']) == (number, 0, 'accept', True), line


def times_are_kept():
    for after, least in (('time=300ms', 0.3), ('idle=200ms', 0.3)):
        with Stage('reset', '--after', after) as stage, stage.connect() as client:
            began = time.monotonic()
            time.sleep(0.12)
            client.sendall(b'x')
            assert read_all(client) == (b'', 'ECONNRESET')
            assert least <= time.monotonic() - began < 2, after
            assert least - 0.1 <= stage.line()['duration'] < 2


def the_first_of_several_triggers_counts():
    with Stage('reset', '--after', 'time=60s', '--after', 'received=3') as stage, stage.connect() as client:
        client.sendall(b'abc')
        assert read_all(client) == (b'', 'ECONNRESET')
        assert stage.line()['after'] == 'received=3'


def a_reset_at_the_client_s_fin_is_seen_after_it():
    with Stage('reset@fin') as stage, stage.connect() as client:
        client.sendall(b'x')
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == (b'', 'ECONNRESET')
        line = stage.line()
        assert line['after'] == 'fin' and line['before']['state'] == 'CLOSE_WAIT' and line['confirmed'], line


def what_was_not_due_is_said_not_to_be_staged():
    with Stage('reset', '--after', 'received=100') as stage:
        with stage.connect() as client:
            client.sendall(b'few')
        line = stage.line()
        assert not line['staged'] and 'closed before' in line['note'] and line['client_did'] == 'closed', line
        with stage.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        line = stage.line()
        assert not line['staged'] and line['client_did'] == 'gone' and line['error'] == 'ECONNRESET', line
    with Stage('unread-data@fin') as stage:
        stage.connect().close()
        line = stage.line()
        assert not line['staged'] and 'unread' in line['note'], line


def half_closed_reads_on():
    with Stage('half-closed') as stage, stage.connect() as client:
        client.sendall(b'x')
        assert client.recv(1) == b''
        for _ in range(100):
            client.sendall(bytes(10000))
        client.close()
        line = stage.line()
        assert line['received'] == 1_000_001 and line['client_did'] == 'closed' and line['staged'], line


def a_drip_comes_in_drops():
    with Stage('drip', '--answer', 'abcdef', '--every', '50ms', '--piece', '2') as stage, stage.connect() as client:
        client.sendall(b'x')
        began = time.monotonic()
        drops = []
        while piece := client.recv(100):
            drops.append(piece)
        assert drops == [b'ab', b'cd', b'ef'] and time.monotonic() - began >= 0.09, drops


def a_sequence_goes_connection_by_connection():
    for arguments, expected in (
            (['reset,orderly,serve'], ['ECONNRESET', 'FIN', 'waits', 'waits']),
            (['--sequence', 'orderly,reset', '--cycle'], ['FIN', 'ECONNRESET', 'FIN', 'ECONNRESET', 'FIN'])):
        with Stage(*arguments) as stage:
            for word in expected:
                with stage.connect() as client:
                    client.sendall(b'x')
                    client.settimeout(0.2 if word == 'waits' else PATIENCE)
                    try:
                        assert read_all(client)[1] == word
                    except KeyError:  # a timeout has no errno
                        assert word == 'waits'


def await_listener(port):
    """The port listens again a little after a refusal."""
    deadline = time.monotonic() + PATIENCE
    while sockets_of(port, states=('0A',)) == 0:
        assert time.monotonic() < deadline, 'nobody listens any more'
        time.sleep(0.002)


def refusals_in_a_sequence_are_counted():
    if os.geteuid() != 0:
        raise Skip('seeing refused attempts needs CAP_NET_RAW')
    for listen in ('127.0.0.1:0', '[::1]:0'):
        with Stage('refuse,reset,refuse,orderly', '--listen', listen) as stage:
            for expected in ('ECONNREFUSED', 'ECONNRESET', 'ECONNREFUSED', 'FIN', 'FIN'):
                try:
                    with stage.connect() as client:
                        client.sendall(b'x')
                        seen = read_all(client)[1]
                except ConnectionRefusedError:
                    seen = 'ECONNREFUSED'
                assert seen == expected, (seen, expected)
                if expected == 'ECONNREFUSED':
                    await_listener(stage.address[1])
            names = [line['name'] for line in stage.stop()]
            assert names == ['refused', 'reset', 'refused', 'orderly', 'orderly'], names


def other_traffic_hides_no_refusal():
    """While the stage is kept from running, more comes by than a socket has room for."""
    if os.geteuid() != 0:
        raise Skip('seeing refused attempts needs CAP_NET_RAW')
    for host in ('127.0.0.1', '::1'):
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        name = f'[{host}]' if family == socket.AF_INET6 else host
        with Stage('refuse,orderly', '--listen', f'{name}:0') as stage, \
                socket.create_server((host, 0), family=family) as listener, \
                connected(listener.getsockname()[:2]) as one, listener.accept()[0] as other:
            stage.process.send_signal(signal.SIGSTOP)
            try:
                for _ in range(2000):
                    one.send(b'x')
                    other.send(other.recv(1))
                    one.recv(1)
                stage.connect().close()
                raise AssertionError('nobody was to listen')
            except ConnectionRefusedError:
                pass
            finally:
                stage.process.send_signal(signal.SIGCONT)
            line = stage.line()
            assert line['name'] == 'refused', line


def a_listener_on_all_addresses_takes_both_families():
    names = ('reset', 'refused') if os.geteuid() == 0 else ('reset',)
    for name in names:
        with Stage(name, '--listen', '[::]:0') as stage:
            for host in ('127.0.0.1', '::1'):
                try:
                    with connected((host, stage.address[1])) as client:
                        client.sendall(b'x')
                        assert read_all(client) == (b'', 'ECONNRESET')
                except ConnectionRefusedError:
                    assert name == 'refused'
                line = stage.line()
                assert line['client']['ip'] == host and line['name'] == name, line


def a_refusal_may_last_for_a_time():
    with Stage('refuse@time=300ms,orderly') as stage:
        began = time.monotonic()
        refused = 0
        while True:
            try:
                with stage.connect() as client:
                    client.sendall(b'x')
                    assert read_all(client)[1] == 'FIN'
                    break
            except ConnectionRefusedError:
                refused += 1
                time.sleep(0.02)
        assert refused > 3 and 0.2 < time.monotonic() - began < 3


# The proxy: what Toxiproxy does not carry.

class Server:
    """One connection after another is given to `serve(connection)`."""

    def __init__(self, serve):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.name = '127.0.0.1:%d' % self.listener.getsockname()[1]
        self.serve = serve
        self.results = []
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            connection.settimeout(PATIENCE)
            with connection:
                self.results.append(self.serve(connection) or 'done')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)

    def result(self):
        deadline = time.monotonic() + PATIENCE
        while not self.results and time.monotonic() < deadline:
            time.sleep(0.005)
        assert self.results, 'the server saw no end'
        return self.results.pop(0)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()


def the_proxy_carries_a_half_close():
    def serve(connection):
        data, how = read_all(connection)
        connection.sendall(b'answer to %d' % len(data) + bytes(500))
        connection.close()
        return how
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        client.sendall(b'question')
        client.shutdown(socket.SHUT_WR)
        data, how = read_all(client)
        assert data == b'answer to 8' + bytes(500) and how == 'FIN', (data[:20], how)
        assert server.result() == 'FIN'
        assert stage.line()['note'] is None


def the_proxy_carries_a_reset_of_the_server():
    def serve(connection):
        connection.recv(10)
        connection.sendall(bytes(1000))
        time.sleep(0.05)
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        client.sendall(b'go')
        data, how = read_all(client)
        assert (len(data), how) == (1000, 'ECONNRESET'), (len(data), how)
        assert 'server behind reset' in stage.line()['note']


def the_proxy_carries_the_bytes_of_a_server_that_resets_at_once():
    def serve(connection):
        connection.sendall(bytes(1000))
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage:
        whole = 0
        for _ in range(200):
            # The RST may come while connect() still looks at SO_ERROR.
            with contextlib.suppress(ConnectionResetError), stage.connect() as client:
                data, how = read_all(client)
                assert (len(data), how) == (1000, 'ECONNRESET'), (len(data), how)
                whole += 1
        assert whole > 100, whole


def the_proxy_holds_a_reset_until_a_slow_client_has_the_bytes():
    def serve(connection):
        connection.sendall(bytes(300_000))
        while struct.unpack('i', fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]:
            time.sleep(0.001)
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE)
        client.connect(stage.address)
        server.result()
        time.sleep(0.3)
        data, how = read_all(client)
        assert (len(data), how) == (300_000, 'ECONNRESET'), (len(data), how)


def a_client_that_sends_without_end_does_not_keep_others_waiting():
    with Stage('open,reset') as stage, stage.connect() as loud:
        ended = threading.Event()

        def shout():
            with contextlib.suppress(OSError):
                while not ended.is_set():
                    loud.sendall(bytes(1 << 20))
        shouter = threading.Thread(target=shout)
        shouter.start()
        try:
            for _ in range(20):
                with stage.connect() as client:
                    client.sendall(b'x')
                    assert read_all(client) == (b'', 'ECONNRESET')
        finally:
            ended.set()
            shouter.join()


def the_proxy_carries_a_reset_on_an_idle_connection():
    def serve(connection):
        time.sleep(0.1)
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        assert read_all(client) == (b'', 'ECONNRESET')


def the_proxy_carries_a_reset_behind_a_fin():
    def serve(connection):
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        assert client.recv(10) == b''
        await_events(client, 0)
        assert outcome(lambda: client.send(b'x')) == 'EPIPE'
        assert 'carried' in stage.line()['note']


def the_proxy_carries_a_reset_of_the_client():
    with Server(read_all) as server, Stage('serve', '--to', server.name) as stage:
        client = stage.connect()
        client.sendall(b'before it')
        time.sleep(0.05)
        reset(client)
        assert server.result() == (b'before it', 'ECONNRESET')
        assert 'client reset' in stage.line()['note']


def the_proxy_carries_bytes_unchanged_both_ways():
    up, down = random.Random(2).randbytes(20_000_000), random.Random(3).randbytes(20_000_000)

    def serve(connection):
        sender = threading.Thread(target=lambda: (connection.sendall(down), connection.shutdown(socket.SHUT_WR)))
        sender.start()
        data, how = read_all(connection)
        sender.join()
        return hashlib.sha256(data).digest(), how
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        sender = threading.Thread(target=lambda: (client.sendall(up), client.shutdown(socket.SHUT_WR)))
        sender.start()
        data, how = read_all(client)
        sender.join()
        assert data == down and how == 'FIN', (len(data), how)
        assert server.result() == (hashlib.sha256(up).digest(), 'FIN')
        line = stage.line()
        assert (line['received'], line['sent'], line['note']) == (20_000_000, 20_000_000, None), line


def a_reset_of_an_idle_connection_comes_through_the_proxy():
    with Server(lambda c: read_all(c)[1]) as server, Stage('reset@time=100ms', '--to', server.name) as stage, \
            stage.connect() as client:
        assert read_all(client) == (b'', 'ECONNRESET')
        assert server.result() == 'FIN'
        assert stage.line()['confirmed']


def a_live_proxied_connection_is_reset_and_not_closed():
    def serve(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(bytes(1000))
                time.sleep(0.001)
    with Server(serve) as server, Stage('reset@time=200ms', '--to', server.name) as stage, stage.connect() as client:
        data, how = read_all(client)
        assert how == 'ECONNRESET' and len(data) > 0


def exactly_n_bytes_come_through_the_proxy():
    def serve(connection):
        with contextlib.suppress(OSError):
            connection.sendall(bytes(1_000_000))
            connection.recv(1)
    for n in (1, 100, 70_000):
        for name, end in (('reset', 'ECONNRESET'), ('orderly', 'FIN')):
            with Server(serve) as server, Stage(name, '--after', f'sent={n}', '--to', server.name) as stage, \
                    stage.connect() as client:
                data, how = read_all(client)
                assert (len(data), how) == (n, end), (n, name, len(data), how)


def a_server_that_is_not_there_is_a_reset():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        with Stage('serve', '--to', '127.0.0.1:%d' % taken.getsockname()[1]) as stage:
            with contextlib.suppress(ConnectionResetError), stage.connect() as client:
                assert read_all(client) == (b'', 'ECONNRESET')
            line = stage.line()
            assert line['error'] == 'ECONNREFUSED' and 'could not be reached' in line['note'], line


# The command.

def the_status_of_the_command_is_passed_on():
    for command, status in (('exit 0', 0), ('exit 3', 3), ('no-such-command-here 2>/dev/null', 127), ('kill -9 $$', 137)):
        assert run('reset', '--for', command).returncode == status, command


def the_address_is_in_the_environment():
    for listen, pattern in (('127.0.0.1:0', r'127\.0\.0\.1:(\d+) 127\.0\.0\.1 (\d+)\n'),
                            ('0.0.0.0:0', r'127\.0\.0\.1:(\d+) 127\.0\.0\.1 (\d+)\n'),
                            ('[::1]:0', r'\[::1\]:(\d+) ::1 (\d+)\n'),
                            ('[::]:0', r'\[::1\]:(\d+) ::1 (\d+)\n')):
        done = run('reset', '--listen', listen, '--for', 'echo $FINIS_STAGE $FINIS_STAGE_HOST $FINIS_STAGE_PORT')
        found = re.fullmatch(pattern, done.stdout)
        assert done.returncode == 0 and found and found[1] == found[2] != '0', (listen, done)


def the_command_s_connections_are_told_of():
    done = run('reset', '--json', '--for',
               f'''{sys.executable} -c "
import os, socket
for i in range(5):
    s = socket.create_connection((os.environ['FINIS_STAGE_HOST'], int(os.environ['FINIS_STAGE_PORT'])))
    s.sendall(b'x')
    try: s.recv(1)
    except ConnectionResetError: print('reset')
"''')
    assert done.returncode == 0 and done.stdout == 'reset\n' * 5, done
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line['n'] for line in lines] == [1, 2, 3, 4, 5] and all(line['confirmed'] for line in lines), done.stderr


def lines_go_to_the_log():
    with tempfile.TemporaryDirectory() as place:
        log = pathlib.Path(place) / 'log'
        done = run('orderly', '--log', str(log), '--for', 'true')
        assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
        assert re.fullmatch(r'listening on 127\.0\.0\.1:\d+\n', log.read_text())


def a_port_of_its_own_can_be_asked_for():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    with Stage('reset', '--listen', f'127.0.0.1:{port}') as stage:
        assert stage.address == ('127.0.0.1', port)
        done = run('reset', '--listen', f'127.0.0.1:{port}', '--for', 'true')
        assert done.returncode == 2 and 'Address already in use' in done.stderr, done


def it_ends_after_so_many_connections():
    with Stage('orderly', '--count', '3') as stage:
        for _ in range(3):
            with stage.connect() as client:
                client.sendall(b'x')
                client.recv(1)
        assert stage.process.wait(PATIENCE) == 0


def a_killed_stage_takes_its_command_along():
    with subprocess.Popen([FINIS, 'stage', 'reset', '--for', 'echo $$; exec sleep 20'], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as stage:
        command = int(stage.stdout.readline())
        stage.kill()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if pathlib.Path(f'/proc/{command}/stat').read_text().split()[2] == 'Z':
                    return
            except FileNotFoundError:
                return
            time.sleep(0.01)
        raise AssertionError('the command is left')


def a_signal_reaches_the_command():
    with subprocess.Popen([FINIS, 'stage', 'reset', '--for', "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.1; done"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as stage:
        assert stage.stdout.readline() == 'ready\n'
        stage.terminate()
        assert stage.stdout.readline() == 'told\n' and stage.wait(PATIENCE) == 5


BAD = [
    [], ['nonsense'], ['reset@nonsense'], ['reset', '--after', 'sent'], ['reset', '--after', 'sent=0'],
    ['reset', '--after', 'sent=-1'], ['reset', '--after', 'time=5parsecs'], ['reset', '--after', 'accept=1'],
    ['reset', '--after', 'pattern='], ['reset', '--after', 'pattern=\\q'], ['reset', '--after', 'answer'],
    ['reset', '--answer', 'abc', '--after', 'sent=4'], ['reset', '--answer', ''], ['reset', '--listen', 'x'],
    ['reset', '--listen', '::1:80'], ['reset', '--listen', '127.0.0.1:99999'], ['reset', '--listen', '127.0.0.1'],
    ['reset', '--listen', '192.0.2.1:0'], ['reset', '--to', '127.0.0.1:0', '--after', 'accept'],
    ['reset', '--to', '127.0.0.1:80'], ['reset', '--to', '127.0.0.1:80', '--answer', 'x'], ['drip', '--to', '127.0.0.1:80'],
    ['serve@accept'], ['unanswered,reset'], ['backlog-full@accept'], ['refused@accept'], ['reset,unanswered', '--cycle'],
    ['reset', '--count', '0'], ['reset', '--every', 'x'], ['reset', '--nonsense'], ['reset', '--after'],
    ['reset', '--answer-after', 'sent=3'], ['reset', *['--after', 'accept'] * 5], [','.join(['reset'] * 65)],
    ['\x1b[31m'], ['reset', '--log', '/nonexistent/file', '--for', 'true'],
]


def bad_arguments_are_refused_in_a_line():
    for arguments in BAD:
        done = run(*arguments)
        assert done.returncode == 2 and done.stdout == '', (arguments, done)
        assert re.fullmatch(r'finis stage: [ -~]+\n', done.stderr), (arguments, done.stderr)
        assert len(done.stderr) < 250, done.stderr


def a_mistyped_ending_is_named():
    assert run('unraed-data').stderr.endswith('; did you mean unread-data?\n')


def a_mistyped_file_is_no_answer():
    with tempfile.TemporaryDirectory() as place:
        for path, why in ((f'{place}/reply', 'No such file'), ('./reply', 'No such file'), (place, 'no regular file')):
            done = run('reset', '--answer', path, '--for', 'true', cwd=place)
            assert done.returncode == 2 and why in done.stderr, done


def the_manual_and_the_completions_name_every_option_and_ending():
    source = pathlib.Path(os.environ['FINIS_SOURCE'])
    options = set(re.findall(r'(?<![a-z-])--([a-z-]+)', run('--help').stdout))
    assert len(options) > 12
    manual = (source / 'docs' / 'man' / 'finis-stage.1').read_text(encoding='utf-8')
    named = set(re.findall(r'Fl -([a-z-]+)', manual))
    assert named == options - {'help'}, sorted(named ^ options)
    for name in told():
        assert re.search(rf'^\.It Cm {name}\b', manual, re.M), f'{name} is not in the manual'
    for shell in ('finis.bash', '_finis', 'finis.fish'):
        text = (source / 'packaging' / 'completions' / shell).read_text(encoding='utf-8')
        for option in options:
            assert re.search(rf'(?:--|-l ){option}(?![a-z0-9-])', text), f'--{option} is not in {shell}'


# Many, and nothing left.

def sockets_of(port, states=None):
    """How many sockets of this host, in any state but TIME_WAIT, have the port at their own end."""
    found = 0
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            wanted = fields[3] in states if states else fields[3] != '06'
            found += wanted and int(fields[1].rsplit(':', 1)[1], 16) == port
    return found


def flood(name, n, expected, *options):
    with Stage(name, *options) as stage:
        clients = [stage.connect() for _ in range(n)]
        for client in clients:
            client.sendall(b'a request')
        for client in clients:
            assert read_all(client)[1] == expected
            client.close()
        lines = [stage.line() for _ in range(n)]
        lines += stage.stop()
    assert sorted(line['n'] for line in lines) == list(range(1, n + 1))
    assert all(line['staged'] for line in lines), [line for line in lines if not line['staged']][:3]
    assert all(line['confirmed'] is not False for line in lines)
    deadline = time.monotonic() + PATIENCE
    while sockets_of(stage.address[1]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sockets_of(stage.address[1]) == 0, 'sockets are left'


def two_thousand_connections_are_reset_at_once():
    flood('reset', 2000, 'ECONNRESET')


def two_thousand_connections_are_reset_for_unread_data():
    flood('unread-data', 2000, 'ECONNRESET')


def two_thousand_connections_are_closed():
    flood('orderly', 2000, 'FIN')


def a_stage_short_of_descriptors_goes_on():
    with Stage('reset', preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))) as stage:
        clients = [stage.connect() for _ in range(60)]
        for client in clients:
            client.sendall(b'x')
        for client in clients:
            assert read_all(client) == (b'', 'ECONNRESET')
        assert sorted(stage.line()['n'] for _ in range(60)) == list(range(1, 61))


def a_proxy_short_of_descriptors_goes_on():
    def serve(connection):
        connection.sendall(b'served')
    with Server(serve) as server, Stage('serve', '--to', server.name, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (20, 20))) as stage:
        clients = [stage.connect() for _ in range(40)]
        for client in clients:
            assert read_all(client) == (b'served', 'FIN')
            client.close()
        lines = [stage.line() for _ in range(40)]
        assert sorted(line['n'] for line in lines) == list(range(1, 41)), lines
        assert not any(line['note'] for line in lines), lines


def a_reader_that_stops_does_not_stop_the_stage():
    with subprocess.Popen([FINIS, 'stage', 'reset', '--json'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        first = b''
        while not first.endswith(b'\n'):
            first += os.read(process.stdout.fileno(), 1)
        address = ('127.0.0.1', int(json.loads(first)['listening'].rsplit(':', 1)[1]))
        # More lines than a pipe holds.
        for _ in range(2000):
            with connected(address) as client:
                client.sendall(b'x')
                assert read_all(client) == (b'', 'ECONNRESET')
        process.send_signal(signal.SIGTERM)
        lines = process.stdout.read().splitlines()
        assert len(lines) == 2000 and process.wait(PATIENCE) == 0, len(lines)


def what_is_open_at_the_end_is_told_and_gone():
    with Stage('timed-out,zero-window,open,half-closed,reset@time=60s') as stage:
        clients = [stage.connect() for _ in range(5)]
        for client in clients:
            client.sendall(b'x')
        time.sleep(0.5)
        lines = sorted(stage.stop(), key=lambda line: line['n'])
        assert [line['staged'] for line in lines] == [True, True, True, True, False], lines
        assert 'stage ended' in lines[4]['note']
        for client in clients:
            client.close()
    deadline = time.monotonic() + PATIENCE
    while sockets_of(stage.address[1]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sockets_of(stage.address[1]) == 0, 'sockets are left'


# Other clients.

def curl_says_what_it_says_of_each_ending():
    if not shutil.which('curl'):
        raise Skip('curl is not installed')
    answer = ['--answer', 'HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n0123456789']
    for arguments, status in ((['reset'], 56), (['unread-data'], 56), (['orderly'], 52), (['half-closed'], 52),
                              (['refused'], 7), (['open'], 28), (['timed-out'], 28), (['unanswered'], 28),
                              (['backlog-full'], 28), (['serve', *answer], 0), (['orderly', '--after', 'sent=40', *answer], 18),
                              (['reset', '--after', 'sent=40', *answer], 56)):
        done = run(*arguments, '--quiet', '--for', 'curl -sS -m 1 http://$FINIS_STAGE/')
        assert done.returncode == status, (arguments, status, done)


def node_says_what_it_says_of_each_ending():
    if not shutil.which('node'):
        raise Skip('node is not installed')
    script = ('require("http").get("http://" + process.env.FINIS_STAGE, r => { r.on("error", e => console.log("body", e.code));'
              ' r.on("end", () => console.log("end")); r.resume() }).on("error", e => console.log(e.code))')
    answer = ['--answer', 'HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n0123456789']
    for arguments, said in ((['reset'], 'ECONNRESET'), (['orderly'], 'ECONNRESET'), (['refused'], 'ECONNREFUSED'),
                            (['serve', *answer], 'end'), (['reset', '--after', 'sent=40', *answer], 'body ECONNRESET')):
        done = run(*arguments, '--quiet', '--for', f"node -e '{script}'")
        assert done.stdout == said + '\n', (arguments, said, done)


JAVA = """
import java.net.*;
public class Ask {
    public static void main(String[] arguments) throws Exception {
        try (Socket s = new Socket(System.getenv("FINIS_STAGE_HOST"), Integer.parseInt(System.getenv("FINIS_STAGE_PORT")))) {
            s.getOutputStream().write("0123456789".getBytes());
            System.out.println(s.getInputStream().read());
        } catch (SocketException e) {
            System.out.println(e.getMessage());
        }
    }
}
"""


def java_says_what_it_says_of_each_ending():
    if not shutil.which('java'):
        raise Skip('java is not installed')
    with tempfile.TemporaryDirectory() as place:
        (pathlib.Path(place) / 'Ask.java').write_text(JAVA)
        for ending, said in (('reset', 'Connection reset'), ('unread-data', 'Connection reset'), ('orderly', '-1'),
                             ('half-closed', '-1'), ('refused', 'Connection refused')):
            done = run(ending, '--quiet', '--for', f'exec java {place}/Ask.java')
            if 'compiler' in done.stderr:
                raise Skip('java has no compiler here')
            assert done.stdout == said + '\n', (ending, done)


CASES = [
    each_ending_over_ipv4_is_as_the_model_says,
    each_ending_over_ipv6_is_as_the_model_says,
    the_wire_carries_what_the_model_says,
    a_refused_connect_is_as_the_model_says,
    listeners_that_do_not_answer_leave_the_client_waiting,
    an_attempt_that_is_not_answered_ends_with_etimedout,
    silence_is_never_acknowledged_and_ends_with_etimedout,
    silence_needs_no_rights,
    a_zero_window_stops_the_client_and_lasts,
    exactly_n_bytes_come_before_the_ending,
    an_answer_comes_whole_before_the_reset,
    triggers_fire_when_they_should,
    a_reset_on_accept_needs_no_word_of_the_client,
    times_are_kept,
    the_first_of_several_triggers_counts,
    a_reset_at_the_client_s_fin_is_seen_after_it,
    what_was_not_due_is_said_not_to_be_staged,
    half_closed_reads_on,
    a_drip_comes_in_drops,
    a_sequence_goes_connection_by_connection,
    refusals_in_a_sequence_are_counted,
    other_traffic_hides_no_refusal,
    a_listener_on_all_addresses_takes_both_families,
    a_refusal_may_last_for_a_time,
    the_proxy_carries_a_half_close,
    the_proxy_carries_a_reset_of_the_server,
    the_proxy_carries_the_bytes_of_a_server_that_resets_at_once,
    the_proxy_holds_a_reset_until_a_slow_client_has_the_bytes,
    a_client_that_sends_without_end_does_not_keep_others_waiting,
    the_proxy_carries_a_reset_on_an_idle_connection,
    the_proxy_carries_a_reset_behind_a_fin,
    the_proxy_carries_a_reset_of_the_client,
    the_proxy_carries_bytes_unchanged_both_ways,
    a_reset_of_an_idle_connection_comes_through_the_proxy,
    a_live_proxied_connection_is_reset_and_not_closed,
    exactly_n_bytes_come_through_the_proxy,
    a_server_that_is_not_there_is_a_reset,
    the_status_of_the_command_is_passed_on,
    the_address_is_in_the_environment,
    the_command_s_connections_are_told_of,
    lines_go_to_the_log,
    a_port_of_its_own_can_be_asked_for,
    it_ends_after_so_many_connections,
    a_killed_stage_takes_its_command_along,
    a_signal_reaches_the_command,
    bad_arguments_are_refused_in_a_line,
    a_mistyped_ending_is_named,
    a_mistyped_file_is_no_answer,
    the_manual_and_the_completions_name_every_option_and_ending,
    two_thousand_connections_are_reset_at_once,
    two_thousand_connections_are_reset_for_unread_data,
    two_thousand_connections_are_closed,
    a_stage_short_of_descriptors_goes_on,
    a_proxy_short_of_descriptors_goes_on,
    a_reader_that_stops_does_not_stop_the_stage,
    what_is_open_at_the_end_is_told_and_gone,
    curl_says_what_it_says_of_each_ending,
    node_says_what_it_says_of_each_ending,
    java_says_what_it_says_of_each_ending,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
