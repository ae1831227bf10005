"""One connection between two hosts, with a capture at each: what either sends, gets and does is known.

A host here is no more than TCP needs: it takes in order only, repeats what is not acknowledged, gives up, and answers
a RST as RFC 5961 has it. The way between them takes time, loses segments, may be cut, and may answer by itself.
"""

import heapq
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = 0, 1
RTO, TRIES, SYN_TRIES, MSS, WINDOW = .25, 6, 4, 700, 64000
SYN_OPTIONS = bytes.fromhex('020405b40101040201030307')  # in Linux's order
HOPS = 4


class Segment:
    def __init__(self, by, flags, seq, ack=0, payload=b'', **more):
        self.by, self.flags, self.seq, self.ack, self.payload = by, flags, seq % 2**32, ack % 2**32, payload
        self.window, self.ip_id, self.ttl, self.options, self.forged = 501, 0, 64, b'', False
        self.__dict__.update(more)

    def seen_behind(self, hops):
        return Segment(**{**self.__dict__, 'ttl': self.ttl - hops})

    def packet(self, client, server):
        """As IP, between (address, port) and (address, port)."""
        (source, port), (target, other_port) = (client, server) if self.by == CLIENT else (server, client)
        tcp = struct.pack('!HHIIBBHHH', port, other_port, self.seq, self.ack, (5 + len(self.options) // 4) << 4,
                          self.flags, self.window, 0, 0) + self.options + self.payload
        return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), self.ip_id, 0x4000, self.ttl, 6, 0,
                           source, target) + tcp


class End:
    """A socket. Position 0 is the first byte of its stream; its FIN takes a position, too."""

    def __init__(self, world, side):
        self.world, self.side = world, side
        self.state = 'closed' if side == CLIENT else 'listen'
        self.isn, self.peer_isn = world.dice.randrange(2**32), None
        self.stream, self.fin, self.next, self.acked = b'', None, 0, 0
        self.got, self.peer_fin = 0, None
        self.tries, self.timer = 0, 0
        self.ip_id = world.dice.randrange(2**16)
        self.closed = False          # by its program: nobody reads any more
        self.cause = 'no-connection'  # of the RSTs that answer what still comes

    def sent_bytes(self):
        return min(self.next, len(self.stream))

    def got_bytes(self):
        return self.got - (self.peer_fin is not None)

    def put(self, flags, at, payload=b'', **more):
        self.ip_id = (self.ip_id + 1) % 2**16
        ack = self.peer_isn + 1 + self.got if flags & ACK else 0
        self.world.send(Segment(self.side, flags, self.isn + 1 + at, ack, payload, ip_id=self.ip_id, **more))

    def put_ack(self):
        self.put(ACK, self.next)

    def put_syn(self):
        if self.state == 'syn-sent':
            self.put(SYN, -1, options=SYN_OPTIONS)
        else:
            self.world.send(Segment(self.side, SYN | ACK, self.isn, self.peer_isn + 1, options=SYN_OPTIONS))

    def shaking(self):
        return self.state in ('syn-sent', 'syn-received')

    def arm(self):
        self.timer += 1
        mark = self.timer
        self.world.later(min((1 if self.shaking() else RTO) * 2**self.tries, 30),
                         lambda: mark == self.timer and self.expire())

    def expire(self):
        if not self.shaking() and self.acked == self.next:
            return
        self.tries += 1
        if self.tries > (SYN_TRIES if self.shaking() else TRIES):
            self.die()
        elif self.shaking():
            self.put_syn()
            self.arm()
        else:
            self.emit(self.acked)
            self.arm()

    def die(self):
        self.state = 'dead'
        self.timer += 1

    def connect(self):
        self.state = 'syn-sent'
        self.put_syn()
        self.arm()

    def write(self, payload):
        if self.state == 'open' and self.fin is None:
            self.stream += payload
            self.push()

    def shut(self):
        if self.state == 'open' and self.fin is None:
            self.fin = len(self.stream)
            self.push()

    def close(self):
        if self.state == 'syn-sent':
            self.cause = 'abandoned'
            self.die()
        elif self.state == 'open':
            self.closed, self.cause = True, 'data-after-close'
            self.shut()

    def abort(self):
        if self.state == 'open' and not self.is_done():
            self.world.causes.add('zero-linger')
            self.put(RST | ACK, self.next, window=229)
            self.die()

    def push(self):
        idle = self.acked == self.next
        while self.next < len(self.stream) + (self.fin is not None):
            self.next = self.emit(self.next)
        if idle and self.acked < self.next:
            self.tries = 0
            self.arm()

    def emit(self, at):
        payload = self.stream[at:at + MSS]
        fin = self.fin == at + len(payload)
        self.put(ACK | (FIN if fin else 0) | (PSH if payload else 0), at, payload)
        return at + len(payload) + fin

    def is_done(self):
        return self.fin is not None and self.peer_fin is not None and self.acked > self.fin

    def reply(self, s):
        """To what it has no use for."""
        if s.flags & RST:
            return
        self.world.causes.add(self.cause)
        if s.flags & ACK:
            self.world.send(Segment(self.side, RST, s.ack, window=0))
        else:
            n = len(s.payload) + bool(s.flags & SYN) + bool(s.flags & FIN)
            self.world.send(Segment(self.side, RST | ACK, 0, s.seq + n, window=0))

    def take(self, s):
        if self.state in ('dead', 'closed') or (self.state == 'listen' and s.flags & (SYN | RST | ACK) != SYN):
            self.reply(s)
        elif self.state == 'listen':
            self.peer_isn, self.state = s.seq, 'syn-received'
            self.put_syn()
            self.arm()
        elif self.state == 'syn-sent':
            self.take_answer(s)
        elif s.flags & RST:
            self.take_reset(s)
        elif s.flags & SYN:
            if s.flags & ACK:
                self.put_ack()
            elif self.state == 'syn-received':
                self.put_syn()
        else:
            self.take_segment(s)

    def take_answer(self, s):
        if s.flags & RST:
            if s.flags & ACK:
                self.world.obeyed.append(s)
                self.die()
        elif s.flags & SYN and s.flags & ACK:
            self.peer_isn = s.seq
            self.put_ack_of_syn()
            self.open()

    def put_ack_of_syn(self):
        self.state = 'open'
        self.put(ACK, 0)

    def open(self):
        self.state, self.tries = 'open', 0
        self.timer += 1
        self.world.tell('open', self.side)

    def offset(self, s):
        """How far it stands from what is expected next."""
        return (s.seq - self.peer_isn - 1 - self.got + 2**31) % 2**32 - 2**31

    def take_reset(self, s):
        at = self.offset(s)
        if at == 0:
            if not self.is_done():
                self.world.obeyed.append(s)
            self.die()
        elif 0 < at < WINDOW and self.state == 'open':
            self.put_ack()

    def take_segment(self, s):
        acked = self.acked + (s.ack - self.isn - 1 - self.acked + 2**31) % 2**32 - 2**31
        if not 0 <= acked <= self.next:
            return
        if self.state == 'syn-received':
            self.open()
        if acked > self.acked:
            self.acked, self.tries = acked, 0
            self.arm()
        at, n = self.offset(s), len(s.payload) + bool(s.flags & FIN)
        if self.closed and s.payload and at + len(s.payload) > 0:
            self.reply(s)
            self.die()
            return
        if n and at <= 0 < at + n and self.peer_fin is None:
            self.take_new(s, s.payload[-at:])
        elif n:
            self.put_ack()
        if self.is_done() and self.state == 'open':
            self.finish()

    def take_new(self, s, fresh):
        self.got += len(fresh)
        if s.flags & FIN:
            self.peer_fin, self.got = self.got, self.got + 1
        self.put_ack()
        if fresh:
            self.world.tell('heard', self.side)
        if s.flags & FIN:
            self.world.tell('ended', self.side)

    def finish(self):
        """Who closed before he heard of the other's close stays in TIME_WAIT."""
        self.state = 'time-wait'
        self.timer += 1
        if self.world.first_fin_heard_by == self.side:
            self.closed, self.cause = True, 'no-connection'
            self.die()


