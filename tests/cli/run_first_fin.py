#!/usr/bin/env python3
"""finis run, and one end traced: who closed first is told where the FINs cannot have crossed, else nobody. TAP."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

from run import FINIS, PATIENCE, Skip, run_cases
from run_lab import key

N = 40
CROSSING = ('crossing-fins-are-an-orderly-end', 'crossing-closes-leave-no-trace-for-the-programs')
# They wait for the other end, which may be late with its own close.
CLIENT = '''
import socket, sys
for _ in range(int(sys.argv[1])):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[2])))
    %s
    s.close()
sys.stdin.read()
'''
SERVER = '''
import socket, sys
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
for _ in range(int(sys.argv[1])):
    s = listener.accept()[0]
    %s
    s.close()
sys.stdin.read()
'''


def traced(folder, command, **options):
    out = os.path.join(folder, 'out.json')
    return subprocess.Popen([FINIS, 'run', '--tracer', 'ptrace', '--all', '--json', '--output', out, '--', *command],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def records(folder):
    return [json.loads(line) for line in pathlib.Path(folder, 'out.json').read_text(encoding='utf-8').splitlines()]


def reads_to_the_end(s):
    while s.recv(65536):
        pass


def check(client, server, acts, others, by):
    """One of the programs is given, with what it does before it closes; the other end does that with a socket."""
    with tempfile.TemporaryDirectory() as folder:
        if client:
            with socket.create_server(('127.0.0.1', 0)) as listener:
                listener.settimeout(PATIENCE)
                process = traced(folder, [sys.executable, '-c', client % acts, str(N), str(listener.getsockname()[1])])
                for _ in range(N):
                    with listener.accept()[0] as s:
                        others(s)
        else:
            process = traced(folder, [sys.executable, '-c', server % acts, str(N)])
            port = int(process.stdout.readline())
            for _ in range(N):
                with socket.create_connection(('127.0.0.1', port), PATIENCE) as s:
                    others(s)
        process.communicate(timeout=PATIENCE)
        found = [(r['ending'], r['ended_by'], r['certainty']) for r in records(folder)]
    # On a busy machine an ACK is overtaken by a FIN now and then, and draws a RST that takes the TIME_WAIT away.
    doubted = [one for one in found if one in (('orderly', by, 'possible'), ('orderly', None, 'possible'))]
    assert len(found) == N and found.count(('orderly', by, 'certain')) == N - len(doubted), found
    assert len(doubted) <= N / 10, found


def answers(s):
    s.sendall(b'a' * 9)
    reads_to_the_end(s)


def who_closes_first_is_told_by_either_end():
    read = 'while s.recv(65536): pass'
    for program in ((CLIENT, None), (None, SERVER)):
        own, other = ('client', 'server') if program[0] else ('server', 'client')
        check(*program, '', reads_to_the_end, own)
        check(*program, 's.sendall(b"a" * 9)', reads_to_the_end, own)
        check(*program, 's.sendall(b"a" * 300000)', reads_to_the_end, own)
        check(*program, read, lambda s: s.sendall(b'a' * 9), other)
        # The other end answers before it reads to the end: more comes than the FIN.
        check(*program, f's.shutdown(socket.SHUT_WR)\n    {read}', answers, own)


def nobody_is_first_where_the_fins_crossed():
    with tempfile.TemporaryDirectory() as folder:
        process = traced(folder, [FINIS, 'lab', '--json', *CROSSING], stderr=subprocess.DEVNULL)
        plays = [json.loads(line) for line in process.communicate(timeout=PATIENCE)[0].splitlines()]
        played = [play['connections'][0]['truth'] for play in plays if play.get('connections')]
        if not played:
            raise Skip(plays[0]['why'] if plays else 'the lab plays nothing')
        found = {key(record): record for record in records(folder)}
    for truth in played:
        assert truth['ending'] == 'orderly' and truth['ended_by'] is None, truth
        record = found[key(truth)]
        assert (record['ending'], record['ended_by'], record['certainty']) == ('orderly', None, 'certain'), record


CASES = [who_closes_first_is_told_by_either_end, nobody_is_first_where_the_fins_crossed]


if __name__ == '__main__':
    sys.exit(run_cases(CASES))
