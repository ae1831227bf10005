#!/usr/bin/env python3
"""What finis stage makes, finis read finds in a capture of it: two witnesses of each ending. TAP.

Plays every ending in a network namespace of its own, captures what passes there, and compares the verdict
of finis read with what was staged. Needs a user namespace, or root.
"""

import contextlib
import fcntl
import ipaddress
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

FINIS = os.environ['FINIS']
PATIENCE = 30
INSIDE = 'FINIS_TEST_INSIDE'


def enter():
    """Runs this script again in a namespace of its own; returns only within."""
    if os.environ.get(INSIDE):
        request = struct.pack('16sh14x', b'lo', 1 | 64)  # IFF_UP, IFF_RUNNING
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS
        return
    for way in (['-n'], ['-rn']):
        command = ['unshare', *way]
        if shutil.which('unshare') and subprocess.run([*command, 'true'], capture_output=True, check=False).returncode == 0:
            os.execvpe('unshare', [*command, sys.executable, *sys.argv], {**os.environ, INSIDE: '1'})
    print('1..0 # SKIP neither root nor a user namespace: no capture without')
    sys.exit(0)


class Sniffer:
    """All that passes lo, as a pcap file of Ethernet frames."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(('lo', 3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.file = open(path, 'wb')
        self.file.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while True:
            if not select.select([self.socket], [], [], 0.1)[0]:
                if self.over.is_set():
                    return
                continue
            frame, where = self.socket.recvfrom(262144)
            if where[2] == socket.PACKET_OUTGOING:
                continue  # lo shows each packet on its way out and in
            now = time.time_ns()
            self.file.write(struct.pack('<IIII', now // 10**9, now % 10**9, len(frame), len(frame)) + frame)

    def close(self):
        if self.over.is_set():
            return
        self.over.set()
        self.thread.join()
        self.file.close()
        self.socket.close()


class Stage:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([FINIS, 'stage', *arguments, '--json'], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        host, port = json.loads(self.process.stdout.readline())['listening'].rsplit(':', 1)
        self.address = (host.strip('[]'), int(port))

    def connect(self, patience=PATIENCE):
        return socket.create_connection(self.address, patience)

    def await_line(self):
        """It tells of a connection when that is over; of one that it keeps silent about, at its own end."""
        select.select([self.process.stdout], [], [], PATIENCE)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)


def read_to_the_end(client):
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


# What the client does: sends, waits for the act, and leaves.

def ask_and_read(client, _):
    client.sendall(b'question')
    read_to_the_end(client)


def ask_read_and_send_more(client, _):
    ask_and_read(client, None)
    with contextlib.suppress(OSError):
        client.send(b'late')
        time.sleep(0.1)


def ask_read_and_leave(client, _):
    client.sendall(b'question')
    client.recv(65536)


def ask_and_leave(client, _):
    client.sendall(b'question')
    time.sleep(0.3)


def unacknowledged(client):
    return struct.unpack_from('I', client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232), 24)[0]


def ask_for(seconds):
    def ask(client, _):
        client.sendall(b'question')
        time.sleep(seconds)
    return ask


def ask_until_silence_and_wait(client, _):
    """The first bytes may be acknowledged before a stage can fall silent, and late (TCP_DELACK_MAX, 0.2 s)."""
    client.sendall(b'question')
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            client.sendall(b'more')
            time.sleep(0.5)
            if unacknowledged(client):
                break
    time.sleep(5)


# name: (client, arguments, ending, ended_by or None for whoever, cause or None)
PLAYS = {
    'serve': (ask_read_and_leave, ['--answer', 'answer'], 'orderly', None, None),
    'orderly': (ask_and_read, [], 'orderly', 'server', None),
    'half-closed': (ask_and_read, [], 'orderly', 'server', None),
    'reset': (ask_and_read, [], 'reset', 'server', 'zero-linger'),
    'unread-data': (ask_and_read, [], 'reset', 'server', 'unread-data'),
    'disconnect': (ask_and_read, [], 'reset', 'server', 'disconnect'),
    'sock-destroyed': (ask_and_read, [], 'reset', 'server', 'sock-destroyed'),
    'data-after-close': (ask_read_and_send_more, [], 'reset', 'server', 'data-after-close'),
    'open': (ask_and_leave, [], 'orderly', 'client', None),
    'drip': (ask_for(1), ['--every', '100ms'], None, None, None),
    'timed-out': (ask_until_silence_and_wait, [], 'timed-out', 'client', 'retransmission-timeout'),
    'keepalive': (ask_until_silence_and_wait, [], None, 'server', 'keepalive'),
}


def play(name, listen):
    client_does, arguments, ending, by, cause = PLAYS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'staged.pcap')
        sniffer = Sniffer(path)
        try:
            stage = Stage(name, '--listen', listen, *arguments)
            client = stage.connect()
            port = client.getsockname()[1]
            client_does(client, stage)
            if name == 'timed-out':
                sniffer.close()  # a stage that ends is silent no more
            client.close()
            if name not in ('timed-out', 'keepalive'):
                stage.await_line()
            time.sleep(0.2)
            stage.end()
        finally:
            sniffer.close()
        read = subprocess.run([FINIS, 'read', '--json', path], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    records = [json.loads(line) for line in read.stdout.splitlines()]
    record = next(r for r in records if r['client']['port'] == port)
    assert ipaddress.ip_address(record['client']['ip']).is_loopback
    short = {key: record[key] for key in ('ending', 'ended_by', 'cause', 'causes', 'certainty', 'silent', 'history')}
    if ending:
        assert record['ending'] == ending, short
    if by and not (ending == 'timed-out' and record['ended_by'] is None):
        assert record['ended_by'] == by, short
    if cause:
        assert cause in record['causes'], short
        assert record['certainty'] != 'certain' or record['cause'] == cause, short
    return record


def each(listen):
    def case():
        for name in PLAYS:
            try:
                play(name, listen)
            except AssertionError as error:
                raise AssertionError(f'{name}: {error}') from error
    return case


def unmade_connections():
    """Refused, unanswered, accept queue full."""
    for name, ending, cause in ('refused', 'refused', 'not-listening'), ('unanswered', 'unanswered', None), \
                               ('backlog-full', 'unanswered', 'backlog-full'):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'staged.pcap')
            sniffer = Sniffer(path)
            try:
                stage = Stage(name, '--listen', '127.0.0.1:0')
                client = socket.socket()
                client.bind(('127.0.0.1', 0))
                port = client.getsockname()[1]
                client.settimeout(4)
                with contextlib.suppress(OSError):
                    client.connect(stage.address)
                client.close()
                stage.end()
            finally:
                sniffer.close()
            read = subprocess.run([FINIS, 'read', '--json', path], capture_output=True, text=True, check=False)
        record = next(r for r in map(json.loads, read.stdout.splitlines()) if r['client']['port'] == port)
        assert record['ending'] == ending, (name, record)
        assert not cause or cause in record['causes'], (name, record['causes'])


CASES = {
    'each ending over IPv4 is read as it was staged': each('127.0.0.1:0'),
    'each ending over IPv6 is read as it was staged': each('[::1]:0'),
    'connections that are not made are read as they were staged': unmade_connections,
}


def main():
    enter()
    failed = 0
    print(f'1..{len(CASES)}', flush=True)
    for number, (name, case) in enumerate(CASES.items(), 1):
        try:
            case()
            print(f'ok {number} - {name}', flush=True)
        except Exception as error:  # a case that breaks is a case that failed
            failed += 1
            print(f'not ok {number} - {name}\n# {type(error).__name__}: {error}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
