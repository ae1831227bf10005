#!/usr/bin/env python3
"""Flows as Suricata's own tests expect them: their state, flags and packets. TAP.

Suricata says closed for every end by FIN, by RST and by refusal alike, so its word is checked against the set of
endings that it stands for. Flags come from the history: S or H, F (or I, Q), R, each by its side.
"""

import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus import CORPUS, Differences, address, by_file, read, run, table

# What Suricata's tests say otherwise, and why.
KNOWN = {
    ('suricata-verify/tests/bug-3616-smtp/input.pcap', 'smtp-eve'):
        'four ICMP errors about the flow count as packets of it there',
    ('suricata-verify/tests/bug-5066-iponly-cidr-ordering-01/test-limit.pcap', 'flow-drop-iponly-01'):
        'a rule of the test drops the flow at its first packet',
}

# Options that make Suricata meddle with the flow that it describes.
MEDDLING = ('exception', 'policy', 'memcap', 'simulate-applayer', 'simulate-packet', 'depth=0', 'async-oneside=true')

ENDINGS = {
    'closed': {'orderly', 'reset', 'refused', 'timed-out'},
    'established': {'open', 'half-closed', 'timed-out'},
    'syn_sent': {'unanswered', 'half-closed', 'unseen'},
}

FLAGS = {'SYN': (0x02, 'sh'), 'FIN': (0x01, 'f'), 'RST': (0x04, 'r')}


def flags_of(record, client):
    """The SYN, FIN and RST bits of what an end sent, by the history."""
    letters = [letter.lower() for letter in record['history'] if letter.isalpha() and letter.isupper() == client]
    return sum(bit for bit, names in FLAGS.values() if any(letter in names for letter in letters))


def expected_flags(match, name):
    return int(match[name], 16) & 0x07 if name in match else None


def fits(match, record):
    """Whether a record is of the flow that @match describes, as far as addresses and ports tell."""
    wanted = {'src_ip': ('client', 'ip'), 'src_port': ('client', 'port'), 'dest_ip': ('server', 'ip'),
              'dest_port': ('server', 'port')}
    return all(address(record[side][key]) == address(match[name]) if key == 'ip' else record[side][key] == match[name]
               for name, (side, key) in wanted.items() if name in match)


def disagreements(match, record):
    state = match.get('tcp.state')
    if state and record['ending'] not in ENDINGS[state]:
        yield f'{state} there, {record["ending"]} here'
    for name, side in (('flow.pkts_toserver', 'to_server'), ('flow.pkts_toclient', 'to_client')):
        if name in match and match[name] != (record[side]['packets'] or 0):
            yield f'{name} {match[name]} there, {record[side]["packets"]} here'
    for name, client in (('tcp.tcp_flags_ts', True), ('tcp.tcp_flags_tc', False)):
        theirs = expected_flags(match, name)
        if theirs is not None and theirs != flags_of(record, client):
            yield f'{name} {theirs:02x} there, {flags_of(record, client):02x} here'


def comparable(row):
    match = json.loads(row['match'])
    about_tcp = any(name in match for name in ('tcp.state', 'tcp.tcp_flags_ts'))
    return about_tcp and int(row['count']) > 0 and not any(word in row['args'] for word in MEDDLING)


counts = Counter()


def case_of(file, rows):
    def case():
        differences = Differences({key: reason for key, reason in KNOWN.items() if key[0] == file})
        records = read(file)
        for row in rows:
            match = json.loads(row['match'])
            candidates = [record for record in records if fits(match, record)]
            told = [list(disagreements(match, record)) for record in candidates]
            agreeing = sum(not each for each in told)
            counts['equal' if agreeing >= int(row['count']) else 'otherwise'] += 1
            if agreeing < int(row['count']):
                differences.add((file, row['test']), f'{agreeing} of {row["count"]} agree: {told}')
        differences.check()
        return f'{len(rows)} flows'
    return case


def nearly_all_are_equal():
    assert counts.total() > 0, 'nothing was compared'
    assert counts['equal'] >= 0.9 * counts.total(), dict(counts)
    return f'{counts["equal"]} of {counts.total()} expectations are met'


def main():
    cases = []
    if CORPUS:
        rows = by_file(row for row in table('suricata-expected.tsv') if comparable(row))
        cases = [(f'{file} ends as Suricata expects', case_of(file, of_file)) for file, of_file in sorted(rows.items())]
    return run([*cases, nearly_all_are_equal])


if __name__ == '__main__':
    sys.exit(main())
