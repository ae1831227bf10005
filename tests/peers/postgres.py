#!/usr/bin/env python3
"""PostgreSQL and psql: backends that are terminated, killed, timed out; the server's log, and what finis says. TAP."""

import atexit
import functools
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from place import FINIS, Place, await_that
from plays import Skip, line_in, need, one, run_plays

PORT = 5432
ONE = threading.Lock()


@functools.cache
def cluster():
    """Where the programs are, and an empty cluster to copy: made once."""
    found = sorted(glob.glob('/usr/lib/postgresql/*/bin/postgres'), key=lambda path: int(path.split('/')[4]))
    if not found:
        raise Skip('postgres is not installed')
    try:
        owner = pwd.getpwnam('postgres')
    except KeyError:
        raise Skip('there is no user postgres, and the server does not run as root') from None
    who = ['setpriv', f'--reuid={owner.pw_uid}', f'--regid={owner.pw_gid}', '--clear-groups']
    if subprocess.run([*who, 'test', '-x', FINIS], check=False).returncode != 0:
        raise Skip(f'the user postgres may not run {FINIS}')
    folder = tempfile.mkdtemp(prefix='finis-peers-cluster-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    programs = os.path.dirname(found[-1])
    subprocess.run([*who, f'{programs}/initdb', '--no-sync', '--auth=trust', '--locale=C', '-D', f'{folder}/data'], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True, cwd='/', env={'PATH': os.environ['PATH']})
    return programs, folder, owner


def postgres(place, *settings):
    need('psql')
    with ONE:
        programs, folder, owner = cluster()
    subprocess.run(['cp', '-a', f'{folder}/data', place.path('data')], check=True)
    options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'restart_after_crash=off', *settings]
    server = place.serve('server', PORT, f'{programs}/postgres', '-D', place.path('data'), *(w for o in options for w in ('-c', o)),
                         user=owner.pw_name)
    server.await_words('ready to accept connections')  # until then it listens, and turns clients away
    server.stops_at = signal.SIGINT  # which waits for no client
    return server


def psql(place, *words, name='client', settings='', **options):
    options.setdefault('options', ['--calls'])
    url = f'host=127.0.0.1 port={PORT} user=postgres dbname=postgres {settings}'
    return place.start(name, 'psql', '-X', '-A', '-t', url, *words, **options)


def ask(place, query):
    """As another client, beside; a word of the answer."""
    done = place.run('psql', '-X', '-A', '-t', f'host=127.0.0.1 port={PORT} user=postgres dbname=postgres', '-c', query)
    return done.stdout.strip()


def backend(place, query='pg_sleep'):
    """The process that serves the client, once it works on its query."""
    found = []
    await_that('the query runs', lambda: found.extend(ask(
        place, f"select pid from pg_stat_activity where query like '%{query}%' and pid <> pg_backend_pid()").split()) or found)
    return int(found[0])


def logged(place, pattern):
    return line_in(place.traced[0].words(), pattern, 'PostgreSQL')


def the_clients(connections):
    return one([c for c in connections if 'client' in c.views])


SLEEP = ('-c', 'select pg_sleep(60)')


def a_terminated_backend_says_so_and_closes():
    with Place() as place:
        server = postgres(place)
        client = psql(place, *SLEEP)
        backend(place)
        assert ask(place, "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'") == 't'
        assert client.wait() == 2
        connection = the_clients(place.told(server))
        logged(place, 'FATAL:  terminating connection due to administrator command')
        assert 'terminating connection due to administrator command' in client.words(), client.words()
        connection.expect('orderly', 'server', acts={'server': 'exit', 'client': 'close'}, severity='fine')


def an_immediate_shutdown_ends_every_client_in_order():
    with Place() as place:
        server = postgres(place)
        client = psql(place, *SLEEP)
        backend(place)
        server.kill(signal.SIGQUIT)
        assert client.wait() == 2
        server.wait()
        connection = the_clients(place.told())
        logged(place, 'received immediate shutdown request')
        assert 'server closed the connection unexpectedly' in client.words(), client.words()
        connection.expect('orderly', 'server', acts={'server': 'exit', 'client': 'close'})


def a_killed_backend_takes_the_others_with_it():
    """The killed one cannot say a word; the postmaster ends the others, which do."""
    with Place() as place:
        server = postgres(place)
        one = psql(place, *SLEEP)
        killed = backend(place)
        other = psql(place, '-c', 'select pg_sleep(61)', name='other')
        backend(place, 'pg_sleep(61)')
        os.kill(killed, signal.SIGKILL)
        assert one.wait() == 2 and other.wait() == 2
        connections = place.told(server)
        logged(place, rf'server process \(PID {killed}\) was terminated by signal 9: Killed')
        assert 'server closed the connection unexpectedly' in one.words(), one.words()
        assert 'because of crash of another server process' in other.words(), other.words()
        the_clients(connections).expect('orderly', 'server', acts={'server': 'signal', 'client': 'close'})
        (second,) = [c for c in connections if 'other' in c.views]
        second.expect('orderly', 'server', acts={'server': 'exit', 'client': 'close'})


