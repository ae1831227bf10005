#!/usr/bin/env python3
"""nginx and its clients: what its error.log and access.log say, and what finis says. TAP."""

import os
import re
import sys
import time

from place import Place
from plays import line_in, need, run_plays, talk

PORT = 8080
CONF = """
daemon off; pid {folder}/pid; error_log {folder}/error.log info; user root; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  log_format ends '$remote_port $status $bytes_sent $request_completion "$request"';
  access_log {folder}/access.log ends; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  default_type text/plain;
  {http}
  server {{
    listen 127.0.0.1:8080; root {folder}/files;
    {server}
  }}
}}
"""


def nginx(place, server='', http='', name='server'):
    need('nginx')
    os.makedirs(place.path('files'), exist_ok=True)
    place.write('files/small', 'all is well\n' * 100)
    with open(place.path('files/large'), 'wb') as file:
        file.truncate(32 << 20)
    conf = place.write(f'{name}.conf', CONF.format(folder=place.folder, server=server, http=http))
    return place.serve(name, PORT, 'nginx', '-c', conf, '-p', place.folder, '-e', place.path('error.log'))


def logged(place, pattern):
    return line_in(place.traced[0].words(place.path('error.log')), pattern, 'nginx')


def accesses(place, connection):
    """The status of each request of this connection in nginx' access log."""
    return re.findall(f'^{connection.port} (\\d+) ', place.traced[0].words(place.path('access.log')), re.M)


def accessed(place, connection, status):
    statuses = accesses(place, connection)
    assert statuses == [str(status)], f'nginx logged {statuses}'


def curl(place, *options, traced=(), stdin=None):
    """curl, and not each call of it followed: so it keeps its pace."""
    need('curl')
    return place.client('curl', '-sS', '-i', '-H', 'Expect:', *options, options=traced, stdin=stdin)


def python(place, program):
    return talk(place, PORT, program)


URL = f'http://127.0.0.1:{PORT}/'
# An upload whose length is not told before: nginx learns on the way that it is too large.
UNTOLD = 'head -c 32M /dev/zero | curl -sS -i -H Expect: -T - ' + URL + 'up'
BEHIND = 'location / { proxy_pass http://127.0.0.1:9; }'


def a_large_upload_that_nginx_answers_with_413_ends_in_order():
    """The length was told, so nginx answers at once, and throws away what comes until the client closes."""
    with Place() as place:
        server = nginx(place, 'client_max_body_size 1k;')
        client = curl(place, '-T', place.path('files/large'), URL)
        (connection,) = place.told(server)
        logged(place, 'client intended to send too large body: 33554432 bytes')
        accessed(place, connection, 413)
        assert client.returncode == 0 and '413 Request Entity Too Large' in client.words(), client.words()
        connection.expect('orderly', 'client', acts={'client': 'close', 'server': 'close'}, severity='fine')


def a_large_upload_meets_nginx_without_lingering_close_and_is_reset():
    """nginx closes with the upload unread: a RST, which the kernel counts as TCPAbortOnClose."""
    with Place() as place:
        server = nginx(place, 'client_max_body_size 100k; lingering_close off;' + BEHIND)
        need('curl')
        place.client('sh', '-c', UNTOLD, options=())
        (connection,) = place.told(server)
        logged(place, r'client intended to send too large chunked body: \d+\+\d+ bytes')
        accessed(place, connection, 413)
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('read',),
                          acts={'server': 'close'}, to_server__fate='lost')


def an_upload_that_goes_on_after_413_is_reset():
    """lingering_time is over, and the client still sends: the 413 waits behind the error."""
    with Place() as place:
        server = nginx(place, 'client_max_body_size 1k; lingering_time 1s;')
        client = python(place, """
s.sendall(b'PUT /up HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 100000000\\r\\n\\r\\n')
try:
    while True:
        s.sendall(b'x' * 10000)
        time.sleep(0.02)
except OSError as error:
    print('send', error)
told(s.recv, 12)
""")
        (connection,) = place.told(server)
        logged(place, 'client intended to send too large body: 100000000 bytes')
        accessed(place, connection, 413)
        assert place.counter('TCPAbortOnClose') == 1
        assert client.words() == "send [Errno 104] Connection reset by peer\nrecv b'HTTP/1.1 413'\n", client.words()
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('client', 'read'),
                          acts={'server': 'close'}, saw={'client': 'ECONNRESET'}, severity='bad')


def a_request_that_meets_nginx_keep_alive_time_out_is_lost_and_safe_to_repeat():
    """The race that every pool of connections knows: the FIN was there before the request left."""
    with Place() as place:
        server = nginx(place, 'keepalive_timeout 1s;')
        client = python(place, """
ask = b'GET /small HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'
s.sendall(ask)
while len(s.recv(65536, socket.MSG_PEEK)) < 1200:
    pass
s.recv(65536)
time.sleep(1.6)
told(s.send, ask)
time.sleep(0.1)
told(s.recv, 1)
told(s.send, ask)
""")
        (connection,) = place.told(server)
        assert len(accesses(place, connection)) == 1, 'nginx saw the second request'
        assert client.words() == "send 32\nrecv b''\nsend [Errno 32] Broken pipe\n", client.words()
        assert place.counter('OutRsts') == 1 and place.counter('TCPAbortOnClose') == 0
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('client', 'read'),
                          acts={'server': 'close'}, saw={'client': 'EPIPE+SIGPIPE'}, severity='bad', retry={'read': 'safe'})
        assert 0.9 < connection['read']['idle_before'] < 1.5, connection['read']['idle_before']


