#!/usr/bin/env python3
"""What finis run costs a program: microseconds of CPU, its own included, per connection and per round trip of 100
bytes; bare and traced in turn, medians.

run.py FINIS [ROUNDS]: needs a C compiler for the program that is run.
"""

import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile

PROGRAM = r'''
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
        long n = atol(argv[2]);
        int trips = strcmp(argv[3], "trips") == 0, s = -1;
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
        char bytes[100] = {0};

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (long i = 0; i < n; i++) {
                if (!trips || s < 0) {
                        s = socket(AF_INET, SOCK_STREAM, 0);
                        if (connect(s, (void *)&to, sizeof(to)) < 0)
                                return 1;
                }
                send(s, bytes, sizeof(bytes), 0);
                if (recv(s, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
                        return 1;
                if (!trips)
                        close(s);
        }
        return argc != 4;
}
'''


def serve(listener):
    """Each 100 bytes are sent back."""
    while True:
        connection = listener.accept()[0]
        while block := connection.recv(100, socket.MSG_WAITALL):
            connection.sendall(block)
        connection.close()


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(finis, program, port, what, n, rounds):
    bare, traced, calls = [], [], []
    command = [program, str(port), str(n), what]
    run = [finis, 'run', '--output', '/dev/null']
    for _ in range(rounds):
        bare.append(cpu(command) / n * 1e6)
        traced.append(cpu([*run, '--', *command]) / n * 1e6)
        calls.append(cpu([*run, '--calls', '--', *command]) / n * 1e6)
    medians = [statistics.median(times) for times in (bare, traced, calls)]
    print(f'{what:12} bare {medians[0]:6.1f}   run {medians[1]:6.1f} ({medians[1] - medians[0]:+.1f})'
          f'   run --calls {medians[2]:6.1f} ({medians[2] - medians[0]:+.1f})   µs of CPU each')


def main(arguments):
    finis, rounds = arguments[0], int(arguments[1]) if len(arguments) > 1 else 7
    listener = socket.create_server(('127.0.0.1', 0), backlog=1024)
    server = os.fork()
    if server == 0:
        serve(listener)
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, 'client')
            subprocess.run(['cc', '-O2', '-x', 'c', '-o', program, '-'], input=PROGRAM, text=True, check=True)
            measure(finis, program, listener.getsockname()[1], 'connections', 2000, rounds)
            measure(finis, program, listener.getsockname()[1], 'trips', 20000, rounds)
    finally:
        os.kill(server, signal.SIGKILL)


if __name__ == '__main__':
    main(sys.argv[1:])
