#!/usr/bin/env python3
"""finis stage as its clients see it: each ending, exact counts, sequences, refusals. TAP."""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from stage_help import (  # noqa: E402
    FINIS, HELD, NOBODY, PATIENCE, Stage, await_events, calls, connected, outcome, read_all, run, sockets_of,
    told, without_signals)
from tap import Skip, run_cases  # noqa: E402


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
    """Sends until a byte is not acknowledged any more, not even late (TCP_DELACK_MAX, 0.2 s): then the act was done."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, 'it never became silent'
        client.send(b'x')
        sent = time.monotonic()
        while info(client)[1] and time.monotonic() < sent + 0.5:
            time.sleep(0.02)
        if info(client)[1]:
            return


def silence_is_never_acknowledged_and_ends_with_etimedout():
    words = told()['timed-out']
    for listen in ('127.0.0.1:0', '[::1]:0'):
        for asked in ('recv', 'send'):
            with Stage('timed-out', '--listen', listen) as stage, stage.connect() as client:
                client.sendall(b'0123456789')
                await_silence(client)
                before = info(client)[2]
                client.setblocking(False)
                call = (lambda: client.recv(100)) if asked == 'recv' else (lambda: client.send(b'x'))
                seen = [outcome(call)]
                client.setsockopt(socket.IPPROTO_TCP, 18, 400)  # TCP_USER_TIMEOUT
                await_events(client, 0)
                assert info(client)[2] == before, 'something was acknowledged'
                seen += [outcome(call), outcome(call)]
                assert seen == without_signals(words[asked]), seen
                line = stage.stop()[0]
                assert line['confirmed'] and line['not_taken'] >= 1 and line['received'] >= 10, line


def silence_after_a_fin_sends_none():
    """The client has nothing left that could time out, and says so; but no FIN tells it that all is well."""
    with Stage('timed-out@fin') as stage, stage.connect() as client:
        client.sendall(b'0123456789')
        client.shutdown(socket.SHUT_WR)
        readable, _, _ = select.select([client], [], [], 1)
        assert not readable, client.recv(100)
        line = stage.stop()[0]
        assert line['wire'] == 'nothing' and line['received'] == 10 and line['confirmed'] is None, line
        assert 'FIN had come before' in line['note'], line


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
        sent, acked = 0, 0
        deadline, still = time.monotonic() + PATIENCE, time.monotonic()
        while time.monotonic() < min(deadline, still + 0.5):
            n = 0
            with contextlib.suppress(BlockingIOError):
                n = client.send(bytes(65536))
            if n or info(client)[2] != acked:
                sent, acked, still = sent + n, info(client)[2], time.monotonic()
            time.sleep(0.001)
        assert outcome(lambda: client.send(b'x')) == 'waits' and state(client) == 1
        time.sleep(0.3)
        assert info(client)[2] == acked < sent, 'it went on'
        client.close()
        line = stage.stop()[0]
        assert line['staged'] and line['unread'] > 0 and line['received'] == 0, line


def a_client_that_closes_early_and_is_reset_for_its_unread_bytes_is_told_of():
    """Whatever was staged: closing with bytes unread sends a RST."""
    for name, staged in (('zero-window', True), ('unread-data@pattern=never', False)):
        with Stage(name) as stage, stage.connect() as client:
            client.sendall(b'question')
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == (b'', 'ECONNRESET')
            line = stage.stop()[0]
            assert line['staged'] == staged and line['unread'] > 0, line
            assert 'RST' in line['note'] if staged else line['wire'] == 'RST', line


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


def a_large_upload_comes_to_where_its_rest_lies_unread():
    """One byte that is held for too early keeps the window shut: then nothing came any more."""
    for n, piece in ((2, 3000), (5000, 1460), (500_000, 536), (2_900_000, 32768), (2_900_000, 65536)):
        with Stage('unread-data', '--after', f'received={n}') as stage, stage.connect() as client:
            client.settimeout(10)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                for _ in range(3_000_000 // piece):
                    client.sendall(bytes(piece))
                client.recv(1)
            line = stage.line()
            assert line['staged'] and line['confirmed'] and line['unread'] and line['received'] >= n, (n, piece, line)


def a_reset_on_accept_needs_no_word_of_the_client():
    with Stage('reset@accept') as stage:
        for number in range(1, 51):
            with stage.connect() as client:
                assert read_all(client) == (b'', 'ECONNRESET')
            line = stage.line()
            assert (line['n'], line['received'], line['after'], line['confirmed']) == (number, 0, 'accept', True), line


def a_time_is_kept(after, seconds):
    """False where the time was over before the byte was sent or taken, for somebody was kept waiting: that shows little."""
    with Stage('reset', '--after', after) as stage:
        began = time.monotonic()
        try:
            client = stage.connect()
            time.sleep(0.12)
            client.sendall(b'x')
        except (ConnectionResetError, BrokenPipeError):
            assert time.monotonic() - began >= seconds, after
            return False
        sent = time.monotonic() - began
        if sent >= seconds:
            client.close()
            return False
        with client:
            assert read_all(client) == (b'', 'ECONNRESET')
        took = time.monotonic() - began
        line = stage.line()
        # Its own time begins when it has accepted, which may be late.
        assert seconds <= line['duration'] + 0.001 < PATIENCE, (after, line)
        assert seconds <= took < PATIENCE, (after, took, line)
        # The byte was sent 0.12 s after connect() had begun, at the earliest; an idle time begins again with it.
        assert took >= 0.3, (after, took, line)
        return True


def times_are_kept():
    for after, seconds in (('time=300ms', 0.3), ('idle=200ms', 0.2)):
        tries = 1
        while not a_time_is_kept(after, seconds):
            tries += 1
            if tries == 50:
                raise Skip(f'in {tries} tries this machine was never in time for {after}')


def who_is_woken_late_reads_before_it_says_idle():
    """What had come while the stage was stopped had come in time."""
    for ending in ('reset', 'unread-data'):
        with Stage(ending, '--after', 'idle=500ms') as stage, stage.connect() as client:
            time.sleep(0.1)     # it accepts; where it does so later, the case is a plain one
            stage.process.send_signal(signal.SIGSTOP)
            client.sendall(b'x')
            time.sleep(0.7)
            stage.process.send_signal(signal.SIGCONT)
            assert read_all(client) == (b'', 'ECONNRESET')
            line = stage.line()
            # Stopped only when the time was over, it has ended before the byte was sent.
            assert line['received'] == 1 or line['duration'] < 0.7, (ending, line)


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
        began = time.monotonic()
        client.sendall(b'x')
        assert read_all(client) == (b'abcdef', 'FIN') and time.monotonic() - began >= 0.09
        line = stage.line()
        assert (line['wire'], line['sent'], line['confirmed']) == ('FIN', 6, True), line
    # Who reads late finds several drops in one; so the first is looked at alone.
    with Stage('drip', '--answer', 'abcdef', '--every', '60s', '--piece', '2') as stage, stage.connect() as client:
        client.sendall(b'x')
        assert client.recv(100) == b'ab'


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
    began = time.monotonic()
    with Stage('refuse@time=2s,orderly') as stage:
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
        took = time.monotonic() - began
        assert refused > 3 and 2 <= took < PATIENCE, (refused, took)


CASES = [
    each_ending_over_ipv4_is_as_the_model_says,
    each_ending_over_ipv6_is_as_the_model_says,
    the_wire_carries_what_the_model_says,
    a_refused_connect_is_as_the_model_says,
    listeners_that_do_not_answer_leave_the_client_waiting,
    an_attempt_that_is_not_answered_ends_with_etimedout,
    silence_is_never_acknowledged_and_ends_with_etimedout,
    silence_after_a_fin_sends_none,
    silence_needs_no_rights,
    a_zero_window_stops_the_client_and_lasts,
    a_client_that_closes_early_and_is_reset_for_its_unread_bytes_is_told_of,
    exactly_n_bytes_come_before_the_ending,
    an_answer_comes_whole_before_the_reset,
    triggers_fire_when_they_should,
    a_large_upload_comes_to_where_its_rest_lies_unread,
    a_reset_on_accept_needs_no_word_of_the_client,
    times_are_kept,
    who_is_woken_late_reads_before_it_says_idle,
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
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