def slow(place, options, program):
    """A client that asks and does not read for longer than nginx waits: its words, and its connection."""
    server = nginx(place, 'send_timeout 1s;' + options)
    client = python(place, "s.sendall(b'GET /large HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\ntime.sleep(2.5)" + program)
    (connection,) = place.told(server)
    logged(place, r'client timed out \(110: Connection timed out\) while sending response to client')
    return client.words(), connection


def a_client_that_does_not_read_is_reset_by_nginx():
    """reset_timedout_connection sets SO_LINGER to 0 before it closes, says its documentation."""
    with Place() as place:
        words, connection = slow(place, 'reset_timedout_connection on;', """
while (piece := s.recv(65536, socket.MSG_PEEK)):
    try:
        s.recv(len(piece))
        s.recv(1, socket.MSG_PEEK)
    except OSError as error:
        print(error)
        break
""")
        assert words == '[Errno 104] Connection reset by peer\n', words
        assert place.counter('TCPAbortOnData') == 1 and place.counter('TCPAbortOnClose') == 0
        connection.expect('reset', 'server', 'zero-linger', certain=('server', 'watch'), unsure=('client', 'read'),
                          acts={'server': 'close'}, saw={'client': 'ECONNRESET'}, severity='bad')


def the_same_client_is_left_to_the_kernel_without_that_option():
    """Without it nginx closes with the rest of the answer unsent: the kernel keeps what the program gave it."""
    with Place() as place:
        words, connection = slow(place, '', """
whole = 0
while (piece := s.recv(65536)):
    whole += len(piece)
print(whole > 100000, whole < 32 << 20)
""")
        assert words == 'True True\n', words
        connection.expect('orderly', 'server', acts={'server': 'close'}, severity='fine')


def worker(place):
    return place.traced[0].children()[0]


def a_worker_killed_while_it_answers_ends_the_answer_with_a_fin():
    """A process that is killed closes what it holds; nothing lay unread, so the client gets a FIN and half a file."""
    with Place() as place:
        need('curl')
        server = nginx(place, 'location /large { limit_rate 100k; }')
        client = place.start('client', 'curl', '-sS', '-o', place.path('got'), URL + 'large')
        time.sleep(1.2)
        os.kill(worker(place), 9)
        assert client.wait() == 18, client.words()
        (connection,) = place.told(server)
        logged(place, r'worker process \d+ exited on signal 9')
        assert 'bytes remaining to read' in client.words(), client.words()
        connection.expect('orderly', 'server', acts={'server': 'signal', 'client': 'close'}, severity='fine')
        assert connection['watch']['acts']['server']['signal'] == 9


def a_worker_killed_in_the_midst_of_an_upload_sends_a_reset():
    """It is stopped first, so that the upload lies unread when it dies."""
    with Place() as place:
        need('curl')
        server = nginx(place, 'client_max_body_size 0;' + BEHIND)
        client = place.start('client', 'curl', '-sS', '-o', place.path('got'), '-H', 'Expect:', '--limit-rate', '500k',
                             '-T', place.path('files/large'), URL + 'up')
        time.sleep(0.7)
        os.kill(worker(place), 19)
        time.sleep(1)
        os.kill(worker(place), 9)
        assert client.wait() in (55, 56), client.words()
        (connection,) = place.told(server)
        logged(place, r'worker process \d+ exited on signal 9')
        assert 'Connection reset by peer' in client.words(), client.words()
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('client', 'read'),
                          acts={'server': 'signal'}, severity='bad', to_server__fate='lost')


def a_client_that_gives_up_is_told_by_nginx_as_reset_by_peer():
    """curl's --max-time: it closes with the answer unread, and nginx' next sendfile() is told."""
    with Place() as place:
        server = nginx(place, 'location /large { limit_rate 4000k; }')
        client = curl(place, '--max-time', '2', '--limit-rate', '100k', '-o', place.path('got'), URL + 'large')
        (connection,) = place.told(server)
        assert client.returncode == 28, client.words()
        logged(place, r'\(104: Connection reset by peer\) while sending response to client')
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'client', 'unread-data', certain=('client', 'watch'), unsure=('server', 'read'),
                          acts={'client': 'close'}, severity={'watch': 'bad'}, to_client__fate='lost')


def a_request_that_nginx_drops_without_a_word_gets_a_fin():
    with Place() as place:
        server = nginx(place, 'location / { return 444; }')
        client = curl(place, URL)
        (connection,) = place.told(server)
        assert client.returncode == 52, client.words()
        accessed(place, connection, 444)
        connection.expect('orderly', 'server', acts={'server': 'close', 'client': 'close'}, to_client__bytes=0)


def an_upstream_that_does_not_listen_is_refused_to_nginx():
    with Place() as place:
        server = nginx(place, BEHIND)
        client = curl(place, URL)
        connections = place.told(server)
        logged(place, r'connect\(\) failed \(111: Connection refused\) while connecting to upstream')
        assert '502 Bad Gateway' in client.words(), client.words()
        assert len(connections) == 2, [c.views for c in connections]
        for connection in connections:
            if connection.server_port == PORT:
                accessed(place, connection, 502)
                connection.expect('orderly', 'client')
            else:
                connection.expect('refused', 'server', 'not-listening', certain=('watch',), unsure=('read', 'server'),
                                  saw={'client': 'ECONNREFUSED'}, severity='notable')


CASES = [value for name, value in list(globals().items()) if name.startswith(('a_', 'an_', 'the_'))]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
