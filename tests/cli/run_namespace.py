#!/usr/bin/env python3
"""finis run where the program's sockets live in another network namespace than finis: what their kernel tells of their end
is heard all the same, or it is said that it is not. TAP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

from run import FINIS, NOBODY, PATIENCE, Skip, run_cases
from run_programs import forbidding

SETNS = {'x86_64': 308, 'aarch64': 268}

# Each pair in a namespace of its own, all with the same addresses and ports.
PAIR = '''
import ctypes, fcntl, os, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def enter(flags=0x40000000):
    if libc.unshare(flags) < 0:
        sys.exit(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack('16sH14x', b'lo', 0x41))

def pair():
    with socket.create_server(('127.0.0.1', 8080)) as listener:
        near = socket.create_connection(listener.getsockname(), source_address=('127.0.0.1', 40000))
        return near, listener.accept()[0]
'''

RESETS = '''
near, far = pair()
far.send(b'hello')
near.close()
time.sleep(0.1)
far.close()
'''


def records(program, prefix=(), python=sys.executable, finis=FINIS, **options):
    done = subprocess.run([finis, 'run', '--tracer', 'ptrace', '--all', '--json', '--', *prefix, python, '-c', PAIR + program],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    if done.returncode == 77 or 'Operation not permitted' in done.stderr and 'unshare' in done.stderr:
        raise Skip('a network namespace of its own needs root, or a user namespace')
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{')], done.stderr


def root():
    if os.geteuid() != 0:
        raise Skip('entering a network namespace without a user namespace needs root')


def only(found):
    assert len(found) == 1, found
    return found[0]


def what_its_kernel_tells_is_heard():
    root()
    found, said = records('enter()\n' + RESETS)
    one = only(found)
    assert (one['ending'], one['ended_by'], one['cause'], one['certainty']) == ('reset', 'client', 'unread-data', 'certain'), one
    assert one['to_client']['unread'] == 5 and one['client']['port'] == 40000, one
    assert 'namespace' not in said, said


def without_root_it_is_heard_in_ones_own_user_namespace():
    def become_nobody():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if os.geteuid() != 0:
        found, said = records('enter(0x50000000)\n' + RESETS)
    elif not os.path.exists('/usr/bin/python3'):
        raise Skip('the Python that runs this may be out of reach for another user')
    else:
        with tempfile.TemporaryDirectory(dir='/tmp') as folder:
            os.chmod(folder, 0o755)
            found, said = records('enter(0x50000000)\n' + RESETS, python='/usr/bin/python3', preexec_fn=become_nobody, cwd='/',
                                  finis=shutil.copy(FINIS, folder))
    one = only(found)
    assert (one['cause'], one['certainty']) == ('unread-data', 'certain'), one
    assert 'namespace' not in said, said


def two_with_the_same_addresses_are_two():
    root()
    found, _ = records('''
enter()
first = pair()
first[1].send(b'hello')
enter()
second = pair()
first[0].close()
second[0].close()
time.sleep(0.3)
first[1].close()
second[1].close()
time.sleep(0.3)
''')
    assert len(found) == 2, found
    assert sorted((one['ending'], one['certainty'], one['seen']['sides']) for one in found) == [
        ('orderly', 'certain', 'both'), ('reset', 'certain', 'both')], found


def where_it_may_not_be_entered_that_is_said_once():
    root()
    if os.uname().machine not in SETNS:
        raise Skip('the number of setns() is not known here')
    found, said = records('for _ in range(2):\n    enter()\n' + RESETS.replace('\n', '\n    '),
                          preexec_fn=forbidding(SETNS[os.uname().machine]))
    assert len(found) == 2, found
    for one in found:
        assert (one['ending'], one['cause'], one['certainty']) == ('reset', 'unread-data', 'likely'), one
    assert said.count('network namespace') == 1 and 'Operation not permitted' in said, said


def no_namespace_is_kept():
    """A device goes with its namespace: not before the last listener has left it."""
    root()
    if not shutil.which('ip'):
        raise Skip('ip is not installed')
    found, _ = records('''
import subprocess
name = f'finis{os.getpid() % 10000}'
child = os.fork()
if child == 0:
    enter()
    subprocess.run(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name + 'p'], check=True)
    subprocess.run(['ip', 'link', 'set', name + 'p', 'netns', str(os.getppid())], check=True)
''' + RESETS.replace('\n', '\n    ') + '''
    os._exit(0)
os.waitpid(child, 0)
deadline = time.monotonic() + 20
while os.path.exists(f'/sys/class/net/{name}p') and time.monotonic() < deadline:
    time.sleep(0.05)
sys.exit(os.path.exists(f'/sys/class/net/{name}p'))
''', prefix=['unshare', '--net', '--mount', '--propagation', 'private', 'sh', '-c',
             'mount -t sysfs finis /sys && exec "$@"', 'sh'])
    assert only(found)['certainty'] == 'certain', found


CASES = [
    what_its_kernel_tells_is_heard,
    without_root_it_is_heard_in_ones_own_user_namespace,
    two_with_the_same_addresses_are_two,
    where_it_may_not_be_entered_that_is_said_once,
    no_namespace_is_kept,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
