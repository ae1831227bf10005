#!/usr/bin/env python3
"""What packetdrill's scripts expect, asked of the kernel that runs here.

The rows of docs/trust.md are played by `finis lab` with real sockets. The results of the calls are held
against the row itself, so the model is not asked here; and the lab has to say that it agrees with the model,
segments included. A row that says no has to differ from the kernel as it does from the model.
What cannot be played here (no namespace, no packet socket) is skipped, and said.
"""

import errno
import json
import os
import re
import subprocess
import sys

FINIS, SOURCE = os.environ['FINIS'], os.environ['FINIS_SOURCE']
ROW = re.compile(r'\| ([^|]*) \|.*?\| `([csln]\.[^`]*)`[^|]* \| ([^|]*) \|(?: ([^|]*) \|)?$')
SEGMENTS = 'syn|syn-ack|ack|data|fin|rst|rst-ack|icmp'


def rows(page):
    with open(os.path.join(SOURCE, page), encoding='utf-8') as file:
        for line in file:
            if match := ROW.match(line.rstrip('\n')):
                yield match[1].replace('`', ''), match[2].split(), match[4]


def kind(acts):
    """The prefix by which the command takes these acts."""
    hand = ''
    for side, name in (('c', 'client'), ('s', 'server')):
        if any(re.match(rf'{side}\.({SEGMENTS})\d*([@+=&]|$)', act) for act in acts):
            hand = f'-{name}-by-hand'
    connects = acts[0].startswith(('l.listen', 'c.connect')) and acts[0] != 'c.connect-unspec'
    before = acts[:next((i for i, act in enumerate(acts) if act.startswith('s.syn-ack')), 0)]
    connects = connects or (any(act.startswith('c.connect') for act in before) and 'c.connect-unspec' not in before)
    return f'seq{hand}{"-unconnected" if connects else ""}:'


def play(words):
    """The lab's account of the acts among these words, and what each call is expected to give."""
    acts, expected = [], {}
    for word in words:
        if word.startswith('='):
            expected[len(acts) - 1] = word[1:]
        elif not re.match(r'[cs][>?]', word):
            acts.append(word)
    done = subprocess.run([FINIS, 'lab', '--json', '--ipv4', kind(acts) + ','.join(acts)],
                          capture_output=True, text=True, timeout=100, check=False)
    if not done.stdout.strip():
        raise AssertionError(f'finis lab said nothing: {done.stderr.strip()}')
    return acts, expected, json.loads(done.stdout.splitlines()[0])


def said(call):
    """A call's result as a row writes it."""
    if call['errno']:
        return call['errno'] + ('+SIGPIPE' if call['sigpipe'] else '')
    if call['act'].endswith('.so-error') and call['result']:
        return errno.errorcode[call['result']]
    return str(call['result']) if call['result'] is not None else 'none'


def differences(acts, expected, seen, signals):
    """What the kernel gave otherwise than the row; a row without +SIGPIPE may leave the signal out."""
    calls = dict(enumerate(seen['calls']))
    for i, want in expected.items():
        # What a call that waits gave stands with the act that began it.
        if re.match(r'[cs]\.(wait|signal|expire=linger)$', acts[i]):
            i = max(k for k in range(i) if acts[k].endswith('&') and acts[k][0] == acts[i][0])
        if i not in calls:
            yield f'act {i + 1} was not played'
            continue
        got = said(calls[i])
        if got != want and (signals or got.removesuffix('+SIGPIPE') != want):
            yield f'{calls[i]["act"]} gave {got}, the row says {want}'


def check(words, verdict, signals):
    """None if the row is borne out, else why not; 'skip: …' where it could not be played."""
    if 'the model alone' in verdict:
        return 'skip: the lab cannot play it yet'
    acts, expected, seen = play(words)
    if seen['verdict'] not in ('agrees', 'disagrees'):
        return f'skip: {seen["why"]}'
    wrong = list(differences(acts, expected, seen, signals))
    if 'a gap in the model' in verdict:
        return None if seen['verdict'] == 'disagrees' else 'the row tells of a gap, and the lab agrees'
    if seen['verdict'] != 'agrees':
        return f'the lab disagrees: {seen["why"]}'
    return '; '.join(wrong) or None if verdict.startswith('yes') else None


def main(page, signals, verdicts=True):
    """All rows of the page; without verdicts each says what Linux does."""
    found = [(name, words, verdict if verdicts else 'yes') for name, words, verdict in rows(page)]
    print(f'1..{len(found)}')
    failed = 0
    for number, (name, words, verdict) in enumerate(found, 1):
        try:
            why = check(words, verdict, signals)
        except AssertionError as error:
            why = str(error)
        if why and why.startswith('skip: '):
            print(f'ok {number} - {name} # SKIP {why[6:]}')
        else:
            print(f'{"not " if why else ""}ok {number} - {name}')
            if why:
                failed += 1
                print(f'# {why}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main('docs/trust.md', False))
