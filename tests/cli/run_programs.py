#!/usr/bin/env python3
"""finis run under programs of all kinds: static ones, Go, io_uring; and what becomes of a program when finis is killed, or
the job is stopped. TAP."""

import ctypes
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from run import CLIENT, FINIS, NOBODY, PATIENCE, Skip, Staged, check, run_cases

C = r'''
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("FINIS_STAGE_PORT")))};
        int s = socket(AF_INET, SOCK_STREAM, 0);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(s, (void *)&to, sizeof(to)) < 0 || send(s, "question", 8, 0) != 8)
                return 1;
        poll(&(struct pollfd){.fd = s, .events = POLLIN}, 1, 20000);
        usleep(200000);
        return close(s);
}
'''

GO = r'''
package main

import (
        "fmt"
        "net"
        "os"
        "syscall"
        "time"
)

func main() {
        c, err := net.Dial("tcp", "127.0.0.1:"+os.Getenv("FINIS_STAGE_PORT"))
        if err != nil {
                panic(err)
        }
        done := make(chan bool)
        go func() {
                c.Write([]byte("question"))
                if len(os.Args) > 1 {
                        time.Sleep(200 * time.Millisecond)
                        _, err := c.Read(make([]byte, 100))
                        fmt.Println(err)
                } else if raw, err := c.(*net.TCPConn).SyscallConn(); err == nil {
                        // Until the answer is there.
                        raw.Read(func(fd uintptr) bool {
                                n, _, _ := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
                                return n > 0
                        })
                }
                c.Close()
                done <- true
        }()
        <-done
}
'''

# A close that passes no call: a request in the ring, without liburing.
URING = r'''
#include <arpa/inet.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("FINIS_STAGE_PORT")))};
        struct io_uring_params p = {0};
        int s = socket(AF_INET, SOCK_STREAM, 0), ring = (int)syscall(SYS_io_uring_setup, 4, &p);
        if (ring < 0)
                return 77;
        char *sq = mmap(0, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
        struct io_uring_sqe *e = mmap(0, p.sq_entries * sizeof(*e), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(s, (void *)&to, sizeof(to)) < 0 || send(s, "question", 8, 0) != 8)
                return 1;
        usleep(200000);
        memset(e, 0, sizeof(*e));
        e->opcode = IORING_OP_CLOSE;
        e->fd = s;
        ((unsigned *)(sq + p.sq_off.array))[0] = 0;
        __atomic_store_n((unsigned *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
        if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) != 1)
                return 77;
        usleep(300000);
        return 0;
}
'''


def compiled(folder, text, *options):
    program = os.path.join(folder, 'program')
    if not shutil.which('cc'):
        raise Skip('no C compiler here')
    done = subprocess.run(['cc', '-O2', *options, '-x', 'c', '-o', program, '-'], input=text, text=True, check=False, capture_output=True)
    if done.returncode:
        raise Skip('it does not compile here: ' + done.stderr.splitlines()[0])
    return program


def records(stage, *command, options=()):
    with Staged(*stage) as staged:
        done = subprocess.run([FINIS, 'run', '--all', '--json', *options, '--', *command], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE, check=False, env=staged.environment)
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{')], done


def a_static_program_is_followed():
    with tempfile.TemporaryDirectory() as folder:
        (found,), _ = records(['serve', '--answer', 'hello'], compiled(folder, C, '-static'))
    check(found, 'reset', 'client', 'unread-data', 'close')


def a_program_in_go_is_followed():
    if not shutil.which('go'):
        raise Skip('no go here')
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, 'main.go'), os.path.join(folder, 'program')
        with open(source, 'w', encoding='ascii') as file:
            file.write(GO)
        built = subprocess.run(['go', 'build', '-o', program, source], capture_output=True, text=True, check=False, timeout=PATIENCE * 3,
                               env={**os.environ, 'GOCACHE': os.path.join(folder, 'cache'), 'GOFLAGS': '-mod=mod', 'CGO_ENABLED': '0',
                                    'GO111MODULE': 'off'})
        if built.returncode:
            raise Skip('go builds nothing here: ' + built.stderr.splitlines()[-1])
        (found,), _ = records(['serve', '--answer', 'hello'], program)
        check(found, 'reset', 'client', 'unread-data', 'close')
        (found,), done = records(['reset'], program, 'read')
        check(found, 'reset', 'server', 'zero-linger')
        assert 'connection reset by peer' in done.stdout, done
        # Its threads sleep where an interruption is not for them, so the call may go unnamed; but never wrongly.
        assert not found['client_saw'] or found['client_saw'] == [{'call': 'read', 'result': 'ECONNRESET'}], found['client_saw']


THIRTY_TWO = r'''
static int call(int n, int a, void *b, int c)
{
        int r;
        __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
        return r;
}
struct address { unsigned short family, port; unsigned ip; char zero[8]; };
void _start(void)
{
        struct address to = { 2, PORT, 0x0100007f, { 0 } };
        int s = call(359, 2, (void *)1, 0), r = call(362, s, &to, sizeof(to));

        call(1, r < 0, 0, 0);
}
'''


