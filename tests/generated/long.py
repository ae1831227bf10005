#!/usr/bin/env python3
"""A stream of more than 4 GiB: its sequence numbers go round, and its counts do not. TAP."""

import os
import struct
import sys

import made

SEGMENT = 65000
N = 70000  # 4.55 GB
BEGIN = 1795326960 * 10**9
HEAD = struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, 101)
SYN, FIN, RST, ACK = 2, 1, 4, 16


class Stream:
    """Raw IP frames of one connection; of the payload nothing is kept, the headers say how long it is."""

    def __init__(self):
        self.frames = []
        self.now = BEGIN
        self.isn = {'client': 0xfffff000, 'server': 77}

    def say(self, side, flags, place=0, ack=0, n=0):
        other = 'server' if side == 'client' else 'client'
        ends = {'client': (b'\x0a\0\0\x01', 40000), 'server': (b'\x0a\0\0\x02', 443)}
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 40 + n, len(self.frames) & 0xffff, 0x4000, 64, 6, 0,
                         ends[side][0], ends[other][0])
        tcp = struct.pack('>HHIIBBHHH', ends[side][1], ends[other][1], (self.isn[side] + place) % 2**32,
                          (self.isn[other] + ack) % 2**32 if flags & ACK else 0, 0x50, flags, 65000, 0, 0)
        self.now += 20000
        self.frames.append((self.now, ip + tcp, 40 + n))


def make(path):
    stream = Stream()
    stream.say('client', SYN)
    stream.say('server', SYN | ACK, 0, 1)
    stream.say('client', ACK, 1, 1)
    for i in range(N):
        stream.say('server', ACK, 1 + i * SEGMENT, 1, SEGMENT)
        if i % 10000 == 9999:  # now and then one is sent twice
            stream.say('server', ACK, 1 + i * SEGMENT, 1, SEGMENT)
        if i % 2:
            stream.say('client', ACK, 1, 1 + (i + 1) * SEGMENT)
    stream.say('server', FIN | ACK, 1 + N * SEGMENT, 1)
    stream.say('client', FIN | ACK, 1, 2 + N * SEGMENT)
    stream.say('server', ACK, 2 + N * SEGMENT, 2)
    made.write_frames(path, HEAD, stream.frames)


def main():
    with made.folder() as folder:
        path = os.path.join(folder, 'long.pcap')
        make(path)
        records = made.read(path)

        def it_is_one_connection():
            if len(records) != 1 or (records[0]['ending'], records[0]['ended_by']) != ('orderly', 'server'):
                yield f'{len(records)} records, the first: {records[:1]}'

        def all_bytes_are_counted():
            way = records[0]['to_client']
            wanted = {'bytes': N * SEGMENT, 'acked': N * SEGMENT, 'uncertain': 0, 'missing': 0,
                      'retransmitted': N // 10000 * SEGMENT, 'closed': 'fin', 'fin_acked': True, 'fate': 'acked'}
            for key, value in wanted.items():
                if way[key] != value:
                    yield f'{key}: {way[key]}, not {value}'

        return made.tap([('a stream of 4.5 GB is one connection', it_is_one_connection),
                         ('all its bytes are counted', all_bytes_are_counted)])


if __name__ == '__main__':
    sys.exit(main())
