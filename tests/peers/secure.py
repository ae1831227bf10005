#!/usr/bin/env python3
"""nginx over TLS and over IPv6, its worker under another user, and finis run attached to a worker that runs. TAP."""

import grp
import os
import pwd
import subprocess
import sys

from nginx import CONF
from place import PATH, Place, await_that
from plays import need, run_plays, talk

PORT, SECURE_PORT = 8080, 8443
# The worker is nobody's, the master root's.
NOBODY = f"user nobody {grp.getgrgid(pwd.getpwnam('nobody').pw_gid).gr_name};"
OTHERS = CONF.replace('user root;', NOBODY).replace('listen 127.0.0.1:8080;', 'listen [::1]:8080; {listen}')
SECURE = 'listen [::1]:8443 ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;'
SECURE_CLIENT = """
import ssl
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
plain = socket.create_connection(('::1', 8443))
s = context.wrap_socket(plain)
s.sendall(b'GET /small HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
head, body = b'', 0
while b'\\r\\n\\r\\n' not in head:
    head += s.recv(4096)
want = int(head.lower().split(b'content-length:')[1].split()[0])
body = len(head.split(b'\\r\\n\\r\\n', 1)[1])
while body < want:
    body += len(s.recv(4096))
print('read', body, flush=True)
"""


def nginx(place, listen='', server=''):
    """As a program that nobody traces."""
    need('nginx')
    os.makedirs(place.path('files'))
    place.write('files/small', 'all is well\n' * 100)
    conf = place.write('nginx.conf', OTHERS.replace('{listen}', listen.format(folder=place.folder))
                       .format(folder=place.folder, server=server, http=''))
    with open(place.path('nginx.said'), 'wb') as said:
        started = subprocess.Popen([*place.inside, 'nginx', '-c', conf, '-p', place.folder, '-e', place.path('error.log')],
                                   stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, 'PATH': PATH})
    await_that('nginx listens', lambda: place.listens(PORT), started)
    return started


def secure(place, server=''):
    need('openssl')
    made = place.run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-days', '1', '-keyout',
                     place.path('key.pem'), '-out', place.path('cert.pem'))
    assert made.returncode == 0, made.stderr
    return nginx(place, SECURE, server)


def worker_of(place, master):
    """nginx becomes the master in the process that nsenter was."""
    found = []

    def is_there():
        found[:] = place.children_of(master.pid)
        return found
    await_that('nginx has a worker', is_there, master)
    assert os.stat(f'/proc/{found[0]}').st_uid != 0
    return found[0]


def of_port(connections, port):
    found = [c for c in connections if c.server_port == port]
    assert len(found) == 1, [c.views for c in connections]
    return found[0]


def over_ipv6_a_worker_of_another_user_is_seen_by_who_attaches_to_it():
    """finis run -p on a worker that serves already: its keepalive is over, and the client's next request meets a closed socket."""
    with Place() as place:
        master = nginx(place, server='keepalive_timeout 1s;')
        server = place.attach('server', worker_of(place, master))
        talk(place, PORT, """
s.sendall(b'GET /small HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
time.sleep(2)
told(s.send, b'GET /small HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
time.sleep(0.2)
told(s.send, b'more')
""", at='::1')
        place.detach(server)
        connection = of_port(place.told(), PORT)
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), acts={'server': 'close'},
                          saw={'client': 'EPIPE+SIGPIPE'}, severity='bad')
        record = connection.views['watch']
        assert record['server']['comm'] == 'nginx' and record['client']['ip'] == '::1', record


def over_tls_an_exchange_ends_in_order():
    with Place() as place:
        secure(place)
        client = talk(place, PORT, SECURE_CLIENT + 's.close()', at='::1', first=False)
        connection = of_port(place.told(), SECURE_PORT)
        assert 'read 1200' in client.words(), client.words()
        connection.expect('orderly', 'client', acts={'client': 'close', 'server': 'close'}, severity='fine')


def over_tls_a_good_bye_that_meets_a_closed_socket_is_fine():
    """nginx closes after its time-out; the client's close_notify then draws a RST that nobody needs to care about."""
    with Place() as place:
        secure(place, 'keepalive_timeout 1s;')
        client = talk(place, PORT, SECURE_CLIENT + """
time.sleep(2)
try:
    s.unwrap()
except (OSError, ValueError) as error:
    print('unwrap', error)
time.sleep(0.2)
""", at='::1', first=False)
        connection = of_port(place.told(), SECURE_PORT)
        assert 'read 1200' in client.words(), client.words()
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), acts={'server': 'close'}, severity='fine')


if __name__ == '__main__':
    sys.exit(run_plays([
        over_ipv6_a_worker_of_another_user_is_seen_by_who_attaches_to_it,
        over_tls_an_exchange_ends_in_order,
        over_tls_a_good_bye_that_meets_a_closed_socket_is_fine,
    ]))
