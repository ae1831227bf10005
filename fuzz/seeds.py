#!/usr/bin/env python3
"""Makes seeds for a fuzzer: small captures of generated connections, their frames, or what people type.

usage: seeds.py NAME GENERATOR FOLDER
"""

import gzip
import os
import subprocess
import sys
import tempfile

FORMATS = ('pcap', 'pcap-ns', 'be', 'ns-be', 'pcapng', 'pcapng-be')
LINKS = ('ethernet', 'vlan', 'qinq', 'mpls', 'pppoe', 'gre', 'vxlan', 'sll', 'sll2', 'raw', 'null', 'loop', 'ppp')
TYPES = {'sll': 113, 'sll2': 276, 'raw': 101, 'null': 0, 'loop': 108, 'ppp': 9}


def generate(generator, **settings):
    with tempfile.NamedTemporaryFile() as file:
        words = [f'--{key}={value}' for key, value in settings.items()]
        subprocess.run([generator, *words, file.name], check=True)
        return file.read()


def frames(capture):
    at = 24
    while at < len(capture):
        n = int.from_bytes(capture[at + 8:at + 12], 'little')
        yield capture[at + 16:at + 16 + n]
        at += 16 + n


def captures(generator):
    """Each kind of ending alone, and a mixture in each format and behind each link."""
    kinds = subprocess.run([generator, '--list'], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    for seed, kind in enumerate(kinds):
        yield kind, generate(generator, seed=seed, mix='small', only=kind, packets=1, connections=1,
                             format=FORMATS[seed % len(FORMATS)])
    for seed, format_ in enumerate(FORMATS):
        yield format_, generate(generator, seed=seed, mix='small', packets=20, connections=3, format=format_)
    for seed, link in enumerate(LINKS):
        yield link, generate(generator, seed=seed, mix='small', packets=20, connections=3, link=link)
    yield 'gz', gzip.compress(generate(generator, seed=99, mix='small', packets=10, connections=2, format='pcapng'))


def packets(generator):
    """Single frames, their link type in front as two bytes."""
    for link in LINKS:
        capture = generate(generator, seed=7, mix='eval', packets=60, connections=20, link=link, format='pcap-ns')
        for i, frame in enumerate(frames(capture)):
            if i % 6 == 0:
                yield f'{link}-{i}', TYPES.get(link, 1).to_bytes(2, 'little') + frame[:300]


WORDS = [
    ['severity>=bad ending=reset,timed-out', 'ip=10.0.0.0/8 port=443,8000-8100', 'since=2026-11-22T05:56 idle>60',
     'client!=[2001:db8::1]:443 bytes>10k', 'cause=unread-data comm=ngin* pid=812', 'since=-1h until=05:56:00.5 id=1.*'],
    ['c.send10,s.close,c.send1', 'l.listen c.syn s.recv5000000000 c.data10@-20+ack-1', 'n.sysctl=tcp_retries2:3 s.expire=user',
     'c.send1&nosignal s.icmp=host c.rst+noack+win=0'],
    ['received=1000', 'pattern=GET \\x2f\\r\\n', 'time=500ms', 'idle=1m', 'fin', r'\x00\n\\ text'],
    ['ECONNRESET', '-104', 'read: connection reset by peer (104)', 'so-linger', 'TCP_ABORT_ON_CLOSE', 'broken pipe'],
    ['plain', '\x1b[31mred\x07', 'naïve → \u202etxt', '\x9b\xff'],
]


def typed(_):
    """What people type, the kind of it in front as a byte."""
    for kind, texts in enumerate(WORDS):
        for i, text in enumerate(texts):
            yield f'{kind}-{i}', bytes([kind]) + text.encode()


SEEDS = {'read': captures, 'capture': captures, 'tracker': captures, 'wire': packets, 'words': typed}


def main(name, generator, folder):
    for seed, content in SEEDS[name](generator):
        with open(os.path.join(folder, 'seed-' + seed), 'wb') as file:
            file.write(content)


if __name__ == '__main__':
    if len(sys.argv) != 4 or sys.argv[1] not in SEEDS:
        sys.exit(__doc__.rsplit('\n\n', maxsplit=1)[-1].strip())
    main(*sys.argv[1:])
