#!/usr/bin/env python3
"""Counts the system calls of each function under strace, against what the header says. Speaks TAP.

calls_made.py PROGRAM: calls_made.c as built.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

# In the order of the calls; what the manual says, name by name.
LOOK = ['ioctl', 'ioctl', 'getsockopt', 'ioctl']
EXPECTED = {
    'init': LOOK,
    'send': ['sendto'],
    'sendv': ['sendmsg'],
    'write': ['sendto'],
    'note': [],
    'look': LOOK,
    'report': LOOK,
    'sigpipe_block': ['rt_sigpending', 'rt_sigprocmask'],
    'sigpipe_restore': ['rt_sigtimedwait', 'rt_sigprocmask'],
    'take_error': ['poll'],
    'shut': ['shutdown'],
    'read': ['recvfrom'],
    'abort': ['setsockopt', 'close'],
    'abort_keep': ['connect'],
    'close': ['shutdown', 'recvfrom', 'poll', 'recvfrom', 'getsockopt', 'close'],
}


def trace():
    """What each function called, or why it cannot be seen."""
    if not shutil.which('strace'):
        return None, 'strace is not installed'
    with tempfile.NamedTemporaryFile('r') as log:
        done = subprocess.run(['strace', '-qq', '-o', log.name, sys.argv[1]],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
        lines = log.read().splitlines()
    if not lines:
        return None, 'strace cannot trace here: ' + done.stderr.strip().split('\n')[0]
    if done.returncode:
        return {}, f'the program exited with {done.returncode}'
    made, at = {}, '-'
    for line in lines:
        found = re.match(r'write\(9, "([^"]*)"', line)
        if found:
            at = found[1]
            if at != '-':
                made[at] = []
        elif at != '-' and (call := re.match(r'(\w+)\(', line)):
            made[at].append('poll' if call[1] == 'ppoll' else call[1].removesuffix('_time64'))
    return made, None


def main():
    made, why = trace()
    print(f'1..{len(EXPECTED)}')
    failed = 0
    for number, (name, expected) in enumerate(EXPECTED.items(), 1):
        if made is None:
            print(f'ok {number} - finis_{name} # SKIP {why}')
            continue
        good = made.get(name) == expected
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - finis_{name} makes {len(expected)} system calls")
        if not good:
            print(f'# expected {expected}, saw {made.get(name)} {why or ""}')
    return failed


sys.exit(main())