class World:
    """@tell: {('open' | 'heard' | 'ended', side): act} is what their programs do."""

    def __init__(self, dice, begin, delay, jitter=0, loss=0):
        self.dice, self.now, self.delay, self.jitter, self.loss = dice, begin, delay, jitter, loss
        self.queue, self.n_acts, self.last_arrival = [], 0, [0, 0]
        self.ends = self.client, self.server = End(self, CLIENT), End(self, SERVER)
        self.acts = {}
        self.frames = ([], [])      # at either end: (time, segment)
        self.cut_at = None          # nothing goes through from then on …
        self.answers = False        # … and something on the way answers that it knows of no connection
        self.gone = set()           # who is not there to answer
        self.first_fin_heard_by = None
        # What happened.
        self.causes, self.obeyed, self.sent_resets, self.forged = set(), [], [False, False], False
        self.server_opened = False

    def later(self, wait, act):
        self.n_acts += 1
        heapq.heappush(self.queue, (self.now + wait, self.n_acts, act))

    def tell(self, what, side):
        if what == 'ended' and self.first_fin_heard_by is None and self.ends[side].fin is None:
            self.first_fin_heard_by = side
        self.server_opened |= (what, side) == ('open', SERVER)
        act = self.acts.get((what, side))
        if act:
            self.later(self.dice.uniform(1e-5, .003), act)

    def send(self, s):
        self.sent_resets[s.by] |= bool(s.flags & RST)
        self.frames[s.by].append((self.now, s))
        if self.cut_at is not None and self.now >= self.cut_at:
            if self.answers and not s.flags & (RST | SYN):
                self.forge(Segment(1 - s.by, RST, s.ack, window=0, ttl=62))
        elif self.dice.random() >= self.loss:
            self.arrive(self.delay * (1 + self.jitter * self.dice.random()), s.seen_behind(HOPS))

    def forge(self, s):
        self.forged = s.forged = True
        self.arrive(.4 * self.delay, s)

    def forge_at(self, side, beyond):
        """A RST that reaches one end in the name of the other, so far beyond what is expected."""
        end = self.ends[side]
        if end.peer_isn is not None:
            self.forge(Segment(1 - side, RST | ACK, end.peer_isn + 1 + end.got + beyond, end.isn + 1 + end.next,
                               window=0, ip_id=self.dice.randrange(65536), ttl=57))

    def arrive(self, wait, s):
        side = 1 - s.by
        at = self.now + wait
        if self.dice.random() >= .01:  # else it overtakes
            at = max(at, self.last_arrival[side] + 1e-6)
        self.last_arrival[side] = max(at, self.last_arrival[side])

        def arrived():
            self.frames[side].append((self.now, s))
            if side not in self.gone:
                self.ends[side].take(s)
        self.later(at - self.now, arrived)

    def run(self, until):
        while self.queue and self.queue[0][0] <= until:
            self.now, _, act = heapq.heappop(self.queue)
            act()
