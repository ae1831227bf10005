#!/usr/bin/env python3
"""conn_state and history against what Zeek itself said in its own tests' baselines. TAP."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus import CORPUS, Differences, by_file, ends, read_by_ends, run, show, table

# What Zeek said otherwise, and why it is left so.
KNOWN = {
    ('zeek/wikipedia.pcap', '173.192.163.128', 'OTH', 'H'):
        'a lone SYN-ACK from port 80, read by a Zeek without its HTTP scripts, which does not know the port; the '
        'same baseline has the row of one that does: ^h',
}

LEAST_EQUAL = 0.97


def comparable(row):
    """Rows of a Zeek that ignored checksums, or met no bad one, and whose timers cut nothing."""
    unharmed = row['clean'] in ('C', 'both') or (row['clean'] == 'noC' and row['bad_csum_pkts'] == '0')
    return unharmed and not row['vs_tshark'].startswith('differs')


def expected_history(row):
    """X is not about TCP: an analyser of what is inside met a limit."""
    return row['history'].replace('X', '').replace('x', '')


def matches(row, record):
    """Baselines leave out what the test did not ask for."""
    state, history = row['conn_state'], expected_history(row)
    return state in ('', record['conn_state']) and (not row['history'] or history == record['history'])


counted = equal = 0


def case_of(file, wanted):
    def case():
        global counted, equal
        found = read_by_ends(file)
        differences = Differences({key: reason for key, reason in KNOWN.items() if key[0] == file})
        for row in wanted:
            key = ends(row['orig_h'], row['orig_p'], row['resp_h'], row['resp_p'])
            counted += 1
            if any(matches(row, record) for record in found[key]):
                equal += 1
            else:
                says = [(record['conn_state'], record['history']) for record in found[key]]
                differences.add((file, row['orig_h'], row['conn_state'], row['history']),
                                f'{show(key)}: finis says {says}')
        differences.check()
        return f'{len(wanted)} rows'
    return case


def nearly_all_are_equal():
    assert counted > 0, 'nothing was compared'
    share = equal / counted
    assert share >= LEAST_EQUAL, f'{equal} of {counted} rows are equal: {share:.1%}'
    return f'{equal} of {counted} rows are equal: {share:.1%}'


def main():
    cases = []
    if CORPUS:
        files = by_file(row for row in table('zeek-expected.tsv') if comparable(row))
        cases = [(f'{file} is told as Zeek tells it', case_of(file, wanted)) for file, wanted in sorted(files.items())]
    return run([*cases, nearly_all_are_equal])


if __name__ == '__main__':
    sys.exit(main())
