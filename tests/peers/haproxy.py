#!/usr/bin/env python3
"""HAProxy between a client and nginx: time-outs, resets on purpose, silence; its termination states, and what finis says. TAP."""

import os
import signal
import sys
import time

from nginx import nginx
from place import Place
from plays import CLIENT, line_in, need, one, run_plays, talk

FRONT, BACK = 8000, 8080
CONF = """
global
  log stdout format raw local0 info
defaults
  log global
  mode http
  option httplog
  option dontlognull
  timeout connect 2s
  timeout client 20s
  timeout server 20s
{defaults}
frontend front
  bind 127.0.0.1:8000
{front}
  default_backend back
backend back
{back}
  server one 127.0.0.1:8080
"""


def haproxy(place, front='', back='', defaults=''):
    need('haproxy')
    conf = place.write('haproxy.cfg', CONF.format(front='  ' + front, back='  ' + back, defaults='  ' + defaults))
    return place.serve('haproxy', FRONT, 'haproxy', '-db', '-f', conf)


def logged(place, pattern):
    (proxy,) = [traced for traced in place.traced if traced.name == 'haproxy']
    return line_in(proxy.words(), pattern, 'HAProxy')


def python(place, program):
    return talk(place, FRONT, program)


def fronts(connections):
    return [c for c in connections if c.server_port == FRONT]


def backs(connections):
    return [c for c in connections if c.server_port == BACK]


ASK = "s.sendall(b'GET /%s HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
# Reads what there is of the answer, and waits until the proxy has had enough of it.
READ = ASK % 'small' + 'time.sleep(0.1)\ns.recv(65536)\ntime.sleep(1.6)\n'


def a_request_that_never_becomes_whole_is_answered_408():
    with Place() as place:
        server = haproxy(place, defaults='timeout http-request 1s')
        client = python(place, "s.sendall(b'GET /small'); told(s.recv, 12); time.sleep(.2); s.recv(1000); told(s.recv, 1)")
        connection = one(place.told(server))
        logged(place, ' 408 .* cR-- ')
        assert client.words() == "recv b'HTTP/1.1 408'\nrecv b''\n", client.words()
        connection.expect('orderly', 'server', acts={'server': 'shutdown', 'client': 'close'}, severity='fine')


def expired(place, program, options=''):
    """What a client says that was kept for too long, and its connection."""
    nginx(place)
    server = haproxy(place, defaults='timeout http-keep-alive 1s' + options)
    client = python(place, READ + program)
    return client.words(), one(fronts(place.told(server)))


def a_kept_connection_that_expires_is_closed_with_a_fin():
    with Place() as place:
        words, connection = expired(place, "told(s.recv, 1); told(s.send, b'GET'); time.sleep(.1); told(s.send, b'x')")
        logged(place, ' 200 .* ---- ')
        assert words == "recv b''\nsend 3\nsend [Errno 32] Broken pipe\n", words
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('client', 'read'),
                          acts={'server': 'shutdown'}, saw={'client': 'EPIPE+SIGPIPE'}, severity='bad', retry={'read': 'safe'})


def with_nolinger_the_same_ends_in_a_reset():
    """option nolinger sets SO_LINGER to 0, so a RST follows the FIN: who only reads is told of neither. Had the client's FIN crossed
    it, there would be none: calls alone do not show that."""
    with Place() as place:
        words, connection = expired(place, 'told(s.recv, 1); told(s.send, b"GET")', '\n  option nolinger')
        assert place.counter('TCPAbortOnData') == 1
        assert words == "recv b''\nsend [Errno 32] Broken pipe\n", words
        connection.expect('reset', 'server', 'zero-linger', certain=('watch',), likely=('haproxy',), unsure=('client', 'read'),
                          acts={'server': 'close'}, saw={'client': 'EPIPE+SIGPIPE'}, severity='notable')


def a_connection_rejected_by_rule_is_reset_without_a_word():
    with Place() as place:
        server = haproxy(place, 'tcp-request connection reject')
        client = python(place, 'time.sleep(.3); told(s.send, b"GET"); told(s.recv, 1)')
        connection = one(place.told(server))
        assert client.words() == "send [Errno 104] Connection reset by peer\nrecv b''\n", client.words()
        connection.expect('reset', 'server', 'zero-linger', certain=('haproxy', 'watch'), unsure=('client', 'read'),
                          acts={'server': 'close'}, retry='safe', to_server__bytes=0)


