"""Makes a capture from a golden record's story: its segments as frames of Ethernet, with right checksums.

What a story leaves open is filled in as its record needs it: options as Linux writes them where the record calls
an end `linux`, TTLs as the RSTs of that end have them, IP IDs that count, timestamps that run. Frames that the story
does not mention are ARP, so that the numbers fit. Written here and not with the program's own writer, so that the
two cannot be wrong together.
"""

import ipaddress
import re
import struct

import story

MSS, NOP, SCALE, SACK_OK, STAMPS, MULTIPATH = 2, 1, 3, 4, 8, 30
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, ".": 16}
CLOCK_HZ = 1000
ISN = {"client": 0xFFFFFF00, "server": 0x10203040}  # the client's wraps on the way


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def remarks(path):
    """What stands after the ; of each segment's line."""
    block = re.search(r"^```segments\n(.*?)^```", open(path, encoding="utf-8").read(), re.M | re.S)[1]
    return [line.partition(";")[2].strip() for line in block.splitlines() if line.strip() and line[0] != "#"]


def afterwards(path):
    """The segments of a later connection of the same ends and ports, in a block fenced as ```afterwards."""
    block = re.search(r"^```afterwards\n(.*?)^```", open(path, encoding="utf-8").read(), re.M | re.S)
    return [story.Segment(line) for line in block[1].splitlines()] if block else []


