#!/usr/bin/env python3
"""Captures read beside tshark: made ones of every format here, and real ones where there are any. Speaks TAP.

read.py PRINT_FRAMES. Real captures: FINIS_CORPUS names a folder with a manifest.tsv, or shared/corpus beside the
tree; tshark is asked about some of them only, all with FINIS_CORPUS_ALL=1; of FINIS_CORPUS_THIN=N every Nth alone is read.
"""

import gzip
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

PRINT_FRAMES = sys.argv[1]
FIELDS = ('frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len')
SOURCE = Path(os.environ.get('FINIS_SOURCE', Path(__file__).resolve().parents[2]))
CORPUS = Path(os.environ.get('FINIS_CORPUS', SOURCE.parent / 'shared' / 'corpus'))
# A capture whose fractions of a second are a million and more: tshark prints them as they stand.
NO_TIMES = {'timestamp_invalid_micro.pcap'}


class Skip(Exception):
    """Why a test could not be run."""


def ours(path, stdin=None):
    run = subprocess.run([PRINT_FRAMES, path], stdin=stdin, capture_output=True, text=True, check=False)
    return run.stdout, run.stderr.strip()


def tshark(path):
    if not shutil.which('tshark'):
        raise Skip('tshark is not installed')
    fields = [word for field in FIELDS for word in ('-e', field)]
    run = subprocess.run(['tshark', '-n', '-r', path, '-T', 'fields', *fields], capture_output=True, text=True,
                         check=False)
    return run.stdout


def frames(seed, n=40):
    """(seconds, nanoseconds, bytes, length on the wire)"""
    chance = random.Random(seed)
    for i in range(n):
        size = chance.randrange(60, 1500)
        kept = min(size, 200) if i % 5 == 0 else size
        yield 1700000000 + i, chance.randrange(10**9), chance.randbytes(kept), size


def pcap(seed, order, magic):
    yield struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, 262144, 1)
    for seconds, ns, content, size in frames(seed):
        fraction = ns if magic == 0xa1b23c4d else ns // 1000
        yield struct.pack(order + 'IIII', seconds, fraction, len(content), size)
        if magic == 0xa1b2cd34:
            yield struct.pack(order + 'IHBB', 1, 0x0800, 0, 0)
        yield content


def block(order, kind, content):
    content += bytes(-len(content) % 4)
    length = struct.pack(order + 'I', len(content) + 12)
    return struct.pack(order + 'I', kind) + length + content + length


def pcapng(seed, order, resolution):
    yield block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
    option = struct.pack(order + 'HH', 9, 1) + bytes([resolution, 0, 0, 0]) + bytes(4)
    for link in (1, 101):
        yield block(order, 1, struct.pack(order + 'HHI', link, 0, 0) + option)
    for i, (seconds, ns, content, size) in enumerate(frames(seed)):
        if resolution & 0x80:
            stamp = (seconds << (resolution & 0x7f)) + (ns << (resolution & 0x7f)) // 10**9
        else:
            stamp = (seconds * 10**9 + ns) * 10**resolution // 10**9
        head = struct.pack(order + 'IIIII', i % 2, stamp >> 32, stamp & 0xffffffff, len(content), size)
        yield block(order, 6, head + content)
        if i % 7 == 0:
            yield block(order, 0x77, bytes(i))


def every_format():
    for order in '<>':
        for magic in (0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34):
            yield f'pcap {order} {magic:x}', b''.join(pcap(magic, order, magic))
        for resolution in (0, 3, 6, 9, 0x80 | 20, 0x80 | 30):
            yield f'pcapng {order} {resolution:x}', b''.join(pcapng(resolution, order, resolution))
    two = b''.join(pcapng(1, '<', 6)) + b''.join(pcapng(2, '>', 9))
    yield 'pcapng of two sections', two


def written(content):
    file = tempfile.NamedTemporaryFile()
    file.write(content)
    file.flush()
    return file


def every_format_reads_as_in_tshark():
    for name, content in every_format():
        with written(content) as file:
            mine, theirs = ours(file.name)[0], tshark(file.name)
        if mine.count('\n') < 40:
            yield f'{name}: {mine.count(chr(10))} frames'
        if mine != theirs:
            yield f'{name}: differs from tshark'


def packed_captures_read_as_plain_ones():
    for name, content in every_format():
        with written(content) as plain, written(gzip.compress(content)) as packed:
            expected, packed_as = ours(plain.name)
            mine, said = ours(packed.name)
            if 'built without' in said:
                raise Skip('built without zlib')
            if mine != expected or said != packed_as + ' in gzip':
                yield f'{name}: {said}'


def standard_input_is_read():
    content = b''.join(pcapng(3, '>', 9))
    with written(content) as file:
        expected = ours(file.name)
        with open(file.name, 'rb') as stdin:
            if ours('-', stdin) != expected:
                yield 'a file as standard input differs'
        with subprocess.Popen(['cat', file.name], stdout=subprocess.PIPE) as cat:
            if ours('-', cat.stdout) != expected:
                yield 'a pipe as standard input differs'


def zstd_is_read_as_zstd_1_writes_it():
    if not shutil.which('zstd'):
        raise Skip('zstd is not installed')
    content = b''.join(pcap(4, '<', 0xa1b2c3d4))
    packed = subprocess.run(['zstd', '-qc'], input=content, stdout=subprocess.PIPE, check=True).stdout
    with written(content) as plain, written(packed) as file:
        mine, said = ours(file.name)
        if 'built without' in said:
            raise Skip('built without libzstd')
        if mine != ours(plain.name)[0] or said != 'pcap in zstd':
            yield said


def corpus():
    manifest = CORPUS / 'manifest.tsv'
    if not manifest.is_file():
        raise Skip('no corpus of real captures here (FINIS_CORPUS)')
    lines = manifest.read_text().splitlines()
    names = lines[0].split('\t')
    for line in lines[1::int(os.environ.get('FINIS_CORPUS_THIN', '1'))]:
        row = dict(zip(names, line.split('\t')))
        yield CORPUS / row['file'], int(row['packets'])


def real_captures_have_as_many_frames_as_are_known():
    for path, n in corpus():
        mine, said = ours(path)
        if mine.count('\n') != n or ':' in said:
            yield f'{path.name}: {mine.count(chr(10))} frames of {n}; {said}'


def real_captures_read_as_in_tshark():
    step = 1 if os.environ.get('FINIS_CORPUS_ALL') else 40
    for path, _ in list(corpus())[::step]:
        if path.name not in NO_TIMES and ours(path)[0] != tshark(path):
            yield f'{path.name}: differs from tshark'


TESTS = [
    every_format_reads_as_in_tshark,
    packed_captures_read_as_plain_ones,
    standard_input_is_read,
    zstd_is_read_as_zstd_1_writes_it,
    real_captures_have_as_many_frames_as_are_known,
    real_captures_read_as_in_tshark,
]


def main():
    failed = 0
    print(f'1..{len(TESTS)}')
    for number, test in enumerate(TESTS, 1):
        try:
            faults = list(test())
        except Skip as why:
            print(f'ok {number} - {test.__name__} # SKIP {why}')
            continue
        failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {test.__name__}")
        for fault in faults:
            print(f'# {fault}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
