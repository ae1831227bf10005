#!/usr/bin/env python3
"""Runs the programs of examples/ against peers of every kind. Speaks TAP.

examples.py DIRECTORY NAME...: where they were built, and which. FINIS_RUNS is how often the lost
answer is tried, with and without the library (20).
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from tap import Skip, run_cases  # noqa: E402

BUILT = Path(sys.argv[1])
NAMES = sys.argv[2:]
N_RUNS = int(os.environ.get('FINIS_RUNS', '20'))
PATIENCE = 60
BODY = bytes(4 << 20)


def program(name):
    if name not in NAMES:
        raise Skip(f'{name} was not built')
    return str(BUILT / name)


class Peer:
    """A listener whose only connection is treated by a function, in a thread."""

    def __init__(self, treat):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = str(self.listener.getsockname()[1])
        self.result = None
        self.thread = threading.Thread(target=self.run, args=(treat,))
        self.thread.start()

    def run(self, treat):
        connection, _ = self.listener.accept()
        self.result = treat(connection)
        connection.close()
        self.listener.close()


def read_all(connection):
    n = 0
    while block := connection.recv(1 << 16):
        n += len(block)
    return n


def read_some_and_reset(connection):
    """What the program read, and what its kernel had at that moment."""
    n = 0
    while n < 500000:
        n += len(connection.recv(1 << 16))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    return n


def send_file(treat, size=2000000):
    name = program('send-file')
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(size)
        peer = Peer(treat)
        done = subprocess.run([name, file.name, '127.0.0.1', peer.port], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        peer.thread.join()
    return done, peer.result


def a_file_that_arrived_is_said_to_have():
    done, n_read = send_file(read_all)
    assert done.returncode == 0, done
    assert n_read == 2000000
    assert done.stdout == ('clean; orderly: 2000000 of 2000000 bytes acknowledged by the other kernel, '
                           '0 uncertain, 0 never sent\n'), done.stdout


def a_file_cut_off_by_a_reset_is_told_by_the_byte():
    done, n_read = send_file(read_some_and_reset, 50000000)
    assert done.returncode == 1, done
    found = re.fullmatch(r'reset; reset: (\d+) of 50000000 bytes acknowledged by the other kernel, '
                         r'(\d+) uncertain, (\d+) never sent\n', done.stdout)
    assert found, done.stdout
    acknowledged, uncertain, unsent = map(int, found.groups())
    assert acknowledged + uncertain + unsent == 50000000
    assert n_read <= acknowledged + uncertain
    assert acknowledged >= 400000, done.stdout


def nobody_listening_is_said():
    # The port stays ours, so that nobody else can come to listen there.
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        done = subprocess.run([program('send-file'), '/dev/null', '127.0.0.1', str(taken.getsockname()[1])],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2 and 'refused' in done.stderr, done


class Server:
    """refuse-upload, running."""

    def __init__(self, *options):
        self.process = subprocess.Popen([program('refuse-upload'), *options], text=True,
                                        stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()
        self.port = int(re.search(r':(\d+)/', self.url)[1])
        # A line for each connection: a full pipe would stop it.
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()


def upload(port):
    """An ordinary client: writes all, then reads; an error of a write ends it."""
    with socket.create_connection(('127.0.0.1', port), timeout=PATIENCE) as client:
        try:
            client.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(BODY))
            client.sendall(BODY)
            answer = b''
            while block := client.recv(4096):
                answer += block
        except (ConnectionResetError, BrokenPipeError):
            return False
    return answer.startswith(b'HTTP/1.1 413') and answer.endswith(b'here.\n')


def the_answer_to_an_upload_is_lost_without_and_never_with():
    with Server('--plainly') as server:
        lost_without = sum(not upload(server.port) for _ in range(N_RUNS))
    with Server() as server:
        lost_with = sum(not upload(server.port) for _ in range(N_RUNS))
    clean = sum(line.startswith('clean: ') for line in server.lines)
    print(f'# the answer was lost in {lost_without} of {N_RUNS} runs without, {lost_with} with')
    assert lost_with == 0, f'lost in {lost_with}'
    # The last may be told to go before it has said so.
    assert clean >= N_RUNS - 1, f'clean in {clean}'
    assert lost_without > 0, 'the plain close never lost it: this shows nothing'


def curl_reads_the_answer():
    if not shutil.which('curl'):
        raise Skip('curl is not installed')
    with Server() as server, tempfile.NamedTemporaryFile() as file:
        file.write(BODY)
        file.flush()
        done = subprocess.run(['curl', '-sS', '--noproxy', '*', '-H', 'Expect:', '--data-binary',
                               f'@{file.name}', '-w', '%{http_code}', server.url],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout == 'At most 1000 bytes here.\n413', done


def the_epoll_loop_ends_every_connection_as_it_should():
    done = subprocess.run([program('close-epoll'), '40'], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == 0, done
    assert done.stdout == 'clean 10\nacked 10\nunacked 10\nreset 10\noverrun 0\n', done.stdout


def a_tls_connection_ends_with_close_notify_and_clean():
    done = subprocess.run([program('close-openssl')], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == 0, done
    found = re.fullmatch(r'clean; orderly: (\d+) of (\d+) bytes of records acknowledged; the client saw '
                         r'close_notify and every byte\n', done.stdout)
    assert found and found[1] == found[2] and int(found[1]) > 100000, done.stdout


def a_libuv_connection_ends_clean():
    done = subprocess.run([program('close-libuv')], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == 0, done
    assert done.stdout == ('clean; orderly: 100000 of 100000 bytes acknowledged, '
                           '100000 read by the peer\n'), done.stdout


CHECKS = [
    a_file_that_arrived_is_said_to_have,
    a_file_cut_off_by_a_reset_is_told_by_the_byte,
    nobody_listening_is_said,
    the_answer_to_an_upload_is_lost_without_and_never_with,
    curl_reads_the_answer,
    the_epoll_loop_ends_every_connection_as_it_should,
    a_tls_connection_ends_with_close_notify_and_clean,
    a_libuv_connection_ends_clean,
]


sys.exit(run_cases(CHECKS, words=()))
