#!/usr/bin/env python3
"""redis-server and its clients: killed, timed out, told to go; its log, and what finis says. TAP."""

import re
import signal
import sys
import time

from place import Place
from plays import CLIENT, line_in, need, run_plays, talk

PORT = 6379


def redis(place, *options):
    need('redis-server')
    return place.serve('server', PORT, 'redis-server', '--port', str(PORT), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
                       '--dir', place.folder, '--logfile', place.path('redis.log'), '--loglevel', 'verbose', *options)


def logged(place, pattern):
    return line_in(place.traced[0].words(place.path('redis.log')), pattern, 'redis')


def accepted(place, connection):
    """Does redis say so? It logs each before it reads from it."""
    port = connection['watch']['client']['port']
    return re.search(fr'Accepted 127\.0\.0\.1:{port}$', place.traced[0].words(place.path('redis.log')), re.MULTILINE)


def python(place, program):
    return talk(place, PORT, program)


def redis_killed_under_its_benchmark_resets_whom_it_had_not_read():
    """SIGKILL closes each connection: a FIN where all commands were read, a RST where one lay unread."""
    with Place() as place:
        need('redis-benchmark')
        server = redis(place)
        client = place.start('client', 'redis-benchmark', '-p', str(PORT), '-t', 'set', '-n', '100000000', '-c', '20', '-P', '8', '-q')
        client.await_words('rps=')
        server.kill()
        server.wait()
        client.wait()
        connections = place.told()
        assert re.search('Server closed the connection|Connection reset by peer|Broken pipe', client.words()), client.words()[-300:]
        resets = [c for c in connections if c['watch']['cause'] == 'unread-data']
        # The client exits when it sees the first of them closed: so some of its own are resets of the same kind. It may
        # be there first. What redis had not accepted goes with its listener.
        killed = [c for c in connections if (c['watch']['acts']['server'] or {}).get('signal') == 9]
        assert killed and len(connections) == 21, f'{len(killed)} of {len(connections)} were ended by the signal'
        assert any(accepted(place, c) for c in killed)
        for other in connections:
            if other in killed:
                continue
            if accepted(place, other):
                assert other['watch']['ended_by'] == 'client', other['watch']
                assert other['watch']['acts']['client']['how'] in ('exit', 'close'), other['watch']
            else:
                reset_by_the_listener(other)
        for connection in connections:
            connection.agree()
        unread = [c for c in connections if (c['watch']['cause'], c['watch']['certainty']) == ('unread-data', 'certain')]
        assert len(unread) == place.counter('TCPAbortOnClose'), (len(unread), place.counter('TCPAbortOnClose'))
        for connection in unread:
            side = 'to_server' if connection['watch']['ended_by'] == 'server' else 'to_client'
            assert connection['watch'][side]['unread'] > 0


def reset_by_the_listener(connection):
    connection.expect('reset', 'server', 'listener-closed', certain=('watch',), acts={'server': 'listener-close'})
    assert connection['watch']['server']['pid'] is None


def redis_killed_before_it_accepts_resets_by_its_listener():
    with Place() as place:
        server = redis(place)
        server.kill(signal.SIGSTOP)
        client = place.start('client', sys.executable, '-c', CLIENT % PORT + "told(s.send, b'PING\\r\\n'); told(s.recv, 100)")
        client.await_words('send 6')
        server.kill()
        server.wait()
        client.wait()
        (connection,) = place.told()
        assert client.words() == 'send 6\nrecv [Errno 104] Connection reset by peer\n', client.words()
        assert not accepted(place, connection)
        reset_by_the_listener(connection)


def a_client_idle_for_too_long_gets_a_fin():
    with Place() as place:
        server = redis(place, '--timeout', '1')
        client = python(place, "s.sendall(b'PING\\r\\n'); told(s.recv, 100); told(s.recv, 100)")
        (connection,) = place.told(server)
        logged(place, 'Closing idle client')
        assert client.words() == "recv b'+PONG\\r\\n'\nrecv b''\n", client.words()
        connection.expect('orderly', 'server', acts={'server': 'close', 'client': 'close'}, severity='fine')
        assert 0.9 < connection['read']['idle_before'] < 3, connection['read']['idle_before']


