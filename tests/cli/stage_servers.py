#!/usr/bin/env python3
"""Real servers behind finis stage --to with nothing staged: their clients see no difference. TAP.

Every case asks a server twice, once directly and once through the stage, and compares all that the
client was told: bytes, statuses, errors, and whether the end was a FIN or a RST.
"""

import contextlib
import errno
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from stage_help import free_port  # noqa: E402
from tap import need, run_cases  # noqa: E402

FINIS = os.environ['FINIS']
PATIENCE = 20


def await_port(port, process):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, f'the server ended with {process.returncode}'
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
            return
        time.sleep(0.02)
    raise AssertionError('the server does not listen')


@contextlib.contextmanager
def running(command, port, **options):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, **options)
    try:
        await_port(port, process)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def staged(port):
    """A stage with nothing staged before the server; gives its port."""
    process = subprocess.Popen([FINIS, 'stage', 'serve', '--to', f'127.0.0.1:{port}', '--json'],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield int(json.loads(process.stdout.readline())['listening'].rsplit(':', 1)[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


# nginx

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_timeout 1s; client_max_body_size 1k; default_type text/plain;
  server {{
    listen 127.0.0.1:{port}; root {folder}/files;
    location /drop {{ return 444; }}
    location /moved {{ return 302 /small; }}
    location /rude {{ lingering_close off; client_max_body_size 1k; }}
    location /slow {{ limit_rate 300k; alias {folder}/files/small; }}
  }}
}}
"""


@contextlib.contextmanager
def nginx():
    need('nginx', 'curl')
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        os.mkdir(f'{folder}/files')
        with open(f'{folder}/files/small', 'wb') as file:
            file.write(b'all is well\n' * 10000)
        with open(f'{folder}/files/large', 'wb') as file:
            file.write(hashlib.shake_256(b'finis').digest(1 << 20) * 24)
        port = free_port()
        with open(f'{folder}/nginx.conf', 'w', encoding='ascii') as file:
            user = '' if os.geteuid() else f'user {pwd.getpwuid(0).pw_name};'
            file.write(user + NGINX.format(folder=folder, port=port))
        program = shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin')
        with running([program, '-c', f'{folder}/nginx.conf', '-p', folder, '-e', f'{folder}/error.log'], port) as process:
            yield folder, port, process


def curl(port, path, *options):
    """Exit status, code and headers without what changes, and the body."""
    done = subprocess.run(['curl', '-sS', '-i', '--max-time', str(PATIENCE), *options, f'http://127.0.0.1:{port}{path}'],
                          stdin=subprocess.DEVNULL, capture_output=True, check=False, env={'PATH': os.environ['PATH']})
    text = re.sub(rb'(?mi)^(Date|ETag|Last-Modified): .*\r\n|(?<=127.0.0.1):\d+', b'', done.stdout)
    error = done.stderr.replace(b':%d' % port, b':PORT').replace(b'port %d' % port, b'port PORT')
    return done.returncode, hashlib.sha256(text).hexdigest(), text[:60], re.sub(rb'after \d+ ms|in \d+ ms', b'', error)


def talk(port, request, half_close=False, patience=PATIENCE):
    """Sends, reads to the end: bytes and how it ended."""
    with socket.create_connection(('127.0.0.1', port), patience) as client:
        client.sendall(request)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        data, how = b'', 'FIN'
        try:
            while piece := client.recv(65536):
                data += piece
        except OSError as error:
            how = errno.errorcode.get(error.errno, str(error))
        return re.sub(rb'(Date|ETag|Last-Modified): .*\r\n', b'', data), how


def same_through(port, ask, times=1):
    with staged(port) as through:
        for _ in range(times):
            direct, proxied = ask(port), ask(through)
            assert direct == proxied, f'directly {str(direct)[:200]}, through the stage {str(proxied)[:200]}'
        return direct


def nginx_s_files_come_whole():
    with nginx() as (_, port, _):
        for path in '/small', '/large', '/slow', '/none', '/moved':
            same_through(port, lambda p, path=path: curl(p, path))
        assert same_through(port, lambda p: curl(p, '/large', '-r', '1000-4000000'))[2].startswith(b'HTTP/1.1 206')
        same_through(port, lambda p: curl(p, '/large', '-I'))


def nginx_s_keep_alive_connections_live_and_end():
    ask = b'GET /small HTTP/1.1\r\nHost: x\r\n\r\n'
    with nginx() as (_, port, _):
        # Two requests in one, then nginx' own time-out of a second: a FIN.
        data, how = same_through(port, lambda p: talk(p, ask + ask))
        assert how == 'FIN' and data.count(b'200 OK') == 2


def nginx_answers_a_client_that_closed_its_half():
    # What nginx can send at once: of more it leaves an uncertain part unsent when it sees the half-close.
    ask = b'GET /small HTTP/1.0\r\nHost: x\r\n\r\n'
    with nginx() as (_, port, _):
        data, how = same_through(port, lambda p: talk(p, ask, half_close=True), 5)
        assert how == 'FIN' and len(data) > 120000


def nginx_drops_a_request_without_a_word():
    with nginx() as (_, port, _):
        assert same_through(port, lambda p: curl(p, '/drop'))[0] == 52
        assert same_through(port, lambda p: talk(p, b'GET /drop HTTP/1.1\r\nHost: x\r\n\r\n')) == (b'', 'FIN')


def nginx_refuses_a_large_upload_and_the_client_reads_why():
    with nginx() as (folder, port, _):
        first = same_through(port, lambda p: curl(p, '/small', '-H', 'Expect:', '-F', f'file=@{folder}/files/large'), 5)
        assert b'413' in first[2], first
        assert b'413' in same_through(port, lambda p: curl(p, '/small', '-F', f'file=@{folder}/files/large'), 5)[2]


def nginx_killed_ends_its_clients_alike():
    def ask(port):
        with socket.create_connection(('127.0.0.1', port), PATIENCE) as client:
            client.sendall(b'HEAD /small HTTP/1.1\r\nHost: x\r\n\r\n')
            heard = b''
            while not heard.endswith(b'\r\n\r\n'):
                heard += client.recv(1000)
            # It has read all that there was, and waits for more.
            process.kill()
            process.wait()
            try:
                return client.recv(10)
            except OSError as error:
                return errno.errorcode[error.errno]
    answers = []
    for through in False, True:
        with nginx() as (_, port, process):
            if through:
                with staged(port) as stage:
                    answers.append(ask(stage))
            else:
                answers.append(ask(port))
    assert answers[0] == answers[1] == b'', answers


# redis

@contextlib.contextmanager
def redis(patience=0):
    """`patience` is how many seconds it lets a client be idle; 0 is for ever."""
    need('redis-server', 'redis-cli', 'redis-benchmark')
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = ['redis-server', '--port', str(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
                   '--dir', folder, '--timeout', str(patience)]
        with running(command, port, cwd=folder) as process:
            yield port, process


def cli(port, *words, **options):
    done = subprocess.run(['redis-cli', '-p', str(port), *words], capture_output=True, timeout=PATIENCE, check=False, **options)
    return done.returncode, done.stdout.replace(b':%d' % port, b':PORT'), done.stderr.replace(b':%d' % port, b':PORT')


def redis_answers_every_command_alike():
    with redis() as (port, _):
        big = b'SET big ' + b'x' * 3_000_000 + b'\nSTRLEN big\nGET big\nNONSENSE\nQUIT\n'
        status, out, _ = same_through(port, lambda p: cli(p, input=big), 3)
        assert status == 0 and b'3000000' in out
        pipe = b''.join(b'*3\r\n$3\r\nSET\r\n$7\r\nk%06d\r\n$1\r\nv\r\n' % i for i in range(20000))
        assert b'replies: 20000' in same_through(port, lambda p: cli(p, '--pipe', input=pipe))[1]
        assert same_through(port, lambda p: cli(p, 'DBSIZE'))[1] == b'20001\n'


def redis_s_own_endings_come_through():
    with redis(patience=1) as (port, _):
        assert same_through(port, lambda p: talk(p, b'PING\r\nQUIT\r\n')) == (b'+PONG\r\n+OK\r\n', 'FIN')
        # A protocol error; CLIENT KILL of itself; the time-out of a second.
        assert same_through(port, lambda p: talk(p, b'*1\r\n$-5\r\nabc'))[1] == 'FIN'
        assert same_through(port, lambda p: talk(p, b'CLIENT KILL TYPE normal SKIPME no\r\n'))[1] == 'FIN'
        assert same_through(port, lambda p: talk(p, b'PING\r\n')) == (b'+PONG\r\n', 'FIN')
        assert same_through(port, lambda p: talk(p, b'PING\r\n', half_close=True)) == (b'+PONG\r\n', 'FIN')


def redis_benchmark_finds_nothing_wrong():
    def ask(port):
        done = subprocess.run(['redis-benchmark', '-p', str(port), '-t', 'set,get,lrange_100', '-n', '5000', '-c', '50',
                               '-P', '4', '-q', '--csv'], capture_output=True, text=True, timeout=60, check=False)
        lines = [line.split(',')[0] for line in done.stdout.splitlines()]
        return done.returncode, lines, done.stderr
    with redis() as (port, _):
        status, lines, _ = same_through(port, ask)
        assert status == 0 and any('SET' in line for line in lines)


def redis_killed_in_the_middle_ends_its_clients_alike():
    def ask(port):
        with socket.create_connection(('127.0.0.1', port), PATIENCE) as client:
            client.sendall(b'SUBSCRIBE news\r\n')
            client.recv(100)
            process.kill()
            process.wait()
            try:
                return client.recv(10)
            except OSError as error:
                return errno.errorcode[error.errno]
    answers = []
    for through in False, True:
        with redis() as (port, process):
            if through:
                with staged(port) as stage:
                    answers.append(ask(stage))
            else:
                answers.append(ask(port))
    assert answers[0] == answers[1] == b'', answers


CASES = [
    nginx_s_files_come_whole,
    nginx_s_keep_alive_connections_live_and_end,
    nginx_answers_a_client_that_closed_its_half,
    nginx_drops_a_request_without_a_word,
    nginx_refuses_a_large_upload_and_the_client_reads_why,
    nginx_killed_ends_its_clients_alike,
    redis_answers_every_command_alike,
    redis_s_own_endings_come_through,
    redis_benchmark_finds_nothing_wrong,
    redis_killed_in_the_middle_ends_its_clients_alike,
]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
