"""A host that no kernel here knows: it speaks TCP over a TUN device, a segment at a time, as it is told to."""

import array
import fcntl
import os
import select
import socket
import struct
import subprocess

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    words = array.array("H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return socket.htons(~total & 0xFFFF)


class Far:
    """10.77.0.2, behind tun0, which is 10.77.0.1 here. To be made in a network namespace of one's own."""

    def __init__(self):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
        for words in (["address", "add", "10.77.0.1/24", "dev", "tun0"], ["link", "set", "tun0", "up"]):
            subprocess.run(["ip", *words], check=True)
        self.seq = 5000
        self.ack = 0
        self.ports = 0, 0
        self.stamp = 77000

    def send(self, flags, payload=b"", seq=None, window=502, options=True, ttl=64):
        """A segment as Linux makes it, with timestamps."""
        kinds = b"\1\1\x08\x0a" + struct.pack("!II", self.stamp, self.heard_stamp) if options else b""
        if flags & SYN and options:
            kinds = b"\2\4\5\xb4\4\2\x08\x0a" + struct.pack("!II", self.stamp, self.heard_stamp) + b"\1\3\3\7"
        seq = self.seq if seq is None else seq
        ack = self.ack if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", *self.ports, seq, ack, (20 + len(kinds)) // 4 << 4, flags, window, 0, 0) + kinds
        pseudo = socket.inet_aton("10.77.0.2") + socket.inet_aton("10.77.0.1") + struct.pack("!HH", 6, len(head) + len(payload))
        head = head[:16] + struct.pack("!H", checksum(pseudo + head + payload)) + head[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(head) + len(payload), 0, 0x4000, ttl, 6, 0,
                         socket.inet_aton("10.77.0.2"), socket.inet_aton("10.77.0.1"))
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        os.write(self.tun, ip + head + payload)
        self.stamp += 1
        if not flags & RST:
            self.seq += len(payload) + bool(flags & SYN) + bool(flags & FIN)

    def hear(self, wanted=0, seconds=20):
        """The next segment that has one of these flags, or payload: its flags and payload."""
        while select.select([self.tun], [], [], seconds)[0]:
            packet = os.read(self.tun, 4096)
            if packet[0] >> 4 != 4 or packet[9] != 6:
                continue
            source, dest, seq, _, offset, flags = struct.unpack("!HHIIBB", packet[20:34])
            self.ports = dest, source
            options, payload = packet[40:20 + (offset >> 4) * 4], packet[20 + (offset >> 4) * 4:]
            at = options.find(b"\x08\x0a")
            if at >= 0:
                self.heard_stamp = struct.unpack("!I", options[at + 2:at + 6])[0]
            self.ack = (seq + len(payload) + bool(flags & SYN) + bool(flags & FIN)) & 0xFFFFFFFF
            if flags & wanted or (payload and not wanted):
                return flags, payload
        raise TimeoutError("nothing was heard")

    def accept(self):
        """A client here connects; returns its socket."""
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("10.77.0.2", 7000))
        self.hear(SYN)
        self.send(SYN | ACK)
        self.hear(ACK)
        client.setblocking(True)
        client.settimeout(5)
        return client
