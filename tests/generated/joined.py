#!/usr/bin/env python3
"""finis read --client A --server B on captures of two hosts that are made here, with the truth beside them. TAP.

The way between them loses segments, is cut, forges RSTs and translates addresses; clocks are seconds apart and drift;
the captures lose frames, begin late or end early. Where both are whole the records are exact; however little can be
known, what is told is not untrue.
"""

import os
import sys

import made
from two_hosts import CLIENT, RST, SERVER, World

# The last two found what is mended now; more for searching as arguments.
SEEDS = (*range(1, 11), 295, 347)
CONNECTIONS = 18
QUIET = ('the client closes', 'the server closes', 'both close', 'the client half-closes', 'nobody closes')
HEAD = bytes.fromhex('4d3cb2a1020004000000000000000000ffff000065000000')  # pcap, ns, raw IP
BEGIN = 1700000000
PUBLIC = bytes((192, 0, 2, 1))


def kinds(world, dice):
    """What may happen when they have talked, by name."""
    client, server, later = world.client, world.server, world.later
    size = lambda: dice.choice((1, 50, 300, 700, 1500, 4000))
    say = lambda end, wait: later(wait, lambda: end.write(b'z' * size()))
    either = dice.choice((client, server))

    def closes(end, other):
        def act():
            world.acts['ended', other.side] = other.close
            end.close()
        return act

    def then_says(act, end, wait):
        return lambda: (act(), say(end, wait))

    def vanish(end):
        world.gone.add(end.side)
        end.die()

    def restart():
        vanish(server)
        later(.5, world.gone.clear)

    def cut(answers):
        world.cut_at, world.answers = world.now, answers

    def outside():
        world.acts['ended', SERVER] = server.close
        world.forge_at(CLIENT, dice.choice((10, 70000)))
        say(client, 1)
        later(3, client.close)

    return {
        'the client closes': closes(client, server),
        'the server closes': closes(server, client),
        'both close': lambda: (client.close(), server.close()),
        'the client aborts': client.abort,
        'the server aborts': server.abort,
        'both abort': lambda: (client.abort(), server.abort()),
        'the client half-closes': client.shut,
        'nobody closes': lambda: None,
        'data after the close': then_says(server.close, client, dice.choice((0, .5, 5))),
        'data as it closes': lambda: (client.write(b'z' * size()), server.close()),
        'the client is gone': then_says(lambda: vanish(client), server, .1),
        'the server is gone': then_says(lambda: vanish(server), client, .1),
        'the server restarts': then_says(restart, client, 1),
        'the way is cut': then_says(lambda: cut(False), either, 0),
        'the way forgets': then_says(lambda: cut(True), either, dice.choice((1, 70))),
        'forged to the client': then_says(lambda: world.forge_at(CLIENT, 0), server, dice.choice((.5, 3))),
        'forged to the server': then_says(lambda: world.forge_at(SERVER, 0), client, dice.choice((.5, 3))),
        'forged to both': lambda: (world.forge_at(SERVER, 0), world.forge_at(CLIENT, 0)),
        'forged and not taken': outside,
    }


def play(dice, begin, until, kind=None, **way):
    """A connection that asks some times, gets answers, and ends in one of the kinds."""
    world = World(dice, begin, **way)
    what = kinds(world, dice)
    world.kind = kind or dice.choice(sorted(what) + ['abandoned', 'not listening', 'nobody there'])
    asks = [dice.choice((1, 50, 300, 1500, 4000)) for _ in range(dice.randrange(4))]

    def finish():
        if world.kind in what and not world.finished:
            world.finished = True
            if world.kind != 'nobody closes':
                world.acts.pop(('heard', CLIENT), None)
            what[world.kind]()

    def ask():
        if asks:
            world.client.write(b'q' * asks.pop())
        else:
            world.later(dice.choice((0, .001, .3, 7)), finish)
    world.finished = False
    world.acts = {('open', CLIENT): ask, ('heard', CLIENT): ask,
                  ('heard', SERVER): lambda: world.server.write(b'a' * dice.choice((1, 50, 700, 4000)))}
    if world.kind == 'not listening':
        world.server.state, world.server.cause = 'closed', 'not-listening'
    if world.kind == 'nobody there':
        world.cut_at = begin
    if world.kind == 'abandoned':
        world.later(dice.choice((.001, .01)), world.client.close)
    world.later(0, world.client.connect)
    world.later(12, finish)
    world.run(until)
    return world


