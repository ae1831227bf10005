"""A place for one play: a network namespace with nothing but loopback, a directory, a capture of all that passes, and
`finis watch`. Programs in it run under `finis run`. All of it is gone at the end, however the play ends.
"""

import collections
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from plays import PATH, TELL, Skip, Told, need
from views import Connection

ROOT = pathlib.Path(os.environ.get('FINIS_SOURCE', pathlib.Path(__file__).resolve().parents[2]))
FINIS = os.environ.get('FINIS', str(ROOT / 'build' / 'src' / 'cli' / 'finis'))
PATIENCE = 30
FORMAT = [] if TELL else ['--json']

# A directory in which the logs, records and captures of all plays are kept.
KEEP = os.environ.get('PEERS_KEEP')

HOLD = 'ip link set lo up && echo ready && exec cat'
# For servers that insist on a directory there. In a chroot that is no mount point no mount can be made
# without it showing outside: there is the /run that all have.
OWN_RUN = 'mount -t tmpfs -o mode=755 tmpfs /run && mkdir -m 755 /run/sshd && '
SAME_RUN = 'mkdir -p -m 755 /run/sshd && '
IN_A_CHROOT = 'cannot change root filesystem propagation'


def await_that(what, is_so, process=None):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if process and process.poll() == 125:
            raise Skip('finis run cannot trace here')
        if process and process.poll() is not None:
            raise AssertionError(f'{what}: the program ended with {process.returncode}')
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}: not within {PATIENCE} s')
        time.sleep(0.02)


def records_of(path):
    """The last revision of each record."""
    lines = pathlib.Path(path).read_text(encoding='utf-8').splitlines() if os.path.exists(path) else []
    return list({record['id']: record for record in map(json.loads, lines)}.values())


