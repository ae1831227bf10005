#!/usr/bin/env python3
"""finis read --client A --server B on captures of real hosts. Speaks TAP.

A client, a router that translates addresses and filters, and a server, each in a network namespace of its
own, made for this run; tcpdump listens at both ends. Needs root, ip, nft and tcpdump.
"""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import run_cases  # noqa: E402

FINIS = os.environ['FINIS']
NAMES = {end: f'finis-{os.getpid()}-{end}' for end in ('client', 'router', 'server')}
SERVER, PUBLIC = '10.9.2.2', '10.9.2.1'
RULES = """
table ip t {
  chain post { type nat hook postrouting priority 100; ip daddr 10.9.2.2 masquerade; }
  chain forward { type filter hook forward priority 0; }
}
"""


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options)


def within(end, *words, **options):
    return run('ip', 'netns', 'exec', NAMES[end], *words, **options)


class Inside:
    """This thread in a namespace: sockets that it makes belong there, whatever thread uses them later."""

    def __init__(self, end):
        self.end = end

    def __enter__(self):
        self.before = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        there = os.open(f'/run/netns/{NAMES[self.end]}', os.O_RDONLY)
        SETNS(there)
        os.close(there)

    def __exit__(self, *_):
        SETNS(self.before)
        os.close(self.before)


def SETNS(fd):
    import ctypes
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def build():
    for name in NAMES.values():
        run('ip', 'netns', 'add', name)
    for end, net in (('client', 1), ('server', 2)):
        run('ip', 'link', 'add', 'eth0', 'netns', NAMES[end], 'type', 'veth', 'peer', 'name', end, 'netns', NAMES['router'])
        within(end, 'ip', 'address', 'add', f'10.9.{net}.2/24', 'dev', 'eth0')
        within(end, 'ip', 'link', 'set', 'eth0', 'up')
        within('router', 'ip', 'address', 'add', f'10.9.{net}.1/24', 'dev', end)
        within('router', 'ip', 'link', 'set', end, 'up')
        within(end, 'ip', 'route', 'add', 'default', 'via', f'10.9.{net}.1')
    within('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
    within('router', 'nft', '-f', '-', input=RULES)


def remove():
    for name in NAMES.values():
        subprocess.run(['ip', 'netns', 'delete', name], capture_output=True, check=False)


def listen(port):
    with Inside('server'):
        listener = socket.create_server((SERVER, port))
    listener.settimeout(10)
    return listener


def connect(port):
    listener = listen(port)
    with Inside('client'):
        client = socket.create_connection((SERVER, port), timeout=10)
    server, _ = listener.accept()
    listener.close()
    server.settimeout(10)
    client.sendall(b'question')
    if server.recv(100) != b'question':
        raise AssertionError('the question did not arrive')
    server.sendall(b'answer')
    if client.recv(100) != b'answer':
        raise AssertionError('the answer did not arrive')
    return client, server


def abort(end):
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    end.close()


def block(rule):
    within('router', 'nft', 'add', 'rule', 'ip', 't', 'forward', *rule.split())


def orderly(port):
    client, server = connect(port)
    client.close()
    server.recv(1)
    server.close()


def server_resets(port):
    client, server = connect(port)
    abort(server)
    time.sleep(0.1)
    client.close()


def router_resets(port):
    """As a firewall does that rejects: the client is reset in the server's name."""
    client, server = connect(port)
    block(f'ip saddr 10.9.1.2 tcp dport {port} reject with tcp reset')
    client.sendall(b'more')
    time.sleep(0.2)
    client.close()
    return server


def router_drops(port):
    client, server = connect(port)
    block(f'ip saddr 10.9.1.2 tcp dport {port} drop')
    client.sendall(b'x' * 1000)
    time.sleep(2)
    abort(client)
    return server


PLAYS = [(7001, orderly), (7002, server_resets), (7003, router_resets), (7004, router_drops), (7005, orderly)]


def capture(end, path):
    process = subprocess.Popen(['ip', 'netns', 'exec', NAMES[end], 'tcpdump', '-i', 'eth0', '-U', '--immediate-mode', '-w',
                                path, 'tcp'], stderr=subprocess.PIPE, text=True)
    # The first line, or the last: what it says before it listens depends on its version.
    for line in process.stderr:
        if 'listening on' in line:
            break
    else:
        raise AssertionError('tcpdump does not listen')
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process


def play(folder):
    paths = [str(Path(folder) / f'{end}.pcap') for end in ('client', 'server')]
    captures = [capture(end, path) for end, path in zip(('client', 'server'), paths)]
    held = []
    try:
        for port, what in PLAYS:
            held.append(what(port))
        time.sleep(0.5)
    finally:
        for process in captures:
            process.terminate()
            process.wait()
    return paths


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f'{what}: {found!r}, and not {wanted!r}')


def check(records, told):
    def all_are_joined():
        expect('records', len(records), len(PLAYS))
        expect('both ends', {r['seen']['both_ends'] for r in records.values()}, {True})

    def the_clock_is_one():
        line = next(line for line in told.splitlines() if 'clock' in line)
        words = line.split('clock is ')[1].split()
        expect(line, float(words[0]) <= float(words[-2]) + 1e-6 and float(words[-2]) < 0.01, True)

    def the_router_shows_in_the_evidence():
        expect(PUBLIC, any(PUBLIC in line for line in records[7001]['evidence']), True)

    def an_orderly_end_is_orderly():
        for port in (7001, 7005):
            expect(f'ending of {port}', records[port]['ending'], 'orderly')

    def the_server_s_own_reset_is_the_server_s():
        expect('ended_by', records[7002]['ended_by'], 'server')
        expect('ending', records[7002]['ending'], 'reset')

    def the_router_s_reset_is_of_the_network():
        expect('ended_by', records[7003]['ended_by'], 'network')
        expect('causes', [cause for cause in records[7003]['causes'] if cause not in ('firewall', 'forged', 'state-lost')], [])
        expect('fate', records[7003]['to_server']['fate'], 'lost')

    def what_the_router_dropped_is_lost():
        expect('fate', records[7004]['to_server']['fate'], 'lost')
        expect('uncertain', records[7004]['to_server']['uncertain'], 1000)
        expect('ended_by', records[7004]['ended_by'], 'client')
        expect('evidence', any('1000 bytes from the client never arrived' in line for line in records[7004]['evidence']), True)

    return [all_are_joined, the_clock_is_one, the_router_shows_in_the_evidence, an_orderly_end_is_orderly,
            the_server_s_own_reset_is_the_server_s, the_router_s_reset_is_of_the_network, what_the_router_dropped_is_lost]


def main():
    missing = [word for word in ('ip', 'nft', 'tcpdump') if not shutil.which(word)]
    if os.geteuid() != 0 or missing:
        print(f'1..0 # SKIP needs {", ".join(missing) or "root"}')
        return 0
    # Whoever ends this run, or a host that hangs: the namespaces go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(1))
    signal.alarm(90)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)         # tcpdump gives up its rights
        try:
            try:
                build()
            except subprocess.CalledProcessError as error:
                print(f'1..0 # SKIP no namespaces here: {error.stderr.strip().splitlines()[-1:]}')
                return 0
            client, server = play(folder)
        finally:
            remove()
        told = run(FINIS, 'read', '--json', '--evidence', '--client', client, '--server', server)
    records = {r['server']['port']: r for r in map(json.loads, told.stdout.splitlines())}
    return run_cases(check(records, told.stderr))


if __name__ == '__main__':
    sys.exit(main())
