#!/usr/bin/env python3
"""tally.py WAY=TESTLOG...: counts the test cases that meson's testlog.json files hold.

Names each case that failed with what it said, then closes with 'N passed, N failed, N skipped'. Counted are
cases, not programs. A program that crashed, ran out of time, ended with an error although
its cases passed, said fewer cases than it planned, or none at all, counts as one failure
more; so does a log that is not there. Exit status 1 if anything failed.
"""

import json
import re
import sys

CASE = re.compile(r'(not )?ok\b\s*\d*\s*(?:- )?\s*([^#]*?)\s*(?:#\s*(SKIP|TODO)\S*\s*(.*))?$', re.I)
PLAN = re.compile(r'1\.\.(\d+)\s*(?:#\s*SKIP\S*\s*(.*))?$', re.I)


MOST_LINES = 30


def cases(text):
    """The cases in a program's TAP as [verdict, name, what it said], and how many it planned."""
    seen, planned, before = [], None, []
    for line in text.splitlines():
        if plan := PLAN.match(line):
            planned = (planned or 0) + int(plan[1])
            if int(plan[1]) == 0:
                seen.append(['skipped', plan[2] or '', []])
                planned = None
        elif case := CASE.match(line):
            if case[3]:
                # cmocka skips without a word; what its program printed just before is the reason.
                mine = before[-1:] if not case[2] and not (seen and seen[-1][0] == 'failed') else []
                reason = ' '.join([case[4], *(line.lstrip('# ') for line in mine)])
                seen.append(['skipped', f'{case[2]} {reason}'.strip(), []])
            else:
                seen.append(['failed' if case[1] else 'passed', case[2], []])
            before = []
        elif line.startswith('#'):
            before.append(line)
            if seen:
                seen[-1][2].append(line)
    return seen, planned


def fault(test, seen, planned):
    """What is wrong with a program beyond the cases that it reported as failed, or None."""
    if test['result'] == 'TIMEOUT':
        return 'ran out of time'
    if test.get('returncode', 0) < 0:
        return f"ended by signal {-test['returncode']}"
    if not seen:
        return 'reported no test case'
    if planned is not None and len(seen) != planned:
        return f'planned {planned} cases and reported {len(seen)}'
    if any(verdict == 'failed' for verdict, _, _ in seen):
        return None
    # A FAIL with status 0 is meson's reading of cmocka's "not ok # SKIP": nothing is wrong.
    if test.get('returncode') != 0 or test['result'] not in ('OK', 'SKIP', 'FAIL'):
        return f"no case failed, and it ended with {test['result']} (status {test.get('returncode')})"
    return None


def read_log(way, path):
    """Every (verdict, full name, what it said) of one log."""
    try:
        with open(path, encoding='utf-8', errors='replace') as log:
            tests = [json.loads(line) for line in log]
    except FileNotFoundError:
        return [('failed', f'{way}: did not build, or its tests did not run', [])]
    if not tests:
        return [('failed', f'{way}: has no tests', [])]
    found = []
    for test in tests:
        name = test['name'].split(' / ')[-1]
        seen, planned = cases(test.get('stdout', ''))
        found += [(verdict, f'{way}: {name}: {case}', said) for verdict, case, said in seen]
        if wrong := fault(test, seen, planned):
            said = test.get('stderr', '').splitlines() or test.get('stdout', '').splitlines()[-5:]
            found.append(('failed', f'{way}: {name}: {wrong}', said))
    return found


def main(arguments):
    found = []
    for argument in arguments:
        way, _, path = argument.partition('=')
        found += read_log(way, path)
    for kind in ('skipped', 'failed'):
        for verdict, name, said in found:
            if verdict == kind:
                print(f'{kind}: {name}')
            if verdict == kind == 'failed':
                print(*(f'    {line}' for line in said[:MOST_LINES]), sep='\n', end='\n' * bool(said))
    count = {kind: sum(verdict == kind for verdict, _, _ in found)
             for kind in ('passed', 'failed', 'skipped')}
    print(', '.join(f'{n} {kind}' for kind, n in count.items()))
    return 1 if count['failed'] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
