#!/usr/bin/env python3
"""How much finis stage --to carries, beside socat and the bare connection: medians of rounds in turn.

stage.py FINIS [ROUNDS]: bytes a second through one connection, and connections a second that carry 100 bytes
each way, over loopback. Prints a line each; the others are skipped where they are not installed.
"""

import contextlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

BYTES = 1 << 30
CONNECTIONS = 1000


def receive_all(connection, n):
    block = bytearray(1 << 18)
    while n > 0 and (got := connection.recv_into(block)):
        n -= got


def serve(listener):
    """What a client asks for in its first 100 bytes: a count to be received before the answer."""
    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        with connection:
            receive_all(connection, int(connection.recv(100)))
            connection.sendall(b'a' * 100)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def between(command, port):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port)) as client:
            client.sendall(b'%-100d' % 0)
            receive_all(client, 100)
            break
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def bulk(port):
    block = bytes(1 << 18)
    with socket.create_connection(('127.0.0.1', port)) as client:
        client.sendall(b'%-100d' % BYTES)
        begun = time.perf_counter()
        for _ in range(BYTES // len(block)):
            client.sendall(block)
        receive_all(client, 100)
    return BYTES / (time.perf_counter() - begun) / 1e9


def connections(port):
    begun = time.perf_counter()
    for _ in range(CONNECTIONS):
        with socket.create_connection(('127.0.0.1', port)) as client:
            client.sendall(b'%-100d' % 0)
            receive_all(client, 100)
    return CONNECTIONS / (time.perf_counter() - begun)


def main():
    finis, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    listener = socket.create_server(('127.0.0.1', 0), backlog=1024)
    server = listener.getsockname()[1]
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    ways = {'bare': None, 'finis stage': free_port()}
    commands = {'finis stage': [finis, 'stage', 'serve', '--to', f'127.0.0.1:{server}', '--quiet', '--listen',
                                f'127.0.0.1:{ways["finis stage"]}']}
    if shutil.which('socat'):
        ways['socat'] = free_port()
        commands['socat'] = ['socat', '-b', '262144', f'TCP-LISTEN:{ways["socat"]},fork,reuseaddr,bind=127.0.0.1',
                             f'TCP:127.0.0.1:{server}']
    seen = {way: ([], []) for way in ways}
    with contextlib.ExitStack() as stack:
        for way, command in commands.items():
            stack.enter_context(between(command, ways[way]))
        for _ in range(rounds):
            for way, port in ways.items():
                seen[way][0].append(bulk(port or server))
                seen[way][1].append(connections(port or server))
    print(f'{"":12} {"GB/s":>8} {"of bare":>8} {"connections/s":>14} {"of bare":>8}   medians of {rounds}')
    bare = [statistics.median(values) for values in seen['bare']]
    for way, values in seen.items():
        m = [statistics.median(v) for v in values]
        print(f'{way:12} {m[0]:8.2f} {m[0] / bare[0]:8.2f} {m[1]:14.0f} {m[1] / bare[1]:8.2f}')


if __name__ == '__main__':
    main()
