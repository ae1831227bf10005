#!/usr/bin/env python3
"""sshd and ssh: sessions killed, timed out, spoken to wrongly; sshd's log, and what finis says. TAP."""

import os
import re
import signal
import subprocess
import sys
import time

from place import Place, await_that
from plays import Skip, line_in, need, one, run_plays

PORT = 2222
CONF = """
Port 2222
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/keys
StrictModes no
PermitRootLogin yes
UsePAM no
LogLevel VERBOSE
{more}
"""


def sshd(place, more=''):
    need('sshd', 'ssh', 'ssh-keygen')
    if os.geteuid():
        raise Skip('needs root')
    for name in 'host', 'mine':
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', place.path(name)], check=True, stdin=subprocess.DEVNULL)
    os.rename(place.path('mine.pub'), place.path('keys'))
    conf = place.write('sshd.conf', CONF.format(folder=place.folder, more=more))
    program = place.run('sh', '-c', 'command -v sshd').stdout.strip()
    return place.serve('server', PORT, program, '-D', '-e', '-f', conf)


def ssh(place, *words, **options):
    options.setdefault('options', ['--calls'])
    return place.start('client', 'ssh', '-F', 'none', '-p', str(PORT), '-i', place.path('mine'), '-o', 'StrictHostKeyChecking=no',
                       '-o', f'UserKnownHostsFile={place.path("known")}', '-o', 'BatchMode=yes', 'root@127.0.0.1', *words, **options)


def logged(place, pattern):
    return line_in(place.traced[0].words(), pattern, 'sshd')


def session(server):
    """The processes of the one session, the parent first: they hold the connection."""
    return server.children()


def the_goodbye_of_a_client_meets_a_session_that_was_killed():
    """Nothing lay unread when it died, so the client gets a FIN; what ssh says to that draws the RST."""
    with Place() as place:
        server = sshd(place)
        client = ssh(place, 'echo here; exec sleep 5')
        client.await_words('here')
        time.sleep(0.3)
        for pid in session(server):
            os.kill(pid, signal.SIGKILL)
        assert client.wait() == 255
        connection = one(place.told(server))
        logged(place, 'Accepted publickey for root from 127.0.0.1')
        assert 'Connection to 127.0.0.1 closed by remote host' in client.words(), client.words()
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('client', 'read'),
                          acts={'server': 'signal'}, to_server__fate='lost')
        assert connection['watch']['acts']['server']['signal'] == 9


def a_session_that_is_killed_with_input_unread_sends_a_reset():
    with Place() as place:
        server = sshd(place)
        client = ssh(place, 'echo here; cat >/dev/null', stdin=subprocess.PIPE)
        client.await_words('here')
        time.sleep(0.3)
        killed = session(server)
        for pid in killed:
            os.kill(pid, signal.SIGSTOP)
        client.process.stdin.write(b'x' * 3000)
        client.process.stdin.flush()
        time.sleep(0.5)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        client.wait()
        connection = one(place.told(server))
        assert place.counter('TCPAbortOnClose') == 1
        assert 'Connection reset by' in client.words() or 'Broken pipe' in client.words(), client.words()
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('client', 'read'),
                          acts={'server': 'signal'}, saw={'client': 'ECONNRESET'}, to_server__fate='lost', severity='bad')


def a_client_that_is_killed_is_a_closed_connection_to_sshd():
    with Place() as place:
        server = sshd(place)
        client = ssh(place, 'echo here; exec sleep 5')
        client.await_words('here')
        time.sleep(0.3)
        client.kill()
        client.wait()
        connection = one(place.told(server))
        logged(place, 'Closing connection to 127.0.0.1|Connection closed by|Disconnected from|Connection reset')
        connection.expect('orderly', 'client', acts={'client': 'signal'}, severity='fine')


def a_client_that_falls_silent_is_closed_by_sshd():
    """ClientAliveInterval asks in the protocol: TCP sees nothing wrong, for the kernel of a stopped client acknowledges."""
    with Place() as place:
        server = sshd(place, 'ClientAliveInterval 1\nClientAliveCountMax 1')
        client = ssh(place, 'echo here; exec sleep 5', options=())
        client.await_words('here')
        client.kill(signal.SIGSTOP)
        await_that('sshd gives up', lambda: re.search('Timeout, client not responding', server.words()))
        time.sleep(0.3)
        client.kill(signal.SIGCONT)
        client.wait()
        connection = one(place.told(server))
        logged(place, 'Timeout, client not responding from user root 127.0.0.1')
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',))


def who_connects_and_says_nothing_is_closed_after_the_grace_time():
    with Place() as place:
        server = sshd(place, 'LoginGraceTime 1')
        client = place.client(sys.executable, '-c', """
import socket
s = socket.create_connection(('127.0.0.1', 2222))
print(s.recv(4), flush=True)
while s.recv(1000):
    pass
print('end')
""")
        connection = one(place.told(server))
        # On Linux sshd dies in its signal handler, and logs nothing of it (sshsigdie()): there is only the beginning.
        logged(place, f'Connection from 127.0.0.1 port {connection.port}')
        assert 1 <= connection['read']['duration'] < 5, connection['read']['duration']
        assert client.words() == "b'SSH-'\nend\n", client.words()
        connection.expect('orderly', 'server', acts={'server': 'exit', 'client': 'close'}, severity='fine')


def a_port_scanner_s_reset_is_what_sshd_logs():
    with Place() as place:
        server = sshd(place)
        place.client(sys.executable, '-c', """
import socket, struct, time
s = socket.create_connection(('127.0.0.1', 2222))
s.recv(1000)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
time.sleep(.3)
s.close()
""")
        connection = one(place.told(server))
        logged(place, 'kex_exchange_identification: read: Connection reset by peer')
        assert place.counter('TCPAbortOnData') == 1
        connection.expect('reset', 'client', 'zero-linger', certain=('client', 'watch'), unsure=('server', 'read'),
                          acts={'client': 'close'}, to_server__bytes=0)


CASES = [value for name, value in list(globals().items()) if name.startswith(('a_', 'the_', 'who_'))]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
