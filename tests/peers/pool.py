#!/usr/bin/env python3
"""The keep-alive race behind a balancer: nginx keeps connections to a Node server, which closes one while the next request is
on its way. Where nginx may repeat the request nobody notices; where it may not, the client gets 502. TAP.
"""

import os
import pathlib
import signal
import sys

from nginx import accesses, logged, nginx
from place import Place, await_that
from plays import need, run_plays

SERVER = pathlib.Path(__file__).resolve().parent / 'clients' / 'server.js'
PORT = 8081
BALANCER = 'upstream pool { server 127.0.0.1:8081; keepalive 4; }'
LOCATION = 'location / { proxy_pass http://pool; proxy_http_version 1.1; proxy_set_header Connection ""; }'


CLIENT = """
import socket, sys, time
s = socket.create_connection(('127.0.0.1', 8080))
ask = sys.argv[1].encode() + b' / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n'
s.sendall(ask)
print(s.recv(65536)[:12].decode(), flush=True)
time.sleep(0.5)
s.sendall(ask)
print(s.recv(65536)[:12].decode(), flush=True)
"""


def race(place, method):
    """One request that leaves a kept connection behind, and one that finds it just closed."""
    need('node')
    node = place.serve('node', PORT, 'node', str(SERVER))
    server = nginx(place, LOCATION, BALANCER)
    client = place.start('client', sys.executable, '-c', CLIENT, method)
    client.await_words('200')
    # Stopped, nginx finds both at once when it goes on: first the request, and then the FIN.
    (worker,) = server.children()
    os.kill(worker, signal.SIGSTOP)
    await_that('the server closes', lambda: (PORT, 0) in place.sockets('0A') and not any(
        own == PORT for own, _ in place.sockets('01')))
    os.kill(worker, signal.SIGCONT)
    client.wait()
    connections = place.told(server)
    pooled = sorted((c for c in connections if c.server_port == PORT), key=lambda c: c['read']['started'])
    (front,) = [c for c in connections if 'client' in c.views]
    logged(place, 'upstream prematurely closed connection while reading response header from upstream')
    return client.words().split()[1::2], accesses(place, front), front, pooled, node.words().splitlines()


def a_post_that_meets_a_server_closing_its_kept_connection_becomes_a_502():
    with Place() as place:
        told, statuses, front, pooled, requests = race(place, 'POST')
        # It may have been done, for all that nginx knows, so it is not repeated.
        assert told == statuses == ['200', '502'], (told, statuses)
        assert requests == ['POST /'], f'the server saw {requests}'
        assert len(pooled) == 1
        pooled[0].expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('read',),
                         acts={'server': 'close'}, to_server__fate='lost', retry={'read': 'safe'}, severity='bad')
        front.expect('orderly', 'client', severity='fine')


def a_get_that_meets_the_same_is_repeated_and_nobody_notices():
    with Place() as place:
        told, statuses, front, pooled, requests = race(place, 'GET')
        assert told == statuses == ['200', '200'], (told, statuses)
        assert requests == ['GET /', 'GET /'], f'the server saw {requests}'
        assert len(pooled) == 2
        pooled[0].expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('read',),
                         acts={'server': 'close'}, to_server__fate='lost', retry={'read': 'safe'}, severity='bad')
        front.expect('orderly', 'client', severity='fine')


CASES = [value for name, value in list(globals().items()) if name.startswith('a_')]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
