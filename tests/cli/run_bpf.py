#!/usr/bin/env python3
"""finis run --tracer bpf: only the program's own tree, and with it what the other end on this host did. Needs the rights
for BPF and for a cgroup. TAP."""

import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from run import CLIENT, FINIS, NOBODY, PATIENCE, Skip, Staged, check, run_cases


def groups():
    return glob.glob('/sys/fs/cgroup/**/finis-run-*', recursive=True)


def bpf(*arguments, **options):
    done = subprocess.run([FINIS, 'run', '--tracer', 'bpf', *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)
    if 'without BPF' in done.stderr:
        raise Skip(done.stderr.strip().splitlines()[0])
    return done


def records(stage, program, *more):
    with Staged(*stage) as staged:
        done = bpf('--all', '--json', *more, '--', sys.executable, '-c', CLIENT + program, env=staged.environment)
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{')]


def what_the_other_end_did_is_known():
    for name, cause in (('unread-data', 'unread-data'), ('reset', 'zero-linger'), ('disconnect', 'disconnect')):
        (found,) = records([name], 'told(); recv(); s.close()')
        check(found, 'reset', 'server', cause)
        assert found['cause'] == cause and found['certainty'] == 'certain' and found['source'] == 'run', found
        assert found['client']['comm'].startswith('python'), found['client']
    (found,) = records(['serve', '--answer', 'hello'], '''
told()
if os.fork() == 0:
    time.sleep(0.4)
    os.kill(os.getpid(), 9)
s.close()
os.wait()''')
    check(found, 'reset', 'client', 'unread-data', 'signal')
    assert found['to_client']['unread'] == 5, found


def only_the_tree_is_told():
    with Staged('serve', '--answer', 'hello') as staged:
        outside = subprocess.Popen([sys.executable, '-c', 'import time\nfor i in range(1000):\n    ' + '\n    '.join(
            (CLIENT + 's.close(); time.sleep(0.1)').strip().splitlines())], env=staged.environment)
        done = bpf('--all', '--json', '--', 'sh', '-c', f'"{sys.executable}" -c "$PROGRAM" & wait; true',
                   env={**staged.environment, 'PROGRAM': CLIENT + 's.recv(5); time.sleep(0.5); s.close()'})
        assert outside.poll() is None, 'the program beside it did not run'
        outside.kill()
        outside.wait()
    found = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{')]
    assert len(found) == 1, found
    check(found[0], 'orderly', 'client', act='close')


def who_leaves_his_parents_is_still_of_the_tree():
    (found,) = records(['serve', '--answer', 'hello'], '''
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(0.5)
        os._exit(0)
    os._exit(0)
os.wait()
s.close()''')
    check(found, 'reset', 'client', 'unread-data', 'exit')


def nothing_of_the_program_is_changed():
    for command in (['sh', '-c', 'exit 42'], ['sh', '-c', 'kill -9 $$'], ['sh', '-c', 'echo out; echo error >&2; exit 3'], ['cat', '/etc/passwd']):
        bare = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        done = bpf('--output', '/dev/null', '--', *command)
        status = bare.returncode if bare.returncode >= 0 else 128 - bare.returncode
        # Others of this host may end more connections meanwhile than there is room for.
        said = re.sub(r'^finis run: \d+ events of this host were missed or found no room, .*\n', '', done.stderr, flags=re.M)
        assert (done.returncode, done.stdout, said) == (status, bare.stdout, bare.stderr), (command, done)
    assert bpf('--', '/nonexistent').returncode == 127
    assert bpf('--', '/etc/passwd').returncode == 126
    done = bpf('--output', '/dev/null', '--', 'grep', '-E', 'NoNewPrivs|CapEff|Sig(Pnd|Blk|Ign)', '/proc/self/status')
    bare = subprocess.run(['grep', '-E', 'NoNewPrivs|CapEff|Sig(Pnd|Blk|Ign)', '/proc/self/status'], capture_output=True, text=True, check=False)
    assert done.stdout == bare.stdout, done


LONE = r'''
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.recv(1)
s.close()
'''
# More sockets than the ring holds records.
STORM = 10000


def naps(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as status:
        return int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', status.read(), re.M)[1])


def one_end_alone(storm):
    """The record of an end whose other end goes on, while finis sleeps through @storm connections; and what it said."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        with subprocess.Popen([FINIS, 'run', '--tracer', 'bpf', '--all', '--json', '--', sys.executable, '-c', LONE, str(port)],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            listener.settimeout(PATIENCE)
            other, _ = listener.accept()
            process.send_signal(signal.SIGSTOP)
            for _ in range(storm):
                client = socket.create_connection(('127.0.0.1', port))
                listener.accept()[0].close()
                client.close()
            awake = naps(process.pid)
            process.send_signal(signal.SIGCONT)
            # It sleeps again when it has read all there was; before, what we are after might find no room either.
            while naps(process.pid) < awake + 3:
                time.sleep(0.01)
            other.send(b'x')
            said = process.stderr.read()
            assert process.wait(PATIENCE) == 0, said
        other.close()
    (found,) = [json.loads(line) for line in said.splitlines() if line.startswith('{')]
    assert not found['seen']['both_ends'], found
    return found, said


def what_was_lost_makes_one_end_alone_doubtful():
    bpf('--', 'true')
    found, said = one_end_alone(STORM)
    assert 'events of this host were missed or found no room' in said, said
    assert found['seen']['gaps'], found
    # Others of this host may lose some meanwhile.
    found, said = one_end_alone(0)
    assert found['seen']['gaps'] == ('found no room' in said), (found, said)


def a_signal_reaches_the_program():
    bpf('--', 'true')
    with subprocess.Popen([FINIS, 'run', '--tracer', 'bpf', '--', 'sh', '-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == 'ready\n'
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 9


def nothing_is_left_behind():
    bpf('--', 'true')
    with tempfile.TemporaryDirectory() as folder:
        done = os.path.join(folder, 'done')
        with subprocess.Popen([FINIS, 'run', '--tracer', 'bpf', '--', 'sh', '-c', f'echo ready; sleep 1; touch {done}'],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout.readline() == 'ready\n'
            group = [path for path in groups() if path.endswith(f'-{process.pid}')]
            assert len(group) == 1, group
            process.kill()
            process.wait()
        for _ in range(10 * PATIENCE):
            time.sleep(0.1)
            if os.path.exists(done) and not os.path.exists(group[0]):
                break
        assert os.path.exists(done), 'the program did not outlive finis'
        assert not os.path.exists(group[0]), group


def without_rights_it_says_so_and_auto_goes_on():
    if os.geteuid() != 0 or not shutil.which('setpriv'):
        raise Skip('only root can give rights up, by setpriv')
    with tempfile.TemporaryDirectory(dir='/tmp') as folder:
        os.chmod(folder, 0o755)
        copy = shutil.copy(FINIS, os.path.join(folder, 'finis'))
        prefix = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all', copy, 'run']
        for way, status, out in ('bpf', 125, ''), ('auto', 0, 'ran\n'):
            done = subprocess.run([*prefix, '--tracer', way, '--', 'echo', 'ran'], capture_output=True, text=True, check=False,
                                  timeout=PATIENCE, cwd='/')
            assert (done.returncode, done.stdout) == (status, out), done
            assert 'finis run: without BPF: ' in done.stderr, done


def what_does_not_fit_together_is_refused():
    for arguments in (['--calls', '--', 'true'], ['--where', '--', 'true'], ['-p', '1']):
        done = subprocess.run([FINIS, 'run', '--tracer', 'bpf', *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 125 and done.stderr.startswith('finis run: --tracer bpf: '), done
    assert subprocess.run([FINIS, 'run', '--tracer', 'magic', '--', 'true'], capture_output=True, check=False).returncode == 125


CASES = [
    what_the_other_end_did_is_known,
    only_the_tree_is_told,
    who_leaves_his_parents_is_still_of_the_tree,
    nothing_of_the_program_is_changed,
    what_was_lost_makes_one_end_alone_doubtful,
    a_signal_reaches_the_program,
    nothing_is_left_behind,
    without_rights_it_says_so_and_auto_goes_on,
    what_does_not_fit_together_is_refused,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