def a_backend_killed_with_a_query_unread_sends_a_reset():
    with Place() as place:
        server = postgres(place)
        talk = subprocess.PIPE
        client = psql(place, stdin=talk)
        client.process.stdin.write(b"select 'here' || 1;\n")
        client.process.stdin.flush()
        client.await_words('here1')
        stopped = backend(place, 'here')
        os.kill(stopped, signal.SIGSTOP)
        client.process.stdin.write(b"select 'and here';\n")
        client.process.stdin.flush()
        time.sleep(0.5)
        os.kill(stopped, signal.SIGKILL)
        client.process.stdin.close()
        client.wait()
        connection = the_clients(place.told(server))
        logged(place, rf'server process \(PID {stopped}\) was terminated by signal 9: Killed')
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'server', 'unread-data', certain=('server', 'watch'), unsure=('read', 'client'),
                          acts={'server': 'signal'}, saw={'client': 'ECONNRESET'}, severity='bad', to_server__fate='lost')


def a_session_idle_for_too_long_loses_the_query_that_comes_after():
    with Place() as place:
        server = postgres(place, 'idle_session_timeout=1s')
        client = psql(place, stdin=subprocess.PIPE)
        client.process.stdin.write(b"select 'here' || 1;\n")
        client.process.stdin.flush()
        client.await_words('here1')
        time.sleep(2)
        client.process.stdin.write(b"select 'lost';\n")
        client.process.stdin.close()
        assert client.wait() == 2
        connection = the_clients(place.told(server))
        logged(place, 'FATAL:  terminating connection due to idle-session timeout')
        assert 'terminating connection due to idle-session timeout' in client.words(), client.words()
        assert place.counter('TCPAbortOnClose') == 0
        connection.expect('reset', 'server', 'data-after-close', certain=('watch',), likely=('read',), acts={'server': 'exit'},
                          to_server__fate='lost', retry={'read': 'safe'}, severity='bad')


def a_client_killed_in_a_transaction_is_an_unexpected_end_to_the_server():
    with Place() as place:
        server = postgres(place)
        client = psql(place, stdin=subprocess.PIPE)
        client.process.stdin.write(b"begin; select 'here' || 1;\n")
        client.process.stdin.flush()
        client.await_words('here1')
        client.kill()
        client.wait()
        connection = the_clients(place.told(server))
        logged(place, 'unexpected EOF on client connection with an open transaction')
        connection.expect('orderly', 'client', acts={'client': 'signal', 'server': 'exit'}, severity='fine')


def a_client_killed_with_rows_unread_is_logged_as_reset_or_broken_pipe():
    with Place() as place:
        server = postgres(place)
        client = psql(place, '-c', "select repeat('x', 1000) || pg_sleep(0) from generate_series(1, 200000)", '-o', '/dev/null', options=())
        await_that('rows come', lambda: any(line for line in place.sockets('01')))
        time.sleep(0.2)
        os.kill(client.pid, signal.SIGSTOP)
        time.sleep(0.7)
        client.kill()
        client.wait()
        connection = the_clients(place.told(server))
        logged(place, 'could not send data to client: (Connection reset by peer|Broken pipe)|connection to client lost')
        assert place.counter('TCPAbortOnClose') == 1
        connection.expect('reset', 'client', 'unread-data', certain=('client', 'watch'), unsure=('read', 'server'),
                          acts={'client': 'signal'}, severity={'watch': 'bad'}, to_client__fate='lost')


def dropping(place):
    """From now on nothing arrives at the server; what was sent is in the capture all the same."""
    need('nft')
    rules = f'add table ip t; add chain ip t c {{ type filter hook input priority 0; }}; add rule ip t c tcp dport {PORT} drop'
    done = place.run('nft', rules)
    if done.returncode:
        raise Skip(f'nft: {done.stderr.strip()}')


def a_server_that_nothing_reaches_any_more_is_given_up_by_keepalive():
    with Place() as place:
        server = postgres(place)
        client = psql(place, *SLEEP, settings='keepalives_idle=1 keepalives_interval=1 keepalives_count=3')
        backend(place)
        dropping(place)
        assert client.wait() == 2
        place.run('nft', 'delete table ip t')
        connection = the_clients(place.told(server))
        assert 'could not receive data from server: Connection timed out' in client.words(), client.words()
        assert place.counter('TCPAbortOnTimeout') == 1
        # The server heard nothing of all that, until it said its last words to a client that was gone.
        assert connection.views.pop('server')['ending'] == 'reset'
        connection.expect('timed-out', 'client', 'keepalive', certain=('watch',), likely=('read',), saw={'client': 'ETIMEDOUT'},
                          silent='server', severity='bad', counted=False)


def a_query_that_nothing_answers_is_given_up_by_user_timeout():
    with Place() as place:
        server = postgres(place)
        client = psql(place, stdin=subprocess.PIPE, settings='tcp_user_timeout=1500')
        client.process.stdin.write(b"select 'here' || 1;\n")
        client.process.stdin.flush()
        client.await_words('here1')
        dropping(place)
        client.process.stdin.write(b"select 'lost';\n")
        client.process.stdin.close()
        assert client.wait() == 2
        place.run('nft', 'delete table ip t')
        connection = the_clients(place.told(server))
        assert 'Connection timed out' in client.words(), client.words()
        assert place.counter('TCPAbortOnTimeout') == 1
        connection.views.pop('server')
        connection.expect('timed-out', 'client', 'user-timeout', certain=('watch',), unsure=('read',), saw={'client': 'ETIMEDOUT'},
                          silent='server', severity='bad', to_server__fate={'watch': 'lost', 'read': 'uncertain'}, counted=False)


CASES = [value for name, value in list(globals().items()) if name.startswith(('a_', 'an_'))]

if __name__ == '__main__':
    sys.exit(run_plays(CASES))
