#!/usr/bin/env python3
"""finis stage with thousands of connections, few descriptors, and readers that stop. TAP."""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from stage_help import FINIS, PATIENCE, Server, Stage, await_events, connected, read_all, sockets_of  # noqa: E402
from tap import run_cases  # noqa: E402


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
    assert all(line['confirmed'] is not False for line in lines), [x for x in lines if x['confirmed'] is False][:3]
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
        # They are served in the order in which they spoke: with the FIN of the fourth the three before it have been.
        await_events(clients[3], select.POLLRDHUP)
        lines = sorted(stage.stop(), key=lambda line: line['n'])
        assert [line['staged'] for line in lines] == [True, True, True, True, False], lines
        assert 'stage ended' in lines[4]['note']
        for client in clients:
            client.close()
    deadline = time.monotonic() + PATIENCE
    while sockets_of(stage.address[1]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sockets_of(stage.address[1]) == 0, 'sockets are left'


CASES = [
    two_thousand_connections_are_reset_at_once,
    two_thousand_connections_are_reset_for_unread_data,
    two_thousand_connections_are_closed,
    a_stage_short_of_descriptors_goes_on,
    a_proxy_short_of_descriptors_goes_on,
    a_reader_that_stops_does_not_stop_the_stage,
    what_is_open_at_the_end_is_told_and_gone,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