class Writer:
    def __init__(self, record):
        self.record = record
        self.ip_id = {"client": 1000, "server": 5000}
        self.ttl = {}
        self.stamps = all(record[s]["os"] in ("linux", None) for s in story.SIDES) and \
            "linux" in (record["client"]["os"], record["server"]["os"])
        self.isn = dict(ISN)
        self.multipath = record["cause"] == "mptcp"

    def learn_ttls(self, segments):
        for s in segments:
            if "R" in s and not s.forged and s.sender in story.SIDES:
                self.ttl[s.sender] = int(s.more["ttl"])
        near = "server" if self.ttl.get("server") == 64 else "client"
        for side in story.SIDES:
            self.ttl.setdefault(side, 64 if side == near else 57)

    def address(self, side):
        return ipaddress.ip_address(self.record[side]["ip"])

    def options(self, s, remark):
        os = self.record[s.sender]["os"] if s.sender in story.SIDES else None
        stamp = struct.pack("!BBII", STAMPS, 10, 7000 + s.ns // (10**9 // CLOCK_HZ) & 0xFFFFFFFF, 0)
        if "S" in s:
            if os == "other":
                return b"" if s.sender == "client" else \
                    struct.pack("!BBHBBBBBBBB", MSS, 4, 1460, NOP, SCALE, 3, 8, NOP, NOP, SACK_OK, 2)
            row = struct.pack("!BBHBB", MSS, 4, 1460, SACK_OK, 2)
            row += stamp if os == "linux" else bytes([NOP, NOP])
            row += bytes([NOP, SCALE, 3, 7])
            if self.multipath:
                row += bytes([MULTIPATH, 4, 1, 1]) if "." not in s else bytes([MULTIPATH, 12, 1, 1]) + b"k" * 8
            return row
        if "R" in s and "MP_FASTCLOSE" in remark:
            return bytes([NOP, NOP]) + stamp + bytes([MULTIPATH, 12, 0x70, 0]) + b"k" * 8 + bytes([MULTIPATH, 4, 0x80, 1])
        if "R" in s and (s.forged or s.more.get("window") == "0"):
            return b""
        return bytes([NOP, NOP]) + stamp if self.stamps else b""

    def tcp(self, s, remark):
        peer = "server" if s.sender == "client" else "client"
        isn = self.isn[s.sender] + (0x7654321 if s.more.get("isn") == "b" else 0)
        if "S" in s:
            seq = isn
        else:
            seq = 0 if s.position is None else isn + 1 + s.position
        ack = 0 if s.ack is None else self.isn[peer] + 1 + s.ack
        options = self.options(s, remark)
        options += b"\0" * (-len(options) % 4)
        flags = sum(FLAGS[letter] for letter in s.flags)
        window = int(s.more.get("window", 64240 if "S" in s else 502))
        payload = bytes(s.bytes)
        if "close_notify" in remark:
            payload = (b"\x15\x03\x03" + struct.pack("!H", s.bytes - 5) + b"\xAA" * s.bytes)[:s.bytes]
        elif s.bytes:
            payload = (b"finis golden story " * (s.bytes // 19 + 1))[:s.bytes]
        source, target = (self.record[side]["port"] for side in (s.sender, peer))
        head = struct.pack("!HHIIBBHHH", source, target, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                           (20 + len(options)) // 4 << 4, flags, window, 0, 0)
        return self.packet(self.address(s.sender), self.address(peer), 6, head + options + payload,
                           int(s.more.get("ttl", self.ttl[s.sender])), self.next_id(s))

    def next_id(self, s):
        if "R" in s and s.more.get("window") == "0" and not s.forged:
            return 0  # Linux replies so
        if s.forged:
            return 0 if "." not in s else 40000
        self.ip_id[s.sender] += 1
        return self.ip_id[s.sender]

    @staticmethod
    def packet(source, target, protocol, body, ttl, ip_id):
        """IP around @body, whose checksum is at 16 in TCP and at 2 in ICMP."""
        place = 16 if protocol == 6 else 2
        pseudo = b""
        if protocol == 6:
            pseudo = source.packed + target.packed
            pseudo += struct.pack("!BBH", 0, 6, len(body)) if source.version == 4 else struct.pack("!II", len(body), 6)
        body = body[:place] + struct.pack("!H", checksum(pseudo + body)) + body[place + 2:]
        if source.version == 6:
            return struct.pack("!IHBB", 6 << 28, len(body), protocol, ttl) + source.packed + target.packed + body
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), ip_id, 0x4000, ttl, protocol, 0)
        head += source.packed + target.packed
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body

    def icmp(self, quoted):
        body = struct.pack("!BBHI", 3, 1, 0, 0) + quoted[:28]
        return self.packet(ipaddress.ip_address("10.0.0.1"), self.address("client"), 1, body, 63, 77)


def frames(record, segments, notes, later):
    """(nanoseconds, bytes) of each frame, from frame 1 on."""
    writer = Writer(record)
    writer.learn_ttls(segments)
    ethernet = {4: b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\x00", 6: b"\2\0\0\0\0\1\2\0\0\0\0\2\x86\xdd"}
    arp = b"\xff" * 6 + b"\2\0\0\0\0\2\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + bytes(20)
    number, last = 1, b""
    for s, remark in zip(segments, notes):
        while number < s.frame:
            yield segments[0].ns, arp
            number += 1
        packet = writer.icmp(last) if "icmp" in s.flags else writer.tcp(s, remark)
        last = packet
        yield s.ns, ethernet[packet[0] >> 4] + packet
        number += 1
    writer.isn = {side: isn + 0x1000000 for side, isn in ISN.items()}
    for s in later:
        yield s.ns, ethernet[4] + writer.tcp(s, "")
    if record["ending"] in ("timed-out", "unanswered") and not record["ongoing"]:
        # The capture went on: another connection, an hour later.
        other = Writer(dict(record, client={"ip": "192.0.2.200", "port": 7, "os": "linux"},
                            server={"ip": "192.0.2.201", "port": 7, "os": "linux"}))
        other.learn_ttls([])
        yield segments[-1].ns + 3600 * 10**9, ethernet[4] + other.tcp(story.Segment("1 0 client S - -"), "")


def write(path, record, segments, notes, later=()):
    cut = 54 if record["seen"]["cut"] else 262144
    with open(path, "wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, cut, 1))
        for ns, frame in frames(record, segments, notes, later):
            file.write(struct.pack("=IIII", story.BASE + ns // 10**9, ns % 10**9, min(cut, len(frame)), len(frame)))
            file.write(frame[:cut])