def a_32_bit_program_is_said_and_left_alone():
    """What it holds when it exits is seen; its numbers are not taken for those of other calls."""
    if os.uname().machine != 'x86_64':
        raise Skip('this machine has no such programs')
    with socket.create_server(('127.0.0.1', 0)) as listener, tempfile.TemporaryDirectory() as folder:
        port = socket.htons(listener.getsockname()[1])
        program = compiled(folder, THIRTY_TWO, '-m32', '-nostdlib', '-static', '-fno-stack-protector', f'-DPORT={port}')
        try:
            subprocess.run([program], check=True)
        except (OSError, subprocess.SubprocessError) as why:
            raise Skip('this kernel runs no 32-bit programs') from why
        for options in [], ['--calls']:
            done = subprocess.run([FINIS, 'run', '--all', *options, '--', program], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            assert done.returncode == 0 and '1 connection,' in done.stderr and 'such as a 32-bit one' in done.stderr, done


def io_uring_is_met_and_said():
    with tempfile.TemporaryDirectory() as folder:
        found, done = records(['serve', '--answer', 'hello'], compiled(folder, URING))
    assert 'finis run: the program uses io_uring' in done.stderr, done
    if done.returncode == 77:
        raise Skip('io_uring refuses its service here; that it was met is said')
    assert done.returncode == 0 and len(found) == 1, done
    # Closed without a call: only that it is gone was heard.
    assert found[0]['ending'] == 'unseen' and found[0]['certainty'] == 'possible' and not found[0]['cause'], found


def a_program_outlives_finis_and_keeps_its_calls():
    """SIGKILL, at the moment when calls of every kind go on."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, 'log')
        program = f'''
import os, socket, time
l = socket.create_server(('127.0.0.1', 0))
print('ready', flush=True)
n = 0
end = time.monotonic() + 1.5
while time.monotonic() < end or n <= 10:
    c = socket.create_connection(l.getsockname())
    s, _ = l.accept()
    s.close()
    assert c.recv(1) == b''
    c.close()
    if os.fork() == 0:
        os._exit(0)
    os.wait()
    n += 1
open({log!r} + '.part', 'w').write(f'done {{n > 10}}')
os.rename({log!r} + '.part', {log!r})
'''
        with subprocess.Popen([FINIS, 'run', '--', sys.executable, '-c', program], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            assert process.stdout.readline() == 'ready\n'
            time.sleep(0.3)
            process.kill()
            process.wait()
            await_file(log)
            said = process.stderr.read()
        with open(log, encoding='ascii') as file:
            assert file.read() == 'done True', said
    assert 'Traceback' not in said and 'connection' not in said, said


def await_file(path):
    """What is in it, once there is something."""
    deadline = time.monotonic() + PATIENCE
    while not os.path.exists(path) or not os.path.getsize(path):
        assert time.monotonic() < deadline, f'{path} was not written'
        time.sleep(0.02)
    with open(path, encoding='ascii') as file:
        return file.read()


class Terminal:
    """A shell with job control before a terminal of its own."""

    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1='$ ', TERM='dumb', FINIS=FINIS)
            os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])
        self.text = ''

    def __enter__(self):
        self.wants(r'\$ $')
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGHUP)
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def types(self, text):
        self.text = ''
        os.write(self.fd, text.encode())

    def runs(self, script):
        """A job, once it has begun, and its children are there."""
        self.types(f"$FINIS run -- sh -c 'echo begins; {script}'\r")
        self.wants('begins\r\n')
        time.sleep(0.3)

    def hears_nothing(self, seconds):
        assert not select.select([self.fd], [], [], seconds)[0], os.read(self.fd, 4096)

    def wants(self, pattern):
        end = time.monotonic() + 20
        while not re.search(pattern, self.text):
            ready = select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f'{pattern} did not come: {self.text!r}'
            self.text += os.read(self.fd, 4096).decode(errors='replace')


def a_job_can_be_stopped_and_goes_on():
    if not shutil.which('bash'):
        raise Skip('no bash here')
    with Terminal() as shell, tempfile.TemporaryDirectory() as folder:
        shell.runs(f'until [ -e {folder}/go ]; do sleep 0.1; done; echo "en""ds"; exit 7')
        shell.types('\x1a')
        shell.wants(r'Stopped')
        shell.wants(r'\$ $')
        with open(f'{folder}/go', 'w', encoding='ascii'):
            pass
        shell.hears_nothing(1.5)
        shell.types('fg\r')
        shell.wants('ends\r\n')
        shell.wants(r'\$ $')
        shell.types('echo "st"atus $?\r')
        shell.wants('status 7')


def a_program_killed_while_it_is_stopped_ends_the_job():
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'pid')
        with subprocess.Popen([FINIS, 'run', '--', 'sh', '-c', f'echo $$ > {name}; while :; do sleep 0.05; done'],
                              stderr=subprocess.DEVNULL) as process:
            pid = int(await_file(name))
            os.kill(pid, signal.SIGSTOP)
            status = os.waitpid(process.pid, os.WUNTRACED)[1]
            assert os.WIFSTOPPED(status), status
            os.kill(pid, signal.SIGKILL)
            assert process.wait(PATIENCE) == 137, process.returncode


def a_stop_and_a_continuation_from_outside_are_the_jobs():
    with subprocess.Popen([FINIS, 'run', '--', 'sh', '-c', 'echo $$; read line; echo on'], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as process:
        pid = int(process.stdout.readline())
        os.kill(pid, signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        process.stdin.write('\n')
        process.stdin.flush()
        assert not select.select([process.stdout], [], [], 1.5)[0]
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == 'on\n'
        assert process.wait(PATIENCE) == 0


def ctrl_c_ends_the_program_as_it_ends_it_bare():
    if not shutil.which('bash'):
        raise Skip('no bash here')
    with Terminal() as shell:
        shell.runs('sleep 20; echo no')
        shell.types('\x03')
        shell.wants('no TCP connection')
        shell.wants(r'\$ $')
        shell.types('echo "st"atus $?\r')
        shell.wants('status 130')


def forbidding(number):
    """A seccomp filter as a container's profile has it: this call is EPERM."""
    def install():
        class Program(ctypes.Structure):
            _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_void_p)]
        code = struct.pack('HBBI' * 4, 0x20, 0, 0, 0, 0x15, 0, 1, number, 0x06, 0, 0, 0x00050000 | 1, 0x06, 0, 0, 0x7fff0000)
        text = ctypes.create_string_buffer(code)
        libc = ctypes.CDLL(None, use_errno=True)
        program = Program(4, ctypes.cast(text, ctypes.c_void_p))
        libc.prctl(38, 1, 0, 0, 0)
        assert libc.prctl(22, 2, ctypes.byref(program)) == 0
    return install


