#!/usr/bin/env python3
"""Clients in Python, Node, Go and Java before nginx: a reset, a broken pipe, an exit with the answer unread. What the
language tells its program, what nginx logs, and what finis says, must be one story. TAP.
"""

import atexit
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from nginx import logged, nginx
from place import Place
from plays import PATH, Skip, need, run_plays

CLIENTS = pathlib.Path(__file__).resolve().parent / 'clients'
MADE = {}
ONE = threading.Lock()


def built(language, *command, **environment):
    """The directory where a compiler has put the client, once for all cases."""
    with ONE:
        if language not in MADE:
            folder = tempfile.mkdtemp(prefix='finis-peers-client-')
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            done = subprocess.run([word.format(folder=folder, clients=CLIENTS) for word in command], capture_output=True, text=True,
                                  check=False, cwd=folder, env={**os.environ, 'PATH': PATH, 'HOME': folder, **environment})
            MADE[language] = (folder, done)
    folder, done = MADE[language]
    if done.returncode != 0:
        raise Skip(f'{command[0]} could not: {done.stderr.strip()[-200:]}')
    return folder


def python():
    return [sys.executable, str(CLIENTS / 'client.py')]


def node():
    need('node')
    return ['node', str(CLIENTS / 'client.js')]


def go():
    need('go')
    return [built('go', 'go', 'build', '-o', '{folder}/client', '{clients}/client.go', CGO_ENABLED='0', GO111MODULE='off',
                  GOFLAGS='') + '/client']


def java():
    need('java', 'javac')
    return ['java', '-XX:TieredStopAtLevel=1', '-Xshare:auto', '-cp', built('java', 'javac', '-d', '{folder}', '{clients}/Client.java'),
            'Client']


RESET = {'python': '[Errno 104] Connection reset by peer', 'node': 'read ECONNRESET', 'go': 'read: connection reset by peer',
         'java': 'Connection reset'}
PIPE = {'python': '[Errno 32] Broken pipe', 'node': 'write EPIPE', 'go': 'write: broken pipe', 'java': 'Broken pipe'}


def is_told_of_a_reset(language):
    """The worker is stopped, so that the next request lies unread when it is killed."""
    command = globals()[language]()
    with Place() as place:
        server = nginx(place)
        client = place.start('client', *command, 'reset', options=['--calls'])
        client.await_words('ready')
        (worker,) = server.children()
        os.kill(worker, signal.SIGSTOP)
        time.sleep(1.7)
        os.kill(worker, signal.SIGKILL)
        client.wait()
        (connection,) = place.told(server)
        logged(place, r'worker process \d+ exited on signal 9')
        assert client.words().strip().endswith(RESET[language]), client.words()
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('client', 'read'),
                          acts={'server': 'signal'}, saw={'client': 'ECONNRESET'}, severity='bad', to_server__fate='lost')


def is_told_of_a_broken_pipe(language):
    """keepalive_timeout closed the connection in its pool; the first request draws the RST, the second is told."""
    command = globals()[language]()
    with Place() as place:
        server = nginx(place, 'keepalive_timeout 1s;')
        client = place.start('client', *command, 'pipe', options=['--calls'])
        client.wait()
        (connection,) = place.told(server)
        assert client.words().strip().endswith(PIPE[language]), client.words()
        assert place.counter('TCPAbortOnClose') == 0
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('client', 'read'),
                          acts={'server': 'close'}, saw={'client': 'EPIPE+SIGPIPE'}, severity='bad', retry={'read': 'safe'})


def exits_with_the_answer_unread(language):
    command = globals()[language]()
    with Place() as place:
        server = nginx(place)
        client = place.start('client', *command, 'exit')
        assert client.wait() == 0, client.words()
        (connection,) = place.told(server)
        logged(place, r'\((104: Connection reset by peer|32: Broken pipe)\) while sending response to client')
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'client', 'unread-data', certain=('client', 'watch'), unsure=('server', 'read'),
                          acts={'client': 'exit'}, to_client__fate='lost')


def named(case, language):
    def play():
        case(language)
    play.__name__ = f'a_{language}_program_{case.__name__}'
    return play


CASES = [named(case, language) for language in ('python', 'node', 'go', 'java')
         for case in (is_told_of_a_reset, is_told_of_a_broken_pipe, exits_with_the_answer_unread)]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
