"""What a story's segments say by arithmetic alone, to hold against the record written beside it.

A story (NAME.md) holds the segments of one connection in a block fenced as ```segments, a line each:

    FRAME SECONDS SENDER FLAGS POSITION[+BYTES] ACK [window=N] [ttl=N] [named=value]

Flags are tcpdump's (S F P R and . for ACK). A position is the sequence number less the initial one
less one, so the first byte stands at 0 and a FIN takes one place. "-" is a position that means
nothing (a SYN, the RST that answers one) or an ACK that is absent. Words after ";" are remarks.
By "forged=yes" a segment is said not to come from the end that it names.

Only counting is done here: bytes, acknowledgements, packets, times, Zeek's history and conn_state.
No verdict is.
"""

import re

BASE = 1795326960  # 2026-11-22T05:56:00Z, where the stories' clocks begin
SIDES = ("client", "server")


class Segment:
    def __init__(self, line):
        words = line.split(";")[0].split()
        self.frame, self.time, self.sender, self.flags = int(words[0]), words[1], words[2], words[3]
        self.ns = round(float(self.time) * 1e9)
        position = words[4] if len(words) > 4 else "-"
        self.position, _, length = position.partition("+")
        self.position = None if self.position == "-" else int(self.position)
        self.bytes = int(length or 0)
        self.ack = None if len(words) < 6 or words[5] == "-" else int(words[5])
        self.more = dict(word.split("=", 1) for word in words[6:])
        self.forged = self.more.get("forged") == "yes"

    def __contains__(self, flag):
        return flag in self.flags


def read(path):
    text = open(path, encoding="utf-8").read()
    block = re.search(r"^```segments\n(.*?)^```", text, re.M | re.S)
    if not block:
        return None
    lines = [line for line in block.group(1).splitlines() if line.strip() and not line.startswith("#")]
    return [Segment(line) for line in lines]


def direction(segments, sender):
    """Bytes, acknowledgements and counts of the direction from one sender."""
    own = [s for s in segments if s.sender == sender and not s.forged]
    other = [s for s in segments if s.sender in SIDES and s.sender != sender and not s.forged]
    end = sent_again = 0
    for s in own:
        if s.bytes and "R" not in s:
            keepalive = s.bytes == 1 and s.position == end - 1
            if not keepalive:
                sent_again += max(0, min(end, s.position + s.bytes) - s.position)
            end = max(end, s.position + s.bytes)
    fins = [s.position + s.bytes for s in own if "F" in s]
    acks = [s.ack for s in other if s.ack is not None and "R" not in s]
    reset_acks = [s.ack for s in other if s.ack is not None and "R" in s]
    acked = min(end, max(acks, default=0))
    by_reset = min(end, max(reset_acks)) if reset_acks else None
    return {
        "bytes": end,
        "acked": acked,
        "acked_by_reset": by_reset,
        "uncertain": end - max(acked, by_reset or 0),
        "closed": "fin" if fins else "reset" if any("R" in s for s in own) else "no",
        "fin_acked": bool(fins) and max(acks, default=0) > fins[0],
        "retransmitted": sent_again,
        "packets": len(own),
    }


def history(segments, flipped, cut=False):
    """Zeek's letters (update_history, update_last_seq), checksums ignored. Payload that was @cut off is a gap once it
    is acknowledged."""
    letters, last, ends, repeats, reset = "^" if flipped else "", {}, {}, {}, set()
    gap_of, isns = None, {}
    for s in segments:
        who = s.sender
        if who not in SIDES:
            continue
        case = str.upper if who == "client" else str.lower

        def add(letter, at=None):
            nonlocal letters
            if (who, letter) not in last or last[who, letter] != at:
                letters += case(letter)
            last[who, letter] = at

        if "S" in s:
            # Zeek counts from the latest SYN of a side: its number is always 0, and old data lies below it.
            add("h" if "." in s else "s")
            if isns.setdefault(who, s.more.get("isn")) != s.more.get("isn"):
                ends[who] = 2**31
        elif "F" in s:
            add("f", s.position + s.bytes)
        elif "R" in s:
            add("r", s.position)
        else:
            add("d" if s.bytes else "a")
        other = SIDES[who == "client"]
        if cut and gap_of is None and "R" not in s and (s.ack or 0) > 0 and ends.get(other, 0) > 0:
            gap_of = other
            letters += "g" if who == "client" else "G"
        end = -1 if s.position is None else s.position + (0 if "R" in s else s.bytes)
        if who not in reset and s.bytes and end <= ends.get(who, 0):
            repeats[who] = repeats.get(who, 0) + 1
            if str(repeats[who]).strip("0") == "1":  # the 1st, 10th, 100th
                letters += case("t")
        if who not in reset:
            ends[who] = max(ends.get(who, 0), end)
        if "R" in s:
            reset.add(who)
    return letters


def conn_state(segments, letters):
    """Zeek's word: its machine for two ends (UpdateStateMachine), then the first rule that fits."""
    state, before = dict.fromkeys(SIDES, "inactive"), dict.fromkeys(SIDES, "inactive")

    def go(side, new):
        before[side], state[side] = state[side], new

    for s in segments:
        me = s.sender
        if me not in SIDES:
            continue
        peer = "server" if me == "client" else "client"
        if state[me] == "inactive":
            if "S" in s and me == "client":
                go(me, "syn_ack_sent" if "." in s else "syn_sent")
            elif "S" in s:
                if state[peer] == "syn_sent":
                    go(peer, "established")
                go(me, "established")
            elif "F" in s:
                go(me, "closed")
            elif "R" in s:
                go(me, "reset")
            elif me == "server" and not s.bytes and state[peer] == "syn_sent":
                pass
            elif s.ack is not None and state[peer] == "established":
                go(me, "established")
            else:
                go(me, "partial")
        elif state[me] == "closed":
            if "R" in s and state[peer] != "closed":
                go(me, "reset")
        elif state[me] != "reset":
            if "F" in s:
                go(me, "closed")
                if state[peer] == "reset" and before[peer] == "closed":
                    go(peer, "closed")
            elif "R" in s:
                go(me, "reset")
    n_bytes = sum(s.bytes for s in segments if "R" not in s)
    o, r, idle = state["client"], state["server"], ("inactive", "partial")
    if r == "reset":
        if o in ("syn_sent", "syn_ack_sent") or (o == "reset" and n_bytes == 0):
            return "REJ"
        return "RSTRH" if o in idle else "RSTR"
    if o == "reset":
        if r in idle:
            return "RSTOS0" if re.match(r"\^?S[^HAFGIQ]*R", letters) else "OTH"
        return "RSTO"
    if o == "closed" and r == "closed":
        return "SF"
    if o == "closed":
        return "SH" if r in idle else "S2"
    if r == "closed":
        return "SHR" if o in idle else "S3"
    if o == "syn_sent" and r == "inactive":
        return "S0"
    if o == "established" and r == "established":
        return "S1"
    return "OTH"


def stamp(ns):
    import datetime
    moment = datetime.datetime.fromtimestamp(BASE + ns // 10**9, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + ".%09dZ" % (ns % 10**9)
