#!/usr/bin/env python3
"""The plays would notice: of records that agree, one key is changed at a time, and each change must be found. TAP."""

import copy
import sys

from plays import run_cases
from views import Connection

WAY = {'bytes': 10, 'acked': 10, 'acked_by_reset': None, 'unread': 4, 'unsent': 0, 'fate': 'lost'}
RECORD = {
    'source': 'watch', 'ending': 'reset', 'ended_by': 'server', 'ongoing': False, 'severity': 'bad', 'cause': 'unread-data',
    'causes': ['unread-data'], 'certainty': 'certain', 'to_server': WAY, 'to_client': dict(WAY, fate='acked', unread=0),
    'reset': None, 'acts': {'client': None, 'server': {'how': 'signal', 'signal': 9, 'pid': 7}},
    'client_saw': [{'call': 'recv', 'result': 'ECONNRESET'}], 'server_saw': None, 'retry': 'maybe-processed', 'idle_before': 1.0,
}
UNSURE = dict(RECORD, source='capture', cause=None, causes=['unread-data', 'zero-linger'], certainty='possible',
              acts={'client': None, 'server': None}, client_saw=None)
WRONG = [
    ('ending', 'orderly'), ('ended_by', 'client'), ('cause', 'zero-linger'), ('causes', ['zero-linger']), ('certainty', 'possible'),
    ('severity', 'fine'), ('to_server.bytes', 11), ('to_server.acked', 9), ('to_server.unread', 5), ('to_client.unsent', 1),
    ('to_server.fate', 'none'), ('acts.server.how', 'close'), ('client_saw', None), ('retry', 'safe'),
]


def changed(record, path, value):
    record = copy.deepcopy(record)
    *steps, last = path.split('.')
    inner = record
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return record


def passes(watch, read):
    connection = Connection(1, copy.deepcopy({'watch': watch, 'read': read}))
    try:
        connection.expect('reset', 'server', 'unread-data', certain=('watch',), unsure=('read',), acts={'server': 'signal'},
                          saw={'client': 'ECONNRESET'}, severity='bad', to_server__fate='lost', retry='maybe-processed')
    except AssertionError:
        return False
    return True


def records_that_agree_pass():
    assert passes(RECORD, UNSURE)
    assert passes(RECORD, changed(UNSURE, 'to_server.unread', None))
    assert passes(RECORD, changed(UNSURE, 'to_server.fate', 'acked')), 'acknowledged by the kernel, and lost behind it'


def every_wrong_key_is_noticed():
    for path, value in WRONG:
        assert not passes(changed(RECORD, path, value), UNSURE), path


def a_capture_that_is_too_sure_or_leaves_the_truth_out_is_noticed():
    assert not passes(RECORD, dict(UNSURE, cause='zero-linger', certainty='likely'))
    assert not passes(RECORD, dict(UNSURE, cause='zero-linger', certainty='certain', causes=['zero-linger']))
    assert not passes(RECORD, dict(UNSURE, causes=['zero-linger', 'disconnect']))
    assert not passes(RECORD, dict(UNSURE, ending='timed-out'))


if __name__ == '__main__':
    sys.exit(run_cases([records_that_agree_pass, every_wrong_key_is_noticed,
                        a_capture_that_is_too_sure_or_leaves_the_truth_out_is_noticed]))