def a_command_to_a_redis_that_had_closed_meets_a_reset():
    """recv() says the end, as if nothing were lost; only a second send() would have told."""
    with Place() as place:
        server = redis(place, '--timeout', '1')
        client = python(place, "s.sendall(b'PING\\r\\n'); told(s.recv, 100); time.sleep(2.5)\n"
                               "told(s.send, b'SET a b\\r\\n'); time.sleep(.2); told(s.recv, 100); told(s.send, b'SET a c\\r\\n')")
        (connection,) = place.told(server)
        logged(place, 'Closing idle client')
        assert client.words().endswith("send 9\nrecv b''\nsend [Errno 32] Broken pipe\n"), client.words()
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('client', 'read'),
                          acts={'server': 'close'}, saw={'client': 'EPIPE+SIGPIPE'}, severity='bad' , to_server__fate='lost', retry={'read': 'safe'})


def a_small_http_request_to_redis_gets_a_fin():
    with Place() as place:
        need('curl')
        server = redis(place)
        client = place.client('curl', '-sS', '-d', 'x', f'http://127.0.0.1:{PORT}/', options=())
        (connection,) = place.told(server)
        logged(place, 'Possible SECURITY ATTACK detected')
        assert client.returncode == 52, client.words()
        connection.expect('orderly', 'server', acts={'server': 'close', 'client': 'close'}, to_client__bytes=0, severity='fine')


def a_large_http_request_to_redis_is_reset():
    """redis reads 16 KB, sees POST and closes: the rest lies unread."""
    with Place() as place:
        need('curl')
        server = redis(place)
        with open(place.path('large'), 'wb') as file:
            file.truncate(1 << 20)
        # Stopped meanwhile, it finds more than one read can take.
        server.kill(signal.SIGSTOP)
        client = place.start('client', 'curl', '-sS', '-H', 'Expect:', '--data-binary', '@' + place.path('large'),
                             f'http://127.0.0.1:{PORT}/')
        time.sleep(0.5)
        server.kill(signal.SIGCONT)
        client.wait()
        (connection,) = place.told(server)
        logged(place, 'Possible SECURITY ATTACK detected')
        assert client.returncode in (52, 55, 56), (client.returncode, client.words())
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('read', 'client'),
                          acts={'server': 'close'}, severity='bad', to_server__fate='lost')


def a_subscriber_that_does_not_read_is_closed_with_the_rest_in_the_kernel():
    with Place() as place:
        need('redis-cli')
        server = redis(place, '--client-output-buffer-limit', 'pubsub 100kb 0 0')
        client = place.start('client', sys.executable, '-c', CLIENT % PORT + """
s.sendall(b'SUBSCRIBE news\\r\\n')
s.recv(100)
print('ready', flush=True)
time.sleep(3)
whole = 0
while (piece := s.recv(65536)):
    whole += len(piece)
print(whole > 100000)
""", options=['--calls'])
        client.await_words('ready')
        place.run('redis-cli', '-p', str(PORT), '-r', '400', 'PUBLISH', 'news', 'x' * 50000)
        client.wait()
        connections = place.told(server)
        logged(place, 'scheduled to be closed ASAP for overcoming of output buffer limits')
        (connection,) = [c for c in connections if 'client' in c.views]
        assert client.words() == 'ready\nTrue\n', client.words()
        connection.expect('orderly', 'server', acts={'server': 'close', 'client': 'close'})


def a_client_that_exits_with_answers_unread_is_logged_as_reset():
    with Place() as place:
        server = redis(place)
        python(place, "s.sendall(b'PING\\r\\n' * 5); time.sleep(.3); import os; os._exit(0)")
        (connection,) = place.told(server)
        logged(place, 'Reading from client: Connection reset by peer')
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'client', 'unread-data', certain=('client', 'watch'), unsure=('read', 'server'),
                          acts={'client': 'exit'}, to_client__fate='lost')
        assert connection['watch']['to_client']['unread'] == 35


def redis_told_to_shut_down_closes_in_order():
    with Place() as place:
        need('redis-cli')
        server = redis(place)
        client = place.start('client', sys.executable, '-c', CLIENT % PORT + "s.sendall(b'PING\\r\\n'); told(s.recv, 100); told(s.recv, 100)")
        client.await_words('PONG')
        place.run('redis-cli', '-p', str(PORT), 'SHUTDOWN', 'NOSAVE')
        server.wait()
        client.wait()
        connections = place.told()
        logged(place, 'Redis is now ready to exit')
        (connection,) = [c for c in connections if 'client' in c.views]
        connection.expect('orderly', 'server', acts={'server': 'exit', 'client': 'close'}, severity='fine')


CASES = [value for name, value in list(globals().items()) if name.startswith(('redis_', 'a_'))]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
