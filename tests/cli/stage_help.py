"""A stage that runs, its clients, and what the model says that they are told: for the tests of finis stage."""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import queue
import random
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

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


def free_port():
    """One that nobody has and that the kernel gives to nobody who asks for any: below ip_local_port_range."""
    lowest = int(pathlib.Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split()[0])
    while True:
        port = random.randrange(1024, lowest) if lowest > 2048 else 0
        with contextlib.suppress(OSError), socket.create_server(('127.0.0.1', port)) as listener:
            return listener.getsockname()[1]


def connected(address):
    """A connection that was made, though it may be over: then it is not connect() that is told, but the next call.
    A connect() that waits, and SO_ERROR, take the error of a RST away that overtook them (sock_error()), and the bytes
    before it are left to nobody."""
    client = socket.socket(socket.AF_INET6 if ':' in address[0] else socket.AF_INET)
    try:
        client.setblocking(False)
        begun = client.connect_ex(address)
        if begun != errno.EINPROGRESS:
            raise OSError(begun, os.strerror(begun))
        await_events(client, select.POLLOUT)
        if unacknowledged(client):  # its SYN: there was no connection
            failed = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            raise OSError(failed, os.strerror(failed))
        client.settimeout(PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        client.close()
        raise
    return client


def unacknowledged(connection):
    """How many bytes, or a SYN or FIN, the other end has not acknowledged."""
    return struct.unpack('i', fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


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


def sockets_of(port, states=None):
    """How many sockets of this host, in any state but TIME_WAIT, have the port at their own end."""
    found = 0
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            wanted = fields[3] in states if states else fields[3] != '06'
            found += wanted and int(fields[1].rsplit(':', 1)[1], 16) == port
    return found
