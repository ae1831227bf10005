#!/usr/bin/env python3
"""That tally.py counts test cases right: a made testlog, and the line it has to close with."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TALLY = Path(__file__).resolve().parents[2] / 'tools' / 'tally.py'


def test(stdout, result='OK', returncode=0):
    return {'name': 'finis / a', 'stdout': stdout, 'result': result, 'returncode': returncode}


# What, the programs of the log (None: no log), the closing line.
CASES = [
    ('cases_are_counted_not_programs', [test('1..2\nok 1 - a\nok 2 - b\n')],
     '2 passed, 0 failed, 0 skipped'),
    ('a_failed_case_is_counted_once', [test('1..2\nok 1 - a\nnot ok 2 - b\n', 'FAIL', 1)],
     '1 passed, 1 failed, 0 skipped'),
    ('a_failed_case_counts_whatever_the_exit_status', [test('1..1\nnot ok 1 - a\n')],
     '0 passed, 1 failed, 0 skipped'),
    ('a_skipped_case_is_not_passed', [test('1..1\nok 1 - a # SKIP no root\n')],
     '0 passed, 0 failed, 1 skipped'),
    ('a_case_skipped_in_cmocka_s_manner_is_not_failed', [test('1..1\nnot ok 1 # SKIP a\n', 'FAIL')],
     '0 passed, 0 failed, 1 skipped'),
    ('a_program_skipped_whole_is_one', [test('1..0 # SKIP no root\n', 'SKIP')],
     '0 passed, 0 failed, 1 skipped'),
    ('a_crash_is_a_failure', [test('1..3\nok 1 - a\n', 'ERROR', -11)],
     '1 passed, 1 failed, 0 skipped'),
    ('a_time_out_is_a_failure', [test('1..1\nok 1 - a\n', 'TIMEOUT', 0)],
     '1 passed, 1 failed, 0 skipped'),
    ('a_program_without_cases_is_a_failure', [test('')], '0 passed, 1 failed, 0 skipped'),
    ('a_missing_case_is_a_failure', [test('1..2\nok 1 - a\n')], '1 passed, 1 failed, 0 skipped'),
    ('a_bad_end_after_good_cases_is_a_failure', [test('1..1\nok 1 - a\n', 'ERROR', 1)],
     '1 passed, 1 failed, 0 skipped'),
    ('a_bad_status_is_a_failure_whatever_is_skipped',
     [test('1..2\nnot ok 1 # SKIP a\nok 2 - b\n', 'FAIL', 1)], '1 passed, 1 failed, 1 skipped'),
    ('a_log_without_programs_is_a_failure', [], '0 passed, 1 failed, 0 skipped'),
    ('a_log_that_is_not_there_is_a_failure', None, '0 passed, 1 failed, 0 skipped'),
    ('a_comment_that_reads_like_a_case_is_none', [test('1..1\nok 1 - a\n# not ok - group\n')],
     '1 passed, 0 failed, 0 skipped'),
]


# What, the program's output, a line of the tally.
LINES = [
    ('a_reason_printed_before_cmocka_s_skip_is_told', 'ok 1 - a\n# no such locale\nnot ok 2 # SKIP b\n1..2\n',
     'skipped: way: a: b no such locale'),
    ('what_a_failure_said_is_no_reason', 'not ok 1 - a\n# a.c:3: error\nnot ok 2 # SKIP b\n1..2\n',
     'skipped: way: a: b'),
    ('a_reason_behind_skip_is_told', '1..1\nok 1 - a # SKIP no root\n', 'skipped: way: a: a no root'),
]


def tally(programs):
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, 'testlog.json')
        if programs is not None:
            Path(log).write_text(''.join(json.dumps(p) + '\n' for p in programs))
        return subprocess.run([sys.executable, TALLY, f'way={log}'], capture_output=True, text=True, check=False)


def main():
    wrong = 0
    print(f'1..{len(CASES) + len(LINES)}')
    for number, (name, programs, want) in enumerate(CASES, 1):
        done = tally(programs)
        closing = done.stdout.splitlines()[-1]
        right = closing == want and (done.returncode == 0) == (' 0 failed' in want)
        wrong += not right
        print(f"{'ok' if right else 'not ok'} {number} - {name}")
        if not right:
            print(f'# status {done.returncode}, {closing!r} for {want!r}')
    for number, (name, output, want) in enumerate(LINES, len(CASES) + 1):
        lines = tally([test(output, 'FAIL')]).stdout.splitlines()
        wrong += want not in lines
        print(f"{'ok' if want in lines else 'not ok'} {number} - {name}")
        if want not in lines:
            print(f'# {lines} without {want!r}')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
