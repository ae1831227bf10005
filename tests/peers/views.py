"""One connection as several witnesses tell of it: each knows another part, and none may contradict another."""

import itertools
import json

from plays import Skip

# What a witness says who did not see the end, or could not.
WEAK = ('unseen', 'open', 'half-closed')
NUMBERS = ('bytes', 'unread', 'unsent')
SURE = ('certain', 'likely')


def short(record):
    keys = ('ending', 'ended_by', 'severity', 'cause', 'causes', 'certainty', 'to_server', 'to_client', 'reset', 'acts',
            'client_saw', 'server_saw', 'retry', 'idle_before')
    return json.dumps({key: record[key] for key in keys})


def contradictions(a, b, counted=True):
    """What two records of one connection cannot both be right about. Null is no claim."""
    if a['ending'] != b['ending'] and not (a['ending'] in WEAK or b['ending'] in WEAK):
        yield f"{a['ending']} and {b['ending']}"
    # Half-closed is ended by the first FIN so far, reset by the RST: both may be right.
    if a['ended_by'] and b['ended_by'] and a['ended_by'] != b['ended_by'] and not {a['ending'], b['ending']} & set(WEAK):
        yield f"ended by {a['ended_by']} and by {b['ended_by']}"
    for one, other in (a, b), (b, a):
        if one['certainty'] == 'certain' and one['cause'] and other['causes'] and one['cause'] not in other['causes']:
            yield f"certain of {one['cause']}, and {other['causes']}"
    if a['certainty'] in SURE and b['certainty'] in SURE and a['cause'] and b['cause'] and a['cause'] != b['cause']:
        yield f"{a['cause']} ({a['certainty']}) and {b['cause']} ({b['certainty']})"
    for side in 'client', 'server':
        acts = [record['acts'][side] for record in (a, b)]
        if None not in acts:
            for key in 'how', 'signal', 'pid':
                if acts[0][key] != acts[1][key]:
                    yield f'acts.{side}.{key}: {acts[0][key]} and {acts[1][key]}'
    if not counted:
        return
    for way, number in itertools.product(('to_server', 'to_client'), NUMBERS):
        counts = [record[way][number] for record in (a, b)]
        if None not in counts and counts[0] != counts[1]:
            yield f'{way}.{number}: {counts[0]} and {counts[1]}'
    for way in 'to_server', 'to_client':
        # What only the RST acknowledged counts for a receiver that speaks of itself.
        acked = [max(record[way]['acked'] or 0, record[way]['acked_by_reset'] or 0) for record in (a, b)]
        if a[way]['acked'] is not None and b[way]['acked'] is not None and acked[0] != acked[1] and not (
                a['source'] == 'run' and acked[0] < acked[1] or b['source'] == 'run' and acked[1] < acked[0]):
            yield f'{way}.acked: {acked[0]} and {acked[1]}'


class Connection:
    def __init__(self, port, views):
        self.port, self.views = port, views

    @property
    def server_port(self):
        return next(iter(self.views.values()))['server']['port']

    def __getitem__(self, view):
        if view == 'watch' and view not in self.views:
            raise Skip('finis watch tells nothing here: it needs BPF')
        return self.views[view]

    def fail(self, what):
        told = '\n'.join(f'{name}: {short(record)}' for name, record in self.views.items())
        raise AssertionError(f'{what}\n{told}')

    def agree(self, counted=True):
        for (one, a), (other, b) in itertools.combinations(self.views.items(), 2):
            for what in contradictions(a, b, counted):
                self.fail(f'{one} and {other} disagree: {what}')

    def expect(self, ending, by, cause=None, certain=(), likely=(), unsure=(), acts=None, saw=None, counted=True, **rest):
        """What happened, as the server's log and the acts of the play have it.

        certain, likely, unsure: the views that must be so of the cause. A view that is named for none may be unsure, and
        is right if it is certain. acts: {side: how}. saw: {side: a result of a call of its, which somebody must have seen}.
        counted=False: a filter between the capture and the hosts makes their counts differ.
        rest: key=value for watch and read, where that is not null or unknown, or {view: value}; ways as to_server__fate.
        """
        self.agree(counted)
        for name in {*certain, *likely, *unsure} - {'watch'}:
            if name not in self.views:
                self.fail(f'{name} tells nothing')
        for name, view in self.views.items():
            self.expect_ending(name, view, ending, by)
            self.expect_cause(name, view, cause)
            for level, names in ('certain', certain), ('likely', likely), ('possible', unsure):
                if name in names and view['certainty'] != level:
                    self.fail(f"{name} is {view['certainty']}, and should be {level}")
            for side, how in (acts or {}).items():
                told = view['acts'][side] and view['acts'][side]['how']
                if told not in (None, how):
                    self.fail(f'{name}: the {side} did not {how}')
            if name in ('watch', 'read'):
                for path, value in rest.items():
                    self.expect_key(name, view, path, value.get(name) if isinstance(value, dict) else value)
        for side, result in (saw or {}).items():
            seen = [view[f'{side}_saw'] for view in self.views.values() if view[f'{side}_saw']]
            if not any(call['result'] == result for calls in seen for call in calls):
                self.fail(f'the {side} was told {result}, and nobody saw it')

    def expect_ending(self, name, view, ending, by):
        # What one end's calls tell may be less, of what came after its own close.
        if view['ending'] != ending and not (name not in ('read', 'watch') and view['ending'] in WEAK):
            self.fail(f'{name}: not {ending}')
        if view['ended_by'] != by and view['ending'] not in WEAK and not view['ongoing']:
            self.fail(f'{name}: not ended by {by}')

    def expect_cause(self, name, view, cause):
        if view['certainty'] in SURE and view['cause'] != cause:
            self.fail(f"{name} is {view['certainty']} of {view['cause']}; it was {cause}")
        if cause and view['causes'] and cause not in view['causes']:
            self.fail(f'{name} does not name {cause}')

    def expect_key(self, name, view, path, wanted):
        told = view
        for step in path.split('__'):
            told = told and told[step]
        # What another kernel threw away after it had acknowledged it, a capture calls acknowledged: it never calls it read.
        if wanted is None or told in (None, 'unknown', wanted) or (name, wanted, told) == ('read', 'lost', 'acked'):
            return
        self.fail(f'{name}: {path} is {told}, not {wanted}')