def a_silent_drop_leaves_the_client_with_a_dead_connection():
    """HAProxy takes the socket away with TCP_REPAIR: neither FIN nor RST. What comes then finds no connection."""
    with Place() as place:
        server = haproxy(place, 'http-request silent-drop')
        client = python(place, ASK % 'small' + 'time.sleep(.5); told(s.send, b"more"); time.sleep(.3); told(s.recv, 1)')
        connection = one(place.told(server))
        logged(place, ' PR-- ')
        assert client.words() == 'send 4\nrecv [Errno 104] Connection reset by peer\n', client.words()
        assert place.counter('OutRsts') == 1 and place.counter('TCPAbortOnClose') == 0
        assert connection['haproxy']['ending'] == 'open' and connection['haproxy']['reset'] is None, connection['haproxy']
        connection.expect('reset', 'server', 'no-connection', unsure=('client', 'read', 'watch'), severity='bad',
                          saw={'client': 'ECONNRESET'})


def a_server_that_does_not_answer_is_left_by_the_proxy():
    with Place() as place:
        behind = nginx(place)
        server = haproxy(place, defaults='timeout server 1s\n  timeout http-keep-alive 1s')
        behind.kill(signal.SIGSTOP)
        for pid in behind.children():
            os.kill(pid, signal.SIGSTOP)
        client = python(place, ASK % 'small' + 'told(s.recv, 12); s.recv(4096); told(s.recv, 1)')
        time.sleep(0.3)
        for pid in [*behind.children(), behind.pid]:
            os.kill(pid, signal.SIGCONT)
        connections = place.told(server)
        logged(place, ' 504 .* sH-- ')
        assert client.words() == "recv b'HTTP/1.1 504'\nrecv b''\n", client.words()
        assert place.counter('TCPAbortOnData') == 1
        one(backs(connections)).expect('reset', 'client', 'zero-linger', certain=('haproxy', 'watch'), unsure=('server', 'read'),
                                       acts={'client': 'close'}, to_client__bytes=0)
        one(fronts(connections)).expect('orderly', 'server', acts={'client': 'close'})


def a_client_that_goes_makes_the_proxy_go_too():
    """One reset begets another: the client's unread answer, and then the proxy's."""
    with Place() as place:
        nginx(place)
        server = haproxy(place)
        python(place, ASK % 'large' + 'told(s.recv, 8); time.sleep(.3)')
        connections = place.told(server)
        logged(place, ' 200 .* CD-- ')
        assert place.counter('TCPAbortOnClose') == 2
        one(fronts(connections)).expect('reset', 'client', 'unread-data', certain=('client', 'watch'), unsure=('haproxy', 'read'),
                                        acts={'client': 'close'}, to_client__fate='lost')
        one(backs(connections)).expect('reset', 'client', 'unread-data', certain=('haproxy', 'watch'), unsure=('server', 'read'),
                                       acts={'client': 'close'}, to_client__fate='lost')


def a_client_that_does_not_read_is_given_what_the_kernel_has():
    with Place() as place:
        nginx(place)
        server = haproxy(place, defaults='timeout client 1s')
        client = python(place, ASK % 'large' + """
time.sleep(2.5)
whole = 0
while (piece := s.recv(65536)):
    whole += len(piece)
print(whole < 32 << 20)
""")
        connections = place.told(server)
        logged(place, ' 200 .* cD-- ')
        assert client.words() == 'True\n', client.words()
        one(fronts(connections)).expect('orderly', 'server', acts={'server': 'close', 'client': 'close'})
        one(backs(connections)).expect('reset', 'client', 'unread-data', certain=('haproxy', 'watch'), unsure=('server', 'read'),
                                       acts={'client': 'close'}, to_client__fate='lost')


def a_server_killed_behind_the_proxy_is_half_an_answer_before_it():
    with Place() as place:
        behind = nginx(place, 'location /large { limit_rate 200k; }')
        server = haproxy(place)
        client = place.start('client', sys.executable, '-c', CLIENT % FRONT + ASK % 'large' + """
whole = 0
while (piece := s.recv(65536)):
    whole += len(piece)
print(whole < 32 << 20)
""", options=['--calls'])
        time.sleep(1)
        for pid in behind.children():
            os.kill(pid, signal.SIGKILL)
        client.wait()
        connections = place.told(server)
        logged(place, ' 200 .* SD-- ')
        assert client.words() == 'True\n', client.words()
        one(backs(connections)).expect('orderly', 'server', acts={'server': 'signal', 'client': 'close'})
        one(fronts(connections)).expect('orderly', 'server')


def a_server_that_is_not_there_is_refused_to_the_proxy():
    with Place() as place:
        server = haproxy(place, defaults='retries 1')
        client = python(place, ASK % 'small' + 'told(s.recv, 12)')
        connections = place.told(server)
        logged(place, ' 503 .* SC-- ')
        assert client.words() == "recv b'HTTP/1.1 503'\n", client.words()
        assert backs(connections)
        for connection in backs(connections):
            connection.expect('refused', 'server', 'not-listening', certain=('watch',), unsure=('haproxy', 'read'),
                              saw={'client': 'ECONNREFUSED'}, severity='notable')


CASES = [value for name, value in list(globals().items()) if name.startswith(('a_', 'with_'))]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
