"""What the tests of finis read share: calling it, and connections to read."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import packets
from packets import cut, late_data, of, orderly, refused, unfinished

FINIS = os.environ['FINIS']
SOURCE = Path(os.environ['FINIS_SOURCE'])
CORPUS = Path(os.environ.get('FINIS_CORPUS') or SOURCE.parent / 'shared' / 'corpus')
PLAIN = {**os.environ, 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'}
PLAIN.pop('NO_COLOR', None)
PLAIN.pop('COLUMNS', None)


def finis(*arguments, **options):
    options = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'env': PLAIN, 'timeout': 60} | options
    if 'input' not in options:
        options.setdefault('stdin', subprocess.DEVNULL)
    return subprocess.run([FINIS, 'read', *arguments], check=False, **options)


def records(*arguments, **options):
    done = finis('--json', *arguments, **options)
    assert done.returncode == 0 and done.stderr == b'', done
    return [json.loads(line) for line in done.stdout.splitlines()]


def refuses(*arguments, says=b''):
    """A line on stderr, nothing on stdout, status 2."""
    done = finis(*arguments)
    assert done.returncode == 2 and done.stdout == b'', done
    assert done.stderr.count(b'\n') == 1 and done.stderr.startswith(b'finis read: '), done.stderr
    assert says in done.stderr, done.stderr
    assert not re.search(rb': :', done.stderr), done.stderr


def server(n):
    return ('192.0.2.%d' % n, 443)


def client(n):
    return ('10.0.0.%d' % n, 40000 + n)


def mixed():
    """Six connections, one of a kind; the ids are those of their first frames."""
    return of(orderly(client=client(1)), cut(client=client(2)), late_data(client=client(3)),
              refused(client=client(4)), unfinished(client=client(5)),
              orderly(client=('2001:db8::1', 40006), server=('2001:db8::2', 80)))


def save(name, data):
    path = Path(name)
    path.write_bytes(data)
    return str(path)


def fits(text, width=80):
    """All but commands to be copied, which need the whole of a file's name. No line ends with a blank."""
    lines = [line for line in text.splitlines() if not line.startswith('  finis read ')]
    return max(map(len, lines), default=0) <= width and not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f]| $', text, re.M)


def many(n):
    frames = []
    for i in range(n):
        frames += refused(client=('10.%d.%d.%d' % (i >> 16, i >> 8 & 255, i & 255), 40000), at=i * 0.05).frames
    return packets.pcap(*frames)


def in_a_place(case):
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        try:
            case()
        finally:
            os.chdir('/')
