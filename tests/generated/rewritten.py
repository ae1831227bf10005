#!/usr/bin/env python3
"""The same generated connections, written down otherwise: under other addresses, years later, in a pcapng of several
sections, clocks and byte orders with other blocks between, packed in pieces. The records are the same. TAP."""

import gzip
import hashlib
import json
import struct
import sys

import made

WHAT = {'mix': 'eval', 'packets': 4000, 'connections': 60}
SEEDS = (31, 32)
TIMES = ('started', 'ended')
YEARS = 10 * 365 * 86400 * 10**9


def sum_of(words, start=0):
    total = start + sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def words_of(data):
    return struct.unpack(f'>{len(data) // 2}H', data)


def corrected(frame, at, old, new):
    """The checksum at a place, after the words that it covers have changed (RFC 1624): a wrong one stays wrong."""
    if at + 2 > len(frame):
        return
    before = struct.unpack_from('>H', frame, at)[0]
    total = sum_of((~word & 0xffff for word in words_of(old)), ~before & 0xffff)
    struct.pack_into('>H', frame, at, ~sum_of(words_of(new), total) & 0xffff)


def other_name(address):
    """Another address for each, always the same one."""
    digest = hashlib.sha256(address).digest()
    if len(address) == 4:
        return bytes([100 + digest[0] % 50]) + digest[1:4]
    return b'\x20\x01' + digest[2:16]


def rename(frame, at, within=False):
    """Of the IP packet at a place, and of that which an ICMP error in it quotes."""
    version = frame[at] >> 4
    first, size = (12, 4) if version == 4 else (8, 16)
    old = bytes(frame[at + first:at + first + 2 * size])
    new = other_name(old[:size]) + other_name(old[size:])
    frame[at + first:at + first + 2 * size] = new
    if version == 4:
        corrected(frame, at + 10, old, new)
    protocol, inner = (frame[at + 9], at + (frame[at] & 15) * 4) if version == 4 else (frame[at + 6], at + 40)
    if protocol == 6:
        corrected(frame, inner + 16, old, new)
    elif not within:
        rename(frame, inner + 8, True)


def renamed(capture):
    for time, frame, n in capture.frames:
        changed = bytearray(frame)
        rename(changed, 14)
        yield time, bytes(changed), n


def block(order, kind, body):
    body += b'\0' * (-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + 'II', kind, length) + body + struct.pack(order + 'I', length)


def option(order, code, value):
    return struct.pack(order + 'HH', code, len(value)) + value + b'\0' * (-len(value) % 4)


class Clock:
    """An interface whose clock counts so many units a second, from so many seconds on."""

    def __init__(self, resolution, offset=0):
        self.resolution, self.offset = resolution, offset

    def interface(self, order):
        options = option(order, 9, bytes([self.resolution])) + option(order, 14, struct.pack(order + 'q', self.offset))
        return block(order, 1, struct.pack(order + 'HHI', 1, 0, 0) + options + option(order, 0, b''))

    def count(self, time):
        time -= self.offset * 10**9
        if self.resolution & 0x80:
            return -(-(time << (self.resolution & 0x7f)) // 10**9)
        return time * 10**self.resolution // 10**9


# Nanoseconds; 2^-33 s, rounded up so that the nanosecond is the same; and counted from another time.
CLOCKS = (Clock(9), Clock(0x80 | 33), Clock(9, 1000000007), Clock(9, -86400))
# Statistics, names, secrets, and one of a kind that nobody knows: none of them is numbered.
OTHERS = ((5, b'\0' * 12), (4, b'\0\0\0\0'), (10, b'\0' * 8), (0x7ffffff0, b'who knows'))


def sections(capture):
    """A section for every hundred frames, of one byte order and then the other."""
    for i, (time, frame, n) in enumerate(capture.frames):
        order = '<>'[i // 100 % 2]
        if i % 100 == 0:
            yield block(order, 0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1))
            yield from (clock.interface(order) for clock in CLOCKS)
        which = i % len(CLOCKS)
        ticks = CLOCKS[which].count(time)
        head = struct.pack(order + 'IIIII', which, ticks >> 32, ticks & 0xffffffff, len(frame), n)
        comment = option(order, 1, b'a comment') + option(order, 0, b'')
        yield block(order, 6, head + frame + b'\0' * (-len(frame) % 4) + comment)
        if i % 7 == 0:
            kind, body = OTHERS[i // 7 % len(OTHERS)]
            yield block(order, kind, body)


def differences(got, wanted, but=()):
    if len(got) != len(wanted) or not wanted:
        yield f'{len(got)} records, not {len(wanted)}'
    for a, b in zip(got, wanted):
        for key in sorted(set(a) | set(b)):
            if key not in but and a.get(key) != b.get(key):
                yield f'record {b["id"]}: {key} is {json.dumps(a.get(key))}, not {json.dumps(b.get(key))}'


class Cases:
    def __init__(self, folder, seed):
        self.capture = made.Made(folder, seed=seed, **WHAT)
        self.path = self.capture.path + '.rewritten'
        self.plain = made.read(self.capture.path)

    def frames(self, frames, but=()):
        made.write_frames(self.path, self.capture.head, frames)
        yield from differences(made.read(self.path), self.plain, but)

    def under_other_addresses(self):
        def named(record):
            ends = {side: {**record[side], 'ip': None} for side in ('client', 'server')}
            return {**record, **ends}
        made.write_frames(self.path, self.capture.head, renamed(self.capture))
        yield from differences([named(r) for r in made.read(self.path)], [named(r) for r in self.plain])

    def years_later(self):
        yield from self.frames([(time + YEARS, frame, n) for time, frame, n in self.capture.frames], TIMES)

    def in_sections(self):
        with open(self.path, 'wb') as file:
            file.writelines(sections(self.capture))
        yield from differences(made.read(self.path), self.plain)

    def packed_in_pieces(self):
        with open(self.capture.path, 'rb') as file:
            whole = file.read()
        with open(self.path, 'wb') as file:
            file.writelines(gzip.compress(whole[i:i + 65521], 1) for i in range(0, len(whole), 65521))
        yield from differences(made.read(self.path), self.plain)


CASES = [
    ('under other addresses the records are the same', Cases.under_other_addresses),
    ('ten years later they are the same but for the time', Cases.years_later),
    ('in sections of both byte orders, by four clocks, with other blocks between they are the same', Cases.in_sections),
    ('packed in many pieces they are the same', Cases.packed_in_pieces),
]


def main(arguments):
    seeds = [int(word) for word in arguments] or SEEDS
    with made.folder() as folder:
        def lines(case):
            for seed in seeds:
                yield from case(Cases(folder, seed))
        return made.tap([(name, lambda case=case: lines(case)) for name, case in CASES])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