class Pair:
    """Two captures of some connections."""

    def __init__(self, folder, seed, loss):
        self.dice = dice = made.dice(seed)
        span, delay = dice.choice((60, 900)), dice.choice((.0002, .01, .08))
        way = {'delay': delay, 'jitter': dice.choice((0, .3)), 'loss': loss}
        self.worlds = [play(dice, dice.uniform(0, span), span + 200, **way) for _ in range(CONNECTIONS)]
        # The last comes when all is over: neither capture ends before.
        self.worlds += [play(dice, span + 140, span + 200, 'the client closes', delay=delay)]
        self.nat, self.offset = dice.random() < .6, dice.uniform(-5, 5)
        self.drift = dice.choice((0, 0, 1e-5, -5e-5))
        self.paths = [os.path.join(folder, name) for name in ('client.pcap', 'server.pcap')]
        frames = [sorted(((time, n, s) for n, world in enumerate(self.worlds) for time, s in world.frames[end]),
                         key=lambda frame: frame[0]) for end in (CLIENT, SERVER)]
        self.frames = frames

    def ports(self, n):
        """Of a connection's client at either end."""
        return 40000 + n, (30000 + 7 * n if self.nat else 40000 + n)

    def write(self):
        for end, path in enumerate(self.paths):
            frames = []
            for time, n, s in self.frames[end]:
                client = PUBLIC if end == SERVER and self.nat else bytes((10, 0, 0, 2))
                packet = s.packet((client, self.ports(n)[end]), (bytes((198, 51, 100, 7)), 80))
                time = time * (1 + self.drift) + self.offset if end == SERVER else time
                frames.append((BEGIN * 10**9 + round(time * 1e9), packet, len(packet)))
            made.write_frames(path, HEAD, frames)

    def records(self, options=()):
        self.write()
        records = made.read(options=('--client', self.paths[0], '--server', self.paths[1], *options), quiet=True)
        for n, world in enumerate(self.worlds):
            yield n, world, [r for r in records if r['client']['port'] in self.ports(n)]


def untrue_cause(world, record):
    causes = set(world.causes)
    if world.forged:
        causes |= {'forged', 'state-lost', 'firewall'}
    # Who never had the client's ACK cannot tell that its attempt was no more than that.
    if not world.server_opened:
        causes.add('abandoned')
    if world.kind in ('nobody there', 'the way is cut') or record['ending'] not in ('reset', 'refused'):
        return
    if record['cause'] and record['cause'] not in causes:
        yield f"cause {record['cause']}, {record['certainty']}", sorted(causes)


def untrue(world, record):
    """What a record says that is not so, however little its captures held."""
    if not world.forged and 'network' in (record['ended_by'], record['reset'] and record['reset']['by']):
        yield 'ended_by or reset.by network', 'nobody forged'
    by = record['ended_by']
    if record['certainty'] != 'possible' and record['ending'] == 'reset' and by in ('client', 'server') and \
            not world.sent_resets[by == 'server']:
        yield f"ended_by {by}, {record['certainty']}", 'it sent no RST'
    yield from untrue_cause(world, record)
    if record['certainty'] == 'certain' and record['ending'] == 'orderly' and \
            (world.obeyed or None in (world.client.fin, world.server.fin)):
        yield 'certainly orderly', 'it was not'
    for way, sender, receiver in zip(made.DIRECTIONS, world.ends, world.ends[::-1]):
        sent, got = sender.sent_bytes(), receiver.got_bytes()
        if record[way]['bytes'] is not None and record[way]['bytes'] > sent:
            yield f"{way}.bytes {record[way]['bytes']}", sent
        if record[way]['acked'] is not None and record[way]['acked'] > got:
            yield f"{way}.acked {record[way]['acked']}", got
        if record[way]['fate'] == 'lost' and got >= sent:
            yield f'{way}.fate lost', 'all arrived'
    asked = world.client.sent_bytes()
    if record['retry'] == 'safe' and asked and world.server.got_bytes() >= asked:
        yield 'retry safe', 'the request arrived'


