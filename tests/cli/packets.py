"""Captures of connections that a test makes up: raw IP with right checksums, in a pcap of nanoseconds."""

import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
START = 1795326960  # 2026-11-22T05:56:00Z
RAW_IP = 101
LINUX_OPTIONS = bytes.fromhex('020405b40402080a00000001000000000103 0307'.replace(' ', ''))


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packet(source, destination, flags, seq, ack, payload=b'', options=b'', window=502, ttl=64):
    """An IP packet; the ends are (address, port)."""
    ips = [ipaddress.ip_address(end[0]) for end in (source, destination)]
    tcp = struct.pack('!HHIIBBHHH', source[1], destination[1], seq & 0xffffffff, ack & 0xffffffff,
                      (20 + len(options)) << 2, flags, window, 0, 0) + options + payload
    pseudo = b''.join(ip.packed for ip in ips)
    pseudo += struct.pack('!BBH', 0, 6, len(tcp)) if ips[0].version == 4 else struct.pack('!IHBB', len(tcp), 0, 0, 6)
    tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp)) + tcp[18:]
    if ips[0].version == 6:
        return struct.pack('!IHBB', 6 << 28, len(tcp), 6, ttl) + ips[0].packed + ips[1].packed + tcp
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(tcp), 1, 0x4000, ttl, 6, 0) + ips[0].packed + ips[1].packed
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + tcp


def udp(source, destination, payload=b'x'):
    ips = [ipaddress.ip_address(end[0]).packed for end in (source, destination)]
    data = struct.pack('!HHHH', source[1], destination[1], 8 + len(payload), 0) + payload
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(data), 1, 0, 64, 17, 0) + ips[0] + ips[1]
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + data


def icmp(source, about, code=1):
    """A destination unreachable of IPv4 about a packet, by the host `source`."""
    quoted = about[:28]
    data = struct.pack('!BBHI', 3, code, 0, 0) + quoted
    data = data[:2] + struct.pack('!H', checksum(data)) + data[4:]
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(data), 1, 0, 64, 1, 0) + ipaddress.ip_address(source).packed
    head += about[12:16]
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + data


class Talk:
    """The two ends of a connection, and what they send: (time, packet) in .frames."""

    def __init__(self, client=('10.0.0.5', 51234), server=('192.0.2.10', 443), at=0.0):
        self.ends = {'c': client, 's': server}
        self.seq = {'c': 1000, 's': 900000}
        self.at = at
        self.frames = []

    def other(self, side):
        return 's' if side == 'c' else 'c'

    def send(self, side, flags, payload=b'', after=0.01, seq=None, ack=None, **more):
        self.at += after
        acks = self.seq[self.other(side)] if ack is None else ack
        self.frames.append((self.at, packet(self.ends[side], self.ends[self.other(side)], flags,
                                            self.seq[side] if seq is None else seq, acks if flags & ACK else 0,
                                            payload, **more)))
        if seq is None:
            self.seq[side] += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        return self

    def open(self):
        return (self.send('c', SYN, options=LINUX_OPTIONS).send('s', SYN | ACK, options=LINUX_OPTIONS)
                .send('c', ACK))

    def ask_and_answer(self):
        return self.send('c', PSH | ACK, b'q' * 100).send('s', PSH | ACK, b'a' * 300).send('c', ACK)

    def close(self, first='s'):
        second = self.other(first)
        return self.send(first, FIN | ACK).send(second, FIN | ACK).send(first, ACK)


def orderly(**ends):
    return Talk(**ends).open().ask_and_answer().close()


def cut(**ends):
    """The server resets, after 5 s of silence, with 600 bytes of the client's unacknowledged."""
    talk = Talk(**ends).open().send('c', PSH | ACK, b'q' * 400).send('s', ACK)
    return talk.send('c', PSH | ACK, b'q' * 600).send('s', RST | ACK, ack=1401, window=92, after=5.0)


def late_data(**ends):
    """The server closes; what the client sends then draws a bare RST."""
    talk = Talk(**ends).open().ask_and_answer().send('s', FIN | ACK).send('c', ACK)
    talk.send('c', PSH | ACK, b'q' * 42)
    return talk.send('s', RST, seq=talk.seq['s'], window=0)


def refused(**ends):
    talk = Talk(**ends).send('c', SYN, options=LINUX_OPTIONS)
    return talk.send('s', RST | ACK, seq=0, ack=talk.seq['c'], window=0)


def unfinished(**ends):
    return Talk(**ends).open().ask_and_answer()


def pcap(*frames, link=RAW_IP):
    """The bytes of a capture of (time, packet) in the order of their times."""
    out = [struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 262144, link)]
    for at, data in sorted(frames, key=lambda frame: frame[0]):
        ns = round(at * 1e9)
        out.append(struct.pack('<IIII', START + ns // 10**9, ns % 10**9, len(data), len(data)) + data)
    return b''.join(out)


def of(*talks):
    return pcap(*(frame for talk in talks for frame in talk.frames))