def children_of(pid):
    """Those of its first thread, the oldest first; none if it is gone."""
    try:
        return [int(child) for child in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
    except OSError:
        return []


def is_finis(pid):
    try:
        # nsenter and setpriv stand before finis in the same process.
        return os.path.basename(os.readlink(f'/proc/{pid}/exe')) in (os.path.basename(FINIS), 'nsenter', 'setpriv')
    except OSError:
        return False


class Traced:
    """A program under finis run, or, where there is no command, one that @options say how to attach to."""

    def __init__(self, place, name, command, options, env, user, stdin):
        self.place, self.name, self.stops_at = place, name, signal.SIGTERM
        self.out, self.said = place.path(f'{name}.finis'), place.path(f'{name}.said')
        who = []
        if user:
            entry = pwd.getpwnam(user)
            who = ['setpriv', f'--reuid={entry.pw_uid}', f'--regid={entry.pw_gid}', '--clear-groups']
            for path in self.out, self.said:
                pathlib.Path(path).touch()
                os.chown(path, entry.pw_uid, entry.pw_gid)
        with open(self.said, 'ab') as said:
            self.process = subprocess.Popen(
                [*place.inside, *who, FINIS, 'run', '--all', *FORMAT, *options, '--output', self.out,
                 *(['--', *command] if command else [])],
                stdin=stdin, stdout=said, stderr=said, cwd=place.folder, env={**os.environ, 'PATH': PATH, 'LC_ALL': 'C.UTF-8',
                                                                              'HOME': place.folder, **env})

    @property
    def pid(self):
        """The program itself: what finis, in however many processes, has started."""
        found = [self.process.pid]

        def started():
            while (below := children_of(found[0])) and is_finis(found[0]):
                found[0] = below[0]
            return not is_finis(found[0])
        await_that(f'{self.name} starts', started, self.process)
        return found[0]

    def children(self):
        return children_of(self.pid)

    def poll(self):
        return self.process.poll()

    @property
    def returncode(self):
        return self.process.returncode

    def await_words(self, pattern, path=None):
        path = path or self.said
        await_that(f'{self.name} says {pattern}', lambda: re.search(pattern, self.words(path)), self.process)

    def words(self, path=None):
        path = pathlib.Path(path or self.said)
        return path.read_text(encoding='utf-8', errors='replace') if path.exists() else ''

    def kill(self, number=signal.SIGKILL):
        os.kill(self.pid, number)

    def wait(self):
        return self.process.wait(PATIENCE)


class Place:
    def __enter__(self):
        need('unshare', 'nsenter', 'ip', 'tcpdump', 'setpriv')
        self.folder = tempfile.mkdtemp(prefix='finis-peers-')
        os.chmod(self.folder, 0o755)
        self.traced, self.holder, self.tcpdump, self.watch = [], None, None, None
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        why = self.hold(['--net', '--mount'], OWN_RUN)
        if why and IN_A_CHROOT in why:
            why = self.hold(['--net'], SAME_RUN)
        if why:
            raise Skip(f'no network namespace: {why}')
        self.netns = os.stat(f'/proc/{self.holder.pid}/ns/net').st_ino
        self.capture = self.path('capture.pcap')
        # Heads are enough, and leave room for more of them.
        self.tcpdump = subprocess.Popen([*self.inside, 'tcpdump', '-Z', 'root', '-i', 'lo', '-U', '--immediate-mode', '-s', '256',
                                         '-B', '65536', '-w', self.capture, 'tcp'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, 'PATH': PATH})
        self.tcpdump.stderr.readline()
        await_that('tcpdump listens', lambda: os.path.exists(self.capture) and os.path.getsize(self.capture) >= 24, self.tcpdump)
        self.watch = subprocess.Popen([FINIS, 'watch', '--all', *FORMAT, '--output', self.path('watch.finis'),
                                       *([f'port={TELL}'] if TELL else [])],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.watches = 'by tracepoints' in self.watch.stderr.readline()

    def hold(self, namespaces, first):
        """Begins a process in namespaces of its own; why that cannot be, or None."""
        self.holder = subprocess.Popen(['unshare', *namespaces, 'sh', '-c', first + HOLD], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.inside = ['nsenter', f'--target={self.holder.pid}', *namespaces, '--']
        if self.holder.stdout.readline() == 'ready\n':
            return None
        why = self.holder.communicate()[1].strip() or 'nothing was said'
        self.holder = None
        return why

    def __exit__(self, *_):
        for process in (self.tcpdump, self.watch):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        # Every process in a namespace that we made is ours.
        while self.holder and (left := self.processes()):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for traced in self.traced:
                traced.process.poll()
            time.sleep(0.02)
        if self.holder:
            self.holder.communicate()
        if KEEP:
            shutil.copytree(self.folder, os.path.join(KEEP, os.path.basename(self.folder)), ignore=shutil.ignore_patterns('data'))
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self):
        found = []
        for entry in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                if os.stat(entry / 'ns/net').st_ino == self.netns and int(entry.name) != self.holder.pid:
                    found.append(int(entry.name))
            except (OSError, AttributeError):
                continue
        return found

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        pathlib.Path(self.path(name)).write_text(text, encoding='utf-8')
        return self.path(name)

    def run(self, *command, **options):
        """A tool of ours in the place, not traced."""
        return subprocess.run([*self.inside, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False, cwd=self.folder, env={**os.environ, 'PATH': PATH}, **options)

    def start(self, name, *command, options=(), env=None, user=None, stdin=subprocess.DEVNULL):
        traced = Traced(self, name, command, options, env or {}, user, stdin)
        self.traced.append(traced)
        return traced

    def attach(self, name, pid):
        """finis run on a process that runs already, once it is traced. It ends by detach()."""
        traced = Traced(self, name, (), ('-p', str(pid)), {}, None, subprocess.DEVNULL)
        self.traced.append(traced)

        def is_traced():
            found = re.search(r'TracerPid:\s*(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text())
            return found and found[1] != '0'
        await_that(f'{name} is traced', is_traced, traced.process)
        return traced

    @staticmethod
    def detach(traced):
        traced.process.send_signal(signal.SIGINT)
        traced.wait()

    @staticmethod
    def children_of(pid):
        return children_of(pid)

    def serve(self, name, port, *command, **options):
        """A server, once it listens."""
        server = self.start(name, *command, **options)
        await_that(f'{name} listens\n{server.words()}', lambda: self.listens(port), server)
        return server

    def client(self, *command, **options):
        """A client, to its end, each of its calls followed; its words and its status."""
        options.setdefault('options', ['--calls'])
        client = self.start('client', *command, **options)
        client.wait()
        return client

    def sockets(self, state):
        """(own port, other port) of the sockets here in a state of /proc/net/tcp."""
        for table in 'tcp', 'tcp6':
            for line in pathlib.Path(f'/proc/{self.holder.pid}/net/{table}').read_text().splitlines()[1:]:
                own, other, this = line.split()[1:4]
                if this == state:
                    yield int(own.rsplit(':', 1)[1], 16), int(other.rsplit(':', 1)[1], 16)

    def listens(self, port):
        return (port, 0) in self.sockets('0A')

    def counter(self, name):
        """What the kernel counted in this namespace: TcpExt:TCPAbortOnClose and its like."""
        for table in 'snmp', 'netstat':
            lines = pathlib.Path(f'/proc/{self.holder.pid}/net/{table}').read_text().splitlines()
            for head, values in zip(lines[::2], lines[1::2]):
                if name in head.split():
                    return int(values.split()[head.split().index(name)])
        raise KeyError(name)

    def stop(self, server):
        if server.poll() is None:
            server.kill(server.stops_at)
            server.wait()

    def told(self, server=None, pause=1.3):
        """Ends the play: what each witness says, by the client's port. The server is stopped last."""
        time.sleep(pause)
        if server:
            self.stop(server)
            time.sleep(0.2)
        for traced in self.traced:
            if traced.poll() is None:
                self.stop(traced)
        self.tcpdump.send_signal(signal.SIGINT)
        said = self.tcpdump.communicate(timeout=PATIENCE)[1]
        if not re.search(r'^0 packets dropped by kernel', said, re.M):
            raise AssertionError(f'tcpdump lost packets: {said}')
        self.watch.send_signal(signal.SIGINT)
        self.watch.communicate(timeout=PATIENCE)
        read = subprocess.run([FINIS, 'read', '--all' if TELL else '--json', self.capture], capture_output=True, text=True,
                              check=True)
        if TELL:
            for path in [traced.out for traced in self.traced] + [self.path('watch.finis')]:
                print(f'--- {os.path.basename(path)}\n{pathlib.Path(path).read_text()}')
            print(f'--- read\n{read.stdout}\n--- said')
            for traced in self.traced:
                print(f'[{traced.name}, {traced.returncode}] {traced.words()[-1500:]}')
            for log in sorted(pathlib.Path(self.folder).glob('*.log')):
                print(f'[{log.name}]\n{log.read_text()[-1500:]}')
            raise Told
        views = collections.defaultdict(dict)
        self.write('read.finis', read.stdout)
        for traced in self.traced:
            if traced.returncode == 125:
                raise Skip(f'finis run cannot trace here: {traced.words()[-200:]}')
        sources = [(traced.name, traced.out) for traced in self.traced] + [('read', self.path('read.finis'))]
        if self.watches:
            sources.append(('watch', self.path('watch.finis')))
        for name, path in sources:
            for record in records_of(path):
                if name == 'watch' and self.netns not in (record['client']['netns'], record['server']['netns']):
                    continue
                port = record['client']['port']
                if name in views[port]:
                    raise AssertionError(f'{name} tells of port {port} twice:\n{record}\n{views[port][name]}')
                views[port][name] = record
        return [Connection(port, views[port]) for port in sorted(views)]