def what_a_container_forbids_is_named():
    ptrace = {'x86_64': 101, 'aarch64': 117}[os.uname().machine]
    # The sanitizer's search for leaks needs ptrace itself.
    done = subprocess.run([FINIS, 'run', '--', 'echo', 'ran'], capture_output=True, text=True, check=False, preexec_fn=forbidding(ptrace),
                          env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
    assert done.returncode == 125 and done.stdout == '' and 'seccomp' in done.stderr and 'SYS_PTRACE' in done.stderr, done
    assert len(done.stderr.splitlines()) == 1, done
    with Staged('serve', '--answer', 'hello') as staged:
        done = subprocess.run([FINIS, 'run', '--', sys.executable, '-c', CLIENT + 'told()'], capture_output=True, text=True,
                              check=False, preexec_fn=forbidding(438), env=staged.environment)
    assert done.returncode == 0 and 'pidfd_getfd: Operation not permitted' in done.stderr and 'seccomp' in done.stderr, done


def who_may_not_be_attached_to_is_told_why():
    def attach(pid, prefix=(), finis=FINIS):
        return subprocess.run([*prefix, finis, 'run', '-p', str(pid)], capture_output=True, text=True, check=False, cwd='/')
    assert attach(4194304).stderr == 'finis run: there is no process 4194304\n'
    with subprocess.Popen([FINIS, 'run', '--output', '/dev/null', '--', 'sh', '-c', 'echo $$; exec sleep 100'], stdout=subprocess.PIPE, text=True) as traced:
        pid = int(traced.stdout.readline())
        done = attach(pid)
        assert done.returncode == 125 and 'is traced already, by finis-tracer[' in done.stderr, done
        if os.geteuid() == 0 and shutil.which('setpriv'):
            with tempfile.TemporaryDirectory(dir='/tmp') as folder:
                os.chmod(folder, 0o755)
                copy = shutil.copy(FINIS, os.path.join(folder, 'finis'))
                done = attach(os.getpid(), ['setpriv', f'--reuid={NOBODY}', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all'], copy)
                assert done.returncode == 125 and 'belongs to another user (uid 0)' in done.stderr, done
        os.kill(pid, signal.SIGKILL)
        traced.wait(PATIENCE)


CASES = [
    what_a_container_forbids_is_named,
    who_may_not_be_attached_to_is_told_why,
    a_static_program_is_followed,
    a_program_in_go_is_followed,
    a_32_bit_program_is_said_and_left_alone,
    io_uring_is_met_and_said,
    a_program_outlives_finis_and_keeps_its_calls,
    a_job_can_be_stopped_and_goes_on,
    a_program_killed_while_it_is_stopped_ends_the_job,
    a_stop_and_a_continuation_from_outside_are_the_jobs,
    ctrl_c_ends_the_program_as_it_ends_it_bare,
]

if __name__ == '__main__':
    sys.exit(run_cases(CASES))
