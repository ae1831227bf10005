#!/usr/bin/env python3
"""finis stage --to: what the proxy carries, and what it does to it. TAP."""

import contextlib
import hashlib
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from stage_help import PATIENCE, Server, Stage, await_events, outcome, read_all, unacknowledged  # noqa: E402
from tap import run_cases  # noqa: E402


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
        for _ in range(100):
            with stage.connect() as client:
                data, how = read_all(client)
                assert (len(data), how) == (1000, 'ECONNRESET'), (len(data), how)


def the_proxy_holds_a_reset_until_a_slow_client_has_the_bytes():
    def serve(connection):
        connection.sendall(bytes(300_000))
        while unacknowledged(connection):
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
    is_there = threading.Event()

    def serve(connection):
        is_there.wait(PATIENCE)
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        is_there.set()
        assert read_all(client) == (b'', 'ECONNRESET')


def the_proxy_carries_a_reset_behind_a_fin():
    has_fin = threading.Event()

    def serve(connection):
        connection.shutdown(socket.SHUT_WR)
        has_fin.wait(PATIENCE)
        reset(connection)
    with Server(serve) as server, Stage('serve', '--to', server.name) as stage, stage.connect() as client:
        assert client.recv(10) == b''
        has_fin.set()
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
    with Server(lambda c: read_all(c)[1]) as server, Stage('reset@time=100ms', '--to', server.name) as stage:
        with stage.connect() as client:
            assert read_all(client) == (b'', 'ECONNRESET')
        assert server.result() == 'FIN'
        assert stage.line()['confirmed']


def a_live_proxied_connection_is_reset_and_not_closed():
    def serve(connection):
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(bytes(1000))
                time.sleep(0.001)
    with Server(serve) as server, Stage('reset@time=200ms', '--to', server.name) as stage:
        data, deadline = b'', time.monotonic() + PATIENCE
        # Where somebody was kept waiting for so long nothing had come yet.
        while not data and time.monotonic() < deadline:
            with stage.connect() as client:
                data, how = read_all(client)
                assert how == 'ECONNRESET', how
        assert data


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
            with stage.connect() as client:
                assert read_all(client) == (b'', 'ECONNRESET')
            line = stage.line()
            assert line['error'] == 'ECONNREFUSED' and 'could not be reached' in line['note'], line


CASES = [
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
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
