#!/usr/bin/env python3
"""Every rule of the model is used by a scenario that agrees, or unreached.txt says why none can. TAP.

    rules.py PRINT_RULES

A line of unreached.txt is a rule, blanks, and the reason. Rules of ends below the sockets, of settings and
of timers need a namespace: without one the test is skipped.
"""

import json
import os
import pathlib
import subprocess
import sys


def unreached():
    reasons = {}
    for line in pathlib.Path(__file__).with_name('unreached.txt').read_text(encoding='utf-8').splitlines():
        if line and not line.startswith('#'):
            rule, _, reason = line.partition(' ')
            reasons[rule] = reason.strip()
    return reasons


def main():
    rules = subprocess.check_output([sys.argv[1]], text=True).split()
    done = subprocess.run([os.environ['FINIS'], 'lab', '--json'], capture_output=True, text=True, timeout=100,
                          check=False)
    plays = [json.loads(line) for line in done.stdout.splitlines()]
    if any(play['verdict'] == 'skipped' and play['family'] == 4 for play in plays):
        print('1..0 # SKIP some scenarios cannot be played here')
        return 0
    used = set()
    for play in plays:
        if play['verdict'] == 'agrees':
            used.update(play['rules'])
            used.update(call['rule'] for call in play['calls'] if call['rule'])  # waits that a signal ended
    reasons = unreached()
    cases = [
        ('the_scenarios_can_be_played', [] if plays else [f'no plays: {done.stderr[-300:]}']),
        ('every_rule_is_used_or_excused',
         [f'{rule}: no scenario uses it' for rule in rules if rule not in used and rule not in reasons]),
        ('no_rule_is_used_and_excused', [f'{rule}: it is used' for rule in reasons if rule in used]),
        ('an_excuse_is_for_a_rule_and_has_a_reason',
         [f'{rule}: "{reason}"' for rule, reason in reasons.items() if rule not in rules or len(reason) < 10]),
        ('what_is_used_is_a_rule', sorted(used - set(rules))),
    ]
    print(f'1..{len(cases)}')
    for number, (name, faults) in enumerate(cases, 1):
        print('not ok' if faults else 'ok', number, '-', name)
        for fault in faults[:60]:
            print('#', fault)
    print(f'# {len(used)} of {len(rules)} rules are used, {len(reasons)} are excused')
    return 1 if any(faults for _, faults in cases) else 0


if __name__ == '__main__':
    sys.exit(main())
