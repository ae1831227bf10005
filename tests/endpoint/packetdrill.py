#!/usr/bin/env python3
"""What packetdrill's scripts expect, asked of the kernel that runs here.

The rows of docs/trust.md are played by `finis lab` with real sockets. The results of the calls are held
against the row itself, so the model is not asked here; and the lab has to say that kernel and model agree,
segments included. A row that says no differs from the model (endpoint/packetdrill sees to it), so here it
is enough that the kernel agrees with the model.
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
AT_ONCE = 16  # sequences in one command
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


def acts_of(words):
    """The acts among these words, and what each call is expected to give."""
    acts, expected = [], {}
    for word in words:
        if word.startswith('='):
            expected[len(acts) - 1] = word[1:]
        elif not re.match(r'[cs][>?]', word):
            acts.append(word)
    return acts, expected


def play(sequences):
    """What the lab tells of each; one command plays many of them at once."""
    told = {}
    for at in range(0, len(sequences), AT_ONCE):
        done = subprocess.run([FINIS, 'lab', '--json', '--ipv4', *sequences[at:at + AT_ONCE]],
                              capture_output=True, text=True, timeout=100, check=False)
        for line in done.stdout.splitlines():
            seen = json.loads(line)
            told[seen['scenario']] = seen
        if done.returncode not in (0, 1):
            print(f'# finis lab: {done.stderr.strip()}')
    return told


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


def check(told, words, verdict, signals):
    """None if the row is borne out, else why not; 'skip: …' where it could not be played."""
    if 'the model alone' in verdict:
        return 'skip: the lab cannot play it yet'
    acts, expected = acts_of(words)
    seen = told.get(kind(acts) + ','.join(acts))
    if not seen:
        return 'finis lab said nothing of it'
    if seen['verdict'] not in ('agrees', 'disagrees'):
        return f'skip: {seen["why"]}'
    wrong = list(differences(acts, expected, seen, signals))
    if seen['verdict'] != 'agrees':
        return f'the lab disagrees: {seen["why"]}'
    return '; '.join(wrong) or None if verdict.startswith('yes') else None


def main(page, signals, verdicts=True):
    """All rows of the page; without verdicts each says what Linux does."""
    found = [(name, words, verdict if verdicts else 'yes') for name, words, verdict in rows(page)]
    sequences = [kind(acts) + ','.join(acts) for acts, _ in (acts_of(words) for _, words, _ in found)]
    told = play(sorted(set(sequences)))
    print(f'1..{len(found)}')
    failed = 0
    for number, (name, words, verdict) in enumerate(found, 1):
        why = check(told, words, verdict, signals)
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