def inexact(world, records):
    """What else it does not say that two whole captures show."""
    if len(records) != 1:
        yield f'{len(records)} records', 1
        return
    record, = records
    if record['seen']['both_ends'] != bool(world.frames[SERVER]):
        yield f"both ends: {record['seen']['both_ends']}", bool(world.frames[SERVER])
    for way, sender, receiver in zip(made.DIRECTIONS, world.ends, world.ends[::-1]):
        sent, got = sender.sent_bytes(), receiver.got_bytes()
        if record[way]['bytes'] not in (sent, None):
            yield f"{way}.bytes {record[way]['bytes']}", sent
        if record[way]['acked'] not in (got, None):
            yield f"{way}.acked {record[way]['acked']}", got
        if record[way]['fate'] == 'acked' and got < sent:
            yield f'{way}.fate acked', f'{got} of {sent} arrived'
    # Of more RSTs than are kept apart it is not known whose each is, and one may lie in a hole.
    n_resets = sum(bool(s.flags & RST) for end in (CLIENT, SERVER) for _, s in world.frames[end])
    if world.obeyed and not any(world.sent_resets) and n_resets <= 4 and \
            not record['seen']['gaps'] and record['ended_by'] != 'network':
        yield f"ended_by {record['ended_by']}", 'network'
    ended = ('open', 'half-closed', 'orderly')[sum(end.fin is not None for end in world.ends)]
    silence = ('timed-out', 'unanswered')
    if world.kind in QUIET and not any(world.sent_resets) and record['ending'] not in (ended, *silence):
        yield record['ending'], ended


def told(folder, seeds, change=None, loss=(0,), options=()):
    for seed in seeds:
        pair = Pair(folder, seed, made.dice(seed).choice(loss))
        if change:
            change(pair)
        for n, world, records in pair.records(options):
            lines = [line for record in records for line in untrue(world, record)]
            lines += [] if change or options else inexact(world, records)
            for said, true in lines:
                yield f'seed {seed}, connection {n}, {world.kind}: {said}; true is: {true}'


def losing_frames(pair):
    pair.frames = [[frame for frame in frames if pair.dice.random() >= .02] for frames in pair.frames]


def begun_late(pair):
    end = pair.dice.choice((CLIENT, SERVER))
    n = len(pair.frames[end])
    pair.frames[end] = pair.frames[end][pair.dice.randrange(n // 4, 3 * n // 4):]


def ended_early(pair):
    end = pair.dice.choice((CLIENT, SERVER))
    n = len(pair.frames[end])
    pair.frames[end] = pair.frames[end][:pair.dice.randrange(n // 4, 3 * n // 4)]


CASES = [
    ('over a good way all is told', {}),
    ('over a way that loses segments all is told', {'loss': (.02, .1)}),
    ('captures that lose frames make unknown, not untrue', {'change': losing_frames}),
    ('so does one that began late', {'change': begun_late, 'loss': (0, .02, .1)}),
    ('so does one that ended early', {'change': ended_early, 'loss': (0, .02, .1)}),
    ('so does remembering no more than three', {'options': ('--max-connections', '3'), 'loss': (0, .02)}),
]


def main(arguments):
    seeds = [int(word) for word in arguments] or SEEDS
    with made.folder() as folder:
        return made.tap([(name, lambda how=how: told(folder, seeds, **how)) for name, how in CASES])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
